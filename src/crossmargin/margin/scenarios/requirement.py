"""What a grid comes to: every scenario's outcome, the charges, and the margins that follow."""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from crossmargin.model.scenario import Scenario
from crossmargin.money import ZERO, exact


class Cell(Struct, frozen=True):
    """One scenario played.

    Attributes
    ----------
    outcome : what the unit makes in it as the venue counts it: after damping, offsets and
        rounding; losses negative.
    shares : what each leg makes in it as it is, in the order of the unit's legs.
    """

    scenario: Scenario
    outcome: Decimal
    shares: tuple[Decimal, ...]


class Charge(Struct, frozen=True):
    """Something asked for beside the worst scenario; `amount` is not negative.

    Attributes
    ----------
    name : as the venue calls it, such as "roll shock" or "MR4 basis".
    is_initial_only : whether keeping the portfolio does not take it.
    """

    name: str
    amount: Decimal
    is_initial_only: bool = False


class UnitRequirement(Struct, frozen=True):
    """What is asked of one unit, in `asset`; margins are not negative.

    Attributes
    ----------
    name : of the unit.
    symbols : of its legs, in their order.
    cells : every scenario played, in the venue's order.
    worst : the cell with the lowest outcome; None without cells, or where none loses.
    binding : what decides: "scenario", or the name of the charge that takes its place.
    """

    name: str
    asset: str
    symbols: tuple[str, ...]
    cells: tuple[Cell, ...]
    worst: Cell | None
    charges: tuple[Charge, ...]
    initial_margin: Decimal
    maintenance_margin: Decimal
    binding: str = "scenario"


def worst_of(cells: tuple[Cell, ...]) -> Cell | None:
    """Return the cell with the lowest outcome, the first of equals; None where none loses."""
    lowest = min(cells, key=lambda cell: cell.outcome, default=None)
    return lowest if lowest is not None and lowest.outcome < ZERO else None


@exact
def worst_case(outcomes: Iterable[Decimal]) -> Decimal:
    """Return the largest loss; zero where none loses."""
    return max(ZERO, -min(outcomes, default=ZERO))
