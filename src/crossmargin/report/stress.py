"""One page that shows what becomes of an account under everything that was asked.

It says first what breaks it, then every shock in one table, then the heat map of a grid, the other
conditions, crashes as they went and both margin modes, and last what is not known and where the
figures are from. One file that fetches nothing and needs no script.

Everything that comes from data is escaped. Numbers are rounded for reading; `--json` has them all.
"""

from collections.abc import Iterable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from html import escape
from pathlib import Path
from string import Template

from crossmargin.margin.assessment import Status
from crossmargin.report.fates import distribution, histogram
from crossmargin.report.heat import heat_map
from crossmargin.report.parts import kept, listed_items, part, write_page
from crossmargin.report.stress_words import buffer_text, headline, survival_sentence
from crossmargin.report.words import duration, listed, moment, money, percent
from crossmargin.risk.stress.answer import Outcome
from crossmargin.risk.stress.crash_path import CrashPath
from crossmargin.risk.stress.survey import Survey
from crossmargin.risk.stress.survival import Survival

POSITIONS_NAMED = 4
_CLASSES = {Status.LIQUIDATABLE: "gone", Status.UNKNOWN: "unknown", Status.OK: ""}


def stress_page(survey: Survey, *, title: str = "", before: Survey | None = None) -> str:
    """Return the survey as one HTML document; `title` is what the account is called.

    `before` is the same without trades that are only intended.
    """
    now = survey.home.now
    said = headline(survey)
    rules = f"{now.rulebook.venue}, rules of {now.rulebook.edition}"
    under = "" if survey.stressed is None else survey.stressed.conditions.title
    now_text = f"As it stands: {buffer_text(now.worst)}."
    if before is not None:
        now_text = f"Without the trade: {headline(before)} With it: {buffer_text(now.worst)}."
    parts = {
        "title": escape(f"{title or 'Stress'}: {said}"),
        "kicker": " · ".join(escape(words) for words in (title, rules, _held(survey)) if words),
        "headline": kept(said),
        "verdict": kept(now_text + (f" All of it under {under}." if under else "")),
        "margins": _outcomes(survey.outcomes) if survey.outcomes else "",
        "sections": "\n".join(_sections(survey)),
        "source": escape(f"Rulebook {rules} ({now.rulebook.sha256[:12]})."),
        "style": "\n".join(part(name) for name in ("page.css", "comparison.css", "stress.css")),
    }
    return Template(part("comparison.html")).substitute(parts)


def write_stress(
    path: Path, survey: Survey, *, title: str = "", before: Survey | None = None
) -> None:
    """Write `stress_page` to `path`, replacing what is there, whole or not at all.

    Raises
    ------
    UsageError
        If it cannot be written there.
    """
    write_page(path, stress_page(survey, title=title, before=before))


def _held(survey: Survey) -> str:
    positions = survey.home.now.positions
    named = [f"{p.symbol} {p.side}" for p in positions[:POSITIONS_NAMED]]
    if len(positions) > len(named):
        named.append(f"{len(positions) - len(named)} more")
    return listed(named)


def _sections(survey: Survey) -> Iterable[str]:
    heat = survey.heat
    if heat is not None and len(heat.axes) <= 2:
        yield _section(
            " × ".join(heat.axes),
            "Maintenance margin in percent of the equity of the weakest pool or bucket; every "
            "other price stands still.",
            heat_map(heat),
        )
    if survey.alone:
        names = [stressed.conditions.title for stressed, _ in survey.alone]
        found = [outcome for _, outcome in survey.alone]
        yield _section("While prices stand still", "", _outcomes(found, names))
    if survey.leavings:
        yield _section(
            "Leaving everything at market",
            survey.leavings[-1].liquidity.sentence(),
            _leaving(survey),
        )
    if survey.paths:
        yield _section(
            "Crashes as they went",
            "Prices of now move by what they moved by since the beginning of the window.",
            _paths(survey.paths),
        )
    if survey.survival is not None:
        yield _section(
            "Cross against isolated",
            survival_sentence(survey.survival),
            _survival(survey.survival),
        )
    unknown = [
        f"{one.shock.title}: there is no figure of {', '.join(one.shock.unknown)}; in its line, "
        "marked *, that stands still"
        for one in survey.outcomes
        if one.shock.unknown
    ]
    unknown += [*survey.pathless]
    for title, lines in (
        ("What is not known", unknown),
        ("Where the figures are from", survey.notes),
        ("What was assumed", survey.home.now.assumptions),
    ):
        if lines:
            yield f"<section><h2>{title}</h2>{listed_items(lines)}</section>"


