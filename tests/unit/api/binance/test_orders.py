"""Numbers are worked out by hand: BTCUSDT at 50,000, the maker a tenth away on both sides."""

import pytest

from tests.unit.api.binance.booth import BTC


def test_a_limit_order_rests_and_can_be_read_and_cancelled(booth):
    placed = booth.order(price="49000", newClientOrderId="mine-1")

    assert 200 == placed.status
    assert ("NEW", "mine-1", "49000", "0.01", "0", "LIMIT", "BOTH") == tuple(
        placed.json[name]
        for name in (
            *("status", "clientOrderId", "price", "origQty", "executedQty", "type"),
            "positionSide",
        )
    )
    by_name = booth.get("/fapi/v1/order", symbol=BTC, origClientOrderId="mine-1")
    assert placed.json["orderId"] == by_name.json["orderId"]
    assert 1 == len(booth.get("/fapi/v1/openOrders").json)

    gone = booth.delete("/fapi/v1/order", symbol=BTC, orderId=placed.json["orderId"])

    assert "CANCELED" == gone.json["status"]
    assert [] == booth.get("/fapi/v1/openOrders", symbol=BTC).json
    assert "CANCELED" == booth.get("/fapi/v1/allOrders", symbol=BTC).json[0]["status"]


def test_a_market_order_is_filled_at_the_asks(booth):
    filled = booth.order(quantity="150")  # more than 10,000 USDT carry at 20x

    assert (400, -2019) == (filled.status, filled.code)

    filled = booth.order(quantity="0.1").json

    assert ("FILLED", "50000.1", "0.1", "5000.01") == (
        *(filled["status"], filled["avgPrice"], filled["executedQty"], filled["cumQuote"]),
    )
    (trade,) = booth.get("/fapi/v1/userTrades", symbol=BTC).json
    # 0.05 % of 5,000.01
    assert ("2.500005", "USDT", True, False) == (
        *(trade["commission"], trade["commissionAsset"], trade["buyer"], trade["maker"]),
    )


def test_an_acknowledgement_does_not_say_what_came_of_it(booth):
    fields = {"symbol": BTC, "side": "BUY", "type": "MARKET", "quantity": "0.1"}
    said = booth.post("/fapi/v1/order", newOrderRespType="ACK", **fields).json

    assert ("NEW", "0") == (said["status"], said["executedQty"])
    assert (
        "FILLED" == booth.get("/fapi/v1/order", symbol=BTC, orderId=said["orderId"]).json["status"]
    )


def test_the_same_client_id_is_refused_whether_its_order_is_open_or_over(booth):
    first = booth.order(price="49000", newClientOrderId="once")
    again = booth.order(price="49000", newClientOrderId="once")
    other = booth.order(price="48000", newClientOrderId="once")
    booth.delete("/fapi/v1/order", symbol=BTC, orderId=first.json["orderId"])
    after = booth.order(price="49000", newClientOrderId="once")

    assert [-4116] * 3 == [again.code, other.code, after.code]
    assert 1 == len(booth.get("/fapi/v1/allOrders", symbol=BTC).json)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"symbol": "NOSUCH"}, -1121),
        ({"symbol": "SOLUSDT"}, -1121),  # in the rulebook, but without a price
        ({"symbol": ""}, -1102),
        ({"side": "HOLD"}, -1117),
        ({"type": "OCO"}, -1116),
        ({"type": "STOP_MARKET", "stopPrice": "60000"}, -4120),
        ({"timeInForce": "GTD"}, -1115),
        ({"timeInForce": ""}, -1105),
        ({"quantity": ""}, -1105),
        ({"quantity": "0"}, -4003),
        ({"quantity": "0.0001"}, -1111),
        ({"price": "0"}, -4001),
        ({"price": "49000.15"}, -1111),
        ({"price": "52500.1"}, -4016),
        ({"side": "SELL", "price": "47499.9"}, -4024),
        ({"quantity": "0.001", "price": "4000"}, -4164),
        ({"positionSide": "LONG"}, -4061),
        ({"positionSide": "UP"}, -4060),
        ({"reduceOnly": "true"}, -2022),
        ({"reduceOnly": "maybe"}, -1130),
        ({"timeInForce": "GTX", "price": "50000.1"}, -5022),
        ({"timeInForce": "FOK", "quantity": "0.1"}, -5021),
        ({"newClientOrderId": "a" * 37}, -4015),
        ({"newClientOrderId": "a b"}, -4015),
        ({"newOrderRespType": "FULL"}, -1136),
        ({"selfTradePreventionMode": "SOMETIMES"}, -5039),
        ({"goodTillDate": "1"}, -1106),
        ({"closePosition": "true"}, -4136),
        ({"type": "MARKET"}, -1106),  # with a time in force
    ],
)
def test_orders_that_are_refused(booth, changes, code):
    fields = {
        "symbol": BTC,
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.01",
        "price": "49000",
        **changes,
    }
    before = booth.hash()
    tested = booth.post("/fapi/v1/order/test", **fields)
    placed = booth.post("/fapi/v1/order", **fields)

    assert (400, code) == (placed.status, placed.code)
    assert placed.json == tested.json
    assert before == booth.hash()


