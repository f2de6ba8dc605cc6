"""Which series a folder holds for a symbol, and which of them a replay uses.

Marks decide liquidations, so marks are used where there are any; but marks are often hourly,
while the last prices beside them come in minutes. The rule is one line: the finest mark-price
series that covers the window, else the finest last-price series that covers it. Whoever calls
may ask for an interval or a kind instead, and every choice is a sentence in the answer.

Files of one symbol, kind and interval that touch or overlap are one series, as the venue's daily
dumps are. Spot prices stand in for marks only when asked for by name, and files of another venue
never do.

Invariant: nothing is chosen that does not cover the window from end to end. What is inside a
chosen file (gaps, say) is not looked at here; `path` reports it.
"""

import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from msgspec import Struct

from crossmargin.durations import interval_text
from crossmargin.errors import FeedError, UnknownError, UsageError
from crossmargin.feeds.candles import joined, read_series, read_times
from crossmargin.feeds.names import SUFFIXES, FileName, candle_name, symbol_as
from crossmargin.feeds.series import (
    PriceKind,
    Series,
    interval_in,
    interval_of,
    utc,
)
from crossmargin.feeds.tables import read_json

DEPTH_MAX = 8
"""Folders below the given one that are looked into; the venue's dump nests six."""

_LISTED_MAX = 6


class Found(Struct, frozen=True):
    """A file of candles: what it holds, and that it holds it in [first_ms, end_ms).

    `first_ms` is the open of its first candle, `end_ms` the end of its last. `is_kind_stated` is
    False where only the absence of a word makes `kind` last. `is_close_only` is what the name
    says: a file of closes is not joined to one of whole candles.
    """

    path: Path
    symbol: str
    kind: PriceKind
    is_kind_stated: bool
    interval_ms: int
    first_ms: int
    end_ms: int
    is_close_only: bool = False

    @property
    def period(self) -> str:
        """The file with what it holds and its period, for messages."""
        return (
            f"{self.path.name} ({self.kind} {interval_text(self.interval_ms)}, "
            f"{utc(self.first_ms)} to {utc(self.end_ms)})"
        )


class Pick(Struct, frozen=True):
    """The files chosen for a symbol, oldest first, and the sentence that says so."""

    symbol: str
    files: tuple[Found, ...]
    choice: str


def list_files(
    where: Path, symbols: Sequence[str], *, venue: str = "binance", price: str | None = None
) -> tuple[Found, ...]:
    """Return the candle files of `symbols` in a folder, or the single file given.

    Parameters
    ----------
    where : a folder, read with the folders below it, or a file. A single file may have any name
        when there is one symbol, and is then taken to be of the kind `price`, else last.
    symbols : the symbols wanted; only their files are opened.
    venue : files whose name says another venue are left out ("binance-usdm" is "binance").

    Returns
    -------
    tuple of Found
        Sorted by symbol, kind, interval and start. Symbols without a file are absent.

    Raises
    ------
    FeedError
        If `where` does not exist, or a file of a wanted symbol cannot be read.
    UsageError
        If `price` is no kind.
    """
    if where.is_dir():
        found = _in_folder(where, set(symbols), venue.split("-")[0])
    elif where.is_file():
        found = _in_file(where, symbols, price)
    else:
        raise FeedError(f"{where}: no such file or folder")
    return tuple(sorted(found, key=lambda f: (f.symbol, *_series_of(f), f.first_ms, str(f.path))))


