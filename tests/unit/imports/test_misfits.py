"""What the file cannot hold is named; what makes no account is refused."""

import json

import pytest

from crossmargin.errors import UsageError
from crossmargin.imports.convert import import_account
from crossmargin.imports.draft import Worth
from tests.unit.imports import replies
from tests.unit.imports.cases import imported, said
from tests.unit.imports.replies import BINANCE_ACCOUNT, BINANCE_POSITION

OKX_OPTION = {
    "instId": "BTC-USD-251226-100000-C",
    "instType": "OPTION",
    "posSide": "net",
    "pos": "2",
    "mgnMode": "cross",
    "avgPx": "0.05",
}
OKX_BALANCE = {"details": [replies.OKX_DETAIL], "totalEq": "109", "adjEq": ""}


@pytest.mark.parametrize(
    ("venue", "parts", "left_out"),
    [
        ("okx", [[OKX_OPTION], OKX_BALANCE], "option position BTC-USD-251226-100000-C"),
        (
            "okx",
            [[OKX_OPTION | {"instId": "BTC-USDT", "instType": "MARGIN"}], OKX_BALANCE],
            "margin position BTC-USDT",
        ),
        (
            "okx",
            [OKX_BALANCE | {"details": [replies.OKX_DETAIL | {"liab": "3"}]}],
            "debt of 3 USDT",
        ),
        (
            "deribit",
            [{"currency": "BTC", "balance": 1, "equity": 1, "options_value": -0.25}],
            "-0.25 BTC",
        ),
        (
            "derive-v2",
            [
                {
                    "collaterals": [{"asset_name": "USDC", "amount": "1"}],
                    "positions": [],
                    "margin_type": "PM",
                }
            ],
            "portfolio margin",
        ),
        (
            "binance-usdm",
            [
                BINANCE_ACCOUNT,
                [
                    {
                        "symbol": "BTCUSDT",
                        "orderId": 1,
                        "origQty": "1",
                        "side": "BUY",
                        "type": "TWAP",
                    }
                ],
            ],
            "order of BTCUSDT",
        ),
        (
            "binance-usdm",
            [BINANCE_ACCOUNT, {"bids": [], "asks": [["1", "2"]]}],
            "an object with bids, asks",
        ),
    ],
)
def test_what_the_file_cannot_hold_is_named_and_stands_in_the_file(venue, parts, left_out):
    found = imported(venue, *parts)

    assert [left_out] == said(found, Worth.LEFT_OUT)
    assert not found.is_whole
    assert f"#   {left_out}: " in found.text


def test_what_trading_bots_hold_is_named():
    assert ["5 USDT", "totalEq"] == said(imported("okx", OKX_BALANCE), Worth.UNUSED)


def test_keys_without_a_place_are_named_once_per_file():
    found = imported("binance-usdm", [BINANCE_POSITION, BINANCE_POSITION], BINANCE_ACCOUNT)

    assert [
        "breakEvenPrice, updateTime",
        "crossWalletBalance, totalWalletBalance",
    ] == said(found, Worth.UNUSED)


BYBIT_ROW = replies.BYBIT_POSITION


