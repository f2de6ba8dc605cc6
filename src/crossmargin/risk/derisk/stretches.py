"""What closing more and more of each position saves and costs, stretch by stretch, in floats.

The ends of stretches are where a position falls into a lower tier, and even parts between. What is
asked there the exact core says, for all positions at once; between two ends it is a straight line,
as ladders are. Holds where each position is asked for alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from crossmargin.margin.assess import assess
from crossmargin.margin.lookup import index_of
from crossmargin.margin.requirement import price_of
from crossmargin.money import EIGHT_PLACES, ZERO, down_to, exact, quotient_up, up_to
from crossmargin.risk.derisk.reductions import Candidate, Task

Floats: TypeAlias = NDArray[np.float64]

STRETCHES = 16
"""Into how many equal stretches a position is cut, besides at its tiers, for costs that curve."""
ASKED_EVERY = 4
"""Of those ends every so many are asked of the core, for rates that grow with every coin."""


@dataclass(frozen=True)
class Table:
    """What closing positions gains and costs, at the ends of their stretches, in floats.

    Attributes
    ----------
    closed : of each position the sizes at the ends, from 0 to all of it.
    saved : the maintenance margin that closing so much takes off, in the unit's asset.
    cost : fee and slippage of closing so much, in the unit's asset.
    start : equity − maintenance margin ÷ target as it is.
    """

    closed: tuple[Floats, ...]
    saved: tuple[Floats, ...]
    cost: tuple[Floats, ...]
    start: float
    target: float

    def slack(self, sizes: Floats) -> float:
        """Return the equity over the target once `sizes` are closed."""
        total = self.start
        for size, closed, saved, cost in zip(
            sizes.tolist(), self.closed, self.saved, self.cost, strict=True
        ):
            if size:
                total += float(np.interp(size, closed, saved)) / self.target
                total -= float(np.interp(size, closed, cost))
        return total


@exact
def table_of(task: Task) -> Table:
    """Return what the core says of the ends of all stretches; positions of the task stand alone."""
    ends = [_ends(one, task) for one in task.candidates]
    count = max(len(row) for row in ends)
    rows = [[row[min(place, len(row) - 1)] for row in ends] for place in range(count)]
    asked = [_asked(row, task) for row in rows]
    found = []
    for place, (one, row) in enumerate(zip(task.candidates, ends, strict=True)):
        rate = float(one.rate)
        even = {one.size * step / STRETCHES for step in range(STRETCHES + 1)}
        closed = sorted({*row, *even})
        saved = np.interp(
            _floats(closed),
            _floats(row),
            rate * _floats([asked[0][place] - asked[step][place] for step in range(len(row))]),
        )
        cuts = [task.cut(one, size) for size in closed]
        cost = rate * _floats([cut.fee + cut.slippage for cut in cuts])
        found.append((_floats(closed), saved, cost))
    start = -float(task.gap(task.unit))
    closed_, saved_, cost_ = zip(*found, strict=True)
    return Table(closed_, saved_, cost_, start, float(task.target))


def _floats(values: Sequence[Decimal]) -> Floats:
    return np.array([float(value) for value in values])


def _ends(one: Candidate, task: Task) -> list[Decimal]:
    # What is closed where the core is asked: at even parts, and where it falls a tier lower.
    kept = {one.size * step / STRETCHES for step in range(0, STRETCHES + 1, ASKED_EVERY)}
    contract = task.rulebook.contracts[one.held.symbol]
    tiers = contract.tiers
    index = index_of(contract, one.mark, task.now.market)
    basis = task.rulebook.margin.maintenance_price
    price = price_of(basis, one.held.position, one.mark, index)
    for floor in tiers.steps if tiers else ():
        at = floor
        if not (tiers and tiers.is_by_size):
            quantity = (
                floor * price if one.instrument.kind.is_inverse else quotient_up(floor, price)
            )
            at = quotient_up(quantity, one.instrument.multiplier)
        if at < one.size:
            kept |= {down_to(EIGHT_PLACES, at), up_to(EIGHT_PLACES, at + EIGHT_PLACES)}
    return sorted(one.size - min(one.size, size) for size in kept)


def _asked(row: Sequence[Decimal], task: Task) -> list[Decimal]:
    # The maintenance margin of each candidate once so much of it is closed.
    left = {
        (one.held.symbol, one.held.side): (one.size - closed).copy_sign(one.held.size)
        for one, closed in zip(task.candidates, row, strict=True)
    }
    sized = (
        replace(held, size=left.get((held.symbol, held.side), held.size))
        for held in task.account.positions
    )
    positions = tuple(held for held in sized if held.size)
    account = replace(task.account, positions=positions, orders=())
    found = assess(account, task.now.market, task.rulebook)
    asked = {(one.symbol, one.side): one.maintenance_margin for one in found.positions}
    return [asked.get((one.held.symbol, one.held.side)) or ZERO for one in task.candidates]


def concave(closed: Floats, saved: Floats) -> Floats:
    """Return the least concave curve above the points, at the points.

    What stretches are worth then falls from one to the next.
    """
    hull = [0]
    for place in range(1, len(closed)):
        while len(hull) > 1 and _is_under(hull[-2], hull[-1], place, closed, saved):
            hull.pop()
        hull.append(place)
    return np.interp(closed, closed[hull], saved[hull])


def _is_under(first: int, middle: int, last: int, closed: Floats, saved: Floats) -> bool:
    run, rise = closed[last] - closed[first], saved[last] - saved[first]
    return bool((saved[middle] - saved[first]) * run <= rise * (closed[middle] - closed[first]))
