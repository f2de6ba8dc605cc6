"""How many portfolios a second a grid of scenarios is played for.

A portfolio is 50 instruments on one underlying: 30 options of five expiries and 20 futures and
perpetuals, made from a seed. The grid is eleven moves by three directions of volatility, shifted by
time to expiry as Deribit and Derive do. The plain loop is what one would write in Python for these
formulas, in floats, with what is the same in every cell taken out of the loop over cells. The
evaluations alone are Black-76 of every option in every scenario, and once more as it is now: what
they take is laid out beforehand, and nothing is added up.
"""

import math
from collections.abc import Iterator
from decimal import Decimal
from random import Random

import numpy as np

from benchmarks.timing import line, rates
from crossmargin.margin.black import black_76
from crossmargin.margin.scenarios.arrays import Book, book, grid, outcomes, values
from crossmargin.margin.scenarios.leg import Leg, OptionPart, PortfolioUnit
from crossmargin.margin.scenarios.revalue import profit
from crossmargin.margin.scenarios.volatility import shifted
from crossmargin.model.option import Right
from crossmargin.model.scenario import Direction, Scenario
from crossmargin.money import ZERO, exact
from crossmargin.rulebooks.portfolio.volatility import TermShift

PORTFOLIOS, OPTIONS, OTHERS = 200, 30, 20
DAY = 86_400
DAYS = (1, 7, 30, 90, 180)
SPOT = 100_000
SHIFT = TermShift(Decimal("0.5"), Decimal("0.25"), Decimal("0.3"), Decimal("0.13"))
GRID = tuple(
    Scenario(Decimal(move) * Decimal("0.032"), direction)
    for move in range(-5, 6)
    for direction in (Direction.DOWN, Direction.NONE, Direction.UP)
)
WORKLOAD = f"{OPTIONS} options and {OTHERS} futures a portfolio, {len(GRID)} scenarios"

PlainLeg = tuple[float, float, Right | None, float, float, float]
"""Size, price, right, strike, volatility, years."""


def bench() -> Iterator[str]:
    """Yield the lines."""
    random = Random(20261001)  # noqa: S311 - A workload, not a secret.
    units = [_portfolio(random) for _ in range(PORTFOLIOS)]
    many, scenarios, one = book(units), grid(GRID, SHIFT), units[0]
    cells, plain_legs = _cells(many), [_plain_leg(leg) for leg in one.legs]
    found, decided = outcomes(many, scenarios), _exact(one)
    assert found.worst_place[0] == decided.index(min(decided))
    for outcome in (decided, _plain(plain_legs)):
        assert np.allclose(found.outcome[0], [float(value) for value in outcome], rtol=1e-9)
    assert len(values(cells)) == PORTFOLIOS * OPTIONS * (len(GRID) + 1)
    played, plain, alone, core = rates(
        lambda: outcomes(many, scenarios).worst,
        lambda: min(_plain(plain_legs)),
        lambda: values(cells),
        lambda: min(_exact(one)),
    )
    ours, black = played * PORTFOLIOS, alone * PORTFOLIOS
    yield line(
        "scenarios",
        ours,
        "portfolios/s",
        "a plain Python loop over the same formulas",
        ours / plain,
        f"{WORKLOAD}; one thread, compiled beforehand; best of 15 alternating rounds",
    )
    yield line(
        "scenarios-black",
        ours,
        "portfolios/s",
        "the same number of Black-76 evaluations alone, compiled likewise",
        ours / black,
        f"{OPTIONS} × ({len(GRID)} + 1) evaluations a portfolio",
    )
    yield line(
        "scenarios-exact",
        core,
        "portfolios/s",
        "the plain Python loop",
        core / plain,
        f"the exact functions, decimal sums; {WORKLOAD}",
    )


def _portfolio(random: Random) -> PortfolioUnit:
    legs = []
    for number in range(OPTIONS + OTHERS):
        size = Decimal(random.randint(-500, 500)) / 10
        days = random.choice(DAYS)
        forward = Decimal(SPOT + 20 * days)
        if number >= OPTIONS:
            legs.append(Leg(f"F{number}", size, forward, "USDC"))
            continue
        strike = Decimal(random.randrange(SPOT // 2, 2 * SPOT, SPOT // 100))
        volatility = Decimal(random.randint(30, 120)) / 100
        part = OptionPart(random.choice(list(Right)), strike, volatility)
        seconds = Decimal(days * DAY)
        legs.append(Leg(f"O{number}", size, forward, "USDC", seconds=seconds, option=part))
    return PortfolioUnit("BTC", "USDC", Decimal(SPOT), tuple(legs))


@exact
def _exact(unit: PortfolioUnit) -> list[Decimal]:
    return [
        sum((profit(leg, one.move, _volatility(leg, one)) for leg in unit.legs), ZERO)
        for one in GRID
    ]


def _volatility(leg: Leg, scenario: Scenario) -> Decimal | None:
    if leg.option is None or leg.seconds is None:
        return None
    return shifted(leg.option.volatility, leg.seconds, scenario.direction, SHIFT)


def _plain_leg(leg: Leg) -> PlainLeg:
    size, price = float(leg.size), float(leg.price)
    if leg.option is None or leg.seconds is None:
        return size, price, None, 0.0, 0.0, 0.0
    years = float(leg.seconds) / (365 * DAY)
    return (
        size,
        price,
        leg.option.right,
        float(leg.option.strike),
        float(leg.option.volatility),
        years,
    )


_PLAIN_SHIFTS = {Direction.DOWN: -0.25, Direction.NONE: 0.0, Direction.UP: 0.5}
_PLAIN_GRID = [(float(one.move), _PLAIN_SHIFTS[one.direction]) for one in GRID]


def _plain(legs: list[PlainLeg]) -> list[float]:
    found = [0.0] * len(_PLAIN_GRID)
    for size, price, right, strike, volatility, years in legs:
        if right is None:
            for place, (move, _) in enumerate(_PLAIN_GRID):
                found[place] += size * price * move
            continue
        days = years * 365
        term = math.pow(30 / days, 0.3 if days <= 30 else 0.13)
        before = black_76(right, price, strike, volatility, years)
        for place, (move, reach) in enumerate(_PLAIN_GRID):
            after = black_76(
                right, price * (1 + move), strike, volatility * max(0.0, 1 + reach * term), years
            )
            found[place] += size * (after - before)
    return found


def _cells(many: Book) -> Book:
    # Every option as it is now, and as each scenario has it, as legs of their own.
    options = many.sign != 0
    size, price, sign, strike, volatility, years = (
        np.tile(column[options], (len(GRID) + 1, 1))
        for column in (
            many.size,
            many.price,
            many.sign,
            many.strike,
            many.volatility,
            many.years,
        )
    )
    for row, (move, reach) in enumerate(_PLAIN_GRID):
        price[row] *= 1 + move
        volatility[row] *= 1 + reach
    columns = (column.ravel() for column in (size, price, sign, strike, volatility, years))
    return Book(*columns, starts=np.array([0]))
