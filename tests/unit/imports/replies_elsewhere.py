"""Cases of chains, and of venues that count in contracts; see `cases`."""

from tests.unit.imports.cases import Case, position

CHAINS = [
    Case(
        "one cross, one isolated",
        "hyperliquid",
        [
            {
                "marginSummary": {"accountValue": "1150", "totalNtlPos": "5200"},
                "crossMarginSummary": {"accountValue": "1000", "totalNtlPos": "4200"},
                "withdrawable": "0",
                "assetPositions": [
                    {
                        "type": "oneWay",
                        "position": {
                            "coin": "ETH",
                            "szi": "-1",
                            "entryPx": "4000",
                            "positionValue": "4200",
                            "unrealizedPnl": "-200.4",
                            "marginUsed": "210",
                            "leverage": {"type": "cross", "value": 20},
                        },
                    },
                    {
                        "type": "oneWay",
                        "position": {
                            "coin": "kPEPE",
                            "szi": "100000",
                            "entryPx": "0.0095",
                            "positionValue": "1000",
                            "unrealizedPnl": "50",
                            "marginUsed": "150",
                            "leverage": {"type": "isolated", "value": 10, "rawUsd": "-850"},
                        },
                    },
                ],
                "time": 1760130000000,
            }
        ],
        {
            "venue": "hyperliquid",
            "at": "2025-10-10T21:00:00Z",
            "position_mode": "one-way",
            # 1,150 − (−1 × (4,200 − 4,000) + 50); the profit shown is of an entry with more digits
            "balances": {"USDC": "1300"},
            # 4,200 ÷ 1; 1,000 ÷ 100,000
            "marks": {"ETH": "4200", "kPEPE": "0.01"},
            "leverage": {"ETH": "20", "kPEPE": "10"},
            "positions": [
                position("ETH", "-1", "4000"),
                # 150 − 100,000 × (0.01 − 0.0095)
                position("kPEPE", "100000", "0.0095", "isolated", margin="100"),
            ],
        },
    ),
    Case(
        "USDC and positions at the oracle price",
        "dydx-v4",
        [
            {
                "subaccount": {
                    "subaccountNumber": 0,
                    "equity": "1400",
                    "assetPositions": {"USDC": {"symbol": "USDC", "side": "LONG", "size": "9000"}},
                    "openPerpetualPositions": {
                        "ETH-USD": {
                            "market": "ETH-USD",
                            "status": "OPEN",
                            "side": "SHORT",
                            "size": "-2",
                            "entryPrice": "4000",
                            "unrealizedPnl": "400",
                        }
                    },
                }
            },
            {
                "markets": {
                    "ETH-USD": {"ticker": "ETH-USD", "oraclePrice": "3800", "openInterest": "5"}
                }
            },
        ],
        {
            "venue": "dydx-v4",
            "position_mode": "one-way",
            # 9,000 − 2 × 4,000: equity is 9,000 − 2 × 3,800 = 1,400 = 1,000 + 2 × (4,000 − 3,800)
            "balances": {"USDC": "1000"},
            "marks": {"ETH-USD": "3800"},
            "open_interest": {"ETH-USD": "5"},
            "positions": [position("ETH-USD", "-2", "4000")],
        },
    ),
    Case(
        "a position whose profit has been settled in part",
        "derive-v2",
        [
            {
                "result": {
                    "margin_type": "SM",
                    "collaterals": [
                        {"asset_name": "USDC", "amount": "500", "mark_price": "1"},
                        {"asset_name": "ETH", "amount": "2", "mark_price": "4000"},
                    ],
                    "positions": [
                        {
                            "instrument_type": "perp",
                            "instrument_name": "BTC-PERP",
                            "amount": "-0.5",
                            "average_price": "100000",
                            "mark_price": "101000",
                            "mark_value": "50",
                            "unrealized_pnl": "-500",
                        }
                    ],
                }
            }
        ],
        {
            "venue": "derive-v2",
            "position_mode": "one-way",
            "balances": {"USDC": "500", "ETH": "2"},
            "index": {"USDC": "1", "ETH": "4000"},
            "marks": {"BTC-PERP": "101000"},
            # 101,000 − 50 ÷ (−0.5)
            "positions": [position("BTC-PERP", "-0.5", "101100")],
        },
    ),
]
OTHERS = [
    Case(
        "multi-collateral",
        "kraken",
        [
            {
                "result": "success",
                "serverTime": "2025-10-10T21:00:00.000Z",
                "openPositions": [
                    {"side": "short", "symbol": "PF_ETHUSD", "price": 4000, "size": 1.5}
                ],
            },
            {
                "result": "success",
                "accounts": {
                    "cash": {"type": "cashAccount", "balances": {"xbt": 1}},
                    "flex": {
                        "type": "multiCollateralMarginAccount",
                        "currencies": {"EUR": {"quantity": 100, "value": 110}},
                    },
                },
            },
            {"result": "success", "tickers": [{"symbol": "PF_ETHUSD", "markPrice": 4100.5}]},
        ],
        {
            "venue": "kraken",
            "at": "2025-10-10T21:00:00Z",
            "assets_mode": "multi",
            "position_mode": "one-way",
            "balances": {"EUR": "100"},
            "index": {"EUR": "1.1"},
            "marks": {"PF_ETHUSD": "4100.5"},
            "positions": [position("PF_ETHUSD", "-1.5", "4000")],
        },
    ),
    Case(
        "money in satoshi",
        "bitmex",
        [
            [
                {
                    "symbol": "XBTUSD",
                    "currency": "XBt",
                    "currentQty": -100,
                    "avgEntryPrice": 98000.5,
                    "markPrice": 97000,
                    "crossMargin": False,
                    "leverage": 10,
                    "posMargin": 10308,
                    "unrealisedPnl": -1052,
                }
            ],
            {"currency": "XBt", "walletBalance": 123456789, "marginBalance": 123455737},
        ],
        {
            "venue": "bitmex",
            "assets_mode": "single",
            "position_mode": "one-way",
            "balances": {"XBT": "1.23456789"},
            "marks": {"XBTUSD": "97000"},
            "leverage": {"XBTUSD": "10"},
            "positions": [position("XBTUSD", "-100", "98000.5", "isolated", margin="0.00010308")],
        },
    ),
    Case(
        "equity less open profit",
        "bitget",
        [
            {
                "code": "00000",
                "requestTime": 1760130000000,
                "data": [
                    {
                        "symbol": "BTCUSDT",
                        "marginCoin": "USDT",
                        "holdSide": "short",
                        "total": "0.1",
                        "openPriceAvg": "96000",
                        "markPrice": "95000",
                        "unrealizedPL": "100",
                        "marginMode": "crossed",
                        "posMode": "one_way_mode",
                        "leverage": "20",
                    }
                ],
            },
            {
                "code": "00000",
                "data": [
                    {
                        "marginCoin": "USDT",
                        "accountEquity": "1100",
                        "unrealizedPL": "100",
                        "assetMode": "single",
                    }
                ],
            },
        ],
        {
            "venue": "bitget",
            "at": "2025-10-10T21:00:00Z",
            "assets_mode": "single",
            "position_mode": "one-way",
            "balances": {"USDT": "1000"},
            "marks": {"BTCUSDT": "95000"},
            "leverage": {"BTCUSDT": "20"},
            "positions": [position("BTCUSDT", "-0.1", "96000")],
        },
    ),
    Case(
        "contracts, isolated",
        "gate",
        [
            [
                {
                    "contract": "ETH_USDT",
                    "size": 300,
                    "entry_price": "4000",
                    "mark_price": "4010",
                    "mode": "single",
                    "leverage": "5",
                    "cross_leverage_limit": "0",
                    "margin": "2400",
                    "unrealised_pnl": "30",
                }
            ],
            {"currency": "USDT", "total": "9000", "available": "6600", "in_dual_mode": False},
        ],
        {
            "venue": "gate",
            "assets_mode": "single",
            "position_mode": "one-way",
            "balances": {"USDT": "9000"},
            "marks": {"ETH_USDT": "4010"},
            "leverage": {"ETH_USDT": "5"},
            "positions": [position("ETH_USDT", "300", "4000", "isolated", margin="2400")],
        },
    ),
]
