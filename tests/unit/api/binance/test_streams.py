"""What is heard on WebSockets: forms of addresses, order and continuity, and who is dropped."""

import asyncio
import json
from contextlib import closing
from decimal import Decimal

import pytest
from numpy.random import default_rng

from crossmargin.api.binance.hub import BEAT_S, NAMES_MAX
from crossmargin.api.binance.listener import Listener
from crossmargin.api.binance.sockets import Wanted, wanted
from crossmargin.api.binance.stream_names import Kind, stream_named
from crossmargin.api.binance.ws_api import signed_text
from crossmargin.api.signing import hmac_hex
from crossmargin.history.candles import INTERVALS
from tests.unit.api.binance.booth import BTC, ETH, Booth

D = Decimal


@pytest.mark.parametrize(
    ("path", "query", "names", "is_combined"),
    [
        ("/ws", "", (), False),
        ("/ws/btcusdt@trade", "", ("btcusdt@trade",), False),
        ("/ws/btcusdt@trade/ethusdt@trade", "", ("btcusdt@trade", "ethusdt@trade"), False),
        ("/stream", "", (), True),
        ("/stream", "streams=a@trade/b@trade", ("a@trade", "b@trade"), True),
        ("/market/ws/3", "", (), False),
        ("/public/stream", "streams=a@trade", ("a@trade",), True),
        ("/private/ws", "listenKey=abc", ("abc",), False),
        ("/market/stream/", "", (), True),
    ],
)
def test_forms_of_addresses(path, query, names, is_combined):
    assert Wanted(names, is_combined) == wanted(path, query.encode())


@pytest.mark.parametrize("path", ["/", "/public", "/wsx", "/ws-fapi/v1", "/fapi/v1/order"])
def test_addresses_of_no_stream(path):
    assert wanted(path, b"") is None


@pytest.mark.parametrize(
    ("name", "kind", "symbol", "detail"),
    [
        ("btcusdt@depth", Kind.DEPTH, BTC, ""),
        ("btcusdt@depth@100ms", Kind.DEPTH, BTC, ""),
        ("btcusdt@depth20@500ms", Kind.TOP, BTC, "20"),
        ("btcusdt@kline_1M", Kind.KLINE, BTC, "1M"),
        ("BTCUSDT@aggTrade", Kind.AGGREGATE, BTC, ""),
        ("!markPrice@arr@1s", Kind.MARK_PRICE, "", "1s"),
        ("!miniTicker@arr", Kind.MINI_TICKER, "", ""),
    ],
)
def test_names_of_streams(name, kind, symbol, detail):
    found = stream_named(name)

    assert (kind, symbol, detail) == (found.kind, found.symbol, found.detail)


@pytest.mark.parametrize(
    "name", ["", "btcusdt", "@trade", "btcusdt@depth7", "btcusdt@kline_7m", "!x", "a@trade@1s"]
)
def test_names_of_no_stream(name):
    assert stream_named(name) is None


@pytest.mark.parametrize("name", [1, "one", "0b4f6a3c-6f1e-4a52-9df5-5e3c2f3b4a5d"])
def test_control_frames_are_answered_with_their_id(booth, name):
    with booth.socket("/ws") as socket:
        said = socket.say(method="SUBSCRIBE", params=["btcusdt@trade"], id=name)
        assert {"result": None, "id": name} == said
        said = socket.say(method="LIST_SUBSCRIPTIONS", id=name)
        assert {"result": ["btcusdt@trade"], "id": name} == said
        assert {"result": None, "id": name} == socket.say(
            method="UNSUBSCRIBE", params=["btcusdt@trade"], id=name
        )
        assert [] == socket.say(method="LIST_SUBSCRIPTIONS", id=name)["result"]
        assert 2 == socket.say(method="SUBSCRIBE", params=["nothing"], id=name)["error"]["code"]


def test_messages_are_wrapped_on_combined_forms_alone(booth):
    with (
        booth.socket("/ws/btcusdt@trade") as bare,
        booth.socket("/market/stream", "streams=btcusdt@trade") as wrapped,
    ):
        booth.order(quantity="0.1")

        said = bare.read()
        assert ("trade", "50000.1", "0.1", False) == tuple(said[key] for key in "epqm")
        said = wrapped.read()
        assert ("btcusdt@trade", "trade") == (said["stream"], said["data"]["e"])


