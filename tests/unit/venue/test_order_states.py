"""An order is in exactly one state, and gets from one to the next only along the transitions."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from crossmargin.model.order import OrderType
from crossmargin.venue.command import CancelOrder, PlaceOrder, TimeInForce, Trigger
from crossmargin.venue.event import (
    Filled,
    OrderAccepted,
    OrderGone,
    OrderResized,
    OrderStatus,
    OrderTrailed,
    OrderTriggered,
)
from crossmargin.venue.orders import cancel_order, place_order
from crossmargin.venue.refusal import Refusal
from crossmargin.venue.triggers import look_at
from tests.unit.venue.traders import BTC, D, stage_with

WAITING, OPEN, PARTLY = OrderStatus.WAITING, OrderStatus.OPEN, OrderStatus.PARTLY_FILLED
OVER = (OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.EXPIRED)
MAY_BECOME = {
    None: (WAITING, OPEN),
    WAITING: (WAITING, OPEN, OrderStatus.CANCELLED, OrderStatus.EXPIRED),
    OPEN: (PARTLY, *OVER),
    PARTLY: (PARTLY, *OVER),
}
NAMES = ("a", "b", "c")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from([*OrderType, OrderType.LIMIT, OrderType.MARKET]),
        st.integers(-4, 4).filter(bool),
        st.integers(-3, 3),
        st.integers(-4, 4),
        st.sampled_from([*TimeInForce]),
        st.sampled_from(["place", "place", "place", "move", "cancel"]),
        st.booleans(),
    ),
    min_size=10,
    max_size=50,
)


def asked(step, now):
    name, kind, size, off, trigger_off, force, _, has_exits = step
    is_trailing = kind is OrderType.TRAILING_STOP_MARKET
    is_priced = kind in (OrderType.LIMIT, OrderType.STOP, OrderType.TAKE_PROFIT)
    entry = now + off if is_priced else now
    away = D(5).copy_sign(size)
    return PlaceOrder(
        at_ms=0,
        account=name,
        symbol=BTC,
        size=D(size),
        type=kind,
        price=entry if is_priced else None,
        trigger_price=now + trigger_off if kind.is_conditional and not is_trailing else None,
        callback_fraction=D("0.02") if is_trailing else None,
        time_in_force=force,
        trigger=Trigger.MARK,
        stop_loss_price=entry - away if has_exits else None,
        take_profit_price=entry + away if has_exits else None,
    )


def played(stage, step, now):
    name, *_, what, _ = step
    if what == "move":
        stage.priced(BTC, now)
        return stage.do(lambda decision, _: look_at(decision, BTC), asked(step, now))
    found = stage.state.accounts[name].orders
    try:
        if what == "cancel":
            chosen = next(iter(found), 0)
            command = CancelOrder(at_ms=0, account=name, order_id=chosen)
            return stage.do(cancel_order, command)
        return stage.do(
            lambda decision, command: (place_order(decision, command), look_at(decision, BTC)),
            asked(step, now),
        )
    except Refusal:
        return []


def next_state(one, left):
    if isinstance(one, OrderAccepted):
        left[one.order_id] = one.order.size
        return WAITING if one.is_waiting else OPEN
    if isinstance(one, OrderTriggered):
        left[one.order_id] = one.size
        return OPEN
    if isinstance(one, OrderGone):
        return one.status
    if isinstance(one, Filled):
        before, left[one.order_id] = left[one.order_id], left[one.order_id] - one.size
        assert abs(left[one.order_id]) < abs(before)
        return PARTLY if left[one.order_id] else OrderStatus.FILLED
    return WAITING


@given(STEPS)
def test_orders_go_along_the_transitions_and_end_once(steps):
    stage, states, left, now = stage_with(*NAMES), {}, {}, Decimal(100)
    for step in steps:
        if step[6] == "move":
            now += step[4]
        for one in played(stage, step, now):
            if not isinstance(
                one,
                OrderAccepted | OrderTriggered | OrderTrailed | OrderResized | OrderGone | Filled,
            ):
                continue
            before, after = states.get(one.order_id), next_state(one, left)
            assert after in MAY_BECOME[before], (before, one)
            states[one.order_id] = after
        state = stage.state
        now_open = {key: one for key, one in states.items() if one not in OVER}
        assert {key: one.status for key, one in state.orders.items()} == now_open
        market = state.symbol(BTC)
        assert list(market.waiting) == [key for key, one in now_open.items() if one is WAITING]
        assert len(market.book) == sum(1 for one in now_open.values() if one is not WAITING)
        owned = {key for one in state.accounts.values() for key in one.orders}
        assert owned == set(state.orders)
