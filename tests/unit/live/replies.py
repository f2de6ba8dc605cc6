"""Replies like the venues' own, a few rows each, typed here.

Where the shapes are from: OKX's position tiers, dYdX's markets (inside the recorder's envelope),
Kraken's and Deribit's instruments are replies in the test data of nautilus_trader, Gate's risk
limits one in the tests of GateIo.Net; Bybit's risk limits, Kraken's fees, and Bitget's replies are
examples in the comments of ccxt; Bybit's collateral ratios and OKX's discount rates
are samples of their API documents; Hyperliquid's follow its documented fields. Numbers are round
ones of ours where the sample has none of use.
"""

from tests.unit.live.server import Reply, Request, Routes


def okx_instrument(symbol: str, **other: str) -> Reply:
    """Return a row of OKX's instruments; BTC-USDT-SWAP, 0.01 BTC, unless said."""
    return {
        "instId": symbol,
        "instFamily": "-".join(symbol.split("-")[:2]),
        "settleCcy": "USDT",
        "ctVal": "0.01",
        "ctMult": "1",
        "tickSz": "0.1",
        "lotSz": "0.01",
        "state": "live",
        **other,
    }


def okx_tier(family: str, tier: int, top: str, rates: str) -> Reply:
    """Return a row of OKX's position tiers; `rates` are maintenance, initial, leverage."""
    mmr, imr, lever = rates.split()
    return {
        "baseMaxLoan": "",
        "imr": imr,
        "instId": "",
        "instFamily": family,
        "maxLever": lever,
        "maxSz": top,
        "minSz": "0",
        "mmr": mmr,
        "optMgnFactor": "0",
        "quoteMaxLoan": "",
        "tier": str(tier),
        "uly": family,
    }


OKX_TIERS = [
    okx_tier("BTC-USDT", 2, "8000", "0.005 0.0133 75"),
    okx_tier("BTC-USDT", 1, "5000", "0.004 0.01 100"),
    okx_tier("ETH-USDT", 1, "10000", "0.004 0.01 100"),
    okx_tier("ETH-USDT", 2, "20000", "0.003 0.02 50"),
    okx_tier("BTC-USD", 1, "12000", "0.004 0.01 100"),
]


def okx_tiers(request: Request) -> Reply:
    """Answer for the families that are asked for, as OKX does."""
    families = request["instFamily"].split(",")
    rows = [row for row in OKX_TIERS if row["instFamily"] in families]
    return {"code": "0", "msg": "", "data": rows}


def okx_instruments(request: Request) -> Reply:
    """Answer for the kind that is asked for."""
    rows = [
        okx_instrument("BTC-USDT-SWAP"),
        okx_instrument("ETH-USDT-SWAP", ctVal="0.1", tickSz="0.01"),
        okx_instrument("BTC-USD-SWAP", ctVal="100", settleCcy="BTC", lotSz="1"),
        okx_instrument("OLD-USDT-SWAP", state="suspend"),
    ]
    if request["instType"] == "FUTURES":
        rows = [okx_instrument("BTC-USDT-270326")]
    return {"code": "0", "msg": "", "data": rows}


OKX: Routes = {
    "/api/v5/public/instruments": okx_instruments,
    "/api/v5/public/position-tiers": okx_tiers,
    "/api/v5/public/discount-rate-interest-free-quota": {
        "code": "0",
        "msg": "",
        "data": [
            {
                "ccy": "BTC",
                "minDiscountRate": "0",
                "details": [
                    {"minAmt": "20", "maxAmt": "25", "discountRate": "0.9775"},
                    {"minAmt": "0", "maxAmt": "20", "discountRate": "0.98"},
                ],
            },
            {
                "ccy": "USDT",
                "minDiscountRate": "1",
                "details": [{"minAmt": "0", "maxAmt": "", "discountRate": "1"}],
            },
        ],
    },
}