@pytest.mark.parametrize(
    ("venue", "parts", "sentence"),
    [
        ("binance-usdm", [[BINANCE_POSITION]], "no reply says what the wallet holds, and BTCUSDT"),
        (
            "binance-coinm",
            [[BINANCE_POSITION]],
            "0.json: [0]: BTCUSDT is a contract of binance-usdm",
        ),
        (
            "binance-usdm",
            [[BINANCE_POSITION | {"positionAmt": None}]],
            "[0].positionAmt: is missing",
        ),
        ("binance-usdm", [[BINANCE_POSITION | {"markPrice": "NaN"}]], "NaN is not a finite number"),
        (
            "binance-usdm",
            [[BINANCE_POSITION | {"markPrice": True}]],
            "[0].markPrice: is not a number",
        ),
        (
            "binance-usdm",
            [[BINANCE_POSITION | {"positionAmt": "1"}], BINANCE_ACCOUNT],
            "1.json: positions[0]: size of BTCUSDT is 0.5, but 0.json: [0] says 1",
        ),
        (
            "binance-usdm",
            [BINANCE_ACCOUNT, [{"asset": "USDT", "balance": "9", "crossWalletBalance": "9"}]],
            "1.json: [0]: balances.USDT is 9, but 0.json: assets[0] says 10000",
        ),
        (
            "binance-usdm",
            [
                [{"symbol": "BTCUSDT", "positionAmt": "1", "markPrice": "9"}],
                BINANCE_ACCOUNT | {"positions": []},
            ],
            "0.json: [0]: BTCUSDT has a size and no entry price",
        ),
        (
            "bitget",
            [
                [
                    {
                        "symbol": "BTCUSDT",
                        "total": "1",
                        "marginMode": "isolated",
                        "holdSide": "long",
                        "openPriceAvg": "9",
                    }
                ],
                {"marginCoin": "USDT", "accountEquity": "9"},
            ],
            "0.json: [0]: BTCUSDT is isolated, and no reply says what its bucket holds",
        ),
        ("bybit", [{"retCode": 10003, "retMsg": "API key is invalid."}], "error 10003 API key is"),
        (
            "bybit",
            [{"rows": [{"a": 1}]}],
            "0.json: no reply of bybit that is known here, but an object",
        ),
        ("bybit", [BYBIT_ROW | {"size": "1e30"}], "0.json: size: 1e30 is out of all bounds"),
        (
            "hyperliquid",
            [
                {
                    "assetPositions": [],
                    "withdrawable": "0",
                    "marginSummary": {"accountValue": "9", "totalNtlPos": "5"},
                }
            ],
            "marginSummary.totalNtlPos: is 5, but the positions in the reply are worth 0",
        ),
        (
            "dydx-v4",
            [
                {
                    "subaccountNumber": number,
                    "openPerpetualPositions": {},
                    "assetPositions": {"USDC": {"symbol": "USDC", "side": "LONG", "size": "1"}},
                }
                for number in (0, 128)
            ],
            "1.json: subaccountNumber: is 128, but another reply is of 0",
        ),
        ("nowhere", [{}], "nowhere: is no venue to import from; there are binance-usdm, "),
    ],
)
def test_what_makes_no_account_is_refused(venue, parts, sentence):
    with pytest.raises(UsageError) as caught:
        imported(venue, *parts)

    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("venue", "first", "second"),
    [
        (
            "hyperliquid",
            {"assetPositions": [], "withdrawable": "1", "marginSummary": {"accountValue": "1"}},
            {"assetPositions": [], "withdrawable": "2", "marginSummary": {"accountValue": "2"}},
        ),
        (
            "derive-v2",
            {"subaccount_id": 1, "collaterals": [], "positions": []},
            {"subaccount_id": 2, "collaterals": [], "positions": []},
        ),
        (
            "kraken",
            {"type": "multiCollateralMarginAccount", "currencies": {"USD": {"quantity": 1}}},
            {"type": "multiCollateralMarginAccount", "currencies": {"USD": {"quantity": 2}}},
        ),
    ],
)
def test_two_accounts_are_not_one(venue, first, second):
    with pytest.raises(UsageError, match="give replies of one moment and one account"):
        imported(venue, first, second)


@pytest.mark.parametrize(
    ("detail", "is_whole"),
    [
        pytest.param({"cashBal": "-3", "eq": "-3", "liab": "3"}, True, id="cash below zero"),
        pytest.param(
            {"cashBal": "-3", "eq": "-3", "liab": "3.01", "interest": "0.01"},
            True,
            id="with interest on top",
        ),
        pytest.param({"cashBal": "5", "eq": "-3", "liab": "3"}, True, id="open losses"),
        pytest.param({"cashBal": "-1", "eq": "-1", "liab": "3"}, False, id="only a part of it"),
        pytest.param({"cashBal": "5", "eq": "5", "liab": "3"}, False, id="of another account"),
    ],
)
def test_a_debt_within_the_balance_leaves_nothing_out(detail, is_whole):
    row = replies.OKX_DETAIL | {"isoEq": "", "isoUpl": "", "stgyEq": ""} | detail
    found = import_account(
        "okx", [("0.json", json.dumps({"details": [row], "totalEq": "9", "adjEq": "9"}))]
    )
    (line,) = [line for line in found.lines if line.what.startswith("debt of")]

    assert is_whole == found.is_whole
    assert is_whole == ("only its interest is not modelled" in line.why)
