"""Makers quote around a price, on tick and lot, and never more than their capital carries."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.model.instrument import Instrument, Kind
from crossmargin.runtime.liquidity import Makers, affordable, quotes
from crossmargin.venue.command import Level

D = Decimal
LINEAR = Instrument("BTCUSDT", Kind.LINEAR_PERPETUAL, "USDT", "BTC")
INVERSE = Instrument("BTCUSD_PERP", Kind.INVERSE_PERPETUAL, "BTC", "BTC", D(100))
MAKERS = Makers(D("0.002"), D("0.001"), D(3000), 3, D("0.1"), D("0.01"))


@pytest.mark.parametrize(
    ("instrument", "size"),
    [
        pytest.param(LINEAR, D("10"), id="linear: 1000 of notional at 100 are 10 coins"),
        pytest.param(INVERSE, D("10"), id="inverse: 1000 of notional are 10 contracts of 100"),
    ],
)
def test_three_levels_on_either_side(instrument, size):
    # 100 × (1 ∓ 0.001), then 0.001 further each.
    assert (
        Level(D("99.9"), size),
        Level(D("99.8"), size),
        Level(D("99.7"), size),
        Level(D("100.1"), -size),
        Level(D("100.2"), -size),
        Level(D("100.3"), -size),
    ) == quotes(D(100), MAKERS, instrument)


def test_without_a_spread_the_ask_is_a_tick_above_the_bid():
    makers = Makers(D(0), D("0.001"), D(1000), 1, D("0.1"), D("0.01"))

    assert (Level(D(100), D(10)), Level(D("100.1"), D(-10))) == quotes(D(100), makers, LINEAR)


@pytest.mark.parametrize(
    ("held", "limit", "bids", "asks"),
    [
        pytest.param(0, 100_000, ["10", "10"], ["10", "10"], id="enough for all"),
        pytest.param(0, 1_500, ["10", "5"], ["10", "5"], id="15 coins either way"),
        pytest.param(15, 1_500, [], ["10", "10"], id="full of longs: bids are dry"),
        pytest.param(-15, 1_500, ["10", "10"], [], id="full of shorts: asks are dry"),
        pytest.param(0, -1, [], [], id="broke"),
        pytest.param(20, 1_500, [], ["10", "10"], id="beyond the limit only the way back"),
    ],
)
def test_capital_limits_what_is_quoted(held, limit, bids, asks):
    levels = quotes(D(100), Makers(D("0.002"), D("0.001"), D(2000), 2), LINEAR)
    kept = affordable(levels, D(held), D(limit), D(100), LINEAR)

    assert [D(size) for size in bids] == [level.size for level in kept if level.size > 0]
    assert [D(size) for size in asks] == [-level.size for level in kept if level.size < 0]


@given(
    price=st.decimals("0.01", "1000000", places=2),
    held=st.decimals("-1000", "1000", places=4),
    limit=st.decimals("-1000", "10000000", places=2),
    spread=st.decimals("0", "0.5", places=4),
)
def test_a_book_never_crosses_and_never_goes_beyond_the_limit(price, held, limit, spread):
    makers = Makers(spread, D("0.001"), D(100_000), 5, D("0.01"), D("0.001"))
    kept = affordable(quotes(price, makers, LINEAR), held, limit, price, LINEAR, D("0.001"))
    bids = [level for level in kept if level.size > 0]
    asks = [level for level in kept if level.size < 0]

    if bids and asks:
        assert max(level.price for level in bids) < min(level.price for level in asks)
    for side, sign in ((bids, 1), (asks, -1)):
        after = held + sum((level.size for level in side), D(0))
        assert not side or after * sign * price <= max(limit, D(0))
        assert all(0 == level.size % D("0.001") for level in side)