def test_a_tested_order_is_not_placed(booth):
    fields = {"symbol": BTC, "side": "BUY", "type": "MARKET", "quantity": "0.1"}
    before = booth.hash()

    assert {} == booth.post("/fapi/v1/order/test", **fields).json
    assert before == booth.hash()


def test_the_smallest_notional_is_named(booth):
    refused = booth.order(quantity="0.001", price="4000")

    assert (
        "Order's notional must be no smaller than 5 (unless you choose reduce only)."
        == (refused.json["msg"])
    )


def amended(booth, order_id, **changes):
    fields = {"symbol": BTC, "side": "BUY", "quantity": "0.02", "price": "48000", **changes}
    return booth.signed("PUT", "/fapi/v1/order", orderId=order_id, **fields)


def test_an_amended_order_is_the_same_order(booth):
    first = booth.order(price="49000", newClientOrderId="mine").json
    found = amended(booth, first["orderId"])

    assert (200, first["orderId"], "mine", "NEW", "48000", "0.02") == (
        *(found.status, found.json["orderId"], found.json["clientOrderId"]),
        *(found.json["status"], found.json["price"], found.json["origQty"]),
    )
    (listed,) = booth.get("/fapi/v1/openOrders").json
    assert found.json == listed
    assert (
        "CANCELED"
        == booth.delete("/fapi/v1/order", symbol=BTC, origClientOrderId="mine").json["status"]
    )


def test_an_amended_order_may_be_filled_at_once(booth):
    first = booth.order(price="49000", quantity="0.01").json
    found = amended(booth, first["orderId"], price="50100").json

    # The best ask is 50,000.1 for more than that.
    assert ("FILLED", "0.02", "50000.1") == (
        *(found["status"], found["executedQty"], found["avgPrice"]),
    )


def test_a_post_only_order_amended_to_trade_at_once_is_cancelled(booth):
    first = booth.order(price="49000", timeInForce="GTX").json

    assert "CANCELED" == amended(booth, first["orderId"], price="50100").json["status"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"price": "49000", "quantity": "0.01"}, -5027),
        ({"side": "SELL"}, -1117),
        ({"quantity": "10"}, -2019),
        ({"price": "60000"}, -4016),
        ({"orderId": 999}, -2011),
    ],
)
def test_what_cannot_be_amended_stays_as_it_was(booth, changes, code):
    first = booth.order(price="49000").json
    fields = {
        "symbol": BTC,
        "orderId": first["orderId"],
        "side": "BUY",
        "quantity": "0.02",
        "price": "48000",
        **changes,
    }
    before = booth.hash()
    refused = booth.signed("PUT", "/fapi/v1/order", **fields)

    assert code == refused.code
    assert before == booth.hash()


def test_batches_answer_each_order_by_itself(booth):
    rows = (
        f'[{{"symbol":"{BTC}","side":"BUY","type":"LIMIT","timeInForce":"GTC","quantity":"0.01",'
        f'"price":"49000"}},{{"symbol":"{BTC}","side":"BUY","type":"MARKET","quantity":900.5}}]'
    )
    placed = booth.post("/fapi/v1/batchOrders", batchOrders=rows).json

    assert "NEW" == placed[0]["status"]
    assert {"code": -2019, "msg": "Margin is insufficient."} == placed[1]

    ids = f"[{placed[0]['orderId']},999]"
    gone = booth.delete("/fapi/v1/batchOrders", symbol=BTC, orderIdList=ids).json

    assert ["CANCELED", -2011] == [gone[0]["status"], gone[1]["code"]]
    assert -4082 == booth.post("/fapi/v1/batchOrders", batchOrders="[" + "{}," * 5 + "{}]").code


