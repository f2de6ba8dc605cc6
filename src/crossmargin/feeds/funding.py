"""Funding rates through a window: the venue's history, else an estimate, else none.

Holding a perpetual through a crash costs or earns funding, and what it was is a matter of record.
So history is taken where there is any that covers the window. Where there is none, the venue's
own formula is applied to the premium that candles show; that is an approximation, and says so.
Where neither is possible no funding is charged, and that is said too.

This does not charge anybody: `venue.funding.funding_payment` says what a rate costs. Times are
kept as the venue reports them, a few milliseconds off the hour included.

Invariant: each symbol gets exactly one of the three, with the sentence that says which.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

import numpy as np

from crossmargin.durations import interval_text
from crossmargin.errors import FeedError, UnknownError
from crossmargin.feeds.folder import Pick, choose, list_files, read_pick, walk
from crossmargin.feeds.names import funding_name, symbol_as
from crossmargin.feeds.premium import estimated_rates
from crossmargin.feeds.series import (
    PriceKind,
    Times,
    exact,
    require_rising,
    utc,
)
from crossmargin.feeds.tables import Table, json_table, read_json, read_table
from crossmargin.rulebooks.schema import Funding

INTERVAL_MS = 28_800_000
"""Eight hours, the usual time between fundings, where one row does not tell it."""

SLACK_MS = 60_000
"""How far off its grid a funding time may be: about a minute, by the venue's own word."""

_NAMES = ("rate", "last_funding_rate", "fundingrate", "funding_rate")


class Origin(StrEnum):
    """Where rates come from."""

    HISTORY = "history"
    ESTIMATE = "estimate"
    NONE = "none"


@dataclass(frozen=True, eq=False)
class FundingRates:
    """The funding of one symbol in a window.

    Attributes
    ----------
    at_ms : int64, shape (n,), milliseconds UTC, strictly increasing; empty where there is none.
    rates : n fractions of notional, exact; positive: longs pay shorts.
    choice : sentences that say where the rates come from and what is wrong with them.
    """

    symbol: str
    at_ms: Times
    rates: tuple[Decimal, ...]
    origin: Origin
    choice: tuple[str, ...]


def no_funding(symbol: str, reason: str) -> FundingRates:
    """Return the absence of funding, with the reason (a clause) in its sentence."""
    said = f"{symbol}: no funding is charged: {reason}."
    return FundingRates(symbol, np.empty(0, np.int64), (), Origin.NONE, (said,))


def load_funding(
    where: Path,
    symbols: Sequence[str],
    from_ms: int,
    to_ms: int,
    *,
    history: Path | None = None,
    rules: Funding | None = None,
    first_tier_rates: Mapping[str, Decimal | None] | None = None,
    venue: str = "binance",
) -> tuple[FundingRates, ...]:
    """Return the funding rates of each symbol with times in [from_ms, to_ms).

    Parameters
    ----------
    where : the candle folder or file; history is looked for in it, in its `funding` folder and in
        a `funding` folder beside it.
    history : a file or folder of funding history, instead of looking for it.
    rules : the rulebook's numbers for an estimate; None makes none.
    first_tier_rates : maintenance rate of each symbol's first tier, which caps an estimate.
    venue : files whose name says another venue are left out.

    Raises
    ------
    FeedError
        If a file of a wanted symbol cannot be read, two disagree, or `history` does not exist.
    """
    files = _history_files(where, history, symbols, venue.split("-")[0])
    return tuple(
        _one(where, symbol, files[symbol], (from_ms, to_ms), rules, first_tier_rates or {}, venue)
        for symbol in symbols
    )


