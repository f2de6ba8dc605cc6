"""Named crashes: the data is what candles say, and what is unknown stays so."""

from datetime import UTC, datetime
from decimal import Decimal

import polars as pl
import pytest

from crossmargin.errors import UsageError
from crossmargin.files.crashes import crashes_of, known_crashes
from crossmargin.risk.stress.crashes import (
    Confidence,
    Others,
    chosen_crashes,
    crash_notes,
    crash_shock,
    median_of,
)
from tests.shared import needs_shared

D = Decimal
FILES = {
    "mark": "binance_um_mark_{}USDT_1h",
    "last": "binance_um_{}USDT_1h",
    "last-15m": "binance_um_{}USDT_15m_2022Q4",
    "spot": "binance_spot_{}USDT_1h",
    "close": "binance_spot_close_{}USDT_1h",
}
KINDS = {
    "Binance USDⓈ-M mark price, 1 h candles": "mark",
    "Binance USDⓈ-M last price, 1 h candles": "last",
    "Binance USDⓈ-M last price, 15 min candles": "last-15m",
    "Binance spot, 1 h candles": "spot",
    "Binance spot, closes of hours": "close",
}
FALLS = [(crash, asset) for crash in known_crashes() for asset in known_crashes()[crash].falls]
TEXT = """
schema = 1
[sources.mark]
text = "marks"
origin = "here"
confidence = "high"
[crashes.one]
title = "One"
from = 2020-01-01T00:00:00Z
to = 2020-01-02T00:00:00Z
[crashes.one.falls.BTC]
high = "100"
low = "80"
high_at = 2020-01-01T01:00:00Z
low_at = 2020-01-01T02:00:00Z
source = "mark"
[crashes.one.falls.ETH]
high = "10"
low = "7"
high_at = 2020-01-01T01:00:00Z
low_at = 2020-01-01T02:00:00Z
source = "mark"
[crashes.one.falls.XRP]
high = "3"
low = "2"
high_at = 2020-01-01T01:00:00Z
low_at = 2020-01-01T02:00:00Z
source = "mark"
"""


def test_the_six_crashes_are_there_oldest_first():
    names = ["2020-03-12", "2021-05-19", "luna", "ftx", "2024-08-05", "2025-10-10"]

    assert names == list(known_crashes())
    starts = [crash.start for crash in known_crashes().values()]
    assert sorted(starts) == starts


@pytest.mark.parametrize(("name", "asset"), FALLS)
def test_a_fall_is_the_deepest_that_candles_show(name, asset):
    crash = known_crashes()[name]
    fall = crash.falls[asset]
    coin = "1000SHIB" if asset == "SHIB" else asset
    file = FILES[KINDS[fall.source.text]].format(coin)
    start, end = (int(at.timestamp() * 1000) for at in (crash.start, crash.end))
    table = pl.read_parquet(needs_shared(f"data/candles/{file}.parquet"))
    rows = table.filter((pl.col("ts") >= start) & (pl.col("ts") < end)).sort("ts")
    if "high" not in rows.columns:
        rows = rows.with_columns(*(pl.col("close").alias(n) for n in ("open", "high", "low")))

    peak, deepest = 0.0, (1.0, 0.0, 0.0)
    for row in rows.iter_rows(named=True):
        peak = max(peak, row["open"])
        deepest = min(deepest, (row["low"] / peak, peak, row["low"]))
        peak = max(peak, row["high"])
    _, high, low = deepest
    assert (float(fall.high), float(fall.low)) == pytest.approx((high, low), rel=1e-6)


def test_a_move_is_rounded_away_from_zero_and_leaves_something():
    crash = crashes_of(TEXT)["one"]

    assert (D("-0.2"), D("-0.3"), D("-0.3334")) == tuple(f.move for f in crash.falls.values())
    # A coin that fell from 64.35 to 0.00032.
    assert D("-0.9999") == known_crashes()["luna"].move_of("LUNA")


@pytest.mark.parametrize(
    ("name", "usual"), [("XBT", "BTC"), ("1000SHIB", "SHIB"), ("kSHIB", "SHIB"), ("XDG", "DOGE")]
)
def test_a_coin_is_known_by_any_venues_name(name, usual):
    crash = known_crashes()["2025-10-10"]

    assert crash.falls[usual].move == crash.move_of(name)


def test_what_has_no_figure_is_unknown_and_not_zero():
    shock = crash_shock(crashes_of(TEXT)["one"], ["BTC", "ABC"])

    assert {"BTC": D("-0.2")} == shock.moves
    assert ("ABC",) == shock.unknown


def test_others_move_as_told_and_it_is_said():
    crash = crashes_of(TEXT)["one"]
    shock = crash_shock(crash, ["BTC", "ABC", "DEF"], Others({"ABC": D(2)}, is_median=True))

    # Twice −0.2; the median of −0.3 and −0.3334.
    assert {"BTC": D("-0.2"), "ABC": D("-0.4"), "DEF": D("-0.3167")} == shock.moves
    assert () == shock.unknown
    assert {"ABC": "2 × BTC", "DEF": "the median of the crash’s other coins"} == shock.supposed


def test_a_beta_that_leaves_nothing_is_refused():
    with pytest.raises(UsageError, match="a beta of 5 leaves nothing of ABC"):
        crash_shock(crashes_of(TEXT)["one"], ["ABC"], Others({"ABC": D(5)}))


def test_prices_that_are_no_marks_are_said():
    notes = crash_notes(known_crashes()["luna"], ["BTC", "SOL", "LUNA"])

    assert 2 == len(notes)
    assert "SOL from Binance spot, 1 h candles (medium confidence" in notes[0]
    assert "LUNA from Binance spot, closes of hours (low confidence" in notes[1]


@pytest.mark.parametrize(
    ("values", "median"),
    [(["1"], "1"), (["3", "1", "2"], "2"), (["0.1", "0.2", "0.3", "0.4"], "0.25")],
)
def test_medians(values, median):
    assert D(median) == median_of([D(value) for value in values])


def test_crashes_are_chosen_by_name():
    crashes = known_crashes()

    assert list(crashes.values()) == chosen_crashes(crashes, ["all"])
    assert [crashes["ftx"], crashes["luna"]] == chosen_crashes(crashes, ["ftx", "luna"])
    with pytest.raises(UsageError, match="there is no crash 'lehman'; there are 2020-03-12,"):
        chosen_crashes(crashes, ["lehman"])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('source = "mark"', 'source = "x"', "one, BTC: there is no source 'x'"),
        ('high = "100"', 'high = "80"', "one, BTC: a fall goes from a high to a lower low"),
        ("low_at = 2020-01-01T02", "low_at = 2020-01-01T00", "the high is not before the low"),
        ('title = "One"', "", "missing required field `title`"),
        ("schema = 1", "schema = ", "crashes.toml: "),
    ],
)
def test_damaged_data_is_refused(old, new, said):
    with pytest.raises(UsageError, match=said):
        crashes_of(TEXT.replace(old, new, 1))


def test_every_source_says_who_and_how_sure():
    sources = {fall.source for crash in known_crashes().values() for fall in crash.falls.values()}

    assert all(source.origin and source.text for source in sources)
    assert {Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW} == {s.confidence for s in sources}
    assert datetime(2025, 10, 10, tzinfo=UTC) == known_crashes()["2025-10-10"].start
