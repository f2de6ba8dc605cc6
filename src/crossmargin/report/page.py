"""One page that opens from a disk and tells what became of an account.

A report is mailed, archived and opened years later on a train. So it is one file that fetches
nothing: the chart library, the style and the data are inside. It says first what happened, in a
sentence; then the few numbers that compare the modes; then the charts, on one clock; then the
receipts; and last what was assumed. Light and dark follow the reader, paper is white.

Everything that comes from data is escaped: in HTML here, in chart names by `figures`, and the
data block cannot end its script element early.
"""

from collections.abc import Mapping
from html import escape

from crossmargin.replay.result import ReplayResult
from crossmargin.report.compare import compared
from crossmargin.report.drawing import SYMBOLS_MAX, Frame, Json, family, frame_of
from crossmargin.report.figures import figures
from crossmargin.report.headline import headline, label, market_move, outcome, verdict
from crossmargin.report.parts import charted, kept, listed_items
from crossmargin.report.receipts import funding, orders, receipts
from crossmargin.report.summary import Summary, summarise
from crossmargin.report.words import count_of, day, duration, moment

GAPS_MAX = 20
"""Gaps listed on the page; the summary has all."""

_ABOUT = {
    "equity": (
        "What is left",
        "Equity is the wallet with unrealised profit at the mark price, pools and buckets "
        "together, after what the venue did at each moment. ✕ is a takeover by the insurance fund.",
    ),
    "prices": (
        "The price against where it would end",
        "A position is liquidated where the mark price meets its liquidation price. In cross "
        "margin that price moves with everything else in the pool; in a bucket it stands "
        "almost still. At the bankruptcy price (dotted) nothing is left. ✕ is what the venue "
        "closed, triangles are orders that traded.",
    ),
    "buffer": (
        "How much could still be lost",
        "Buffer is equity − maintenance margin: the money between the account and its "
        "liquidation, of each pool and bucket.",
    ),
    "health": (
        "How near liquidation was",
        "Health is maintenance margin ÷ equity: 0 % is idle, 100 % is liquidation.",
    ),
}

_HOW = "Drag across a chart to zoom all of them, double-click to go back."


def page(
    results: Mapping[str, ReplayResult],
    *,
    title: str = "",
) -> str:
    """Return the report on one or more replays of the same path, as one HTML document.

    Parameters
    ----------
    results : by the name of the mode, such as "cross" and "isolated"; the first is drawn in cool
        colours, the second in warm ones.
    title : what the account or the story is called; shown above the headline.

    Raises
    ------
    UsageError
        If there is no result, or they are not of the same path.
    """
    summary = summarise(results)
    frame = frame_of(results)
    charts = figures(frame)
    spec = {"x": frame.at_ms, "charts": [chart for group in charts.values() for chart in group]}
    parts = {
        "title": escape(f"{title or 'Replay'}: {' '.join(headline(m) for m in summary.modes)}"),
        "kicker": _kicker(summary, title),
        "headlines": "\n".join(_headline(number, summary) for number in range(len(results))),
        "verdict": kept(f"{verdict(summary.modes)} {market_move(summary.symbols)}".strip()),
        "compared": compared(summary),
        "sections": _sections(charts, frame, summary),
        "events": _events(results),
        "prices": listed_items(summary.prices),
        "assumptions": listed_items(summary.assumptions),
        "gaps": _gaps(summary),
        "source": escape(_source(summary, frame)),
    }
    return charted(parts, spec)


def _kicker(summary: Summary, title: str) -> str:
    window = f"{moment(summary.from_ms)} to {moment(summary.to_ms)}"
    book = f"{summary.venue}, rules of {summary.edition}"
    return " · ".join(escape(words) for words in (title, window, book) if words)


def _headline(number: int, summary: Summary) -> str:
    mode = summary.modes[number]
    words = kept(outcome(mode))
    return f'<span class="{family(number)}"><b>{escape(label(mode.name))}:</b> {words}</span>'


def _sections(charts: dict[str, list[Json]], frame: Frame, summary: Summary) -> str:
    found = []
    number = 0
    for key, group in charts.items():
        if not group:
            continue
        title, about = _ABOUT[key]
        plots = []
        for chart in group:
            # The library draws over this; it is what a reader without scripts sees.
            name = escape(str(chart["title"]))
            plots.append(
                f'<figure><figcaption>{name}</figcaption><div class="plot {key}" '
                f'id="plot-{number}" role="img" aria-label="{name}"></div></figure>'
            )
            number += 1
        notes = [escape(about)]
        if number == len(group):
            notes.append(f'<span class="screen">{_HOW}</span>')
        if key == "prices" and len(summary.symbols) > SYMBOLS_MAX:
            notes.append(f"The first {SYMBOLS_MAX} of {len(summary.symbols)} symbols are drawn.")
        if any(chart["bands"] for chart in group):
            notes.append(
                "In grey bands there was no price: what needs it was unknown, and no liquidation "
                "of that was decided."
            )
        found.append(
            f"<section><h2>{escape(title)}</h2><p class=about>{' '.join(notes)}</p>"
            f"{''.join(plots)}</section>"
        )
    return "\n".join(found)


def _events(results: Mapping[str, ReplayResult]) -> str:
    parts = [f"<section><h2>Liquidations, with receipts</h2>{receipts(results)}</section>"]
    for title, table in (("Orders", orders(results)), ("Funding", funding(results))):
        if table:
            parts.append(f"<section><h2>{title}</h2>{table}</section>")
    return "\n".join(parts)


def _gaps(summary: Summary) -> str:
    if not summary.gaps:
        return "<p>None: there is a price at every moment.</p>"
    sentences = [
        f"{gap.symbol}: no price from {moment(gap.from_ms)} for {duration(gap.to_ms - gap.from_ms)}"
        f" ({count_of(gap.missing, 'candle')} missing)."
        for gap in summary.gaps[:GAPS_MAX]
    ]
    if len(summary.gaps) > GAPS_MAX:
        sentences.append(f"{len(summary.gaps) - GAPS_MAX:,} more are in summary.json.")
    return listed_items(tuple(sentences))


def _source(summary: Summary, frame: Frame) -> str:
    drawn = f"{summary.points:,} points from {day(summary.from_ms)} to {day(summary.to_ms)}"
    if frame.is_thinned:
        drawn += (
            f", of which {len(frame.rows):,} are drawn: the lowest and highest of every stretch, "
            "and all events"
        )
    return (
        f"{drawn}. Lines are screening values in floating point; equity at the end, receipts and "
        f"liquidation prices are exact. Rulebook {summary.venue} {summary.edition}, "
        f"sha256 {summary.rulebook_sha256[:12]}."
    )
