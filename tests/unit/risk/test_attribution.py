"""What ate a buffer, by hand, and that the lines always add up to the change.

One toy symbol asks 10 % of its notional, 20 % from 1,000 on: a deduction of 100.
"""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crossmargin.errors import UnknownError, UsageError
from crossmargin.files.account import parse_account
from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment
from crossmargin.margin.health import Health
from crossmargin.model.account import Account, Position
from crossmargin.model.market import Market
from crossmargin.model.order import Order
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.risk.causes.attribution import Attribution, Cause, Step, attributed, summed
from tests.toys import LEVERAGE_MAX, book, linear

D = Decimal
TIERS = Tiers.of(
    (Tier(D(0), D("0.1"), D(0), LEVERAGE_MAX), Tier(D(1000), D("0.2"), D(100), LEVERAGE_MAX)),
)
RULES = book((linear("AUSDT"), TIERS), (linear("BUSDT"), TIERS))


def at(wallet: object, a: object = 0, b: object = 0, marks: tuple[object, object] = (100, 100)):
    sizes = {"AUSDT": D(str(a)), "BUSDT": D(str(b))}
    held = tuple(Position(name, size, D(100)) for name, size in sizes.items() if size)
    prices = dict(zip(sizes, (D(str(mark)) for mark in marks), strict=True))
    return assess(Account({"USDT": D(str(wallet))}, held), Market(prices), RULES)


def told(found: Attribution) -> list[tuple[str, str, Decimal, Decimal]]:
    return [(one.cause.value, one.name, one.equity, one.maintenance) for one in found.lines]


def test_one_price_is_the_whole_change():
    # Five lose 10 each; 450 of notional ask 45 instead of 50.
    found = attributed(at(1000, 5), at(1000, 5, marks=(90, 100)))

    assert [("price", "AUSDT", D(-50), D(-5)), ("cross terms", "", D(0), D(0))] == told(found)
    assert D(-45) == found.change


def test_a_position_that_grew_while_its_price_moved_has_cross_terms():
    # Alone the price costs 5 × 10; alone five more, bought at 100, cost nothing and ask 50 more.
    # Together they lose 100, and 900 of notional ask 90: 50 of loss and 5 of margin are of both.
    found = attributed(at(1000, 5), at(1000, 10, marks=(90, 100)))

    assert [
        ("position", "AUSDT", D(0), D(50)),
        ("price", "AUSDT", D(-50), D(-5)),
        ("cross terms", "", D(-50), D(-5)),
    ] == told(found)


def test_a_price_that_leads_into_another_tier_says_what_the_tier_asks():
    # 1,200 of notional ask 240 − 100 = 140: 20 more than the 120 of the first tier's rate.
    found = attributed(at(1000, 8), at(1000, 8, marks=(150, 100)))
    price = found.lines[0]

    assert (D(400), D(60), D(20)) == (price.equity, price.maintenance, price.tier)


def test_wallets_orders_and_settings_are_lines_of_their_own():
    before, later = at(1000, 5), at(900, 5)
    order = Order("BUSDT", D(1), D(100))
    after = assess(
        replace(later.account, orders=(order,), leverage={"AUSDT": D(5)}), later.market, RULES
    )
    found = attributed(before, after)
    lines = {(one.cause, one.name): one for one in found.lines}

    assert D(-100) == lines[Cause.WALLET, "USDT"].buffer
    # 100 at the toy's leverage of 20, and 500 at 5 instead of 20.
    assert D(5) == lines[Cause.ORDERS, ""].initial
    assert D(75) == lines[Cause.SETTINGS, "leverage"].initial


@given(
    wallets=st.tuples(*[st.integers(500, 5000)] * 2),
    sizes=st.tuples(*[st.integers(-9, 9)] * 4),
    marks=st.tuples(*[st.integers(50, 200)] * 4),
)
def test_the_lines_add_up_to_the_change(wallets, sizes, marks):
    before = at(wallets[0], sizes[0], sizes[1], marks[:2])
    after = at(wallets[1], sizes[2], sizes[3], marks[2:])
    found = attributed(before, after)

    assert found.change == sum(one.buffer for one in found.lines)
    assert found.after.equity - found.before.equity == sum(one.equity for one in found.lines)
    initial = found.after.initial_margin - found.before.initial_margin
    assert initial == sum(one.initial for one in found.lines)


def test_steps_of_one_cause_and_name_are_one_line():
    steps = [
        Step(Cause.FUNDING, "AUSDT", Health(D(990), D(0), D(50))),
        Step(Cause.PRICE, "AUSDT", Health(D(940), D(0), D(45))),
        Step(Cause.FUNDING, "AUSDT", Health(D(931), D(0), D(45))),
    ]
    found = summed("USDT", "USDT", Health(D(1000), D(0), D(50)), steps)

    assert [("price", "AUSDT", D(-50), D(-5)), ("funding", "AUSDT", D(-19), D(0))] == told(found)
    assert D(-64) == found.change


def test_another_mode_is_a_line_of_its_own():
    # Bybit asks 0.5 % of 10,000 and the fee of closing at bankruptcy, in portfolio mode 10 % and
    # 0.03 % of it.
    text = """
venue = "bybit"
{mode}
[balances]
USDT = "10000"
[marks]
BTCUSDT = "100000"
[index]
USDT = "1"
BTC = "100000"
[leverage]
BTCUSDT = 10
[[positions]]
symbol = "BTCUSDT"
size = "0.1"
entry_price = "100000"
"""
    files = (parse_account(text.format(mode=mode), "test") for mode in ("", 'mode = "portfolio"'))
    before, after = (assess(one.account, one.market, one.rulebook) for one in files)
    mode, cross = attributed(before, after).lines
    kept = before.pool.health.maintenance_margin

    assert (Cause.SETTINGS, "mode", D(1003) - kept) == (mode.cause, mode.name, mode.maintenance)
    assert D(0) == cross.maintenance


def test_what_is_not_known_or_not_there_is_said():
    before = at(1000, 5)
    unpriced: Assessment = assess(before.account, Market(), RULES)

    with pytest.raises(UnknownError, match="the buffer is unknown without mark price of AUSDT"):
        attributed(before, unpriced)
    with pytest.raises(UsageError, match="there is no pool or bucket BTC, only USDT"):
        attributed(before, before, "BTC")
