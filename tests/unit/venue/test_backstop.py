"""A market with a capital of its own costs the insurance fund no more than that in a day."""

from decimal import Decimal

import pytest

from crossmargin.durations import DAY_MS
from crossmargin.venue import event
from crossmargin.venue.backstop import money_behind
from crossmargin.venue.settings import Limits, VenueSettings
from tests.unit.venue.crash import Crash, of

D = Decimal
BTC = "BTCUSDT"


def own(capital, adl_fraction="1"):
    """Return settings in which `capital` stands behind BTCUSDT."""
    limits = Limits(fund_capital=D(capital), fund_adl_fraction=D(adl_fraction))
    return VenueSettings(limits={BTC: limits})


def bankrupt(settings=None, fund="1000"):
    """Return a long of 10 at 100 with 100 behind it, against two shorts of 6 and 4, at 85.

    The long has 100 − 150: it is bankrupt at 90, and 50 is lost at once by whoever takes it there.
    """
    stage = Crash(fund, settings=settings)
    for name, amount in (("long", "100"), ("big", "1000"), ("small", "100")):
        stage.funded(name, amount)
    stage.priced(BTC, "100")
    stage.given(BTC, "100", "6", "long", "big")
    stage.given(BTC, "100", "4", "long", "small")
    stage.falls(BTCUSDT="85")
    return stage


def monies(stage):
    """Return what the fund's purse and the two shorts have."""
    return stage.state.purse("fund", "USDT"), stage.money("big"), stage.money("small")


def test_what_its_capital_cannot_carry_the_fund_does_not_take():
    # 40 is less than the 50 that are lost at once: winners close at 90, with the fund untouched.
    stage = bankrupt(own("40"))

    assert (D(0), D(0)) == (stage.size("long"), stage.size("fund"))
    assert (D(1000), D(1060), D(140)) == monies(stage)


def test_a_loss_at_the_threshold_gives_the_position_up_at_the_mark():
    stage = bankrupt(own("200", "0.5"))

    # 10 from 90 to 81: 90 of 200 lost.
    stage.falls(BTCUSDT="81")
    assert D(10) == stage.size("fund")

    # To 80: 100 of 200. Everybody closes at the mark, which costs nobody but the fund.
    events = stage.falls(BTCUSDT="80")

    assert D(0) == stage.size("fund")
    assert (D(900), D(1120), D(180)) == monies(stage)
    (receipt,) = of(events, event.LiquidationStep)
    assert ("fund", None) == (receipt.account, receipt.after)
    assert "in this market" in receipt.rule


def test_a_gap_beyond_the_capital_costs_no_more_than_it():
    # From 85 to 60 the position of 10 at 90 loses 300; 200 are lost at 70, where winners close.
    stage = bankrupt(own("200", "0.5"))
    (done,) = of(stage.falls(BTCUSDT="60"), event.Deleveraged)

    assert D(70) == done.price
    assert (D(800), D(1180), D(220)) == monies(stage)


def test_without_a_capital_all_the_fund_has_stands_behind_a_market():
    stage = bankrupt()
    stage.falls(BTCUSDT="60")

    # 300 of 1,000 lost, and still held.
    assert (D(10), D(1000)) == (stage.size("fund"), stage.state.purse("fund", "USDT"))


def test_what_a_day_has_cost_is_back_the_day_after():
    stage = bankrupt(own("200", "0.5"))
    stage.falls(BTCUSDT="80")

    assert D(100) == money_behind(stage.state, BTC)

    stage.state.advance(DAY_MS)

    assert D(200) == money_behind(stage.state, BTC)


def test_a_gain_is_the_whole_funds():
    stage = bankrupt(own("200"))
    # Its 10 at 90 sold at 95 to the shorts, who buy them back: 50 for the fund.
    stage.given(BTC, "95", "6", "big", "fund")
    stage.given(BTC, "95", "4", "small", "fund")

    assert D(200) == money_behind(stage.state, BTC)


@pytest.mark.parametrize(
    ("settings", "paid", "shared"),
    [
        (None, D(10), {}),
        # 40 do not carry the position, and pay the 10 that nobody opposite can bear.
        (own("40"), D(10), {}),
        # Of 10 the market pays 4, and two who won elsewhere pay 6 in proportion to 50 and 150.
        (own("4"), D(4), {"a": D("1.5"), "b": D("4.5")}),
    ],
)
def test_a_debt_left_by_a_market_is_paid_from_its_capital_and_then_shared(settings, paid, shared):
    # The only short can close 8 of 10 at the bankruptcy price; 10 are missing (see waterfall). A
    # purse of 45 does not bear the position itself, which loses 50 at once.
    stage = Crash("45", settings=settings)
    money = {"long": "100", "first": "1000", "late": "30", "a": "100", "b": "100", "c": "1000"}
    for name, amount in money.items():
        stage.funded(name, amount)
    stage.priced(BTC, "100")
    stage.priced("ETHUSDT", "100")
    stage.given(BTC, "100", "10", "long", "first")
    stage.given(BTC, "86", "10", "first", "late")
    stage.given("ETHUSDT", "100", "1", "c", "a")
    stage.given("ETHUSDT", "100", "3", "c", "b")

    events = stage.falls(ETHUSDT="50", BTCUSDT="85")

    assert D(45) - paid == stage.state.purse("fund", "USDT")
    assert shared == {
        name: part for one in of(events, event.LossShared) for name, part in one.by_account.items()
    }
    assert D(0) == stage.money("long")
