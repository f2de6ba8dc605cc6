"""What is drawn, as data: charts on one time axis, described in plain JSON for the page's script.

Only what is in the data is decided here: which lines, their colours by role, where they break,
what range answers the question. Fonts, themes and hovering are the page's. Colours are roles
("@m0-0": first mode, first line), resolved by the page for light, dark and paper. Modes keep
their family everywhere: cool for the first, warm for the second.

Names come from people's files and the chart library reads a little HTML in them, so every name
is escaped here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Any, TypeAlias

import numpy as np

from crossmargin.feeds.series import Gap
from crossmargin.margin.lookup import contract_of
from crossmargin.replay.result import Event, EventKind, ReplayResult
from crossmargin.report.along import (
    Mask,
    Values,
    assets_of,
    buffer_of,
    equity_of,
    health_of,
    held_symbols,
    is_pool,
    point_of,
    symbols_of,
    unknown_points,
)
from crossmargin.report.headline import label
from crossmargin.report.levels import Levels, drawn_on, levels_of
from crossmargin.report.thinning import Points, drawn_points
from crossmargin.report.words import clock, places, price

Json: TypeAlias = dict[str, Any]

SYMBOLS_MAX = 12
"""More price charts than this nobody reads; the rest is in the path table."""

GAPS_MAX = 200
LINES_PER_FAMILY = 4
DASHES = ("solid", "dash", "dot", "dashdot")


@dataclass(frozen=True)
class Frame:
    """What all charts share.

    Attributes
    ----------
    rows : points of the path, shape (n_rows,), rising; one at which an order traded or a
        liquidation stepped in comes twice.
    is_before : the first of such a pair: what was true before.
    unknown : per mode, where something held has no price.
    """

    results: Mapping[str, ReplayResult]
    rows: Points
    is_before: Mask
    unknown: Mapping[str, Mask]
    is_thinned: bool

    @property
    def at_ms(self) -> list[int]:
        """Return the time axis, milliseconds UTC."""
        rows: list[int] = next(iter(self.results.values())).path.at_ms[self.rows].tolist()
        return rows


def frame_of(results: Mapping[str, ReplayResult]) -> Frame:
    """Return the points to draw for `results`, all of one path."""
    unknown = {name: unknown_points(result) for name, result in results.items()}
    path = next(iter(results.values())).path
    shown = _shown_symbols(results)
    lines = [path.marks[:, path.symbols.index(symbol)] for symbol in shown]
    stepped: set[int] = set()
    for name, result in results.items():
        lines += [equity_of(result, asset, unknown[name]) for asset in assets_of(result)]
        lines += [buffer_of(track) for track in result.tracks.values()]
        stepped |= {point_of(result, event.at_ms) for event in result.liquidations}
        fills = (event for event in result.events if event.kind is EventKind.FILL)
        stepped |= {point_of(result, event.at_ms) for event in fills}
    points = drawn_points(lines, stepped)
    rows = np.sort(np.concatenate([points, np.array(sorted(stepped), dtype=np.intp)]))
    is_before = np.append(rows[1:] == rows[:-1], np.False_)
    return Frame(results, rows, is_before, unknown, len(points) < len(path.at_ms))


def figures(frame: Frame, index: Mapping[str, Decimal]) -> dict[str, list[Json]]:
    """Return the charts by section: "equity", "prices", "buffer" and "health"."""
    assets = dict.fromkeys(a for result in frame.results.values() for a in assets_of(result))
    return {
        "equity": [_equity(frame, asset) for asset in assets],
        "prices": _prices(frame, index),
        "buffer": [chart for asset in assets for chart in _buffer(frame, asset)],
        "health": _health(frame),
    }


def _equity(frame: Frame, asset: str) -> Json:
    data = []
    for number, (name, result) in enumerate(frame.results.items()):
        if asset not in assets_of(result):
            continue
        equity = equity_of(result, asset, frame.unknown[name])
        # Where modes agree the later line is a rim around the earlier one, so both are seen.
        line = _line(label(name), equity[frame.rows], f"@m{number}-0", 2.2 + 2.4 * number)
        data.append({**line, "above": -number})
        data += _marks(name, result, asset, equity, f"@m{number}-0")
    return _chart(frame, f"Equity in {asset}", asset, data, is_from_zero=True)


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
    return [_markers(f"{label(name)}: liquidated", at_ms, equity[places_], words, "x-thin", color)]


def _buffer(frame: Frame, asset: str) -> list[Json]:
    data = []
    for name, unit, color, dash in _units(frame):
        result = frame.results[name]
        track = result.tracks[unit]
        if track.asset == asset:
            values = _with_before(frame, result, unit, buffer_of(track))
            data.append(_line(_unit_label(frame, name, unit), values, color, 2, dash))
    chart = _chart(frame, f"Buffer in {asset}", asset, data, is_from_zero=True)
    chart["lines"] = [{"y": 0, "color": "@danger", "text": "liquidation"}]
    return [chart] if data else []


def _health(frame: Frame) -> list[Json]:
    data = []
    for name, unit, color, dash in _units(frame):
        result = frame.results[name]
        track = result.tracks[unit]
        values = _with_before(frame, result, unit, health_of(track), is_failed=True)
        clipped = np.minimum(values, 1.0) * 100
        data.append(_line(_unit_label(frame, name, unit), clipped, color, 2, dash))
    if not data:
        return []
    chart = _chart(frame, "Health in %", "", data)
    chart["lines"] = [{"y": 100, "color": "@danger", "text": "liquidation"}]
    chart["y"] = {
        "title": "maintenance ÷ equity",
        "range": [0, 106],
        "hoverformat": ".1f",
        "tickvals": [0, 25, 50, 75, 100],
        "ticktext": ["0", "25", "50", "75", "100 %+"],
        "isFixed": True,
    }
    return [chart]


def _prices(frame: Frame, index: Mapping[str, Decimal]) -> list[Json]:
    share = len(frame.results)
    plain = np.unique(frame.rows)
    levels = {
        name: levels_of(result, plain, index, share=share) for name, result in frame.results.items()
    }
    return [_price(frame, symbol, levels) for symbol in _shown_symbols(frame.results)]


def _price(frame: Frame, symbol: str, levels: Mapping[str, list[Levels]]) -> Json:
    first = next(iter(frame.results.values()))
    marks = first.path.marks[:, first.path.symbols.index(symbol)]
    data = [_line("Mark price", marks[frame.rows], "@ink", 1.8)]
    entries: set[tuple[float, ...]] = set()
    for number, (name, found) in enumerate(levels.items()):
        own = [one for one in found if one.symbol == symbol]
        for place, level in enumerate(own):
            is_shared = place > 0 and not level.is_isolated
            side = f" {level.side}" if len(own) > 1 and not is_shared else ""
            is_split = len(own) > 1 and level.is_isolated
            prefix = f"{label(name)}{side if is_split else ''}"
            data += _level_lines(frame, level, prefix, f"@m{number}-{place}", is_shared=is_shared)
            values = tuple(dict.fromkeys(value for value in level.entry if value is not None))
            if values not in entries:
                entries.add(values)
                drawn = drawn_on(level.at_ms, level.entry, frame.at_ms, frame.is_before)
                data.append(_line(f"Entry{side}", drawn, "@muted", 1.2, "dash"))
    for number, (name, result) in enumerate(frame.results.items()):
        data += _event_marks(name, result, symbol, marks, f"@m{number}-0")
    instrument = contract_of(symbol, first.rulebook).instrument
    quote = "USD" if instrument.kind.is_inverse else instrument.settle
    gaps = [gap for gap in first.path.gaps if gap.symbol == symbol]
    chart = _chart(frame, f"{symbol} in {quote}", quote, data, gaps=gaps)
    chart["y"]["range"] = _price_range(
        marks, [one for own in levels.values() for one in own], symbol
    )
    chart["y"]["hoverformat"] = f",.{_price_places(marks)}f"
    return chart


def _level_lines(
    frame: Frame, level: Levels, prefix: str, color: str, *, is_shared: bool
) -> list[Json]:
    lines = []
    has_lower = any(value is not None for value in level.lower)
    for name, values, width, dash in (
        ("liquidation", level.lower, 1.8, "solid"),
        ("liquidation above" if has_lower else "liquidation", level.upper, 1.8, "solid"),
        ("bankruptcy", level.bankruptcy, 1.1, "dot"),
    ):
        drawn = drawn_on(level.at_ms, values, frame.at_ms, frame.is_before)
        if any(value is not None for value in drawn):
            line = _line(f"{prefix}: {name}", drawn, color, width, dash)
            flags = {"isHidden": is_shared, "isMinor": dash == "dot"}
            lines.append({**line, **{flag: True for flag, is_set in flags.items() if is_set}})
    return lines


def _event_marks(
    name: str, result: ReplayResult, symbol: str, marks: Values, color: str
) -> list[Json]:
    kinds = (
        ("liquidation step", "x-thin", lambda event: event.is_liquidation),
        ("bought", "triangle-up", lambda event: _is_fill(event, is_buy=True)),
        ("sold", "triangle-down", lambda event: _is_fill(event, is_buy=False)),
    )
    lines = []
    for what, sign, is_one in kinds:
        chosen = [e for e in result.events if is_one(e) and symbol in e.symbol.split(" ")]
        if not chosen:
            continue
        at = [point_of(result, event.at_ms) for event in chosen]
        words = [_short(event) for event in chosen]
        at_ms = [event.at_ms for event in chosen]
        lines.append(_markers(f"{label(name)}: {what}", at_ms, marks[at], words, sign, color))
    return lines


def _is_fill(event: Event, *, is_buy: bool) -> bool:
    return event.kind is EventKind.FILL and event.size is not None and (event.size > 0) == is_buy


def _short(event: Event) -> str:
    words = event.kind.value.replace("-", " ")
    return f"{words} at {price(event.price)}" if event.price is not None else words


def _units(frame: Frame) -> list[tuple[str, str, str, str]]:
    # Mode, unit, colour and dash of all that anything was ever asked of.
    found = []
    for number, (name, result) in enumerate(frame.results.items()):
        asked = [unit for unit, t in result.tracks.items() if (t.maintenance_margin > 0).any()]
        for place, unit in enumerate(asked):
            color = f"@m{number}-{place % LINES_PER_FAMILY}"
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


def _chart(
    frame: Frame,
    title: str,
    unit: str,
    data: list[Json],
    *,
    gaps: Iterable[Gap] | None = None,
    is_from_zero: bool = False,
) -> Json:
    if gaps is None:
        path = next(iter(frame.results.values())).path
        held = {s for r in frame.results.values() for _, a in r.accounts for s in held_symbols(a)}
        gaps = [gap for gap in path.gaps if gap.symbol in held]
    longest = sorted(gaps, key=lambda gap: gap.from_ms - gap.to_ms)[:GAPS_MAX]
    y: Json = {"hoverformat": f",.{places(unit)}f", "range": None}
    if is_from_zero:
        y["range"] = _range_from_zero(data)
    bands = [[gap.from_ms, gap.to_ms] for gap in longest]
    return {"title": title, "data": data, "y": y, "bands": bands}


def _line(name: str, values: Values | None, color: str, width: float, dash: str = "solid") -> Json:
    line: Json = {"name": escape(name), "color": color, "width": width, "dash": dash}
    return line if values is None else {**line, "y": _plain(values)}


def _markers(
    name: str, at_ms: list[int], y: Values, words: list[str], sign: str, color: str
) -> Json:
    return {
        "name": escape(name),
        "color": color,
        "marker": sign,
        "x": at_ms,
        "y": _plain(y),
        "text": [escape(f"{clock(at)} {word}") for at, word in zip(at_ms, words, strict=True)],
    }


def _plain(values: Values | list[float | None]) -> list[float | None]:
    # Nine digits are more than a screen shows, and a third of the file.
    listed = values.tolist() if isinstance(values, np.ndarray) else values
    return [
        None if value is None or not np.isfinite(value) else float(f"{value:.9g}")
        for value in listed
    ]


def _range_from_zero(data: list[Json]) -> list[float]:
    # Zero is where it ends, so zero is in view, a little off the edge.
    known = [0.0, *(value for line in data for value in line["y"] if value is not None)]
    span = max(known) - min(known) or 1.0
    return [min(known) - 0.04 * span, max(known) + 0.04 * span]


def _price_range(marks: Values, levels: list[Levels], symbol: str) -> list[float]:
    # The price in full, and liquidation prices as far as they do not flatten it.
    low, high = float(np.nanmin(marks)), float(np.nanmax(marks))
    reach = 1.5 * max(high - low, 0.01 * high)
    ends = [low, high]
    for level in levels:
        if level.symbol == symbol:
            for line in (level.lower, level.upper, level.entry):
                known = [value for value in line if value is not None]
                ends += [min(max(value, low - reach), high + reach) for value in known]
    span = max(ends) - min(ends)
    return [max(0.0, min(ends) - 0.04 * span), max(ends) + 0.04 * span]


def _price_places(marks: Values) -> int:
    largest = float(np.nanmax(marks))
    return 2 if largest >= 100 else 4 if largest >= 1 else 8


def _shown_symbols(results: Mapping[str, ReplayResult]) -> list[str]:
    found = dict.fromkeys(s for result in results.values() for s in symbols_of(result))
    path = next(iter(results.values())).path
    return list(found or dict.fromkeys(path.symbols))[:SYMBOLS_MAX]
