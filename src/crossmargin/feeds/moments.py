"""What one source sees at one moment after another: marks, last prices and indexes together.

A venue is not fed one price a symbol but three, and they must be of one clock: a mark out of hourly
candles beside a last price out of five-minute ones would tell of a gap between them that there
never was. So the marks are chosen as for a replay (`folder`), and last prices and spot prices go
with them only where there are candles of the same length that cover the same window. What is not
there is left out, and said.

Nothing here knows of a venue; turning moments into commands is the runtime's.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import numpy as np
from msgspec import Struct, structs

from crossmargin.durations import interval_text
from crossmargin.errors import UnknownError
from crossmargin.feeds.folder import Found, choose, list_files, read_pick
from crossmargin.feeds.funding import SLACK_MS, FundingRates, Origin, load_funding
from crossmargin.feeds.path import Order, PricePath, price_path, sampling
from crossmargin.feeds.series import Gap, PriceKind, Series, exact, utc


class Moment(Struct, frozen=True):
    """Prices at one time, in the quote asset; a symbol without a price is absent.

    Attributes
    ----------
    at_ms : milliseconds UTC.
    marks, lasts, indexes : by symbol; a symbol may have a mark and neither of the others.
    fundings : recorded rates, by symbol, that were paid since the moment before.
    """

    at_ms: int
    marks: dict[str, Decimal]
    lasts: dict[str, Decimal] = {}
    indexes: dict[str, Decimal] = {}
    fundings: dict[str, Decimal] = {}


@dataclass(frozen=True, eq=False)
class Feed:
    """Moments in [from_ms, to_ms), in order, and the sentences that say what they are."""

    symbols: tuple[str, ...]
    moments: tuple[Moment, ...]
    from_ms: int
    to_ms: int
    gaps: tuple[Gap, ...] = ()
    choice: tuple[str, ...] = ()

    def between(self, from_ms: int, to_ms: int) -> "Feed":
        """Return the part of it in [from_ms, to_ms).

        Raises
        ------
        UnknownError
            If it does not cover that.
        """
        if not self.from_ms <= from_ms < to_ms <= self.to_ms:
            raise UnknownError(
                f"the prices are of {utc(self.from_ms)} to {utc(self.to_ms)}, not of all from "
                f"{utc(from_ms)} to {utc(to_ms)}"
            )
        inside = tuple(one for one in self.moments if from_ms <= one.at_ms < to_ms)
        return replace(self, moments=inside, from_ms=from_ms, to_ms=to_ms)


def load_feed(
    where: Path,
    symbols: Sequence[str],
    from_ms: int,
    to_ms: int,
    *,
    order: str = Order.HIGH_FIRST,
    price: str | None = None,
    interval: str | None = None,
    venue: str = "binance",
) -> Feed:
    """Return what a candle file or folder says of `symbols`, looked at every minute and oftener.

    Funding is what the history beside the candles says was paid; none is estimated.

    Parameters
    ----------
    order : "ohlc" or "olhc"; "worst" is for one account and is refused.
    price, interval : of the marks, as `folder.choose` takes them.

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
    series = [read_pick(pick) for pick in picks]
    beside = {
        kind: [_beside(files, mark, kind, from_ms, to_ms) for mark in series]
        for kind in (PriceKind.LAST, PriceKind.SPOT)
    }
    columns = [
        replace(one, symbol=_column(mark.symbol, kind))
        for kind, found in beside.items()
        for mark, one in zip(series, found, strict=True)
        if one is not None
    ]
    path = price_path(
        [*series, *columns],
        from_ms,
        to_ms,
        order=order,
        sample_ms=sampling(from_ms, to_ms),
        choice=tuple(pick.choice for pick in picks),
    )
    recorded = load_funding(where, symbols, from_ms, to_ms + SLACK_MS, venue=venue)
    told = (
        *path.choice,
        *_said(series, beside),
        *(said for one in recorded if one.origin is Origin.HISTORY for said in one.choice),
    )
    return _with_funding(_feed(path, symbols, told), recorded)


