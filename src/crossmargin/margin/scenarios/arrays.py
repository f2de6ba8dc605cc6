"""The scenario grid over arrays: many portfolios at once, in float64.

Sweeping a book's size, its hedges or a whole venue plays the grid far more often than decimals
allow. This computes what `revalue` and `volatility` compute, for the legs of many portfolios laid
end to end, and says how far it may be off, so that its user can send what is near a line to the
exact functions: screen in floats, decide in decimals. Charges and venues' own aggregation are not
here. A property test holds the two together.

One compiled loop goes through the legs and adds each to its portfolio's row of outcomes: beside
that row, what it needs for a leg is a few numbers, never legs × scenarios. It compiles the very
functions of `margin.black`. The logarithm of a moved forward is the sum of two, so a cell costs
two complementary error functions and little else.

What is off: inputs are rounded to 53 bits and every term takes a handful of operations, so an
outcome is off by at most `ERROR_FRACTION` × the sum of the absolute values of all its terms, which
is returned beside it. An option's terms count with forward and strike, where its value may be the
small difference of the two. Strikes and moved forwards are within a factor of e^100.

A NaN, an infinity, a price or strike that is not above zero, a volatility or time below zero make
the outcomes of the portfolio NaN: unknown, never a number.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from crossmargin.errors import InvariantBroken, UnitError
from crossmargin.margin import black
from crossmargin.margin.arrays import ERROR_FRACTION, Floats
from crossmargin.margin.black import SECONDS_PER_YEAR, sensitivities, sign_of, undiscounted
from crossmargin.margin.scenarios.leg import Leg, PortfolioUnit
from crossmargin.margin.scenarios.volatility import MONTH
from crossmargin.model.scenario import Direction, Scenario
from crossmargin.rulebooks.portfolio.volatility import TermShift

Places: TypeAlias = NDArray[np.intp]

_MONTH_YEARS = float(MONTH) / black.DAYS_PER_YEAR


@dataclass(frozen=True, eq=False)
class Book:
    """The legs of many portfolios, end to end; columns of shape (n_legs,).

    Attributes
    ----------
    size, price : as in `Leg`: coins, and what a move multiplies.
    sign : 1 of calls, −1 of puts, 0 of what is no option.
    strike, volatility, years : of options, time to expiry of 365 days a year; else not looked at.
    starts : where each portfolio's legs start, and their number last: shape (n_portfolios + 1,).
    """

    size: Floats
    price: Floats
    sign: Floats
    strike: Floats
    volatility: Floats
    years: Floats
    starts: Places


def book(units: Iterable[PortfolioUnit]) -> Book:
    """Return the legs of `units` as columns, each unit a portfolio."""
    portfolios = [unit.legs for unit in units]
    rows = [_row(leg) for legs in portfolios for leg in legs]
    starts = np.array([0, *accumulate(map(len, portfolios))], dtype=np.intp)
    size, price, sign, strike, volatility, years = _columns(rows, 6)
    return Book(size, price, sign, strike, volatility, years, starts)


def _columns(rows: list[tuple[float, ...]], count: int) -> tuple[Floats, ...]:
    return tuple(np.array(rows, dtype=np.float64).reshape(len(rows), count).T.copy())


def _row(leg: Leg) -> tuple[float, ...]:
    size, price, option = float(leg.size), float(leg.price), leg.option
    if option is None:
        return size, price, 0.0, 0.0, 0.0, 0.0
    years = float(leg.seconds or 0) / SECONDS_PER_YEAR
    strike, volatility = float(option.strike), float(option.volatility)
    return size, price, sign_of(option.right), strike, volatility, years


@dataclass(frozen=True, eq=False)
class Grid:
    """Scenarios as columns of shape (n_scenarios,), and how a shift fades with time to expiry.

    A shifted volatility is × max(0, 1 + range × term) and at least the floor; the term is
    (30 ÷ days)^power, as in `TermShift`. A range of zero leaves it.

    Attributes
    ----------
    moves : above −1.
    ranges, floors : of volatility.
    damping : what of an outcome counts, not negative.
    short_power, long_power : up to 30 days, and beyond.
    years_floor : nearer expiries are shifted as if they were so far.

    Raises
    ------
    UnitError
        If a move leaves nothing of the price, or a number is not finite.
    """

    moves: Floats
    ranges: Floats
    floors: Floats
    damping: Floats
    short_power: float
    long_power: float
    years_floor: float

    def __post_init__(self) -> None:
        """Refuse what is no scenario."""
        for column in (self.moves, self.ranges, self.floors, self.damping):
            if not np.isfinite(column).all():
                raise UnitError("a number of a scenario is not finite")
        if (self.moves <= -1).any():
            raise UnitError(
                f"a move of {self.moves.min()} leaves nothing of the price, must be above -1"
            )


def grid(scenarios: Iterable[Scenario], shift: TermShift) -> Grid:
    """Return scenarios as columns.

    Raises
    ------
    UnitError
        If a move leaves nothing of the price.
    """
    rows: list[tuple[float, ...]] = []
    for one in scenarios:
        match one.direction:
            case Direction.NONE:
                reach, floor = 0.0, 0.0
            case Direction.UP:
                reach, floor = float(shift.range_up), float(shift.up_floor)
            case Direction.DOWN:
                reach, floor = -float(shift.range_down), 0.0
            case _:
                raise InvariantBroken(f"{one.direction} tilts the smile and does not shift it")
        rows.append((float(one.move), reach, floor, float(one.damping)))
    moves, ranges, floors, damping = _columns(rows, 4)
    return Grid(
        moves,
        ranges,
        floors,
        damping,
        float(shift.short_power),
        float(shift.long_power),
        float(shift.days_floor) / black.DAYS_PER_YEAR,
    )


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What portfolios make in scenarios, each of shape (n_portfolios, n_scenarios).

    `error` bounds how far `outcome` may be from the exact one. NaN, both, where unknown.
    """

    outcome: Floats
    error: Floats

    @property
    def worst(self) -> Floats:
        """Return each portfolio's lowest outcome; NaN where unknown."""
        lowest: Floats = self.outcome.min(axis=1)
        return lowest

    @property
    def worst_place(self) -> Places:
        """Return which scenario it is in, the first of equals; 0 where unknown."""
        place: Places = self.outcome.argmin(axis=1)
        return place

    def may_be_worst(self) -> NDArray[np.bool_]:
        """Return where only the exact functions can say: scenarios that may be the worst.

        The worst of all is always among them. Where outcomes are unknown there is nothing to
        decide.
        """
        highest: Floats = (self.outcome + self.error).min(axis=1, keepdims=True)
        return self.outcome - self.error <= highest


