"""binance-futures-connector: a bot's day, every parameter in the query.

It is older than conditional orders' own requests and has no call for them; they are sent with the
one that its calls are made of, `sign_request`.
"""

import json
import queue
import time

from binance.error import ClientError
from binance.um_futures import UMFutures
from binance.websocket.um_futures.websocket_client import UMFuturesWebsocketClient
from venue import (
    API_KEY,
    API_SECRET,
    BASE_URL,
    BETWEEN_S,
    CHANGES,
    FIRST_TIERS,
    HOST,
    LIFE,
    POOLED,
    SYMBOL,
    charged,
    decimal,
    eventually,
    goes_on,
    near,
    owed,
    refused,
    same,
    to_the_edge,
)

ALGO_ORDER = "/fapi/v1/algoOrder"
BUY = {"symbol": SYMBOL, "side": "BUY", "newOrderRespType": "RESULT"}


def chooses(client):
    """Markets, tiers, leverage, margin mode, multi-assets mode."""
    same({"BTCUSDT", "ETHUSDT"}, {one["symbol"] for one in client.exchange_info()["symbols"]})
    ladder = client.leverage_brackets(symbol=SYMBOL)[0]["brackets"]
    found = [(one["notionalFloor"], str(one["maintMarginRatio"])) for one in ladder[:2]]
    same(FIRST_TIERS, found)
    same(10, client.change_leverage(symbol=SYMBOL, leverage=10)["leverage"])
    client.change_margin_type(symbol=SYMBOL, marginType="ISOLATED")
    refused("-4046", ClientError, client.change_margin_type, symbol=SYMBOL, marginType="ISOLATED")
    client.change_margin_type(symbol=SYMBOL, marginType="CROSSED")
    client.change_multi_asset_mode(multiAssetsMargin="true")
    assert client.get_multi_asset_mode()["multiAssetsMargin"]
    near(POOLED, client.account()["totalMarginBalance"], 1)
    refused("-4168", ClientError, client.change_margin_type, symbol=SYMBOL, marginType="ISOLATED")
    client.change_multi_asset_mode(multiAssetsMargin="false")


def enters_and_leaves(client):
    """Entry, a typed refusal, reading back, a partial fill, exit."""
    refused("-2019", ClientError, client.new_order, **BUY, type="MARKET", quantity=50)
    stop = {**BUY, "type": "STOP_MARKET", "stopPrice": 110000, "quantity": 0.1}
    refused("-4120", ClientError, client.new_order, **stop)
    limit = {"type": "LIMIT", "timeInForce": "GTC"}
    price, size = client.depth(SYMBOL, limit=5)["asks"][0]
    part = client.new_order(**BUY, **limit, quantity=float(size) + 1, price=price)
    same(("PARTIALLY_FILLED", decimal(size)), (part["status"], decimal(part["executedQty"])))
    client.cancel_open_orders(symbol=SYMBOL)
    held = client.get_position_risk(symbol=SYMBOL)[0]["positionAmt"]
    sell = {**BUY, "side": "SELL", "reduceOnly": "true", "type": "MARKET"}
    sold = client.new_order(**sell, quantity=held)
    same("FILLED", sold["status"])
    trades = client.get_account_trades(symbol=SYMBOL, orderId=sold["orderId"])
    charged((one["quoteQty"] for one in trades), (one["commission"] for one in trades))
    resting = client.new_order(**BUY, **limit, quantity=0.1, price=97000)
    by_id = {"symbol": SYMBOL, "orderId": resting["orderId"]}
    same("NEW", client.query_order(**by_id)["status"])
    same("CANCELED", client.cancel_order(**by_id)["status"])


