"""The ladder through the book: receipts, cascades, dry books, prices nobody may act upon."""

from decimal import Decimal

from msgspec.structs import replace

from crossmargin.model.order import Side
from crossmargin.money import exact
from crossmargin.rulebooks.procedure import LadderStep
from crossmargin.rulebooks.schema import Fees
from crossmargin.store.entry import encoded_events
from crossmargin.venue import event
from crossmargin.venue.distress import look_after, unwind
from crossmargin.venue.judging import judged
from tests.unit.venue.crash import Crash, of
from tests.unit.venue.stage import RULES

D = Decimal
BY_FRACTION = (LadderStep.REDUCE_BY_FRACTION, LadderStep.TAKE_OVER)


def tiered(book=True, maker="100000", fund="0"):
    """Return a long of 1,500 at 100 that one tier less would save, and a maker's bids at 98.9."""
    # Notional 150,000: maintenance margin 1 % to 100,000, 2 % above: 1,000 + 1,000 = 2,000.
    stage = Crash(fund)
    stage.funded("long", "3000")
    stage.funded("short", "100000")
    stage.funded("maker", maker)
    stage.priced("BTCUSDT", "100")
    stage.given("BTCUSDT", "100", "1500", "long", "short")
    if book:
        stage.rests("maker", "BTCUSDT", "2000", "98.95")
    return stage


def test_orders_go_first_then_a_reduction_that_restores_health():
    stage = tiered()
    stage.rests("long", "BTCUSDT", "1", "50")
    # At 98.9: equity 3,000 - 1,650 = 1,350; requirement 148,350 x 2 % - 1,000 = 1,967.
    events = stage.falls(BTCUSDT="98.9")
    steps = of(events, event.LiquidationStep)
    assert steps[0].step == "cancel-orders"
    assert steps[0].action == "cancelled 1 open order"
    assert steps[0].before.equity == steps[0].after.equity == D(1350)
    assert not stage.state.accounts["long"].orders


@exact
def test_a_reduction_hits_the_book_and_leaves_a_receipt():
    stage = tiered()
    # At 99: equity 1,500, requirement 148,500 x 2 % - 1,000 = 1,970. Down to 100,000 sells 489.9
    # at 98.95 for 24.5: 1,475 left against 1,000. A fee of 1 % would take 485 and not restore it.
    stage.state.rulebook = replace(RULES, fees=Fees(D(0), D(0), D(0)))
    events = stage.falls(BTCUSDT="99")
    (step,) = of(events, event.LiquidationStep)
    assert step.step == "reduce-to-lower-tier"
    assert "BTCUSDT at 98.95, down to tier 1; liquidation fee 0 USDT" in step.action
    assert step.before.equity <= step.before.maintenance_margin
    assert step.after.equity > step.after.maintenance_margin
    assert stage.size("maker") == 1500 - stage.size("long") > 0
    assert not judged(stage.state, "long").units[0].is_liquidatable


def test_a_dry_book_leads_to_the_takeover():
    stage = tiered(book=False, fund="10000")
    events = stage.falls(BTCUSDT="99")
    assert [one.step for one in of(events, event.LiquidationStep)] == ["take-over"]
    assert stage.size("fund") == D(1500)


def test_prices_that_are_not_usable_leave_everybody_alone():
    stage = tiered()
    stage.priced("BTCUSDT", "50")
    stage.emit(
        event.BreakerSet(symbol="BTCUSDT", state=event.Breaker.DEGRADED, why="test"),
    )

    def act(decision):
        decision.touched["long"] = None
        look_after(decision)

    assert stage.decide(act) == []


def test_the_fund_unwinds_later_and_within_its_means():
    stage = tiered(book=False, fund="1000000")
    events = stage.falls(BTCUSDT="97")
    assert stage.size("fund") == D(1500)
    assert not [one for one in of(events, event.Filled) if one.why == "unwind"]
    stage.rests("maker", "BTCUSDT", "500", "96")
    events = stage.falls(BTCUSDT="97")
    assert stage.size("fund") == D(1000)
    assert stage.size("maker", side=Side.LONG) == D(500)


