"""Sizes: every limit worked out by hand, the smallest binding, the core agreeing at the lot."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from crossmargin.errors import UnknownError, UsageError
from crossmargin.files.account import read_account_file
from crossmargin.model.account import PositionMode
from crossmargin.model.market import Market
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.risk.plan.intent import Intent
from crossmargin.risk.plan.limits import Group, HouseRules, Rule
from crossmargin.risk.plan.sizing import sized
from crossmargin.rulebooks.schema import Fees
from tests import toys
from tests.source import ROOT

D = Decimal
LADDER = Tiers.of(
    (Tier(D(0), D("0.01"), D(0), D(50)), Tier(D(12000), D("0.01"), D(0), D(10))), cap=D(20000)
)
BTC = replace(toys.linear("BTCUSDT"), lot=D("0.1"))
BOOK = replace(
    toys.book((BTC, LADDER), (toys.linear("ETHUSDT"), toys.one_tier("0.01"))),
    fees=Fees(D(0), D("0.001"), D(0)),
)
MARKET = Market({"BTCUSDT": D(100), "ETHUSDT": D(10)})
ACCOUNT = toys.account(1000)
LONG = Intent("BTCUSDT", D(0), None, D(95), D(110))


def sizes(found):
    return {limit.rule: limit.size for limit in found.limits}


def test_each_limit_by_hand():
    rules = HouseRules(groups=(Group(("BTC", "ETH"), D(3000)), Group(("SOL",), D(0))))
    found = sized(ACCOUNT, MARKET, BOOK, LONG, rules)

    assert {
        # One loses 5 and fees of 0.1 and 0.095 on the way to the stop: 20 ÷ 5.195.
        Rule.RISK: D("3.8"),
        # 100 n ≤ 5 (1,000 − 0.1 n).
        Rule.LEVERAGE: D("49.7"),
        # At the 20x that is set the second tier, from 12,000 on, is not allowed.
        Rule.BRACKET: D("120.0"),
        # 5 n ≤ 1,000 − 0.1 n.
        Rule.MARGIN: D("196.0"),
        Rule.GROUP: D("30.0"),
        # A fall by x is lived through while (1,000 − 1.1 n) ÷ 99 n ≥ x: n ≤ 1,000 ÷ 11.
        Rule.DISTANCE: D("90.9"),
    } == sizes(found)
    assert Rule.RISK is found.binding.rule
    assert D("3.8") == found.intent.size
    assert D("19.741") == found.ticket.exits[0].risk
    reached = {limit.rule: limit.reached for limit in found.limits}
    assert D("0.019741") == reached[Rule.RISK]
    assert D(380) == reached[Rule.GROUP]


@pytest.mark.parametrize(
    ("rules", "rule"),
    [
        (HouseRules(risk_max=D("0.5")), Rule.LEVERAGE),
        (HouseRules(risk_max=D(1), leverage_max=D(50)), Rule.DISTANCE),
        (HouseRules(risk_max=D(1), leverage_max=D(50), distance_min=D(0)), Rule.BRACKET),
        (HouseRules(groups=(Group(("BTC",), D(150)),)), Rule.GROUP),
    ],
)
def test_the_smallest_binds_and_one_lot_more_does_not_fit(rules, rule):
    found = sized(ACCOUNT, MARKET, BOOK, LONG, rules)
    binding = found.binding

    assert rule is binding.rule
    assert min(limit.size for limit in found.limits if limit.size is not None) == found.intent.size
    assert D(0) == found.intent.size % D("0.1")


def test_a_stop_above_the_entry_sells():
    found = sized(ACCOUNT, MARKET, BOOK, Intent("BTCUSDT", D(0), None, D(105)), HouseRules())

    # 5, and fees of 0.1 and 0.105.
    assert D("-3.8") == found.intent.size


def test_what_is_held_counts():
    held = toys.account(1000, toys.held("ETHUSDT", 450, "10"))
    found = sized(held, MARKET, BOOK, LONG, HouseRules())

    # 4,500 + 100 n ≤ 5 (1,000 − 0.1 n).
    assert D("4.9") == sizes(found)[Rule.LEVERAGE]
    # (1,000 − 0.1 n − 45 − n) ÷ ((4,500 + 100 n) × 0.99) ≥ 0.1, so n ≤ 509.5 ÷ 11.
    assert D("46.3") == sizes(found)[Rule.DISTANCE]


def test_an_account_over_its_limits_gets_nothing_and_is_told_by_how_much():
    held = toys.account(1000, toys.held("ETHUSDT", 600, "10"))
    found = sized(held, MARKET, BOOK, LONG, HouseRules())

    assert D(0) == found.intent.size
    assert Rule.LEVERAGE is found.binding.rule
    assert D(6) == found.binding.reached
    assert found.ticket is None


def test_a_hedge_may_lengthen_the_distance_first():
    # Short 900 of ether at 10, so nothing may rise by more than a tenth; 50 long of BTC mend that.
    held = toys.account(1000, toys.held("ETHUSDT", -900, "10"))
    rules = HouseRules(risk_max=D(1), leverage_max=D(100), distance_min=D("0.2"))
    found = sized(held, MARKET, BOOK, LONG, rules)

    assert sizes(found)[Rule.DISTANCE] > D(50)


def test_what_cannot_be_sized_is_refused():
    short = toys.account(1000, toys.held("BTCUSDT", -1))
    hedged = replace(short, position_mode=PositionMode.HEDGE)

    with pytest.raises(UsageError, match="BTCUSDT is held short, and a stop at 95"):
        sized(short, MARKET, BOOK, LONG, HouseRules())
    assert sized(hedged, MARKET, BOOK, LONG, HouseRules()).intent.size > 0
    with pytest.raises(UsageError, match="a stop away from the entry"):
        sized(ACCOUNT, MARKET, BOOK, Intent("BTCUSDT", D(0), None, D(100)), HouseRules())
    with pytest.raises(UnknownError, match="no mark price of BTCUSDT to enter at"):
        sized(ACCOUNT, Market(), BOOK, LONG, HouseRules())
    unknown = BOOK.with_contracts({"BTCUSDT": replace(BOOK.contracts["BTCUSDT"], tiers=None)})
    with pytest.raises(UnknownError, match="without margin tiers of BTCUSDT"):
        sized(ACCOUNT, MARKET, unknown, LONG, HouseRules())


@pytest.mark.parametrize(
    ("name", "idea"),
    [
        ("multi-assets.toml", Intent("BTCUSDT", D(0), None, D(90000))),
        ("coin-margined.toml", Intent("BTCUSD_PERP", D(0), None, D(80000))),
        ("portfolio.toml", Intent("BTC-PERPETUAL", D(0), None, D(90000))),
    ],
)
def test_every_kind_of_account_can_be_sized(name, idea):
    file = read_account_file(ROOT / "examples" / name)
    rules = HouseRules(leverage_max=D(10), distance_min=D("0.02"))
    found = sized(file.account, file.market, file.rulebook, idea, rules)

    assert found.intent.size > 0
    assert found.ticket.exits[0].risk_fraction <= rules.risk_max
    assert all(limit.size is None or limit.size >= found.intent.size for limit in found.limits)
