"""Exits attached to a position: a stop and a take-profit that are as large as what they close.

They come with the first fill of the order that asked for them, follow the position's size, and go
when it is gone; so of two exits the one that closes takes the other with it. When they fire is
decided in `triggers`.
"""

from crossmargin.model.order import OrderType
from crossmargin.money import ZERO, exact
from crossmargin.venue.command import PlaceOrder, SelfTrade, Trigger
from crossmargin.venue.decision import Decision
from crossmargin.venue.event import OrderAccepted, OrderResized, OrderStatus
from crossmargin.venue.state import SymbolState


@exact
def attach(decision: Decision, order_id: int) -> None:
    """Let the exits of an order that is about to fill wait; once only, whatever is asked twice.

    They are market orders at mark that only reduce. How large they are follows from the position,
    which `follow_positions` makes sure of.
    """
    state = decision.state
    parent = state.orders.get(order_id)
    if parent is None:
        return
    if state.symbol(parent.symbol).triggers.has_exits(order_id):
        return
    placed = parent.placed
    for price, kind in (
        (placed.stop_loss_price, OrderType.STOP_MARKET),
        (placed.take_profit_price, OrderType.TAKE_PROFIT_MARKET),
    ):
        if price is None:
            continue
        order = PlaceOrder(
            at_ms=decision.at_ms,
            account=parent.account,
            symbol=parent.symbol,
            size=-parent.size,
            type=kind,
            trigger_price=price,
            trigger=Trigger.MARK,
            reduce_only=True,
            side=placed.side,
            # An own order in the way must not keep a position from being closed.
            self_trade=SelfTrade.EXPIRE_MAKER,
        )
        exit_id = state.next_order_id
        decision.emit(
            OrderAccepted(order_id=exit_id, order=order, is_waiting=True, parent_id=order_id)
        )


def follow_positions(decision: Decision, market: SymbolState) -> None:
    """Make attached exits as large as what they close, and cancel those with nothing to close."""
    state, stale = decision.state, market.triggers.stale
    if not stale:
        return
    looked_at = sorted(stale)
    stale.clear()
    for order_id in looked_at:
        order = state.orders.get(order_id)
        if order is None or order.parent_id is None:
            continue
        held = state.accounts[order.account].held(order.placed)
        size = -held if held * order.placed.size < 0 else ZERO
        if size:
            if size != order.size:
                decision.emit(OrderResized(order_id=order_id, size=size))
        elif order.parent_id not in state.orders:
            decision.end(order_id, OrderStatus.CANCELLED, "its position is gone")
        elif order.size:
            decision.emit(OrderResized(order_id=order_id, size=ZERO))
