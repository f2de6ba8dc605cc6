"""Candles of one price: what is observed goes into one minute, what is over into all intervals.

An observation touches the open minute alone. When a later minute begins, the one before is merged
into the candle of every interval, so an event costs the same however many intervals there are.
Reading merges the open minute into the last candle. An interval without an observation has none.
"""

from collections import deque
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import takewhile

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.durations import DAY_MS, HOUR_MS, MINUTE_MS
from crossmargin.history.records import CandleRecord
from crossmargin.money import ZERO, exact

FIXED_MS = {
    "1m": MINUTE_MS,
    "3m": 3 * MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": HOUR_MS,
    "2h": 2 * HOUR_MS,
    "4h": 4 * HOUR_MS,
    "6h": 6 * HOUR_MS,
    "8h": 8 * HOUR_MS,
    "12h": 12 * HOUR_MS,
    "1d": DAY_MS,
    "3d": 3 * DAY_MS,
    "1w": 7 * DAY_MS,
}
MONTH = "1M"
INTERVALS = (*FIXED_MS, MONTH)
"""The names of intervals; from a minute to a month."""
FIRST_MONDAY_MS = 4 * DAY_MS
"""1970 began on a Thursday."""


def opened_ms(interval: str, at_ms: int) -> int:
    """Return when the interval that holds `at_ms` began: in UTC, weeks on Mondays.

    Raises
    ------
    KeyError
        If there is no such interval.
    """
    if interval == MONTH:
        first = _month(at_ms)
        return int(first.timestamp()) * 1000
    length, start = FIXED_MS[interval], FIRST_MONDAY_MS if interval == "1w" else 0
    return (at_ms - start) // length * length + start


def closed_ms(interval: str, open_ms: int) -> int:
    """Return the last millisecond of the interval that began at `open_ms`.

    Raises
    ------
    KeyError
        If there is no such interval.
    """
    if interval == MONTH:
        following = (_month(open_ms) + timedelta(days=31)).replace(day=1)
        return int(following.timestamp()) * 1000 - 1
    return open_ms + FIXED_MS[interval] - 1


def _month(at_ms: int) -> datetime:
    day = datetime.fromtimestamp(at_ms // 1000, UTC)
    return day.replace(day=1, hour=0, minute=0, second=0)


class Bar(Struct):
    """A candle that may still change."""

    open_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal = ZERO
    quote_volume: Decimal = ZERO
    trades: int = 0
    taker_buy_volume: Decimal = ZERO
    taker_buy_quote: Decimal = ZERO
    first_id: int | None = None
    last_id: int | None = None

    def merge(self, later: "Bar") -> None:
        """Let `later` be the end of it."""
        self.high, self.low = max(self.high, later.high), min(self.low, later.low)
        self.close = later.close
        if not later.trades:
            return
        self.volume += later.volume
        self.quote_volume += later.quote_volume
        self.trades += later.trades
        self.taker_buy_volume += later.taker_buy_volume
        self.taker_buy_quote += later.taker_buy_quote
        self.first_id = later.first_id if self.first_id is None else self.first_id
        self.last_id = later.last_id

    def record(self, interval: str) -> CandleRecord:
        """Return it as it is now."""
        return CandleRecord(
            self.open_ms,
            closed_ms(interval, self.open_ms),
            self.open,
            self.high,
            self.low,
            self.close,
            self.volume,
            self.quote_volume,
            self.trades,
            self.taker_buy_volume,
            self.taker_buy_quote,
        )


class CandleSeries:
    """All candles of one price of one market."""

    def __init__(self, candles_max: int) -> None:
        """Start empty; keep so many candles of each interval."""
        self._minute: Bar | None = None
        # The last of each lacks the open minute.
        self._bars: dict[str, deque[Bar]] = {
            interval: deque(maxlen=candles_max) for interval in INTERVALS
        }

    def see(self, at_ms: int, price: Decimal) -> Bar:
        """Take a price in, and return the minute it is in."""
        minute = self._minute
        if minute is None or at_ms >= minute.open_ms + MINUTE_MS:
            self._close_minute()
            minute = Bar(opened_ms("1m", at_ms), price, price, price, price)
            self._minute = minute
            return minute
        if price > minute.high:
            minute.high = price
        elif price < minute.low:
            minute.low = price
        minute.close = price
        return minute

    def trade(
        self, at_ms: int, price: Decimal, size: Decimal, quote: Decimal, trade_id: int
    ) -> None:
        """Take a trade in; `size` is the taker's, `quote` absolute."""
        minute = self.see(at_ms, price)
        minute.volume += abs(size)
        minute.quote_volume += quote
        minute.trades += 1
        if size > 0:
            minute.taker_buy_volume += size
            minute.taker_buy_quote += quote
        if minute.first_id is None:
            minute.first_id = trade_id
        minute.last_id = trade_id

    @exact
    def records(self, interval: str, from_ms: int = 0) -> tuple[CandleRecord, ...]:
        """Return the candles of an interval that opened at `from_ms` or later, oldest first.

        It costs no more than those are.

        Raises
        ------
        KeyError
            If there is no such interval.
        """
        newest = takewhile(lambda bar: bar.open_ms >= from_ms, reversed(self._bars[interval]))
        bars = [*newest][::-1]
        if self._minute is not None:
            start = opened_ms(interval, self._minute.open_ms)
            if bars and bars[-1].open_ms == start:
                bars[-1] = replace(bars[-1])
                bars[-1].merge(self._minute)
            elif start >= from_ms:
                bars.append(replace(self._minute, open_ms=start))
        return tuple(bar.record(interval) for bar in bars)

    @exact
    def since(self, start_ms: int) -> Bar | None:
        """Return all that was since the first whole minute after `start_ms`; None without any.

        The newest minute always belongs to it. Whole hours are taken whole, so it costs the same
        however much has happened.
        """
        first_ms = -(-start_ms // MINUTE_MS) * MINUTE_MS
        hour_ms = -(-first_ms // HOUR_MS) * HOUR_MS
        minutes = [bar for bar in self._bars["1m"] if first_ms <= bar.open_ms < hour_ms]
        hours = [bar for bar in self._bars["1h"] if bar.open_ms >= hour_ms]
        parts = minutes + hours + ([self._minute] if self._minute is not None else [])
        if not parts:
            return None
        whole = replace(parts[0])
        for part in parts[1:]:
            whole.merge(part)
        return whole

    def _close_minute(self) -> None:
        over = self._minute
        if over is None:
            return
        for interval, bars in self._bars.items():
            start = opened_ms(interval, over.open_ms)
            if bars and bars[-1].open_ms == start:
                bars[-1].merge(over)
            else:
                bars.append(replace(over, open_ms=start))
