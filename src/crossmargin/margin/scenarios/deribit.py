"""Deribit's portfolio margin, segregated (S:PM) and cross (X:PM): matrix, extended table, shocks.

The risk matrix moves the underlying in even steps to its range either way, each with volatility
shifted down, as it is and up. The extended table goes far beyond, up-shifted alone, and counts a
part of what happens there. What settles in one currency nets fully in each cell; a gain that is
left counts in part. The worst cell, and shocks for delta and for rolling expiries over, make the
*risk matrix margin*; initial margin is that rounded, maintenance margin a part of it.

Outcomes are counted in the unit's asset. A coin is worth its price after the move: a loss on the
way down is more coins than it seems. In X:PM units are counted in USD: coins at the moved index,
stablecoins at theirs, and the coins that the unit holds as collateral move with it. Assumed: what
settles in coins and what settles in stablecoins are then two sums with their own counted gains,
because the venue's parameters and vectors are kept by settlement currency; the correlation
contingency, zero in all replies that were read, is left out.

Sources: Deribit, "Portfolio margin" (support 25944756247837); the sample reply of
`private/pme/simulate` in its API documentation; a recorded reply of February 2026.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal

from msgspec import Struct

from crossmargin.margin.scenarios.deribit_shocks import delta_at_risk, delta_shock
from crossmargin.margin.scenarios.grouping import USD
from crossmargin.margin.scenarios.leg import Leg, PortfolioUnit
from crossmargin.margin.scenarios.maturities import expiry_deltas, roll_shock
from crossmargin.margin.scenarios.requirement import (
    Cell,
    Charge,
    UnitRequirement,
    worst_case,
    worst_of,
)
from crossmargin.margin.scenarios.revalue import coin_profit, profit
from crossmargin.margin.scenarios.volatility import shifted
from crossmargin.model.scenario import Direction, Scenario
from crossmargin.money import DIGITS, ONE, ZERO, exact, quotient_down, quotient_up
from crossmargin.rulebooks.portfolio.deribit import (
    CountedGains,
    DeribitCurrency,
    DeribitPair,
    DeribitPortfolio,
)
from crossmargin.rulebooks.portfolio.volatility import TermShift

NOTHING = CountedGains(ZERO, ZERO)
DIRECTIONS = (Direction.DOWN, Direction.NONE, Direction.UP)
"""The columns of the risk matrix, in the venue's order."""

DUST = Decimal("1e-36")
"""What netted outcomes are rounded to, half to even: legs that cancel leave nothing of their own
roundings, which are at 50 digits."""

_NEAREST = Context(prec=DIGITS, rounding=ROUND_HALF_EVEN)


@exact
def price_moves(price_range: Decimal, buckets: int) -> tuple[Decimal, ...]:
    """Return the moves of the risk matrix, from the deepest fall up; nearest at 50 digits."""
    return tuple(
        _NEAREST.divide(price_range * step, Decimal(buckets))
        for step in range(-buckets, buckets + 1)
    )


@exact
def leg_outcome(leg: Leg, scenario: Scenario, shift: TermShift) -> Decimal:
    """Return what a leg makes in its settle asset, before anything is scaled or cut.

    An inverse leg's coins are those of the moved price; its quotient is rounded down at 50 digits.
    """
    volatility = None
    if leg.option is not None:
        seconds = leg.seconds or ZERO
        volatility = shifted(leg.option.volatility, seconds, scenario.direction, shift)
    value = coin_profit if leg.is_inverse else profit
    return value(leg, scenario.move, volatility)


@exact
def scaled(
    outcome: Decimal, move: Decimal, price_range: Decimal, factor: Decimal, *, is_coin: bool
) -> Decimal:
    """Return what counts of an outcome of the extended table, rounded down at 50 digits.

    The further the move, the less: factor × range ÷ |move|. Coins are those of the price after the
    move and become those of the price at the range's edge: × (1 + move) ÷ (1 ± range).
    """
    dividend, divisor = outcome * factor * price_range, abs(move)
    if is_coin:
        dividend *= ONE + move
        divisor *= ONE + price_range.copy_sign(move)
    return quotient_down(dividend, divisor)


@exact
def counted_gain(outcome: Decimal, fraction: Decimal, most: Decimal | None) -> Decimal:
    """Return a loss as it is, and of a gain the fraction that counts, at most `most`."""
    if outcome <= ZERO:
        return outcome
    counted = outcome * fraction
    return counted if most is None else min(counted, most)


