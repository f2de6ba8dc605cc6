"""Deltas of a portfolio by maturity, and what maturities may cost against each other.

A grid moves all expiries alike. What they do against each other is charged beside it: Deribit calls
it roll shock, OKX basis risk.

The delta of an option is Black's. Sources: Deribit, "Portfolio margin" (support 25944756247837);
OKX, "OKX will further adjust portfolio margin parameters", whose annualised move risk is Deribit's
by name.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from crossmargin.margin.black import SECONDS_PER_YEAR, delta
from crossmargin.margin.scenarios.leg import Leg
from crossmargin.money import ZERO, exact, quotient_up

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
