"""What Deribit's portfolio margin charges beside the matrix: for large deltas, and for expiries.

The matrix moves all expiries alike, so what they do against each other is the roll shock's; and it
takes the market to be deep enough for any position, so the delta shock asks for more where closing
would move it. Both in coins.

The delta of an option is Black's: whether the venue takes off what the option is worth, as it does
in the deltas that it shows, was not read.

Sources: Deribit, "Portfolio margin" (support 25944756247837); replies of `private/pme/simulate`.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from crossmargin.margin.black import SECONDS_PER_YEAR, delta
from crossmargin.margin.scenarios.leg import Leg
from crossmargin.money import ZERO, exact, quotient_up
from crossmargin.rulebooks.portfolio.deribit import DeribitPair

YEAR = Decimal(SECONDS_PER_YEAR)


@exact
def leg_delta(leg: Leg) -> Decimal:
    """Return the delta of a leg in coins: its size, times Black's delta where it is an option."""
    if leg.option is None:
        return leg.size
    part = leg.option
    seconds = leg.seconds or ZERO
    return leg.size * delta(part.right, leg.price, part.strike, part.volatility, seconds)


@exact
def expiry_deltas(legs: Iterable[Leg]) -> dict[Decimal, Decimal]:
    """Return the delta of each expiry in coins, by the seconds to it; a perpetual's are zero."""
    deltas: dict[Decimal, Decimal] = {}
    for leg in legs:
        seconds = leg.seconds or ZERO
        deltas[seconds] = deltas.get(seconds, ZERO) + leg_delta(leg)
    return deltas


@exact
def roll_shock(
    deltas: Mapping[Decimal, Decimal], rate_min: Decimal, rate_annual: Decimal
) -> Decimal:
    """Return what rolling expiries over may cost, in coins; years rounded up at 50 digits.

    |delta| × max(rate_min, rate_annual × years) of each expiry: they do not net.
    """
    return sum(
        (
            abs(amount) * max(rate_min, quotient_up(rate_annual * seconds, YEAR))
            for seconds, amount in deltas.items()
        ),
        ZERO,
    )


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
def delta_shock(delta_coins: Decimal, free_coins: Decimal, pair: DeribitPair) -> Decimal:
    """Return what closing a large delta may cost, in coins.

    Nothing up to `free_coins`; above them all of it is charged, at a rate that grows with each
    coin above. The venue's own form was not read: this one is a community's, and its step is the
    same number as the growth of standard margin, which is per coin.
    """
    above = max(ZERO, abs(delta_coins) - free_coins)
    return abs(delta_coins) * min(pair.delta_rate_max, pair.delta_rate_step * above)
