"""The price histories of assets, read from a folder of candles: what returns are made of.

Asked is for assets, found are symbols: what an account holds of an asset comes first, then any
other perpetual of it at the venue, and last, as prices of one coin are nearly the same everywhere,
Binance's contract of it in USDT. Which it was is a sentence in the answer, always.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crossmargin.durations import DAY_MS, interval_text
from crossmargin.errors import UnknownError, UsageError
from crossmargin.feeds.folder import Found, choose, list_files, period, read_pick
from crossmargin.feeds.series import Series, interval_of, utc
from crossmargin.risk.estimates.returns import History
from crossmargin.risk.venues.underlying import asset_name

DAYS = 90
"""How much of the past is taken where nobody says."""
NAMED_MAX = 3
ELSEWHERE = "binance"
"""Whose candles stand in for a venue's own."""


@dataclass(frozen=True, eq=False)
class Histories:
    """Prices of several assets, and how they came to be these.

    Attributes
    ----------
    interval_ms : the one asked for, else the longest of what was found, so that all have it.
    choice : sentences.
    """

    histories: tuple[History, ...]
    interval_ms: int
    choice: tuple[str, ...]


def load_histories(
    where: Path,
    candidates: Mapping[str, Sequence[str]],
    from_ms: int | None = None,
    to_ms: int | None = None,
    *,
    at_ms: int | None = None,
    interval: str | None = None,
    price: str | None = None,
    venue: str = "binance",
) -> Histories:
    """Return the closes of each asset from a candle file or folder.

    Parameters
    ----------
    candidates : by asset the symbols whose candles may stand for it, the best first.
    from_ms, to_ms : the window. Where `to_ms` is None it is `at_ms` if all reach so far, else the
        last moment they share; where `from_ms` is, `DAYS` before the end, or all there is.
    interval : of the returns, such as "1h"; candles may be finer. Else the longest found.
    price : "mark", "last" or "spot" instead of marks where there are any.

    Raises
    ------
    UnknownError
        If an asset has no candles, or none that cover the window.
    FeedError
        If a file is bad.
    UsageError
        If the window is empty, or an option is none.
    """
    chosen = {
        asset: _found(where, asset, names, venue, price) for asset, names in candidates.items()
    }
    files = [file for symbol, found in chosen.values() for file in found if file.symbol == symbol]
    window = _window(files, [symbol for symbol, _ in chosen.values()], from_ms, to_ms, at_ms, price)
    stand_ins = [asset for asset, (symbol, _) in chosen.items() if symbol not in candidates[asset]]
    return _read(chosen, window, interval, price, stand_ins)


def _found(
    where: Path, asset: str, names: Sequence[str], venue: str, price: str | None
) -> tuple[str, tuple[Found, ...]]:
    stand_in = f"{asset_name(asset)}USDT"
    for name, whose in (*((name, venue) for name in names), (stand_in, ELSEWHERE)):
        files = list_files(where, [name], venue=whose, price=price)
        if files:
            return name, files
    looked = ", ".join(dict.fromkeys((*names[:NAMED_MAX], stand_in)))
    raise UnknownError(
        f"{where}: there are no candles of {asset}, so nothing is known of its risk; looked for "
        f"{looked}"
    )


def _window(
    files: Sequence[Found],
    symbols: Sequence[str],
    from_ms: int | None,
    to_ms: int | None,
    at_ms: int | None,
    price: str | None,
) -> tuple[int, int]:
    first, last = period(files, symbols, price=price)
    end = to_ms
    if end is None:
        end = at_ms if at_ms is not None and first < at_ms <= last else last
    start = max(first, end - DAYS * DAY_MS) if from_ms is None else from_ms
    if start >= end:
        raise UsageError(f"the window from {utc(start)} to {utc(end)} is empty")
    return start, end


def _read(
    chosen: Mapping[str, tuple[str, tuple[Found, ...]]],
    window: tuple[int, int],
    interval: str | None,
    price: str | None,
    stand_ins: Sequence[str],
) -> Histories:
    wanted_ms = None if interval is None else interval_of(interval)
    series: dict[str, Series] = {}
    said: list[str] = []
    for asset, (symbol, files) in chosen.items():
        usable = _usable(files, wanted_ms)
        if not usable:
            raise UnknownError(
                f"{symbol}: no candles that {interval} are made of; there is "
                f"{', '.join(file.period for file in files[:NAMED_MAX])}"
            )
        pick = choose(usable, symbol, *window, price=price)
        series[asset] = read_pick(pick).between(*window)
        said.append(pick.choice)
        if asset in stand_ins:
            said.append(f"{asset}: nothing of the venue's own is there, {symbol} stands in.")
    interval_ms = wanted_ms or max(one.interval_ms for one in series.values())
    said.append(
        f"Returns are of {interval_text(interval_ms)}, from {utc(window[0])} to {utc(window[1])}."
    )
    return Histories(
        tuple(
            History(asset, (one.ts_ms + one.interval_ms).astype(np.int64), one.close)
            for asset, one in series.items()
        ),
        interval_ms,
        tuple(said),
    )


def _usable(files: Sequence[Found], wanted_ms: int | None) -> list[Found]:
    # A return of an hour can be made of candles of 5 minutes, not of a day's. The one file that is
    # as long as asked for is taken before finer ones: it is a fraction of the size.
    if wanted_ms is None:
        return list(files)
    exact = [file for file in files if file.interval_ms == wanted_ms]
    names = {file.symbol for file in exact}
    finer = [
        file for file in files if file.symbol not in names and wanted_ms % file.interval_ms == 0
    ]
    return exact + finer
