"""Orders coming in and going: every refusal by name and without a trace."""

import pytest

from crossmargin.model.account import PositionMode
from crossmargin.model.order import OrderType, Side
from crossmargin.venue import event
from crossmargin.venue.command import CancelAll, CancelOrder, Quote, TimeInForce, Trigger
from crossmargin.venue.event import OrderAccepted, OrderStatus
from crossmargin.venue.orders import cancel_all, cancel_order, place_order, quote
from crossmargin.venue.refusal import Code
from tests.unit.venue.order_desk import BTC, ETH, STOP, STRICT, D, hold, order, refused, stage_with

TRAIL = {"type": OrderType.TRAILING_STOP_MARKET, "price": None}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"account": "nobody"}, Code.UNKNOWN_ACCOUNT),
        ({"symbol": "DOGEUSDT"}, Code.UNKNOWN_SYMBOL),
        ({"size": "0"}, Code.BAD_NUMBER),
        ({"size": "NaN"}, Code.BAD_NUMBER),
        ({"size": "1e30"}, Code.BAD_NUMBER),
        ({"price": "-1"}, Code.BAD_NUMBER),
        ({"price": "Infinity"}, Code.BAD_NUMBER),
        ({"price": "100.05"}, Code.BAD_PRICE_STEP),
        ({"size": "0.0005"}, Code.BAD_SIZE_STEP),
        ({"size": "0.049"}, Code.NOTIONAL_TOO_SMALL),
        ({"price": "105.1"}, Code.PRICE_OUT_OF_BAND),
        ({"size": "-1", "price": "94.9"}, Code.PRICE_OUT_OF_BAND),
        ({"type": OrderType.LIMIT, "price": None}, Code.MISSING_PRICE),
        ({"type": OrderType.MARKET}, Code.BAD_NUMBER),
        ({"trigger_price": D(99)}, Code.BAD_NUMBER),
        ({**STOP}, Code.MISSING_PRICE),
        ({**TRAIL}, Code.MISSING_PRICE),
        ({**TRAIL, "callback_fraction": D(1)}, Code.BAD_NUMBER),
        ({"callback_fraction": D("0.1")}, Code.BAD_NUMBER),
        ({"type": OrderType.STOP, "trigger_price": D(100)}, Code.WOULD_TRIGGER_AT_ONCE),
        ({"price": None, "time_in_force": TimeInForce.GTX}, Code.WOULD_TRADE_AT_ONCE),
        ({"side": Side.LONG}, Code.WRONG_SIDE),
        ({"reduce_only": True}, Code.REDUCE_ONLY_REJECTED),
        ({"is_close_position": True, "price": None}, Code.BAD_NUMBER),
        ({"is_close_position": True, "price": None, "size": "0"}, Code.REDUCE_ONLY_REJECTED),
        ({"size": "0", "is_close_position": True}, Code.BAD_NUMBER),
        ({"stop_loss_price": D(100)}, Code.WOULD_TRIGGER_AT_ONCE),
        ({"take_profit_price": D(100)}, Code.WOULD_TRIGGER_AT_ONCE),
        ({"size": "-1", "stop_loss_price": D(99)}, Code.WOULD_TRIGGER_AT_ONCE),
        ({"reduce_only": True, "stop_loss_price": D(99)}, Code.REDUCE_ONLY_REJECTED),
        ({"size": "201"}, Code.MARGIN_INSUFFICIENT),
    ],
)
def test_every_refusal_has_a_name_and_leaves_no_trace(change, code):
    stage = stage_with("a", settings=STRICT)
    assert refused(stage, order(**change)) is code


