"""Accounts in portfolio mode, judged whole: numbers by hand from Bybit's parameters.

A bitcoin costs 100,000. Bybit moves it by 10 %, so that one held alone loses 10,000, and asks
0.03 % of 100,000 as contingency of futures: 10,030. A long and a short of it lose nothing in any
scenario; between a USDT contract and a coin one the hedge of 100,000 is asked 0.5 %, 500, and
futures twice 30. Initial margin is 1.2 times as much. 0.1 BTC count at 98 %.
"""

from decimal import Decimal

import pytest

from crossmargin.errors import UnknownError, UsageError
from crossmargin.files.account import parse_account
from crossmargin.files.answer import answer
from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment, Status
from crossmargin.margin.direction import crossings_along, liquidating_multiple
from crossmargin.margin.scenarios.explain import explained
from crossmargin.margin.scenarios.path import anchored, moved
from crossmargin.money import ONE

D = Decimal

MONEY = """
venue = "bybit"
mode = "portfolio"
[balances]
USDT = "10000"
BTC = "0.1"
[marks]
BTCUSDT = "100000"
BTCUSD = "100000"
[index]
USDT = "1"
BTC = "100000"
"""
LONG = """
[[positions]]
symbol = "BTCUSDT"
size = "1"
entry_price = "100000"
"""
SHORT = """
[[positions]]
symbol = "BTCUSD"
size = "-100000"
entry_price = "100000"
"""
DERIBIT = """
venue = "deribit"
mode = "portfolio"
at = "2026-11-22T08:00:00Z"
[balances]
BTC = "1"
[marks]
BTC-PERPETUAL = "95000"
[index]
BTC = "95000"
"""
STRADDLE = """
[[positions]]
symbol = "BTC-25DEC26-95000-C"
size = "-2"
entry_price = "0.05"
[[positions]]
symbol = "BTC-25DEC26-95000-P"
size = "-2"
entry_price = "0.05"
"""
SMILE = """
[[surfaces.BTC]]
expires = "2026-12-25T08:00:00Z"
forward = "95000"
volatilities = { "95000" = "0.5" }
"""


def judged(*parts: str) -> Assessment:
    file = parse_account("".join(parts), "test")
    return assess(file.account, file.market, file.rulebook)


def test_a_position_alone_is_asked_for_its_worst_scenario_and_its_charges():
    (pool,) = judged(MONEY, LONG).pools

    assert (D(19800), D(12036), D(10030)) == (
        pool.health.equity,
        pool.health.initial_margin,
        pool.health.maintenance_margin,
    )


def test_a_hedge_is_asked_for_less_than_its_positions_alone():
    found = judged(MONEY, LONG, SHORT)
    (pool,) = found.pools
    (unit,) = explained(found)

    assert (D(672), D(560)) == (pool.health.initial_margin, pool.health.maintenance_margin)
    assert [D(10030), D(10030)] == [one.maintenance_margin for one in found.positions]
    assert (D(20060), D(19500)) == (unit.alone, unit.saving)
    ((first, second, saving),) = [(one.first, one.second, one.saving) for one in unit.pairs]
    assert ("BTCUSDT", "BTCUSD", D(19500)) == (first, second, saving)
    assert all(share.outcome is None for share in unit.shares)


def test_the_worst_scenario_says_who_loses_in_it():
    (unit,) = explained(judged(MONEY, LONG))

    assert D("-0.1") == unit.requirement.worst.scenario.move
    assert [("BTCUSDT", D(-10000), D(10030))] == [
        (one.symbol, one.outcome, one.alone) for one in unit.shares
    ]
    assert D(0) == unit.saving


def test_an_underlying_that_is_not_known_leaves_the_others_explained():
    solana = """
[[positions]]
symbol = "SOL_USDC-PERPETUAL"
size = "1"
entry_price = "150"
"""
    known = DERIBIT.replace('BTC = "1"', 'BTC = "1"\nUSDC = "100"') + 'SOL = "150"\n'
    known = known.replace("[marks]", '[marks]\nSOL_USDC-PERPETUAL = "150"')
    found = judged(known, STRADDLE, SMILE, solana)

    assert ["BTC"] == [unit.requirement.name for unit in explained(found)]
    assert ["BTC"] == [unit["name"] for unit in answer(found)["units"]]
    assert [True, False] == [pool.health is not None for pool in found.pools]


def test_coins_in_a_unit_are_among_what_is_asked_alone():
    # By hand, at 95,000 of USD that fall by 16 %: 2 BTC lose 30,400 and have no other charge, a
    # long of one 15,200 and 950 of roll shock; of what they lose together 80 % is asked.
    money = DERIBIT.replace('BTC = "1"', 'BTC = "2"').replace("[bal", 'assets_mode = "multi"\n[bal')
    long = """
[[positions]]
symbol = "BTC-PERPETUAL"
size = "95000"
entry_price = "95000"
"""
    (unit,) = explained(judged(money, long))

    assert D(24320) + D(12920) == round(unit.alone)
    assert D(24320) + D(12920) == round(unit.requirement.maintenance_margin)
    assert 0 == round(unit.saving)


