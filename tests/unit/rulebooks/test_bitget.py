"""Bitget: two rules of maintenance margin, and the ladders as announced."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from crossmargin.margin.assess import assess
from crossmargin.model.account import Account, Position, PositionMode
from crossmargin.model.market import Market
from crossmargin.rulebooks.ladder import tiers_of
from crossmargin.rulebooks.loader import editions, load_rulebook
from crossmargin.rulebooks.schema import Contract

D = Decimal
OLD, NEW = load_rulebook("bitget", edition="2025-09-26"), load_rulebook("bitget")


def assessed(rulebook, *positions, mark="110000", mode=PositionMode.ONE_WAY):
    account = Account({"USDT": D(100_000)}, positions, position_mode=mode)
    return assess(account, Market({"BTCUSDT": D(mark)}), rulebook)


def btc(size):
    return Position("BTCUSDT", D(size), D(110_000))


# Announcement of the update of 2025-11-10: 3 BTC at 110,000 ask for 1,848 before and 1,648 since.
@pytest.mark.parametrize(
    ("rulebook", "size", "asked"),
    [
        pytest.param(OLD, "3", "1848", id="before, as published"),
        pytest.param(NEW, "3", "1648", id="since, as published"),
        pytest.param(OLD, "-3", "1848", id="a short before"),
        pytest.param(NEW, "-3", "1648", id="a short since"),
        # 110,000 is within the first tier: 110,000 × 0.46 % = 506 under either rule.
        pytest.param(OLD, "1", "506", id="first tier before"),
        pytest.param(NEW, "1", "506", id="first tier since"),
    ],
)
def test_maintenance_margin(rulebook, size, asked):
    [position] = assessed(rulebook, btc(size)).positions

    assert D(asked) == position.maintenance_margin


def test_the_older_ladder_jumps():
    # At 0.5 % of June 2025 from 150,000 on: 1.5 × 110,000 = 165,000 × 0.56 % = 924.
    [position] = assessed(load_rulebook("bitget", edition="2025-06-01"), btc("1.5")).positions

    assert D(924) == position.maintenance_margin


def test_of_a_hedged_pair_the_larger_side_is_charged():
    # 330,000 ask for 1,648; the short of 110,000 for nothing more.
    health = assessed(NEW, btc(3), btc(-1), mode=PositionMode.HEDGE).pool.health

    assert D(1648) == health.maintenance_margin


def test_the_two_tiers_of_the_example_alone_ask_for_the_same():
    tiers = tiers_of("0 0.4% 150x | 200k 0.5% 100x")
    instrument = NEW.contracts["BTCUSDT"].instrument
    rulebook = replace(NEW, contracts={"BTCUSDT": Contract(instrument, tiers)})
    [position] = assessed(rulebook, btc(3)).positions

    assert D(1648) == position.maintenance_margin


# Tiers of BTCUSDT, announcement of 2025-09-26: bounds, leverages and rates as printed.
def test_the_ladder_is_the_announced_one():
    tiers = NEW.contracts["BTCUSDT"].tiers
    bounds = "0 200000 1000000 5000000 15000000 50000000 100000000 150000000 300000000 500000000"
    bounds += " 700000000 900000000"
    rates = "0.004 0.005 0.007 0.01 0.02 0.03 0.06 0.12 0.15 0.2 0.3 0.6"

    assert list(map(D, bounds.split())) == list(tiers.floors)
    assert list(map(D, rates.split())) == [piece.rate for piece in tiers.pieces]
    assert [150, 100, 75, 50, 25, 20, 10, 5, 4, 3, 2, 1] == [
        piece.leverage_max for piece in tiers.pieces
    ]
    assert D(1_200_000_000) == tiers.cap


def test_which_rule_holds_when():
    assert [True, True, False] == [
        load_rulebook("bitget", edition=day).is_whole_position for day in editions("bitget")
    ]
