"""A stress as a person reads it: the answer, a line for each shock, what each position made."""

from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from crossmargin.cli.console import show_list, show_sentence
from crossmargin.cli.fitting import Column, show_fitting, table_of
from crossmargin.cli.joint_tables import move_text
from crossmargin.cli.numbers import NONE, UNKNOWN, asked, held, percent
from crossmargin.cli.tables import STYLES
from crossmargin.margin.assessment import Status
from crossmargin.report import words
from crossmargin.report.stress_words import headline
from crossmargin.risk.stress.answer import LIQUIDATABLE, Outcome, Stressed
from crossmargin.risk.stress.conditions import Leaving
from crossmargin.risk.stress.crash_path import CrashPath
from crossmargin.risk.stress.shocks import Shock, ShockKind, signed
from crossmargin.risk.stress.survey import Heat, Survey
from crossmargin.risk.stress.survival import QUANTILES, Fate, Survival

ASSETS_ABREAST = 4
POSITIONS_ABREAST = 4
GRID_COLUMNS_MAX = 15
"""A grid wider than this is for the report and for programs; the screen says what it found."""

TITLES = {
    ShockKind.CRASH: "Crash",
    ShockKind.ALL: "All alike",
    ShockKind.ALONE: "One alone",
    ShockKind.TO_ONE: "Correlation to one",
    ShockKind.STILL: "Conditions",
}


def show_stress(out: Console, survey: Survey, before: Survey | None = None) -> None:
    """Print everything that was asked; the first line answers.

    `before` is the same without trades that are only intended: its answer is the second line.
    """
    show_sentence(out, headline(survey), "bold", indent=0)
    if before is not None:
        show_sentence(out, f"Without the trade: {headline(before)}", indent=0)
    if survey.stressed is not None and survey.stressed.conditions.title:
        show_sentence(out, f"under {survey.stressed.conditions.title}", "dim", indent=0)
    for kind, group in groupby(survey.outcomes, key=lambda one: one.shock.kind):
        out.print()
        show_outcomes(out, TITLES.get(kind, ""), list(group))
    if survey.heat is not None:
        out.print()
        _show_heat(out, survey.heat)
    if survey.alone:
        out.print()
        names = [stressed.conditions.title for stressed, _ in survey.alone]
        show_outcomes(out, "Prices stand still", [one for _, one in survey.alone], names)
    for leaving in survey.leavings[-1:]:
        out.print()
        _show_leaving(out, survey.leavings, leaving)
    if survey.paths:
        out.print()
        show_fitting(out, (table_of(_path_columns(survey.paths), gap=gap) for gap in (2, 1)))
    if survey.survival is not None:
        out.print()
        _show_survival(out, survey.survival)
    _show_losses(out, *_told(survey))
    show_list(out, "Unknown", _unknown(survey), "yellow")
    show_list(out, "Notes", survey.notes, "dim")
    show_list(out, "Assumed", survey.home.now.assumptions, "dim")


def show_outcomes(
    out: Console, title: str, found: Sequence[Outcome], names: Sequence[str] = ()
) -> None:
    """Print a line for each shock."""
    rows = [_name(one, names[place] if names else "") for place, one in enumerate(found)]
    columns = [Column(title, tuple(rows), is_words=True)]
    moving = [] if found[0].shock.kind is not ShockKind.CRASH else _assets(found)
    moves = [
        Column(asset, tuple(_move(one.shock, asset) for one in found))
        for asset in moving[:ASSETS_ABREAST]
    ]
    units = [one.weakest for one in found]
    has_units = any(len(one.there.units) > 1 for one in found)
    asset_of = [unit.asset for unit in units]
    healths = [unit.health for unit in units]
    pairs = list(zip(healths, asset_of, strict=True))
    money = [
        Column("Equity", tuple(held(h.equity if h else None, a) for h, a in pairs)),
        Column("Maint.", tuple(asked(h.maintenance_margin if h else None, a) for h, a in pairs)),
        Column("Buffer", tuple(held(h.buffer if h else None, a) for h, a in pairs)),
    ]
    health = Column(
        "Health", tuple(percent(h.fraction(), up=True) if h else UNKNOWN for h in healths)
    )
    breaks = Column("Breaks at", tuple(_breaks(one) for one in found))
    weakest = [Column("Weakest", tuple(unit.name for unit in units), is_words=True)]
    first = [Column("First to go", tuple(_first(one) for one in found), is_words=True)]
    names_of = (weakest + first) if has_units else []
    layouts = [
        [*columns, *moves, *money, health, breaks, *names_of],
        [*columns, *moves, *money[2:], health, breaks, *names_of],
        [*columns, *moves, *money[2:], breaks, *names_of],
        [*columns, *moves, *money[2:], breaks, *names_of[1:]],
        [*columns, *money[2:], breaks, *names_of[1:]],
    ]
    tables = ((table_of(one, gap=gap)) for one in layouts for gap in (2, 1))
    show_fitting(out, tables)


