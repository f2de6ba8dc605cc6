"""One crash that needs no files: 10 and 11 October 2025, for the demonstration.

A demonstration must run on a machine that has no candles. So a few facts of the largest
liquidation day on record are typed here: the mark prices of Binance's USDT-margined BTC, ETH and
SOL perpetuals at a few moments, as the venue's public klines have them, rounded (BTC to 50, ETH
to 1, SOL to 0.1). Between these moments the path is a straight line, a point a minute.

It is not market data: size and speed of the fall are those of the day, everything between two way
points is not. The lows are the lowest MARK prices; trades went lower (101,516 for BTC, 3,400 for
ETH, 141.28 for SOL), and the minute of the low is the middle of the ten in which it fell.

Invariant: the same points every time, on every machine; no file, no randomness.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from crossmargin.errors import UnknownError
from crossmargin.feeds.path import PricePath
from crossmargin.feeds.series import Prices

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
FROM_MS = int(datetime(2025, 10, 10, 12, tzinfo=UTC).timestamp()) * 1000
TO_MS = int(datetime(2025, 10, 11, 12, tzinfo=UTC).timestamp()) * 1000

CHOICE = (
    "A built-in path whose size and speed are the published facts of 10 October 2025: mark prices "
    "of Binance's USDT-margined BTC, ETH and SOL perpetuals at a few moments, rounded, with "
    "straight lines between them. It is not recorded market data; give candles for those.",
)

# Source: the venue's public mark-price klines (1 h) and last-price klines (5 m, 15 m) of 10 and
# 11 October 2025, at data.binance.vision under futures/um. UTC; prices in USDT.
_WAY_POINTS = (
    # day, hour, minute, BTC, ETH, SOL
    (10, 12, 0, 121_500, 4_341, 221.1),
    (10, 13, 38, 122_450, 4_388, 224.4),  # the high of these hours
    (10, 15, 0, 120_450, 4_278, 219.7),  # a first post about tariffs, minutes before
    (10, 16, 0, 118_950, 4_100, 210.6),
    (10, 18, 0, 117_600, 4_092, 209.6),
    (10, 20, 50, 116_850, 4_014, 207.1),  # the second one, minutes after; ETH is of 20:45
    (10, 21, 0, 114_250, 3_862, 196.6),
    (10, 21, 15, 112_150, 3_723, 185.2),
    (10, 21, 20, 101_900, 3_425, 143.8),  # the lows
    (10, 21, 30, 109_200, 3_617, 174.1),
    (10, 21, 45, 111_250, 3_822, 194.3),
    (10, 22, 0, 113_200, 3_932, 190.8),
    (11, 0, 0, 112_700, 3_820, 187.7),
    (11, 2, 0, 111_050, 3_733, 182.8),
    (11, 3, 0, 113_200, 3_839, 188.2),
    (11, 8, 0, 110_350, 3_757, 182.6),
    (11, 12, 0, 112_200, 3_839, 183.4),
)
_PLACES = {"BTCUSDT": 1, "ETHUSDT": 2, "SOLUSDT": 2}
_MINUTE_MS = 60_000


def builtin_path(symbols: Sequence[str] = SYMBOLS) -> PricePath:
    """Return the marks of 10 October 2025 12:00 to 11 October 12:00 UTC, one point a minute.

    Parameters
    ----------
    symbols : the columns wanted, of BTCUSDT, ETHUSDT and SOLUSDT.

    Returns
    -------
    PricePath
        1,440 points in USDT, rounded to a tenth (BTC) or a hundredth; no NaN, no gaps. `choice`
        says what it is.

    Raises
    ------
    UnknownError
        If a symbol is none of the three.
    """
    absent = [symbol for symbol in symbols if symbol not in SYMBOLS]
    if absent:
        raise UnknownError(
            f"the built-in path has no {', '.join(absent)}, only {', '.join(SYMBOLS)}"
        )
    at_ms = np.arange(FROM_MS, TO_MS, _MINUTE_MS, dtype=np.int64)
    moments = [
        int(datetime(2025, 10, day, hour, minute, tzinfo=UTC).timestamp()) * 1000
        for day, hour, minute, *_ in _WAY_POINTS
    ]
    columns: list[Prices] = []
    for symbol in symbols:
        prices = [point[3 + SYMBOLS.index(symbol)] for point in _WAY_POINTS]
        columns.append(np.round(np.interp(at_ms, moments, prices), _PLACES[symbol]))
    marks = np.column_stack(columns)
    at_ms.setflags(write=False)
    marks.setflags(write=False)
    return PricePath(
        symbols=tuple(symbols),
        at_ms=at_ms,
        marks=marks,
        from_ms=FROM_MS,
        to_ms=TO_MS,
        choice=CHOICE,
    )
