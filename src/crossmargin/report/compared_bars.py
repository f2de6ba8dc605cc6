"""Bars of a comparison, as boxes: no script, no picture, sharp on paper and on a phone.

Widths are shares of the longest bar (moves) or of the equity (what is asked of it). They are for
the eye; the number stands beside each.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from html import escape

from crossmargin.margin.assessment import Status
from crossmargin.margin.boundary import JointBoundary
from crossmargin.money import ONE, ZERO
from crossmargin.report.words import percent
from crossmargin.risk.venues.comparison import Answer, Comparison

RISE_MAX = Decimal(2)
"""A rise beyond three times the price is drawn as long as this one; its number is printed."""


def moves(comparison: Comparison) -> str:
    """Return, for each venue, how far prices may fall and rise.

    Falls go to the left of rises; where only one of the two ends anything, it has the whole width.
    """
    joints = [one.assessment.boundaries.joint for one in comparison.answers]
    falls = [joint.down for joint in joints if joint is not None and joint.down is not None]
    rises = [joint.up for joint in joints if joint is not None and joint.up is not None]
    longest = max((min(end, RISE_MAX) for end in (*falls, *rises)), default=ONE) or ONE
    sides = [("fall", falls)] if falls or not rises else []
    sides += [("rise", rises)] if rises else []
    kinds = [kind for kind, _ in sides]
    rows = []
    for one, joint in zip(comparison.answers, joints, strict=True):
        if joint is None:
            rows.append(_row(one, '<div class="track"></div>' * len(kinds), "unknown"))
            continue
        ends = {
            "fall": (joint.down, joint.is_down_known),
            "rise": (joint.up, joint.is_up_known),
        }
        tracks = "".join(
            _side("left" if (kind, len(kinds)) == ("fall", 2) else "", kind, *ends[kind], longest)
            for kind in kinds
        )
        rows.append(_row(one, tracks, _words(one, joint)))
    legend = _legend([(kind, f"may {kind}") for kind in kinds])
    layout = "bars" if len(kinds) == 2 else "bars asked"
    return f'{legend}<div class="{layout}">{"".join(rows)}</div>'


def asked_of_equity(comparison: Comparison) -> str:
    """Return, for each venue and asset, maintenance and initial margin within the equity."""
    rows = []
    for one in comparison.answers:
        for total in one.totals:
            health = total.health
            name = f" {total.asset}" if len(one.totals) > 1 else ""
            if health is None:
                rows.append(_row(one, '<div class="track"></div>', "unknown", name))
                continue
            if health.equity <= 0:
                rows.append(_row(one, '<div class="track"></div>', "no equity", name))
                continue
            kept = health.maintenance_margin / health.equity
            opened = (total.initial_margin or ZERO) / health.equity
            inner = min(kept, ONE)
            outer = max(ZERO, min(opened, ONE) - inner)
            track = (
                f'<div class="track"><i class="kept" style="width:{_width(inner)}"></i>'
                f'<i class="opened" style="width:{_width(outer)}"></i></div>'
            )
            opened_text = "unknown" if total.initial_margin is None else _up(opened)
            rows.append(_row(one, track, f"{_up(kept)} and {opened_text}", name))
    legend = _legend(
        [("kept", "maintenance margin"), ("opened", "initial margin"), ("rest", "free")]
    )
    return f'{legend}<div class="bars asked">{"".join(rows)}</div>'


def _side(side: str, kind: str, end: Decimal | None, is_known: bool, longest: Decimal) -> str:
    if not is_known:
        return f'<div class="track {side}"></div>'
    if end is None:
        return f'<div class="track {side} never"><i style="width:100%"></i></div>'
    width = _width(min(end, RISE_MAX) / longest)
    return f'<div class="track {side}"><i class="{kind}" style="width:{width}"></i></div>'


def _words(one: Answer, joint: JointBoundary) -> str:
    if one.assessment.status is Status.LIQUIDATABLE:
        return "liquidatable now"
    parts = [
        f"{sign}{percent(end, rounding=ROUND_FLOOR)}"
        if is_known and end is not None
        else f"{sign}?"
        for sign, end, is_known in (
            ("−", joint.down, joint.is_down_known),
            ("+", joint.up, joint.is_up_known),
        )
        if end is not None or not is_known
    ]
    return ", ".join(parts) or "never"


def _row(one: Answer, tracks: str, value: str, more: str = "") -> str:
    kinds = "row own" if one.is_home else "row"
    kinds += " unknown" if one.assessment.status is Status.UNKNOWN else ""
    words = escape(value).replace(" %", "&nbsp;%")
    return (
        f'<div class="{kinds}"><span class="name">{escape(one.venue + more)}</span>{tracks}'
        f'<span class="value">{words}</span></div>'
    )


def _up(share: Decimal) -> str:
    return percent(share, rounding=ROUND_CEILING)


def _width(share: Decimal) -> str:
    return f"{share * 100:.2f}%"


def _legend(entries: list[tuple[str, str]]) -> str:
    items = "".join(f'<span><i class="{kind}"></i>{words}</span>' for kind, words in entries)
    return f'<p class="legend">{items}</p>'
