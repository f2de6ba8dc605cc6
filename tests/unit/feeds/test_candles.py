"""Candle files of every format, good and bad."""

import json
import re

import numpy as np
import polars as pl
import pytest

from crossmargin.errors import FeedError
from crossmargin.feeds.candles import joined, read_series, read_times
from crossmargin.feeds.series import PriceKind
from tests.unit.feeds.files import HOUR, MINUTE, T0, csv, flat, series

HEADER = "ts,open,high,low,close,volume"
DUMP_HEADER = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
    "taker_buy_volume,taker_buy_quote_volume,ignore"
)
DUMP_TAIL = "5,1760126699999,500,3,2,200,0"


def reason_of(value):
    return value if isinstance(value, str) and not value.startswith(("[", "{")) else "file"


def read(path, interval_ms=None):
    return read_series(path, "BTCUSDT", PriceKind.MARK, interval_ms)


def prices(one):
    return [one.open.tolist(), one.high.tolist(), one.low.tolist(), one.close.tolist()]


GOOD = "+5,1,1,1,1,1"
EXPECTED = [[100.5, 101.0], [102.0, 103.0], [99.0, 100.0], [101.0, 102.5]]
FIRST, SECOND = "100.5,102,99,101", "101,103,100,102.5"


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([HEADER, f"+0,{FIRST},7", f"+5,{SECOND},8"], id="our columns"),
        pytest.param(
            ["ts,open,high,low,close", f"+0,{FIRST}", f"+5,{SECOND}", "", ""],
            id="no volume, and blank lines at the end",
        ),
        pytest.param(
            [DUMP_HEADER, f"+0,{FIRST},{DUMP_TAIL}", f"+5,{SECOND},{DUMP_TAIL}"],
            id="the dump with its header",
        ),
        pytest.param(
            [f"+0,{FIRST},{DUMP_TAIL}", f"+5,{SECOND},{DUMP_TAIL}"],
            id="the dump without a header",
        ),
        pytest.param(
            [f"{T0}000,{FIRST},{DUMP_TAIL}", f"{T0 + 5 * MINUTE}000,{SECOND},{DUMP_TAIL}"],
            id="the dump in microseconds",
        ),
        pytest.param(
            [
                '"ts", "open", "high", "low", "close"',
                f"+0, {FIRST}",
                '+5,"101","103","100","102.5"',
            ],
            id="quotes and spaces",
        ),
    ],
)
def test_a_csv_file_is_read(tmp_path, lines):
    one = read(csv(tmp_path / "a.csv", *lines))

    assert [T0, T0 + 5 * MINUTE] == one.ts_ms.tolist()
    assert EXPECTED == prices(one)
    assert ("BTCUSDT", "mark", 5 * MINUTE) == (one.symbol, one.kind, one.interval_ms)
    assert not one.is_close_only


@pytest.mark.parametrize("unit", [None, "ms", "us"], ids=["whole numbers", "ms", "us"])
def test_a_parquet_file_is_read(tmp_path, unit):
    times = pl.Series("ts", [T0, T0 + 5 * MINUTE])
    if unit:
        times = times.cast(pl.Datetime("ms")).cast(pl.Datetime(unit))
    columns = dict(zip(("open", "high", "low", "close"), EXPECTED, strict=True))
    pl.DataFrame({"ts": times, **columns}).write_parquet(tmp_path / "a.parquet")

    one = read(tmp_path / "a.parquet")

    assert [T0, T0 + 5 * MINUTE] == one.ts_ms.tolist()
    assert EXPECTED == prices(one)


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda rows: rows, id="a list of rows"),
        pytest.param(
            lambda rows: {"ETH/USDT:USDT": [], "BTC/USDT:USDT": rows}, id="lists by ccxt symbol"
        ),
        pytest.param(lambda rows: {"BTCUSDT": rows}, id="lists by symbol"),
        pytest.param(
            lambda rows: [[row[0], *map(str, row[1:])] for row in rows], id="prices as text"
        ),
    ],
)
def test_a_json_file_is_read(tmp_path, wrap):
    rows = [[T0, 100.5, 102, 99, 101, 7.5], [T0 + 5 * MINUTE, 101, 103, 100, 102.5, 8]]
    (tmp_path / "a.json").write_text(json.dumps(wrap(rows)))

    one = read(tmp_path / "a.json")

    assert [T0, T0 + 5 * MINUTE] == one.ts_ms.tolist()
    assert EXPECTED == prices(one)
    assert one.ts_ms.tolist() == read_times(tmp_path / "a.json", "BTCUSDT").tolist()


