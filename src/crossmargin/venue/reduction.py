"""How much of a position a liquidation closes first, where it is not a matter of health alone.

`venue.liquidation` finds the smallest reduction that restores health. Some venues instead state
a size: down to a tier, a fixed part, or what a first order left over. Sizes are absolute, in
the contract's unit; which position goes first and at what price is not decided here.
"""

from collections.abc import Sequence
from decimal import Decimal

from crossmargin.errors import UsageError
from crossmargin.money import ZERO, exact, up_to


@exact
def contracts_for_tier(sizes: Sequence[Decimal]) -> Decimal:
    """Return the size that decides the tier of an underlying: all expiries, gross.

    Longs and shorts do not net. Source: OKX, legacy cross futures, article 360040581412.
    """
    return sum((abs(size) for size in sizes), ZERO)


@exact
def size_down_to_first_tier(held: Decimal, first_tier_max: Decimal, floor: Decimal) -> Decimal:
    """Return the contracts that a forced partial liquidation closes.

    From `floor` (where the third tier starts) on all above the first tier, below it everything.
    Source: OKX, legacy, article 360020411711; later texts cut two tiers at a time.

    Raises
    ------
    UsageError
        If the first tier reaches above `floor`.
    """
    if first_tier_max > floor:
        raise UsageError(f"the first tier ends at {first_tier_max}, above {floor}")
    return held - first_tier_max if held >= floor else held


@exact
def first_order_size(
    held: Decimal,
    notional_usd: Decimal,
    *,
    whole_up_to_usd: Decimal,
    part_fraction: Decimal,
    lot: Decimal,
    is_repeated: bool = False,
) -> Decimal:
    """Return what the first liquidation order sends to the book: a part of a large position.

    Rounded up to the lot, never above what is held. Source: Hyperliquid, "Liquidations": 20 %
    above 100 000 USDC.

    Parameters
    ----------
    is_repeated : whether a partial liquidation of the account was sent less than the venue's
        cooldown (30 seconds) ago; then all orders are for the whole position.
    """
    if is_repeated or notional_usd <= whole_up_to_usd:
        return held
    return min(held, up_to(lot, held * part_fraction))


@exact
def assigned_size(held: Decimal, filled: Decimal) -> Decimal:
    """Return what goes to position assignment after the liquidation order filled so much.

    Source: Kraken, article 360022835231.

    Raises
    ------
    UsageError
        If more was filled than held.
    """
    if not ZERO <= filled <= held:
        raise UsageError(f"{filled} filled of a position of {held}")
    return held - filled
