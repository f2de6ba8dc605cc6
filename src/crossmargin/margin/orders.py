"""What open and intended orders ask of the margin.

A symbol's orders are margined together with its position: the larger of what would be held if
every buy filled, and if every sell did. So an order that only reduces costs nothing, and a stack
of buys on a short costs only what goes past flat. In hedge mode the long and the short side are
taken apart and added.

Sources: Binance, "Margin requirement of open orders"; "Cost required to open a position".
"""

from decimal import Decimal

from msgspec import Struct

from crossmargin.margin.pnl import notional, unrealised_pnl
from crossmargin.model.instrument import Instrument
from crossmargin.money import ONE, ZERO, quotient_up
from crossmargin.rulebooks.schema import AssumedPrice


def exposure(position: Decimal, bids: Decimal, asks: Decimal) -> Decimal:
    """Return the notional that position and orders of one symbol are margined on.

    Parameters
    ----------
    position : signed notional at mark. All three in the settle asset.
    bids, asks : summed notional of resting buys and sells, at their own prices, not negative.
    """
    return max(abs(position + bids), abs(position - asks))


def initial_margin(exposure: Decimal, leverage: Decimal) -> Decimal:
    """Return exposure ÷ leverage, rounded up at 50 digits; flat, whatever the tier."""
    return quotient_up(exposure, leverage)


def is_opening(position_size: Decimal, order_size: Decimal, resting_same_side: Decimal) -> bool:
    """Return whether an order must pass the margin check because it may open exposure.

    An order against the position is closing while its size fits into what the orders already
    resting on its side (`resting_same_side`, absolute, the new order not included) leave of the
    position; equality still fits. Any other order is opening.
    """
    if position_size * order_size >= 0:
        return True
    return abs(order_size) > abs(position_size) - resting_same_side


class Quote(Struct, frozen=True):
    """The prices an order's assumed price is made from; None where not known."""

    mark: Decimal | None = None
    last: Decimal | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None


def assumed_price(
    rule: AssumedPrice, buffer: Decimal, size: Decimal, limit_price: Decimal | None, quote: Quote
) -> Decimal | None:
    """Return the price an order is margined at before it trades; None if a price is missing.

    `buffer` is the fraction the rule adds to the ask (ORDER) or the last price
    (HIGHEST_FOR_SELLS); market orders have no `limit_price`.
    """
    if rule is AssumedPrice.ORDER:
        if limit_price is not None:
            return limit_price
        if size > 0:
            return None if quote.ask is None else quote.ask * (ONE + buffer)
        return None if quote.bid is None or quote.mark is None else max(quote.bid, quote.mark)
    if size > 0:
        return limit_price if limit_price is not None else quote.ask
    if quote.last is None or quote.mark is None:
        return None
    return max(quote.last * (ONE + buffer), quote.mark, limit_price or ZERO)


class OrderCost(Struct, frozen=True):
    """What opening costs, in the settle asset: `initial_margin` + `open_loss`."""

    initial_margin: Decimal
    open_loss: Decimal

    @property
    def total(self) -> Decimal:
        """Return the sum that must be free before the order is accepted."""
        return self.initial_margin + self.open_loss


def open_loss(
    size: Decimal, price: Decimal, mark_price: Decimal, instrument: Instrument
) -> Decimal:
    """Return the loss at mark that filling at `price` would start with; zero if a gain."""
    return -min(ZERO, unrealised_pnl(size, price, mark_price, instrument))


def order_cost(
    size: Decimal,
    price: Decimal,
    mark_price: Decimal,
    leverage: Decimal,
    instrument: Instrument,
    *,
    assumed: Decimal | None = None,
) -> OrderCost:
    """Return what an opening order costs; margin rounded up.

    Parameters
    ----------
    price : the order's own, at which it may fill; decides the open loss.
    assumed : what its margin is computed at (`assumed_price`), if not `price`.
    """
    margined = price if assumed is None else assumed
    return OrderCost(
        initial_margin(notional(size, margined, instrument), leverage),
        open_loss(size, price, mark_price, instrument),
    )
