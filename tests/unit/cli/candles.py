"""Four minutes of candles in every format, for half a bitcoin from 100,000.

21:01 falls to 85,000: the 40th second of its minute where the high comes first. An isolated bucket
of 5,000 has lost 7,500 there; a wallet of 10,000 lives, and ends at 84,000 with 2,000.
"""

import json
from pathlib import Path

T0 = 1_760_130_000_000
"""2025-10-10T21:00:00Z"""
MINUTE = 60_000

Row = tuple[int, int, int, int]
ROWS: dict[int, Row] = {
    0: (100_000, 100_000, 100_000, 100_000),
    1: (100_000, 100_500, 85_000, 85_000),
    2: (85_000, 85_000, 84_000, 84_000),
    3: (84_000, 84_000, 84_000, 84_000),
}


def ours(folder: Path, rows: dict[int, Row] = ROWS, name: str = "BTCUSDT_1m.csv") -> Path:
    """Write our CSV: ts, open, high, low, close."""
    lines = ["ts,open,high,low,close"]
    lines += [f"{T0 + at * MINUTE},{o},{h},{low},{c}" for at, (o, h, low, c) in rows.items()]
    return _written(folder / name, "\n".join(lines) + "\n")


def dump(folder: Path, rows: dict[int, Row] = ROWS, *, has_header: bool = True) -> Path:
    """Write the CSV of Binance's public dump."""
    lines = [
        "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
        "taker_buy_volume,taker_buy_quote_volume,ignore"
    ] * has_header
    for at, (o, h, low, c) in rows.items():
        start = T0 + at * MINUTE
        lines.append(f"{start},{o},{h},{low},{c},5.1,{start + MINUTE - 1},99.5,7,2.1,40.5,0")
    return _written(folder / "BTCUSDT-1m-2025-10-10.csv", "\n".join(lines) + "\n")


def ccxt(folder: Path, rows: dict[int, Row] = ROWS) -> Path:
    """Write JSON as ccxt returns it."""
    table = [[T0 + at * MINUTE, *prices, 5.1] for at, prices in rows.items()]
    return _written(folder / "BTC_USDT-1m.json", json.dumps(table))


def funding(folder: Path, rates: dict[int, str]) -> Path:
    """Write our CSV of funding: minutes after T0 and rates."""
    lines = ["ts,rate", *(f"{T0 + at * MINUTE},{rate}" for at, rate in rates.items())]
    return _written(folder / "BTCUSDT_funding.csv", "\n".join(lines) + "\n")


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