def test_a_future_of_unknown_expiry_is_unknown_and_no_perpetual():
    quarterly = """
[instruments.BTC-QUARTER]
kind = "inverse-future"
base = "BTC"
settle = "BTC"
multiplier = "10"
[[positions]]
symbol = "BTC-QUARTER"
size = "1000"
entry_price = "95000"
"""
    (pool,) = judged(DERIBIT.replace("[marks]", '[marks]\nBTC-QUARTER = "95000"'), quarterly).pools

    assert pool.health is None
    assert ("expiry of BTC-QUARTER",) == tuple(pool.missing)


def test_orders_ask_initial_margin_for_what_they_would_make_of_the_portfolio():
    order = '[[orders]]\nsymbol = "BTCUSDT"\nsize = "{}"\nprice = "100000"\n'
    more, less = (judged(MONEY, LONG, order.format(size)).pools[0] for size in (1, -1))

    assert (D(12036), D(24072)) == (more.order_initial_margin, more.health.initial_margin)
    assert D(10030) == more.health.maintenance_margin
    assert D(0) == less.order_initial_margin


@pytest.mark.parametrize("held", [(LONG,), (SHORT,), (LONG, SHORT)])
def test_at_a_liquidation_price_the_account_lives_and_a_tick_beyond_it_does_not(held):
    found = judged(MONEY, *held)
    start = anchored(found.account, found.market, found.rulebook)
    boundary = found.boundaries.positions[0]

    for price, beyond in ((boundary.lower, D("-0.1")), (boundary.upper, D("0.1"))):
        if price is None:
            continue
        for level, is_alive in ((price, True), (price + beyond, False)):
            there = found.judge(moved(start, {"BTC": level / D(100000)}))["USD"]
            assert is_alive is (there.buffer > 0)


def test_a_direction_finds_every_crossing():
    file = parse_account(DERIBIT + STRADDLE + SMILE, "test")
    down, up = (
        crossings_along(file.account, file.market, file.rulebook, {"BTC": move})
        for move in (D("-0.1"), D("0.1"))
    )
    found = assess(file.account, file.market, file.rulebook)
    start = anchored(file.account, file.market, file.rulebook)

    # Two calls and two puts sold on one coin: it is gone far enough on either side.
    assert (1, 1) == (len(down), len(up))
    for (multiple,), move in ((down, D("-0.1")), (up, D("0.1"))):
        here, beyond = (
            found.judge(moved(start, {"BTC": ONE + k * move}))["BTC"]
            for k in (multiple, multiple + D("0.000001"))
        )
        assert here.buffer > 0 > beyond.buffer
    assert down[0] == liquidating_multiple(
        file.account, file.market, file.rulebook, {"BTC": D("-0.1")}
    )


def test_an_option_needs_a_moment_and_a_volatility():
    no_moment = DERIBIT.replace('at = "2026-11-22T08:00:00Z"\n', "")

    for text, lacks in (
        (DERIBIT + STRADDLE, "implied volatility of BTC-25DEC26-95000-C"),
        (no_moment + STRADDLE + SMILE, "the moment (at), from which BTC-25DEC26-95000-C"),
    ):
        found = judged(text)
        assert Status.UNKNOWN is found.status
        assert any(lacks in name for name in found.missing)
    file = parse_account(DERIBIT + STRADDLE, "test")
    with pytest.raises(UnknownError, match="implied volatility"):
        crossings_along(file.account, file.market, file.rulebook, {"BTC": D(1)})


def test_a_mark_implies_the_volatility_that_gives_it_back():
    by_smile = judged(DERIBIT, STRADDLE, SMILE)
    marks = {one.symbol: one.mark_price for one in by_smile.positions}
    given = "".join(f'{symbol} = "{mark:.18f}"\n' for symbol, mark in marks.items())
    by_marks = judged(DERIBIT.replace("[index]", given + "[index]"), STRADDLE)

    smile, mark = (one.pools[0].health.maintenance_margin for one in (by_smile, by_marks))
    assert abs(smile - mark) < D("1e-8")


def test_nothing_is_isolated_and_nothing_hedged_by_side_in_portfolio_mode():
    isolated = LONG + 'mode = "isolated"\nmargin = "100"\n'
    with pytest.raises(UsageError, match="nothing isolated"):
        judged(MONEY, isolated)
    with pytest.raises(UsageError, match="no hedge position mode in portfolio mode"):
        judged('position_mode = "hedge"\n', MONEY, LONG)
    with pytest.raises(UsageError, match="binance-usdm has no portfolio mode"):
        judged(MONEY.replace("bybit", "binance-usdm").replace('BTCUSD = "100000"\n', ""), LONG)


def test_an_answer_carries_the_units():
    told = answer(judged(MONEY, LONG, SHORT))
    (unit,) = told["units"]

    assert "portfolio" == told["mode"]
    assert ("BTC", "USD", "560", "20060", "19500") == (
        unit["name"],
        unit["asset"],
        unit["maintenance_margin"],
        unit["alone"],
        unit["saving"],
    )
    assert [{"symbols": ["BTCUSDT", "BTCUSD"], "saving": "19500"}] == unit["pairs"]
    assert {"BTCUSDT", "BTCUSD"} == {one["symbol"] for one in unit["positions"]}
    # Without options there is one volatility to each of eleven prices.
    assert 11 == len(unit["scenarios"])
