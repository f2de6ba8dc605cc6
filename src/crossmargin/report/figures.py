"""What is drawn: which lines answer "did it live, what is left, how near was it".

Only what is in the data is decided here: which lines, their colours by role, where they break,
what range answers the question. Fonts, themes and hovering are the page's. Modes keep their
family of colours everywhere: cool for the first, warm for the second.
"""

import numpy as np

from crossmargin.replay.result import EventKind, ReplayResult
from crossmargin.report.along import (
    Values,
    assets_of,
    buffer_of,
    equity_of,
    health_of,
    is_pool,
    point_of,
)
from crossmargin.report.drawing import Frame, Json, chart_of, family, line_of, markers_of
from crossmargin.report.headline import label
from crossmargin.report.price_charts import price_charts

LINES_PER_FAMILY = 4
DASHES = ("solid", "dash", "dot", "dashdot")


def figures(frame: Frame) -> dict[str, list[Json]]:
    """Return the charts by section: "equity", "prices", "buffer" and "health"."""
    assets = dict.fromkeys(a for result in frame.results.values() for a in assets_of(result))
    return {
        "equity": [_equity(frame, asset) for asset in assets if _is_moving(frame, asset)],
        "prices": price_charts(frame),
        "buffer": [chart for asset in assets for chart in _buffer(frame, asset)],
        "health": _health(frame),
    }


def _is_moving(frame: Frame, asset: str) -> bool:
    # Whether anything ever happened to it: a coin that just lies there needs no chart.
    if len({a for result in frame.results.values() for a in assets_of(result)}) == 1:
        return True
    for name, result in frame.results.items():
        equity = equity_of(result, asset, frame.unknown[name])
        known = equity[np.isfinite(equity)]
        if len(known) and known.min() < known.max():
            return True
    return False


def _equity(frame: Frame, asset: str) -> Json:
    data = []
    for number, (name, result) in enumerate(frame.results.items()):
        if asset not in assets_of(result):
            continue
        equity = equity_of(result, asset, frame.unknown[name])
        # Where modes agree the later line is a rim around the earlier one, so both are seen.
        line = line_of(label(name), equity[frame.rows], f"@{family(number)}-0", 2.2 + 2.4 * number)
        data.append({**line, "above": -number})
        data += _marks(name, result, asset, equity, f"@{family(number)}-0")
    chart = chart_of(frame, f"Equity in {asset}", asset, data)
    chart["y"]["range"] = _view(data, has_zero=False)
    return chart


def _marks(name: str, result: ReplayResult, asset: str, equity: Values, color: str) -> list[Json]:
    # A cross where a pool or bucket was taken over.
    taken = [
        event
        for event in result.liquidations
        if event.kind is EventKind.TAKE_OVER and event.asset == asset
    ]
    if not taken:
        return []
    places_ = [point_of(result, event.at_ms) for event in taken]
    words = [f"{event.unit} taken over" for event in taken]
    at_ms = [event.at_ms for event in taken]
    return [
        markers_of(f"{label(name)}: liquidated", at_ms, equity[places_], words, "x-thin", color)
    ]


def _buffer(frame: Frame, asset: str) -> list[Json]:
    data = []
    for name, unit, color, dash in _units(frame):
        result = frame.results[name]
        track = result.tracks[unit]
        if track.asset == asset:
            values = _with_before(frame, result, unit, buffer_of(track))
            data.append(line_of(_unit_label(frame, name, unit), values, color, 2, dash))
    chart = chart_of(frame, f"Buffer in {asset}", asset, data)
    chart["y"]["range"] = _view(data, has_zero=True)
    chart["lines"] = [{"y": 0, "color": "@danger", "text": "liquidation", "isBelow": True}]
    return [chart] if data else []


def _health(frame: Frame) -> list[Json]:
    data = []
    for name, unit, color, dash in _units(frame):
        result = frame.results[name]
        track = result.tracks[unit]
        values = _with_before(frame, result, unit, health_of(track), is_failed=True)
        clipped = np.minimum(values, 1.0) * 100
        data.append(line_of(_unit_label(frame, name, unit), clipped, color, 2, dash))
    if not data:
        return []
    chart = chart_of(frame, "Health in %", "", data)
    chart["lines"] = [{"y": 100, "color": "@danger", "text": "liquidation"}]
    chart["y"] = {
        "title": "maintenance ÷ equity",
        "range": [-3, 112],
        "hoverformat": ".1f",
        "tickvals": [0, 25, 50, 75, 100],
        "ticktext": ["0", "25", "50", "75", "100 %+"],
        "isFixed": True,
    }
    return [chart]


def _units(frame: Frame) -> list[tuple[str, str, str, str]]:
    # Mode, unit, colour and dash of all that anything was ever asked of.
    found = []
    for number, (name, result) in enumerate(frame.results.items()):
        asked = [unit for unit, t in result.tracks.items() if (t.maintenance_margin > 0).any()]
        for place, unit in enumerate(asked):
            color = f"@{family(number)}-{place % LINES_PER_FAMILY}"
            found.append((name, unit, color, DASHES[place // LINES_PER_FAMILY % len(DASHES)]))
    return found


def _unit_label(frame: Frame, name: str, unit: str) -> str:
    kind = "pool" if is_pool(unit, frame.results[name].tracks[unit]) else "bucket"
    return f"{label(name)}: {unit} {kind}"


def _with_before(
    frame: Frame, result: ReplayResult, unit: str, values: Values, *, is_failed: bool = False
) -> Values:
    # Where nothing is asked nothing can fail: there the line has a hole.
    is_asked = result.tracks[unit].maintenance_margin > 0
    drawn = np.where(is_asked, values, np.nan)[frame.rows]
    seen: set[int] = set()
    for event in result.liquidations:
        point = point_of(result, event.at_ms)
        if event.unit != unit or event.before is None or point in seen:
            continue
        seen.add(point)
        row = int(np.searchsorted(frame.rows, point))
        drawn[row] = 1.0 if is_failed else float(event.before.buffer)
    return drawn


def _view(data: list[Json], *, has_zero: bool) -> list[float] | None:
    # Zero is where it ends, so it is in view, a little off the edge; far from it, it is not.
    known = [value for line in data for value in line["y"] if value is not None]
    if not known:
        return None
    low, high = min(known), max(known)
    if has_zero or low < high / 2:
        low, high = min(low, 0.0), max(high, 0.0)
    margin = 0.04 * ((high - low) or abs(high) or 1.0)
    return [low - (2 * margin if has_zero else margin), high + margin]
