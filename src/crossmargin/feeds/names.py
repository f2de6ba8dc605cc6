"""What the name of a price file says about it.

A folder of prices is a heap of files whose names follow the habits of whoever made them. Three
habits are known: ours (`binance_um_mark_BTCUSDT_1h.parquet`, `binance_spot_close_SOLUSDT_1h`,
`binance_um_BTCUSDT_funding`), the venue's public dump (`BTCUSDT-5m-2025-10-10.csv`, its mark
prices in a folder `markPriceKlines`), and plain names (`BTCUSDT.csv`, `mark_BTCUSDT_1h.csv`,
`BTC_USDT-5m.json`).

A name that follows none of them names no series: it is None here, not a guess. Nothing is read.
"""

import re
from pathlib import Path

from msgspec import Struct

from crossmargin.errors import UsageError
from crossmargin.feeds.series import PriceKind, interval_of

SUFFIXES = (".parquet", ".csv", ".json")
"""What can be read."""

_QUOTE = "USDT|USDC|FDUSD|BUSD|TUSD|USD|EUR|BTC|ETH|BNB"
_SYMBOL = rf"(?i:[A-Z0-9]+?[_/-]?(?:{_QUOTE})(?:[_:](?:{_QUOTE}))?(?:_PERP|[_-]\d{{6}})?)"
_INTERVAL = r"[1-9]\d*[smhdw]"
_PART = r"(?:[_-]\d{4}.*)?"

_OURS = re.compile(
    rf"(?P<venue>[a-z]+)_(?:(?P<market>um|cm|spot)_)?(?:(?P<what>mark|last|close)_)?"
    rf"(?P<symbol>{_SYMBOL})_(?P<interval>{_INTERVAL}){_PART}"
)
_PLAIN = re.compile(
    rf"(?:(?P<what>mark|last|spot)[_-])?(?P<symbol>{_SYMBOL})(?:[_-](?P<interval>{_INTERVAL}))?"
    rf"(?:[_-](?P<tail>mark|last|spot|futures))?{_PART}"
)
_FUNDING = re.compile(
    rf"(?:(?P<venue>[a-z]+)_(?:um_|cm_)?)?(?P<symbol>{_SYMBOL})[_-](?:{_INTERVAL}[_-])?"
    rf"funding(?:_?[rR]ates?)?{_PART}"
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


def candle_name(path: Path) -> FileName | None:
    """Return what the name and the folders of a candle file say, None where it names none."""
    if path.suffix not in SUFFIXES or _OTHER_CANDLES & set(path.parts):
        return None
    match = _PLAIN.fullmatch(path.stem) or _OURS.fullmatch(path.stem)
    symbol = symbol_of(match["symbol"]) if match else None
    if match is None or symbol is None:
        return None
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


def funding_name(path: Path) -> tuple[str, str | None] | None:
    """Return the symbol and the venue a funding file's name says, None where it names none."""
    match = _FUNDING.fullmatch(path.stem) if path.suffix in SUFFIXES else None
    symbol = symbol_of(match["symbol"]) if match else None
    return (symbol, match["venue"]) if match and symbol else None


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
