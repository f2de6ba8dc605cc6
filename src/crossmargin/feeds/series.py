"""A series of candles, checked once so that everything after it can trust it.

Price files lie in a handful of known ways: a truncated download, a column too few, a zero where
the venue was down, the same minute twice, a file of another interval under a familiar name.
Every one of them would move somebody's equity, so every one is refused here, with the line.

What this does not do: repair, fill or drop a row. A step larger than the interval is not an
error: venues do stop. It is a gap, and gaps are listed.

Invariant: a `Series` that exists has strictly increasing times on one grid, finite prices above
zero, and no candle whose high or low lies inside its open and close.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from crossmargin.durations import UNIT_MS, interval_text
from crossmargin.errors import FeedError, UsageError

Times = NDArray[np.int64]
Prices = NDArray[np.float64]


class PriceKind(StrEnum):
    """What a price is: the venue's mark, its last trade, or a trade on a spot market."""

    MARK = "mark"
    LAST = "last"
    SPOT = "spot"


class Gap(Struct, frozen=True):
    """A stretch [from_ms, to_ms) in which `symbol` has no price.

    `missing` candles would have opened in it; 0 where the window begins inside a candle.
    """

    symbol: str
    from_ms: int
    to_ms: int
    missing: int


@dataclass(frozen=True, eq=False)
class Series:
    """Candles of one symbol, oldest first; all arrays have shape (n_candles,), none is NaN.

    Attributes
    ----------
    symbol : as the venue writes it.
    kind : what the prices are.
    interval_ms : length of a candle in milliseconds.
    ts_ms : int64, the candles' OPEN times in milliseconds UTC.
    open, high, low, close : float64 in the quote asset; `exact` recovers the decimals.
    paths : the files it was read from, oldest first.
    is_close_only : the file had closes only, and open, high and low repeat them: what happened
        inside a candle is not known, nor is its price known before its end.
    """

    symbol: str
    kind: PriceKind
    interval_ms: int
    ts_ms: Times
    open: Prices
    high: Prices
    low: Prices
    close: Prices
    paths: tuple[Path, ...]
    is_close_only: bool = False

    @property
    def start_ms(self) -> int:
        """Open time of the first candle."""
        return int(self.ts_ms[0])

    @property
    def end_ms(self) -> int:
        """End of the last candle."""
        return int(self.ts_ms[-1]) + self.interval_ms

    def between(self, from_ms: int, to_ms: int) -> "Series":
        """Return the candles whose open lies in [from_ms, to_ms); there may be none."""
        first, last = np.searchsorted(self.ts_ms, [from_ms, to_ms])
        rows = slice(int(first), int(last))
        return replace(
            self,
            ts_ms=self.ts_ms[rows],
            open=self.open[rows],
            high=self.high[rows],
            low=self.low[rows],
            close=self.close[rows],
        )

    def gaps(self) -> tuple[Gap, ...]:
        """Return the steps larger than the interval, oldest first."""
        steps = np.diff(self.ts_ms)
        return tuple(
            Gap(
                symbol=self.symbol,
                from_ms=int(self.ts_ms[row]) + self.interval_ms,
                to_ms=int(self.ts_ms[row + 1]),
                missing=int(steps[row]) // self.interval_ms - 1,
            )
            for row in np.flatnonzero(steps > self.interval_ms)
        )


def exact(value: float) -> Decimal:
    """Return the decimal a float was read from: the shortest one that reads back as `value`."""
    return Decimal(repr(float(value)))


def utc(at_ms: int) -> str:
    """Return a moment as ISO 8601 with Z, to the second or, where it needs them, milliseconds."""
    spec = "milliseconds" if at_ms % 1000 else "seconds"
    moment = datetime.fromtimestamp(at_ms // 1000, UTC).replace(microsecond=at_ms % 1000 * 1000)
    return moment.replace(tzinfo=None).isoformat(timespec=spec) + "Z"


def interval_of(text: str) -> int:
    """Return the milliseconds of an interval such as "5m", "1h" or "1d".

    Raises
    ------
    UsageError
        If it is not a whole number of seconds, minutes, hours, days or weeks. Months ("1M") are
        not: their length varies.
    """
    match = re.fullmatch(r"([1-9]\d{0,5})([smhdw])", text)
    if match is None:
        raise UsageError(f"interval {text!r} is not a number with s, m, h, d or w, as in 5m")
    return int(match[1]) * UNIT_MS[match[2]]


def interval_in(ts_ms: Times, named_ms: int | None, path: Path) -> int:
    """Return the interval of candles that open at `ts_ms`, shape (n,), strictly increasing.

    It is the one the file's name says; without one, the most common time step, the smaller of
    two equally common ones.

    Raises
    ------
    FeedError
        If neither says it, or every step is larger than the name's interval.
    """
    steps = np.diff(ts_ms)
    if named_ms is not None:
        if len(steps) > 1 and int(steps.min()) > named_ms:
            raise FeedError(
                f"{path}: its name says {interval_text(named_ms)}, but its candles are "
                f"{interval_text(int(steps.min()))} apart or more"
            )
        return named_ms
    if not len(steps):
        raise FeedError(f"{path}: one candle does not tell its interval, nor does the file's name")
    values, counts = np.unique(steps, return_counts=True)
    return int(values[np.argmax(counts)])


def require_rising(ts_ms: Times, path: Path, place: Callable[[int], str]) -> None:
    """Refuse times, shape (n,), that do not strictly increase; `place` names a row by its index.

    Raises
    ------
    FeedError
        At the first row whose time is not after the one before.
    """
    fallen = np.flatnonzero(np.diff(ts_ms) <= 0)
    if len(fallen):
        row = int(fallen[0]) + 1
        again = "repeats" if ts_ms[row] == ts_ms[row - 1] else "is before"
        raise FeedError(
            f"{path}, {place(row)}: time {utc(int(ts_ms[row]))} {again} that of the row before"
        )


def require_sound(series: Series, place: Callable[[int], str]) -> None:
    """Refuse a series that breaks the invariant; `place` names a row by its index.

    Raises
    ------
    FeedError
        At the first row with a price that is NaN, infinite or not above zero, a high below or a
        low above another price of its candle, or a time off the grid the first row begins.
    """
    path = series.paths[-1]
    prices = {"close": series.close}
    if not series.is_close_only:
        prices = {"open": series.open, "high": series.high, "low": series.low, **prices}
    for name, column in prices.items():
        if (row := _first(~np.isfinite(column))) is not None:
            raise FeedError(f"{path}, {place(row)}: {name} is not a number")
        if (row := _first(column <= 0)) is not None:
            raise FeedError(f"{path}, {place(row)}: {name} {column[row]} is not above zero")
    top = np.maximum(np.maximum(series.open, series.close), series.low)
    if (row := _first(series.high < top)) is not None:
        raise FeedError(
            f"{path}, {place(row)}: high {series.high[row]} is below {top[row]} in its candle"
        )
    bottom = np.minimum(series.open, series.close)
    if (row := _first(series.low > bottom)) is not None:
        raise FeedError(
            f"{path}, {place(row)}: low {series.low[row]} is above {bottom[row]} in its candle"
        )
    if (row := _first((series.ts_ms - series.start_ms) % series.interval_ms != 0)) is not None:
        raise FeedError(
            f"{path}, {place(row)}: time {utc(int(series.ts_ms[row]))} is off the "
            f"{interval_text(series.interval_ms)} grid that begins at {utc(series.start_ms)}"
        )


def _first(bad: NDArray[np.bool_]) -> int | None:
    return int(np.argmax(bad)) if bad.any() else None
