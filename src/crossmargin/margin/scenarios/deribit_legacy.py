"""Deribit's former portfolio margin: what its first version and its model deck added to the matrix.

Contingencies on top of the worst cell, which delta and roll shocks have replaced. The packaged
rulebook does not use them; they are here for portfolios of their time.

Sources: Deribit, legacy documentation, "Portfolio margin" (first version); the model deck of about
2020, as quoted in public research notes.
"""

from collections.abc import Iterable
from decimal import Decimal

from crossmargin.margin.scenarios.volatility import term
from crossmargin.money import ZERO, exact
from crossmargin.rulebooks.portfolio.volatility import TermShift


@exact
def volatility_change(seconds: Decimal, largest: Decimal, power: Decimal) -> Decimal:
    """Return by how many points (as a fraction) volatility changes `seconds` before an expiry.

    largest × (30 ÷ days)^power, to the nearest at 34 digits; later versions made it relative.
    """
    return largest * term(seconds, TermShift(largest, ZERO, power, power))


@exact
def option_contingency(options: Iterable[Decimal], rate: Decimal) -> Decimal:
    """Return what options add, held and owed alike: `rate` coins each."""
    return sum(map(abs, options), ZERO) * rate


@exact
def strike_contingency(nets: Iterable[Decimal], rate: Decimal) -> Decimal:
    """Return what short options add in later versions: `rate` coins for each net short of a strike.

    `nets` are the options of each strike, calls and puts together, short ones negative.
    """
    return sum((max(ZERO, -net) for net in nets), ZERO) * rate


@exact
def spread_contingency(long: Decimal, short: Decimal, rate: Decimal) -> Decimal:
    """Return what futures that offset each other add, in their unit: the smaller side × rate."""
    return min(abs(long), abs(short)) * rate
