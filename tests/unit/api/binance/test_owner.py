"""What an owner is told of orders that are not filled, and of settings and money."""

from decimal import Decimal

import pytest

from crossmargin.venue import command
from tests.unit.api.binance.booth import BTC

D = Decimal


@pytest.fixture
def socket(booth):
    key = booth.ask("POST", "/fapi/v1/listenKey", headers=booth.header()).json["listenKey"]
    with booth.socket("/private/ws", f"listenKey={key}") as opened:
        yield opened


def summary(said):
    """Return what messages are about: kind, then what became of an order or why money moved."""
    found = []
    for one in said:
        order, account = one.get("o", {}), one.get("a", {})
        found.append(
            (one["e"], order.get("X") or account.get("m") or one.get("ac") or one.get("ai"))
        )
    return found


def stop(booth, **changes):
    fields = {"symbol": BTC, "side": "SELL", "type": "STOP_MARKET", "triggerPrice": "49000"}
    more = {"quantity": "0.1", "workingType": "MARK_PRICE", "algoType": "CONDITIONAL", **changes}
    return booth.post("/fapi/v1/algoOrder", **(fields | more)).json


def test_an_order_that_is_amended(booth, socket):
    order_id = booth.order(price="49000").json["orderId"]
    fields = {"symbol": BTC, "side": "BUY", "quantity": "0.02", "price": "48000"}
    booth.signed("PUT", "/fapi/v1/order", orderId=order_id, **fields)
    (_, told) = (one["o"] for one in socket.rest())

    assert ("AMENDMENT", "NEW", order_id, "0.02", "48000") == (
        *(told["x"], told["X"], told["i"], told["q"], told["p"]),
    )


def test_orders_that_are_cancelled(booth, socket):
    resting = booth.order(price="49000").json
    waiting = stop(booth)
    booth.delete("/fapi/v1/order", symbol=BTC, orderId=resting["orderId"])
    gone = booth.delete("/fapi/v1/algoOrder", symbol=BTC, algoId=waiting["algoId"]).json

    assert ("200", waiting["algoId"]) == (gone["code"], gone["algoId"])
    assert [
        ("ORDER_TRADE_UPDATE", "NEW"),
        ("ALGO_UPDATE", "NEW"),
        ("ORDER_TRADE_UPDATE", "CANCELED"),
        ("ALGO_UPDATE", "CANCELED"),
    ] == summary(socket.rest())
    assert [waiting["algoId"]] == [
        one["algoId"] for one in booth.get("/fapi/v1/allAlgoOrders", symbol=BTC).json
    ]


def test_a_stop_that_may_not_come_in_has_been_rejected(booth, socket):
    # Post-only, and it would sell at once to the bids above its price.
    placed = stop(booth, type="STOP", price="48900", timeInForce="GTX")
    booth.see(48_990)
    said = socket.rest()

    assert [
        ("ALGO_UPDATE", "NEW"),
        ("ALGO_UPDATE", "TRIGGERED"),
        ("ORDER_TRADE_UPDATE", "NEW"),
        ("ORDER_TRADE_UPDATE", "EXPIRED"),
        ("ALGO_UPDATE", "REJECTED"),
        ("CONDITIONAL_ORDER_TRIGGER_REJECT", None),
    ] == summary(said)
    assert {"s": BTC, "i": placed["algoId"], "r": "post-only"} == said[-1]["or"]
    assert (
        "EXPIRED"
        == booth.get("/fapi/v1/order", symbol=BTC, orderId=placed["algoId"]).json["status"]
    )


def test_what_meets_its_own_order_expires_in_match(booth, socket):
    resting = booth.order(price="50000").json
    booth.order("SELL", price="50000", selfTradePreventionMode="EXPIRE_MAKER")

    ended = booth.get("/fapi/v1/order", symbol=BTC, orderId=resting["orderId"]).json
    assert "EXPIRED_IN_MATCH" == ended["status"]
    assert ("ORDER_TRADE_UPDATE", "EXPIRED_IN_MATCH") in summary(socket.rest())


