"""Replies like Binance's, typed here; their shapes are those of the examples in ccxt's comments."""

from tests.unit.live.server import Reply, Routes


def binance_contract(symbol: str) -> Reply:
    """Return a row of Binance's exchange information."""
    return {
        "symbol": symbol,
        "status": "TRADING",
        "marginAsset": "USDT",
        "liquidationFee": "0.012500",
        "filters": [
            {"filterType": "PRICE_FILTER", "tickSize": "0.10"},
            {"filterType": "LOT_SIZE", "stepSize": "0.001"},
        ],
    }


def binance_brackets(symbol: str, *rows: tuple[int, int, int, float, float]) -> Reply:
    """Return Binance's brackets of a symbol: leverage, floor, cap, rate, maintenance amount."""
    return {
        "symbol": symbol,
        "brackets": [
            {
                "bracket": place,
                "initialLeverage": leverage,
                "notionalCap": cap,
                "notionalFloor": floor,
                "maintMarginRatio": rate,
                "cum": amount,
            }
            for place, (leverage, floor, cap, rate, amount) in enumerate(rows, 1)
        ],
    }


BINANCE: Routes = {
    "/fapi/v1/exchangeInfo": {
        "symbols": [binance_contract(s) for s in ("BTCUSDT", "ETHUSDT", "ODDUSDT")]
    },
    "/fapi/v1/leverageBracket": [
        # 300,000 × (0.006 − 0.004) = 600.
        binance_brackets(
            "BTCUSDT", (150, 0, 300000, 0.004, 0.0), (100, 300000, 900000, 0.006, 600)
        ),
        # The rate falls: refused.
        binance_brackets("ETHUSDT", (100, 0, 50000, 0.01, 0.0), (50, 50000, 90000, 0.005, -250)),
        # The deduction does not follow: refused, and no edition knows the symbol.
        binance_brackets("ODDUSDT", (50, 0, 5000, 0.01, 0.0), (25, 5000, 9000, 0.02, 51)),
    ],
    "/fapi/v1/assetIndex": [
        {
            "symbol": "BTCUSD",
            "bidBuffer": "0.06000000",
            "askBuffer": "0.05000000",
            "autoExchangeBidBuffer": "0.02500000",
            "autoExchangeAskBuffer": "0.02500000",
        }
    ],
}
