"""python-binance: a bot's day over REST, then what its sockets hear."""

import asyncio

from binance import AsyncClient, BinanceSocketManager, Client
from binance.exceptions import BinanceAPIException
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


def pointed(client):
    client.FUTURES_URL, client.FUTURES_DATA_URL = BASE_URL + "/fapi", BASE_URL + "/futures/data"
    return client


def bot(client):
    names = {one["symbol"] for one in client.futures_exchange_info()["symbols"]}
    same({"BTCUSDT", "ETHUSDT"}, names)
    ladder = client.futures_leverage_bracket(symbol=SYMBOL)[0]["brackets"]
    same(0.004, ladder[0]["maintMarginRatio"])
    same(10, client.futures_change_leverage(symbol=SYMBOL, leverage=10)["leverage"])
    client.futures_change_margin_type(symbol=SYMBOL, marginType="ISOLATED")
    isolated = {"symbol": SYMBOL, "marginType": "ISOLATED"}
    refused("-4046", BinanceAPIException, client.futures_change_margin_type, **isolated)
    client.futures_change_margin_type(symbol=SYMBOL, marginType="CROSSED")
    client.futures_change_multi_assets_mode(multiAssetsMargin=True)
    assert client.futures_get_multi_assets_mode()["multiAssetsMargin"]
    client.futures_change_multi_assets_mode(multiAssetsMargin=False)

    order = {"symbol": SYMBOL, "side": "BUY", "newOrderRespType": "RESULT"}
    refused(
        "-2019",
        BinanceAPIException,
        client.futures_create_order,
        **order,
        type="MARKET",
        quantity=50,
    )
    limit = {"type": "LIMIT", "timeInForce": "GTC"}
    resting = client.futures_create_order(**order, **limit, quantity=0.1, price=97000)
    same(
        "CANCELED", client.futures_cancel_order(symbol=SYMBOL, orderId=resting["orderId"])["status"]
    )
    price, size = client.futures_order_book(symbol=SYMBOL, limit=5)["asks"][0]
    part = client.futures_create_order(**order, **limit, quantity=float(size) + 1, price=price)
    same(("PARTIALLY_FILLED", decimal(size)), (part["status"], decimal(part["executedQty"])))
    client.futures_cancel_all_open_orders(symbol=SYMBOL)
    held = client.futures_position_information(symbol=SYMBOL)[0]["positionAmt"]
    sell = {**order, "side": "SELL", "reduceOnly": True}
    same("FILLED", client.futures_create_order(**sell, type="MARKET", quantity=held)["status"])

    client.futures_change_margin_type(symbol=SYMBOL, marginType="ISOLATED")
    client.futures_create_order(**order, type="MARKET", quantity=0.1)
    client.futures_change_position_margin(symbol=SYMBOL, amount=200, type=1)
    stop = {"symbol": SYMBOL, "side": "SELL", "type": "STOP_MARKET", "workingType": "MARK_PRICE"}
    stopped = client.futures_create_order(**stop, stopPrice=97000, quantity=0.1, reduceOnly=True)
    gain = {**stop, "type": "TAKE_PROFIT_MARKET", "stopPrice": 110000, "closePosition": True}
    client.futures_create_order(**gain)
    same(2, len(client.futures_get_open_algo_orders(symbol=SYMBOL)))
    to_the_edge("0.08")
    same("FINISHED", client.futures_get_algo_order(algoId=stopped["algoId"])["algoStatus"])
    client.futures_cancel_all_algo_open_orders(symbol=SYMBOL)
    same([], client.futures_get_open_algo_orders())

    client.futures_create_order(**order, type="MARKET", quantity=0.1)
    paid = eventually(lambda: client.futures_income_history(incomeType="FUNDING_FEE"))
    assert decimal(paid[0]["income"]) < 0
    to_the_edge("-0.001")
    same([], client.futures_position_information(symbol=SYMBOL))
    assert client.futures_account_trades(symbol=SYMBOL)


async def listener():
    client = pointed(AsyncClient(API_KEY, API_SECRET))
    manager = BinanceSocketManager(client)
    manager.FSTREAM_URL = f"ws://{HOST}/"
    try:
        async with manager.futures_depth_socket(SYMBOL) as books:
            first = await asyncio.wait_for(books.recv(), 20)
            assert "depthUpdate" in str(first)
        async with manager.futures_user_socket() as account:
            await client.futures_change_leverage(symbol=SYMBOL, leverage=5)
            order = {"symbol": "ETHUSDT", "side": "BUY", "type": "MARKET", "quantity": 0.1}
            placed = await client.futures_create_order(**order)
            heard = []
            while heard[-1:] != ["FILLED"]:
                said = await asyncio.wait_for(account.recv(), 20)
                if said["e"] == "ORDER_TRADE_UPDATE":
                    same(placed["orderId"], said["o"]["i"])
                    heard.append(said["o"]["X"])
            same(["NEW", "FILLED"], heard)
    finally:
        await client.close_connection()


bot(pointed(Client(API_KEY, API_SECRET, ping=False)))
asyncio.run(listener())