def test_a_file_of_closes_repeats_the_close_and_says_so(tmp_path):
    one = read(csv(tmp_path / "a.csv", "ts,close", "+0,100", "+60,90"))

    assert one.is_close_only
    assert [[100.0, 90.0]] * 4 == prices(one)


def test_a_step_larger_than_the_interval_is_no_error(tmp_path):
    one = read(flat(tmp_path / "a.csv", [0, 5, 10, 25]))

    assert 5 * MINUTE == one.interval_ms
    assert [2] == [gap.missing for gap in one.gaps()]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([""], "a.csv: the file is empty"),
        ([HEADER], "a.csv: the file has no rows"),
        (
            ["ts,open,high,close", "+0,1,1,1"],
            "there is no column low (it has ts, open, high, close)",
        ),
        (
            ["ts,price", "+0,1"],
            "there is no column open, high, low, close (it has ts, price)",
        ),
        (
            ["open,high,low,close", "1,1,1,1"],
            "there is no time column (it has open, high, low, close)",
        ),
        (["when,open,high,low,close", "+0,1,1,1,1"], "there is no time column (it has when, open"),
        (["+0,1,1,1"], "4 columns and no header, where ts, open, high, low, close are needed"),
        (["ts,close,close", "+0,1,1"], "line 1: two columns have the same name"),
        ([HEADER, "+0,1,1,1,1,1", "+5,1,1,1,x,1"], "line 3: close 'x' is not a number"),
        ([HEADER, "+0,1,1,1,1,1", "", "+5,1,1,1,1,1"], "line 3: ts is missing"),
        ([HEADER, "+0,1,1,1,1,1", "+5,1,1,1"], "line 3: close is missing"),
        ([HEADER, "+0,1,1,1,1,1", "+5,1,1,1,1,1,1"], "line 3: it has more columns than the first"),
        ([HEADER, "+0,1,1,1,nan,1", GOOD], "line 2: close is not a number"),
        ([HEADER, "+0,1,inf,1,1,1", GOOD], "line 2: high is not a number"),
        ([HEADER, "+0,1,1,0,1,1", GOOD], "line 2: low 0.0 is not above zero"),
        ([HEADER, "+0,1,1,1,-1,1", GOOD], "line 2: close -1.0 is not above zero"),
        ([HEADER, "+0,1,2,1,1,1", "+5,100,99,98,98,1"], "line 3: high 99.0 is below 100.0 in its"),
        ([HEADER, "+0,1,2,1.5,1,1", GOOD], "line 2: low 1.5 is above 1.0 in its candle"),
        (
            [HEADER, "+0,1,1,1,1,1", "+5,1,1,1,1,1", "+5,1,1,1,1,1"],
            "line 4: time 2025-10-10T20:05:00Z repeats that of the row before",
        ),
        (
            [HEADER, "+5,1,1,1,1,1", "+0,1,1,1,1,1"],
            "line 3: time 2025-10-10T20:00:00Z is before that of the row before",
        ),
        (
            [HEADER, "+0,1,1,1,1,1", "+5,1,1,1,1,1", "+10,1,1,1,1,1", "+17,1,1,1,1,1"],
            "line 5: time 2025-10-10T20:17:00Z is off the 5m grid that begins at",
        ),
        ([HEADER, "2025-10-10,1,1,1,1,1"], "line 2: ts '2025-10-10' is not a time in whole millis"),
        ([HEADER, "1760126400.5,1,1,1,1,1"], "ts '1760126400.5' is not a time in whole millisec"),
        ([HEADER, "1760126400,1,1,1,1,1"], "line 2: time 1760126400 is not in milliseconds UTC"),
        ([HEADER, f"{T0}001,1,1,1,1,1"], f"line 2: time {T0}001 µs is between milliseconds"),
        ([HEADER, "+0,1,1,1,1,1"], "one candle does not tell its interval"),
    ],
    ids=reason_of,
)
def test_a_bad_csv_file_is_refused_with_its_line(tmp_path, lines, reason):
    with pytest.raises(FeedError, match=re.escape(reason)):
        read(csv(tmp_path / "a.csv", *lines))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the file is empty"),
        ("[[1,", "not JSON"),
        ("[]", "the file has no rows"),
        ("7", "not a list of rows [time, open, high, low, close, ...]"),
        ("[7]", "row 1: not a list [time, open, high, low, close, ...]"),
        (f"[[{T0}, 1, 1, 1]]", "row 1: not a list [time, open, high, low, close, ...]"),
        (f"[[{T0}, 1, 1, 1, null, 1]]", "row 1: close None is not a number"),
        (f'[[{T0}, 1, 1, 1, "one", 1]]', "row 1: close 'one' is not a number"),
        (f"[[{T0}, 1, 1, 1, NaN, 1]]", "not JSON"),
        (f"[[{T0}.5, 1, 1, 1, 1, 1]]", "row 1: time is not a whole number"),
        (f'{{"ETHUSDT": [[{T0}, 1, 1, 1, 1]]}}', "there is no BTCUSDT (it has ETHUSDT)"),
        (f"[[{T0}, 1, 1, 1, 1, 1], [{T0}, 1, 1, 1, 1, 1]]", "row 2: time 2025-10-10T20:00:00Z rep"),
    ],
    ids=reason_of,
)
def test_a_bad_json_file_is_refused_with_its_row(tmp_path, text, reason):
    (tmp_path / "a.json").write_text(text)

    with pytest.raises(FeedError, match=re.escape(reason)):
        read(tmp_path / "a.json")


