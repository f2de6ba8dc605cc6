"""The prices inside candles, in one order, for all symbols on one clock.

A candle says where a price went, not when: whether the low came before the high decides whether
a long and a short in one account help each other in time. The order is therefore a choice, made
once and named: `ohlc` (high first), `olhc` (low first), or `worst` (the extreme that hurts first,
by the direction each symbol has in one account). Accounts that are compared share one path.

A candle [t, t + I) is four points: its open at t, one extreme at t + I/3, the other at t + 2·I/3,
its close at t + I − 1 ms, and straight lines between them, so that a price does not jump over
what lies between its extremes. From one candle's close to the next one's open it does jump. A
candle known by its close alone is that point only, and its price lasts until the next.

The lines are looked at where any symbol has a point, and every `sample_ms`.

Invariant: a missing candle is never bridged. From the end of the candle before a gap until the
symbol's next point its price is NaN, and the gap is in the list.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from crossmargin.durations import MINUTE_MS, interval_text
from crossmargin.errors import UnknownError, UsageError
from crossmargin.feeds.folder import choose, list_files, read_pick
from crossmargin.feeds.series import Gap, Prices, Series, Times, utc

JUMP_MS = 1
"""From a candle's close to the next one's open no time passes that a price could move in."""
SAMPLES_MAX = 200_000
SAMPLES_MS = tuple(minutes * MINUTE_MS for minutes in (1, 5, 15, 30, 60, 240))
"""How often the lines are looked at: the first of these that takes no more than `SAMPLES_MAX`."""


class Order(StrEnum):
    """Which extreme of a candle comes first: its high, its low, or the one that hurts."""

    HIGH_FIRST = "ohlc"
    LOW_FIRST = "olhc"
    WORST_FIRST = "worst"


@dataclass(frozen=True, eq=False)
class PricePath:
    """Marks of several symbols at rising moments in [from_ms, to_ms).

    Attributes
    ----------
    symbols : the columns of `marks`, in order.
    at_ms : int64, shape (n_points,), milliseconds UTC, strictly increasing.
    marks : float64, shape (n_points, n_symbols), in the quote asset; NaN where a symbol has no
        price (in a gap, before its first and after its last candle). `series.exact` recovers
        the decimals. Both arrays are read-only.
    gaps : stretches of the window without a candle, by symbol and time, those at its ends too.
    choice : sentences that say which prices these are and in which order.
    """

    symbols: tuple[str, ...]
    at_ms: Times
    marks: Prices
    from_ms: int
    to_ms: int
    gaps: tuple[Gap, ...] = ()
    choice: tuple[str, ...] = ()


def price_path(
    series: Sequence[Series],
    from_ms: int,
    to_ms: int,
    *,
    order: str = Order.HIGH_FIRST,
    directions: Mapping[str, int] | None = None,
    sample_ms: int | None = None,
    choice: tuple[str, ...] = (),
) -> PricePath:
    """Return the path through the candles whose open lies in [from_ms, to_ms).

    Parameters
    ----------
    series : one for each symbol; intervals may differ.
    order : "ohlc", "olhc" or "worst".
    directions : used by "worst" alone: +1 where the account is long (low first), -1 where it is
        short (high first); a symbol that is absent or 0 takes the high first.
    sample_ms : look at the lines inside candles this often, beside their points; None does not.
    choice : sentences about where `series` come from; one about the order is added.

    Returns
    -------
    PricePath
        Its times are those of all symbols' points together. Points at or after `to_ms`, of a
        candle the window cuts, are left out.

    Raises
    ------
    UnknownError
        If no candle of a symbol opens in the window.
    UsageError
        If the order is unknown, `worst` comes without directions, or a symbol comes twice.
    """
    if order not in set(Order):
        raise UsageError(f"path {order!r} is not ohlc, olhc or worst")
    if order == Order.WORST_FIRST and directions is None:
        raise UsageError("path worst needs the directions of one account's positions")
    symbols = tuple(one.symbol for one in series)
    if len(set(symbols)) < len(symbols):
        raise UsageError(f"a symbol has two series: {', '.join(symbols)}")
    lines, gaps = [], []
    for one in series:
        inside = one.between(from_ms, to_ms)
        if not len(inside.ts_ms):
            raise UnknownError(f"{one.symbol}: no candle opens from {utc(from_ms)} to {utc(to_ms)}")
        holes = _holes(inside, from_ms, to_ms)
        is_long = directions is not None and directions.get(one.symbol, 0) > 0
        is_low_first = order == Order.LOW_FIRST or (order == Order.WORST_FIRST and is_long)
        lines.append(_line(inside, holes, is_low_first, to_ms))
        gaps += holes
    moments = [line.at_ms for line in lines]
    if sample_ms is not None:
        start = max(from_ms, min(int(times[0]) for times in moments))
        moments.append(np.arange(-(-start // sample_ms) * sample_ms, to_ms, sample_ms))
    at_ms = np.unique(np.concatenate(moments))
    marks = np.column_stack([line.at(at_ms) for line in lines])
    at_ms.setflags(write=False)
    marks.setflags(write=False)
    return PricePath(
        symbols=symbols,
        at_ms=at_ms,
        marks=marks,
        from_ms=from_ms,
        to_ms=to_ms,
        gaps=tuple(gaps),
        choice=(*choice, *_choice(series, Order(order), sample_ms)),
    )


def load_path(
    where: Path,
    symbols: Sequence[str],
    from_ms: int,
    to_ms: int,
    *,
    order: str = Order.HIGH_FIRST,
    directions: Mapping[str, int] | None = None,
    price: str | None = None,
    interval: str | None = None,
    venue: str = "binance",
) -> PricePath:
    """Return the path of `symbols` through a candle file or folder; see the parts it is made of.

    Windows of up to 138 days are looked at every minute, longer ones less often (`SAMPLES_MS`).

    Raises
    ------
    FeedError
        If a file is bad (`candles.read_series`).
    UnknownError
        If nothing covers the window for a symbol (`folder.choose`).
    UsageError
        If an option is none (`folder.choose`, `price_path`).
    """
    files = list_files(where, symbols, venue=venue, price=price)
    picks = [
        choose(files, symbol, from_ms, to_ms, price=price, interval=interval) for symbol in symbols
    ]
    return price_path(
        [read_pick(pick) for pick in picks],
        from_ms,
        to_ms,
        order=order,
        directions=directions,
        sample_ms=sampling(from_ms, to_ms),
        choice=tuple(pick.choice for pick in picks),
    )


def _holes(inside: Series, from_ms: int, to_ms: int) -> list[Gap]:
    # Missing candles in the window, and what its ends leave without a price.
    interval_ms = inside.interval_ms
    holes = list(inside.gaps())
    if inside.start_ms > from_ms:
        missing = (inside.start_ms - from_ms) // interval_ms
        holes.insert(0, Gap(inside.symbol, from_ms, inside.start_ms, missing))
    if inside.end_ms < to_ms:
        missing = -(-(to_ms - inside.end_ms) // interval_ms)
        holes.append(Gap(inside.symbol, inside.end_ms, to_ms, missing))
    return holes


def sampling(from_ms: int, to_ms: int) -> int:
    """Return how often to look at the lines inside candles of a window, in milliseconds."""
    fine = (step for step in SAMPLES_MS if (to_ms - from_ms) // step <= SAMPLES_MAX)
    return next(fine, SAMPLES_MS[-1])


@dataclass(frozen=True, eq=False)
class _Line:
    # A symbol's own points; NaN from where it has no price.
    at_ms: Times
    prices: Prices
    is_straight: bool

    def at(self, moments: Times) -> Prices:
        """Return the price at each moment, rounded to 8 places between the symbol's own points."""
        last = np.searchsorted(self.at_ms, moments, side="right") - 1
        held: Prices = np.concatenate([self.prices, [np.nan]])[last]  # -1, before the first: NaN
        if not self.is_straight:
            return held
        following = np.minimum(last + 1, len(self.at_ms) - 1)
        start, end = self.at_ms[last], self.at_ms[following]
        is_between = (last >= 0) & (moments > start) & np.isfinite(self.prices[following])
        is_between &= end - start > JUMP_MS
        share = (moments[is_between] - start[is_between]) / (end - start)[is_between]
        low, high = held[is_between], self.prices[following][is_between]
        held[is_between] = np.round(low + share * (high - low), 8)
        return held


