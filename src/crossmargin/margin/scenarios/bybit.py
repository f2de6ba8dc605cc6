"""Bybit's portfolio margin: the stress test of a unit, and its contingencies.

All that is on one underlying is one unit. Its price moves in steps, with volatility up, as it is
and down at each; perpetuals and futures, options and spot add up, and the loss of the worst cell
is the maximum loss. Bybit prints one profit a move, with the volatility that is worst for the
options: the worst of the cells is the same. Spot, where spot hedging is on, counts where it gains
only: its own fall is in the collateral's value.

Maintenance margin is maximum loss + contingencies, in the settlement coin, at that coin's price in
USD; initial margin a multiple of it. Quotients are rounded up.

Sources: Bybit API documentation, get portfolio margin info, whose sample fixes the stress test and
two of the contingencies; help centre, "Margin calculations under portfolio margin", as a third
party rewrote it, for the forms of the others.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise, repeat

from msgspec import Struct

from crossmargin.errors import UsageError
from crossmargin.margin.scenarios.grouping import USD
from crossmargin.margin.scenarios.leg import Leg, PortfolioUnit
from crossmargin.margin.scenarios.maturities import YEAR, expiry_deltas
from crossmargin.margin.scenarios.requirement import (
    Cell,
    Charge,
    UnitRequirement,
    worst_case,
    worst_of,
)
from crossmargin.margin.scenarios.revalue import profit
from crossmargin.margin.scenarios.volatility import SECONDS_PER_DAY, shifted
from crossmargin.model.option import Right
from crossmargin.model.scenario import Direction, Scenario
from crossmargin.money import ONE, ZERO, down_to, exact, quotient_up
from crossmargin.rulebooks.portfolio.bybit import BybitAsset, BybitPortfolio
from crossmargin.rulebooks.portfolio.volatility import TermShift

DIRECTIONS = (Direction.UP, Direction.NONE, Direction.DOWN)
"""In the order of the venue's replies."""


class Contingencies(Struct, frozen=True):
    """What is asked for beside the maximum loss, in the settlement coin; none below zero."""

    option: Decimal = ZERO
    option_vega: Decimal = ZERO
    usdt_usdc: Decimal = ZERO
    future_delta: Decimal = ZERO
    future: Decimal = ZERO

    @property
    @exact
    def total(self) -> Decimal:
        """Return their sum."""
        return self.option + self.option_vega + self.usdt_usdc + self.future_delta + self.future


@exact
def requirement(unit: PortfolioUnit, rule: BybitPortfolio) -> UnitRequirement:
    """Return what Bybit asks of a unit; cells and charges are in the settlement coin.

    Raises
    ------
    UnknownError
        If the parameters of the underlying are not known.
    UsageError
        If the unit is not counted in USD: portfolio margin has one pool.
    """
    if unit.asset != USD:
        raise UsageError("Bybit's portfolio margin is one pool in USD: assets_mode must be multi")
    asset = rule.asset(unit.name)
    cells = stress_cells(unit, asset, rule)
    extra = contingencies(unit, asset)
    loss = worst_case(cell.outcome for cell in cells)
    maintenance = maintenance_margin(loss, extra, coin_rate(unit))
    return UnitRequirement(
        name=unit.name,
        asset=unit.asset,
        symbols=tuple(leg.symbol for leg in unit.legs),
        cells=cells,
        worst=worst_of(cells),
        charges=(
            Charge("option contingency", extra.option),
            Charge("option vega contingency", extra.option_vega),
            Charge("USDT/USDC contingency", extra.usdt_usdc),
            Charge("future delta contingency", extra.future_delta),
            Charge("future contingency", extra.future),
        ),
        initial_margin=initial_margin(maintenance, asset.initial_factor),
        maintenance_margin=maintenance,
    )


@exact
def stress_cells(unit: PortfolioUnit, asset: BybitAsset, rule: BybitPortfolio) -> tuple[Cell, ...]:
    """Return every cell of the stress test, moves ascending, volatility in the venue's order.

    Volatility makes no difference without options; then each move is played once.
    """
    has_options = any(leg.option is not None for leg in unit.legs)
    directions = DIRECTIONS if has_options else (Direction.NONE,)
    # A shift needs a power, so each is computed once and not at every move.
    volatilities = {
        direction: [_volatility(leg, direction, asset.volatility) for leg in unit.legs]
        for direction in directions
    }
    cells = []
    for move in moves(asset.price_range, rule.steps):
        for direction in directions:
            shares = tuple(map(leg_profit, unit.legs, repeat(move), volatilities[direction]))
            outcome = point_outcome(shares, (), ZERO, rule.money_step)
            cells.append(Cell(Scenario(move, direction), outcome, shares))
    return tuple(cells)


@exact
def moves(price_range: Decimal, steps: int) -> tuple[Decimal, ...]:
    """Return the moves of the stress test in ascending order; steps rounded up at 50 digits."""
    up = [quotient_up(price_range * step, Decimal(steps)) for step in range(1, steps + 1)]
    return (*(-move for move in reversed(up)), ZERO, *up)


def leg_profit(leg: Leg, move: Decimal, volatility: Decimal | None) -> Decimal:
    """Return what a leg makes at a move, in its quote asset; spot no less than nothing."""
    made = profit(leg, move, volatility)
    return max(ZERO, made) if leg.is_spot else made


def _volatility(leg: Leg, direction: Direction, shift: TermShift) -> Decimal | None:
    if leg.option is None:
        return None
    return shifted(leg.option.volatility, leg.seconds or ZERO, direction, shift)