def choose(
    files: Sequence[Found],
    symbol: str,
    from_ms: int,
    to_ms: int,
    *,
    price: str | None = None,
    interval: str | None = None,
) -> Pick:
    """Return the files a replay of [from_ms, to_ms) uses for the marks of `symbol`.

    Parameters
    ----------
    files : from `list_files`.
    price : "mark", "last" or "spot" instead of the rule; spot is used in no other case.
    interval : as "5m", instead of the finest.

    Returns
    -------
    Pick
        Together the files begin at or before `from_ms`, end at or after `to_ms` and touch or
        overlap, and at least one candle opens in the window.

    Raises
    ------
    UnknownError
        If nothing covers the window: the symbol, the window, and what there is.
    UsageError
        If `price` or `interval` is none, or the window is empty.
    """
    if from_ms >= to_ms:
        raise UsageError(f"the window from {utc(from_ms)} to {utc(to_ms)} is empty")
    kinds = _kinds(price)
    wanted_ms = None if interval is None else interval_of(interval)
    own = [file for file in files if file.symbol == symbol]
    covering = _covering(own, from_ms, to_ms)
    for kind in kinds:
        for files_of in covering:
            head = files_of[0]
            is_wanted = head.kind == kind and wanted_ms in (None, head.interval_ms)
            if is_wanted and _opens_within(head, from_ms, to_ms):
                asked = [f"price {price}"] * (price is not None)
                asked += [f"interval {interval}"] * (interval is not None)
                return Pick(symbol, files_of, _sentence(files_of, covering, asked))
    raise UnknownError(_nothing_covers(own, symbol, from_ms, to_ms, price, interval))


def period(
    files: Sequence[Found], symbols: Sequence[str], *, price: str | None = None
) -> tuple[int, int]:
    """Return the window [from_ms, to_ms) to replay where nobody names one.

    For each symbol the longest file of the kind `choose` prefers; of these, what they share.

    Raises
    ------
    UnknownError
        If a symbol has no such file, or the files share no time.
    UsageError
        If `price` is no kind.
    """
    longest = []
    for symbol in symbols:
        own = [file for file in files if file.symbol == symbol and file.kind in _kinds(price)]
        if not own:
            raise UnknownError(f"{symbol}: there is no file of its {_words(price)} prices")
        longest.append(min(own, key=lambda f: (_kinds(price).index(f.kind), f.first_ms - f.end_ms)))
    from_ms = max(file.first_ms for file in longest)
    to_ms = min(file.end_ms for file in longest)
    if from_ms >= to_ms:
        raise UnknownError(f"these share no time: {', '.join(file.period for file in longest)}")
    return from_ms, to_ms


def read_pick(pick: Pick) -> Series:
    """Return the whole series of a choice, its files joined.

    Raises
    ------
    FeedError
        If a file is bad, or two of them disagree about a candle.
    """
    return joined([read_series(f.path, f.symbol, f.kind, f.interval_ms) for f in pick.files])


def walk(folder: Path, depth_max: int = DEPTH_MAX) -> Iterator[Path]:
    """Yield the files of a folder and those below it that can be read, in name order.

    Hidden folders are left out.
    """
    base = len(folder.parts)
    for parent, folders, names in os.walk(folder):
        deep = len(Path(parent).parts) - base >= depth_max
        folders[:] = [] if deep else sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent) / name for name in sorted(names) if name.endswith(SUFFIXES))


def _in_folder(folder: Path, wanted: set[str], venue: str) -> list[Found]:
    found = []
    for path in walk(folder):
        said = candle_name(path, wanted)
        if said is not None and said.symbol in wanted and said.venue in (None, venue):
            found.append(_found(path, said.symbol, said.kind, said))
    return found


def _in_file(path: Path, symbols: Sequence[str], price: str | None) -> list[Found]:
    said = candle_name(path, symbols)
    is_stated = said is not None and said.is_kind_stated
    kind = said.kind if said is not None and is_stated else _kinds(price or PriceKind.LAST)[0]
    if said is not None:
        return [_found(path, said.symbol, kind, said)] if said.symbol in symbols else []
    if path.suffix == ".json":
        held = _symbols_in(path, symbols)
        if held:
            return [_found(path, symbol, kind, said) for symbol in symbols if symbol in held]
    if len(symbols) != 1:
        raise FeedError(
            f"{path}: its name does not say which of {', '.join(symbols)} its prices are of"
        )
    return [_found(path, symbols[0], kind, said)]


def _symbols_in(path: Path, symbols: Sequence[str]) -> set[str]:
    content = read_json(path)
    if not isinstance(content, dict):
        return set()
    return {symbol_as(str(key), symbols) for key in content}


def _found(path: Path, symbol: str, kind: PriceKind, said: FileName | None) -> Found:
    times = read_times(path, symbol)
    interval_ms = interval_in(times, said.interval_ms if said else None, path)
    return Found(
        path=path,
        symbol=symbol,
        kind=kind,
        is_kind_stated=said is not None and said.is_kind_stated,
        interval_ms=interval_ms,
        first_ms=int(times[0]),
        end_ms=int(times[-1]) + interval_ms,
        is_close_only=said is not None and said.is_close_only,
    )