def bybit_limits(request: Request) -> Reply:
    """Answer in two pages, rates as fractions for linear and as percentages for inverse ones."""

    def page(cursor: str, *rows: Reply) -> Reply:
        result = {"category": request["category"], "list": rows, "nextPageCursor": cursor}
        return {"retCode": 0, "retMsg": "OK", "result": result, "time": 1672054488010}

    def row(symbol: str, limit: str, rates: str, deduction: str = "") -> Reply:
        maintenance, initial, leverage = rates.split()
        return {
            "id": 1,
            "symbol": symbol,
            "riskLimitValue": limit,
            "maintenanceMargin": maintenance,
            "initialMargin": initial,
            "isLowestRisk": 1,
            "maxLeverage": leverage,
            "mmDeduction": deduction,
        }

    if request["category"] == "inverse":
        return page("", row("BTCUSD", "150", "0.5 1 100.00"))
    if "cursor" not in request:
        return page("next", row("BTCUSDT", "2000000", "0.005 0.01 100.00", "0"))
    # 2,000,000 × (0.0056 − 0.005) = 1,200.
    return page("", row("BTCUSDT", "2600000", "0.0056 0.0111 90.00", "1200"))


def bybit_instruments(request: Request) -> Reply:
    """Answer with one contract a category, and one that no longer trades."""
    symbol, settle = {"linear": ("BTCUSDT", "USDT"), "inverse": ("BTCUSD", "BTC")}[
        request["category"]
    ]
    row = {
        "symbol": symbol,
        "settleCoin": settle,
        "status": "Trading",
        "priceFilter": {"tickSize": "0.10"},
        "lotSizeFilter": {"qtyStep": "0.001"},
    }
    rows = [row, {**row, "symbol": "GONEUSDT", "status": "Closed"}]
    return {"retCode": 0, "retMsg": "OK", "result": {"list": rows, "nextPageCursor": ""}}


BYBIT: Routes = {
    "/v5/market/risk-limit": bybit_limits,
    "/v5/market/instruments-info": bybit_instruments,
    "/v5/spot-margin-trade/collateral": {
        "retCode": 0,
        "retMsg": "OK",
        "result": {
            "list": [
                {
                    "currency": "BTC",
                    "collateralRatioList": [
                        {"minQty": "0", "maxQty": "1000000", "collateralRatio": "0.85"},
                        {"minQty": "1000000", "maxQty": "", "collateralRatio": "0"},
                    ],
                }
            ]
        },
    },
}


def hyperliquid_info(request: Request) -> Reply:
    """Answer the two kinds of question that are asked."""
    if request["type"] == "userFees":
        return {"feeSchedule": {"cross": "0.00045", "add": "0.00015", "tiers": {}}}
    tiers = [
        {"lowerBound": "0.0", "maxLeverage": 40},
        {"lowerBound": "150000000.0", "maxLeverage": 20},
    ]
    return {
        "collateralToken": 0,
        "marginTables": [[56, {"description": "tiered 40x", "marginTiers": tiers}]],
        "universe": [
            {"name": "BTC", "szDecimals": 5, "maxLeverage": 40, "marginTableId": 56},
            {"name": "kPEPE", "szDecimals": 0, "maxLeverage": 3, "marginTableId": 3},
            {"name": "OLD", "szDecimals": 1, "maxLeverage": 3, "isDelisted": True},
        ],
    }


HYPERLIQUID: Routes = {"/info": hyperliquid_info}


def dydx_market(symbol: str, **other: str) -> Reply:
    """Return a row of dYdX's markets."""
    return {
        "ticker": symbol,
        "status": "ACTIVE",
        "initialMarginFraction": "0.05",
        "maintenanceMarginFraction": "0.03",
        "tickSize": "0.01",
        "stepSize": "0.1",
        "openInterestLowerCap": "40000000",
        "openInterestUpperCap": "100000000",
        **other,
    }


DYDX: Routes = {
    "/v4/perpetualMarkets": {
        "markets": {
            "SOL-USD": dydx_market("SOL-USD"),
            "BTC-USD": dydx_market("BTC-USD", openInterestUpperCap="0", openInterestLowerCap="0"),
            "OLD-USD": dydx_market("OLD-USD", status="FINAL_SETTLEMENT"),
        }
    }
}


def gate_contracts(settle: str) -> Reply:
    """Return Gate's contracts that settle in `settle`."""
    row = {
        "name": "BTC_USDT",
        "quanto_multiplier": "0.0001",
        "order_price_round": "0.1",
        "maker_fee_rate": "-0.0001",
        "taker_fee_rate": "0.00075",
        "in_delisting": False,
    }
    if settle == "btc":
        return [{**row, "name": "BTC_USD", "quanto_multiplier": "0"}]
    return [row, {**row, "name": "ETH_USDT", "taker_fee_rate": "0.0005"}]


