"""One page on a crash at the paper venue, for whoever was not there.

It says first how many were liquidated and who paid; then a few numbers; then charts on one clock;
then who lost, whom auto-deleveraging hit and under which policy whom it would have, the fund, every
liquidation, and the money; last which prices these are and what was assumed. One file that fetches
nothing, like all reports.
"""

from html import escape
from pathlib import Path

from crossmargin.report.crash_charts import ABOUT, crash_charts
from crossmargin.report.crash_records import CrashSummary
from crossmargin.report.crash_sections import (
    deleveragings,
    liquidations,
    money,
    policies,
    reduced,
    tiles,
    who_lost,
)
from crossmargin.report.crash_words import (
    books,
    fund_words,
    funding_words,
    headline,
    market_words,
    who_paid,
)
from crossmargin.report.drawing import Json
from crossmargin.report.parts import charted, kept, listed_items, write_page
from crossmargin.report.words import moment
from crossmargin.runtime.crash import Ran, window

_HOW = "Drag across a chart to zoom all of them, double-click to go back."
_LOST = (
    "Result is what is there at the end, at the mark, less what was put in; coins at their price. "
    "Hedgers are short against what they hold elsewhere, so their gain is another’s hedge."
)
_ADL = (
    "A position that nobody takes is closed against winners at the price that uses its owner’s "
    "money up. Missing is what its owner lacked after the fund; given up is what winners lost "
    "against the mark; overshoot is how much more that is than the smallest haircut that covers "
    "what was missing. A policy says whom it hits, not how much is taken: that follows from the "
    "price."
)
_MONEY = (
    "Every amount moved from one purse to another, so each asset sums to zero. Outside is where "
    "deposits came from; clearing is the other side of realised profit: below zero where more "
    "profit has been paid than loss taken, which what is still open will even out."
)


def crash_page(ran: Ran, summary: CrashSummary) -> str:
    """Return the report on a run as one HTML document."""
    looks = window(ran)
    charts = crash_charts(summary, looks)
    spec: Json = {
        "x": [one.at_ms for one in looks],
        "charts": [chart for group in charts.values() for chart in group],
    }
    span = f"{moment(summary.from_ms)} to {moment(summary.to_ms)}"
    people = f"{summary.groups[-1].accounts:,} accounts, seed {summary.seed}"
    kicker = ("Crash", span, f"{summary.venue}, rules of {summary.edition}", people)
    parts = {
        "title": escape(f"Crash: {headline(summary)}"),
        "kicker": " · ".join(kept(words) for words in kicker),
        "headlines": f"<span>{kept(headline(summary))}</span>",
        "verdict": f"{kept(who_paid(summary))} {kept(books(summary))}",
        "compared": tiles(summary),
        "sections": _drawn(charts),
        "events": _told(summary),
        "prices": listed_items((*summary.prices, *summary.settings)),
        "gaps": listed_items(_gaps(ran)),
        "assumptions": listed_items(summary.assumptions),
        "source": escape(
            f"{summary.commands:,} commands; fingerprint of all commands and events "
            f"{summary.fingerprint[:16]}. Rulebook {summary.venue} {summary.edition}, sha256 "
            f"{summary.rulebook_sha256[:12]}. Charts are in floating point, everything else is "
            "exact and rounded for reading."
        ),
    }
    return charted(parts, spec, "comparison.css", "crash.css")


def write_crash_page(path: Path, ran: Ran, summary: CrashSummary) -> None:
    """Write `crash_page` to `path`, replacing what is there, whole or not at all.

    Raises
    ------
    UsageError
        If it cannot be written there.
    """
    write_page(path, crash_page(ran, summary))


def _drawn(charts: dict[str, list[Json]]) -> str:
    found, number = [], 0
    for key, group in charts.items():
        title, about = ABOUT[key]
        plots = []
        for chart in group:
            # The library draws over this; it is what a reader without scripts sees.
            name = escape(str(chart["title"]))
            plots.append(
                f'<figure><figcaption>{name}</figcaption><div class="plot {key}" '
                f'id="plot-{number}" role="img" aria-label="{name}"></div></figure>'
            )
            number += 1
        how = f' <span class="screen">{_HOW}</span>' if number == len(group) else ""
        found.append(_section(title, f"{escape(about)}{how}", "".join(plots)))
    return "\n".join(found)


def _told(summary: CrashSummary) -> str:
    parts = [
        _section("Who lost", escape(_LOST), who_lost(summary)),
        _section(
            "How auto-deleveraging fell",
            escape(_ADL),
            f"{policies(summary)}{reduced(summary)}{deleveragings(summary)}",
        ),
        _section("The insurance fund", "", listed_items(fund_words(summary))),
        _section(
            "Who was liquidated, and when",
            "A unit is a cross pool or an isolated bucket of one account, from the first step of "
            "its ladder to the last. Fund is what the insurance fund gained or paid, positions "
            "taken over counted at the mark.",
            liquidations(summary),
        ),
        _section("Prices and book", "", listed_items(map(market_words, summary.markets))),
        _section("Where the money is", escape(_MONEY), money(summary)),
    ]
    if summary.fundings:
        parts.append(_section("Funding", "", listed_items(map(funding_words, summary.fundings))))
    if summary.refused:
        refused = [f"{count:,} × {reason}" for reason, count in summary.refused.items()]
        parts.append(_section("Refused by the venue", "", listed_items(refused)))
    return "\n".join(parts)


def _section(title: str, about: str, content: str) -> str:
    words = f"<p class=about>{about}</p>" if about else ""
    return f"<section><h2>{escape(title)}</h2>{words}{content}</section>"


def _gaps(ran: Ran) -> list[str]:
    return [
        f"{gap.symbol}: no price from {moment(gap.from_ms)} to {moment(gap.to_ms)}"
        for gap in ran.crash.feed.gaps
    ] or ["None: there is a price at every moment"]