def test_all_open_orders_go_but_those_that_wait(booth):
    booth.order(quantity="0.1")
    stop = {"symbol": BTC, "side": "SELL", "type": "STOP_MARKET", "triggerPrice": "49000"}
    booth.post("/fapi/v1/algoOrder", algoType="CONDITIONAL", closePosition="true", **stop)
    booth.order(price="49000")
    booth.order(price="48000")

    assert 200 == booth.delete("/fapi/v1/allOpenOrders", symbol=BTC).json["code"]
    assert [] == booth.get("/fapi/v1/openOrders").json
    assert 1 == len(booth.get("/fapi/v1/openAlgoOrders").json)
    assert 200 == booth.delete("/fapi/v1/algoOpenOrders", symbol=BTC).json["code"]
    assert [] == booth.get("/fapi/v1/openAlgoOrders").json


def test_a_stop_waits_fires_and_is_an_order_then(booth):
    booth.order(quantity="0.1")
    stop = {"symbol": BTC, "side": "SELL", "type": "STOP_MARKET", "triggerPrice": "49000"}
    more = {"quantity": "0.1", "reduceOnly": "true", "workingType": "MARK_PRICE"}
    placed = booth.post("/fapi/v1/algoOrder", algoType="CONDITIONAL", **stop, **more).json
    asked = {"symbol": BTC, "algoId": placed["algoId"]}

    assert ("NEW", "49000", "STOP_MARKET") == (
        *(placed["algoStatus"], placed["triggerPrice"], placed["orderType"]),
    )
    assert -2013 == booth.get("/fapi/v1/order", symbol=BTC, orderId=placed["algoId"]).code

    booth.price(48_900)

    # A price is seen before the maker quotes around it: the stop sold to nobody, or into the new
    # quotes; the book decides.
    fired = booth.get("/fapi/v1/algoOrder", **asked).json
    assert fired["algoStatus"] in ("FINISHED", "EXPIRED")
    assert str(placed["algoId"]) == fired["actualOrderId"]
    assert -2011 == booth.delete("/fapi/v1/algoOrder", **asked).code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"triggerPrice": "51000"}, -2021),
        ({"triggerPrice": ""}, -1105),
        ({"triggerPrice": "0"}, -4006),
        ({"type": "LIMIT"}, -1116),
        ({"algoType": "VP"}, -1130),
        ({"quantity": "0.1", "closePosition": "true"}, -4137),
        ({"type": "STOP", "closePosition": "true", "quantity": None}, -4136),
        ({"type": "TRAILING_STOP_MARKET"}, -1102),
        ({"type": "TRAILING_STOP_MARKET", "callbackRate": "11"}, -1130),
        ({"price": "49000"}, -1106),
        ({"side": "BUY", "closePosition": "true", "quantity": None}, -2022),
    ],
)
def test_conditional_orders_that_are_refused(booth, changes, code):
    booth.order(quantity="0.1")
    fields = {
        "symbol": BTC,
        "side": "SELL",
        "type": "STOP_MARKET",
        "algoType": "CONDITIONAL",
        "quantity": "0.1",
        "triggerPrice": "49000",
        **changes,
    }
    before = booth.hash()
    sent = {name: value for name, value in fields.items() if value is not None}
    refused = booth.post("/fapi/v1/algoOrder", **sent)

    assert (400, code) == (refused.status, refused.code)
    assert before == booth.hash()


def test_a_countdown_cancels_in_the_venues_time(booth):
    booth.order(price="49000")
    started = booth.post("/fapi/v1/countdownCancelAll", symbol=BTC, countdownTime="5000").json
    booth.clock.reached(booth.service.now_ms() + 4_999)
    booth.price(50_000)

    assert {"symbol": BTC, "countdownTime": "5000"} == started
    assert 1 == len(booth.get("/fapi/v1/openOrders").json)

    booth.clock.reached(booth.service.now_ms() + 1)
    booth.price(50_000)
    booth.price(50_000)

    assert [] == booth.get("/fapi/v1/openOrders").json