def test_the_fund_sells_no_more_than_its_purse_pays():
    stage = Crash("100")
    stage.funded("short", "1000")
    stage.funded("maker", "1000")
    stage.priced("BTCUSDT", "100")
    stage.given("BTCUSDT", "100", "10", "fund", "short")
    stage.rests("maker", "BTCUSDT", "2", "90")
    stage.rests("maker", "BTCUSDT", "8", "60")
    stage.decide(unwind)
    # 2 x 10 = 20 of 100; the other 80 pay for 80 / 40 = 2 more.
    assert stage.size("fund") == D(6)
    assert stage.state.purse("fund", "USDT") == 0
    assert stage.money("fund") == 0


def test_a_liquidation_brings_about_the_next():
    # The maker buys what the first one has to sell and cannot bear it.
    stage = tiered(maker="50", fund="100000")
    events = stage.falls(BTCUSDT="99")
    assert {one.account for one in of(events, event.LiquidationStep)} >= {"long"}
    for name in ("long", "maker"):
        assert not any(unit.is_liquidatable for unit in judged(stage.state, name).units)


def test_a_receipt_does_not_tell_of_orders_that_are_gone():
    # A venue that was started again keeps no sums of them, and must write the same bytes.
    rules = replace(RULES, liquidation=replace(RULES.liquidation, steps=BY_FRACTION))
    receipts = []
    for is_remembered in (True, False):
        stage = Crash("1000", rules)
        stage.funded("long", "3000")
        stage.funded("short", "100000")
        stage.priced("BTCUSDT", "100")
        stage.priced("ETHUSDT", "10")
        stage.given("BTCUSDT", "100", "1500", "long", "short")
        stage.rests("long", "ETHUSDT", "1", "9.1")
        if is_remembered:
            stage.rests("long", "ETHUSDT", "1.000", "9.1000")
            judged(stage.state, "long")
            stage.decide(lambda decision: decision.end(2, event.OrderStatus.CANCELLED, "test"))
        stage.rests("short", "BTCUSDT", "100", "99")
        receipts.append(of(stage.falls(BTCUSDT="99"), event.LiquidationStep)[0])
    assert receipts[0].action.startswith("sold 100 BTCUSDT at 99")
    assert encoded_events((receipts[0],)) == encoded_events((receipts[1],))


def test_a_mark_with_other_digits_is_another_one_to_recovery():
    stage = Crash()
    stage.priced("BTCUSDT", "100")
    stage.funded("a")
    judged(stage.state, "a")
    # Only the last price differs; a venue read back from its journal knows the mark as "100.0".
    price = event.PriceSet(symbol="BTCUSDT", index=D(100), mark=D("100.0"), last=D(99))
    stage.emit(price)
    assert str(stage.state.market().marks["BTCUSDT"]) == "100.0"


def test_a_bucket_is_sold_no_further_than_it_pays():
    # 10 at 100 on 10x; at 90.5 the bucket of 100 is worth 5 and asked for 9.05. One is sold at
    # 91, which leaves 91 for nine; they go at 90.5 - 5.5 / 9, not at 70, and the pool keeps 200.
    rules = replace(
        RULES,
        liquidation=replace(RULES.liquidation, steps=BY_FRACTION),
        fees=Fees(D(0), D(0), D(0)),
    )
    stage = Crash("1000", rules)
    stage.funded("long", "300", BTCUSDT="10")
    stage.isolated("long", "BTCUSDT")
    stage.funded("short", "100000")
    stage.priced("BTCUSDT", "100")
    stage.given("BTCUSDT", "100", "10", "long", "short")
    stage.rests("short", "BTCUSDT", "1", "91")
    stage.rests("short", "BTCUSDT", "50", "70")
    events = stage.falls(BTCUSDT="90.5")
    assert [one.size for one in of(events, event.Filled) if one.account == "long"] == [-1, -9]
    assert stage.size("fund") == 9
    assert stage.money("long") == 200
    assert len(of(events, event.LiquidationStep)) == 2
