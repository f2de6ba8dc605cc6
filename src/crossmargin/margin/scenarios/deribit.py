"""Deribit's portfolio margin, segregated (S:PM) and cross (X:PM): matrix, extended table, shocks.

The risk matrix moves the underlying in even steps to its range either way, each with volatility
shifted down, as it is and up. The extended table goes far beyond, up-shifted alone, and counts a
part of what happens there. What is on one underlying nets fully in each cell; of a gain that is
left a part counts. The worst cell, and shocks for delta and for rolling expiries over, make the
*risk matrix margin*; initial margin is that rounded, maintenance margin a part of it.

Outcomes are counted in the unit's asset. A coin is worth its price after the move: a loss on the
way down is more coins than it seems. In X:PM units are counted in USD: coins at the moved index,
stablecoins at theirs, and the coins in the account's equity move with them. Underlyings do not
offset each other. A recorded account (February 2026: bitcoin held, inverse and linear ether
contracts against each other) is asked for just that. Assumed: the correlation contingency, zero in
all replies that were read, is left out.

Sources: Deribit, "Portfolio margin" (support 25944756247837); the sample reply of
`private/pme/simulate` in its API documentation; replies recorded in February 2026.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal

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
    DeribitPortfolio,
    DeribitUnderlying,
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


@exact
def requirement(unit: PortfolioUnit, rule: DeribitPortfolio) -> UnitRequirement:
    """Return what the portfolio margin of a unit asks for, in the unit's asset.

    Raises
    ------
    UnknownError
        If the parameters of the underlying were not read.
    """
    numbers = rule.underlying(unit.name)
    gains = gains_of(unit, rule)
    standard = tuple(
        standard_cell(unit, numbers, gains, Scenario(move, direction))
        for move in price_moves(numbers.price_range, rule.buckets)
        for direction in DIRECTIONS
    )
    extended = tuple(extended_cell(unit, numbers, gains, move) for move in rule.extended_moves)
    cells = standard + extended
    coin = _coin_worth(unit)
    free = quotient_down(numbers.delta_free_usd, unit.index)
    charges = (
        Charge("delta shock", delta_shock(delta_at_risk(unit.legs), free, numbers) * coin),
        Charge("roll shock", _roll_shock(unit, numbers) * coin),
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


def gains_of(unit: PortfolioUnit, rule: DeribitPortfolio) -> CountedGains:
    """Return what of a gain counts: in X:PM the underlying's part, in S:PM that of all.

    Raises
    ------
    UnknownError
        If the parameters of the underlying were not read.
    """
    if unit.asset != USD:
        return rule.segregated_gains
    return rule.underlying(unit.name).cross_gains or NOTHING


@exact
def standard_cell(
    unit: PortfolioUnit, numbers: DeribitUnderlying, gains: CountedGains, scenario: Scenario
) -> Cell:
    """Return one cell of the risk matrix: what the unit makes, a gain cut."""
    shares = _shares(unit, numbers, scenario)
    return Cell(scenario, _gain_cut(_netted(unit, scenario, shares), gains, unit), shares)


@exact
def extended_cell(
    unit: PortfolioUnit, numbers: DeribitUnderlying, gains: CountedGains, move: Decimal
) -> Cell:
    """Return one cell of the extended table: scaled, a gain cut, then dampened.

    That gains are cut before and not after is assumed: in the replies that were read the dampener
    leaves nothing either way.
    """
    price_range = numbers.price_range
    damping = _NEAREST.divide(numbers.extended_factor * price_range, abs(move))
    scenario = Scenario(move, Direction.UP, damping)
    shares = _shares(unit, numbers, scenario)
    made = scaled(
        _netted(unit, scenario, shares),
        move,
        price_range,
        numbers.extended_factor,
        is_coin=_is_in_coins(unit),
    )
    edge = price_range.copy_sign(move)
    dampener = usd_in_asset(numbers.extended_dampener_usd, unit, edge)
    return Cell(
        scenario, dampened(_gain_cut(made, gains, unit), move, price_range, dampener), shares
    )


@exact
def usd_in_asset(amount_usd: Decimal, unit: PortfolioUnit, move: Decimal = ZERO) -> Decimal:
    """Return what USD are in the unit's asset once the underlying has moved; rounded down."""
    if _is_in_coins(unit):
        return quotient_down(amount_usd, unit.index * (ONE + move))
    return quotient_down(amount_usd, unit.rates.get(unit.asset, ONE))


def _is_in_coins(unit: PortfolioUnit) -> bool:
    return unit.asset == unit.name


def _shares(
    unit: PortfolioUnit, numbers: DeribitUnderlying, scenario: Scenario
) -> tuple[Decimal, ...]:
    return tuple(_share(leg, unit, numbers, scenario) for leg in unit.legs)


def _share(
    leg: Leg, unit: PortfolioUnit, numbers: DeribitUnderlying, scenario: Scenario
) -> Decimal:
    made = leg_outcome(leg, scenario, numbers.volatility)
    if leg.settle == unit.asset:
        return made
    if leg.is_inverse:
        return made * unit.index * (ONE + scenario.move)
    return made * unit.rates.get(leg.settle, ONE)


def _netted(unit: PortfolioUnit, scenario: Scenario, shares: tuple[Decimal, ...]) -> Decimal:
    coins = unit.collateral.get(unit.name, ZERO) if unit.asset == USD else ZERO
    return sum(shares, coins * unit.index * scenario.move).quantize(DUST)


def _gain_cut(made: Decimal, gains: CountedGains, unit: PortfolioUnit) -> Decimal:
    return counted_gain(made, gains.fraction, usd_in_asset(gains.most_usd, unit))


def _coin_worth(unit: PortfolioUnit) -> Decimal:
    # What a coin is in the unit's asset now; rounded up at 50 digits.
    if _is_in_coins(unit):
        return ONE
    return quotient_up(unit.index, unit.rates.get(unit.asset, ONE))


def _roll_shock(unit: PortfolioUnit, numbers: DeribitUnderlying) -> Decimal:
    # Expiries of inverse and of linear contracts do not roll together.
    charged = ZERO
    for settle in dict.fromkeys(leg.settle for leg in unit.legs):
        deltas = expiry_deltas(leg for leg in unit.legs if leg.settle == settle)
        charged += roll_shock(deltas, numbers.roll_rate_min, numbers.roll_rate_annual)
    return charged
