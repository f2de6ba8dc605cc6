"""Orders that wait for a price: stops, take-profits, trailing stops and attached exits.

A waiting order fires when the price it looks at (mark, last or index) has reached its own, in
order of arrival, and then trades like any other; what its trades do to the last price may fire
more.

Nothing fires while the symbol's prices may not be acted upon. This does not decide what prices are
(`prices`), nor whether a fired order may still trade (`matching`).
"""

from decimal import Decimal

from crossmargin.model.order import OrderType
from crossmargin.money import ONE, ZERO, exact
from crossmargin.venue import matching
from crossmargin.venue.command import Trigger
from crossmargin.venue.decision import Decision
from crossmargin.venue.event import Filled, OrderStatus, OrderTrailed, OrderTriggered, PriceSet
from crossmargin.venue.exits import follow_positions
from crossmargin.venue.prices import is_usable, set_last_price
from crossmargin.venue.state import OpenOrder, State, SymbolState
from crossmargin.venue.trigger_index import rises


@exact
def look_at(decision: Decision, symbol: str) -> None:
    """Let the symbol's waiting orders follow what has happened, and fire those that are reached."""
    market = decision.state.symbol(symbol)
    _take_last_trade(decision, symbol)
    follow_positions(decision, market)
    while is_usable(decision.state, symbol) and _fire_reached(decision, market):
        # Ends: every round takes orders out of those that wait, and exits that are attached
        # meanwhile close what others opened.
        _take_last_trade(decision, symbol)
        follow_positions(decision, market)


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
                decision.end(order_id, OrderStatus.CANCELLED, "nothing to reduce")
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