@exact
def point_outcome(
    perpetuals: Iterable[Decimal],
    options_by_volatility: Sequence[Decimal],
    spot: Decimal,
    step: Decimal,
) -> Decimal:
    """Return the profit at one move: of perpetuals, of options at the worst volatility, of spot.

    Rounded down to `step`, a loss away from zero.
    """
    options = min(options_by_volatility, default=ZERO)
    return down_to(step, sum(perpetuals, ZERO) + options + spot)


@exact
def contingencies(unit: PortfolioUnit, asset: BybitAsset) -> Contingencies:
    """Return what is asked for what the stress test does not see."""
    derivatives = [leg for leg in unit.legs if not leg.is_spot]
    options = [leg for leg in derivatives if leg.option is not None]
    futures = [leg.size for leg in derivatives if leg.option is None]
    return Contingencies(
        option=option_contingency(derivatives, asset.short_option_rate, unit.index),
        option_vega=vega_contingency(_sizes(options), asset.vega_rate_daily, unit.index),
        usdt_usdc=peg_contingency(derivatives, asset.peg_rate, unit.index),
        future_delta=delta_contingency(expiry_deltas(unit.legs), asset.basis_annual, unit.index),
        future=future_contingency(futures, asset.future_rate, unit.index),
    )


@exact
def option_contingency(legs: Iterable[Leg], rate: Decimal, index: Decimal) -> Decimal:
    """Return rate × index of the options sold and not bought back, calls and puts apart; exact."""
    net = dict.fromkeys(Right, ZERO)
    for leg in legs:
        if leg.option is not None:
            net[leg.option.right] += leg.size
    return sum((max(ZERO, -size) for size in net.values()), ZERO) * rate * index


@exact
def vega_contingency(sizes: Mapping[Decimal, Decimal], rate: Decimal, index: Decimal) -> Decimal:
    """Return what options of one expiry cost that offset those of another.

    Rate × index × days between them, of the amount that offsets; near expiries offset near ones
    first. `sizes` are net amounts by seconds to expiry; rounded up at 50 digits.
    """
    longs, shorts = (
        [(at, abs(size)) for at, size in sorted(sizes.items()) if size * sign > 0]
        for sign in (1, -1)
    )
    total = ZERO
    while longs and shorts:
        (one, held), (other, sold) = longs[0], shorts[0]
        both = min(held, sold)
        total += both * abs(one - other)
        longs[0], shorts[0] = (one, held - both), (other, sold - both)
        longs, shorts = ([row for row in rows if row[1]] for rows in (longs, shorts))
    return quotient_up(total * rate * index, SECONDS_PER_DAY)


@exact
def peg_contingency(legs: Iterable[Leg], rate: Decimal, index: Decimal) -> Decimal:
    """Return rate × index of the delta that contracts in one coin offset in those in others."""
    deltas: dict[str, Decimal] = {}
    for leg in legs:
        settle = USD if leg.is_inverse else leg.settle
        deltas[settle] = deltas.get(settle, ZERO) + sum(expiry_deltas([leg]).values(), ZERO)
    long = sum((delta for delta in deltas.values() if delta > 0), ZERO)
    short = -sum((delta for delta in deltas.values() if delta < 0), ZERO)
    return min(long, short) * rate * index


@exact
def delta_contingency(
    deltas: Mapping[Decimal, Decimal], rate_annual: Decimal, index: Decimal
) -> Decimal:
    """Return what moves of the basis between maturities may cost; rounded up at 50 digits.

    Between one maturity and the next the curve moves against all that lies beyond: rate × index ×
    years of the gap × |delta beyond it|. `deltas` are coins by seconds to expiry, zero of
    perpetuals and spot.
    """
    maturities = sorted({ZERO, *deltas})
    total = ZERO
    for near, far in pairwise(maturities):
        beyond = sum((delta for seconds, delta in deltas.items() if seconds >= far), ZERO)
        total += abs(beyond) * (far - near)
    return quotient_up(total * rate_annual * index, YEAR)


@exact
def future_contingency(sizes: Iterable[Decimal], rate: Decimal, index: Decimal) -> Decimal:
    """Return Σ|size| × rate × index of perpetuals and futures, sizes in coins; exact."""
    return sum((abs(size) for size in sizes), ZERO) * rate * index


@exact
def maintenance_margin(loss: Decimal, extra: Contingencies, coin_usd: Decimal) -> Decimal:
    """Return (maximum loss + contingencies) × the settlement coin's price in USD; exact."""
    return (loss + extra.total) * coin_usd


@exact
def initial_margin(maintenance: Decimal, factor: Decimal) -> Decimal:
    """Return a unit's initial margin: a multiple of its maintenance margin; exact."""
    return maintenance * factor


def coin_rate(unit: PortfolioUnit) -> Decimal:
    """Return what a unit's requirement is converted to USD at: the dearest of its contracts' coins.

    Inverse contracts are quoted in USD.
    """
    contracts = [leg for leg in unit.legs if not leg.is_spot]
    prices = (ONE if leg.is_inverse else unit.rates.get(leg.settle, ONE) for leg in contracts)
    return max(prices, default=ONE)


def _sizes(options: Iterable[Leg]) -> dict[Decimal, Decimal]:
    sizes: dict[Decimal, Decimal] = {}
    for leg in options:
        seconds = leg.seconds or ZERO
        sizes[seconds] = sizes.get(seconds, ZERO) + leg.size
    return sizes
