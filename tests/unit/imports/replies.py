"""Cases of Binance, Bybit, OKX and Deribit, and all of them; see `cases`."""

from tests.unit.imports.cases import Case, position
from tests.unit.imports.replies_elsewhere import CHAINS, OTHERS

# Position Information V3: the net long of 0.5 has a profit of 0.5 × (96,000 − 95,000) = 500.
BINANCE_POSITION = {
    "symbol": "BTCUSDT",
    "positionSide": "BOTH",
    "positionAmt": "0.500",
    "entryPrice": "95000",
    "breakEvenPrice": "95047.5",
    "markPrice": "96000.00000000",
    "unRealizedProfit": "500.00000000",
    "liquidationPrice": "0",
    "isolatedMargin": "0",
    "notional": "48000",
    "marginAsset": "USDT",
    "isolatedWallet": "0",
    "initialMargin": "4800",
    "positionInitialMargin": "4800",
    "updateTime": 1760130000000,
}
BINANCE_ACCOUNT = {
    "totalWalletBalance": "10000",
    "assets": [
        {"asset": "USDT", "walletBalance": "10000.00000000", "crossWalletBalance": "10000"},
        {"asset": "BNB", "walletBalance": "0.00000000", "crossWalletBalance": "0"},
    ],
    "positions": [
        {
            "symbol": "BTCUSDT",
            "positionSide": "BOTH",
            "positionAmt": "0.500",
            "notional": "48000",
            "unrealizedProfit": "500",
            "isolatedMargin": "0",
            "isolatedWallet": "0",
        }
    ],
}
BYBIT_WALLET = {
    "retCode": 0,
    "result": {
        "list": [
            {
                "accountType": "UNIFIED",
                "totalEquity": "900",
                "coin": [
                    {
                        "coin": "USDT",
                        "walletBalance": "1200",
                        "spotBorrow": "200",
                        "equity": "1000",
                        "usdValue": "999",
                    }
                ],
            }
        ]
    },
    "time": 1760130000000,
}
BYBIT_POSITION = {
    "symbol": "ETHUSDT",
    "side": "Sell",
    "size": "2",
    "avgPrice": "4000",
    "positionValue": "8000",
    "tradeMode": 0,
    "positionIdx": 0,
    "leverage": "10",
    "positionBalance": "804",
    "unrealisedPnl": "-100",
}
OKX_DETAIL = {
    "ccy": "USDT",
    "cashBal": "100",
    "isoEq": "9",
    "isoUpl": "-1",
    "eq": "109",
    "eqUsd": "109",
    "stgyEq": "5",
    "liab": "",
}