def _section(title: str, about: str, content: str) -> str:
    said = f"<p class=about>{kept(about)}</p>" if about else ""
    return f"<section><h2>{escape(title)}</h2>{said}{content}</section>"


def _outcomes(found: Sequence[Outcome], names: Sequence[str] = ()) -> str:
    positions = [loss.name for loss in found[0].losses] if found else []
    head = ["", "Equity", "Maintenance", "Buffer", "Breaks at", "First to go", *positions]
    rows = []
    for place, one in enumerate(found):
        unit = one.weakest
        health = unit.health
        cells = [
            money(health.equity if health else None, unit.asset, rounding=ROUND_FLOOR),
            money(
                health.maintenance_margin if health else None, unit.asset, rounding=ROUND_CEILING
            ),
            money(health.buffer if health else None, unit.asset, rounding=ROUND_FLOOR),
            _breaks(one),
            ", ".join(one.first[:2]) or "–",
            *(_made(one, number) for number in range(len(positions))),
        ]
        name = names[place] if names else one.shock.title
        rows.append((_CLASSES[one.status], name + (" *" if one.shock.unknown else ""), cells))
    return _table(head, rows)


def _made(outcome: Outcome, place: int) -> str:
    loss = outcome.losses[place]
    if loss.profit is None:
        return "unknown"
    return money(loss.profit + loss.funding, loss.asset, is_signed=True, rounding=ROUND_FLOOR)


def _breaks(outcome: Outcome) -> str:
    if outcome.there.status is Status.OK:
        return "–"
    if outcome.there.status is Status.UNKNOWN or outcome.breaks_at is None:
        return "unknown"
    return percent(outcome.breaks_at, rounding=ROUND_FLOOR)


def _leaving(survey: Survey) -> str:
    books = [f"book {one.thinness.normalize():f} × as thin" for one in survey.leavings[1:]]
    head = ["", "book as usual", *books]
    rows = [
        (
            "",
            name,
            [
                f"{money(one.costs[name], one.assets[name], rounding=ROUND_CEILING)} "
                f"{one.assets[name]}"
                for one in survey.leavings
            ],
        )
        for name in survey.leavings[0].costs
    ]
    return _table(head, rows)


def _paths(paths: Sequence[CrashPath]) -> str:
    rows = []
    for path in paths:
        place, lowest = path.broken, path.lowest
        gone = "–" if place is None else duration(int(path.at_ms[place] - path.at_ms[0]))
        worst = path.judged(lowest).worst
        buffer = worst.health.buffer if worst.health else None
        cells = [
            gone,
            f"{money(buffer, worst.asset, rounding=ROUND_FLOOR)} {worst.asset}",
            moment(int(path.at_ms[lowest])),
        ]
        rows.append(("" if place is None else "gone", path.title, cells))
    return _table(["", "Liquidated after", "Lowest buffer", "at"], rows)


def _survival(survival: Survival) -> str:
    head = ["", *(fate.mode for fate in survival.fates)]
    shares = [
        ("Survives", [percent(fate.survival) for fate in survival.fates]),
        (
            "95 % interval",
            [
                " to ".join(percent(end) for end in fate.survival_interval)
                for fate in survival.fates
            ],
        ),
        (
            f"Below the start if liquidated, {survival.asset}",
            [_loss(fate.loss_given_liquidation) for fate in survival.fates],
        ),
        ("Nothing left", [percent(fate.ruin) for fate in survival.fates]),
        (f"Mean end, {survival.asset}", [f"{fate.mean:,.2f}" for fate in survival.fates]),
    ]
    for share in survival.fates[0].quantiles():
        cells = [f"{fate.quantiles()[share]:,.2f}" for fate in survival.fates]
        shares.append((f"{percent(Decimal(str(share)), shown=0)} end below", cells))
    table = _table(head, [("", name, cells) for name, cells in shares])
    return (
        f"{table}<h3>Share of paths that end at or below an amount</h3>{distribution(survival)}"
        f"<h3>How many paths end where</h3>{histogram(survival)}"
    )


def _loss(value: float | None) -> str:
    return "–" if value is None else f"{value:,.2f}"


def _table(head: Sequence[str], rows: Sequence[tuple[str, str, Sequence[str]]]) -> str:
    titles = "".join(f"<th>{kept(word)}</th>" for word in head)
    lines = "".join(
        f'<tr class="{kind}"><th scope="row">{kept(name)}</th>'
        f"{''.join(f'<td>{kept(cell)}</td>' for cell in cells)}</tr>"
        for kind, name, cells in rows
    )
    return (
        f'<div class="scroll"><table class="wide"><thead><tr>{titles}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )
