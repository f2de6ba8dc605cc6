"""A pool's or bucket's surplus along a path of prices.

A path gives every mark, and in multi-assets mode every index, as a straight line in one number:
one symbol's price moving with all others held, or all of them moving by multiples of a vector.
"""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from crossmargin.margin.collateral import rates
from crossmargin.margin.curve import Curve, Leg, Purse, Span
from crossmargin.margin.expression import Line
from crossmargin.margin.lookup import index_of, offset_group
from crossmargin.margin.units import Unit, held_assets
from crossmargin.model.account import Position
from crossmargin.model.market import Market
from crossmargin.money import ONE
from crossmargin.rulebooks.margin_rule import ClosingFee, MarginRule, PriceBasis
from crossmargin.rulebooks.schema import Contract, Rulebook

ZERO = Fraction(0)
STEPS_CUT = 1
STEPS_RAISED = 2
"""How many money steps a position's rounded amounts can cost: its notional, its requirements.

Along a path amounts are not rounded; the wallet is taken to be smaller and the requirement larger
by these instead, so that no boundary is drawn in the account's favour.
"""

LineOf: TypeAlias = Callable[[str], Line]


def curve(
    unit: Unit,
    market: Market,
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
    slack = dict.fromkeys(unit.wallets, ZERO)
    rule = rulebook.margin
    step = ZERO if rule.money_step is None else Fraction(rule.money_step)
    for position, reserve in zip(unit.positions, unit.reserves, strict=True):
        contract = rulebook.contracts[position.symbol]
        instrument, tiers = contract.instrument, contract.tiers
        if not position.size or tiers is None:
            continue
        line = mark_line(position.symbol)
        leg = Leg(
            Fraction(position.size) * Fraction(instrument.multiplier),
            Fraction(position.entry_price),
            instrument.kind.is_inverse,
            tiers.at_worst(is_whole_position=rulebook.is_whole_position) if is_worst else tiers,
            line,
            _margin_line(line, position, contract, market, rule),
            Fraction(abs(position.size)),
            Fraction(rule.closing_fee_rate) if rule.closing_fee is ClosingFee.MARK else ZERO,
            Fraction(reserve) + STEPS_RAISED * step,
            offset_group(position, rulebook),
        )
        legs[instrument.settle].append(leg)
        slack[instrument.settle] += STEPS_CUT * step
    purses = []
    for asset in held_assets(unit, rulebook):
        wallet = Fraction(unit.wallets[asset]) - slack[asset]
        if not unit.is_multi:
            purses.append(Purse(wallet, tuple(legs[asset])))
            continue
        collateral = rulebook.collateral[asset]
        collateral = collateral.at_worst() if is_worst else collateral
        index = index_line(asset)
        factors = rates(ONE, collateral)
        pieces = tuple(
            (Fraction(p.floor), _times(index, p.rate), _times(index, p.addition))
            for p in factors.pieces
        )
        borrow = Fraction(collateral.borrow_maintenance)
        bid, ask = _times(index, factors.bid), _times(index, factors.ask)
        purses.append(Purse(wallet, tuple(legs[asset]), bid, ask, pieces, borrow))
    return Curve(tuple(purses), *domain, has_maintenance=has_maintenance)


def _margin_line(
    line: Line, position: Position, contract: Contract, market: Market, rule: MarginRule
) -> Line:
    # Where requirements are at the index, that moves with the mark, as far above or below it.
    if rule.maintenance_price is PriceBasis.ENTRY:
        return Line(Fraction(position.entry_price))
    if rule.maintenance_price is not PriceBasis.INDEX:
        return line
    mark = market.marks[contract.instrument.symbol]
    ratio = Fraction(index_of(contract, mark, market)) / Fraction(mark)
    return Line(line.start * ratio, line.slope * ratio)


def _times(line: Line, factor: Decimal) -> Line:
    return Line(line.start * Fraction(factor), line.slope * Fraction(factor))
