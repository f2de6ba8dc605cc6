"""What an isolated position can lose.

An isolated bucket stands for its own losses and for no more; the rest of the wallet stands beside
it. This says how much of a loss the bucket bears. It does not say where the position is
liquidated, which is before the bucket is empty, nor who bears what is beyond it.
"""

from decimal import Decimal

from crossmargin.errors import UsageError
from crossmargin.money import ZERO, exact


@exact
def isolated_loss(unrealised_pnl: Decimal, margin: Decimal) -> Decimal:
    """Return min(loss, margin), zero for a profit; exact, in the settle asset.

    Source: BitMEX, "Isolated and cross margin examples".

    Raises
    ------
    UsageError
        If the margin is below zero.
    """
    if margin < 0:
        raise UsageError(f"the margin of an isolated position is {margin}, must not be negative")
    return min(max(ZERO, -unrealised_pnl), margin)
