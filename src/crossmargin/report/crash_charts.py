"""Charts of a crash: prices, what was liquidated, what stayed open, who was left to buy, the fund.

All on the clock of the window's looks, drawn by the same script as the report of a replay. Floats
begin here and are for the eye.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

import numpy as np

from crossmargin.money import ZERO
from crossmargin.report.crash_records import CrashSummary, minute_of
from crossmargin.report.crash_words import WAYS
from crossmargin.report.drawing import Json, line_of
from crossmargin.runtime.crash_log import Look

BAR_MS = 48_000
"""How much of its minute a bar takes."""
SYMBOL_COLORS = ("@m0-0", "@m1-0", "@m0-2", "@m1-2", "@m0-3", "@m1-1", "@m0-1", "@m1-3")
WAY_COLORS = {"book": "@m0-1", "fund": "@m0-0", "winners": "@m1-0", "mark": "@muted"}

ABOUT = {
    "prices": (
        "Where prices went",
        "Marks against the window’s first. They are the record’s: what happens at this venue does "
        "not move them.",
    ),
    "liquidations": (
        "What was liquidated, minute by minute",
        "Notional of positions that failed, by who had to take it: other people’s orders in the "
        "book, the insurance fund, winners who were made to close (auto-deleveraging), or anybody "
        "at the mark.",
    ),
    "given": (
        "What the insurance fund gave up itself",
        "Positions the fund had taken over and could not carry any longer; winners closed them.",
    ),
    "open": (
        "What stayed open",
        "Open interest: what all longs hold together, and so all shorts.",
    ),
    "book": (
        "Who was left to buy",
        "What the market maker still bid for at the end of each moment, after liquidations. It "
        "fills up at every moment as far as its capital goes; at zero the book is dry, and failed "
        "positions have nowhere to go but the fund.",
    ),
    "fund": (
        "What the fund and the market maker had",
        "Money, and money with the unrealised profit of what they hold. The fund loses on what it "
        "has taken over and cannot sell.",
    ),
}


def crash_charts(summary: CrashSummary, looks: Sequence[Look]) -> dict[str, list[Json]]:
    """Return the charts by the keys of `ABOUT`; `looks` are the window's."""
    given = [
        (minute_of(one.at_ms), sum(one.closed_usd.values(), ZERO)) for one in summary.fund_steps
    ]
    charts = {
        "prices": [_chart("Change of the mark, %", _changes(summary, looks), places=1)],
        "liquidations": [_chart("Notional a minute, USD", _closed(summary))],
        "given": [_chart("Notional a minute, USD", [_bars("given up", given, "@m1-0")])],
        "open": [
            _chart("Open interest, USD", _by_symbol(summary, looks, lambda one: one.open_usd))
        ],
        "book": [_chart("Bids, USD", _by_symbol(summary, looks, lambda one: one.bids_usd))],
        "fund": [_chart("USD", _purses(looks))],
    }
    return {key: group for key, group in charts.items() if key != "given" or given}


def _changes(summary: CrashSummary, looks: Sequence[Look]) -> list[Json]:
    lines = []
    for one, color in zip(summary.markets, _colors(summary), strict=True):
        first = float(one.first)
        values = [
            None
            if (mark := look.marks.get(one.symbol)) is None
            else 100 * (float(mark) / first - 1)
            for look in looks
        ]
        lines.append(line_of(one.symbol, values, color, 1.8))
    return lines


def _by_symbol(
    summary: CrashSummary,
    looks: Sequence[Look],
    found: Callable[[Look], dict[str, Decimal]],
) -> list[Json]:
    lines = []
    for one, color in zip(summary.markets, _colors(summary), strict=True):
        values = np.array([float(found(look).get(one.symbol, 0)) for look in looks])
        lines.append(line_of(one.symbol, values, color, 1.8))
    return lines


def _closed(summary: CrashSummary) -> list[Json]:
    return [
        _bars(
            name,
            [(minute.at_ms, minute.closed_usd.get(way, ZERO)) for minute in summary.minutes],
            WAY_COLORS[way],
        )
        for way, name in WAYS.items()
        if any(minute.closed_usd.get(way) for minute in summary.minutes)
    ]


def _purses(looks: Sequence[Look]) -> list[Json]:
    purses = np.array([float(sum(one.fund.values(), ZERO)) for one in looks])
    with_positions = np.array([float(one.fund_equity) for one in looks])
    maker = np.array([float(one.maker_equity) for one in looks])
    return [
        line_of("Fund: money", purses, "@m1-0", 2.0),
        line_of("Fund: with its positions", with_positions, "@m1-1", 1.4),
        line_of("Market maker", maker, "@m0-0", 1.8),
    ]


def _bars(name: str, values: Iterable[tuple[int, Decimal]], color: str) -> Json:
    sums: dict[int, float] = {}
    for at_ms, amount in values:
        sums[at_ms] = sums.get(at_ms, 0.0) + float(amount)
    return {
        "name": name,
        "color": color,
        "isBar": True,
        "width": BAR_MS,
        "x": list(sums),
        "y": list(sums.values()),
    }


def _colors(summary: CrashSummary) -> list[str]:
    return [SYMBOL_COLORS[place % len(SYMBOL_COLORS)] for place in range(len(summary.markets))]


def _chart(title: str, data: list[Json], *, places: int = 0) -> Json:
    y: Json = {"hoverformat": f",.{places}f", "range": None}
    return {"title": title, "data": data, "y": y, "bands": []}
