"""Which files of a folder a replay uses."""

import json
import subprocess
import sys

import pytest

from crossmargin.errors import FeedError, UnknownError, UsageError
from crossmargin.feeds.folder import choose, list_files, period, read_pick
from tests.unit.feeds.files import HOUR, MINUTE, T0, csv, flat

HOURS = list(range(0, 360, 60))
FIVES = list(range(0, 360, 5))
LATE_FIVES = list(range(120, 360, 5))

MARK_1H = "binance_um_mark_BTCUSDT_1h.parquet"
LAST_5M = "binance_um_BTCUSDT_5m_2025-10.parquet"
LAST_15M = "binance_um_BTCUSDT_15m.parquet"
SPOT_5M = "binance_spot_BTCUSDT_5m.parquet"


@pytest.fixture
def folder(tmp_path):
    flat(tmp_path / MARK_1H, HOURS)
    flat(tmp_path / LAST_5M, LATE_FIVES)
    flat(tmp_path / LAST_15M, FIVES[::3])
    flat(tmp_path / SPOT_5M, FIVES)
    flat(tmp_path / "coinbase_um_BTCUSDT_1m.parquet", list(range(360)))
    flat(tmp_path / "binance_um_ETHUSDT_1h.parquet", HOURS)
    (tmp_path / "binance_um_SOLUSDT_1h.parquet").write_bytes(b"not opened unless asked for")
    (tmp_path / "notes.txt").write_text("not a price file")
    return tmp_path


def pick(folder, symbol="BTCUSDT", from_minutes=120, to_minutes=360, **asked):
    return choose(
        list_files(folder, [symbol]),
        symbol,
        T0 + from_minutes * MINUTE,
        T0 + to_minutes * MINUTE,
        **asked,
    )


@pytest.mark.parametrize(
    ("window", "asked", "name", "said"),
    [
        pytest.param(
            (120, 360),
            {},
            MARK_1H,
            "BTCUSDT: mark prices in 1h candles from binance_um_mark_BTCUSDT_1h.parquet, the "
            "finest mark prices that cover the window; last prices come finer (5m) and may show "
            "a deeper wick.",
            id="marks, though last prices are finer",
        ),
        pytest.param(
            (120, 360),
            {"price": "last"},
            LAST_5M,
            "as asked (price last); last prices stand in for marks.",
            id="the finest last prices where asked for",
        ),
        pytest.param(
            (60, 360),
            {"price": "last"},
            LAST_15M,
            "last prices in 15m candles",
            id="the finest that covers the window, not the finest there is",
        ),
        pytest.param(
            (120, 360),
            {"interval": "15m"},
            LAST_15M,
            "as asked (interval 15m)",
            id="the interval where asked for, last where no marks have it",
        ),
        pytest.param(
            (120, 360),
            {"price": "spot"},
            SPOT_5M,
            "spot prices stand in for marks.",
            id="spot prices where asked for by name",
        ),
        pytest.param(
            (130, 170),
            {},
            LAST_5M,
            "no candle of the marks opens in it",
            id="last prices where the window lies inside one candle of the marks",
        ),
    ],
)
def test_the_choice_for_a_window(folder, window, asked, name, said):
    chosen = pick(folder, "BTCUSDT", *window, **asked)

    assert [name] == [file.path.name for file in chosen.files]
    assert said in chosen.choice


def test_last_prices_are_chosen_where_there_are_no_marks(folder):
    chosen = pick(folder, "ETHUSDT")

    assert "no mark prices do; last prices stand in for marks." in chosen.choice


@pytest.mark.parametrize(
    ("symbol", "window", "asked", "said"),
    [
        pytest.param(
            "BTCUSDT",
            (0, 361),
            {},
            "BTCUSDT: no mark or last prices cover 2025-10-10T20:00:00Z to 2025-10-11T02:01:00Z",
            id="a window that ends later",
        ),
        pytest.param(
            "BTCUSDT",
            (-1, 360),
            {},
            "there is binance_um_mark_BTCUSDT_1h.parquet (mark 1h, 2025-10-10T20:00:00Z to "
            "2025-10-11T02:00:00Z), ",
            id="a window that begins earlier",
        ),
        pytest.param(
            "BTCUSDT",
            (120, 360),
            {"price": "mark", "interval": "5m"},
            "no 5m mark prices cover",
            id="marks of an interval there are none of",
        ),
        pytest.param(
            "BTCUSDT",
            (-60, 60),
            {},
            "spot prices are used only when asked for",
            id="a window for which spot prices are at hand",
        ),
        pytest.param("XRPUSDT", (120, 360), {}, "there is no file of XRPUSDT", id="another symbol"),
    ],
)
def test_what_nothing_covers_is_unknown_and_says_what_there_is(folder, symbol, window, asked, said):
    with pytest.raises(UnknownError) as raised:
        pick(folder, symbol, *window, **asked)

    assert said in str(raised.value)


