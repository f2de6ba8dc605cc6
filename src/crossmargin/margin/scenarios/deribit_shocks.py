"""Deribit's delta shock: what is charged beside the matrix of a portfolio with a large delta.

The matrix takes the market to be deep enough for any position, so the delta shock asks for more
where closing would move it. In coins.

The delta of an option is Black's: whether the venue takes off what the option is worth, as it does
in the deltas that it shows, was not read.

Sources: Deribit, "Portfolio margin" (support 25944756247837); replies of `private/pme/simulate`.
"""

from collections.abc import Iterable
from decimal import Decimal

from crossmargin.margin.scenarios.leg import Leg
from crossmargin.margin.scenarios.maturities import leg_delta
from crossmargin.money import ZERO, exact
from crossmargin.rulebooks.portfolio.deribit import DeribitUnderlying


@exact
def delta_at_risk(legs: Iterable[Leg]) -> Decimal:
    """Return the delta that may have to be closed: of all but long options, in coins.

    Long options may bring it nearer to zero, never beyond and never away from it.
    """
    owned = rest = ZERO
    for leg in legs:
        if leg.option is not None and leg.size > ZERO:
            owned += leg_delta(leg)
        else:
            rest += leg_delta(leg)
    nearest, furthest = sorted((ZERO, rest))
    return min(max(owned + rest, nearest), furthest)


@exact
def delta_shock(delta_coins: Decimal, free_coins: Decimal, numbers: DeribitUnderlying) -> Decimal:
    """Return what closing a large delta may cost, in coins.

    Nothing up to `free_coins`; above them all of it is charged, at a rate that grows with each
    coin above. The venue's own form was not read: this one is a community's, and its step is the
    same number as the growth of standard margin, which is per coin.
    """
    above = max(ZERO, abs(delta_coins) - free_coins)
    return abs(delta_coins) * min(numbers.delta_rate_max, numbers.delta_rate_step * above)