def read_funding(path: Path, symbol: str) -> tuple[Times, tuple[Decimal, ...]]:
    """Return the funding times, int64 of shape (n,), and rates of a symbol in a history file.

    Read are Parquet and CSV with columns ts, rate; CSV of the venue's public dump; JSON as ccxt or
    the venue return it. A JSON file may hold several symbols; the others' rows are left out.

    Raises
    ------
    FeedError
        If the file cannot be read, times do not rise, or a rate is no number between -1 and 1.
    """
    if path.suffix == ".json":
        table = _json_history(path, symbol)
    else:
        table = read_table(path, {"rate": _NAMES}, ("ts", "rate"))
    if "rate" not in table.columns:
        raise FeedError(f"{path}: there is no column rate (it has {', '.join(table.names)})")
    require_rising(table.at_ms, path, table.place)
    rates = table.columns["rate"]
    odd = ~(np.abs(rates) < 1)
    if odd.any():
        row = int(np.argmax(odd))
        raise FeedError(f"{path}, {table.place(row)}: rate {rates[row]} is not between -1 and 1")
    return table.at_ms, tuple(exact(rate) for rate in rates)


def _one(
    where: Path,
    symbol: str,
    files: Sequence[Path],
    window: tuple[int, int],
    rules: Funding | None,
    first_tier_rates: Mapping[str, Decimal | None],
    venue: str,
) -> FundingRates:
    reason = "there is no history of it"
    if files:
        at_ms, rates = _merged(files, symbol)
        names = ", ".join(path.name for path in files)
        if _covers(at_ms, window):
            return _from_history(symbol, at_ms, rates, window, names)
        reason = f"its history ({names}) "
        reason += f"has only {utc(int(at_ms[0]))} to {utc(int(at_ms[-1]))}" if rates else "is empty"
    if rules is None:
        return no_funding(symbol, f"{reason}, and no rules to estimate it by")
    picks = _premium_picks(where, symbol, window, venue)
    if picks is None:
        return no_funding(
            symbol, f"{reason}, and no mark and spot series cover the window to estimate it from"
        )
    first_tier_rate = first_tier_rates.get(symbol)
    mark, spot = (read_pick(pick) for pick in picks)
    at_ms, rates, unknown = estimated_rates(mark, spot, *window, rules, first_tier_rate)
    if not rates and unknown:
        return no_funding(
            symbol,
            f"{reason}, and the mark and spot candles before its times are not all there",
        )
    said = [
        f"{symbol}: funding is estimated, for {reason}: the rulebook's formula on the premium of "
        f"mark over spot at candle closes ({', '.join(_names(pick) for pick in picks)}).",
        f"{symbol}: this is an approximation, because the venue averages its impact bid and ask "
        f"prices against the index every few seconds, and candles hold neither.",
    ]
    if first_tier_rate is None:
        said.append(f"{symbol}: estimated rates are not capped: the first tier is not known.")
    if unknown:
        times = ", ".join(utc(moment) for moment in unknown)
        said.append(f"{symbol}: no funding at {times}: candles before it are missing.")
    return FundingRates(symbol, at_ms, rates, Origin.ESTIMATE, tuple(said))


def _from_history(
    symbol: str, at_ms: Times, rates: tuple[Decimal, ...], window: tuple[int, int], names: str
) -> FundingRates:
    first, last = (int(row) for row in np.searchsorted(at_ms, window))
    said = [f"{symbol}: funding as the venue charged it, from {names}."]
    longest = max(_usual_step(at_ms), INTERVAL_MS) + SLACK_MS
    for row in np.flatnonzero(np.diff(at_ms) > longest):
        left, right = int(at_ms[row]), int(at_ms[row + 1])
        if left < window[1] and right > window[0]:
            said.append(
                f"{symbol}: the history has no rate between {utc(left)} and {utc(right)}; "
                f"none is charged there."
            )
    return FundingRates(symbol, at_ms[first:last], rates[first:last], Origin.HISTORY, tuple(said))