def _assets(found: Sequence[Outcome]) -> list[str]:
    return list(
        dict.fromkeys(asset for one in found for asset in (*one.shock.moves, *one.shock.unknown))
    )


def _name(outcome: Outcome, name: str) -> Text:
    status = outcome.there.status
    text = Text(name or outcome.shock.title, style=STYLES[status])
    if outcome.shock.unknown:
        text.append(" *", style=STYLES[Status.UNKNOWN])
    return text


def _move(shock: Shock, asset: str) -> str:
    if asset in shock.unknown:
        return UNKNOWN
    return move_text(shock.moves[asset]) if asset in shock.moves else NONE


def _breaks(outcome: Outcome) -> str:
    status = outcome.there.status
    if status is Status.UNKNOWN:
        return UNKNOWN
    if status is Status.OK:
        return NONE
    if outcome.breaks_at is None:
        return UNKNOWN
    return "at once" if not outcome.breaks_at else percent(outcome.breaks_at, up=False)


def _first(outcome: Outcome) -> str:
    if len(outcome.first) > 1:
        return f"{outcome.first[0]} and {len(outcome.first) - 1} more"
    return "".join(outcome.first) or NONE


def _show_heat(out: Console, heat: Heat) -> None:
    axes = list(heat.axes.items())
    across, moves = axes[-1]
    if len(axes) > 2 or len(moves) > GRID_COLUMNS_MAX:
        out.print(_heat_counts(heat), style="dim")
        return
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    down = axes[0] if len(axes) == 2 else ("", (Decimal(0),))
    table.add_column(f"{down[0]} ↓  {across} →" if len(axes) == 2 else across)
    for move in moves:
        table.add_column(signed(move).removesuffix(" %"), justify="right")
    for line, move in enumerate(down[1]):
        rows = range(line * len(moves), (line + 1) * len(moves))
        label = signed(move) if len(axes) == 2 else "health"
        table.add_row(label, *(_cell(heat.stressed, row) for row in rows))
    show_fitting(out, [table])
    show_sentence(
        out,
        "Maintenance margin ÷ equity of the weakest pool or bucket, in percent; × is liquidated.",
        "dim",
        indent=0,
    )


def _cell(stressed: Stressed, row: int) -> Text:
    status = stressed.status(row)
    if status is Status.LIQUIDATABLE:
        return Text("×", style=STYLES[status])
    if status is Status.UNKNOWN:
        return Text(UNKNOWN, style=STYLES[status])
    used = stressed.used(row)
    # Up, as all that is against the account.
    shown = Decimal(repr(used * 100)).quantize(Decimal(1), ROUND_CEILING)
    return Text(f"{min(shown, Decimal(99)):f}", style="dim" if used < 0.5 else "")


def _heat_counts(heat: Heat) -> str:
    lost = int((heat.stressed.verdict == LIQUIDATABLE).sum())
    names = " × ".join(f"{asset} ({len(moves)})" for asset, moves in heat.axes.items())
    return (
        f"Grid of {names}: {lost:,} of {len(heat.stressed.shocks):,} cells liquidated; --json has "
        "them all, --html draws two assets."
    )


def _show_leaving(out: Console, leavings: Sequence[Leaving], last: Leaving) -> None:
    names = tuple(last.costs)
    columns = [Column("Leaving everything", (*names, "all of it"), is_words=True)]
    for one in leavings:
        head = "book as usual" if one.thinness == 1 else f"{one.thinness.normalize():f} × as thin"
        total = ", ".join(
            f"{words.money(v, a, rounding=ROUND_CEILING)} {a}" for a, v in one.totals.items()
        )
        cells = [
            words.money(one.costs[name], one.assets[name], rounding=ROUND_CEILING) for name in names
        ]
        columns.append(Column(head, (*cells, total or "nothing")))
    show_fitting(out, [table_of(columns)])
    show_sentence(out, last.liquidity.sentence() + " Taker fees are included.", "dim", indent=0)