def test_a_book_is_put_together_from_a_snapshot_and_its_changes(booth):
    with booth.socket("/ws/btcusdt@depth@100ms") as socket:
        booth.price(50_010)
        first = socket.read()
        snapshot = booth.public("/fapi/v1/depth", symbol=BTC, limit=1000).json
        book = {side: dict(snapshot[side]) for side in ("bids", "asks")}
        last = None
        for price in (50_020, 50_005, 50_050):
            booth.price(price)
            booth.order(quantity="0.1")
            change = socket.read()
            if last is None:
                # Binance's fifth rule.
                assert change["U"] <= snapshot["lastUpdateId"] <= change["u"]
                assert first["u"] == change["pu"]
            else:
                assert last["u"] == change["pu"]
            for side, name in (("bids", "b"), ("asks", "a")):
                for level, size in change[name]:
                    book[side][level] = size
                    if size == "0":
                        del book[side][level]
            last = change
        now = booth.public("/fapi/v1/depth", symbol=BTC, limit=1000).json

        assert {side: dict(now[side]) for side in ("bids", "asks")} == book


def test_states_are_told_by_the_beat(booth):
    names = "btcusdt@kline_1m/btcusdt@markPrice@1s/btcusdt@miniTicker/!ticker@arr/btcusdt@depth5"
    with booth.socket("/stream", f"streams={names}/btcusdt@bookTicker/btcusdt@aggTrade") as socket:
        booth.order(quantity="0.1")
        heard = {}
        while len(heard) < 7:
            said = socket.read()
            heard[said["stream"]] = said["data"]

    assert ("50000.1", "0.1", 1) == tuple(heard["btcusdt@kline_1m"]["k"][key] for key in "cvn")
    assert "50000" == heard["btcusdt@markPrice@1s"]["p"]
    assert "50000.1" == heard["btcusdt@miniTicker"]["c"]
    assert "24hrTicker" == heard["!ticker@arr"][0]["e"]
    assert ["50000.1", "99.9"] == heard["btcusdt@depth5"]["a"][0]
    assert ("49999.9", "99.9") == tuple(heard["btcusdt@bookTicker"][key] for key in "bA")


def test_forced_orders_are_heard_by_all(booth):
    booth.post("/fapi/v1/leverage", symbol=BTC, leverage=50)
    booth.order(quantity="9")
    with booth.socket("/ws/!forceOrder@arr") as socket:
        booth.see(49_000)
        said = socket.read()["o"]

    assert (BTC, "SELL", "FILLED") == (said["s"], said["S"], said["X"])


def test_an_owner_is_told_everything_in_order(booth):
    _, opened = booth.user_stream()
    with opened as socket:
        booth.post("/fapi/v1/leverage", symbol=BTC, leverage=10)
        booth.order(quantity="0.1", newClientOrderId="in")
        stop = {"symbol": BTC, "side": "SELL", "type": "STOP_MARKET", "triggerPrice": "49000"}
        more = {"quantity": "0.1", "clientAlgoId": "out", "workingType": "MARK_PRICE"}
        booth.post("/fapi/v1/algoOrder", algoType="CONDITIONAL", **stop, **more)
        booth.see(48_990)
        said = socket.rest()

    kinds = [(one["e"], one.get("o", one.get("a", {})).get("X", "")) for one in said]
    assert [
        ("ACCOUNT_CONFIG_UPDATE", ""),
        ("ORDER_TRADE_UPDATE", "NEW"),
        ("ACCOUNT_UPDATE", ""),
        ("ORDER_TRADE_UPDATE", "FILLED"),
        ("ALGO_UPDATE", "NEW"),
        ("ALGO_UPDATE", "TRIGGERED"),
        ("ORDER_TRADE_UPDATE", "NEW"),
        ("ACCOUNT_UPDATE", ""),
        ("ORDER_TRADE_UPDATE", "FILLED"),
        ("ALGO_UPDATE", "FINISHED"),
    ] == kinds
    bought, sold = (one["a"] for one in said if one["e"] == "ACCOUNT_UPDATE")
    # 10,000 − 2.500005, then sold at 49,999.9: − 0.02 and a fee of 2.499995.
    assert ("9997.499995", "9994.98") == (bought["B"][0]["wb"], sold["B"][0]["wb"])
    assert ("0.1", "0") == (bought["P"][0]["pa"], sold["P"][0]["pa"])
    fill = said[3]["o"]
    assert ("in", "TRADE", "0.1", "50000.1", "2.500005", "USDT") == tuple(
        fill[key] for key in ("c", "x", "l", "L", "n", "N")
    )