def test_of_many_files_the_likeliest_are_named(tmp_path):
    for minutes in range(1, 9):
        flat(tmp_path / f"BTCUSDT_{minutes}m.csv", [0, minutes])
    flat(tmp_path / "mark_BTCUSDT_1m.csv", [0, 1])

    with pytest.raises(UnknownError) as raised:
        pick(tmp_path, "BTCUSDT", 0, 60)

    assert "there is mark_BTCUSDT_1m.csv (mark 1m, " in str(raised.value)
    assert str(raised.value).endswith(", 3 more")


@pytest.mark.parametrize(
    ("window", "asked", "reason"),
    [
        ((10, 10), {}, "is empty"),
        ((0, 60), {"price": "index"}, "price 'index' is not mark, last or spot"),
        ((0, 60), {"interval": "hourly"}, "interval 'hourly' is not a number"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(folder, window, asked, reason):
    with pytest.raises(UsageError, match=reason):
        pick(folder, "BTCUSDT", *window, **asked)


def test_a_bad_file_of_a_wanted_symbol_is_refused(folder):
    with pytest.raises(FeedError, match=r"binance_um_SOLUSDT_1h\.parquet: not a whole Parquet"):
        list_files(folder, ["SOLUSDT"])


def test_files_of_another_venue_are_used_for_that_venue(folder):
    found = list_files(folder, ["BTCUSDT"], venue="coinbase-perp")

    assert ["coinbase_um_BTCUSDT_1m.parquet"] == [file.path.name for file in found]


def test_daily_dumps_that_touch_are_one_series(tmp_path):
    dump = tmp_path / "futures" / "um" / "daily" / "markPriceKlines" / "BTCUSDT" / "5m"
    flat(dump / "BTCUSDT-5m-2025-10-09.csv", [-10, -5])
    flat(dump / "BTCUSDT-5m-2025-10-10.csv", [0, 5])
    flat(dump / "BTCUSDT-5m-2025-10-11.csv", [10, 15])

    chosen = pick(tmp_path, "BTCUSDT", 0, 20)

    assert "mark prices in 5m candles from BTCUSDT-5m-2025-10-10.csv, BTC" in chosen.choice
    assert [T0 + m * MINUTE for m in (0, 5, 10, 15)] == read_pick(chosen).ts_ms.tolist()


def test_dumps_with_a_day_missing_between_them_cover_nothing(tmp_path):
    flat(tmp_path / "BTCUSDT-5m-2025-10-09.csv", [0, 5])
    flat(tmp_path / "BTCUSDT-5m-2025-10-11.csv", [20, 25])

    with pytest.raises(UnknownError):
        pick(tmp_path, "BTCUSDT", 0, 30)


def test_one_file_is_preferred_to_two(tmp_path):
    flat(tmp_path / "BTCUSDT_5m_2025a.csv", [0, 5])
    flat(tmp_path / "BTCUSDT_5m_2025b.csv", [0, 5, 10, 15])

    assert ["BTCUSDT_5m_2025b.csv"] == [f.path.name for f in pick(tmp_path, "BTCUSDT", 0, 20).files]


def test_a_file_of_closes_is_not_joined_to_one_of_candles(tmp_path):
    flat(tmp_path / "binance_spot_BTCUSDT_5m.csv", [0, 5, 10])
    csv(
        tmp_path / "binance_spot_close_BTCUSDT_5m.csv", "ts,close", "+0,1", "+5,1", "+10,1", "+15,1"
    )

    early = pick(tmp_path, "BTCUSDT", 0, 15, price="spot")
    late = pick(tmp_path, "BTCUSDT", 0, 20, price="spot")

    assert ["binance_spot_BTCUSDT_5m.csv"] == [file.path.name for file in early.files]
    assert ["binance_spot_close_BTCUSDT_5m.csv"] == [file.path.name for file in late.files]


@pytest.mark.parametrize(
    ("name", "price", "said"),
    [
        pytest.param("prices.csv", None, "they are taken as last.", id="any name"),
        pytest.param(
            "prices.csv", "mark", "they are taken as mark.", id="the kind the caller says"
        ),
        pytest.param("BTCUSDT_5m.csv", None, "they are taken as last.", id="a plain name"),
        pytest.param(
            "mark_BTCUSDT.csv", None, "the finest mark prices", id="a name that says mark"
        ),
    ],
)
def test_a_single_file_serves_one_symbol(tmp_path, name, price, said):
    files = list_files(flat(tmp_path / name, [0, 5, 10]), ["BTCUSDT"], price=price)

    chosen = choose(files, "BTCUSDT", T0, T0 + 15 * MINUTE, price=price)

    assert said in chosen.choice


def test_a_single_file_that_is_named_for_another_symbol_is_not_used(tmp_path):
    assert () == list_files(flat(tmp_path / "ETHUSDT_5m.csv", [0, 5]), ["BTCUSDT"])


def test_a_single_file_without_a_symbol_cannot_serve_two(tmp_path):
    path = flat(tmp_path / "prices.csv", [0, 5])

    with pytest.raises(FeedError, match="does not say which of BTCUSDT, ETHUSDT"):
        list_files(path, ["BTCUSDT", "ETHUSDT"])


def test_a_single_json_file_may_hold_several_symbols(tmp_path):
    rows = [[T0 + m * MINUTE, 1, 1, 1, 1, 1] for m in (0, 5)]
    path = tmp_path / "prices.json"
    path.write_text(json.dumps({"BTC/USDT:USDT": rows, "ETH/USDT:USDT": rows}))

    found = list_files(path, ["BTCUSDT", "ETHUSDT", "SOLUSDT"])

    assert ["BTCUSDT", "ETHUSDT"] == [file.symbol for file in found]


def test_a_single_json_list_serves_one_symbol(tmp_path):
    path = tmp_path / "prices.json"
    path.write_text(json.dumps([[T0 + m * MINUTE, 1, 1, 1, 1, 1] for m in (0, 5)]))

    assert ["BTCUSDT"] == [file.symbol for file in list_files(path, ["BTCUSDT"])]


def test_a_place_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(FeedError, match="gone: no such file or folder"):
        list_files(tmp_path / "gone", ["BTCUSDT"])


def test_hidden_folders_are_left_out(tmp_path):
    flat(tmp_path / ".cache" / "BTCUSDT_5m.csv", [0, 5])

    assert () == list_files(tmp_path, ["BTCUSDT"])


def test_without_a_window_it_is_what_the_longest_files_share(folder):
    found = list_files(folder, ["BTCUSDT", "ETHUSDT"])

    assert (T0, T0 + 6 * HOUR) == period(found, ["BTCUSDT", "ETHUSDT"])
    assert (T0, T0 + 6 * HOUR) == period(found, ["BTCUSDT"], price="last")


@pytest.mark.parametrize(
    ("minutes", "symbols", "reason"),
    [
        ([0, 5], ["BTCUSDT", "ETHUSDT"], "ETHUSDT: there is no file of its mark or last prices"),
        ([0, 5], ["BTCUSDT", "SOLUSDT"], "these share no time: BTCUSDT_5m.csv "),
    ],
)
def test_a_window_that_cannot_be_told_is_unknown(tmp_path, minutes, symbols, reason):
    flat(tmp_path / "BTCUSDT_5m.csv", minutes)
    flat(tmp_path / "SOLUSDT_5m.csv", [30, 35])

    with pytest.raises(UnknownError, match=reason):
        period(list_files(tmp_path, symbols), symbols)


def test_importing_the_feeds_is_cheap():
    code = "import sys, crossmargin.feeds; print('numpy' in sys.modules, 'polars' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "False False" == told.stdout.strip()


def test_polars_is_imported_only_to_read():
    modules = "crossmargin.feeds.funding, crossmargin.feeds.builtin"
    code = f"import sys, {modules}; print('polars' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "False" == told.stdout.strip()
