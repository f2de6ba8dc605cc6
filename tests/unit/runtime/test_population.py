"""The people of a venue: the same from the same seed, balanced, within the ladder."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from crossmargin.errors import UsageError
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.runtime import population as people
from crossmargin.runtime.population import coins_of, open_interest_usd, population

D = Decimal
SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
RULEBOOK = load_rulebook("binance-usdm", at=datetime(2025, 10, 10, tzinfo=UTC))


@pytest.fixture(scope="module")
def crowd():
    return population(7, 500, SYMBOLS, RULEBOOK)


def test_the_same_seed_gives_the_same_people_and_another_others(crowd):
    assert crowd == population(7, 500, SYMBOLS, RULEBOOK)
    assert crowd != population(8, 500, SYMBOLS, RULEBOOK)


def test_everybody_is_there_once(crowd):
    assert 500 == len({one.name for one in crowd})
    assert 100 == sum(one.is_hedger for one in crowd)


def test_shorts_are_longs_symbol_by_symbol(crowd):
    for symbol in SYMBOLS:
        sizes = [
            held.notional_usd for one in crowd for held in one.holdings if held.symbol == symbol
        ]

        # Each hedger's part is rounded down to the cent, and his weight at six places.
        assert abs(sum(sizes)) < sum(map(abs, sizes)) * D("0.0001")
        assert open_interest_usd(crowd)[symbol] == sum(size for size in sizes if size > 0)


def test_traders_are_long_more_often_than_short(crowd):
    sizes = [held.notional_usd for one in crowd if not one.is_hedger for held in one.holdings]
    longs = sum(size > 0 for size in sizes) / len(sizes)

    assert abs(longs - people.LONG_SHARE) < 0.05


def test_nobody_has_more_leverage_than_the_ladder_allows(crowd):
    for one in crowd:
        for held in one.holdings:
            tiers = RULEBOOK.contracts[held.symbol].tiers
            tier = tiers.pieces[tiers.index(abs(held.notional_usd))]

            assert one.leverage <= tier.leverage_max


def test_positions_are_within_what_is_brought(crowd):
    for one in crowd:
        margin = sum(abs(held.notional_usd) for held in one.holdings) / one.leverage

        assert margin <= one.wealth_usd


def test_wealth_is_heavy_tailed(crowd):
    wealths = sorted(one.wealth_usd for one in crowd if not one.is_hedger)

    # Pareto from 1,000, shape 1.1: half above 1,000 × 2 ^ (1 ÷ 1.1) = 1,878, a tenth above
    # 1,000 × 10 ^ (1 ÷ 1.1) = 8,111.
    assert 1_000 <= wealths[0] < 1_020
    assert 1_700 < wealths[200] < 2_050
    assert 6_250 < wealths[360] < 10_500


def test_all_kinds_of_people_are_there(crowd):
    traders = [one for one in crowd if not one.is_hedger]

    assert set(people.STYLES) == {one.style for one in traders}
    assert {1, 2, 3} == {len(one.holdings) for one in traders}
    assert {True, False} == {held.stop_fraction is None for one in traders for held in one.holdings}
    assert {True, False} == {one.dip is None for one in traders}
    assert any(one.coins_usd for one in crowd if one.is_hedger)


def test_a_maker_who_trades_with_them_in_turn_never_holds_much(crowd):
    ahead, most = dict.fromkeys(SYMBOLS, D(0)), D(0)
    for one in crowd:
        for held in one.holdings:
            ahead[held.symbol] += held.notional_usd
        most = max(most, sum(map(abs, ahead.values())))

    total = sum(open_interest_usd(crowd).values())
    largest = max(sum(abs(held.notional_usd) for held in one.holdings) for one in crowd)
    assert most < total / 10 + largest


@pytest.mark.parametrize(
    ("seed", "count", "symbols", "said"),
    [
        (7, 0, SYMBOLS, "0 accounts from seed 7: give one at least"),
        (-1, 5, SYMBOLS, "no seed below 0"),
        (7, 5, ("BTCUSDT", "NOSUCH"), "binance-usdm has no ladder for NOSUCH"),
    ],
)
def test_what_cannot_be_drawn_is_said(seed, count, symbols, said):
    with pytest.raises(UsageError, match=said):
        population(seed, count, symbols, RULEBOOK)


def test_coins_are_the_collateral_that_symbols_are_the_price_of():
    # DOGE is no collateral at Binance.
    assert {"BTC": "BTCUSDT", "SOL": "SOLUSDT"} == coins_of(
        ("BTCUSDT", "SOLUSDT", "DOGEUSDT"), RULEBOOK
    )