def _covering(own: Sequence[Found], from_ms: int, to_ms: int) -> list[tuple[Found, ...]]:
    # Chains of files that cover the window, finest first, whole candles before closes.
    chains = []
    for _, group in groupby(sorted(own, key=_series_of), key=_series_of):
        chain = _chain(list(group), from_ms, to_ms)
        if chain:
            chains.append(chain)
    return sorted(chains, key=lambda chain: (chain[0].interval_ms, chain[0].is_close_only))


def _kinds(price: str | None) -> tuple[PriceKind, ...]:
    if price is None:
        return (PriceKind.MARK, PriceKind.LAST)
    if price not in set(PriceKind):
        raise UsageError(f"price {price!r} is not mark, last or spot")
    return (PriceKind(price),)


def _words(price: str | None) -> str:
    return " or ".join(_kinds(price))


def _series_of(file: Found) -> tuple[str, int, bool]:
    return (file.kind, file.interval_ms, file.is_close_only)


def _chain(files: Sequence[Found], from_ms: int, to_ms: int) -> tuple[Found, ...]:
    # At each step the file that reaches furthest, so that one file is preferred to several.
    chain: list[Found] = []
    reached = from_ms
    while not chain or reached < to_ms:
        starts = [file for file in files if file.first_ms <= reached]
        if not starts:
            return ()
        best = max(starts, key=lambda file: file.end_ms)
        if best.end_ms <= reached:
            return ()
        chain.append(best)
        reached = best.end_ms
    return tuple(chain)


def _opens_within(file: Found, from_ms: int, to_ms: int) -> bool:
    return from_ms + (file.first_ms - from_ms) % file.interval_ms < to_ms


def _sentence(
    files: tuple[Found, ...], covering: Sequence[tuple[Found, ...]], asked: Sequence[str]
) -> str:
    head = files[0]
    names = ", ".join(file.path.name for file in files)
    if asked:
        why = f"as asked ({', '.join(asked)})"
    elif head.kind == PriceKind.MARK:
        why = "the finest mark prices that cover the window"
    elif any(chain[0].kind == PriceKind.MARK for chain in covering):
        why = "the finest last prices that cover the window; no candle of the marks opens in it"
    else:
        why = "the finest last prices that cover the window; no mark prices do"
    text = (
        f"{head.symbol}: {head.kind} prices in {interval_text(head.interval_ms)} candles from "
        f"{names}, {why}"
    )
    if not head.is_kind_stated:
        text += f"; neither name nor folder says what its prices are, they are taken as {head.kind}"
    elif head.kind != PriceKind.MARK:
        text += f"; {head.kind} prices stand in for marks"
    finer = [
        chain[0].interval_ms
        for chain in covering
        if chain[0].kind == PriceKind.LAST and chain[0].interval_ms < head.interval_ms
    ]
    if head.kind == PriceKind.MARK and finer:
        text += f"; last prices come finer ({interval_text(finer[0])}) and may show a deeper wick"
    return text + "."


def _nothing_covers(
    own: Sequence[Found],
    symbol: str,
    from_ms: int,
    to_ms: int,
    price: str | None,
    interval: str | None,
) -> str:
    kinds = f"{interval} {_words(price)}" if interval else _words(price)
    text = (
        f"{symbol}: no {kinds} prices cover {utc(from_ms)} to {utc(to_ms)} with a candle that "
        f"opens in it; "
    )
    if not own:
        return text + f"there is no file of {symbol}"
    ranks = list(PriceKind)
    by_use = sorted(own, key=lambda f: (ranks.index(f.kind), f.first_ms - f.end_ms))
    listed = [file.period for file in by_use[:_LISTED_MAX]]
    if len(own) > _LISTED_MAX:
        listed.append(f"{len(own) - _LISTED_MAX} more")
    text += f"there is {', '.join(listed)}"
    if price is None and any(file.kind == PriceKind.SPOT for file in own):
        text += "; spot prices are used only when asked for"
    return text
