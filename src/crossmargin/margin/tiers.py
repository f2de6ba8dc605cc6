"""What a position's notional asks of a margin ladder.

The ladder is looked up by notional (never by margin), at the price in question (never at an
earlier one), one position at a time (never on summed notional).
"""

from decimal import Decimal

from crossmargin.model.tiers import Tier, Tiers


def tier_of(notional: Decimal, tiers: Tiers) -> Tier:
    """Return the affine piece that holds `notional` (settle asset, not negative)."""
    return tiers.pieces[tiers.index(notional)]


def maintenance_margin(notional: Decimal, tiers: Tiers) -> Decimal:
    """Return notional × rate − deduction of the piece that holds `notional`; exact.

    Source: Binance, "Leverage and margin of USDⓈ-M futures", the maintenance amount.
    """
    tier = tiers.pieces[tiers.index(notional)]
    return notional * tier.rate - tier.deduction
