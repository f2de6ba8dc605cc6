"""Estimated funding, by hand."""

from decimal import Decimal

import numpy as np
import pytest

from crossmargin.feeds.premium import average_premium, estimated_rates
from crossmargin.feeds.series import PriceKind
from crossmargin.rulebooks.schema import Funding
from tests.unit.feeds.files import HOUR, T0, series

# Two-hour fundings keep the tables short; T0, 20:00, is one of their times.
RULES = Funding(
    interval_ms=2 * HOUR,
    interest_rate=Decimal("0.0001"),
    damper=Decimal("0.0005"),
    cap_multiple=Decimal("0.75"),
)
FIRST_TIER_RATE = Decimal("0.004")


def closes(kind, prices, interval_minutes=60):
    rows = {minutes: (price,) * 4 for minutes, price in prices.items()}
    return series("BTCUSDT", interval_minutes, rows, kind)


def test_later_premiums_weigh_more():
    # (1 × 1 % + 2 × 2 %) ÷ 3 = 1.666… %
    average = average_premium(np.array([101.0, 102.0]), np.array([100.0, 100.0]))

    assert Decimal("0.01666667") == average


@pytest.mark.parametrize(
    ("marks", "rate"),
    [
        pytest.param((100.01, 100.01), "0.0001", id="a premium of the interest"),
        pytest.param((101.0, 102.0), "0.003", id="1.67 %, capped"),
        pytest.param((99.9, 99.9), "-0.0005", id="-0.1 %, less the damper"),
    ],
)
def test_a_rate_is_the_formula_on_the_closes_of_its_interval(marks, rate):
    at_ms, rates, unknown = estimated_rates(
        closes(PriceKind.MARK, {-60: 500.0, 0: marks[0], 60: marks[1], 120: 500.0}),
        closes(PriceKind.SPOT, {-60: 100.0, 0: 100.0, 60: 100.0, 120: 100.0}),
        T0 + 1,
        T0 + 2 * HOUR + 1,
        RULES,
        FIRST_TIER_RATE,
    )

    assert [T0 + 2 * HOUR] == at_ms.tolist()
    assert (Decimal(rate),) == rates
    assert () == unknown


def test_a_time_whose_candles_are_missing_is_unknown():
    at_ms, rates, unknown = estimated_rates(
        closes(PriceKind.MARK, dict.fromkeys((0, 60, 120, 180), 100.01)),
        closes(PriceKind.SPOT, dict.fromkeys((0, 60, 120), 100.0)),
        T0,
        T0 + 6 * HOUR,
        RULES,
        FIRST_TIER_RATE,
    )

    assert [T0 + 2 * HOUR] == at_ms.tolist()
    assert 1 == len(rates)
    assert (T0, T0 + 4 * HOUR) == unknown


def test_finer_spot_candles_are_compared_where_both_end():
    _, rates, _ = estimated_rates(
        closes(PriceKind.MARK, {0: 100.01, 60: 100.01}),
        closes(PriceKind.SPOT, {m: 100.0 if m % 60 == 30 else 1.0 for m in range(0, 120, 30)}, 30),
        T0 + 1,
        T0 + 3 * HOUR,
        RULES,
        FIRST_TIER_RATE,
    )

    assert (Decimal("0.0001"),) == rates


def test_candles_that_do_not_fit_into_the_interval_tell_nothing():
    _, rates, unknown = estimated_rates(
        closes(PriceKind.MARK, {0: 100.0, 45: 100.0}, 45),
        closes(PriceKind.SPOT, {0: 100.0, 45: 100.0}, 45),
        T0 + 1,
        T0 + 3 * HOUR,
        RULES,
        None,
    )

    assert ((), (T0 + 2 * HOUR,)) == (rates, unknown)
