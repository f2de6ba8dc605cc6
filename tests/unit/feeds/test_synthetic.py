"""Synthetic paths: the same from the same seed, on the tick, as correlated as asked."""

from decimal import Decimal
from itertools import pairwise
from math import log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.errors import UsageError
from crossmargin.feeds.synthetic import Walk, synthetic_path

D = Decimal
STARTS = {"BTCUSDT": D(100_000), "ETHUSDT": D(4_000)}
MINUTE_MS = 60_000


def returns(path, symbol):
    prices = [float(moment[symbol]) for moment in path]
    return [log(later / earlier) for earlier, later in pairwise(prices)]


def correlation(xs, ys):
    return sum(x * y for x, y in zip(xs, ys, strict=True)) / sqrt(
        sum(x * x for x in xs) * sum(y * y for y in ys)
    )


@given(
    seed=st.integers(0, 2**32),
    volatility=st.decimals("0", "50", places=2),
    jumps=st.decimals("0", "500", places=0),
)
def test_prices_are_above_zero_on_the_tick_and_come_again(seed, volatility, jumps):
    walk = Walk(volatility, D("0.5"), jumps, D("0.3"))
    ticks = {"BTCUSDT": D("0.1")}
    path = synthetic_path(STARTS, 20, MINUTE_MS, walk, (seed,), ticks)

    assert path == synthetic_path(STARTS, 20, MINUTE_MS, walk, (seed,), ticks)
    assert 20 == len(path)
    for moment in path:
        assert moment.keys() == STARTS.keys()
        assert all(price > 0 for price in moment.values())
        assert 0 == moment["BTCUSDT"] % D("0.1")


def test_without_volatility_and_jumps_nothing_moves():
    assert (STARTS,) * 3 == synthetic_path(STARTS, 3, MINUTE_MS, Walk(volatility=D(0)), (1,))


def test_another_seed_is_another_path():
    one, other = (synthetic_path(STARTS, 5, MINUTE_MS, Walk(), (seed,)) for seed in (1, 2))

    assert one != other


@pytest.mark.parametrize("wanted", ["0", "0.8", "-0.5", "1"])
def test_volatility_and_correlation_are_those_asked_for(wanted):
    path = synthetic_path(STARTS, 20_000, MINUTE_MS, Walk(D("0.6"), D(wanted)), (7,))
    btc, eth = returns(path, "BTCUSDT"), returns(path, "ETHUSDT")
    # A year has 525,600 minutes. The errors of both estimates are below 1 % at 20,000 samples.
    yearly = sqrt(sum(move * move for move in btc) / len(btc) * 525_600)

    assert abs(yearly - 0.6) < 0.02
    assert abs(correlation(btc, eth) - float(wanted)) < 0.03


def test_jumps_come_to_all_at_once():
    walk = Walk(D(0), D(0), D(144), D("0.1"))  # one in ten minutes, and nothing else moves
    path = synthetic_path(STARTS, 2_000, MINUTE_MS, walk, (3,))
    moved = [
        [abs(move) > 1e-6 for move in returns(path, symbol)] for symbol in ("BTCUSDT", "ETHUSDT")
    ]

    assert moved[0] == moved[1]
    assert 130 < sum(moved[0]) < 260  # 2,000 × (1 − e^−0.1) = 190 ± 13


def test_a_correlation_that_cannot_be_is_refused():
    three = {**STARTS, "SOLUSDT": D(200)}

    with pytest.raises(UsageError, match=r"3 symbols cannot all be correlated by -0\.9"):
        synthetic_path(three, 1, MINUTE_MS, Walk(correlation=D("-0.9")), (1,))
