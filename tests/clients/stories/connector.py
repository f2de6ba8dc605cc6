"""binance-futures-connector: a bot's day, every parameter in the query."""

import json
import queue

from binance.error import ClientError
from binance.um_futures import UMFutures
from binance.websocket.um_futures.websocket_client import UMFuturesWebsocketClient
from venue import (
    API_KEY,
    API_SECRET,
    BASE_URL,
    HOST,
    SYMBOL,
    decimal,
    eventually,
    refused,
    same,
    to_the_edge,
)


def bot(client):
    same({"BTCUSDT", "ETHUSDT"}, {one["symbol"] for one in client.exchange_info()["symbols"]})
    same(0.004, client.leverage_brackets(symbol=SYMBOL)[0]["brackets"][0]["maintMarginRatio"])
    same(10, client.change_leverage(symbol=SYMBOL, leverage=10)["leverage"])
    client.change_margin_type(symbol=SYMBOL, marginType="ISOLATED")
    refused("-4046", ClientError, client.change_margin_type, symbol=SYMBOL, marginType="ISOLATED")
    client.change_margin_type(symbol=SYMBOL, marginType="CROSSED")
    client.change_multi_asset_mode(multiAssetsMargin="true")
    assert client.get_multi_asset_mode()["multiAssetsMargin"]
    client.change_multi_asset_mode(multiAssetsMargin="false")

    order = {"symbol": SYMBOL, "side": "BUY", "newOrderRespType": "RESULT"}
    refused("-2019", ClientError, client.new_order, **order, type="MARKET", quantity=50)
    stop = {**order, "type": "STOP_MARKET", "stopPrice": 110000, "quantity": 0.1}
    refused("-4120", ClientError, client.new_order, **stop)
    limit = {"type": "LIMIT", "timeInForce": "GTC"}
    price, size = client.depth(SYMBOL, limit=5)["asks"][0]
    part = client.new_order(**order, **limit, quantity=float(size) + 1, price=price)
    same(("PARTIALLY_FILLED", decimal(size)), (part["status"], decimal(part["executedQty"])))
    client.cancel_open_orders(symbol=SYMBOL)
    held = client.get_position_risk(symbol=SYMBOL)[0]["positionAmt"]
    sell = {**order, "side": "SELL", "reduceOnly": "true", "type": "MARKET"}
    same("FILLED", client.new_order(**sell, quantity=held)["status"])
    resting = client.new_order(**order, **limit, quantity=0.1, price=97000)
    by_id = {"symbol": SYMBOL, "orderId": resting["orderId"]}
    same("NEW", client.query_order(**by_id)["status"])
    same("CANCELED", client.cancel_order(**by_id)["status"])

    client.change_margin_type(symbol=SYMBOL, marginType="ISOLATED")
    client.new_order(**order, type="MARKET", quantity=0.1)
    same(200, client.modify_isolated_position_margin(symbol=SYMBOL, amount=200, type=1)["amount"])
    assert eventually(lambda: client.get_income_history(incomeType="FUNDING_FEE"))
    to_the_edge("-0.001")
    same([], client.get_position_risk(symbol=SYMBOL))
    assert client.force_orders(autoCloseType="LIQUIDATION")
    assert client.get_account_trades(symbol=SYMBOL)


def listener(client):
    heard = queue.Queue()
    sockets = UMFuturesWebsocketClient(
        stream_url=f"ws://{HOST}", on_message=lambda _, text: heard.put(json.loads(text))
    )
    sockets.user_data(listen_key=client.new_listen_key()["listenKey"], id=1)
    sockets.book_ticker(symbol=SYMBOL, id=2)
    answered = {heard.get(timeout=20).get("id") for _ in range(2)}
    assert answered & {1, 2}
    client.new_order(symbol="ETHUSDT", side="BUY", type="MARKET", quantity=0.1)
    lives = []
    while lives[-1:] != ["FILLED"]:
        said = heard.get(timeout=20)
        if said.get("e") == "ORDER_TRADE_UPDATE":
            lives.append(said["o"]["X"])
    same(["NEW", "FILLED"], lives)
    sockets.stop()


client = UMFutures(key=API_KEY, secret=API_SECRET, base_url=BASE_URL)
bot(client)
listener(client)
