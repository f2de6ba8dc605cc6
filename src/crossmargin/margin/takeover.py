"""The prices at which a failed pool's positions change hands.

A takeover must take exactly the pool's equity: the positions leave at prices whose losses
against the mark sum to it, so that the wallet ends at zero. How the sum is split over several
positions few venues publish; it is split pro rata to maintenance margin, as dYdX v4 does.
"""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from crossmargin.errors import UsageError
from crossmargin.margin.assessment import PositionAssessment
from crossmargin.model.instrument import Instrument
from crossmargin.money import ONE, ZERO, exact, quotient_down, quotient_up


class Takeover(Struct, frozen=True):
    """One position's takeover.

    Attributes
    ----------
    price : in the quote asset, to 50 digits, rounded against the account; None where no positive
        price takes that much (the share exceeds what the position can lose).
    share : the part of the pool's equity it takes, in the settle asset; negative where the
        taker is paid by the insurance fund instead.
    """

    symbol: str
    size: Decimal
    price: Decimal | None
    share: Decimal


@exact
def takeovers(
    positions: Sequence[PositionAssessment],
    instruments: Sequence[Instrument],
    equity: Decimal,
) -> tuple[Takeover, ...]:
    """Return the takeover of each position; the shares sum to `equity` exactly.

    Parameters
    ----------
    positions : of one pool or bucket, all settling in the same asset, with marks known.
    equity : of that pool or bucket, in the settle asset; may be negative.

    Raises
    ------
    UsageError
        If a position's mark is not known, or there is none to take over.
    """
    held = [(p, i) for p, i in zip(positions, instruments, strict=True) if p.size]
    if not held:
        raise UsageError("there is no position to take over")
    weights = [position.maintenance_margin or ZERO for position, _ in held]
    if not any(weights):
        weights = [position.notional or ZERO for position, _ in held]
    if not any(weights):
        # Less than one step of money: nothing to share by, so the shares are even.
        weights = [ONE] * len(held)
    total = sum(weights, ZERO)
    found = []
    left = equity
    for (position, instrument), weight in zip(held[:-1], weights[:-1], strict=True):
        share = quotient_down(equity * weight, total)
        left -= share
        found.append(_takeover(position, instrument, share))
    found.append(_takeover(*held[-1], left))
    return tuple(found)


def _takeover(position: PositionAssessment, instrument: Instrument, share: Decimal) -> Takeover:
    mark = position.mark_price
    if mark is None:
        raise UsageError(f"the mark price of {position.symbol} is not known")
    quantity = position.size * instrument.multiplier
    # Against the account: a long leaves no higher, a short no lower than the exact price.
    against = quotient_down if position.size > 0 else quotient_up
    if instrument.kind.is_inverse:
        # Leaving at a price p costs quantity × (1/p − 1/mark), which is to be the share.
        weight = quantity + share * mark
        price = against(quantity * mark, weight) if weight * quantity > 0 else None
    else:
        price = mark - (quotient_up if position.size > 0 else quotient_down)(share, quantity)
    if price is not None and price <= 0:
        price = None
    return Takeover(position.symbol, position.size, price, share)
