"""What a stress says in one sentence: what breaks, how soon, and else how much is left."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

from crossmargin.margin.assessment import Status, UnitAssessment, UnitKind
from crossmargin.report.words import listed, money, percent
from crossmargin.risk.stress.answer import Outcome
from crossmargin.risk.stress.crash_path import CrashPath
from crossmargin.risk.stress.shocks import ShockKind, signed
from crossmargin.risk.stress.survey import Survey
from crossmargin.risk.stress.survival import Survival

NAMED = 3
"""Units named in a sentence; of more only how many."""


def headline(survey: Survey) -> str:
    """Return the sentence that answers the question that was asked."""
    home = survey.home.now
    if home.status is Status.LIQUIDATABLE:
        return "The account is liquidatable as it stands, before anything happens."
    whole = [one for one in survey.outcomes if one.status is not Status.UNKNOWN]
    crashes = [one for one in survey.outcomes if one.shock.kind is ShockKind.CRASH]
    if crashes:
        others = [one for one in whole if one.shock.kind is not ShockKind.CRASH]
        return _of_crashes(crashes) + _besides(crashes, others)
    if whole:
        return _of_shocks(whole)
    if survey.heat is not None:
        return _of_grid(survey)
    if survey.alone:
        return _of_conditions([outcome for _, outcome in survey.alone])
    if survey.survival is not None:
        return survival_sentence(survey.survival)
    if survey.paths:
        return path_sentence(survey.paths[0])
    if survey.leavings:
        last = survey.leavings[-1]
        costs = listed([f"{money(cost, asset)} {asset}" for asset, cost in last.totals.items()])
        times = _times(last.thinness)
        return (
            f"Leaving everything at once through a book {times} as thin costs {costs or 'nothing'}."
        )
    return "Nothing that was asked has an answer."


def _times(value: Decimal) -> str:
    return f"{value.normalize():f} times"


def _of_crashes(crashes: Sequence[Outcome]) -> str:
    whole = [one for one in crashes if one.status is not Status.UNKNOWN]
    partly = len(crashes) - len(whole)
    lost = [one for one in whole if one.status is Status.LIQUIDATABLE]
    tail = f" ({partly} cannot be told: an asset has no figure there)" if partly else ""
    if not whole:
        return f"None of {len(crashes)} crashes can be told: of each an asset has no figure."
    of = f"{len(lost)} of {len(whole)} named crashes" if len(whole) > 1 else crashes[0].shock.title
    if not lost:
        kept = min(whole, key=_room)
        left = buffer_text(kept.weakest)
        if len(whole) == 1:
            return f"Survives {kept.shock.title}{tail}, with {left} left."
        return (
            f"Survives all {len(whole)} named crashes{tail}: the least is left in "
            f"{kept.shock.title}, {left}."
        )
    hardest = min(lost, key=lambda one: one.breaks_at if one.breaks_at is not None else Decimal(2))
    verb = "liquidates" if len(lost) == 1 else "liquidate"
    soonest = "" if len(whole) == 1 else f"soonest {hardest.shock.title}: "
    return f"{of} {verb} {_whole(hardest)}{tail}; {soonest}{breaking(hardest)}."


def _besides(crashes: Sequence[Outcome], others: Sequence[Outcome]) -> str:
    # Where no crash breaks anything, something else may.
    lost = [one for one in others if one.status is Status.LIQUIDATABLE]
    if not lost or any(one.status is Status.LIQUIDATABLE for one in crashes):
        return ""
    return f" But “{_mildest(lost).shock.title}” liquidates {_whole(lost[0])}."


def _mildest(lost: Sequence[Outcome]) -> Outcome:
    return min(lost, key=lambda one: sum(abs(move) for move in one.shock.moves.values()))


def breaking(outcome: Outcome) -> str:
    """Return what breaks first in a shock, and after which part of it."""
    first = _names(outcome) or "it"
    if outcome.breaks_at is None:
        return f"{first} breaks, after which part of the way is not known"
    if not outcome.breaks_at:
        return f"{first} is broken before prices move"
    after = percent(outcome.breaks_at, rounding=ROUND_FLOOR)
    moves = {
        asset: (outcome.breaks_at * move).quantize(Decimal("0.001"))
        for asset, move in outcome.shock.moves.items()
        if move
    }
    words = ", ".join(f"{asset} {signed(move)}" for asset, move in list(moves.items())[:NAMED])
    more = f" and {len(moves) - NAMED} more" if len(moves) > NAMED else ""
    return f"{first} breaks {after} of the way ({words}{more})"


def _whole(outcome: Outcome) -> str:
    # With buckets, what breaks may be a part.
    return "it" if len(outcome.there.units) == 1 else "something of it"


def _of_shocks(whole: Sequence[Outcome]) -> str:
    lost = [one for one in whole if one.status is Status.LIQUIDATABLE]
    if not lost:
        kept = min(whole, key=_room)
        left = buffer_text(kept.weakest)
        if len(whole) == 1:
            return f"Survives “{kept.shock.title}”, with {left} left."
        return (
            f"Survives all {len(whole)} shocks: the least is left with {kept.shock.title}, {left}."
        )
    mildest = _mildest(lost)
    first = _names(mildest)
    if len(whole) == 1:
        breaks = f"; {first} breaks first" if first else ""
        return f"“{mildest.shock.title}” liquidates {_whole(mildest)}{breaks}."
    return (
        f"{len(lost)} of {len(whole)} shocks liquidate {_whole(mildest)}; the mildest of them is "
        f"{mildest.shock.title}{f', where {first} breaks first' if first else ''}."
    )


def _of_grid(survey: Survey) -> str:
    heat = survey.heat
    if heat is None:
        return ""
    stressed = heat.stressed
    lost = int((stressed.verdict == 1).sum())
    unknown = int((stressed.verdict == 2).sum())
    cells = len(stressed.shocks)
    tail = f"; {unknown} are unknown" if unknown else ""
    if not lost:
        worst = stressed.outcome(stressed.nearest())
        return (
            f"Survives {cells - unknown} of {cells} combinations{tail}: the least is left with "
            f"{worst.shock.title}, {buffer_text(worst.weakest)}."
        )
    gone = [row for row in range(cells) if stressed.verdict[row] == 1]
    mildest = min(gone, key=lambda row: sum(abs(m) for m in stressed.shocks[row].moves.values()))
    return (
        f"{lost} of {cells} combinations liquidate it{tail}; the mildest of them is "
        f"{stressed.shocks[mildest].title}."
    )


def _of_conditions(found: Sequence[Outcome]) -> str:
    lost = [one for one in found if one.status is Status.LIQUIDATABLE]
    if not lost:
        return f"Survives while prices stand still; the least is left: {_least(found)}."
    what = _whole(lost[0])
    return f"{len(lost)} of {len(found)} conditions liquidate {what} while prices stand still."


def _least(found: Sequence[Outcome]) -> str:
    return buffer_text(min(found, key=_room).weakest)


def survival_sentence(survival: Survival) -> str:
    """Return who is liquidated more often, and what that leaves."""
    parts = []
    for place, fate in enumerate(survival.fates):
        verb = "is liquidated" if not place else "is"
        part = f"{fate.mode} {verb} on {percent(1 - fate.survival)} of {survival.paths:,} paths"
        if (loss := fate.loss_given_liquidation) is not None:
            way = "below" if loss >= 0 else "above"
            part += f" and then ends {_rough(abs(loss))} {survival.asset} {way} the start"
        parts.append(part)
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


def path_sentence(path: CrashPath) -> str:
    """Return how the account fares along a path."""
    return f"{path.title}, as it went: " + (
        "survives." if path.broken is None else "is liquidated on the way."
    )


def buffer_text(unit: UnitAssessment) -> str:
    """Return what is left of a unit's buffer, with the unit where it is a bucket."""
    if unit.health is None:
        return "unknown"
    where = "" if unit.kind is UnitKind.POOL else f" in the {unit.name} bucket"
    left = money(unit.health.buffer, unit.asset, rounding=ROUND_FLOOR)
    return f"a buffer of {left} {unit.asset}{where}"


def _names(outcome: Outcome) -> str:
    units = {unit.name: unit for unit in outcome.there.units}
    names = [f"the {name} {units[name].kind}" for name in outcome.first[:NAMED] if name in units]
    if len(outcome.first) > NAMED:
        names.append(f"{len(outcome.first) - NAMED} more")
    return listed(names)


def _room(outcome: Outcome) -> Decimal:
    health = outcome.weakest.health
    if health is None:
        return Decimal("Infinity")
    used = health.fraction()
    return Decimal(-1) if used is None else -used


def _rough(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.4g}"
