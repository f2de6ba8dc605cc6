"""What a position's notional asks of a margin ladder, and what a ladder allows.

The ladder is looked up by notional (never by margin), at the price in question (never at an
earlier one), one position at a time (never on summed notional).
"""

from decimal import Decimal

from crossmargin.errors import UsageError
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import ZERO, exact, plain


def tier_of(notional: Decimal, tiers: Tiers) -> Tier:
    """Return the affine piece that holds `notional` (settle asset, not negative)."""
    return tiers.pieces[tiers.index(notional)]


def maintenance_margin(notional: Decimal, tiers: Tiers) -> Decimal:
    """Return notional × rate − deduction of the piece that holds `notional`; exact.

    Source: Binance, "Leverage and margin of USDⓈ-M futures", the maintenance amount.
    """
    tier = tiers.pieces[tiers.index(notional)]
    return notional * tier.rate - tier.deduction


@exact
def maintenance_by_tier(
    notional: Decimal, tiers: Tiers, added_rate: Decimal = ZERO
) -> tuple[Decimal, ...]:
    """Return what each tier of a marginal ladder asks for the slice of `notional` within it.

    In the settle asset, lowest tier first, up to the tier that holds `notional` (not negative);
    their sum is its maintenance margin. Exact. `added_rate` is what is asked on top of every
    tier's rate, such as the fee of closing. Source: Bitget, "maintenance margin of classic account
    futures", 2025-11-10.
    """
    number = tiers.index(notional)
    ends = (*tiers.steps[:number], notional)
    return tuple(
        (end - piece.floor) * (piece.rate + added_rate)
        for piece, end in zip(tiers.pieces, ends, strict=False)
    )


def largest_notional(leverage: Decimal, tiers: Tiers) -> Decimal | None:
    """Return the largest notional at which `leverage` is still allowed; None if no end is known.

    It is where the highest tier ends whose largest leverage is not below `leverage`; of a ladder
    by size the largest size. Not rounded. None where that tier is the last one and the ladder has
    no cap, or is known only in part. Source: Gate, "Risk limit explanation", 2025-07.

    Raises
    ------
    UsageError
        If no tier allows the leverage.
    """
    allowed = sum(piece.leverage_max >= leverage for piece in tiers.pieces)
    if not allowed:
        highest = plain(tiers.pieces[0].leverage_max)
        raise UsageError(f"leverage {plain(leverage)} is above {highest}, the most the ladder has")
    return tiers.steps[allowed - 1] if allowed < len(tiers.pieces) else tiers.cap