BINANCE = [
    Case(
        "version 3, position and account",
        "binance-usdm",
        [[BINANCE_POSITION], BINANCE_ACCOUNT, {"multiAssetsMargin": False}],
        {
            "venue": "binance-usdm",
            "assets_mode": "single",
            "position_mode": "one-way",
            "balances": {"USDT": "10000"},
            "marks": {"BTCUSDT": "96000"},
            # 48,000 ÷ 4,800
            "leverage": {"BTCUSDT": "10"},
            "positions": [position("BTCUSDT", "0.5", "95000")],
        },
    ),
    Case(
        "the account alone implies mark and entry",
        "binance-usdm",
        [BINANCE_ACCOUNT],
        {
            "venue": "binance-usdm",
            "position_mode": "one-way",
            "balances": {"USDT": "10000"},
            # 48,000 ÷ 0.5, and 96,000 − 500 ÷ 0.5
            "marks": {"BTCUSDT": "96000"},
            "positions": [position("BTCUSDT", "0.5", "95000")],
        },
    ),
    Case(
        "version 2, hedge, isolated by margin less profit, with orders",
        "binance-usdm",
        [
            [
                {
                    "symbol": "BTCUSDT",
                    "positionSide": "LONG",
                    "positionAmt": "1",
                    "entryPrice": "95000",
                    "markPrice": "96000",
                    "unRealizedProfit": "1000",
                    "marginType": "isolated",
                    "isolatedMargin": "10500",
                    "leverage": "10",
                },
                {
                    "symbol": "BTCUSDT",
                    "positionSide": "SHORT",
                    "positionAmt": "-0.2",
                    "entryPrice": "97000",
                    "markPrice": "96000",
                    "unRealizedProfit": "200",
                    "marginType": "isolated",
                    "isolatedMargin": "2140",
                    "isolatedWallet": "1940",
                    "leverage": "10",
                },
            ],
            [{"asset": "USDT", "balance": "20000", "crossWalletBalance": "8560"}],
            [
                {
                    "symbol": "BTCUSDT",
                    "orderId": 1,
                    "side": "SELL",
                    "positionSide": "LONG",
                    "type": "LIMIT",
                    "origQty": "1",
                    "executedQty": "0.25",
                    "price": "99000",
                    "stopPrice": "0",
                    "reduceOnly": True,
                }
            ],
        ],
        {
            "venue": "binance-usdm",
            "position_mode": "hedge",
            "balances": {"USDT": "20000"},
            "marks": {"BTCUSDT": "96000"},
            "leverage": {"BTCUSDT": "10"},
            "positions": [
                # 10,500 − 1,000
                position("BTCUSDT", "1", "95000", "isolated", side="long", margin="9500"),
                position("BTCUSDT", "-0.2", "97000", "isolated", side="short", margin="1940"),
            ],
            "orders": [
                {
                    "symbol": "BTCUSDT",
                    "size": "-0.75",
                    "price": "99000",
                    "reduce_only": True,
                    "side": "long",
                }
            ],
        },
    ),
    Case(
        "coin-margined",
        "binance-coinm",
        [
            [
                {
                    "symbol": "BTCUSD_PERP",
                    "positionSide": "BOTH",
                    "positionAmt": "-3",
                    "entryPrice": "50000",
                    "markPrice": "60000",
                    "marginType": "cross",
                    "leverage": "5",
                }
            ],
            [{"asset": "BTC", "balance": "0.5", "crossWalletBalance": "0.5"}],
        ],
        {
            "venue": "binance-coinm",
            "assets_mode": "single",
            "position_mode": "one-way",
            "balances": {"BTC": "0.5"},
            "marks": {"BTCUSD_PERP": "60000"},
            "leverage": {"BTCUSD_PERP": "5"},
            "positions": [position("BTCUSD_PERP", "-3", "50000")],
        },
    ),
]
POOLED = [
    Case(
        "unified account with a spot borrow; the mark from the profit",
        "bybit",
        [{"retCode": 0, "result": {"list": [BYBIT_POSITION]}}, BYBIT_WALLET],
        {
            "venue": "bybit",
            "at": "2025-10-10T21:00:00Z",
            "assets_mode": "multi",
            "position_mode": "one-way",
            # 1,200 − 200; 999 ÷ 1,000; 4,000 + (−100) ÷ (−2)
            "balances": {"USDT": "1000"},
            "index": {"USDT": "0.999"},
            "marks": {"ETHUSDT": "4050"},
            "leverage": {"ETHUSDT": "10"},
            "positions": [position("ETHUSDT", "-2", "4000")],
        },
    ),
    Case(
        "isolated account",
        "bybit",
        [
            {"retCode": 0, "result": {"list": [BYBIT_POSITION | {"markPrice": "4050"}]}},
            BYBIT_WALLET,
            {"retCode": 0, "result": {"marginMode": "ISOLATED_MARGIN", "unifiedMarginStatus": 5}},
        ],
        {
            "venue": "bybit",
            "at": "2025-10-10T21:00:00Z",
            "assets_mode": "single",
            "position_mode": "one-way",
            "balances": {"USDT": "1000"},
            "marks": {"ETHUSDT": "4050"},
            "leverage": {"ETHUSDT": "10"},
            "positions": [position("ETHUSDT", "-2", "4000", "isolated", margin="804")],
        },
    ),
    Case(
        "long and short, single-currency; isolated money is not in cashBal",
        "okx",
        [
            {
                "code": "0",
                "data": [
                    {
                        "instId": "BTC-USDT-SWAP",
                        "instType": "SWAP",
                        "posSide": "short",
                        "pos": "7",
                        "mgnMode": "isolated",
                        "avgPx": "96000",
                        "markPx": "96100",
                        "lever": "50",
                        "margin": "10",
                        "ccy": "USDT",
                        "upl": "-1",
                    }
                ],
            },
            {"code": "0", "data": [{"details": [OKX_DETAIL], "totalEq": "109", "adjEq": ""}]},
            {"code": "0", "data": [{"acctLv": "2", "posMode": "long_short_mode"}]},
        ],
        {
            "venue": "okx",
            "assets_mode": "single",
            "position_mode": "hedge",
            # 100 + 9 − (−1)
            "balances": {"USDT": "110"},
            "marks": {"BTC-USDT-SWAP": "96100"},
            "leverage": {"BTC-USDT-SWAP": "50"},
            "positions": [
                position("BTC-USDT-SWAP", "-7", "96000", "isolated", side="short", margin="10")
            ],
        },
    ),
    Case(
        "this session's entry, not the average",
        "deribit",
        [
            {
                "result": [
                    {
                        "instrument_name": "BTC-PERPETUAL",
                        "kind": "future",
                        "direction": "sell",
                        "size": -10000,
                        "average_price": 90000,
                        "mark_price": 100000,
                        "floating_profit_loss": 0.025,
                    }
                ]
            },
            {
                "result": {
                    "currency": "BTC",
                    "balance": 1.5,
                    "equity": 1.525,
                    "margin_model": "segregated_sm",
                }
            },
        ],
        {
            "venue": "deribit",
            "assets_mode": "single",
            "position_mode": "one-way",
            "balances": {"BTC": "1.5"},
            "marks": {"BTC-PERPETUAL": "100000"},
            # −10,000 × (1/e − 1/100,000) = 0.025, so 1/e = 0.00001 − 0.0000025 = 0.0000075;
            # e = 133,333.33…, rounded down, which is against a short
            "positions": [position("BTC-PERPETUAL", "-10000", "133333.333333333333333333")],
        },
    ),
]
CASES = [*BINANCE, *POOLED, *CHAINS, *OTHERS]