def _line(inside: Series, holes: Sequence[Gap], is_low_first: bool, to_ms: int) -> _Line:
    step = inside.interval_ms
    if inside.is_close_only:
        columns, offsets = [inside.close], [step - 1]
    else:
        extremes = [inside.low, inside.high] if is_low_first else [inside.high, inside.low]
        columns = [inside.open, *extremes, inside.close]
        offsets = [0, step // 3, 2 * step // 3, step - 1]
    # NaN begins where a candle should have, so that the price before a gap does not last into it.
    ends = [hole.from_ms for hole in holes if hole.from_ms > inside.start_ms]
    times = np.concatenate([*(inside.ts_ms + offset for offset in offsets), ends]).astype(np.int64)
    prices = np.concatenate([*columns, np.full(len(ends), np.nan)])
    order = np.argsort(times)
    order = order[times[order] < to_ms]
    return _Line(times[order], prices[order], not inside.is_close_only)


def _choice(series: Sequence[Series], order: Order, sample_ms: int | None) -> list[str]:
    said = {
        Order.HIGH_FIRST: "the high comes before the low (path ohlc)",
        Order.LOW_FIRST: "the low comes before the high (path olhc)",
        Order.WORST_FIRST: "the extreme against the position comes first (path worst)",
    }
    often = "" if sample_ms is None else f" and every {interval_text(sample_ms)}"
    sentences = [
        f"Inside a candle {said[order]}, with straight lines between, looked at there{often}."
    ]
    closes = [one.symbol for one in series if one.is_close_only]
    if closes:
        sentences.append(
            f"{', '.join(closes)}: the file has closes only, so moves inside its candles are "
            f"not seen and each close counts from its candle's end."
        )
    return sentences
