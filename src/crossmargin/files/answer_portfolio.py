"""What an account in portfolio mode answers beside the rest: its units, taken apart."""

from decimal import Decimal

from crossmargin.files.json_value import Json
from crossmargin.margin.assessment import Assessment
from crossmargin.margin.scenarios.explain import UnitExplanation, explained
from crossmargin.margin.scenarios.requirement import Cell
from crossmargin.money import EIGHT_PLACES, ZERO, down_to, plain, up_to


def portfolio_answer(assessment: Assessment) -> list[Json]:
    """Return every unit with its worst scenario, its charges, and what hedges what."""
    return [_unit(unit) for unit in explained(assessment)]


def _unit(unit: UnitExplanation) -> Json:
    asked = unit.requirement
    return {
        "name": asked.name,
        "asset": asked.asset,
        "initial_margin": plain(up_to(EIGHT_PLACES, asked.initial_margin)),
        "maintenance_margin": plain(up_to(EIGHT_PLACES, asked.maintenance_margin)),
        "alone": plain(up_to(EIGHT_PLACES, unit.alone)),
        "saving": plain(down_to(EIGHT_PLACES, unit.saving)),
        "binding": asked.binding,
        "worst": None if asked.worst is None else _cell(asked.worst),
        "charges": [
            {
                "name": charge.name,
                "amount": plain(up_to(EIGHT_PLACES, charge.amount)),
                "initial_only": charge.is_initial_only,
            }
            for charge in asked.charges
            if charge.amount
        ],
        "scenarios": [_cell(cell) for cell in asked.cells],
        "positions": [
            {
                "symbol": share.symbol,
                "worst": None if share.outcome is None else plain(_cut(share.outcome)),
                "alone": plain(up_to(EIGHT_PLACES, share.alone)),
            }
            for share in unit.shares
        ],
        "pairs": [
            {"symbols": [pair.first, pair.second], "saving": plain(_cut(pair.saving))}
            for pair in unit.pairs
        ],
    }


def _cell(cell: Cell) -> Json:
    scenario = cell.scenario
    return {
        "move": plain(scenario.move),
        "volatility": scenario.direction.value,
        "damping": plain(scenario.damping),
        "outcome": plain(_cut(cell.outcome)),
    }


def _cut(amount: Decimal) -> Decimal:
    # What the account makes is rounded down, never in its favour.
    return down_to(EIGHT_PLACES, amount) if amount else ZERO
