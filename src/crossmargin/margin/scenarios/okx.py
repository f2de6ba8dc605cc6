"""OKX's portfolio margin: a unit's worst scenario, and what is asked for it all together.

All that is on one underlying is one unit, counted in USD: legs in stable coins are converted at
the coin's index. Risks have OKX's names:

MR1 the worst of a grid of moves, each with volatility down, as it is and up; MR2 a day's decay of
options; MR6 a part of the loss at one extreme move; MR3 to MR5 and MR7 are in `okx_charges`, MR9
is `okx_depeg`. MR8, what debts are asked for, belongs to the account and not to a unit. Spot joins
only as far as it hedges.

Sources: OKX API documentation, position builder; help, "OKX will update margin calculation rules
for the portfolio margin mode" and "OKX will further adjust portfolio margin parameters"
(2025-01-02). Where neither has a formula or a number, the rulebook says what is assumed.
"""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.errors import UsageError
from crossmargin.margin.scenarios.grouping import USD
from crossmargin.margin.scenarios.leg import PortfolioUnit
from crossmargin.margin.scenarios.okx_charges import (
    basis_charge,
    interest_charge,
    minimum_charge,
    vega_charge,
)
from crossmargin.margin.scenarios.okx_depeg import depeg_charge
from crossmargin.margin.scenarios.okx_legs import scenario_profit, usd_rate, with_spot_in_use
from crossmargin.margin.scenarios.requirement import (
    Cell,
    Charge,
    UnitRequirement,
    worst_case,
    worst_of,
)
from crossmargin.margin.scenarios.revalue import option_value
from crossmargin.margin.scenarios.volatility import SECONDS_PER_DAY
from crossmargin.model.scenario import Direction, Scenario
from crossmargin.money import ZERO, exact
from crossmargin.rulebooks.portfolio.okx import OkxPortfolio, VolatilityShift

DIRECTIONS = (Direction.DOWN, Direction.NONE, Direction.UP)


class Risks(Struct, frozen=True):
    """What each of OKX's risks comes to in a unit, in USD, none below zero; `mr8` is no unit's."""

    mr1: Decimal = ZERO
    mr2: Decimal = ZERO
    mr3: Decimal = ZERO
    mr4: Decimal = ZERO
    mr5: Decimal = ZERO
    mr6: Decimal = ZERO
    mr7: Decimal = ZERO
    mr9: Decimal = ZERO


@exact
def requirement(unit: PortfolioUnit, rule: OkxPortfolio) -> UnitRequirement:
    """Return what OKX asks of a unit.

    Raises
    ------
    UnknownError
        If the parameters of the underlying are not known.
    UsageError
        If the unit is not counted in USD: portfolio margin has one pool.
    """
    if unit.asset != USD:
        raise UsageError("OKX's portfolio margin is one pool in USD: assets_mode must be multi")
    used = with_spot_in_use(unit)
    risk = rule.move(unit.name)
    moves = moves_of(rule.spot_shock(unit.name).steps)
    grid = spot_shock_cells(used, moves, rule.volatility)
    extremes = extreme_cells(used, risk.extreme_move, rule.extreme_fraction)
    found = Risks(
        mr1=worst_case(cell.outcome for cell in grid),
        mr2=theta_charge(used),
        mr3=vega_charge(used, rule),
        mr4=basis_charge(used, risk),
        mr5=interest_charge(used, risk.interest_annual),
        mr6=worst_case(cell.outcome for cell in extremes),
        mr7=minimum_charge(used, rule),
        mr9=depeg_charge(used, rule),
    )
    maintenance = maintenance_margin(found)
    cells = (*grid, *extremes)
    return UnitRequirement(
        name=unit.name,
        asset=unit.asset,
        symbols=tuple(leg.symbol for leg in unit.legs),
        cells=cells,
        worst=worst_of(cells),
        charges=(
            Charge("MR2 theta decay", found.mr2),
            Charge("MR3 vega term structure", found.mr3),
            Charge("MR4 basis", found.mr4),
            Charge("MR5 interest", found.mr5),
            Charge("MR7 minimum charge", found.mr7),
            Charge("MR9 stablecoin depeg", found.mr9),
        ),
        initial_margin=initial_margin(maintenance, rule.initial_to_maintenance),
        maintenance_margin=maintenance,
        binding=_binding(found),
    )


@exact
def spot_shock_cells(
    unit: PortfolioUnit, moves: Sequence[Decimal], shifts: Sequence[VolatilityShift]
) -> tuple[Cell, ...]:
    """Return the grid of MR1: each of `moves` with every volatility.

    Volatility makes no difference without options; then each move is played once.
    """
    has_options = any(leg.option is not None for leg in unit.legs)
    directions = DIRECTIONS if has_options else (Direction.NONE,)
    return tuple(
        _cell(unit, Scenario(move, direction), shifts) for move in moves for direction in directions
    )


def moves_of(steps: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """Return MR1's moves in ascending order: every step down, none, every step up."""
    up = sorted(steps)
    return (*(-step for step in reversed(up)), ZERO, *up)


@exact
def extreme_cells(unit: PortfolioUnit, move: Decimal, fraction: Decimal) -> tuple[Cell, ...]:
    """Return MR6's two cells: the extreme move either way, volatility as it is, counted in part."""
    return tuple(_cell(unit, Scenario(one, damping=fraction), ()) for one in (-move, move))


def _cell(unit: PortfolioUnit, scenario: Scenario, shifts: Sequence[VolatilityShift]) -> Cell:
    shares = tuple(scenario_profit(leg, unit, scenario, shifts) for leg in unit.legs)
    return Cell(scenario, scenario.damping * sum(shares, ZERO), shares)


@exact
def theta_charge(unit: PortfolioUnit) -> Decimal:
    """Return MR2, in USD: what the options lose in a day in which nothing else happens."""
    lost = ZERO
    for leg in unit.legs:
        if leg.option is not None:
            tomorrow = max(ZERO, (leg.seconds or ZERO) - SECONDS_PER_DAY)
            now, then = (
                option_value(one, ZERO, leg.option.volatility)
                for one in (leg, replace(leg, seconds=tomorrow))
            )
            lost += leg.size * (now - then) * usd_rate(leg, unit)
    return max(ZERO, lost)


@exact
def maintenance_margin(risks: Risks) -> Decimal:
    """Return max(max(MR1, MR2, MR6) + MR3 + MR4 + MR5, MR7) + MR9; exact.

    That MR9 is added outside of the maximum is assumed: in OKX's sample it is zero.
    """
    return max(_scenarios(risks), risks.mr7) + risks.mr9


@exact
def initial_margin(maintenance: Decimal, factor: Decimal) -> Decimal:
    """Return a unit's initial margin: a multiple of its maintenance margin; exact."""
    return maintenance * factor


def _scenarios(risks: Risks) -> Decimal:
    return max(risks.mr1, risks.mr2, risks.mr6) + risks.mr3 + risks.mr4 + risks.mr5


def _binding(risks: Risks) -> str:
    if risks.mr7 > _scenarios(risks):
        return "MR7 minimum charge"
    return "MR2 theta decay" if risks.mr2 > max(risks.mr1, risks.mr6) else "scenario"
