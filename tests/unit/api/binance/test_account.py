"""Expected numbers are by hand: 0.1 BTC bought at 50,000.1 with 10,000 USDT, mark 50,000.

The entry fee is 0.05 % of 5,000.01, 2.500005; the first tier asks 0.4 %, and leverage is 20 unless
it is set.
"""

from decimal import Decimal

import pytest

from crossmargin.api.binance.adl_rank import adl_rank
from crossmargin.model.order import OrderType
from crossmargin.venue import command
from tests.unit.api.binance.booth import BTC, ETH

D = Decimal
WALLET = "9997.499995"


@pytest.fixture
def long(booth):
    booth.order(quantity="0.1")
    return booth


def test_the_account_in_single_asset_mode(long):
    found = long.get("/fapi/v3/account").json
    (usdt,) = (one for one in found["assets"] if one["asset"] == "USDT")

    assert {
        "totalWalletBalance": WALLET,
        "totalUnrealizedProfit": "-0.01",
        "totalMarginBalance": "9997.489995",
        "totalMaintMargin": "20",
        "totalInitialMargin": "250",
        "availableBalance": "9747.489995",
    }.items() <= found.items()
    assert (WALLET, "250", "20", "9747.489995") == (
        *(usdt["walletBalance"], usdt["initialMargin"], usdt["maintMargin"]),
        usdt["availableBalance"],
    )
    (position,) = found["positions"]
    assert (BTC, "BOTH", "0.1", "5000", "250", "20") == (
        *(position["symbol"], position["positionSide"], position["positionAmt"]),
        *(position["notional"], position["initialMargin"], position["maintMargin"]),
    )


def test_orders_ask_for_margin_of_their_own(long):
    # 0.1 at 40,000 more: 4,000 ÷ 20.
    long.order(price="47500", quantity="0.1")
    found = long.get("/fapi/v3/account").json

    assert ("250", "237.5", "487.5") == (
        *(found["totalPositionInitialMargin"], found["totalOpenOrderInitialMargin"]),
        found["totalInitialMargin"],
    )
    (position,) = long.get("/fapi/v3/positionRisk").json
    assert ("237.5", "4750", "0") == (
        *(position["openOrderInitialMargin"], position["bidNotional"], position["askNotional"]),
    )


def test_the_liquidation_price_of_a_cross_position(booth):
    booth.order(quantity="1")
    # The wallet is 10,000 − 25.00005. Equity is 9,974.99995 + (p − 50,000.1), maintenance below
    # 50,000 is 0.4 % of p: p × 0.996 = 40,025.10005, p = 40,185.84342…, rounded up to the tick.
    (position,) = booth.get("/fapi/v3/positionRisk").json

    assert "40185.9" == position["liquidationPrice"]
    # Fifths count up to and including one's own: who is alone in the queue is its last.
    assert position["adl"] == 0
    assert [{"symbol": BTC, "adlQuantile": {"BOTH": 0}}] == booth.get("/fapi/v1/adlQuantile").json


def test_the_queue_of_winners_in_fifths(booth):
    # Ten longs of 0.1 at 50,000.1 …, each with more profit for its equity than the one before.
    for place in range(10):
        name = f"long{place}"
        booth.do(command.OpenAccount, account=name)
        booth.do(command.Deposit, account=name, asset="USDT", amount=D(10_000 - 900 * place))
        order = {"symbol": BTC, "size": D("0.1"), "type": OrderType.MARKET}
        booth.do(command.PlaceOrder, account=name, **order)
    booth.see(50_100)

    assert [0, 0, 1, 1, 2, 2, 3, 3, 4, 4] == [
        adl_rank(booth.service.state, f"long{place}", BTC, D("0.1")) for place in range(10)
    ]


def test_an_isolated_position_and_its_margin(booth):
    booth.post("/fapi/v1/leverage", symbol=BTC, leverage=10)
    booth.post("/fapi/v1/marginType", symbol=BTC, marginType="ISOLATED")
    booth.order(quantity="0.1")
    # A tenth of what was paid, 500.001.
    (before,) = booth.get("/fapi/v2/positionRisk", symbol=BTC).json

    assert ("isolated", "10", "500.001") == (
        *(before["marginType"], before["leverage"], before["isolatedWallet"]),
    )

    fields = {"symbol": BTC, "amount": "100", "type": 1}
    added = booth.post("/fapi/v1/positionMargin", **fields)
    (after,) = booth.get("/fapi/v3/positionRisk").json
    # 600.001 + 0.1 (p − 50,000.1) = 0.0004 p: p × 0.0996 = 4,400.009, p = 44,176.7971…
    assert (100, 200) == (added.json["amount"], added.json["code"])
    assert ("600.001", "44176.8") == (after["isolatedWallet"], after["liquidationPrice"])

    (change,) = booth.get("/fapi/v1/positionMargin/history", symbol=BTC).json
    assert ("100", 1, "USDT") == (change["amount"], change["type"], change["asset"])


def test_multi_assets_mode_counts_collateral_after_its_haircut(booth):
    booth.do(command.ObserveAsset, asset="USDT", source="t", price=D(1))
    booth.do(command.ObserveAsset, asset="BTC", source="t", price=D(50_000))
    booth.do(command.Deposit, account="ann", asset="BTC", amount=D(1))
    booth.post("/fapi/v1/multiAssetsMargin", multiAssetsMargin="true")
    found = booth.get("/fapi/v3/account").json

    assert booth.get("/fapi/v1/multiAssetsMargin").json == {"multiAssetsMargin": True}
    # 10,000 × 0.9999 + 50,000 × 0.95
    assert ("57499", "57499") == (found["totalMarginBalance"], found["availableBalance"])
    rows = {one["symbol"]: one for one in booth.public("/fapi/v1/assetIndex").json}
    assert ("0.05", "47500") == (rows["BTCUSD"]["bidBuffer"], rows["BTCUSD"]["bidRate"])