def leaves_by_orders(client):
    """An isolated position with margin added, a stop that is taken, then a take-profit."""
    client.change_margin_type(symbol=SYMBOL, marginType="ISOLATED")
    client.new_order(**BUY, type="MARKET", quantity=0.1)
    before = client.get_position_risk(symbol=SYMBOL)[0]
    same(200, client.modify_isolated_position_margin(symbol=SYMBOL, amount=200, type=1)["amount"])
    after = client.get_position_risk(symbol=SYMBOL)[0]
    near(decimal(before["isolatedMargin"]) + 200, after["isolatedMargin"], 5)
    assert decimal(after["liquidationPrice"]) < decimal(before["liquidationPrice"])
    stopped = waits(client, type="STOP_MARKET", triggerPrice=97000, workingType="MARK_PRICE")
    to_the_edge("0.08")
    same("FINISHED", found(client, stopped)["algoStatus"])

    # A tenth of margin is gone at 0.9036 of the entry; a quarter above that is 1.13 of it.
    entry = float(client.new_order(**BUY, type="MARKET", quantity=0.1)["avgPrice"])
    gain = {"type": "TAKE_PROFIT_MARKET", "triggerPrice": round(entry * 1.05)}
    profit = waits(client, **gain, workingType="MARK_PRICE")
    to_the_edge("0.2")
    same([], client.get_position_risk(symbol=SYMBOL))
    same("FINISHED", found(client, profit)["algoStatus"])
    taken = client.get_account_trades(symbol=SYMBOL, orderId=profit["algoId"])
    assert sum(decimal(one["realizedPnl"]) for one in taken) > 0


def waits(client, **order):
    """Place a conditional order that sells all, and return it."""
    asked = {"algoType": "CONDITIONAL", "symbol": SYMBOL, "side": "SELL", "closePosition": "true"}
    return client.sign_request("POST", ALGO_ORDER, {**asked, **order})


def found(client, order):
    """Return a conditional order as it is now."""
    return client.sign_request("GET", ALGO_ORDER, {"algoId": order["algoId"]})


def is_paid_funding(client):
    """A position over midnight, and what it paid."""
    client.new_order(**BUY, type="MARKET", quantity=0.1)
    paid = eventually(lambda: client.get_income_history(incomeType="FUNDING_FEE"))[0]
    rates = client.funding_rate(symbol=SYMBOL)
    rate = next(one for one in rates if one["fundingTime"] == paid["time"])
    owed(decimal("0.1"), rate["markPrice"], rate["fundingRate"], paid["income"])


def is_liquidated(client):
    """Prices go beyond what the bucket stands, and all of it can be read."""
    to_the_edge("-0.001")
    same([], client.get_position_risk(symbol=SYMBOL))
    forced = client.force_orders(autoCloseType="LIQUIDATION")
    same(decimal("0.1"), sum(decimal(one["executedQty"]) for one in forced))
    kinds = {one["incomeType"] for one in client.get_income_history()}
    assert {"REALIZED_PNL", "COMMISSION", "FUNDING_FEE"} <= kinds, kinds


def listener(client):
    heard = queue.Queue()
    sockets = UMFuturesWebsocketClient(
        stream_url=f"ws://{HOST}", on_message=lambda _, text: heard.put(json.loads(text))
    )
    sockets.user_data(listen_key=client.new_listen_key()["listenKey"], id=1)
    sockets.diff_book_depth(symbol="ETHUSDT", id=2)
    answered = {heard.get(timeout=20).get("id") for _ in range(2)}
    assert answered & {1, 2}
    for number in range(CHANGES):
        limit = {"type": "LIMIT", "timeInForce": "GTC", "price": 3000 + number, "quantity": 0.1}
        client.new_order(symbol="ETHUSDT", side="BUY", **limit)
        time.sleep(BETWEEN_S)
    best = client.depth("ETHUSDT", limit=5)["asks"][0]
    order = {"symbol": "ETHUSDT", "side": "BUY", "type": "MARKET"}
    client.new_order(**order, quantity=float(best[1]) + 0.1)
    lives, numbers = [], []
    while lives[-1:] != ["FILLED"] or len(numbers) < 3:
        said = heard.get(timeout=20)
        if said.get("e") == "ORDER_TRADE_UPDATE" and said["o"]["o"] == "MARKET":
            lives.append(said["o"]["X"])
        elif said.get("e") == "depthUpdate":
            numbers.append((said["U"], said["u"], said["pu"]))
    same(LIFE, lives)
    goes_on(numbers)
    sockets.stop()


client = UMFutures(key=API_KEY, secret=API_SECRET, base_url=BASE_URL)
for chapter in (chooses, enters_and_leaves, leaves_by_orders, is_paid_funding, is_liquidated):
    chapter(client)
listener(client)