def _history_files(
    where: Path, history: Path | None, symbols: Sequence[str], venue: str
) -> dict[str, list[Path]]:
    if history is not None and not history.exists():
        raise FeedError(f"{history}: no such file or folder")
    files: dict[str, list[Path]] = {symbol: [] for symbol in symbols}
    if history is not None and history.is_file():
        named = funding_name(history, symbols)
        for symbol in symbols if named is None else set(symbols) & {named[0]}:
            files[symbol].append(history)
        return files
    for path in _walked(where, history):
        named = funding_name(path, symbols)
        if named is not None and named[0] in files and named[1] in (None, venue):
            files[named[0]].append(path)
    return files


def _walked(where: Path, history: Path | None) -> Iterator[Path]:
    if history is not None:
        yield from walk(history)
        return
    # Beside a single file only its own folder is searched: it may lie anywhere.
    folder = where if where.is_dir() else where.parent
    beside = folder.resolve().parent / "funding"
    if where.is_dir():
        yield from walk(folder)
    else:
        yield from walk(folder, 0)
        yield from walk(folder / "funding", 0)
    if beside != folder.resolve():
        yield from walk(beside)


def _merged(files: Sequence[Path], symbol: str) -> tuple[Times, tuple[Decimal, ...]]:
    rate_at: dict[int, Decimal] = {}
    for path in files:
        for moment, rate in zip(*read_funding(path, symbol), strict=True):
            if rate_at.setdefault(int(moment), rate) != rate:
                names = ", ".join(str(file) for file in files)
                raise FeedError(f"{names}: they disagree about the rate of {utc(int(moment))}")
    times = sorted(rate_at)
    return np.array(times, dtype=np.int64), tuple(rate_at[moment] for moment in times)


def _covers(at_ms: Times, window: tuple[int, int]) -> bool:
    # No funding time of the window lies before the first row or after the last one.
    if not len(at_ms):
        return False
    step = _usual_step(at_ms)
    first, last = int(at_ms[0]), int(at_ms[-1])
    begins = first <= window[0] or first - step + SLACK_MS < window[0]
    return begins and last + step + SLACK_MS >= window[1]


def _usual_step(at_ms: Times) -> int:
    # Times are milliseconds off, so steps are counted in minutes.
    minutes = np.round(np.diff(at_ms) / SLACK_MS).astype(np.int64)
    if not len(minutes):
        return INTERVAL_MS
    values, counts = np.unique(minutes, return_counts=True)
    return max(int(values[np.argmax(counts)]), 1) * SLACK_MS


def _premium_picks(
    where: Path, symbol: str, window: tuple[int, int], venue: str
) -> tuple[Pick, Pick] | None:
    if not where.is_dir():
        return None
    files = list_files(where, [symbol], venue=venue)
    try:
        return (
            choose(files, symbol, *window, price=PriceKind.MARK),
            choose(files, symbol, *window, price=PriceKind.SPOT),
        )
    except UnknownError:
        return None


def _names(pick: Pick) -> str:
    names = " and ".join(file.path.name for file in pick.files)
    return f"{names}, {interval_text(pick.files[0].interval_ms)}"


def _json_history(path: Path, symbol: str) -> Table:
    content = read_json(path)
    if isinstance(content, dict):
        by_symbol = {symbol_as(str(key), (symbol,)): value for key, value in content.items()}
        content = by_symbol.get(symbol, [])
    if not isinstance(content, list):
        raise FeedError(f"{path}: not a list of funding rates")
    rows: list[object] = []
    for number, row in enumerate(content):
        if isinstance(row, dict):
            of = str(row.get("symbol", symbol))
            if symbol_as(of, (symbol,)) != symbol:
                continue
            row = [row.get("timestamp", row.get("fundingTime")), row.get("fundingRate")]
            if None in row:
                raise FeedError(f"{path}, row {number + 1}: there is no timestamp and fundingRate")
        rows.append(row)
    if not rows:
        return Table(path, np.empty(0, np.int64), {"rate": np.empty(0)}, ("time", "rate"), None)
    return json_table(path, rows, ("rate",))
