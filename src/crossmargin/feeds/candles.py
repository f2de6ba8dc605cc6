"""A candle file as a `Series`, whatever wrote it.

Read are: Parquet and CSV with columns ts, open, high, low, close (more are ignored); CSV of the
venue's public dump, with or without its header row; JSON as ccxt returns candles, a list of
[time, open, high, low, close, ...] or a dictionary of such lists by symbol.

A file with a time and a close alone is a series of closes: open, high and low repeat the close
and `is_close_only` says so, because nothing is known of the price before the candle's end.

This does not choose files (`folder` does) and does not slice: a file with one bad row is a bad
file, also where the row lies outside the window somebody asked for.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from crossmargin.errors import FeedError
from crossmargin.feeds.names import symbol_as
from crossmargin.feeds.series import (
    PriceKind,
    Prices,
    Series,
    Times,
    interval_in,
    require_rising,
    require_sound,
    utc,
)
from crossmargin.feeds.tables import Table, json_table, read_json, read_table

_PRICES = ("open", "high", "low", "close")


def read_series(path: Path, symbol: str, kind: PriceKind, interval_ms: int | None = None) -> Series:
    """Return the candles of a file, checked.

    Parameters
    ----------
    path : a .parquet, .csv or .json file.
    symbol, kind : what the prices are; a JSON dictionary is looked up by `symbol`.
    interval_ms : the interval the file's name says; None takes the most common time step.

    Returns
    -------
    Series
        All rows of the file.

    Raises
    ------
    FeedError
        If the file cannot be read, or breaks a rule of `Series`: file, line and reason.
    """
    table = _table(path, symbol)
    require_rising(table.at_ms, path, table.place)
    close = table.columns.get("close")
    missing = [name for name in _PRICES if name not in table.columns]
    if close is None or missing not in ([], ["open", "high", "low"]):
        raise FeedError(
            f"{path}: there is no column {', '.join(missing)} (it has {', '.join(table.names)})"
        )
    series = Series(
        symbol=symbol,
        kind=kind,
        interval_ms=interval_in(table.at_ms, interval_ms, path),
        ts_ms=table.at_ms,
        open=table.columns.get("open", close),
        high=table.columns.get("high", close),
        low=table.columns.get("low", close),
        close=close,
        paths=(path,),
        is_close_only=bool(missing),
    )
    require_sound(series, table.place)
    return series


def read_times(path: Path, symbol: str) -> Times:
    """Return a candle file's open times, int64 of shape (n_candles,), strictly increasing.

    Prices are not looked at, so that listing a folder is cheap.

    Raises
    ------
    FeedError
        If the file cannot be read or its times do not rise.
    """
    if path.suffix == ".json":
        table = _table(path, symbol)
    else:
        table = read_table(path, {}, ("ts", *_PRICES))
    require_rising(table.at_ms, path, table.place)
    return table.at_ms


def joined(parts: Sequence[Series]) -> Series:
    """Return several files of one series as one, in the order of `parts`, oldest first.

    Where two files have the same candle, it is taken once.

    Raises
    ------
    FeedError
        If two files disagree about a candle, or lie on different grids.
    """
    whole = parts[0]
    for part in parts[1:]:
        whole = _join(whole, part)
    return whole


def _join(left: Series, right: Series) -> Series:
    names = f"{left.paths[-1]} and {right.paths[-1]}"
    _, here, there = np.intersect1d(
        left.ts_ms, right.ts_ms, assume_unique=True, return_indices=True
    )
    apart = np.zeros(len(here), dtype=np.bool_)
    for price in _PRICES:
        apart |= getattr(left, price)[here] != getattr(right, price)[there]
    if apart.any():
        at_ms = int(left.ts_ms[here[int(np.argmax(apart))]])
        raise FeedError(f"{names}: they disagree about the candle of {utc(at_ms)}")
    if (right.start_ms - left.start_ms) % left.interval_ms:
        raise FeedError(f"{names}: their candles open at different times")
    # All of the left file and, in a gap of it or after it, what only the right one has.
    ts_ms = np.concatenate([left.ts_ms, np.delete(right.ts_ms, there)])
    order = np.argsort(ts_ms)

    def merged(price: str) -> Prices:
        both = [getattr(left, price), np.delete(getattr(right, price), there)]
        prices: Prices = np.concatenate(both)[order]
        return prices

    return Series(
        symbol=left.symbol,
        kind=left.kind,
        interval_ms=left.interval_ms,
        ts_ms=ts_ms[order],
        open=merged("open"),
        high=merged("high"),
        low=merged("low"),
        close=merged("close"),
        paths=(*left.paths, *right.paths),
        is_close_only=left.is_close_only or right.is_close_only,
    )


def _table(path: Path, symbol: str) -> Table:
    if path.suffix != ".json":
        return read_table(path, {name: (name,) for name in _PRICES}, ("ts", *_PRICES))
    content = read_json(path)
    if isinstance(content, dict):
        by_symbol = {symbol_as(str(key), (symbol,)): value for key, value in content.items()}
        if symbol not in by_symbol:
            raise FeedError(f"{path}: there is no {symbol} (it has {', '.join(by_symbol)})")
        content = by_symbol[symbol]
    return json_table(path, content, _PRICES)
