"""Final wealth in each margin mode as pictures: how often it is below an amount, and a histogram.

Drawn as SVG from the paths themselves: steps of the empirical distribution, boxes of equal width.
"""

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from crossmargin.risk.stress.survival import Survival

Floats = NDArray[np.float64]

WIDE, HIGH, LEFT, LOW = 900, 260, 52, 26
POINTS_MAX = 300
BOXES = 40


def distribution(survival: Survival) -> str:
    """Return the share of paths that end at or below each amount, a line for each mode."""
    low, high = _range(survival)
    lines = []
    for place, fate in enumerate(survival.fates):
        shares = np.linspace(0.0, 1.0, min(POINTS_MAX, len(fate.wealth)))
        ends = np.quantile(fate.wealth, shares)
        xs, ys = _x(ends, low, high), HIGH - LOW - shares * (HIGH - LOW - 10)
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))
        lines.append(f'<polyline class="m{place % 3}" points="{points}"/>')
    ticks = "".join(
        f'<text x="{LEFT - 8}" y="{HIGH - LOW - share * (HIGH - LOW - 10) + 4:.1f}" '
        f'class="end">{share * 100:.0f} %</text>'
        for share in (0.0, 0.25, 0.5, 0.75, 1.0)
    )
    return _framed("".join(lines) + ticks, survival, low, high, "distribution")


def histogram(survival: Survival) -> str:
    """Return how many paths end in each of equal boxes, modes over one another."""
    low, high = _range(survival)
    edges = np.linspace(low, high, BOXES + 1)
    counts = [np.histogram(fate.wealth, edges)[0] for fate in survival.fates]
    most = max(int(count.max()) for count in counts) or 1
    boxes = []
    for place, count in enumerate(counts):
        for number, height in enumerate((count / most * (HIGH - LOW - 10)).tolist()):
            if height:
                x = float(_x(edges[number : number + 1], low, high)[0])
                wide = (WIDE - LEFT) / BOXES - 1
                boxes.append(
                    f'<rect class="m{place % 3}" x="{x:.1f}" y="{HIGH - LOW - height:.1f}" '
                    f'width="{wide:.1f}" height="{height:.1f}"/>'
                )
    return _framed("".join(boxes), survival, low, high, "histogram")


def _framed(inside: str, survival: Survival, low: float, high: float, name: str) -> str:
    marks = np.linspace(low, high, 6)
    places = _x(marks, low, high)
    labels = "".join(
        f'<text x="{min(x, WIDE - 30):.1f}" y="{HIGH - 6}" class="middle">'
        f"{_amount(mark, marks)}</text>"
        for x, mark in zip(places.tolist(), marks.tolist(), strict=True)
    )
    start = survival.fates[0].start
    x = float(_x(np.array([start]), low, high)[0])
    line = f'<line class="start" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{HIGH - LOW}"/>'
    legend = "".join(
        f'<span><i class="m{place % 3}"></i>{escape(fate.mode)}</span>'
        for place, fate in enumerate(survival.fates)
    )
    return (
        f'<p class="legend">{legend}<span>dotted: where it started, in '
        f"{escape(survival.asset)}</span></p>"
        f'<svg class="fates" viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="{name} of final '
        f'wealth"><line x1="{LEFT}" x2="{WIDE}" y1="{HIGH - LOW}" y2="{HIGH - LOW}"/>'
        f"{line}{inside}{labels}</svg>"
    )


def _range(survival: Survival) -> tuple[float, float]:
    # The outermost hundredth would stretch the picture; it counts at the ends.
    ends = np.concatenate([fate.wealth for fate in survival.fates])
    start = survival.fates[0].start
    low = min(float(ends.min()), start)
    high = max(float(np.quantile(ends, 0.99)), start)
    return low, high if high > low else low + 1.0


def _x(values: Floats, low: float, high: float) -> Floats:
    part = np.clip((values - low) / (high - low), 0.0, 1.0)
    found: Floats = LEFT + part * (WIDE - LEFT)
    return found


def _amount(value: float, marks: Sequence[float] | Floats) -> str:
    return f"{value:,.0f}" if float(np.max(np.abs(marks))) >= 100 else f"{value:,.4g}"
