"""Which candles stand for an asset, and over which window."""

import pytest

from crossmargin.durations import DAY_MS, HOUR_MS
from crossmargin.errors import UnknownError, UsageError
from crossmargin.feeds.histories import load_histories

FIRST = 20_000 * DAY_MS
"""2024-10-04"""


def closes(folder, name, days, *, first=FIRST, step_ms=DAY_MS):
    """Write closes 1, 2, 3, … of so many days."""
    rows = [f"{first + at * step_ms},{at + 1}" for at in range(days * DAY_MS // step_ms)]
    (folder / name).write_text("\n".join(["ts,close", *rows]) + "\n")


def test_a_close_is_the_price_at_the_end_of_its_candle(tmp_path):
    closes(tmp_path, "mark_BTCUSDT_1d.csv", 3)

    (one,) = load_histories(tmp_path, {"BTC": ["BTCUSDT"]}).histories

    assert [FIRST + DAY_MS, FIRST + 2 * DAY_MS, FIRST + 3 * DAY_MS] == one.at_ms.tolist()
    assert [1, 2, 3] == one.prices.tolist()


def test_the_first_symbol_that_has_candles_is_taken(tmp_path):
    closes(tmp_path, "mark_BTCUSDC_1d.csv", 3)
    closes(tmp_path, "mark_BTCUSDT_1d.csv", 3)

    found = load_histories(tmp_path, {"BTC": ["BTCUSD_PERP", "BTCUSDC", "BTCUSDT"]})

    assert "BTCUSDC" in found.choice[0]


def test_what_stands_in_is_said(tmp_path):
    closes(tmp_path, "binance_um_mark_BTCUSDT_1d.csv", 3)

    found = load_histories(tmp_path, {"BTC": ["BTC-PERPETUAL"]}, venue="deribit")

    assert any("BTC: nothing of the venue's own is there" in one for one in found.choice)


@pytest.mark.parametrize(
    ("more", "days"),
    [
        ({}, (10, 100)),
        ({"at_ms": FIRST + 95 * DAY_MS}, (5, 95)),
        ({"at_ms": FIRST - DAY_MS}, (10, 100)),
        ({"at_ms": FIRST + 200 * DAY_MS}, (10, 100)),
        ({"to_ms": FIRST + 50 * DAY_MS}, (0, 50)),
        ({"from_ms": FIRST}, (0, 100)),
    ],
)
def test_the_window_is_the_last_ninety_days_before_the_account(tmp_path, more, days):
    closes(tmp_path, "mark_BTCUSDT_1d.csv", 100)

    (one,) = load_histories(tmp_path, {"BTC": ["BTCUSDT"]}, **more).histories

    first, last = (FIRST + day * DAY_MS for day in days)
    assert (first + DAY_MS, last) == (one.at_ms[0], one.at_ms[-1])


def test_the_longest_candle_decides_the_interval(tmp_path):
    closes(tmp_path, "mark_BTCUSDT_1h.csv", 3, step_ms=HOUR_MS)
    closes(tmp_path, "mark_ETHUSDT_1d.csv", 3)
    candidates = {"BTC": ["BTCUSDT"], "ETH": ["ETHUSDT"]}

    assert DAY_MS == load_histories(tmp_path, candidates).interval_ms
    with pytest.raises(UnknownError, match="ETHUSDT: no candles that 1h are made of"):
        load_histories(tmp_path, candidates, interval="1h")


def test_what_is_missing_or_empty_is_refused(tmp_path):
    closes(tmp_path, "mark_BTCUSDT_1d.csv", 3)

    with pytest.raises(UnknownError, match=r"no candles of SOL, .* looked for SOLUSDT"):
        load_histories(tmp_path, {"SOL": []})
    with pytest.raises(UsageError, match="is empty"):
        load_histories(tmp_path, {"BTC": ["BTCUSDT"]}, to_ms=FIRST)
