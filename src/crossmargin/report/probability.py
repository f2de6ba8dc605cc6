"""One page that says how likely liquidation is: the number, its interval, when, and who goes first.

One file that fetches nothing and needs no script: its curve is drawn in the page. Everything that
comes from data is escaped. Numbers are rounded for reading; `--json` has them all.
"""

from collections.abc import Iterable
from html import escape
from pathlib import Path
from string import Template

from crossmargin.margin.assessment import Status
from crossmargin.report.chances import (
    chance,
    first_to_go,
    interval_words,
    loss_text,
    nearest_words,
    sampling_words,
    time_words,
)
from crossmargin.report.parts import kept, listed_items, part, write_page
from crossmargin.report.words import duration
from crossmargin.risk.chance.outlook import Outlook
from crossmargin.risk.chance.probability import Likelihood

WIDE, HIGH, LEFT, BELOW = 640, 220, 70, 26


def probability_page(found: Outlook, *, title: str = "") -> str:
    """Return the answer as one HTML document; `title` is what the account is called."""
    one, now = found.likelihood, found.situation.now
    within = duration(one.horizon_ms)
    headline = f"Liquidated within {within}: {chance(one.value)}."
    verdict = f"{interval_words(one).capitalize()}. {nearest_words(found)}"
    if now.status is Status.LIQUIDATABLE:
        headline, verdict = f"{now.worst.name} is liquidatable where prices are now.", ""
    rules = f"{now.rulebook.venue}, rules of {now.rulebook.edition}"
    parts = {
        "title": escape(f"{title or 'Probability'}: {headline}"),
        "kicker": " · ".join(escape(words) for words in (title, rules) if words),
        "headline": kept(headline),
        "verdict": kept(verdict),
        "margins": _units(one),
        "sections": "\n".join(_sections(found)),
        "source": escape(f"Rulebook {now.rulebook.sha256[:12]}; seed {one.seed}."),
        "style": f"{part('page.css')}\n{part('comparison.css')}\n{part('probability.css')}",
    }
    return Template(part("comparison.html")).substitute(parts)


def write_probability(path: Path, found: Outlook, *, title: str = "") -> None:
    """Write `probability_page` to `path`, replacing what is there, whole or not at all.

    Raises
    ------
    UsageError
        If it cannot be written there.
    """
    write_page(path, probability_page(found, title=title))


def _units(one: Likelihood) -> str:
    rows = "".join(
        f"<tr><th scope=row>{escape(f'{unit.kind} {unit.name}')}</th>"
        f"<td>{kept(chance(unit.value))}</td>"
        f"<td>{escape(loss_text(unit.equity, unit.asset))}</td>"
        f"<td>{escape(loss_text(unit.loss, unit.asset))}</td></tr>"
        for unit in first_to_go(one)
    )
    heads = ("First to go", "Chance", "Equity now", "Loses on average")
    head = "".join(f"<th scope=col>{text}</th>" for text in heads)
    table = f"<table class=wide><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f"<section>{table}</section>"


def _sections(found: Outlook) -> Iterable[str]:
    one = found.likelihood
    if one.by_step[-1] > 0 and one.paths:
        yield _section("By when", f"<p>{kept(time_words(one))}</p>{curve(one)}")
    if one.paths:
        yield _section("How sure this is", f"<p>{kept(sampling_words(one))}</p>")
    yield _section("Drawn from", listed_items(found.drawn))
    yield _section("Prices and funding", listed_items(found.sources))
    if found.left_out:
        yield _section("Left out", listed_items(found.left_out))
    if found.situation.now.assumptions:
        yield _section("What was assumed", listed_items(found.situation.now.assumptions))


def curve(one: Likelihood) -> str:
    """Return a drawing of the probability to be liquidated by the end of each step."""
    top = one.by_step[-1]
    count = len(one.by_step)
    points = [(0.0, 0.0), *enumerate(one.by_step, 1)]
    drawn = " ".join(
        f"{LEFT + (WIDE - LEFT) * place / count:.1f},{10 + (HIGH - 10) * (1 - value / top):.1f}"
        for place, value in points
    )
    label = f"Probability to be liquidated, up to {chance(top)} after {duration(one.horizon_ms)}"
    return (
        f'<svg class="chance" viewBox="0 0 {WIDE + 10} {HIGH + BELOW}" role="img" '
        f'aria-label="{escape(label)}">'
        f'<path class="axis" d="M{LEFT},10V{HIGH}H{WIDE}"/><polyline points="{drawn}"/>'
        f'<text x="{LEFT - 6}" y="16" text-anchor="end">{escape(chance(top))}</text>'
        f'<text x="{LEFT - 6}" y="{HIGH}" text-anchor="end">0 %</text>'
        f'<text x="{LEFT}" y="{HIGH + 18}">now</text>'
        f'<text x="{WIDE}" y="{HIGH + 18}" text-anchor="end">'
        f"{escape(duration(one.horizon_ms))}</text></svg>"
    )


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"