@pytest.mark.parametrize(
    ("path", "fields", "code"),
    [
        ("/fapi/v1/leverage", {"symbol": BTC, "leverage": "0"}, -4028),
        ("/fapi/v1/leverage", {"symbol": BTC, "leverage": "200"}, -4028),
        ("/fapi/v1/leverage", {"symbol": BTC, "leverage": "2.5"}, -1100),
        ("/fapi/v1/leverage", {"symbol": BTC}, -1102),
        ("/fapi/v1/leverage", {"symbol": "NOSUCH", "leverage": "2"}, -1121),
        ("/fapi/v1/marginType", {"symbol": BTC, "marginType": "CROSSED"}, -4046),
        ("/fapi/v1/marginType", {"symbol": BTC, "marginType": "ISOLATED"}, -4048),
        ("/fapi/v1/marginType", {"symbol": BTC, "marginType": "BOTH"}, -1130),
        ("/fapi/v1/positionSide/dual", {"dualSidePosition": "false"}, -4059),
        ("/fapi/v1/positionSide/dual", {"dualSidePosition": "true"}, -4068),
        ("/fapi/v1/multiAssetsMargin", {"multiAssetsMargin": "false"}, -4171),
        ("/fapi/v1/positionMargin", {"symbol": BTC, "amount": "1", "type": "1"}, -4049),
        ("/fapi/v1/positionMargin", {"symbol": ETH, "amount": "1", "type": "1"}, -4049),
        ("/fapi/v1/positionMargin", {"symbol": BTC, "amount": "0", "type": "1"}, -4055),
        ("/fapi/v1/positionMargin", {"symbol": BTC, "amount": "1", "type": "3"}, -1130),
    ],
)
def test_settings_that_are_refused(long, path, fields, code):
    before = long.hash()
    refused = long.post(path, **fields)

    assert (400, code) == (refused.status, refused.code)
    assert before == long.hash()


def test_hedge_mode_names_the_position_an_order_is_for(booth):
    booth.post("/fapi/v1/positionSide/dual", dualSidePosition="true")

    assert -4061 == booth.order(quantity="0.1").code
    assert -4062 == booth.order(quantity="0.1", positionSide="LONG", reduceOnly="true").code
    booth.order(quantity="0.1", positionSide="LONG")
    booth.order("SELL", quantity="0.2", positionSide="SHORT")
    rows = booth.get("/fapi/v3/positionRisk").json
    assert [("LONG", "0.1"), ("SHORT", "-0.2")] == [
        (one["positionSide"], one["positionAmt"]) for one in rows
    ]


def test_funding_is_income(long):
    # At 08:00 of the venue's time longs pay shorts; without samples nothing is paid, so the ticks
    # of half an interval come first, a minute apart. Premium is none, so the rate is the interest's
    # 0.01 %: 5,000 × 0.0001.
    hour_ms = 3_600_000
    now_ms = long.service.now_ms()
    boundary_ms = (now_ms // (8 * hour_ms) + 2) * 8 * hour_ms
    for at_ms in range(boundary_ms - 5 * hour_ms, boundary_ms + 60_000, 60_000):
        long.clock.reached(at_ms)
        long.do(command.Tick)
    (paid,) = long.get("/fapi/v1/income", incomeType="FUNDING_FEE").json

    assert ("-0.5", "USDT", BTC) == (paid["income"], paid["asset"], paid["symbol"])
    assert "0.0001" == long.public("/fapi/v1/fundingRate", symbol=BTC).json[-1]["fundingRate"]
    kinds = [one["incomeType"] for one in long.get("/fapi/v1/income").json]
    assert ["TRANSFER", "COMMISSION", "FUNDING_FEE"] == kinds


def test_a_liquidation_is_read_back(booth):
    booth.post("/fapi/v1/leverage", symbol=BTC, leverage=50)
    assert "FILLED" == booth.order(quantity="9").json["status"]

    booth.price(49_000)

    assert [] == booth.get("/fapi/v3/positionRisk").json
    forced = booth.get("/fapi/v1/forceOrders", autoCloseType="LIQUIDATION").json
    assert forced
    assert all(one["clientOrderId"].startswith("autoclose-") for one in forced)
    assert {"SELL"} == {one["side"] for one in forced}
    assert D(9) == sum(D(one["executedQty"]) for one in forced)
    assert [] == booth.get("/fapi/v1/forceOrders", autoCloseType="ADL").json


def test_a_key_that_reads_does_not_trade(booth):
    fields = {"symbol": BTC, "side": "BUY", "type": "MARKET", "quantity": "0.1"}

    assert 200 == booth.signed("GET", "/fapi/v3/account", key=booth.reader).status
    refused = booth.signed("POST", "/fapi/v1/order", key=booth.reader, **fields)
    assert (401, -2015) == (refused.status, refused.code)


def test_a_key_for_one_symbol_trades_no_other(booth):
    key = booth.keys.issue("ann", booth.wall.now_ms() * 2, booth.trader.scopes, (ETH,))
    fields = {"side": "BUY", "type": "MARKET", "quantity": "0.1"}

    assert -2015 == booth.signed("POST", "/fapi/v1/order", key=key, symbol=BTC, **fields).code
    assert 200 == booth.signed("POST", "/fapi/v1/order", key=key, symbol=ETH, **fields).status
