"""What file names say."""

from pathlib import Path

import pytest

from crossmargin.errors import UsageError
from crossmargin.feeds.names import candle_name, funding_name, symbol_of


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("BTCUSDT", "BTCUSDT"),
        ("btcusdt", "BTCUSDT"),
        ("BTC/USDT:USDT", "BTCUSDT"),
        ("BTC_USDT_USDT", "BTCUSDT"),
        ("BTC-USDT", "BTCUSDT"),
        ("1000SHIBUSDT", "1000SHIBUSDT"),
        ("BTC/USD:BTC", "BTCUSD_PERP"),
        ("BTCUSD_PERP", "BTCUSD_PERP"),
        ("BTC/USDT:USDT-260327", "BTCUSDT_260327"),
        ("prices", None),
        ("BTCPERP", None),
    ],
)
def test_a_symbol_is_written_as_the_venue_does(text, symbol):
    assert symbol == symbol_of(text)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("binance_um_mark_BTCUSDT_1h.parquet", ("BTCUSDT", "mark", "binance", 3_600_000)),
        ("binance_um_BTCUSDT_5m_2025-10.parquet", ("BTCUSDT", "last", "binance", 300_000)),
        ("binance_um_SOLUSDT_5m_2025-09_2026-02.parquet", ("SOLUSDT", "last", "binance", 300_000)),
        ("binance_um_ETHUSDT_15m_2022Q4.parquet", ("ETHUSDT", "last", "binance", 900_000)),
        ("binance_cm_BTCUSD_PERP_1h.csv", ("BTCUSD_PERP", "last", "binance", 3_600_000)),
        ("binance_spot_BTCUSDT_1h.parquet", ("BTCUSDT", "spot", "binance", 3_600_000)),
        ("coinbase_spot_BTCUSD_1h.parquet", ("BTCUSD", "spot", "coinbase", 3_600_000)),
        ("binanceus_spot_BTCUSDT_1m_2023-03.parquet", ("BTCUSDT", "spot", "binanceus", 60_000)),
        (
            "futures/um/daily/klines/BTCUSDT/5m/BTCUSDT-5m-2025-10-10.csv",
            ("BTCUSDT", "last", None, 300_000),
        ),
        (
            "futures/um/monthly/markPriceKlines/BTCUSDT/1m/BTCUSDT-1m-2025-10.csv",
            ("BTCUSDT", "mark", None, 60_000),
        ),
        (
            "spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2025-10.csv",
            ("BTCUSDT", "spot", None, 60_000),
        ),
        ("mark_BTCUSDT_1h.csv", ("BTCUSDT", "mark", None, 3_600_000)),
        ("BTC_USDT_USDT-1h-mark.json", ("BTCUSDT", "mark", None, 3_600_000)),
        ("BTC_USDT_USDT-5m-futures.json", ("BTCUSDT", "last", None, 300_000)),
    ],
)
def test_a_name_says_symbol_kind_venue_and_interval(path, said):
    name = candle_name(Path(path))

    assert said == (name.symbol, name.kind, name.venue, name.interval_ms)
    assert name.is_kind_stated


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("BTCUSDT.csv", ("BTCUSDT", None)),
        ("BTCUSDT_5m.csv", ("BTCUSDT", 300_000)),
        ("BTC_USDT-5m.json", ("BTCUSDT", 300_000)),
        ("BTCUSDT-1m-2025-10.csv", ("BTCUSDT", 60_000)),
        ("BTCUSDT_260327_1h.csv", ("BTCUSDT_260327", 3_600_000)),
    ],
)
def test_a_plain_name_does_not_say_the_kind_which_is_last_then(path, said):
    name = candle_name(Path(path))

    assert said == (name.symbol, name.interval_ms)
    assert ("last", False) == (name.kind, name.is_kind_stated)


def test_a_name_says_that_a_file_has_closes_only():
    assert candle_name(Path("binance_spot_close_SOLUSDT_1h.parquet")).is_close_only


@pytest.mark.parametrize(
    "path",
    [
        "prices.csv",
        "nautilus_BTCPERP_1m_2022-01.parquet",
        "binance_um_BTCUSDT_funding.parquet",
        "BTCUSDT-fundingRate-2025-10.csv",
        "BTCUSDT-aggTrades-2025-10-10.csv",
        "BTCUSDT_5m.txt",
        "futures/um/daily/premiumIndexKlines/BTCUSDT/5m/BTCUSDT-5m-2025-10-10.csv",
    ],
)
def test_other_names_name_no_candles(path):
    assert candle_name(Path(path)) is None


def test_an_interval_beyond_reason_is_refused_with_the_file():
    with pytest.raises(UsageError, match=r"BTCUSDT_9999999m.csv: interval '9999999m'"):
        candle_name(Path("BTCUSDT_9999999m.csv"))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("binance_um_BTCUSDT_funding.parquet", ("BTCUSDT", "binance")),
        ("BTCUSDT-fundingRate-2025-10.csv", ("BTCUSDT", None)),
        ("BTC_USDT_USDT-8h-funding_rate.json", ("BTCUSDT", None)),
        ("BTCUSDT_funding.csv", ("BTCUSDT", None)),
        ("binance_um_BTCUSDT_1h.parquet", None),
        ("BTCUSDT_funding.txt", None),
        ("funding.csv", None),
    ],
)
def test_a_name_says_whose_funding_a_file_has(path, said):
    assert said == funding_name(Path(path))
