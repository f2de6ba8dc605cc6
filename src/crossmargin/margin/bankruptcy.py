"""The price at which a position's own margin is used up.

`boundary` finds that price for whole pools, without fees. This is the closed form for one
position and the margin put behind it, with the fee of closing there if the venue reserves it: the
price a venue prints beside an isolated position and hands a liquidated one over at.

Invariant: rounded in the venue's favour, a long's price up and a short's down.
"""

from decimal import Decimal

from crossmargin.model.instrument import Instrument
from crossmargin.money import ONE, ZERO, down_to, exact, quotient_down, quotient_up, up_to


@exact
def bankruptcy_price(
    size: Decimal,
    entry_price: Decimal,
    margin: Decimal,
    instrument: Instrument,
    fee_fraction: Decimal = ZERO,
) -> Decimal | None:
    """Return where margin + profit − closing fee is zero; at 50 digits, None if nowhere above 0.

    Linear: (q × entry ∓ margin) ÷ (q × (1 ∓ fee)). Inverse: (1 ± fee) × q ÷ (q ÷ entry ± margin).
    Upper signs are a long's; q is |size × multiplier|.

    Parameters
    ----------
    size : signed, not zero.
    margin : what is behind the position, in the settle asset, without open profit.
    fee_fraction : of the notional at the price that is sought.

    Notes
    -----
    Sources: Bybit, "Bankruptcy price (perpetual and expiry contracts)", which has no fee;
    360039261334, classic inverse contracts, for the long with one. The inverse short with a fee
    is that by change of sign.
    """
    quantity = abs(size * instrument.multiplier)
    side = ONE if size > 0 else -ONE
    if instrument.kind.is_inverse:
        top = (ONE + side * fee_fraction) * quantity * entry_price
        bottom = quantity + side * margin * entry_price
    else:
        top = quantity * entry_price - side * margin
        bottom = quantity * (ONE - side * fee_fraction)
    if top <= 0 or bottom <= 0:
        return None
    return (quotient_up if size > 0 else quotient_down)(top, bottom)


@exact
def on_tick(price: Decimal, size: Decimal, tick: Decimal) -> Decimal:
    """Return `price` on the tick: up for a long, down for a short.

    Source: Bybit, 360039261114, "Bankruptcy price".
    """
    return (up_to if size > 0 else down_to)(tick, price)
