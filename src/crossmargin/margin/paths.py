"""A pool's or bucket's surplus along a path of prices.

A path gives every mark, and in multi-assets mode every index, as a straight line in one number:
one symbol's price moving with all others held, or all of them moving by multiples of a vector.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import TypeAlias

from crossmargin.margin.collateral import rates
from crossmargin.margin.curve import Curve, Leg, Line, Purse, Span
from crossmargin.margin.units import Unit, held_assets
from crossmargin.money import ONE
from crossmargin.rulebooks.schema import Collateral, Rulebook

LineOf: TypeAlias = Callable[[str], Line]


def curve(
    unit: Unit,
    rulebook: Rulebook,
    mark_line: LineOf,
    index_line: LineOf,
    domain: Span,
    *,
    has_maintenance: bool = True,
    is_worst: bool = False,
) -> Curve:
    """Return the unit's surplus (or, without maintenance, its equity) along a path.

    Parameters
    ----------
    mark_line, index_line : the line of a symbol's mark, of an asset's index price.
    domain : where the path runs.
    is_worst : whether ladders that are known only in part go on as dearly as they can, instead
        of as their last known tier does.
    """
    legs: dict[str, list[Leg]] = {asset: [] for asset in unit.wallets}
    for position in unit.positions:
        contract = rulebook.contracts[position.symbol]
        instrument = contract.instrument
        if not position.size or contract.tiers is None:
            continue
        leg = Leg(
            Fraction(position.size) * Fraction(instrument.multiplier),
            Fraction(position.entry_price),
            instrument.kind.is_inverse,
            contract.tiers.at_worst() if is_worst else contract.tiers,
            mark_line(position.symbol),
        )
        legs[instrument.settle].append(leg)
    purses = []
    for asset in held_assets(unit, rulebook):
        wallet = Fraction(unit.wallets[asset])
        if not unit.is_multi:
            purses.append(Purse(wallet, tuple(legs[asset])))
            continue
        bid, ask = _rate_lines(index_line(asset), rulebook.collateral[asset])
        purses.append(Purse(wallet, tuple(legs[asset]), bid, ask))
    return Curve(tuple(purses), *domain, has_maintenance=has_maintenance)


def _rate_lines(index: Line, collateral: Collateral) -> tuple[Line, Line]:
    factors = rates(ONE, collateral)
    bid, ask = Fraction(factors.bid), Fraction(factors.ask)
    return Line(index.start * bid, index.slope * bid), Line(index.start * ask, index.slope * ask)
