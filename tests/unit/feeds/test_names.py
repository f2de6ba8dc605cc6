"""What file names say."""

from pathlib import Path

import pytest

from crossmargin.errors import UsageError
from crossmargin.feeds.names import candle_name, funding_name, symbol_as, symbol_of
from crossmargin.rulebooks.loader import load_rulebook, venues


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


@pytest.mark.parametrize(
    ("name", "wanted", "said"),
    [
        ("mark_BTC_1h.parquet", ["BTC"], ("BTC", "mark", None, 3_600_000)),
        ("BTC.parquet", ["BTC", "ETH"], ("BTC", "last", None, None)),
        ("kPEPE_5m.csv", ["kPEPE", "PEPE"], ("kPEPE", "last", None, 300_000)),
        ("BTC-USD_1m.csv", ["BTC-USD"], ("BTC-USD", "last", None, 60_000)),
        ("BTC-USD_1m.csv", ["BTC", "BTC-USD"], ("BTC-USD", "last", None, 60_000)),
        ("BTC_1m.csv", ["BTC", "BTC-USD"], ("BTC", "last", None, 60_000)),
        ("BTC-USD_1m.csv", ["BTC"], ("BTCUSD", "last", None, 60_000)),
        (
            "mark_BTC-USDT-SWAP_1h.parquet",
            ["BTC-USDT-SWAP"],
            ("BTC-USDT-SWAP", "mark", None, 3_600_000),
        ),
        (
            "okx_mark_BTC-USDT-SWAP_1h.parquet",
            ["BTC-USDT-SWAP"],
            ("BTC-USDT-SWAP", "mark", "okx", 3_600_000),
        ),
        ("dydx-v4_BTC-USD_1h.csv", ["BTC-USD"], ("BTC-USD", "last", "dydx", 3_600_000)),
        (
            "mark_BTC_USDC-PERPETUAL_1h.parquet",
            ["BTC_USDC-PERPETUAL", "BTC-PERPETUAL"],
            ("BTC_USDC-PERPETUAL", "mark", None, 3_600_000),
        ),
        (
            "BTC-PERPETUAL-1h-mark.json",
            ["BTC-PERPETUAL"],
            ("BTC-PERPETUAL", "mark", None, 3_600_000),
        ),
        ("BTC-25DEC26_1h.csv", ["BTC-25DEC26"], ("BTC-25DEC26", "last", None, 3_600_000)),
        ("BTC-PERP_1h_2025-10.csv", ["BTC-PERP"], ("BTC-PERP", "last", None, 3_600_000)),
        ("PF_XBTUSD_1h.csv", ["PF_XBTUSD"], ("PF_XBTUSD", "last", None, 3_600_000)),
        (
            "FF_XBTUSD_250926_1h.csv",
            ["FF_XBTUSD_250926"],
            ("FF_XBTUSD_250926", "last", None, 3_600_000),
        ),
        ("BTC_USDT-5m.json", ["BTC_USDT"], ("BTC_USDT", "last", None, 300_000)),
        ("BTC_USDT-5m.json", ["BTCUSDT"], ("BTCUSDT", "last", None, 300_000)),
        ("XBTUSD-1m-2025-10.csv", ["XBTUSD"], ("XBTUSD", "last", None, 60_000)),
        ("BTCUSDT_260327_1h.csv", ["BTCUSDT"], ("BTCUSDT_260327", "last", None, 3_600_000)),
        ("BTCUSDT_20251010.csv", ["BTCUSDT"], ("BTCUSDT", "last", None, None)),
        ("mark_btc_1h.csv", ["BTC"], ("BTC", "mark", None, 3_600_000)),
    ],
)
def test_a_wanted_symbol_is_found_as_its_venue_writes_it(name, wanted, said):
    found = candle_name(Path(name), wanted)

    assert said == (found.symbol, found.kind, found.venue, found.interval_ms)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("BTC-USDT-SWAP_1h.csv", ["BTC"]),
        ("BTC-25DEC26_1h.csv", ["BTC"]),
        ("FF_XBTUSD_250926_1h.csv", ["FF_XBTUSD"]),
        ("kPEPE_1h.csv", ["PEPE"]),
        ("BTC_funding.csv", ["BTC"]),
    ],
)
def test_a_name_that_only_holds_a_wanted_symbol_names_no_candles(name, wanted):
    assert candle_name(Path(name), wanted) is None


def test_every_symbol_of_every_rulebook_is_found_in_a_file_named_by_it():
    lost = []
    for venue in venues():
        symbols = list(load_rulebook(venue).contracts)
        few = symbols[:50]
        for symbol in few:
            for name in (f"{symbol}.parquet", f"mark_{symbol}_1h.parquet", f"{symbol}-5m.csv"):
                found = candle_name(Path(name), few)
                lost += [name] * (found is None or found.symbol != symbol)
            if funding_name(Path(f"{symbol}_funding.csv"), few) != (symbol, None):
                lost.append(f"funding of {symbol}")

    assert [] == lost


@pytest.mark.parametrize(
    ("name", "wanted", "said"),
    [
        ("BTC_funding.parquet", ["BTC"], ("BTC", None)),
        ("funding_BTC.parquet", ["BTC"], ("BTC", None)),
        ("BTC-USDT-SWAP_funding_rates.csv", ["BTC-USDT-SWAP"], ("BTC-USDT-SWAP", None)),
        ("okx_BTC-USDT-SWAP_funding.csv", ["BTC-USDT-SWAP"], ("BTC-USDT-SWAP", "okx")),
        (
            "BTC_USDC-PERPETUAL-8h-funding_rate.json",
            ["BTC_USDC-PERPETUAL"],
            ("BTC_USDC-PERPETUAL", None),
        ),
        ("BTC-USD_funding.csv", ["BTC", "BTC-USD"], ("BTC-USD", None)),
        ("BTC-USD_funding.csv", ["BTC"], ("BTCUSD", None)),
        ("BTC_1h.csv", ["BTC"], None),
    ],
)
def test_funding_of_a_wanted_symbol_is_found_as_its_venue_writes_it(name, wanted, said):
    assert said == funding_name(Path(name), wanted)


@pytest.mark.parametrize(
    ("text", "wanted", "symbol"),
    [
        ("BTC_USDT", ["BTC_USDT"], "BTC_USDT"),
        ("BTC_USDT", ["BTCUSDT"], "BTCUSDT"),
        ("BTC/USDT:USDT", ["BTC_USDT"], "BTCUSDT"),
        ("PF_XBTUSD", [], "PF_XBTUSD"),
    ],
)
def test_a_symbol_within_a_file_is_the_wanted_one_first(text, wanted, symbol):
    assert symbol == symbol_as(text, wanted)
