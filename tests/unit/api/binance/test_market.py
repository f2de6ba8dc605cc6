"""BTCUSDT at 50,000 with three levels of 100 a tenth apart on both sides."""

import pytest

from crossmargin.api.gate import Rate, Rates
from tests.unit.api.binance.booth import BTC, ETH, Booth


def test_what_is_traded_and_by_which_steps(booth):
    found = booth.public("/fapi/v1/exchangeInfo").json
    bitcoin = found["symbols"][0]
    filters = {one["filterType"]: one for one in bitcoin["filters"]}

    assert [BTC, ETH] == [one["symbol"] for one in found["symbols"]]
    assert ("TRADING", 1, 3, "BTC", "USDT", "USDT") == (
        *(bitcoin["status"], bitcoin["pricePrecision"], bitcoin["quantityPrecision"]),
        *(bitcoin["baseAsset"], bitcoin["quoteAsset"], bitcoin["marginAsset"]),
    )
    assert ("0.1", "0.001", "5", "1.05", "0.95") == (
        *(filters["PRICE_FILTER"]["tickSize"], filters["LOT_SIZE"]["stepSize"]),
        *(filters["MIN_NOTIONAL"]["notional"], filters["PERCENT_PRICE"]["multiplierUp"]),
        filters["PERCENT_PRICE"]["multiplierDown"],
    )


def test_the_ladder_of_that_date(booth):
    found = booth.get("/fapi/v1/leverageBracket", symbol=BTC)
    # Edition 2025-09-29, as its file has it.
    first, second = found.json[0]["brackets"][:2]

    assert {"bracket": 1, "notionalFloor": 0, "maintMarginRatio": 0.004}.items() <= first.items()
    assert first["notionalCap"] == second["notionalFloor"]
    assert second["cum"] == first["notionalCap"] * (second["maintMarginRatio"] - 0.004)
    assert b'"maintMarginRatio":0.004,' in found.bytes


def test_the_book_and_its_best(booth):
    book = booth.public("/fapi/v1/depth", symbol=BTC, limit=5).json
    best = booth.public("/fapi/v1/ticker/bookTicker", symbol=BTC).json

    assert [["49999.9", "100"], ["49999.8", "100"], ["49999.7", "100"]] == book["bids"]
    assert [["50000.1", "100"], ["50000.2", "100"], ["50000.3", "100"]] == book["asks"]
    assert ("49999.9", "50000.1") == (best["bidPrice"], best["askPrice"])
    assert book["lastUpdateId"] == best["lastUpdateId"]
    assert -4021 == booth.public("/fapi/v1/depth", symbol=BTC, limit=7).code


def test_trades_candles_and_tickers(booth):
    booth.order(quantity="0.1")
    booth.order("SELL", quantity="0.2")
    trades = booth.public("/fapi/v1/trades", symbol=BTC).json
    summed = booth.public("/fapi/v1/aggTrades", symbol=BTC).json
    (candle,) = booth.public("/fapi/v1/klines", symbol=BTC, interval="1m").json
    day = booth.public("/fapi/v1/ticker/24hr", symbol=BTC).json

    assert [("50000.1", "0.1", False), ("49999.9", "0.2", True)] == [
        (one["price"], one["qty"], one["isBuyerMaker"]) for one in trades
    ]
    assert [("50000.1", "0.1"), ("49999.9", "0.2")] == [(one["p"], one["q"]) for one in summed]
    assert ("0.3", 2, "0.1") == (candle[5], candle[8], candle[9])
    assert ("0.3", "49999.9", 2) == (day["volume"], day["lastPrice"], day["count"])
    assert "49999.9" == booth.public("/fapi/v2/ticker/price", symbol=BTC).json["price"]
    assert [BTC, ETH] == [one["symbol"] for one in booth.public("/fapi/v1/ticker/24hr").json]


@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        ("/fapi/v1/klines", {"symbol": BTC}, -1102),
        ("/fapi/v1/klines", {"symbol": BTC, "interval": "7m"}, -1120),
        ("/fapi/v1/klines", {"symbol": BTC, "interval": "1m", "limit": "1501"}, -1130),
        ("/fapi/v1/klines", {"symbol": BTC, "interval": "1m", "startTime": 2, "endTime": 1}, -1023),
        ("/fapi/v1/trades", {}, -1102),
        ("/fapi/v1/trades", {"symbol": "btcusdt"}, -1121),
        ("/fapi/v1/indexPriceKlines", {"symbol": BTC, "interval": "1m"}, -1102),
        ("/fapi/v1/assetIndex", {"symbol": "XYZUSD"}, -1121),
        ("/fapi/v1/no/such", {}, -5000),
    ],
)
def test_questions_that_are_refused(booth, path, params, code):
    assert code == booth.public(path, **params).code


def test_marks_and_indexes(booth):
    found = booth.public("/fapi/v1/premiumIndex", symbol=BTC).json

    assert ("50000", "50000", "0.0001") == (
        *(found["markPrice"], found["indexPrice"], found["interestRate"]),
    )
    assert found["nextFundingTime"] % (8 * 3_600_000) == 0
    # Capped at the first tier's maintenance rate.
    (row, _) = booth.public("/fapi/v1/fundingInfo").json
    assert ("0.004", "-0.004", 8) == (
        *(row["adjustedFundingRateCap"], row["adjustedFundingRateFloor"]),
        row["fundingIntervalHours"],
    )


def test_who_asks_too_often_waits_but_may_cancel(tmp_path):
    none = Rate(0, 1)
    few = Rates(key=Rate(100, 1), address=none, cancel=Rate(100, 1))
    booth = Booth(tmp_path, rates=few)
    refused = booth.public("/fapi/v1/ping")

    assert (429, -1003) == (refused.status, refused.code)
    assert -2011 == booth.delete("/fapi/v1/order", symbol=BTC, orderId=1).code
    booth.close()
