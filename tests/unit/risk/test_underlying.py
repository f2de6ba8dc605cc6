"""Names of many venues, read as coins, counts and days."""

from datetime import date
from decimal import Decimal

import pytest

from crossmargin.model.instrument import Instrument, Kind
from crossmargin.risk.venues.underlying import asset_name, bundle, delivery_of, underlying_of

D = Decimal


@pytest.mark.parametrize(
    ("name", "usual"), [("XBT", "BTC"), ("XBt", "BTC"), ("USDt", "USDT"), ("SOL", "SOL")]
)
def test_assets_have_one_usual_name(name, usual):
    assert usual == asset_name(name)


@pytest.mark.parametrize(
    ("base", "coin", "count"),
    [
        ("BTC", "BTC", 1),
        ("XBT", "BTC", 1),
        ("1000PEPE", "PEPE", 1000),
        ("kPEPE", "PEPE", 1000),
        ("1MBABYDOGE", "BABYDOGE", 1_000_000),
        ("1000000MOG", "MOG", 1_000_000),
        ("10000LADYS", "LADYS", 10_000),
        ("1INCH", "1INCH", 1),
        ("KAVA", "KAVA", 1),
    ],
)
def test_bundles_are_counted(base, coin, count):
    assert (coin, D(count)) == bundle(base)


@pytest.mark.parametrize(
    ("symbol", "day"),
    [
        ("BTCUSDT_251226", date(2025, 12, 26)),
        ("BTC-USD-251226", date(2025, 12, 26)),
        ("BTC-26DEC25", date(2025, 12, 26)),
        ("BTC-5JAN26", date(2026, 1, 5)),
        ("BTCUSDT", None),
        ("BTC-31FEB25", None),
        ("BTC-26XXX25", None),
        ("XBTZ25", None),
    ],
)
def test_the_day_of_delivery_is_read_from_the_symbol(symbol, day):
    assert day == delivery_of(symbol)


@pytest.mark.parametrize(
    ("kind", "symbol", "settle", "name"),
    [
        (Kind.LINEAR_PERPETUAL, "BTCUSDT", "USDT", "linear perpetual of BTC"),
        (Kind.LINEAR_PERPETUAL, "ETHBTC", "BTC", "linear perpetual of ETH in BTC"),
        (Kind.INVERSE_PERPETUAL, "XBTUSD", "XBt", "inverse perpetual of BTC"),
        (Kind.INVERSE_FUTURE, "BTC-26DEC25", "BTC", "inverse future of 2025-12-26 of BTC"),
        (Kind.LINEAR_FUTURE, "BTCZ25", "USDT", None),
        (Kind.LINEAR_OPTION, "BTC-26DEC25-1-C", "USDC", None),
    ],
)
def test_what_a_contract_is_on_has_a_name(kind, symbol, settle, name):
    base = "ETH" if symbol.startswith("ETH") else "XBT" if symbol.startswith("X") else "BTC"
    found = underlying_of(Instrument(symbol, kind, settle, base))

    assert name == (found and found.name)
