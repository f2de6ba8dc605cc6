"""A way back to a target health as a person reads it: what to close, what else it could cost."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal

from rich.console import Console
from rich.text import Text

from crossmargin.cli.console import show_list, show_sentence
from crossmargin.cli.fitting import Column, show_fitting, table_of
from crossmargin.cli.numbers import NONE, asked, held, percent
from crossmargin.cli.numbers import price as price_text
from crossmargin.margin.assessment import UnitAssessment, UnitKind
from crossmargin.money import plain
from crossmargin.risk.derisk.hedges import Hedge
from crossmargin.risk.derisk.program import Derisking, Rescue
from crossmargin.risk.derisk.reductions import Cut, Plan

DIGITS = 7


def show_derisking(out: Console, found: Derisking, hedges: Sequence[Hedge]) -> None:
    """Print the plan of each pool, and the hedges that help."""
    rulebook, target = found.before.rulebook, percent(found.target, up=False)
    out.print(
        f"{rulebook.venue}, rules of {rulebook.edition}: back to a health of {target}", style="dim"
    )
    if not found.rescues:
        worst = found.before.worst
        text = Text(" NOTHING TO DO ", style="reverse bold green")
        text.append(f"  {_name(worst)} is at {_health(worst)}, the least healthy", style="bold")
        out.print(text)
    for place, rescue in enumerate(found.rescues):
        if place:
            out.print()
        _show_rescue(out, rescue)
    if hedges:
        out.print()
        out.print("Small trades that lengthen the joint distance, the most for their cost first:")
        show_fitting(out, (table_of(_hedge_columns(hedges), gap=gap) for gap in (2, 1)))
    show_list(out, "Assumed", (*found.said, *found.before.assumptions), "dim")


def _show_rescue(out: Console, rescue: Rescue) -> None:
    plan, unit = rescue.plan, rescue.before
    money = f"{asked(rescue.top_up_alone, rescue.top_up_asset)} {rescue.top_up_asset}"
    if plan is None:
        text = Text(" NO REDUCTION IS ENOUGH ", style="reverse bold red")
        text.append(f"  {_name(unit)} is at {_health(unit)}", style="bold")
        out.print(text)
        why = " An isolated position keeps its health while it is reduced: it needs money."
        is_bucket = unit.kind is UnitKind.BUCKET
        show_sentence(out, f"Adding {money} to it is.{why if is_bucket else ''}", indent=0)
        return
    cost = f"{asked(plan.cost, unit.asset)} {unit.asset}"
    text = Text(f" {_health(unit)} → {_health(plan.unit)} ", style="reverse bold green")
    text.append(f"  {_name(unit)}, for {cost}", style="bold")
    out.print(text)
    out.print()
    if plan.top_up:
        added = f"{asked(plan.top_up, plan.top_up_asset)} {plan.top_up_asset}"
        show_sentence(out, f"Add {added}{', and close' if plan.cuts else '.'}", indent=0)
    if plan.cuts:
        show_fitting(out, (table_of(_cut_columns(plan.cuts), gap=gap) for gap in (2, 1)))
    out.print()
    show_fitting(out, [table_of(_rival_columns(rescue, plan))])
    show_sentence(out, f"Adding {money} would do without closing anything.", indent=0)


def _cut_columns(cuts: Sequence[Cut]) -> list[Column]:
    return [
        Column("Close", tuple(f"{cut.symbol} {cut.side}" for cut in cuts), is_words=True),
        Column("Size", tuple(plain(cut.size) for cut in cuts)),
        Column("At about", tuple(price_text(_short(cut.price)) for cut in cuts)),
        Column("Notional", tuple(held(cut.notional, cut.asset) for cut in cuts)),
        Column("Fee", tuple(asked(cut.fee, cut.asset) for cut in cuts)),
        Column("Slippage", tuple(asked(cut.slippage, cut.asset) for cut in cuts)),
        Column("", tuple(cut.asset for cut in cuts), is_words=True),
    ]


def _rival_columns(rescue: Rescue, plan: Plan) -> list[Column]:
    asset = rescue.before.asset
    rivals = rescue.rivals
    marks = tuple("← chosen" if one.method == plan.method else "" for one in rivals)
    costs = tuple(NONE if one.cost is None else asked(one.cost, asset) for one in rivals)
    return [
        Column("Found by", tuple(one.method for one in rivals), is_words=True),
        Column(f"Cost, {asset}", costs),
        Column("", marks, is_words=True),
    ]


def _hedge_columns(hedges: Sequence[Hedge]) -> list[Column]:
    verbs = tuple("buy" if one.size > 0 else "sell" for one in hedges)
    return [
        Column("", verbs, is_words=True),
        Column("", tuple(one.symbol for one in hedges), is_words=True),
        Column("Size", tuple(plain(_short(abs(one.size))) for one in hedges)),
        Column("Distance", tuple(f"+{percent(one.distance, up=False)}" for one in hedges)),
        Column(f"Buffer, {hedges[0].asset}", tuple(held(one.buffer, one.asset) for one in hedges)),
        Column("Cost, USD", tuple(asked(one.cost, "USD") for one in hedges)),
    ]


def _name(unit: UnitAssessment) -> str:
    return f"the {unit.name} {unit.kind}"


def _health(unit: UnitAssessment) -> str:
    return percent(unit.health.fraction(), up=True) if unit.health else NONE


def _short(value: Decimal) -> Decimal:
    # To about seven digits: it is where the market is expected to be.
    places = max(0, DIGITS - 1 - value.adjusted())
    return value.quantize(Decimal(1).scaleb(-places), ROUND_DOWN)
