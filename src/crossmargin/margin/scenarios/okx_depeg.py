"""MR9 of OKX's portfolio margin: contracts in one dollar hedging those in another.

A long in USDT against a short in USDC is a hedge only while both coins are worth a dollar. Of each
currency's cash delta, what offsets another's is a hedge; hedges are sought in OKX's order and
asked for in slices, at rates that rise as the coin's index falls.

Source: OKX, "OKX will update margin calculation rules for the portfolio margin mode", as third
parties rewrote it; its table was read in part.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise

from msgspec import Struct

from crossmargin.margin.scenarios.grouping import USD
from crossmargin.margin.scenarios.leg import PortfolioUnit
from crossmargin.margin.scenarios.okx_legs import cash_delta
from crossmargin.money import ONE, ZERO, exact
from crossmargin.rulebooks.portfolio.okx import DepegColumn, OkxPortfolio


class Hedge(Struct, frozen=True):
    """What offsets between the contracts of two currencies; `size` in USD, not negative."""

    first: str
    second: str
    size: Decimal


@exact
def depeg_charge(unit: PortfolioUnit, rule: OkxPortfolio) -> Decimal:
    """Return MR9 of a unit, in USD. Spot is no contract and not in it."""
    deltas: dict[str, Decimal] = {}
    for leg in unit.legs:
        if not leg.is_spot:
            currency = USD if leg.is_inverse else leg.settle
            deltas[currency] = deltas.get(currency, ZERO) + cash_delta(leg, unit)
    rates = {**unit.rates, USD: ONE}
    total = ZERO
    for hedge in hedges(deltas, rule.depeg_pairs):
        index = min(rates[hedge.first], rates[hedge.second])
        column = column_at(index, rule.depeg)
        total += sliced(hedge.size, rule.depeg_bounds, column.rates)
    return total


@exact
def hedges(deltas: Mapping[str, Decimal], pairs: Sequence[str]) -> tuple[Hedge, ...]:
    """Return what offsets between currencies' cash deltas, each pair in its turn.

    What one pair has used the next ones do not have; pairs without a hedge are left out.
    """
    left = dict(deltas)
    found = []
    for pair in pairs:
        first, second = pair.split()
        one, other = left.get(first, ZERO), left.get(second, ZERO)
        if one * other < 0:
            size = min(abs(one), abs(other))
            left[first] = one - size.copy_sign(one)
            left[second] = other - size.copy_sign(other)
            found.append(Hedge(first, second, size))
    return tuple(found)


def column_at(index: Decimal, columns: Sequence[DepegColumn]) -> DepegColumn:
    """Return the column of a stable coin's index; the last one also below its own."""
    return next((column for column in columns if index >= column.index_min), columns[-1])


@exact
def sliced(size: Decimal, bounds: Sequence[Decimal], rates: Sequence[Decimal]) -> Decimal:
    """Return each slice of `size` times its rate; beyond the last bound the last rate holds.

    Parameters
    ----------
    bounds : where slices end, ascending, in the unit of `size`.
    """
    edges = (ZERO, *bounds)
    total = ZERO
    for (below, bound), rate in zip(pairwise(edges), rates, strict=False):
        total += max(ZERO, min(size, bound) - below) * rate
    return total + max(ZERO, size - edges[-1]) * rates[-1]