def gate_tiers(request: Request) -> Reply:
    """Answer with one page of markets, and nothing on the next."""
    rates = [("500000", "0.01", "0.02", "50"), ("1000000", "0.02", "0.03", "33.33")]
    if request["offset"] != "0":
        return []
    return [
        {
            "maintenance_rate": maintenance,
            "tier": place,
            "initial_rate": initial,
            "leverage_max": leverage,
            "risk_limit": limit,
            "contract": "BTC_USDT",
        }
        for place, (limit, maintenance, initial, leverage) in enumerate(rates, 1)
    ]


GATE: Routes = {
    "/api/v4/futures/usdt/contracts": gate_contracts("usdt"),
    "/api/v4/futures/btc/contracts": gate_contracts("btc"),
    "/api/v4/futures/usdt/risk_limit_tiers": gate_tiers,
    "/api/v4/futures/btc/risk_limit_tiers": [],
}


def bitget_contracts(request: Request) -> Reply:
    """Answer with one USDT contract."""
    row = {
        "symbol": "BTCUSDT",
        "baseCoin": "BTC",
        "makerFeeRate": "0.0002",
        "takerFeeRate": "0.0006",
        "sizeMultiplier": "0.0001",
        "pricePlace": "1",
        "priceEndStep": "1",
        "symbolStatus": "normal",
    }
    rows = [row] if request["productType"] == "USDT-FUTURES" else []
    return {"code": "00000", "msg": "success", "data": rows}


BITGET: Routes = {
    "/api/v2/mix/market/contracts": bitget_contracts,
    "/api/v2/mix/market/query-position-lever": {
        "code": "00000",
        "msg": "success",
        "data": [
            {
                "symbol": "BTCUSDT",
                "level": level,
                "startUnit": start,
                "endUnit": end,
                "leverage": leverage,
                "keepMarginRate": rate,
            }
            for level, start, end, leverage, rate in (
                ("2", "150000", "900000", "100", "0.005"),
                ("1", "0", "150000", "125", "0.004"),
            )
        ],
    },
}


def kraken_instrument(symbol: str, kind: str, unit: str, **other: object) -> Reply:
    """Return a row of Kraken's instruments with two levels counted in `unit`."""
    return {
        "symbol": symbol,
        "type": kind,
        "tickSize": 0.5,
        "contractSize": 1,
        "tradeable": True,
        "marginLevels": [
            {unit: 0, "initialMargin": 0.02, "maintenanceMargin": 0.01},
            {unit: 500000, "initialMargin": 0.04, "maintenanceMargin": 0.02},
        ],
        "contractValueTradePrecision": 0,
        "feeScheduleUid": "one",
        "base": "BTC",
        "quote": "USD",
        **other,
    }


KRAKEN: Routes = {
    "/derivatives/api/v3/instruments": {
        "result": "success",
        "instruments": [
            kraken_instrument("PI_XBTUSD", "futures_inverse", "contracts"),
            kraken_instrument(
                "PF_XBTUSD",
                "flexible_futures",
                "numNonContractUnits",
                contractValueTradePrecision=4,
            ),
            {"symbol": "in_xbtusd", "type": "spot index", "tradeable": False},
        ],
    },
    "/derivatives/api/v3/feeschedules": {
        "result": "success",
        "feeSchedules": [
            {
                "uid": "one",
                "name": "Fees",
                "tiers": [
                    {"makerFee": 0.0175, "takerFee": 0.045, "usdVolume": 5000000.0},
                    {"makerFee": 0.02, "takerFee": 0.05, "usdVolume": 0.0},
                ],
            }
        ],
    },
}

DERIBIT: Routes = {
    "/api/v2/public/get_instruments": {
        "jsonrpc": "2.0",
        "result": [
            {
                "kind": "future",
                "instrument_name": name,
                "maker_commission": 0.0,
                "taker_commission": 0.0005,
                "max_liquidation_commission": 0.0075,
                "is_active": True,
            }
            for name in ("BTC-PERPETUAL", "BTC-27DEC24")
        ],
    }
}