def test_a_truncated_parquet_file_is_refused(tmp_path):
    path = flat(tmp_path / "a.parquet", [0, 5, 10])
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(FeedError, match=r"a\.parquet: not a whole Parquet file: "):
        read(path)


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (pl.DataFrame({"ts": [T0, T0 + HOUR], "close": [1.0, None]}), "row 2: close is missing"),
        (pl.DataFrame({"ts": [T0], "close": [float("nan")]}), "row 1: close is not a number"),
        (pl.DataFrame({"ts": [1.5], "close": [1.0]}), "column 'ts' holds no whole milliseconds"),
        (pl.DataFrame({"ts": [], "close": []}), "the file has no rows"),
        (pl.DataFrame({"close": [1.0]}), "there is no time column (it has close)"),
    ],
    ids=reason_of,
)
def test_a_bad_parquet_file_is_refused_with_its_row(tmp_path, frame, reason):
    frame.write_parquet(tmp_path / "a.parquet")

    with pytest.raises(FeedError, match=re.escape(reason)):
        read(tmp_path / "a.parquet", HOUR)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.parquet", b"", "the file is empty"),
        ("a.parquet", b"not parquet at all", "not a whole Parquet file"),
        ("a.csv", b"\xff\xfe\x00,1\n", "not a CSV file"),
        ("a.txt", b"1,2", "not a .parquet, .csv or .json file"),
        ("a.csv", None, "no such file or directory"),
        ("a.json", None, "no such file or directory"),
        ("a.parquet", None, "no such file or directory"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, name, content, reason):
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(FeedError, match=rf"{re.escape(name)}: {reason}"):
        read(tmp_path / name)


FLAT = (100.0, 100.0, 100.0, 100.0)


def test_files_that_overlap_are_one_series_and_a_gap_is_filled_by_the_other_file():
    left = series("BTCUSDT", 5, dict.fromkeys([0, 5, 15], FLAT))
    right = series("BTCUSDT", 5, dict.fromkeys([10, 15, 20], FLAT))

    whole = joined([left, right])

    assert [T0 + m * MINUTE for m in (0, 5, 10, 15, 20)] == whole.ts_ms.tolist()
    assert np.all(whole.close == 100.0)
    assert whole.paths == (*left.paths, *right.paths)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ({5: (100.0, 101.0, 100.0, 100.0)}, "disagree about the candle of 2025-10-10T20:05:00Z"),
        ({11: FLAT}, "their candles open at different times"),
    ],
)
def test_files_that_do_not_fit_together_are_refused(rows, reason):
    left = series("BTCUSDT", 5, dict.fromkeys([0, 5], FLAT))

    with pytest.raises(FeedError, match=reason):
        joined([left, series("BTCUSDT", 5, rows)])