@exact
def dampened(outcome: Decimal, move: Decimal, price_range: Decimal, dampener: Decimal) -> Decimal:
    """Return an outcome of the extended table nearer to zero, gains and losses alike.

    By `dampener`, in the asset of the outcome, for each range that the move goes beyond the first;
    rounded down at 50 digits.
    """
    ranges = max(ZERO, quotient_down(abs(move), price_range) - ONE)
    left = abs(outcome) - ranges * dampener
    return left.copy_sign(outcome) if left > ZERO else ZERO


@exact
def rounded(amount: Decimal, step: Decimal) -> Decimal:
    """Return the multiple of `step` nearest to `amount`; halves go up."""
    return _NEAREST.divide(amount, step).to_integral_value(ROUND_HALF_UP) * step


@exact
def risk_matrix_margin(worst: Decimal, charges: Iterable[Decimal], step: Decimal) -> Decimal:
    """Return the worst case, rounded to the nearest step, with the shocks and contingencies."""
    return rounded(worst, step) + sum(charges, ZERO)


@exact
def initial_margin(matrix_margin: Decimal, others: Iterable[Decimal], step: Decimal) -> Decimal:
    """Return the risk matrix margin with what spot, protection and orders hold, to the nearest."""
    return rounded(matrix_margin + sum(others, ZERO), step)


@exact
def maintenance_margin(matrix_margin: Decimal, fraction: Decimal) -> Decimal:
    """Return the part of the risk matrix margin that keeps the portfolio; not rounded."""
    return matrix_margin * fraction


class Book(Struct, frozen=True):
    """What of a unit settles in one currency and so nets fully.

    Attributes
    ----------
    places : of its legs among the unit's.
    gains : how much of a gain counts.
    coins : of the underlying, held as collateral where that is in the matrix.
    """

    places: tuple[int, ...]
    currency: DeribitCurrency
    gains: CountedGains
    coins: Decimal = ZERO


@exact
def requirement(unit: PortfolioUnit, rule: DeribitPortfolio) -> UnitRequirement:
    """Return what the portfolio margin of a unit asks for, in the unit's asset.

    Raises
    ------
    UnknownError
        If the parameters of the underlying, or of what a leg settles in, were not read.
    """
    pair, books = rule.pair(unit.name), books_of(unit, rule)
    moves = price_moves(pair.price_range, rule.buckets)
    standard = tuple(
        standard_cell(unit, pair, books, Scenario(move, direction))
        for move in moves
        for direction in DIRECTIONS
    )
    extended = tuple(extended_cell(unit, pair, books, move) for move in rule.extended_moves)
    cells = standard + extended
    coin = _coin_worth(unit)
    free = quotient_down(pair.delta_free_usd, unit.index)
    charges = (
        Charge("delta shock", delta_shock(delta_at_risk(unit.legs), free, pair) * coin),
        Charge("roll shock", sum((_roll_shock(book, unit) for book in books), ZERO) * coin),
    )
    worst = worst_case(cell.outcome for cell in cells)
    matrix_margin = risk_matrix_margin(worst, (one.amount for one in charges), rule.money_step)
    return UnitRequirement(
        unit.name,
        unit.asset,
        tuple(leg.symbol for leg in unit.legs),
        cells,
        worst_of(cells),
        charges,
        initial_margin(matrix_margin, (), rule.money_step),
        maintenance_margin(matrix_margin, rule.maintenance_fraction),
    )


def books_of(unit: PortfolioUnit, rule: DeribitPortfolio) -> tuple[Book, ...]:
    """Return the unit's books, in the order of their first legs.

    In X:PM coins held of the underlying join what settles in it.

    Raises
    ------
    UnknownError
        If the parameters of what a leg settles in were not read.
    """
    is_cross = unit.asset == USD
    coins = unit.collateral.get(unit.name, ZERO) if is_cross else ZERO
    settling: dict[str, list[int]] = {}
    for place, leg in enumerate(unit.legs):
        settling.setdefault(rule.currency(leg.settle).assets, []).append(place)
    if coins:
        settling.setdefault(rule.currency(unit.name).assets, [])
    books = []
    for assets, places in settling.items():
        currency = rule.currency(assets.split()[0])
        gains = (currency.cross_gains or NOTHING) if is_cross else rule.segregated_gains
        held = coins if unit.name in assets.split() else ZERO
        books.append(Book(tuple(places), currency, gains, held))
    return tuple(books)


