"""What is said of symbols that a rulebook does not know."""

import pytest

from crossmargin.files.unknown import unknown_symbol
from crossmargin.rulebooks.loader import load_rulebook


@pytest.mark.parametrize(
    ("venue", "symbol", "meant"),
    [
        ("binance-usdm", "BTCUSTD", "BTCUSDT"),
        ("binance-usdm", "BTCUSD", "BTCUSDT"),
        ("binance-usdm", "AAVEUSDTT", "AAVEUSDT"),
        ("binance-usdm", "btc-usdt", "BTCUSDT"),
        ("hyperliquid", "BTCUSDT", "BTC"),
        ("okx", "BTCUSDT", "BTC-USDT-SWAP"),
        ("okx", "BTC-USDT", "BTC-USDT-SWAP"),
        ("kraken", "PF_XBTUSDT", "PF_XBTUSD"),
        ("dydx-v4", "BTC-USDC", "BTC-USD"),
    ],
)
def test_a_symbol_of_the_same_coin_is_offered(venue, symbol, meant):
    book = load_rulebook(venue)

    assert (
        f"{symbol} is not a symbol of {venue} {book.edition}, nor under [instruments]; "
        f"did you mean {meant}?" == unknown_symbol(symbol, book)
    )


@pytest.mark.parametrize(
    ("venue", "symbol", "can_be_fetched"),
    [
        ("okx", "DOGE-USDT-SWAP", True),
        ("dydx-v4", "DOGE-USD", True),
        ("kraken", "PF_SOLUSD", True),
        ("coinex", "ETHUSDT", False),
    ],
)
def test_of_a_coin_the_rulebook_lacks_it_is_said_what_to_do(venue, symbol, can_be_fetched):
    book = load_rulebook(venue)
    fetch = f", or run crossmargin rulebooks update {venue}" if can_be_fetched else ""

    assert (
        f"{symbol} is not a symbol of {venue} {book.edition}, nor under [instruments]; "
        f"add [instruments.{symbol}] and [[tiers.{symbol}]]{fetch}" == unknown_symbol(symbol, book)
    )


@pytest.mark.parametrize(
    ("venue", "symbol", "day"),
    [
        ("deribit", "BTC-31FEB26-100000-C", "31FEB26"),
        ("derive-v2", "BTC-20260230-100000-P", "20260230"),
        ("okx", "BTC-USD-261301-100000-C", "261301"),
        ("bybit", "BTC-31XYZ26-100000-C-USDT", "31XYZ26"),
    ],
)
def test_an_option_of_a_day_that_does_not_exist_is_refused_for_that(venue, symbol, day):
    said = unknown_symbol(symbol, load_rulebook(venue))

    assert f"{symbol} expires on {day}, and there is no such day" == said
