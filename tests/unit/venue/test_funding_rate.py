"""What funding rates are put together from, by hand and from the venues' worked examples."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.errors import UnknownError, UsageError
from crossmargin.money import exact
from crossmargin.rulebooks.schema import Funding
from crossmargin.venue.funding import funding_rate
from crossmargin.venue.funding_rate import (
    accrued_rate,
    averaged_rate,
    averaging_window,
    bounded_rate,
    cap_from_margin_rates,
    continuous_funding_paid,
    impact_premium,
    interest_rate,
    interest_share,
    mid_premium,
    premium,
)

D = Decimal
HOUR_MS = 3_600_000
EIGHT_HOURS_MS = 8 * HOUR_MS
RATE = st.decimals(D("-0.1"), D("0.1"), places=8)


def optional(text: str | None) -> Decimal | None:
    return None if text is None else D(text)


@pytest.mark.parametrize(
    ("bid", "ask", "expected"),
    [
        pytest.param("10100", "10102", "0.01", id="Hyperliquid: the bid above the index"),
        pytest.param("10100", None, "0.01", id="then the ask is above it too"),
        pytest.param("9890", "9900", "-0.01", id="the ask below the index"),
        pytest.param(None, "9900", "-0.01", id="then the bid is below it too"),
        pytest.param("9990", "10010", "0", id="the index inside the spread"),
        pytest.param("10000", None, "0", id="a bid on the index"),
    ],
)
def test_the_premium_of_impact_prices(bid, ask, expected):
    assert D(expected) == impact_premium(optional(bid), optional(ask), D(10000))


@pytest.mark.parametrize(
    ("bid", "ask", "missing"),
    [("9990", None, "ask"), (None, "10010", "bid"), (None, None, "bid")],
)
def test_a_side_that_could_count_is_missing(bid, ask, missing):
    with pytest.raises(UnknownError, match=f"the impact {missing} is missing"):
        impact_premium(optional(bid), optional(ask), D(10000))


def test_premiums_of_one_price_and_of_the_middle():
    assert D("0.001") == premium(D("100.1"), D(100))
    # (100 + 100.4) ÷ 2 = 100.2.
    assert D("0.002") == mid_premium(D(100), D("100.4"), D(100))


@pytest.mark.parametrize(
    ("quote", "base", "fundings", "expected"),
    [
        pytest.param("0.0006", "0.0003", "3", "0.0001", id="Bybit, 2020"),
        pytest.param("0.01", "0.0025", "3", "0.0025", id="BitMEX"),
        pytest.param("0.0003", "0.0006", "3", "-0.0001", id="the base dearer"),
    ],
)
def test_interest_by_the_difference(quote, base, fundings, expected):
    assert D(expected) == interest_rate(D(quote), D(base), D(fundings))


@pytest.mark.parametrize(("hours", "expected"), [(8, "0.0001"), (4, "0.00005"), (1, "0.0000125")])
def test_interest_by_the_interval(hours, expected):
    assert D(expected) == interest_share(D("0.0003"), hours * HOUR_MS)


@pytest.mark.parametrize(
    ("initial", "maintenance", "expected"),
    [
        pytest.param("0.01", "0.005", "0.00375", id="Bybit's BTCUSDT"),
        pytest.param("0.02", "0.004", "0.004", id="never above the maintenance rate"),
    ],
)
def test_the_cap_that_margin_rates_make(initial, maintenance, expected):
    assert D(expected) == cap_from_margin_rates(D(initial), D(maintenance), D("0.75"))


@pytest.mark.parametrize(
    ("now", "start"),
    [
        # OKX, minutes of a day: 17:00 gives 09:01, 23:59 gives 16:00, 01:00 gives 17:01 the day
        # before.
        pytest.param(17 * 60, 9 * 60 + 1, id="17:00"),
        pytest.param(23 * 60 + 59, 16 * 60, id="23:59"),
        pytest.param(60, 17 * 60 + 1 - 24 * 60, id="01:00"),
    ],
)
def test_the_window_of_okx(now, start):
    found = averaging_window(now * 60_000, EIGHT_HOURS_MS)

    assert (start * 60_000, now * 60_000, 480) == (found.start_ms, found.end_ms, found.samples)


@pytest.mark.parametrize(("interval", "sample"), [(90_000, 60_000), (0, 60_000), (60_000, 0)])
def test_a_window_holds_whole_samples(interval, sample):
    with pytest.raises(UsageError, match="not a whole number of samples"):
        averaging_window(0, interval, sample)


@given(st.integers(0, 10**13), st.integers(1, 2000), st.integers(1, 10**6))
def test_a_window_has_as_many_samples_as_it_says(now, count, sample):
    found = averaging_window(now, count * sample, sample)

    assert count == len(range(found.start_ms, found.end_ms + 1, sample)) == found.samples


def test_an_average_within_its_bounds():
    # Mean of 0.001, 0.002 and 0.006 is 0.003.
    premiums = [D("0.001"), D("0.002"), D("0.006")]

    assert D("0.003") == averaged_rate(premiums, D(0), D("-0.01"), D("0.01"))
    assert D("0.002") == averaged_rate(premiums, D("0.001"), D("-0.01"), D("0.01"))
    assert D("0.00375") == averaged_rate([D("0.02")], D(0), D("-0.00375"), D("0.00375"))
    with pytest.raises(UnknownError, match="no premium"):
        averaged_rate([], D(0), D(-1), D(1))
    with pytest.raises(UsageError, match="above its cap"):
        bounded_rate(D(0), D(1), D(-1))


@given(st.lists(RATE, min_size=1, max_size=20), RATE, RATE, RATE)
def test_an_averaged_rate_is_within_its_bounds(premiums, interest, one, other):
    floor, cap = sorted((one, other))

    assert floor <= averaged_rate(premiums, interest, floor, cap) <= cap


def deribit(mark: str, damper: str = "0.0005") -> Decimal:
    rules = Funding(EIGHT_HOURS_MS, D(0), D(damper), D(0))
    return funding_rate(premium(D(mark), D(100)), rules, None)


@given(RATE, st.decimals(D(0), D("0.01"), places=6))
@exact
def test_deribits_formula_is_the_common_one_without_interest(found, damper):
    rules = Funding(EIGHT_HOURS_MS, D(0), damper, D(0))

    assert max(damper, found) + min(-damper, found) == funding_rate(found, rules, None)


@pytest.mark.parametrize(
    ("marks", "minutes", "size", "paid"),
    [
        # 0.1 % − 0.05 % = 0.05 % for eight hours: 1 × 0.0005.
        pytest.param(["100.1"], 480, "1", "0.0005", id="MCDEX: eight hours"),
        pytest.param(["100.1"], 480, "-1", "-0.0005", id="a short receives"),
        pytest.param(["100.1"], 48, "1", "0.00005", id="a tenth of the time"),
        pytest.param(["100.1", "99.9"], 1, "1", "0", id="MCDEX: opposite premiums cancel"),
        pytest.param(["100.02", "99.95"], 480, "1", "0", id="inside the damper"),
    ],
)
def test_continuous_funding(marks, minutes, size, paid):
    rates = [deribit(mark) for mark in marks]

    assert D(paid) == continuous_funding_paid(rates, minutes * 60_000, EIGHT_HOURS_MS, D(size))


@given(st.lists(RATE, max_size=8), st.integers(1, EIGHT_HOURS_MS), st.integers(-50, 50))
@exact
def test_what_a_long_pays_a_short_receives_but_for_the_last_digit(rates, elapsed_ms, size):
    long = continuous_funding_paid(rates, elapsed_ms, EIGHT_HOURS_MS, D(size))
    short = continuous_funding_paid(rates, elapsed_ms, EIGHT_HOURS_MS, D(-size))

    assert 0 <= long + short < D("1e-40")


@given(RATE, st.integers(0, EIGHT_HOURS_MS))
def test_a_part_of_the_time_is_a_part_of_the_rate(rate, elapsed_ms):
    accrued = accrued_rate(rate, elapsed_ms, EIGHT_HOURS_MS)

    assert abs(accrued) <= abs(rate)
    assert D("0.0011875") == accrued_rate(D("0.0095"), HOUR_MS, EIGHT_HOURS_MS)
