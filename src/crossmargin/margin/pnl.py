"""Notional and profit of one position, in its settle asset.

Linear contracts multiply by the price and are exact. Inverse ones divide by it: notional is then
rounded up and profit down, at 50 digits, so that neither favours the account.
"""

from decimal import Decimal

from crossmargin.model.instrument import Instrument
from crossmargin.money import quotient_down, quotient_up


def notional(size: Decimal, price: Decimal, instrument: Instrument) -> Decimal:
    """Return the absolute value of `size` at `price`, in the settle asset; rounded up.

    Parameters
    ----------
    size : signed or not, in the instrument's unit.
    price : above zero, in the quote asset.
    """
    quantity = abs(size * instrument.multiplier)
    return quotient_up(quantity, price) if instrument.kind.is_inverse else quantity * price


def unrealised_pnl(
    size: Decimal, entry_price: Decimal, mark_price: Decimal, instrument: Instrument
) -> Decimal:
    """Return the open profit of a position, in the settle asset; rounded down.

    Linear: size × (mark − entry). Inverse: contracts × multiplier × (1 ÷ entry − 1 ÷ mark).
    """
    quantity = size * instrument.multiplier
    gain = quantity * (mark_price - entry_price)
    return quotient_down(gain, entry_price * mark_price) if instrument.kind.is_inverse else gain


def proceeds(
    size: Decimal, entry_price: Decimal, price: Decimal, instrument: Instrument
) -> Decimal:
    """Return what closing a position at `price` brings, in the settle asset; rounded down.

    Its profit; of an option, whose premium was paid when it was opened, all it is sold for.
    """
    if instrument.option is not None:
        return size * instrument.multiplier * price
    return unrealised_pnl(size, entry_price, price, instrument)


def notional_and_pnl(
    size: Decimal, entry_price: Decimal, mark_price: Decimal, instrument: Instrument
) -> tuple[Decimal, Decimal]:
    """Return `notional` at the mark and `unrealised_pnl`, as every assessment needs both."""
    if instrument.kind.is_inverse:
        value = notional(size, mark_price, instrument)
        return value, unrealised_pnl(size, entry_price, mark_price, instrument)
    quantity = size * instrument.multiplier
    return abs(quantity * mark_price), quantity * (mark_price - entry_price)
