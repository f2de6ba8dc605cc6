"""The cheapest way back to a target health, as a linear program.

Where positions are asked for one by one, equity over the target is a sum over positions: what
closing part of one takes off its maintenance margin, less what it costs. Maintenance margin is
convex and piecewise linear in size (the maximum of a ladder's affine pieces), and the cost nearly
so. So each position is cut into stretches, from its end downwards, each worth less and costing more
than the one before, and the program

    minimise Σ cost · x + price · t   so that   Σ gain · x + t ≥ gap,   0 ≤ x ≤ length

fills them in that order by itself. `stretches` asks the core what is asked at the ends of
stretches; a ladder that jumps is given its concave hull, and rounding repairs the rest.

Where positions ask for something together (scenarios, netting), gains are those of a small step by
the core, the step of the program is bounded, and it is solved again from where it led, until the
target is met.

Floats only propose. Every proposal, and every rule of `heuristics`, becomes a plan of whole
lots that the exact core judges, and the cheapest that meets the target is returned.
"""

from decimal import Decimal
from typing import TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from crossmargin.errors import UnknownError, UsageError
from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment, UnitAssessment, UnitKind
from crossmargin.model.account import Account
from crossmargin.model.liquidity import Liquidity
from crossmargin.model.market import Market
from crossmargin.money import EIGHT_PLACES, ONE, ZERO, exact, plain, up_to
from crossmargin.risk.derisk.heuristics import Slack, heuristic_sizes, least_part
from crossmargin.risk.derisk.reductions import Plan, Task, task_of
from crossmargin.risk.derisk.rounding import rounded, trimmed
from crossmargin.risk.derisk.stretches import Table, concave, table_of
from crossmargin.rulebooks.schema import Rulebook

Floats: TypeAlias = NDArray[np.float64]

PROGRAM = "linear program"
SEQUENCE = "linear programs in sequence"
ROUNDS_MAX = 12
STEP_PART = 0.02
"""How much of a position the step is by which a gain is measured."""
PRICE_LEAST = 1e-6
NEARLY = Decimal("1.02")
REACH_PART = 0.34
"""How much of a position one program of a sequence may close."""


class Rival(Struct, frozen=True):
    """Another way to the target, and what it costs; None where it does not lead there."""

    method: str
    cost: Decimal | None


class Rescue(Struct, frozen=True):
    """A pool or bucket that is above the target, and the way back.

    Attributes
    ----------
    plan : the cheapest that was found; None where no reduction leads there.
    rivals : every way that was tried, in the order they were.
    top_up_alone : the fresh money that alone would do, in `top_up_asset`.
    """

    before: UnitAssessment
    plan: Plan | None
    rivals: tuple[Rival, ...]
    top_up_alone: Decimal
    top_up_asset: str


class Derisking(Struct, frozen=True):
    """What brings an account back to a target.

    Attributes
    ----------
    rescues : one for each pool or bucket that is above it, the least healthy first.
    after : the account with all plans carried out.
    said : what is assumed, in sentences.
    """

    before: Assessment
    target: Decimal
    rescues: tuple[Rescue, ...]
    after: Assessment
    said: tuple[str, ...]

    @property
    def is_reached(self) -> bool:
        """Return whether all of the account is at the target or below, after the plans."""
        return all(rescue.plan is not None for rescue in self.rescues)


@exact
def derisked(
    account: Account,
    market: Market,
    rulebook: Rulebook,
    *,
    target: Decimal = Decimal("0.5"),
    liquidity: Liquidity | None = None,
    top_up_max: Decimal = ZERO,
    top_up_price: Decimal = ZERO,
) -> Derisking:
    """Return the cheapest reductions, or fresh money, that bring all of the account to `target`.

    Parameters
    ----------
    target : maintenance margin ÷ equity, above 0 and up to 1.
    top_up_max, top_up_price : how much fresh money there is for a pool, and what one unit of it
        is taken to cost; 0 is none, and nothing.

    Raises
    ------
    UsageError
        If the target is out of range.
    UnknownError
        If health is unknown.
    """
    if not ZERO < target <= ONE:
        raise UsageError(f"a target health of {plain(target)} must be above 0 and up to 1")
    model = liquidity or Liquidity()
    before = assess(account, market, rulebook)
    if before.missing:
        raise UnknownError(f"a plan is unknown without {', '.join(before.missing)}")
    rescues, after = [], before
    for unit in sorted(before.units, key=_health, reverse=True):
        task = task_of(
            after,
            unit,
            target,
            model.fill_price,
            top_up_max=top_up_max,
            top_up_price=top_up_price,
        )
        if task.gap(unit) <= 0 and not unit.is_liquidatable:
            continue
        if unit.kind is UnitKind.BUCKET:
            rescues.append(_of_bucket(task))
            continue
        rescue = cheapest(task)
        rescues.append(rescue)
        after = rescue.plan.after if rescue.plan is not None else after
    said = [model.sentence(), f"Reductions pay {rulebook.venue}’s taker fee."]
    if any(before.rulebook.contracts[one.symbol].option for one in before.positions):
        said.append("Options are left as they are.")
    return Derisking(before, target, tuple(rescues), after, tuple(said))