def test_several_fills_of_one_order_are_told_one_by_one(booth):
    _, opened = booth.user_stream()
    booth.price(50_000, size="0.04")
    with opened as socket:
        booth.order(quantity="0.1")
        fills = [one["o"] for one in socket.rest() if one["e"] == "ORDER_TRADE_UPDATE"][1:]

    assert [("0.04", "0.04", "PARTIALLY_FILLED"), ("0.04", "0.08", "PARTIALLY_FILLED")] == [
        (one["l"], one["z"], one["X"]) for one in fills[:2]
    ]
    assert ("0.02", "0.1", "FILLED") == tuple(fills[2][key] for key in "lzX")


def test_an_account_near_its_end_is_called_once(booth):
    booth.post("/fapi/v1/leverage", symbol=BTC, leverage=50)
    booth.order(quantity="9")
    _, opened = booth.user_stream()
    with opened as socket:
        # Maintenance is about 1,790, equity 10,000 − 225 − 9 × 850: 2,124.
        booth.price(49_150)
        call = socket.until(lambda one: one["e"] == "MARGIN_CALL")

        assert [(BTC, "9", "CROSSED")] == [(one["s"], one["pa"], one["mt"]) for one in call["p"]]
        booth.price(49_140)
        assert "MARGIN_CALL" not in {one["e"] for one in socket.rest()}


def test_a_reader_that_is_too_slow_is_dropped_and_nobody_waits_for_it(tmp_path):
    with (
        closing(Booth(tmp_path, waiting_max=5)) as booth,
        booth.socket("/ws/btcusdt@trade") as quick,
        booth.socket("/ws/btcusdt@trade") as slow,
    ):
        slow.stall()
        for _ in range(10):
            assert 200 == booth.order(quantity="0.01").status
            assert "trade" == quick.read()["e"]
        slow.go_on()
        said = [slow.next() for _ in range(2)]

    # What it was being sent, then the end: what waited is forgotten.
    assert ["websocket.send", "websocket.close"] == [one["type"] for one in said]
    assert 1008 == said[-1]["code"]


def test_what_waits_for_a_reader_is_bounded():
    async def play():
        listener = Listener(2, is_combined=False)
        for body in (b"1", b"2"):
            listener.say(body)
        assert not listener.is_slow
        listener.say(b"3")
        assert listener.is_slow
        listener.say(b"4")
        return await listener.next()

    assert asyncio.run(play()) is None


def test_names_that_one_connection_may_hear_are_bounded(booth):
    with booth.socket("/ws") as socket:
        names = [f"btcusdt@kline_{one}" for one in INTERVALS]
        names += [f"s{number}@trade" for number in range(NAMES_MAX - len(names))]
        assert socket.say(method="SUBSCRIBE", params=names, id=1)["result"] is None
        said = socket.say(method="SUBSCRIBE", params=["ethusdt@trade"], id=2)

        assert 2 == said["error"]["code"]


def test_listening_changes_nothing_even_to_what_has_no_price(booth):
    before = booth.hash()
    with booth.socket("/stream", "streams=solusdt@depth/solusdt@depth5/nosuch@depth") as socket:
        assert 3 == len(socket.say(method="LIST_SUBSCRIPTIONS", id=1)["result"])
        booth.runner.run(asyncio.sleep(2.5 * BEAT_S))

        assert "SOLUSDT" not in booth.service.state.symbols
    assert before == booth.hash()


