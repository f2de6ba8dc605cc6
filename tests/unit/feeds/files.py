"""Small price files, written by the tests that read them."""

from pathlib import Path

import numpy as np
import polars as pl

from crossmargin.feeds.series import PriceKind, Series

T0 = 1_760_126_400_000
"""2025-10-10T20:00:00Z"""
MINUTE = 60_000
HOUR = 60 * MINUTE


def csv(path: Path, *lines: str) -> Path:
    """Write lines; a leading "+N" in a line is N minutes after T0, in milliseconds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(_timed(line) for line in lines) + "\n", encoding="utf-8")
    return path


def flat(path: Path, minutes: list[int], price: float = 100.0) -> Path:
    """Write candles of one price that open so many minutes after T0, as Parquet or CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    prices = [price] * len(minutes)
    frame = pl.DataFrame(
        {
            "ts": [T0 + minute * MINUTE for minute in minutes],
            **dict.fromkeys(("open", "high", "low", "close"), prices),
        }
    )
    if path.suffix == ".csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path)
    return path


def series(
    symbol: str,
    interval_minutes: int,
    rows: dict[int, tuple[float, float, float, float]],
    kind: PriceKind = PriceKind.MARK,
    *,
    is_close_only: bool = False,
) -> Series:
    """Return candles {minutes after T0: (open, high, low, close)} as a series."""
    prices = np.array(list(rows.values()), dtype=np.float64)
    return Series(
        symbol=symbol,
        kind=kind,
        interval_ms=interval_minutes * MINUTE,
        ts_ms=np.array([T0 + minute * MINUTE for minute in rows], dtype=np.int64),
        open=prices[:, 0],
        high=prices[:, 1],
        low=prices[:, 2],
        close=prices[:, 3],
        paths=(Path(f"{symbol}.csv"),),
        is_close_only=is_close_only,
    )


def _timed(line: str) -> str:
    if not line.startswith("+"):
        return line
    minutes, comma, rest = line[1:].partition(",")
    return f"{T0 + int(minutes) * MINUTE}{comma}{rest}"