def cheapest(task: Task) -> Rescue:
    """Return the cheapest plan of the linear program and the heuristics, and what each costs."""
    if not task.candidates:
        return Rescue(task.unit, None, (), task.top_up_alone(), task.top_up_asset)
    slack: Slack
    if task.is_joint:
        slack = _exact_slack(task)
        name, found, money = SEQUENCE, *_sequence(task)
    else:
        table = table_of(task)
        slack = table.slack
        name, found, money = PROGRAM, *program(task, table)
    proposals: list[tuple[str, Floats | None, Decimal]] = [(name, found, money)]
    proposals += [(rule, sizes, ZERO) for rule, sizes in heuristic_sizes(task, slack)]
    plans: dict[str, Plan] = {}
    for rule, sizes, top_up in proposals:
        plan = None if sizes is None else rounded(task, rule, _decimals(sizes, task), top_up)
        if plan is not None:
            plans[rule] = plan
    least = min((plan.cost for plan in plans.values()), default=ZERO)
    for rule, plan in plans.items():
        # What is dearer by more will not be the cheapest for a lot less.
        if plan.cost <= least * NEARLY:
            plans[rule] = trimmed(task, plan)
    rivals = [Rival(rule, plans[rule].cost if rule in plans else None) for rule, _, _ in proposals]
    best = min(plans.values(), key=lambda plan: plan.cost, default=None)
    return Rescue(task.unit, best, tuple(rivals), task.top_up_alone(), task.top_up_asset)


def _of_bucket(task: Task) -> Rescue:
    amount = max(ZERO, up_to(EIGHT_PLACES, task.gap(task.unit)))
    return Rescue(task.unit, None, (), amount, task.unit.asset)


def program(task: Task, table: Table) -> tuple[Floats | None, Decimal]:
    """Return the sizes that the linear program closes, and the fresh money it takes, in floats.

    None where it has no solution: closing all and adding all there is would not be enough.
    """
    lengths, gains, costs, owners = [], [], [], []
    for place, (closed, saved, cost) in enumerate(
        zip(table.closed, table.saved, table.cost, strict=True)
    ):
        length = np.diff(closed)
        saved = concave(closed, saved)
        cost_slope = np.diff(cost) / length
        lengths.append(length)
        gains.append(np.diff(saved) / length / table.target - cost_slope)
        costs.append(cost_slope)
        owners.append(np.full(len(length), place))
    filled, money = _solved(
        np.concatenate(costs), np.concatenate(gains), np.concatenate(lengths), -table.start, task
    )
    if filled is None:
        return None, ZERO
    sizes = np.zeros(len(task.candidates))
    np.add.at(sizes, np.concatenate(owners), filled)
    return sizes, money


def _solved(
    costs: Floats, gains: Floats, lengths: Floats, gap: float, task: Task
) -> tuple[Floats | None, Decimal]:
    from scipy.optimize import linprog  # type: ignore[import-untyped]

    # Money and sizes differ by many powers of ten: each variable is the filled part of its stretch.
    scale = max(abs(gap), float(EIGHT_PLACES))
    money_max = float(task.top_up_max * task.money_rate)
    # Money that is free is not taken without need.
    price = max(float(task.top_up_price), PRICE_LEAST)
    found = linprog(
        np.append(costs * lengths, price * money_max) / scale,
        A_ub=-np.append(gains * lengths, money_max)[None, :] / scale,
        b_ub=[-gap / scale],
        bounds=(0.0, 1.0),
        method="highs",
    )
    if found.status != 0:
        return None, ZERO
    money = min(task.top_up_max, up_to(EIGHT_PLACES, Decimal(float(found.x[-1])) * task.top_up_max))
    return found.x[:-1] * lengths, money


def _exact_slack(task: Task) -> Slack:
    def slack(sizes: Floats) -> float:
        return -float(task.judged("", _decimals(sizes, task)).gap)

    return slack


def _sequence(task: Task) -> tuple[Floats | None, Decimal]:
    # Gains of a small step, a program of bounded reach, and again from where it led.
    slack = _exact_slack(task)
    full = np.array([float(one.size) for one in task.candidates])
    before = sizes = np.zeros_like(full)
    for _ in range(ROUNDS_MAX):
        here = slack(sizes)
        if here >= 0:
            # Gains that fall on the way were taken to last: only the part that is needed.
            return before + least_part(before, sizes - before, slack) * (sizes - before), ZERO
        steps = np.minimum(full - sizes, np.maximum(STEP_PART * full, _lots(task)))
        gains, costs = np.zeros_like(full), np.zeros_like(full)
        for place in np.flatnonzero(steps).tolist():
            beyond = sizes.copy()
            beyond[place] += steps[place]
            gains[place] = (slack(beyond) - here) / steps[place]
            costs[place] = _cost(task, place, beyond) - _cost(task, place, sizes)
            costs[place] /= steps[place]
        reach = np.minimum(full - sizes, np.maximum(REACH_PART * full, _lots(task)))
        worthwhile = np.where(gains > 0, reach, 0.0)
        if not worthwhile.any():
            return None, ZERO
        filled, money = _solved(costs, gains, worthwhile, -here, task)
        if money:
            return sizes + (0 if filled is None else filled), money
        before, sizes = sizes, sizes + (worthwhile if filled is None else filled)
    return sizes, ZERO


def _cost(task: Task, place: int, sizes: Floats) -> float:
    one = task.candidates[place]
    cut = task.cut(one, _decimals(sizes, task)[place])
    return float((cut.fee + cut.slippage) * one.rate)


def _lots(task: Task) -> Floats:
    return np.array([float(one.lot) for one in task.candidates])


def _decimals(sizes: Floats, task: Task) -> list[Decimal]:
    # Cut to 8 places, upwards: what rounds up to a lot later must not be one lot more for a float.
    return [
        min(one.size, max(ZERO, Decimal(repr(size)).quantize(EIGHT_PLACES)))
        for one, size in zip(task.candidates, sizes.tolist(), strict=True)
    ]


def _health(unit: UnitAssessment) -> Decimal:
    fraction = unit.health.fraction() if unit.health else None
    return Decimal("Infinity") if fraction is None else fraction