def test_an_order_that_was_there_before_is_known(booth):
    booth.price(50_000, size="0.04")
    part = booth.order(price="50000.1", quantity="0.1").json
    key = booth.ask("POST", "/fapi/v1/listenKey", headers=booth.header()).json["listenKey"]
    with booth.socket(f"/ws/{key}") as opened:
        booth.do(command.PlaceOrder, account="mm", symbol=BTC, size=D("-0.06"), price=D("50000.1"))
        (told,) = (one["o"] for one in opened.rest() if one["e"] == "ORDER_TRADE_UPDATE")

    assert ("PARTIALLY_FILLED", "0.04") == (part["status"], part["executedQty"])
    assert ("FILLED", "0.1", "0.06", "50000.1", True) == tuple(
        told[key] for key in ("X", *"zl", "ap", "m")
    )


def test_settings_and_money(booth, socket):
    booth.post("/fapi/v1/leverage", symbol=BTC, leverage=7)
    booth.do(command.Deposit, account="ann", asset="USDT", amount=D(5))
    booth.do(command.Withdraw, account="ann", asset="USDT", amount=D(2))
    booth.post("/fapi/v1/marginType", symbol=BTC, marginType="ISOLATED")
    booth.order(quantity="0.1")
    booth.post("/fapi/v1/positionMargin", symbol=BTC, amount="10", type=1)
    booth.order("SELL", quantity="0.1")
    booth.post("/fapi/v1/marginType", symbol=BTC, marginType="CROSSED")
    booth.post("/fapi/v1/multiAssetsMargin", multiAssetsMargin="true")
    said = [one for one in summary(socket.rest()) if one[0] != "ORDER_TRADE_UPDATE"]

    assert [
        ("ACCOUNT_CONFIG_UPDATE", {"s": BTC, "l": 7}),
        ("ACCOUNT_UPDATE", "DEPOSIT"),
        ("ACCOUNT_UPDATE", "WITHDRAW"),
        ("ACCOUNT_UPDATE", "ORDER"),
        ("ACCOUNT_UPDATE", "MARGIN_TRANSFER"),
        ("ACCOUNT_UPDATE", "ORDER"),
        ("ACCOUNT_CONFIG_UPDATE", {"j": True}),
    ] == said


def test_a_liquidation_is_told_as_an_order_of_the_venue(booth, socket):
    booth.post("/fapi/v1/leverage", symbol=BTC, leverage=50)
    booth.order(quantity="9")
    socket.rest()
    booth.see(49_000)
    forced = [one["o"] for one in socket.rest() if one["e"] == "ORDER_TRADE_UPDATE"]

    assert forced
    assert {("CALCULATED", "FILLED", "SELL")} == {(one["x"], one["X"], one["S"]) for one in forced}
    assert all(one["c"].startswith("autoclose-") for one in forced)


def test_what_does_not_say_more_than_it_has_to(booth):
    booth.order(quantity="0.1")
    older = booth.get("/fapi/v2/account").json
    (row,) = older["positions"]
    config = booth.get("/fapi/v1/accountConfig").json
    rates = booth.get("/fapi/v1/commissionRate", symbol=BTC).json
    symbols = {one["symbol"]: one for one in booth.get("/fapi/v1/symbolConfig").json}

    assert ("20", "50000.1", False) == (row["leverage"], row["entryPrice"], row["isolated"])
    assert (0, False, False) == (
        *(config["feeTier"], config["dualSidePosition"], config["multiAssetsMargin"]),
    )
    assert ("0.0002", "0.0005") == (rates["makerCommissionRate"], rates["takerCommissionRate"])
    assert ("CROSSED", 20) == (symbols[BTC]["marginType"], symbols[BTC]["leverage"])
    assert {"dualSidePosition": False} == booth.get("/fapi/v1/positionSide/dual").json
    assert [] == booth.get("/sapi/v1/margin/allPairs").json
    assert "0.1" == booth.public("/fapi/v1/openInterest", symbol=BTC).json["openInterest"]
    (held,) = booth.public("/futures/data/openInterestHist", symbol=BTC, period="5m").json
    assert "5000" == held["sumOpenInterestValue"]
    assert {"REQUEST_WEIGHT", "ORDERS"} == {
        one["rateLimitType"] for one in booth.public("/fapi/v1/exchangeInfo").json["rateLimits"]
    }