def _path_columns(paths: Sequence[CrashPath]) -> Iterator[Column]:
    yield Column("As it went", tuple(_path_name(path) for path in paths), is_words=True)
    ends = []
    for path in paths:
        if path.broken is None:
            ends.append(NONE)
        else:
            span = int(path.at_ms[path.broken] - path.at_ms[0])
            ends.append(f"after {words.duration(span)}" if span else "at once")
    yield Column("Liquidated", tuple(ends))
    firsts = []
    for path in paths:
        place = path.broken
        broken = (
            [] if place is None else [u.name for u in path.judged(place).units if u.is_liquidatable]
        )
        firsts.append(", ".join(broken[:2]) or NONE)
    yield Column("First to go", tuple(firsts), is_words=True)
    worst = [path.judged(path.lowest) for path in paths]
    units = [one.worst for one in worst]
    yield Column(
        "Lowest buffer",
        tuple(held(u.health.buffer if u.health else None, u.asset) for u in units),
    )
    yield Column(
        "when", tuple(words.moment(int(path.at_ms[path.lowest])) for path in paths), is_words=True
    )


def _path_name(path: CrashPath) -> Text:
    return Text(path.title, STYLES[Status.OK if path.broken is None else Status.LIQUIDATABLE])


def _show_survival(out: Console, survival: Survival) -> None:
    rows = [
        "Survives",
        "  95 % interval",
        "Below start if liquidated",
        "Nothing left",
        "Ends worse",
        "Mean end",
    ]
    rows += [f"  {_quantile(share)} of ends" for share in QUANTILES]
    columns = [Column(f"{survival.paths:,} paths", tuple(rows), is_words=True)]
    worse = survival.worse_ending()
    for fate in survival.fates:
        low, high = fate.survival_interval
        loss = fate.loss_given_liquidation
        cells = [
            _share(fate.survival),
            f"{_share(low)} to {_share(high)}",
            NONE if loss is None else _amount(loss),
            _share(fate.ruin),
            _share(worse[fate.mode]) if fate.mode in worse else NONE,
            _amount(fate.mean),
            *(_amount(value) for value in fate.quantiles().values()),
        ]
        columns.append(Column(fate.mode, tuple(cells)))
    show_fitting(out, [table_of(columns)])
    for fate in survival.fates:
        show_sentence(out, f"{fate.mode}: {_units(fate)}", "dim", indent=0)


def _units(fate: Fate) -> str:
    lost = [f"{name} on {_share(share)}" for name, share in fate.unit_losses().items() if share]
    return f"liquidated are {', '.join(lost)}" if lost else "nothing is ever liquidated"


def _quantile(share: float) -> str:
    return "median" if share == 0.5 else f"{share * 100:.0f} %"


def _share(value: float) -> str:
    return f"{value * 100:.1f} %"


def _amount(value: float) -> str:
    return f"{value:,.2f}"


def _told(survey: Survey) -> tuple[list[Outcome], list[str]]:
    # Of ladders the same numbers again say nothing new.
    kinds = {ShockKind.CRASH, ShockKind.TO_ONE, ShockKind.STILL}
    found = [one for one in survey.outcomes if one.shock.kind in kinds]
    names = [one.shock.title for one in found]
    for stressed, outcome in survey.alone:
        if not stressed.conditions.depegs:
            found.append(outcome)
            names.append(stressed.conditions.title)
    return found, names


def _show_losses(out: Console, found: Sequence[Outcome], titles: Sequence[str]) -> None:
    if not found:
        return
    count = len(found[0].losses)
    for begin in range(0, count, POSITIONS_ABREAST):
        names = [loss.name for loss in found[0].losses[begin : begin + POSITIONS_ABREAST]]
        columns = [Column("Makes", tuple(titles), is_words=True)]
        for offset, name in enumerate(names):
            cells = tuple(_made(one, begin + offset) for one in found)
            columns.append(Column(name.replace(" ", "\n", 1), cells))
        out.print()
        show_fitting(out, [table_of(columns)])


def _made(outcome: Outcome, place: int) -> str:
    loss = outcome.losses[place]
    if loss.profit is None:
        return UNKNOWN
    return words.money(loss.profit + loss.funding, loss.asset, is_signed=True, rounding=ROUND_FLOOR)


def _unknown(survey: Survey) -> list[str]:
    found = [
        f"{one.shock.title}: there is no figure of {', '.join(one.shock.unknown)}, so it stands "
        "still in the line marked *, which is no answer; say what it does with --beta or "
        "--other-coins"
        for one in survey.outcomes
        if one.shock.unknown
    ]
    found += [
        f"{one.shock.title}: {', '.join(one.there.missing)}"
        for one in survey.outcomes
        if one.there.missing
    ]
    found += [
        f"{path.title}: at {path.unknown} moments a price is missing"
        for path in survey.paths
        if path.unknown
    ]
    return [*found, *survey.pathless]
