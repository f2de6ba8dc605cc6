"""Orders that wait for a price: stops, take-profits, trailing stops and attached exits.

A waiting order fires when the price it looks at (mark, last or index) has reached its own, in
order of arrival, and then trades like any other; what its trades do to the last price may fire
more. Attached exits are as large as the position they belong to and go when it is gone, so that of
two exits the one that closes takes the other with it.

Nothing fires while the symbol's prices may not be acted upon. This does not decide what prices are
(`prices`), nor whether a fired order may still trade (`matching`).
"""

from decimal import Decimal

from crossmargin.model.order import OrderType
from crossmargin.money import ONE, ZERO, exact
from crossmargin.venue import matching, orders
from crossmargin.venue.command import PlaceOrder, SelfTrade, Trigger
from crossmargin.venue.decision import Decision
from crossmargin.venue.event import (
    Filled,
    OrderAccepted,
    OrderResized,
    OrderTrailed,
    OrderTriggered,
    PriceSet,
)
from crossmargin.venue.prices import is_usable, set_last_price
from crossmargin.venue.state import OpenOrder, State, SymbolState
from crossmargin.venue.trigger_index import rises


@exact
def look_at(decision: Decision, symbol: str) -> None:
    """Let the symbol's waiting orders follow what has happened, and fire those that are reached."""
    market = decision.state.symbol(symbol)
    _take_last_trade(decision, symbol)
    _follow_positions(decision, market)
    while is_usable(decision.state, symbol) and _fire_reached(decision, market):
        # Ends: every round takes orders out of those that wait, and exits that are attached
        # meanwhile close what others opened.
        _take_last_trade(decision, symbol)
        _follow_positions(decision, market)


@exact
def attach(decision: Decision, order_id: int) -> None:
    """Let the exits of an order that is about to fill wait; once only, whatever is asked twice.

    They are market orders at mark that only reduce. How large they are follows from the position,
    which `look_at` makes sure of.
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


def is_reached(order: OpenOrder, price: Decimal, held: Decimal) -> bool:
    """Return whether a stop or take-profit fires at `price`; see `trigger_index.rises`.

    Parameters
    ----------
    held : signed size of the position, which says which way an order without size would trade.
    """
    trigger_price, is_rising = order.placed.trigger_price, rises(order.placed, held)
    if trigger_price is None or is_rising is None:
        return False
    return price >= trigger_price if is_rising else price <= trigger_price


def trailing_stop_price(order: OpenOrder) -> Decimal | None:
    """Return where a trailing stop fires: its best price less (buying: plus) the callback; exact.

    None before it is activated.
    """
    callback, best = order.placed.callback_fraction, order.best_price
    if best is None or callback is None:
        return None
    return best * (ONE + callback if order.placed.size > 0 else ONE - callback)


def _take_last_trade(decision: Decision, symbol: str) -> None:
    # The newest of what was traded in the book and what was observed; trades off the book
    # (takeovers, deleveraging) are no prices that anybody offered.
    for event in reversed(decision.events):
        if isinstance(event, PriceSet) and event.symbol == symbol:
            return
        if isinstance(event, Filled) and event.symbol == symbol and event.order_id is not None:
            set_last_price(decision, symbol, event.price)
            return


def _follow_positions(decision: Decision, market: SymbolState) -> None:
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
        held = _held(state, order)
        size = -held if held * order.placed.size < 0 else ZERO
        if size:
            if size != order.size:
                decision.emit(OrderResized(order_id=order_id, size=size))
        elif order.parent_id not in state.orders:
            orders.cancel(decision, order_id, "its position is gone")
        elif order.size:
            decision.emit(OrderResized(order_id=order_id, size=ZERO))


def _fire_reached(decision: Decision, market: SymbolState) -> bool:
    """Fire every waiting order whose price is reached; return whether there was one."""
    state, is_any = decision.state, False
    if not market.waiting:
        return False
    prices = {Trigger.MARK: market.mark, Trigger.LAST: market.last, Trigger.INDEX: market.index}
    for order_id in market.triggers.reached(prices):
        order = state.orders.get(order_id)
        if order is None or not order.is_waiting:
            continue  # Ended or fired by what an earlier one has done.
        price = prices[order.placed.trigger]
        if price is None or not _is_fired(decision, order, price):
            continue
        size = _size(state, order)
        if not size:
            if not order.placed.is_close_position and order.parent_id is None:
                orders.cancel(decision, order_id, "nothing to reduce")
            continue
        decision.emit(OrderTriggered(order_id=order_id, price=price, size=size))
        matching.trade(decision, order_id, why="trigger")
        is_any = True
    return is_any


def _is_fired(decision: Decision, order: OpenOrder, price: Decimal) -> bool:
    if order.type is not OrderType.TRAILING_STOP_MARKET:
        return is_reached(order, price, _held(decision.state, order))
    is_buy = order.placed.size > 0
    best, activation = order.best_price, order.placed.trigger_price
    if best is None:
        if activation is not None and (price > activation if is_buy else price < activation):
            return False
        decision.emit(OrderTrailed(order_id=order.id, best_price=price))
    elif price < best if is_buy else price > best:
        decision.emit(OrderTrailed(order_id=order.id, best_price=price))
    stop = trailing_stop_price(order)
    return stop is not None and (price >= stop if is_buy else price <= stop)


def _held(state: State, order: OpenOrder) -> Decimal:
    return state.accounts[order.account].held(order.placed)


def _size(state: State, order: OpenOrder) -> Decimal:
    """Return what a fired order asks for now: all that is held, or no more than it where it must.

    Zero where it would have nothing to reduce.
    """
    held = _held(state, order)
    if order.placed.is_close_position or order.parent_id is not None:
        # A side says which of two positions; without one the order's own direction must fit.
        return ZERO if held * order.placed.size > 0 else -held
    if not order.placed.reduce_only:
        return order.size
    if held * order.size >= 0:
        return ZERO
    return min(abs(held), abs(order.size)).copy_sign(order.size)
