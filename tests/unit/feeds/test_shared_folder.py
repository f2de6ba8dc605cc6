"""The feeds on a real folder of some ninety files, whose flaws its README counts."""

from datetime import datetime

import pytest

from crossmargin.feeds.builtin import builtin_path
from crossmargin.feeds.candles import read_series
from crossmargin.feeds.folder import choose, list_files, read_pick
from crossmargin.feeds.funding import load_funding
from crossmargin.feeds.path import load_path
from crossmargin.feeds.series import PriceKind, utc
from tests.shared import needs_shared


def at(text):
    return int(datetime.fromisoformat(f"{text}+00:00").timestamp()) * 1000


CRASH = (at("2025-10-10T00:00"), at("2025-10-12T00:00"))


@pytest.fixture
def candles():
    return needs_shared("data/candles")


@pytest.mark.parametrize(
    ("symbol", "asked", "name"),
    [
        ("BTCUSDT", {}, "binance_um_mark_BTCUSDT_1h.parquet"),
        ("BTCUSDT", {"price": "last"}, "binance_um_BTCUSDT_5m_2025-10.parquet"),
        ("BTCUSDT", {"interval": "15m"}, "binance_um_BTCUSDT_15m.parquet"),
        ("ETHUSDT", {"price": "last"}, "binance_um_ETHUSDT_15m.parquet"),
        ("SOLUSDT", {"price": "last"}, "binance_um_SOLUSDT_5m_2025-09_2026-02.parquet"),
        ("NEARUSDT", {}, "binance_um_NEARUSDT_1h.parquet"),
    ],
)
def test_the_series_of_the_crash_of_october_2025(candles, symbol, asked, name):
    chosen = choose(list_files(candles, [symbol]), symbol, *CRASH, **asked)

    assert [name] == [file.path.name for file in chosen.files]


def test_the_lows_of_the_crash_are_in_the_path(candles):
    marks = load_path(candles, ["BTCUSDT", "SOLUSDT"], *CRASH)
    last = load_path(candles, ["BTCUSDT", "SOLUSDT"], *CRASH, price="last")

    assert [101877.68981743, 143.83136474] == marks.marks.min(axis=0).tolist()
    assert [101516.5, 141.28] == last.marks.min(axis=0).tolist()
    assert () == marks.gaps


@pytest.mark.parametrize(
    ("name", "gaps", "missing", "longest"),
    [
        ("kraken_spot_BTCUSDC_1m_2023Q1", 26746, 72883, 87),
        ("binance_spot_BTCUSDT_1h", 17, 36, 5),
        ("binance_spot_BNBUSDT_5m_2024H2", 2, 202, 144),
        ("binance_spot_close_FTTUSDT_1h", 7, 7480, 7467),
        ("binance_um_BTCUSDT_1h", 0, 0, 0),
    ],
)
def test_the_gaps_are_those_the_readme_counts(candles, name, gaps, missing, longest):
    found = read_series(candles / f"{name}.parquet", "ANY", PriceKind.LAST).gaps()
    counts = [gap.missing for gap in found]

    assert (gaps, missing, longest) == (len(counts), sum(counts), max(counts, default=0))


def test_overlapping_files_of_one_series_agree(candles):
    files = list_files(candles, ["LINKUSDT"])
    window = (at("2026-01-10T00:00"), at("2026-02-09T00:00"))

    whole = read_pick(choose(files, "LINKUSDT", *window, price="last", interval="1m"))

    assert 2 == len(whole.paths)
    assert () == whole.gaps()


def test_the_funding_of_the_crash_is_history(candles):
    found = load_funding(candles, ["BTCUSDT", "SOLUSDT", "NEARUSDT"], *CRASH)

    assert ["history", "history", "none"] == [rates.origin for rates in found]
    assert "-0.00302761" == str(found[1].rates[3])
    assert "2025-10-11T00:00:00Z" == utc(int(found[1].at_ms[3]))


@pytest.mark.parametrize(
    ("symbol", "rounding"), [("BTCUSDT", 25.0), ("ETHUSDT", 0.5), ("SOLUSDT", 0.051)]
)
def test_the_built_in_path_is_rounded_facts(candles, symbol, rounding):
    made = builtin_path([symbol])
    real = read_pick(choose(list_files(candles, [symbol]), symbol, *CRASH, price="mark"))
    real = real.between(made.from_ms, made.to_ms)
    opens = dict(zip(real.ts_ms.tolist(), real.open.tolist(), strict=True))
    marks = dict(zip(made.at_ms.tolist(), made.marks[:, 0].tolist(), strict=True))

    for hour in ("10T12", "10T15", "10T16", "10T18", "10T21", "10T22", "11T00", "11T02", "11T03"):
        moment = at(f"2025-10-{hour}:00")
        assert opens[moment] == pytest.approx(marks[moment], abs=rounding)
    assert real.low.min() == pytest.approx(made.marks.min(), abs=rounding)
    assert real.high.max() == pytest.approx(made.marks.max(), abs=rounding)
