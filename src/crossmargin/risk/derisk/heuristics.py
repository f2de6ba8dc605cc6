"""What simpler rules would close: position after position in an order, or all of them alike.

Each rule closes whole positions in its order until the target is within reach, and of the last one
as much as it takes; pro rata closes the same part of all. What they are asked of is `Slack`, the
equity over the target after reductions, in floats: sizes come back as floats and become plans, by
the exact core, in `risk.derisk.reductions`.
"""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from crossmargin.money import ZERO
from crossmargin.risk.derisk.reductions import Candidate, Task

Floats: TypeAlias = NDArray[np.float64]
Slack: TypeAlias = Callable[[Floats], float]
"""Sizes closed, in the order of the candidates, in; equity − maintenance margin ÷ target out."""

HALVINGS = 48
"""Of the part of a position that is closed: beyond what a float can tell."""

MAINTENANCE = "largest maintenance margin first"
LOSS = "largest loss first"
NOTIONAL = "largest notional first"
RATE = "most maintenance margin per cost first"
PRO_RATA = "all alike"


def heuristic_sizes(task: Task, slack: Slack) -> Iterator[tuple[str, Floats | None]]:
    """Yield the name of each rule and what it closes; None where closing all is not enough."""
    full = np.array([float(one.size) for one in task.candidates])
    for name, weight in _weights(task).items():
        order = sorted(range(len(full)), key=lambda place: weight(task.candidates[place]))
        yield name, _in_order(list(reversed(order)), full, slack)
    yield PRO_RATA, _alike(full, slack)


def least_part(start: Floats, step: Floats, slack: Slack) -> float:
    """Return the least part of `step` from `start` on that is enough, where all of it is."""
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if slack(start + middle * step) >= 0:
            high = middle
        else:
            low = middle
    return high


def _weights(task: Task) -> dict[str, Callable[[Candidate], float]]:
    def asked(one: Candidate) -> float:
        return float((one.held.maintenance_margin or ZERO) * one.rate)

    def loss(one: Candidate) -> float:
        return -float((one.held.unrealised_pnl or ZERO) * one.rate)

    def value(one: Candidate) -> float:
        return float((one.held.notional or ZERO) * one.rate)

    def rate(one: Candidate) -> float:
        cut = task.cut(one, one.size)
        cost = float((cut.fee + cut.slippage) * one.rate)
        return asked(one) / cost if cost > 0 else float("inf")

    return {MAINTENANCE: asked, LOSS: loss, NOTIONAL: value, RATE: rate}


def _in_order(order: list[int], full: Floats, slack: Slack) -> Floats | None:
    sizes = np.zeros_like(full)
    for place in order:
        before = sizes.copy()
        sizes[place] = full[place]
        if slack(sizes) >= 0:
            step = np.zeros_like(full)
            step[place] = full[place]
            return before + least_part(before, step, slack) * step
    return None


def _alike(full: Floats, slack: Slack) -> Floats | None:
    if slack(full) < 0:
        return None
    return least_part(np.zeros_like(full), full, slack) * full
