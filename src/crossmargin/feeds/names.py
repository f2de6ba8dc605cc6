"""What the name of a price file says about it.

A folder of prices is a heap of files whose names follow the habits of whoever made them. Three
habits are known: ours (`binance_um_mark_BTCUSDT_1h.parquet`, `binance_spot_close_SOLUSDT_1h`,
`binance_um_BTCUSDT_funding`), Binance's public dump (`BTCUSDT-5m-2025-10-10.csv`, its mark
prices in a folder `markPriceKlines`), and plain names (`BTCUSDT.csv`, `mark_BTCUSDT_1h.csv`,
`BTC_USDT-5m.json`).

Where the symbols that are wanted are told, a name with one of them as the venue writes it is that
symbol's (`mark_BTC-USDT-SWAP_1h`, `BTC_1h`); of several the longest. Else symbols are recognised as
Binance writes them, in any spelling.

A name that follows no habit names no series: it is None here, not a guess. Nothing is read.
"""

import re
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from crossmargin.errors import UsageError
from crossmargin.feeds.series import PriceKind, interval_of

SUFFIXES = (".parquet", ".csv", ".json")
"""What can be read."""

_QUOTE = "USDT|USDC|FDUSD|BUSD|TUSD|USD|EUR|BTC|ETH|BNB"
_SYMBOL = rf"[A-Z0-9]+?[_/-]?(?:{_QUOTE})(?:[_:](?:{_QUOTE}))?(?:_PERP|[_-]\d{{6}})?"
_INTERVAL = r"[1-9]\d*[smhdw]"
_PART = r"(?:[_-]\d{4}.*)?"
_VENUE = r"(?P<venue>[a-z]+)(?:-[a-z\d]+)?_"
_NO_DELIVERY = r"(?![_-]\d{6}(?!\d))"
# What follows a whole symbol: six digits are the delivery of another one, not a part's date.


class _Habits(NamedTuple):
    """How files of a symbol, or of any, may be named."""

    plain: re.Pattern[str]
    ours: re.Pattern[str]
    funding: re.Pattern[str]
    funding_first: re.Pattern[str]


@lru_cache(maxsize=4096)
def _habits(wanted: str | None = None) -> _Habits:
    spelling = _SYMBOL if wanted is None else re.escape(wanted) + _NO_DELIVERY
    symbol = f"(?P<symbol>(?i:{spelling}))"
    return _Habits(
        plain=re.compile(
            rf"(?:(?P<what>mark|last|spot)[_-])?{symbol}(?:[_-](?P<interval>{_INTERVAL}))?"
            rf"(?:[_-](?P<tail>mark|last|spot|futures))?{_PART}"
        ),
        ours=re.compile(
            rf"{_VENUE}(?:(?P<market>um|cm|spot)_)?(?:(?P<what>mark|last|close)_)?"
            rf"{symbol}_(?P<interval>{_INTERVAL}){_PART}"
        ),
        funding=re.compile(
            rf"(?:{_VENUE}(?:um_|cm_)?)?{symbol}[_-](?:{_INTERVAL}[_-])?"
            rf"funding(?:_?[rR]ates?)?{_PART}"
        ),
        funding_first=re.compile(
            rf"(?:{_VENUE})?funding(?:_?[rR]ates?)?[_-]{symbol}(?:[_-]{_INTERVAL})?{_PART}"
        ),
    )


_PARTS = re.compile(rf"([A-Z0-9]+?)[_/-]?({_QUOTE})(?:[_:]({_QUOTE}))?(_PERP|[_-]\d{{6}})?")

_KINDS = {
    "mark": PriceKind.MARK,
    "last": PriceKind.LAST,
    "futures": PriceKind.LAST,
    "spot": PriceKind.SPOT,
}
# Folders of the dump whose candles are neither marks nor trades of the symbol.
_OTHER_CANDLES = {"indexPriceKlines", "premiumIndexKlines"}


class FileName(Struct, frozen=True):
    """What a name says; None where it does not.

    `is_kind_stated`: whether name or folder say that the prices are marks, last or spot prices;
    where they do not, `kind` is last. `is_close_only`: the name says the file has closes only.
    """

    symbol: str
    kind: PriceKind
    is_kind_stated: bool
    interval_ms: int | None
    venue: str | None
    is_close_only: bool = False


def symbol_of(text: str) -> str | None:
    """Return a symbol as Binance writes it: BTC/USDT:USDT, BTC_USDT and btcusdt are BTCUSDT.

    None where `text` is not an asset followed by a known quote asset.
    """
    match = _PARTS.fullmatch(text.upper())
    if match is None:
        return None
    base, quote, settle, delivery = match.groups()
    if delivery is None and settle == base:
        delivery = "_PERP"
    return f"{base}{quote}{(delivery or '').replace('-', '_')}"


def symbol_as(text: str, wanted: Collection[str]) -> str:
    """Return which of `wanted` a text within a file means, else the symbol as Binance writes it.

    A text that is no symbol is returned as it is.
    """
    return text if text in wanted else symbol_of(text) or text


def candle_name(path: Path, wanted: Collection[str] = ()) -> FileName | None:
    """Return what the name and the folders of a candle file say, None where it names none.

    `wanted` are symbols as their venue writes them.

    Raises
    ------
    UsageError
        If the interval in the name is beyond reason.
    """
    if path.suffix not in SUFFIXES or _OTHER_CANDLES & set(path.parts):
        return None
    for one in (*_within(path.stem, wanted), None):
        habits = _habits(one)
        match = habits.plain.fullmatch(path.stem) or habits.ours.fullmatch(path.stem)
        symbol = one or (symbol_of(match["symbol"]) if match else None)
        if match is None or symbol is None:
            continue
        said = match.groupdict()
        kind = _kind(said, path)
        return FileName(
            symbol=symbol,
            kind=kind or PriceKind.LAST,
            is_kind_stated=kind is not None,
            interval_ms=_interval(said["interval"], path),
            venue=said.get("venue"),
            is_close_only=said.get("what") == "close",
        )
    return None


def funding_name(path: Path, wanted: Collection[str] = ()) -> tuple[str, str | None] | None:
    """Return the symbol and the venue a funding file's name says, None where it names none.

    `wanted` are symbols as their venue writes them.
    """
    if path.suffix not in SUFFIXES:
        return None
    for one in (*_within(path.stem, wanted), None):
        habits = _habits(one)
        match = habits.funding.fullmatch(path.stem) or habits.funding_first.fullmatch(path.stem)
        symbol = one or (symbol_of(match["symbol"]) if match else None)
        if match is not None and symbol is not None:
            return symbol, match["venue"]
    return None


def _within(stem: str, wanted: Collection[str]) -> list[str]:
    # Longest first: BTC stands in BTC-USD too. Most names hold none, so no expression is tried.
    lower = stem.lower()
    return sorted((one for one in wanted if one.lower() in lower), key=lambda one: (-len(one), one))


def _kind(said: dict[str, str | None], path: Path) -> PriceKind | None:
    if said.get("market") == "spot":
        return PriceKind.SPOT
    for word in (said.get("what"), said.get("tail")):
        if word in _KINDS:
            return _KINDS[word]
    if said.get("venue"):
        return PriceKind.LAST
    if "markPriceKlines" in path.parts:
        return PriceKind.MARK
    if "klines" in path.parts:
        is_spot = "spot" in path.parts and "futures" not in path.parts
        return PriceKind.SPOT if is_spot else PriceKind.LAST
    return None


def _interval(text: str | None, path: Path) -> int | None:
    if text is None:
        return None
    try:
        return interval_of(text)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None
