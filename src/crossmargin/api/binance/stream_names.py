"""What may be listened to: names of streams, read once when somebody subscribes.

Names are Binance's, in any case of letters: `btcusdt@depth@100ms`, `!markPrice@arr@1s`. Whatever
interval a name asks for, changes of books come up to ten times a second and all else as it is due.
"""

from enum import StrEnum

from msgspec import Struct

from crossmargin.history.candles import INTERVALS


class Kind(StrEnum):
    """What a stream tells of."""

    DEPTH = "depth"
    TOP = "top"
    TRADE = "trade"
    AGGREGATE = "aggTrade"
    KLINE = "kline"
    MINI_TICKER = "miniTicker"
    TICKER = "ticker"
    MARK_PRICE = "markPrice"
    BOOK_TICKER = "bookTicker"
    FORCED = "forceOrder"
    ASSET_INDEX = "assetIndex"


ALL = "!"
"""How a stream of all symbols begins."""
PLAIN = {one.value.lower(): one for one in Kind if one not in (Kind.TOP, Kind.KLINE)}
OF_ALL = {
    "!miniticker@arr": Kind.MINI_TICKER,
    "!ticker@arr": Kind.TICKER,
    "!markprice@arr": Kind.MARK_PRICE,
    "!markprice@arr@1s": Kind.MARK_PRICE,
    "!bookticker": Kind.BOOK_TICKER,
    "!forceorder@arr": Kind.FORCED,
    "!assetindex@arr": Kind.ASSET_INDEX,
}
TOPS = (5, 10, 20)
DEPTH_PACES = ("", "100ms", "250ms", "500ms")


class Stream(Struct, frozen=True):
    """One stream.

    Attributes
    ----------
    symbol : empty for all of them.
    detail : the interval of candles, the levels of a book's top, `1s` of fast mark prices.
    """

    name: str
    kind: Kind
    symbol: str = ""
    detail: str = ""


def stream_named(name: str) -> Stream | None:
    """Return the stream of a name; None where no stream has such a name."""
    lower = name.lower()
    if lower.startswith(ALL):
        kind = OF_ALL.get(lower)
        return None if kind is None else Stream(name, kind, "", "1s" if "@1s" in lower else "")
    symbol, _, rest = name.partition("@")
    what, _, pace = rest.partition("@")
    if not symbol:
        return None
    found = _of_symbol(what, pace)
    return None if found is None else Stream(name, found[0], symbol.upper(), found[1])


def _of_symbol(what: str, pace: str) -> tuple[Kind, str] | None:
    lower = what.lower()
    if lower.startswith("kline_"):
        interval = what[len("kline_") :]
        return (Kind.KLINE, interval) if interval in INTERVALS and not pace else None
    if lower == "markprice":
        return (Kind.MARK_PRICE, pace) if pace in ("", "1s") else None
    if lower.startswith("depth"):
        levels = lower[len("depth") :]
        if pace not in DEPTH_PACES:
            return None
        if not levels:
            return Kind.DEPTH, ""
        return (Kind.TOP, levels) if levels in {str(one) for one in TOPS} else None
    kind = PLAIN.get(lower)
    return (kind, "") if kind is not None and not pace else None
