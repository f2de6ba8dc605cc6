"""What an order holds where the venue keeps back the fees of opening and of closing with it.

`orders` has the cost of an order as margin and open loss. Here the margin of the opened position
comes with two taker fees: one to open at the order's price, one to close at the price at which
that margin would be used up. Also here: by what exposure such a venue picks the tier, closing
orders included.

It does not say when an order needs no margin because it closes. Invariant: every amount is rounded
up, at 50 digits.
"""

from decimal import Decimal

from msgspec import Struct

from crossmargin.margin.bankruptcy import bankruptcy_price
from crossmargin.margin.orders import initial_margin
from crossmargin.margin.pnl import notional
from crossmargin.model.instrument import Instrument
from crossmargin.money import ZERO, exact


class OrderReserve(Struct, frozen=True):
    """The parts of an order's cost, in the settle asset.

    Attributes
    ----------
    bankruptcy_price : in the quote asset; None where margin covers every price.
    """

    initial_margin: Decimal
    opening_fee: Decimal
    closing_fee: Decimal
    bankruptcy_price: Decimal | None

    @property
    @exact
    def position_margin(self) -> Decimal:
        """Return what stays with the position once it is open: margin and closing fee."""
        return self.initial_margin + self.closing_fee

    @property
    @exact
    def total(self) -> Decimal:
        """Return what must be free for the order."""
        return self.position_margin + self.opening_fee


@exact
def order_reserve(
    size: Decimal,
    price: Decimal,
    leverage: Decimal,
    fee_fraction: Decimal,
    instrument: Instrument,
) -> OrderReserve:
    """Return what an order of signed `size` at `price` holds.

    Margin v ÷ leverage; fees v × fee and v × (1 − side ÷ leverage) × fee, the factor of inverse
    contracts 1 + side ÷ leverage, where v is the order's notional.

    Source: Bybit, "Order cost (perpetual and futures)".
    """
    value = notional(size, price, instrument)
    margin = initial_margin(value, leverage)
    is_worth_less = (size > 0) != instrument.kind.is_inverse
    at_bankruptcy = value - margin if is_worth_less else value + margin
    return OrderReserve(
        margin,
        trading_fee(value, fee_fraction),
        trading_fee(max(ZERO, at_bankruptcy), fee_fraction),
        bankruptcy_price(size, price, margin, instrument),
    )


@exact
def trading_fee(value: Decimal, fee_fraction: Decimal) -> Decimal:
    """Return the fee of trading a notional, in its asset; not rounded."""
    return value * fee_fraction


@exact
def tier_exposure(longs: Decimal, shorts: Decimal, bids: Decimal, asks: Decimal) -> Decimal:
    """Return the notional that decides a symbol's tier: the larger side, with its orders.

    All four are notionals, none negative: positions at entry, orders at their own price. Orders
    that would close a position are not netted against it.

    Source: Bybit, "Risk limit (USDT contract)".
    """
    return max(longs + bids, shorts + asks)