@pytest.mark.parametrize(
    ("kind", "size", "trigger", "waits"),
    [
        (OrderType.STOP_MARKET, "1", "101", True),
        (OrderType.STOP_MARKET, "1", "100", False),
        (OrderType.STOP_MARKET, "-1", "99", True),
        (OrderType.STOP_MARKET, "-1", "100", False),
        (OrderType.TAKE_PROFIT_MARKET, "1", "99", True),
        (OrderType.TAKE_PROFIT_MARKET, "1", "101", False),
        (OrderType.TAKE_PROFIT_MARKET, "-1", "101", True),
        (OrderType.TAKE_PROFIT_MARKET, "-1", "99", False),
        (OrderType.TRAILING_STOP_MARKET, "-1", "101", True),
        (OrderType.TRAILING_STOP_MARKET, "-1", "99", False),
        (OrderType.TRAILING_STOP_MARKET, "1", "99", True),
        (OrderType.TRAILING_STOP_MARKET, "-1", None, True),
    ],
)
@pytest.mark.parametrize("trigger_by", [*Trigger])
def test_orders_that_would_trigger_at_once_do_not_come_in(kind, size, trigger, waits, trigger_by):
    stage = stage_with("a")
    callback = D("0.01") if kind is OrderType.TRAILING_STOP_MARKET else None
    command = order(
        size=size,
        price=None,
        type=kind,
        trigger_price=trigger and D(trigger),
        trigger=trigger_by,
        callback_fraction=callback,
    )
    if not waits:
        assert refused(stage, command) is Code.WOULD_TRIGGER_AT_ONCE
        return
    stage.do(place_order, command)
    assert stage.state.orders[1].status is OrderStatus.WAITING
    assert not len(stage.state.symbol(BTC).book)
    assert not stage.state.accounts["a"].view().orders


@pytest.mark.parametrize(
    ("prices", "breaker", "code"),
    [
        ({"mark": None}, event.Breaker.DEGRADED, Code.PRICES_UNUSABLE),
        ({}, event.Breaker.HALTED, Code.HALTED),
        ({}, event.Breaker.DEGRADED, None),
    ],
)
def test_no_trading_without_prices_or_while_halted(prices, breaker, code):
    stage = stage_with("a")
    known = {"index": D(100), "mark": D(100), "last": D(100), **prices}
    stage.emit(
        event.PriceSet(symbol=BTC, **known),
        event.BreakerSet(symbol=BTC, state=breaker, why="test"),
    )
    if code is None:
        assert stage.do(place_order, order())
    else:
        assert refused(stage, order()) is code


def test_a_waiting_order_needs_the_price_it_waits_for():
    stage = stage_with("a")
    stage.emit(event.PriceSet(symbol=BTC, index=None, mark=D(100), last=D(100)))
    command = order(**STOP, trigger_price=D(110), trigger=Trigger.INDEX)
    assert refused(stage, command) is Code.PRICES_UNUSABLE


def test_post_only_does_not_take():
    stage = stage_with("a", "b")
    stage.do(place_order, order("a", "-1", "101"))
    taking = order("b", "1", "101", time_in_force=TimeInForce.GTX)
    assert refused(stage, taking) is Code.WOULD_TRADE_AT_ONCE
    stage.do(place_order, order("b", "1", "100.9", time_in_force=TimeInForce.GTX))


def test_market_orders_fill_no_further_than_the_band():
    stage = stage_with("a", "b", settings=STRICT)
    stage.emit(event.PriceSet(symbol=BTC, index=D(110), mark=D(110), last=D(110)))
    stage.do(place_order, order("a", "-1", "105"))
    stage.do(place_order, order("a", "-1", "106"))
    stage.emit(event.PriceSet(symbol=BTC, index=D(100), mark=D(100), last=D(100)))
    stage.do(place_order, order("b", "2", None))
    assert stage.state.accounts["b"].position(BTC, None).size == 1


def test_a_market_order_can_close_the_position():
    stage = stage_with("a", "b")
    hold(stage, "a", "-0.0007", Side.SHORT)
    stage.do(place_order, order("b", "-1", "100"))
    events = stage.do(place_order, order("a", "0", None, is_close_position=True))
    assert isinstance(events[0], OrderAccepted)
    assert events[0].order.size == D("0.0007")
    assert stage.state.accounts["a"].position(BTC, None) is None