@exact
def standard_cell(
    unit: PortfolioUnit, pair: DeribitPair, books: tuple[Book, ...], scenario: Scenario
) -> Cell:
    """Return one cell of the risk matrix: each book's outcome with its gain cut, added up."""
    shares = _shares(unit, pair, scenario)
    made = (_gain_cut(_netted(book, unit, scenario, shares), book, unit) for book in books)
    return Cell(scenario, sum(made, ZERO), shares)


@exact
def extended_cell(
    unit: PortfolioUnit, pair: DeribitPair, books: tuple[Book, ...], move: Decimal
) -> Cell:
    """Return one cell of the extended table: scaled, gain cut, then dampened.

    That gains are cut before and not after is assumed: in the replies that were read the dampener
    leaves nothing either way.
    """
    damping = _NEAREST.divide(pair.extended_factor * pair.price_range, abs(move))
    scenario = Scenario(move, Direction.UP, damping)
    shares = _shares(unit, pair, scenario)
    edge = pair.price_range.copy_sign(move)
    outcome = ZERO
    for book in books:
        made = scaled(
            _netted(book, unit, scenario, shares),
            move,
            pair.price_range,
            pair.extended_factor,
            is_coin=_is_in_coins(unit),
        )
        dampener = usd_in_asset(book.currency.extended_dampener_usd, unit, edge)
        outcome += dampened(_gain_cut(made, book, unit), move, pair.price_range, dampener)
    return Cell(scenario, outcome, shares)


@exact
def usd_in_asset(amount_usd: Decimal, unit: PortfolioUnit, move: Decimal = ZERO) -> Decimal:
    """Return what USD are in the unit's asset once the underlying has moved; rounded down."""
    if _is_in_coins(unit):
        return quotient_down(amount_usd, unit.index * (ONE + move))
    return quotient_down(amount_usd, unit.rates.get(unit.asset, ONE))


@exact
def gains_across(units: tuple[UnitRequirement, ...]) -> Decimal:
    """Return what X:PM's worst cases come to less because units gain where others lose, in USD.

    Assumed is that all underlyings are in the same cell at once: each in the same step of its own
    range. What of a gain counts is in the cells already.
    """
    apart = sum((worst_case(cell.outcome for cell in unit.cells) for unit in units), ZERO)
    together = zip(*(unit.cells for unit in units), strict=True)
    return apart - worst_case(sum((cell.outcome for cell in row), ZERO) for row in together)


def _is_in_coins(unit: PortfolioUnit) -> bool:
    return unit.asset == unit.name


def _shares(unit: PortfolioUnit, pair: DeribitPair, scenario: Scenario) -> tuple[Decimal, ...]:
    return tuple(_share(leg, unit, pair, scenario) for leg in unit.legs)


def _share(leg: Leg, unit: PortfolioUnit, pair: DeribitPair, scenario: Scenario) -> Decimal:
    made = leg_outcome(leg, scenario, pair.volatility)
    if leg.settle == unit.asset:
        return made
    if leg.is_inverse:
        return made * unit.index * (ONE + scenario.move)
    return made * unit.rates.get(leg.settle, ONE)


def _netted(
    book: Book, unit: PortfolioUnit, scenario: Scenario, shares: tuple[Decimal, ...]
) -> Decimal:
    held = book.coins * unit.index * scenario.move
    return sum((shares[place] for place in book.places), held).quantize(DUST)


def _gain_cut(made: Decimal, book: Book, unit: PortfolioUnit) -> Decimal:
    return counted_gain(made, book.gains.fraction, usd_in_asset(book.gains.most_usd, unit))


def _coin_worth(unit: PortfolioUnit) -> Decimal:
    # What a coin is in the unit's asset now; rounded up at 50 digits.
    if _is_in_coins(unit):
        return ONE
    return quotient_up(unit.index, unit.rates.get(unit.asset, ONE))


def _roll_shock(book: Book, unit: PortfolioUnit) -> Decimal:
    deltas = expiry_deltas(unit.legs[place] for place in book.places)
    return roll_shock(deltas, book.currency.roll_rate_min, book.currency.roll_rate_annual)
