"""Charts of prices: where a symbol went, and where it would have ended an account.

One chart for each symbol: the mark, the entry, the liquidation and bankruptcy prices of every
mode, and what traded. The price is always in view in full; a liquidation price far below it would
flatten it, so the view reaches only so far, and a line outside says so in its name.
"""

from collections.abc import Mapping

import numpy as np

from crossmargin.margin.lookup import contract_of
from crossmargin.replay.result import Event, EventKind, ReplayResult
from crossmargin.report.along import Values, point_of
from crossmargin.report.drawing import (
    Frame,
    Json,
    chart_of,
    family,
    line_of,
    markers_of,
    shown_symbols,
)
from crossmargin.report.headline import label
from crossmargin.report.levels import Levels, drawn_on, levels_of
from crossmargin.report.words import price

REACH = 1.5
"""How far beyond the price the view goes for a liquidation price, in heights of the price."""


def price_charts(frame: Frame) -> list[Json]:
    """Return a chart for each symbol there ever was a position, order or event on."""
    share = len(frame.results)
    points = np.unique(frame.rows)
    levels = {
        name: levels_of(result, points, share=share) for name, result in frame.results.items()
    }
    return [_price(frame, symbol, levels) for symbol in shown_symbols(frame.results)]


def _price(frame: Frame, symbol: str, levels: Mapping[str, list[Levels]]) -> Json:
    first = next(iter(frame.results.values()))
    marks = first.path.marks[:, first.path.symbols.index(symbol)]
    data = [line_of("Mark price", marks[frame.rows], "@ink", 1.8)]
    entries: set[tuple[float, ...]] = set()
    for number, (name, found) in enumerate(levels.items()):
        own = [one for one in found if one.symbol == symbol]
        for place, level in enumerate(own):
            is_shared = place > 0 and not level.is_isolated
            side = f" {level.side}" if len(own) > 1 else ""
            prefix = f"{label(name)}{side if level.is_isolated else ''}"
            data += _level_lines(
                frame, level, prefix, f"@{family(number)}-{place}", is_shared=is_shared
            )
            values = tuple(dict.fromkeys(value for value in level.entry if value is not None))
            if values not in entries:
                entries.add(values)
                drawn = drawn_on(level.at_ms, level.entry, frame.at_ms, frame.is_before)
                title = f"Entry{side}" if number == 0 else f"{label(name)}{side}: entry"
                data.append(line_of(title, drawn, "@muted", 1.2, "dash"))
    for number, (name, result) in enumerate(frame.results.items()):
        data += _event_marks(name, result, symbol, marks, f"@{family(number)}-0")
    instrument = contract_of(symbol, first.rulebook).instrument
    quote = "USD" if instrument.kind.is_inverse else instrument.settle
    gaps = [gap for gap in first.path.gaps if gap.symbol == symbol]
    chart = chart_of(frame, f"{symbol} in {quote}", quote, data, gaps=gaps)
    chart["y"]["range"] = _view(data, marks)
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
            line = line_of(f"{prefix}: {name}", drawn, color, width, dash)
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
        lines.append(markers_of(f"{label(name)}: {what}", at_ms, marks[at], words, sign, color))
    return lines


def _is_fill(event: Event, *, is_buy: bool) -> bool:
    return event.kind is EventKind.FILL and event.size is not None and (event.size > 0) == is_buy


def _short(event: Event) -> str:
    words = event.kind.value.replace("-", " ")
    return f"{words} at {price(event.price)}" if event.price is not None else words


def _view(data: list[Json], marks: Values) -> list[float]:
    # The range of the chart; lines that lie outside it altogether are told so.
    low, high = float(np.nanmin(marks)), float(np.nanmax(marks))
    reach = REACH * max(high - low, 0.01 * high)
    values = [value for line in data for value in line["y"] if value is not None]
    near = [value for value in values if low - reach <= value <= high + reach]
    span = max(near) - min(near) or 0.01 * high
    view = [max(0.0, min(near) - 0.04 * span), max(near) + 0.04 * span]
    for line in data:
        if not any(v is not None and view[0] <= v <= view[1] for v in line["y"]):
            line["name"] += " (off the chart)"
    return view


def _price_places(marks: Values) -> int:
    largest = float(np.nanmax(marks))
    return 2 if largest >= 100 else 4 if largest >= 1 else 8
