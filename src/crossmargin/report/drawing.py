"""The shared grammar of all charts: one time axis, lines, marks and bands as plain JSON.

Every chart of a report shows the same moments, so that one can be laid over the other and a
cursor means the same everywhere. Which moments those are is decided once, here (`frame_of`).

Colours are roles ("@m0-0": first mode, first line), resolved by the page for light, dark and
paper. Names come from people's files and the chart library reads a little HTML in them, so every
name is escaped here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, TypeAlias

import numpy as np

from crossmargin.feeds.series import Gap
from crossmargin.replay.result import EventKind, ReplayResult
from crossmargin.report.along import (
    Mask,
    Values,
    assets_of,
    buffer_of,
    equity_of,
    held_symbols,
    point_of,
    priced_symbols,
    symbols_of,
    unknown_points,
)
from crossmargin.report.thinning import Points, drawn_points
from crossmargin.report.words import clock, places

Json: TypeAlias = dict[str, Any]

SYMBOLS_MAX = 12
"""More price charts than this nobody reads; the rest is in the path table."""

GAPS_MAX = 200

FILLS_MAX = 500
"""Fills per mode at which lines break sharply; a strategy's others are drawn like any point."""

FAMILIES = 3


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
    shown = shown_symbols(results)
    lines = [path.marks[:, path.symbols.index(symbol)] for symbol in shown]
    stepped: set[int] = set()
    for name, result in results.items():
        lines += [equity_of(result, asset, unknown[name]) for asset in assets_of(result)]
        lines += [buffer_of(track) for track in result.tracks.values()]
        stepped |= {point_of(result, event.at_ms) for event in result.liquidations}
        fills = [event for event in result.events if event.kind is EventKind.FILL]
        stepped |= {point_of(result, event.at_ms) for event in fills[:FILLS_MAX]}
    points = drawn_points(lines, stepped)
    rows = np.sort(np.concatenate([points, np.array(sorted(stepped), dtype=np.intp)]))
    is_before = np.append(rows[1:] == rows[:-1], np.False_)
    return Frame(results, rows, is_before, unknown, len(points) < len(path.at_ms))


def family(number: int) -> str:
    """Return the role of a mode's colours by its place among the modes."""
    return f"m{number % FAMILIES}"


def chart_of(
    frame: Frame,
    title: str,
    unit: str,
    data: list[Json],
    *,
    gaps: Iterable[Gap] | None = None,
) -> Json:
    """Return a chart of lines and markers.

    Parameters
    ----------
    unit : asset of the amounts; empty for shares.
    gaps : what to shade; all gaps of symbols that were held if None. The longest are kept.
    """
    if gaps is None:
        path = next(iter(frame.results.values())).path
        held = {s for r in frame.results.values() for _, a in r.accounts for s in held_symbols(a)}
        gaps = [gap for gap in path.gaps if gap.symbol in held]
    longest = sorted(gaps, key=lambda gap: gap.from_ms - gap.to_ms)[:GAPS_MAX]
    y: Json = {"hoverformat": f",.{places(unit)}f", "range": None}
    bands = [[gap.from_ms, gap.to_ms] for gap in longest]
    return {"title": title, "data": data, "y": y, "bands": bands}


def line_of(
    name: str, values: Values | list[float | None], color: str, width: float, dash: str = "solid"
) -> Json:
    """Return a line over the common time axis; `values` of shape (n_rows,), NaN or None a hole."""
    y = plain_of(values)
    return {"name": escape(name), "color": color, "width": width, "dash": dash, "y": y}


def markers_of(
    name: str, at_ms: list[int], y: Values, words: list[str], sign: str, color: str
) -> Json:
    """Return marks at moments of their own, each with a word that is shown when hovered."""
    return {
        "name": escape(name),
        "color": color,
        "marker": sign,
        "x": at_ms,
        "y": plain_of(y),
        "text": [escape(f"{clock(at)} {word}") for at, word in zip(at_ms, words, strict=True)],
    }


def shown_symbols(results: Mapping[str, ReplayResult]) -> list[str]:
    """Return the symbols that have a chart: those of positions, orders and events; else all."""
    found = dict.fromkeys(s for result in results.values() for s in symbols_of(result))
    path = next(iter(results.values())).path
    return list(found or priced_symbols(path))[:SYMBOLS_MAX]


def plain_of(values: Values | list[float | None]) -> list[float | None]:
    """Return numbers as JSON has them, to nine digits: more than a screen shows."""
    listed = values.tolist() if isinstance(values, np.ndarray) else values
    return [
        None if value is None or not np.isfinite(value) else float(f"{value:.9g}")
        for value in listed
    ]
