"""Resting orders, as far as margin cares."""

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct


class Side(StrEnum):
    """The side of a position; also which position of a hedged symbol an order belongs to."""

    LONG = "long"
    SHORT = "short"


class OrderType(StrEnum):
    """How an order waits: for a price to trade at, or for a trigger."""

    LIMIT = "limit"
    MARKET = "market"
    STOP = "stop"
    STOP_MARKET = "stop-market"
    TAKE_PROFIT = "take-profit"
    TAKE_PROFIT_MARKET = "take-profit-market"
    TRAILING_STOP_MARKET = "trailing-stop-market"

    @property
    def is_conditional(self) -> bool:
        """Return whether the order waits for a trigger and so holds no margin yet."""
        return self not in (OrderType.LIMIT, OrderType.MARKET)


class Order(Struct, frozen=True):
    """One open order.

    Attributes
    ----------
    size : signed, buy positive, in the instrument's unit.
    price : limit price; None for market orders.
    side : in hedge mode, the position it opens or closes; None in one-way mode.
    """

    symbol: str
    size: Decimal
    price: Decimal | None = None
    type: OrderType = OrderType.LIMIT
    trigger_price: Decimal | None = None
    reduce_only: bool = False
    side: Side | None = None