@pytest.mark.parametrize(
    ("held", "side", "trigger", "code"),
    [
        ("1", Side.LONG, "99", None),
        ("1", Side.LONG, "101", Code.WOULD_TRIGGER_AT_ONCE),
        ("-1", Side.SHORT, "101", None),
        ("-1", Side.SHORT, "99", Code.WOULD_TRIGGER_AT_ONCE),
    ],
)
def test_a_stop_that_closes_waits_on_the_side_of_the_position(held, side, trigger, code):
    stage = stage_with("a")
    hold(stage, "a", held, side)
    command = order(size="0", **STOP, trigger_price=D(trigger), is_close_position=True)
    if code is None:
        assert stage.do(place_order, command)
    else:
        assert refused(stage, command) is code


@pytest.mark.parametrize(
    ("size", "side", "more", "code"),
    [
        ("1", None, {}, Code.WRONG_SIDE),
        ("1", Side.LONG, {}, None),
        ("1", Side.LONG, {"reduce_only": True}, Code.REDUCE_ONLY_REJECTED),
        ("-1", Side.LONG, {}, None),
        ("1", Side.SHORT, {}, Code.REDUCE_ONLY_REJECTED),
        ("-1", Side.SHORT, {}, None),
    ],
)
def test_sides_in_hedge_mode(size, side, more, code):
    stage = stage_with("a")
    stage.emit(event.PositionModeSet(account="a", mode=PositionMode.HEDGE))
    hold(stage, "a", "1", Side.LONG)
    command = order(size=size, side=side, **more)
    if code is None:
        assert stage.do(place_order, command)
    else:
        assert refused(stage, command) is code


def test_a_client_id_is_taken_while_its_order_is_open():
    stage = stage_with("a", "b")
    first = order(client_id="x")
    stage.do(place_order, first)
    assert refused(stage, first) is Code.DUPLICATE_CLIENT_ID
    stage.do(place_order, order("b", "0.1", client_id="x"))  # Another's ids are another's.
    cancel = CancelOrder(at_ms=0, account="a", order_client_id="x")
    stage.do(cancel_order, cancel)
    assert refused(stage, cancel, cancel_order) is Code.UNKNOWN_ORDER
    stage.do(place_order, first)


def test_only_its_owner_cancels_an_order():
    stage = stage_with("a", "b")
    stage.do(place_order, order())
    other = CancelOrder(at_ms=0, account="b", order_id=1)
    assert refused(stage, other, cancel_order) is Code.UNKNOWN_ORDER
    events = stage.do(cancel_order, CancelOrder(at_ms=0, account="a", order_id=1))
    assert [(one.order_id, one.status) for one in events] == [(1, OrderStatus.CANCELLED)]
    assert not len(stage.state.symbol(BTC).book)


def test_cancel_all_takes_one_symbol_or_everything_waiting_orders_too():
    stage = stage_with("a")
    stage.do(place_order, order())
    stage.do(place_order, order(**STOP, trigger_price=D(110)))
    stage.do(place_order, order(symbol=ETH, price="10"))
    stage.do(cancel_all, CancelAll(at_ms=0, account="a", symbol=BTC))
    assert list(stage.state.orders) == [3]
    stage.do(cancel_all, CancelAll(at_ms=0, account="a"))
    assert not stage.state.orders
    assert not stage.state.symbol(BTC).waiting


def test_attached_exits_come_before_the_fill_and_are_known_by_their_parent():
    stage = stage_with("a", "b")
    stage.do(place_order, order("b", "-1"))
    stage.do(place_order, order(stop_loss_price=D(90), take_profit_price=D(120)))
    exits = [one for one in stage.state.orders.values() if one.parent_id == 2]
    assert [(one.placed.trigger_price, one.is_waiting) for one in exits] == [
        (90, True),
        (120, True),
    ]


def test_nobody_trades_for_the_venues_own_account():
    stage = stage_with("fund", "a")
    hold(stage, "fund", "1")
    assert refused(stage, order("fund", "-1", reduce_only=True)) is Code.UNKNOWN_ACCOUNT
    assert refused(stage, Quote(at_ms=0, account="fund", symbol=BTC, levels=()), quote) is (
        Code.UNKNOWN_ACCOUNT
    )