def feed_of(path: PricePath) -> Feed:
    """Return a path of marks as a feed that knows nothing else."""
    return _feed(path, path.symbols, path.choice)


def synthetic_feed(
    prices: Sequence[Mapping[str, Decimal]], from_ms: int, step_ms: int, choice: tuple[str, ...]
) -> Feed:
    """Return prices `step_ms` apart, the first at `from_ms`, as a feed (`synthetic_path`)."""
    moments = tuple(
        Moment(from_ms + place * step_ms, dict(marks)) for place, marks in enumerate(prices)
    )
    symbols = tuple(prices[0]) if prices else ()
    return Feed(symbols, moments, from_ms, from_ms + len(prices) * step_ms, choice=choice)


def _feed(path: PricePath, symbols: Sequence[str], choice: tuple[str, ...]) -> Feed:
    moments = tuple(
        Moment(
            at_ms,
            _known(path, row, symbols, PriceKind.MARK),
            _known(path, row, symbols, PriceKind.LAST),
            _known(path, row, symbols, PriceKind.SPOT),
        )
        for row, at_ms in enumerate(path.at_ms.tolist())
    )
    gaps = tuple(gap for gap in path.gaps if gap.symbol in symbols)
    return Feed(tuple(symbols), moments, path.from_ms, path.to_ms, gaps, choice)


def _with_funding(feed: Feed, recorded: Sequence[FundingRates]) -> Feed:
    # Each record goes with the first moment that is not before it; it is due on its minute, and
    # noted some milliseconds later.
    due: dict[int, dict[str, Decimal]] = {}
    times = [one.at_ms for one in feed.moments]
    for one in recorded:
        if one.origin is not Origin.HISTORY:
            continue
        for noted_ms, rate in zip(one.at_ms.tolist(), one.rates, strict=True):
            place = bisect_left(times, round(noted_ms / SLACK_MS) * SLACK_MS)
            if place < len(times):
                due.setdefault(times[place], {})[one.symbol] = rate
    moments = tuple(
        structs.replace(one, fundings=due[one.at_ms]) if one.at_ms in due else one
        for one in feed.moments
    )
    return replace(feed, moments=moments)


def _column(symbol: str, kind: PriceKind) -> str:
    # A path has one column a name; marks have their symbol's.
    return symbol if kind is PriceKind.MARK else f"{symbol} {kind}"


def _known(
    path: PricePath, row: int, symbols: Sequence[str], kind: PriceKind
) -> dict[str, Decimal]:
    columns = {symbol: _column(symbol, kind) for symbol in symbols}
    prices = {
        symbol: path.marks[row, path.symbols.index(column)]
        for symbol, column in columns.items()
        if column in path.symbols
    }
    return {symbol: exact(price) for symbol, price in prices.items() if np.isfinite(price)}


def _beside(
    files: Sequence[Found], mark: Series, kind: PriceKind, from_ms: int, to_ms: int
) -> Series | None:
    # Candles of another kind, of the marks' length; None where there are none, or they are it.
    if mark.kind == kind:
        return None
    length = interval_text(mark.interval_ms)
    try:
        pick = choose(files, mark.symbol, from_ms, to_ms, price=kind, interval=length)
    except UnknownError:
        return None
    return read_pick(pick)


def _said(
    series: Sequence[Series], beside: Mapping[PriceKind, Sequence[Series | None]]
) -> list[str]:
    names = {PriceKind.LAST: "last prices", PriceKind.SPOT: "index, from spot candles"}
    found = []
    for kind, others in beside.items():
        there = [m.symbol for m, one in zip(series, others, strict=True) if one is not None]
        absent = [
            m.symbol
            for m, one in zip(series, others, strict=True)
            if one is None and m.kind is not kind
        ]
        if there:
            found.append(f"{names[kind].capitalize()} of the same length: {', '.join(there)}.")
        if absent:
            found.append(
                f"{names[kind].capitalize()}: none of the marks' length for {', '.join(absent)}; "
                f"the mark stands in."
            )
    return found
