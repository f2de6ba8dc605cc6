"""Amending: an open order becomes another and stays the same one, by both its ids.

Only limit orders that never waited for a trigger are amended. What is left of one after it is
looked at as a new order would be, in the place of the old: filters, band, book and margin. It goes
behind all that rest at its price, and may trade at once. What is refused stays as it was.

Where nothing is left, or a post-only order would trade at once, amending ends the order, as at the
venues.

Source: Binance, "Modify Order" of USDⓈ-M futures.
"""

from msgspec.structs import replace

from crossmargin.model.order import OrderType
from crossmargin.venue.checks import owned
from crossmargin.venue.command import AmendOrder, TimeInForce
from crossmargin.venue.decision import Decision
from crossmargin.venue.event import OrderAmended, OrderStatus
from crossmargin.venue.filters import check_numbers
from crossmargin.venue.matching import trade
from crossmargin.venue.orders import checked
from crossmargin.venue.refusal import Code


def amend_order(decision: Decision, command: AmendOrder) -> None:
    """Let an order be of another size and price, and trade if it meets somebody there.

    Raises
    ------
    Refusal
        UNKNOWN_ORDER if the account has no such limit order, or no longer; BAD_NUMBER for a size
        of the other side; and whatever what is left of it would be refused for as a new order.
    """
    order = owned(decision, command.account).orders.get(command.order_id)
    if order is None or order.placed.type is not OrderType.LIMIT:
        raise decision.refuse(Code.UNKNOWN_ORDER, "There is no such open limit order.")
    check_numbers(decision, size=command.size, price=command.price)
    if command.size * order.size <= 0:
        raise decision.refuse(Code.BAD_NUMBER, "An amended order keeps its side and has a size.")
    left = command.size - order.filled
    if left * order.size <= 0:
        decision.end(order.id, OrderStatus.CANCELLED, "amended to what is filled")
        return
    wanted = replace(order.placed, client_id="", size=left, price=command.price)
    book = decision.state.symbol(order.symbol).book
    is_post_only = wanted.time_in_force is TimeInForce.GTX
    if is_post_only and next(book.opposite(left, command.price), None) is not None:
        decision.end(order.id, OrderStatus.CANCELLED, "amended to trade at once")
        return
    checked(decision, wanted, order)
    decision.emit(OrderAmended(order_id=order.id, size=left, price=command.price))
    trade(decision, order.id)
