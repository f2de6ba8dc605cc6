"""One page on how far everything can move together.

It says first how far that is, alike and in the likeliest way; then every line with its end; then
what each asset and each position does on the nearest way; then the safe region of two assets and
the correlations it all rests on; last which prices were read and what was assumed. One file that
fetches nothing, like all reports. Everything that comes from data is escaped.
"""

from collections.abc import Iterable, Sequence
from decimal import ROUND_DOWN, Decimal
from html import escape
from pathlib import Path

from crossmargin.durations import interval_text
from crossmargin.margin.assessment import Status
from crossmargin.report.parts import kept, listed_items, plot_box, plotted, write_page
from crossmargin.report.risk_charts import Json, correlation_chart, region_chart
from crossmargin.report.risk_words import described, move_words, share_words, signed
from crossmargin.report.words import listed, money, percent
from crossmargin.report.words import price as price_text
from crossmargin.risk.joint.along import Along, Outcome
from crossmargin.risk.joint.answer import Joint
from crossmargin.risk.joint.nearest import NearestMove

_LINES = (
    "Each line is walked in multiples until something is liquidated; the moves at its end are "
    "exact, rounded towards where prices are now."
)
_NEAREST = (
    "Of all moves that liquidate, the one that histories make likeliest: the fewest standard "
    "deviations away, counted with how the assets move together."
)
_REGION = (
    "Everything else held. Inside the red line the account lives; the shade says how much of its "
    "buffer is left. Dotted: moves that are one, two and three standard deviations away."
)


def joint_page(found: Joint, prices: Sequence[str] = (), *, title: str = "") -> str:
    """Return the answer as one HTML document; `title` is what the account is called."""
    now = found.now
    charts: list[Json] = []
    sections = "\n".join(_sections(found, prices, charts))
    headline = _headline(found)
    rules = f"{now.rulebook.venue}, rules of {now.rulebook.edition}"
    parts = {
        "title": escape(f"{title or 'Joint move'}: {headline}"),
        "kicker": " · ".join(escape(words) for words in (title, rules) if words),
        "headline": kept(headline),
        "verdict": kept(_verdict(found)),
        "sections": sections,
        "source": escape(
            f"Rulebook {now.rulebook.venue} {now.rulebook.edition}, sha256 "
            f"{now.rulebook.sha256[:12]}. Ends of lines and the nearest move are exact; shades and "
            "standard deviations are in floating point."
        ),
    }
    return plotted(parts, charts, "comparison.css")


def write_joint(path: Path, found: Joint, prices: Sequence[str] = (), *, title: str = "") -> None:
    """Write `joint_page` to `path`, replacing what is there, whole or not at all.

    Raises
    ------
    UsageError
        If it cannot be written there.
    """
    write_page(path, joint_page(found, prices, title=title))


def _headline(found: Joint) -> str:
    if found.now.status is Status.LIQUIDATABLE:
        return f"{found.now.worst.name} is liquidatable where prices are now."
    down, up = found.lines[:2]
    if down.unknown and up.unknown:
        return "How far prices may move together is unknown."
    ends = [
        f"{word} {percent(line.multiple, rounding=ROUND_DOWN)}"
        for word, line in (("fall", down), ("rise", up))
        if line.multiple is not None
    ]
    if not ends:
        return "No common move of all prices is known to liquidate anything."
    return f"Liquidated once all prices {' or '.join(ends)}."


def _verdict(found: Joint) -> str:
    nearest = found.nearest
    if nearest is None:
        return "Without candles, how likely that is remains open."
    if nearest.move is None:
        return "No move was found that liquidates anything."
    one = nearest.move
    moves = listed([f"{asset} {move_words(move)}" for asset, move in one.outcome.moves.items()])
    return (
        f"The nearest way there is {one.distance:.1f} standard deviations of "
        f"{interval_text(one.horizon_ms)}: {moves}."
    )


def _sections(found: Joint, prices: Sequence[str], charts: list[Json]) -> Iterable[str]:
    yield _section("Lines", _LINES, _lines(found))
    if found.nearest is not None and found.nearest.move is not None:
        yield _section("The nearest liquidating move", _NEAREST, _nearest(found.nearest.move))
        others = [_other(one) for one in found.nearest.others]
        if others:
            yield _section("Other near moves", "", listed_items(others))
    if found.region is not None:
        length = interval_text(found.horizon_ms)
        chart = region_chart(found.region, found.covariance, found.horizon_ms, length)
        name = f"Safe moves of {found.region.first} and {found.region.second}"
        box = plot_box(len(charts), name, chart["height"])
        charts.append(chart)
        yield _section("The safe region of two assets", _REGION, box)
    if found.covariance is not None and len(found.assets) > 1:
        chart = correlation_chart(found.covariance, found.assets)
        box = plot_box(len(charts), "Correlation of log returns", chart["height"])
        charts.append(chart)
        yield _section("Correlations", "", box)
    unknown = [f"{line.name}: {line.unknown}" for line in found.lines if line.unknown]
    if unknown:
        yield _section("What is not known", "", listed_items(unknown))
    if found.covariance is not None:
        sentences = (described(found.covariance), *prices)
        yield _section("What it is estimated from", "", listed_items(sentences))
    if found.now.assumptions:
        yield _section("What was assumed", "", listed_items(found.now.assumptions))


def _lines(found: Joint) -> str:
    heads = ["", "Ends at", *found.assets, "First to go"]
    return table(heads, [_line(one, found.assets) for one in found.lines])


def _line(line: Along, assets: tuple[str, ...]) -> list[str]:
    if line.outcome is None or line.multiple is None:
        return [line.name, "?" if line.unknown else "never", *("–" for _ in assets), "–"]
    shown = line.multiple.quantize(Decimal("0.0001"), ROUND_DOWN)
    moves = (move_words(line.outcome.moves[asset]) for asset in assets)
    return [line.name, f"{shown} ×", *moves, line.outcome.first]


def _nearest(one: NearestMove) -> str:
    length = interval_text(one.horizon_ms)
    rows = [
        [asset, move_words(one.outcome.moves[asset]), signed(deviations), share_words(share)]
        for asset, deviations, share in zip(one.assets, one.deviations, one.shares, strict=True)
    ]
    heads = ["", "Move", f"In its own standard deviations of {length}", "Share of the distance"]
    return table(heads, rows) + positions(one.outcome)


def positions(there: Outcome) -> str:
    """Return a table of what each position meets after a move."""
    rows = [
        [
            f"{one.symbol} {one.side}",
            price_text(one.price),
            price_text(one.price_there),
            f"{money(one.profit, one.asset)} {one.asset}",
        ]
        for one in there.positions
    ]
    return table(["", "Mark now", "Mark there", "Makes"], rows) if rows else ""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of words, escaped; the first column names its rows."""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in heads)
    body = "".join(
        f'<tr><th scope="row">{kept(row[0])}</th>'
        f"{''.join(f'<td>{kept(cell)}</td>' for cell in row[1:])}</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll"><table class="wide"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _other(one: NearestMove) -> str:
    moves = listed([f"{asset} {move_words(move)}" for asset, move in one.outcome.moves.items()])
    return f"{one.distance:.1f} standard deviations: {moves}; {one.outcome.first} goes first"


def _section(title: str, about: str, content: str) -> str:
    words = f"<p class=about>{escape(about)}</p>" if about else ""
    return f"<section><h2>{escape(title)}</h2>{words}{content}</section>"