def outcomes(book: Book, grid: Grid, *, in_coins: bool = False) -> Outcomes:
    """Return what every portfolio makes in every scenario, damped.

    Parameters
    ----------
    in_coins : whether it is counted in coins at the moved price, as `revalue.coin_profit` does,
        and not in the quote asset.
    """
    shape = len(book.starts) - 1, len(grid.moves)
    found, scale = np.zeros(shape), np.zeros(shape[0])
    _compiled(_play)(
        (book.size, book.price, book.sign, book.strike, book.volatility, book.years, book.starts),
        (grid.moves, np.log1p(grid.moves), grid.ranges, grid.floors),
        (grid.short_power, grid.long_power, grid.years_floor),
        in_coins,
        found,
        scale,
    )
    reach = 2 * (1 + np.abs(grid.moves)) * grid.damping
    if in_coins:
        reach /= 1 + grid.moves
    return Outcomes(found * grid.damping, ERROR_FRACTION * np.outer(scale, reach))


@dataclass(frozen=True, eq=False)
class GreekArrays:
    """Greeks of one unit of each leg, shape (n_legs,), in the units of `black.Greeks`.

    What is no option has a delta of one and nothing else. NaN where unknown.
    """

    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats


def greeks(book: Book) -> GreekArrays:
    """Return the greeks of every leg's unit."""
    found = np.empty((4, len(book.size)))
    _compiled(_sense)(book.price, book.sign, book.strike, book.volatility, book.years, found)
    return GreekArrays(*found)


def values(book: Book) -> Floats:
    """Return what one unit of each option is worth by Black-76, undiscounted; else its price.

    Shape (n_legs,), in the quote asset; NaN where unknown.
    """
    found = np.empty(len(book.size))
    _compiled(_value)(book.price, book.sign, book.strike, book.volatility, book.years, found)
    return found


