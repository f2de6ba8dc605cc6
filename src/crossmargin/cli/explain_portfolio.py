"""The grid of an account in portfolio mode with its numbers: every scenario, every charge."""

from crossmargin.cli.numbers import full
from crossmargin.cli.portfolio_tables import scenario_text
from crossmargin.margin.assessment import Assessment
from crossmargin.money import ONE


def portfolio_lines(assessment: Assessment) -> list[str]:
    """Return a line for each scenario and charge of each unit, in the unit's asset."""
    lines: list[str] = []
    for unit in assessment.portfolio:
        lines.append(f"{unit.name} {'scenarios' if unit.cells else 'pool'}, in {unit.asset}")
        for cell in unit.cells:
            damped = cell.scenario.damping
            counted = "" if damped == ONE else f", counted at {full(damped)}"
            mark = "  ← the worst" if cell is unit.worst else ""
            text = scenario_text(cell.scenario)
            lines.append(f"  {text}{counted}: {full(cell.outcome)}{mark}")
        for charge in unit.charges:
            when = " (initial margin only)" if charge.is_initial_only else ""
            lines.append(f"  {charge.name}{when}: {full(charge.amount)}")
        if unit.cells:
            lines.append(f"  decided by: {unit.binding}")
        lines.append(f"  initial margin = {full(unit.initial_margin)}")
        lines.append(f"  maintenance margin = {full(unit.maintenance_margin)}")
    return lines
