"""The command line called as its script calls it, in this process."""

import io
import sys
from typing import NamedTuple

import pytest

from crossmargin.cli.app import main


class Answer(NamedTuple):
    """Exit status, and what went to either stream."""

    status: int
    out: str
    err: str


def call(patch: pytest.MonkeyPatch, *words: object, stdin: str | bytes = "") -> Answer:
    """Run `crossmargin WORDS` on standard input `stdin`."""
    given = stdin.encode() if isinstance(stdin, str) else stdin
    out, err = io.StringIO(), io.StringIO()
    with patch.context() as streams:
        streams.setattr(sys, "argv", ["crossmargin", *map(str, words)])
        streams.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), encoding="utf-8"))
        streams.setattr(sys, "stdout", out)
        streams.setattr(sys, "stderr", err)
        streams.delenv("COLUMNS", raising=False)
        try:
            main()
            status = 0
        except SystemExit as stop:
            status = int(stop.code or 0)
    return Answer(status, out.getvalue(), err.getvalue())


def words(text: str) -> str:
    """Return printed text without its layout."""
    return " ".join(text.split())


# Half a bitcoin from 100,000 at 10x on a wallet of 10,000; the first tier asks 0.4 %.
ACCOUNT = """
venue = "binance-usdm"
edition = "2025-09-29"
[balances]
USDT = "10000"
[marks]
BTCUSDT = "100000"
[leverage]
BTCUSDT = 10
[[positions]]
symbol = "BTCUSDT"
size = "0.5"
entry_price = "100000"
"""
