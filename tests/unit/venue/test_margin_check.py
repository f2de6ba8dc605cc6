"""Orders are margined over the whole account, open orders included."""

import pytest
from msgspec.structs import replace

from crossmargin.model.account import MarginMode
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.rulebooks.schema import AssumedPrice
from crossmargin.venue import event
from crossmargin.venue.command import CancelAll
from crossmargin.venue.margin_check import margin_price
from crossmargin.venue.matching import trade
from crossmargin.venue.orders import cancel_all, place_order
from crossmargin.venue.refusal import Code
from tests.toys import book, linear
from tests.unit.venue.order_desk import BTC, ETH, STOP, D, hold, order, refused, stage_with
from tests.unit.venue.stage import RULES


@pytest.mark.parametrize(
    ("size", "is_enough"),
    # 1000 USDT at 20 times back 20 000 USDT of orders: 200 at 100. Nothing is lost at mark.
    [("200", True), ("200.001", False), ("-200", True), ("-200.001", False)],
)
def test_margin_of_one_order(size, is_enough):
    stage = stage_with("a")
    if is_enough:
        assert stage.do(place_order, order(size=size))
    else:
        assert refused(stage, order(size=size)) is Code.MARGIN_INSUFFICIENT


def test_margin_counts_other_symbols_and_open_orders_and_open_losses():
    stage = stage_with("a")
    # 10 000 of ETH hold 500, 8 000 of BTC 400; of 1000 are left 100, for 2000 more.
    hold(stage, "a", "1000", symbol=ETH, entry="10")
    stage.do(place_order, order(size="80"))
    assert refused(stage, order(size="20.001")) is Code.MARGIN_INSUFFICIENT
    # At 110, 10 lost of 100 at mark: 5.5 + 10 each, so 6 (93) fit and 7 (108.5) do not.
    assert refused(stage, order(size="7", price="110")) is Code.MARGIN_INSUFFICIENT
    stage.do(place_order, order(size="6", price="110"))
    stage.do(cancel_all, CancelAll(at_ms=0, account="a"))
    stage.do(place_order, order(size="100"))


def test_an_order_that_only_reduces_is_never_refused_for_margin():
    stage = stage_with("a", "b", amount="50")
    hold(stage, "a", "100")
    stage.do(place_order, order(size="-60"))
    stage.do(place_order, order(size="-40"))
    # The third is past what is held and must be afforded.
    assert refused(stage, order(size="-0.1")) is Code.MARGIN_INSUFFICIENT
    stage.do(place_order, order(size="-30", reduce_only=True))


def test_what_is_not_known_is_refused_as_unknown():
    rules = book((linear(BTC), None), (linear(ETH), RULES.contracts[ETH].tiers))
    stage = stage_with("a", rules=rules)
    assert refused(stage, order()) is Code.HEALTH_UNKNOWN
    other = stage_with("a")
    hold(other, "a", "1", symbol=ETH, entry="10")
    other.emit(event.PriceSet(symbol=ETH, index=None, mark=None, last=None))
    assert refused(other, order()) is Code.HEALTH_UNKNOWN


@pytest.mark.parametrize(
    ("size", "code"),
    [("50", None), ("51", Code.NOTIONAL_TOO_LARGE), ("101", Code.HEALTH_UNKNOWN)],
)
def test_a_position_above_what_the_ladder_allows_at_its_leverage(size, code):
    # Above 5000 no more than 10 times, and 20 are set; known to 10 000.
    pieces = (Tier(D(0), D("0.01"), D(0), D(50)), Tier(D(5000), D("0.02"), D(50), D(10)))
    tiers = Tiers.of(pieces, known_to=D(10000))
    stage = stage_with("a", rules=book((linear(BTC), tiers), (linear(ETH), tiers)))
    if code is None:
        assert stage.do(place_order, order(size=size))
    else:
        assert refused(stage, order(size=size)) is code


@pytest.mark.parametrize(
    ("rule", "size", "price", "assumed"),
    [
        # Bid 98, ask 103, mark and last 100, buffer 0.0005.
        (AssumedPrice.ORDER, "1", "99", "99"),
        (AssumedPrice.ORDER, "1", None, "103.0515"),
        (AssumedPrice.ORDER, "-1", None, "100"),
        (AssumedPrice.HIGHEST_FOR_SELLS, "-1", "99", "100.05"),
        (AssumedPrice.HIGHEST_FOR_SELLS, "1", None, "103"),
    ],
)
def test_the_price_a_new_order_is_margined_at(rule, size, price, assumed):
    stage = stage_with("a", "b", rules=replace(RULES, assumed_price=rule))
    stage.do(place_order, order("b", "1", "98"))
    stage.do(place_order, order("b", "-1", "103"))
    assert margin_price(stage.state, order(size=size, price=price)) == D(assumed)


def test_a_market_order_is_margined_by_the_book_and_fills_even_at_worse_prices():
    stage = stage_with("a", "b", amount="10000")
    stage.funded("t", "11")
    stage.do(place_order, order("a", "-1", "100"))
    stage.do(place_order, order("b", "-1", "110"))
    # 2 × 100.05 ÷ 20 + 2 × 0.05 = 10.105 are there; what it costs is 10.5 and 10 lost.
    stage.do(place_order, order("t", "2", None))
    assert stage.state.accounts["t"].position(BTC, None).size == 2


def test_a_triggered_order_that_cannot_be_afforded_expires():
    stage = stage_with("a")
    stage.do(place_order, order(size="500", **STOP, trigger_price=D(110)))
    stage.emit(event.OrderTriggered(order_id=1, price=D(110), size=D(500)))

    def act(decision, _):
        trade(decision, 1, why="trigger")

    events = stage.do(act, order())
    assert [one.why for one in events] == ["margin is insufficient"]


def test_isolated_orders_are_held_by_the_pool():
    stage = stage_with("a")
    stage.emit(event.MarginModeSet(account="a", symbol=BTC, mode=MarginMode.ISOLATED))
    assert refused(stage, order(size="200.001")) is Code.MARGIN_INSUFFICIENT
    assert stage.do(place_order, order(size="200"))
