"""Histories become one table, or are refused by name."""

import numpy as np
import pytest

from crossmargin.durations import HOUR_MS
from crossmargin.errors import UnknownError, UsageError
from crossmargin.risk.estimates.returns import History, log_returns, needed_observations
from tests.unit.risk.estimates import history

DOUBLING = [2.0**place for place in range(41)]
FLAT = [5.0] * 41


def without(one, place):
    """Return a history that lacks one price."""
    return History(one.asset, np.delete(one.at_ms, place), np.delete(one.prices, place))


def test_a_price_that_doubles_returns_the_logarithm_of_two():
    found = log_returns([history("A", DOUBLING), history("B", FLAT)], HOUR_MS)

    assert (40, 2) == found.values.shape
    assert np.allclose(found.values[:, 0], np.log(2))
    assert (0.0 == found.values[:, 1]).all()
    assert (0, 40 * HOUR_MS) == (found.from_ms, found.to_ms)


def test_only_the_time_that_all_share_counts():
    late = history("B", FLAT, start=5 * HOUR_MS)

    found = log_returns([history("A", DOUBLING), late], HOUR_MS)

    assert (5 * HOUR_MS, 40 * HOUR_MS) == (found.from_ms, found.to_ms)
    assert 35 == len(found.values)


def test_finer_prices_are_looked_at_as_often_as_asked():
    fine = history("A", [2.0 ** (place / 4) for place in range(161)], step_ms=HOUR_MS // 4)

    found = log_returns([fine, history("B", FLAT)], HOUR_MS)

    assert np.allclose(found.values[:, 0], np.log(2))


@pytest.mark.parametrize(
    ("histories", "said"),
    [
        (
            [without(history("A", DOUBLING), 7)],
            "A has no price at 1970-01-01T07:00Z: a return across a gap is none of 1h",
        ),
        (
            [history("A", DOUBLING), history("B", FLAT, start=1000 * HOUR_MS)],
            "share no moment: A 1970-01-01T00:00Z to 1970-01-02T16:00Z, B",
        ),
        ([history("A", DOUBLING[:30])], "29 returns of 1h, .* too few for 1 assets: .* least 30"),
        (
            [history(name, FLAT[:33]) for name in "ABCDEFGHIJK"],
            "32 returns .* too few for 11 assets: .* least 33",
        ),
    ],
)
def test_what_lacks_is_unknown_and_named(histories, said):
    with pytest.raises(UnknownError, match=said):
        log_returns(histories, HOUR_MS)


@pytest.mark.parametrize(
    ("histories", "said"),
    [
        ([], "at least one asset"),
        ([history("A", FLAT), history("A", FLAT)], "A has two histories"),
        ([history("A", [])], "history of A is empty"),
        ([history("A", [1.0, 0.0])], "not above zero"),
        ([history("A", [1.0, float("nan")])], "not above zero"),
        ([History("A", np.array([2, 1]), np.array([1.0, 1.0]))], "out of order"),
    ],
)
def test_histories_that_are_none_are_refused(histories, said):
    with pytest.raises(UsageError, match=said):
        log_returns(histories, HOUR_MS)


@pytest.mark.parametrize(("assets", "needed"), [(1, 30), (10, 30), (11, 33), (20, 60)])
def test_more_assets_need_more_observations(assets, needed):
    assert needed == needed_observations(assets)
