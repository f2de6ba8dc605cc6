"""One page that shows a portfolio under every venue's rules.

Like the report of a replay it is one file that fetches nothing; it even needs no script, because
its bars are boxes. It says first between which venues the answer lies, then all of them in one
table, then how far prices may move and what is asked of the equity as bars, then liquidation
prices, and last what is not known and what was assumed.

Everything that comes from data is escaped. Numbers are rounded for reading; `--json` has them all.
"""

from collections.abc import Iterable
from decimal import ROUND_FLOOR
from html import escape
from pathlib import Path
from string import Template

from crossmargin.margin.assessment import Status
from crossmargin.report.compared_bars import asked_of_equity, moves
from crossmargin.report.compared_tables import carried, margins, prices, venue_count
from crossmargin.report.parts import kept, part, write_page
from crossmargin.report.words import listed, percent
from crossmargin.risk.venues.comparison import (
    Answer,
    Comparison,
    assumed,
    left_out,
    missing,
    warnings,
)

POSITIONS_NAMED = 4


def comparison_page(comparison: Comparison, *, title: str = "") -> str:
    """Return the comparison as one HTML document; `title` is what the account is called."""
    home = comparison.home
    headline = _headline(comparison)
    parts = {
        "title": escape(f"{title or 'Comparison'}: {headline}"),
        "kicker": " · ".join(
            escape(words)
            for words in (title, f"{home.venue}, rules of {home.rulebook.edition}", _held(home))
            if words
        ),
        "headline": kept(headline),
        "verdict": kept(_verdict(comparison)),
        "margins": margins(comparison),
        "sections": "\n".join(_sections(comparison)),
        "source": escape(_source(comparison)),
        "style": f"{part('page.css')}\n{part('comparison.css')}",
    }
    return Template(part("comparison.html")).substitute(parts)


def write_comparison(path: Path, comparison: Comparison, *, title: str = "") -> None:
    """Write `comparison_page` to `path`, replacing what is there, whole or not at all.

    Raises
    ------
    UsageError
        If it cannot be written there.
    """
    write_page(path, comparison_page(comparison, title=title))


def _headline(comparison: Comparison) -> str:
    known = [one for one in comparison.answers if one.assessment.status is not Status.UNKNOWN]
    if not known:
        return "Unknown at every venue that could hold it."
    gone = [one.venue for one in known if one.assessment.status is Status.LIQUIDATABLE]
    if len(gone) == len(known):
        is_all = len(known) == len(comparison.answers)
        return f"Liquidatable at every venue{'' if is_all else ' where that is known'}."
    if gone:
        lives = [one.venue for one in known if one.venue not in gone]
        return f"Lives at {listed(lives)}; liquidatable at {listed(gone)}."
    far = sorted(
        (one for one in known if one.nearest is not None), key=lambda one: one.nearest or 0
    )
    if not far and not any(_is_move_known(one) for one in known):
        return "How far prices may move is unknown at every venue."
    if not far:
        return "No common move of all prices liquidates it, at any venue where that is known."
    first, last = far[0], far[-1]
    if first.nearest == last.nearest:
        return f"Liquidated once all prices {_move(first)}{_places(far)}."
    return (
        f"Liquidated once all prices {_move(first)} at {first.venue}; "
        f"at {last.venue} only once they {_move(last)}."
    )


def _is_move_known(one: Answer) -> bool:
    joint = one.assessment.boundaries.joint
    return joint is not None and joint.is_known


def _places(found: list[Answer]) -> str:
    return f" at {found[0].venue}" if len(found) == 1 else ", at every venue where that is known"


def _move(one: Answer) -> str:
    joint = one.assessment.boundaries.joint
    is_fall = joint is not None and joint.down is not None and joint.down == one.nearest
    return f"{'fall' if is_fall else 'rise'} {percent(one.nearest or 0, rounding=ROUND_FLOOR)}"


def _verdict(comparison: Comparison) -> str:
    counts = [venue_count(len(comparison.answers), "can hold it", "can hold it")]
    unknown = sum(one.assessment.status is Status.UNKNOWN for one in comparison.answers)
    if unknown:
        counts.append(f"{unknown} of them cannot be judged with the tables at hand")
    if comparison.refusals:
        counts.append(f"{len(comparison.refusals)} left out")
    return f"{'; '.join(counts)}.{_carries(comparison)}"


def _carries(comparison: Comparison) -> str:
    found = [(one.capacity.multiple, one) for one in comparison.answers if one.capacity]
    if not found:
        return ""
    least, most = (choose(found, key=lambda pair: pair[0])[1] for choose in (min, max))
    first, last = carried(least.capacity), carried(most.capacity)
    if first == last:
        return f" It could carry {first} its positions."
    return (
        f" It could carry from {first} its positions (at {least.venue}) to {last} "
        f"(at {most.venue})."
    )


def _held(home: Answer) -> str:
    positions = home.assessment.positions
    named = [f"{p.symbol} {p.side}" for p in positions[:POSITIONS_NAMED]]
    if len(positions) > len(named):
        named.append(f"{len(positions) - len(named)} more")
    return listed(named)


def _sections(comparison: Comparison) -> Iterable[str]:
    if any(one.nearest_known for one in comparison.answers):
        yield _section(
            "How far all prices may move together",
            "Every mark moves by the same percentage, until the first pool or bucket is "
            "liquidated. A dotted line: never.",
            moves(comparison),
        )
    yield _section(
        "What is asked of the equity",
        "The whole width is the equity. Initial margin is what opening the positions takes; "
        "maintenance margin is the part that must not be touched: what lies beyond it is the "
        "buffer.",
        asked_of_equity(comparison),
    )
    if comparison.home.assessment.positions:
        yield _section(
            "Liquidation prices",
            "Of one symbol while everything else is held: ↓ below, ↑ above. Under each price, what "
            "would be held there, in the venue’s own contracts.",
            prices(comparison),
        )
    for title, lines in (
        ("What is not known", missing(comparison)),
        ("Warnings", warnings(comparison)),
        ("Left out", left_out(comparison)),
    ):
        if lines:
            yield f"<section><h2>{title}</h2>{_listed(lines)}</section>"
    groups = "".join(
        f"<h3>{escape(title.removeprefix('Assumed ').capitalize())}</h3>{_listed(lines)}"
        for title, lines in assumed(comparison)
    )
    if groups:
        yield f'<section class="assumed"><h2>What was assumed</h2>{groups}</section>'


def _section(title: str, about: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2><p class=about>{escape(about)}</p>{content}</section>"


def _source(comparison: Comparison) -> str:
    books = [
        f"{one.venue} {one.rulebook.edition} ({one.rulebook.sha256[:12]})"
        for one in comparison.answers
    ]
    return f"Rulebooks, with the beginnings of their sha256: {', '.join(books)}."


def _listed(lines: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{kept(line)}</li>' for line in lines)}</ul>"