# What follows is compiled: loops over numbers, in the subset of Python that Numba knows.


@cache
def _compiled(loop: Callable[..., None]) -> Callable[..., None]:
    # Numba is imported when something is computed: it takes longer to load than all else here.
    from numba import njit
    from numba.extending import register_jitable

    parts: tuple[Callable[..., Any], ...] = (
        black.normal_cdf,
        black.d1_d2,
        undiscounted,
        sensitivities,
        _is_known,
    )
    for part in parts:
        register_jitable(part)
    compiled: Callable[..., None] = njit(error_model="numpy", nogil=True)(loop)
    return compiled


def _is_known(price: float, sign: float, strike: float, volatility: float, years: float) -> bool:
    if not 0.0 < price < math.inf:
        return False
    return sign == 0.0 or (
        0.0 < strike < math.inf and 0.0 <= volatility < math.inf and 0.0 <= years < math.inf
    )


def _play(
    legs: tuple[Floats, Floats, Floats, Floats, Floats, Floats, Places],
    scenarios: tuple[Floats, Floats, Floats, Floats],
    fading: tuple[float, float, float],
    in_coins: bool,
    found: Floats,
    scale: Floats,
) -> None:
    sizes, prices, signs, strikes, volatilities, times, starts = legs
    moves, logs, ranges, floors = scenarios
    short_power, long_power, years_floor = fading
    for portfolio in range(len(starts) - 1):
        row = found[portfolio]
        linear = 0.0
        for leg in range(starts[portfolio], starts[portfolio + 1]):
            price, sign, strike = prices[leg], signs[leg], strikes[leg]
            volatility, years = volatilities[leg], times[leg]
            weight = sizes[leg] / price if in_coins else sizes[leg]
            if not (_is_known(price, sign, strike, volatility, years) and math.isfinite(weight)):
                linear = math.nan
                scale[portfolio] = math.nan
                continue
            scale[portfolio] += abs(weight) * price
            if sign == 0.0:
                linear += weight * price
                continue
            scale[portfolio] += abs(weight) * strike
            moneyness, root, term = math.log(price / strike), math.sqrt(years), 0.0
            if years > 0.0:
                power = short_power if years <= _MONTH_YEARS else long_power
                term = (_MONTH_YEARS / max(years, years_floor)) ** power
            before = undiscounted(sign, price, strike, moneyness, volatility * root)
            for cell in range(len(moves)):
                shifted = max(volatility * max(0.0, 1.0 + ranges[cell] * term), floors[cell])
                growth = 1.0 + moves[cell]
                after = undiscounted(
                    sign, price * growth, strike, moneyness + logs[cell], shifted * root
                )
                row[cell] += weight * (after - (before * growth if in_coins else before))
        for cell in range(len(moves)):
            row[cell] += linear * moves[cell]
            if in_coins:
                row[cell] /= 1.0 + moves[cell]


def _sense(
    prices: Floats,
    signs: Floats,
    strikes: Floats,
    volatilities: Floats,
    times: Floats,
    found: Floats,
) -> None:
    for leg in range(len(prices)):
        price, sign, strike = prices[leg], signs[leg], strikes[leg]
        volatility, years = volatilities[leg], times[leg]
        sensed = (1.0, 0.0, 0.0, 0.0)
        if not _is_known(price, sign, strike, volatility, years):
            sensed = (math.nan, math.nan, math.nan, math.nan)
        elif sign != 0.0:
            sensed = sensitivities(sign, price, strike, volatility, years)
        for place in range(4):
            found[place, leg] = sensed[place]


def _value(
    prices: Floats,
    signs: Floats,
    strikes: Floats,
    volatilities: Floats,
    times: Floats,
    found: Floats,
) -> None:
    for leg in range(len(prices)):
        price, sign, strike = prices[leg], signs[leg], strikes[leg]
        volatility, years = volatilities[leg], times[leg]
        if not _is_known(price, sign, strike, volatility, years):
            found[leg] = math.nan
        elif sign == 0.0:
            found[leg] = price
        else:
            deviation = volatility * math.sqrt(years)
            moneyness = math.log(price / strike)
            found[leg] = undiscounted(sign, price, strike, moneyness, deviation)
