"""From sizes that floats propose to a plan of whole lots that the exact core agrees with.

Sizes are rounded up to the lot. Where that falls short of the target, whatever mends it at the
least cost is closed as well; where it is more than enough, lots are given back, the dearest first.
Every plan on the way is judged by the core, so what is returned reaches the target.
"""

from collections.abc import Sequence
from decimal import Decimal

from crossmargin.margin.pnl import notional
from crossmargin.money import ZERO, exact, quotient_down, quotient_up, up_to
from crossmargin.risk.derisk.reductions import Candidate, Plan, Task

REPAIRS_MAX = 200
PROBE_PART = Decimal("0.0001")
"""Of a position, to see what more of it gains: of a tiny lot the rounding of fees would hide it."""


@exact
def rounded(
    task: Task, method: str, sizes: Sequence[Decimal], top_up: Decimal = ZERO
) -> Plan | None:
    """Return a plan that reaches the target from about `sizes`; None if there is none."""
    whole = [
        min(one.size, up_to(one.lot, max(ZERO, size)))
        for one, size in zip(task.candidates, sizes, strict=True)
    ]
    plan = task.judged(method, whole, top_up)
    for _ in range(REPAIRS_MAX):
        if plan.is_restored:
            return plan
        better = _step(task, plan)
        if better is None:
            return None
        plan = better
    return None


def _step(task: Task, plan: Plan) -> Plan | None:
    # The position that closes the gap at the least cost, as far as a little more of it tells.
    best: tuple[Decimal, int, Decimal] | None = None
    sizes = task.sizes_of(plan)
    for place, one in enumerate(task.candidates):
        left = one.size - sizes[place]
        if not left:
            continue
        step = min(left, up_to(one.lot, one.size * PROBE_PART))
        tried = task.judged(plan.method, _with(sizes, place, step), plan.top_up)
        gain = plan.gap - tried.gap
        if gain <= 0 and not tried.is_restored:
            continue
        needed = step
        if not tried.is_restored and plan.gap > 0:
            needed = min(left, up_to(one.lot, quotient_up(plan.gap * step, gain)))
        cost = quotient_up((tried.cost - plan.cost) * needed, step)
        if not tried.is_restored and gain * needed < plan.gap * step:
            cost += plan.gap  # Not enough alone: only where nothing else is.
        if best is None or cost < best[0]:
            best = cost, place, needed
    if best is None:
        return None
    _, place, needed = best
    return task.judged(plan.method, _with(sizes, place, needed), plan.top_up)


@exact
def trimmed(task: Task, plan: Plan) -> Plan:
    """Return the plan without the lots that it does not need, the dearest given back first."""

    def lot_cost(place: int) -> Decimal:
        one = task.candidates[place]
        cut = task.cut(one, min(one.lot, one.size))
        return (cut.fee + cut.slippage) * one.rate

    sizes = task.sizes_of(plan)
    # A position closed whole stays so: a last lot left behind would be dust.
    places = [
        place for place, size in enumerate(sizes) if ZERO < size < task.candidates[place].size
    ]
    for place in sorted(places, key=lot_cost, reverse=True):
        one = task.candidates[place]
        rest = sizes[place] % one.lot  # A position may end between lots.
        if plan.gap + _gain_least(one, rest or one.lot, task) > 0:
            continue
        plan = _given_back(task, plan, place, rest)
        sizes = task.sizes_of(plan)
    return plan


def _given_back(task: Task, plan: Plan, place: int, rest: Decimal) -> Plan:
    # The plan without the lots of one position that it does not need; of them all at once
    # where a little tells how many, and else by doubling and halving.
    lot, sizes = task.candidates[place].lot, task.sizes_of(plan)
    most = int((sizes[place] - rest) / lot) + (1 if rest else 0)

    def less(lots: int) -> Plan | None:
        size = lots * lot - (lot - rest if rest and lots else ZERO)
        tried = task.judged(plan.method, _with(sizes, place, -size), plan.top_up)
        return tried if tried.is_restored and tried.cost <= plan.cost else None

    probe = min(most, max(1, int(sizes[place] * PROBE_PART / lot)))
    gain = task.judged(plan.method, _with(sizes, place, -probe * lot), plan.top_up).gap
    gain -= plan.gap
    low, high, best = 0, most + 1, plan
    guess = int(quotient_down(-plan.gap * probe, gain)) if gain > 0 else 0
    for lots in (guess, guess + 1):
        if low < lots < high:
            found = less(lots)
            low, high, best = (lots, high, found) if found else (low, lots, best)
    while high - low > 1:
        middle = min((low + high) // 2, 2 * low + 1)
        found = less(middle)
        low, high, best = (middle, high, found) if found else (low, middle, best)
    return best


def _with(sizes: Sequence[Decimal], place: int, step: Decimal) -> list[Decimal]:
    changed = list(sizes)
    changed[place] += step
    return changed


def _gain_least(candidate: Candidate, size: Decimal, task: Task) -> Decimal:
    # A lot closes at least so much of the gap where a ladder says what it is asked for: its first
    # rate is its lowest. It saves trying lots that cannot be given back.
    tiers = task.rulebook.contracts[candidate.held.symbol].tiers
    if tiers is None or task.is_joint:
        return ZERO
    value = notional(size, candidate.mark, candidate.instrument) * candidate.rate
    least = value * (tiers.pieces[0].rate / 2 - task.fee_fraction)
    return max(ZERO, least)