def test_properties_of_a_connection(booth):
    with booth.socket("/ws") as socket:
        asked = {"method": "GET_PROPERTY", "params": ["combined"]}
        assert socket.say(**asked, id=1)["result"] is False
        socket.say(method="SET_PROPERTY", params=["combined", True], id=2)
        assert socket.say(**asked, id=3)["result"] is True
        assert (
            1 == socket.say(method="SET_PROPERTY", params=["combined", "x"], id=4)["error"]["code"]
        )
        assert 0 == socket.say(method="GET_PROPERTY", params=["depth"], id=5)["error"]["code"]


def test_what_an_owner_is_told_adds_up_to_the_account(booth):
    _, opened = booth.user_stream()
    with opened as socket:
        booth.post("/fapi/v1/marginType", symbol=ETH, marginType="ISOLATED")
        for symbol, side, quantity in (
            *(
                (BTC, "BUY", "0.1"),
                (ETH, "BUY", "1.5"),
                (BTC, "SELL", "0.25"),
                (ETH, "SELL", "0.5"),
            ),
            *((BTC, "BUY", "0.15"), (ETH, "SELL", "1")),
        ):
            booth.order(side, quantity, symbol=symbol)
        updates = [one["a"] for one in socket.rest() if one["e"] == "ACCOUNT_UPDATE"]
        account = booth.get("/fapi/v3/account").json

    last = updates[-1]
    assert account["totalWalletBalance"] == last["B"][0]["wb"] == last["B"][0]["cw"]
    assert [] == account["positions"]
    held = {one["s"]: one["pa"] for update in updates for one in update["P"]}
    assert {BTC: "0", ETH: "0"} == held
    apart = updates[1]
    # 1.5 × 2,000.01 ÷ 20 stands in the bucket.
    assert "150.00075" == apart["P"][0]["iw"]
    assert D(apart["B"][0]["wb"]) - D("150.00075") == D(apart["B"][0]["cw"])


def test_lost_replies_are_asked_for_again_and_happen_once(booth):
    chance = default_rng(7)
    for number in range(30):
        name, is_known = f"lost-{number}", False
        while not is_known:
            booth.order(price="49000", quantity="0.001", newClientOrderId=name)
            if chance.random() < 0.3:  # The reply is lost, and the client asks what became of it.
                continue
            found = booth.get("/fapi/v1/order", symbol=BTC, origClientOrderId=name)
            is_known = chance.random() >= 0.3 and found.json["clientOrderId"] == name
    placed = booth.get("/fapi/v1/openOrders", symbol=BTC).json

    assert [f"lost-{number}" for number in range(30)] == [one["clientOrderId"] for one in placed]


def test_requests_over_a_websocket_are_those_of_rest(booth):
    def ask(socket, method, **params):
        values = {**params, "apiKey": booth.trader.id, "timestamp": booth.wall.now_ms()}
        signature = hmac_hex(
            booth.keys.secret(booth.trader.id),
            signed_text({name: str(value) for name, value in values.items()}),
        )
        return socket.say(id="7", method=method, params={**values, "signature": signature})

    with booth.socket("/ws-fapi/v1") as socket:
        fields = {"symbol": BTC, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
        placed = ask(socket, "order.place", quantity="0.01", price="49000", **fields)
        assert (200, "NEW") == (placed["status"], placed["result"]["status"])
        order_id = placed["result"]["orderId"]
        status = ask(socket, "order.status", symbol=BTC, orderId=order_id)
        assert order_id == status["result"]["orderId"]
        gone = ask(socket, "order.cancel", symbol=BTC, orderId=order_id)
        assert "CANCELED" == gone["result"]["status"]
        refused = ask(socket, "order.cancel", symbol=BTC, orderId=order_id)
        assert (400, {"code": -2011, "msg": "Unknown order sent."}) == (
            *(refused["status"], refused["error"]),
        )
        assert "10000" == ask(socket, "v2/account.balance")["result"][0]["balance"]
        assert 404 == ask(socket, "no.such")["status"]
        socket.send("{")
        assert -1135 == json.loads(socket.next()["text"])["error"]["code"]
