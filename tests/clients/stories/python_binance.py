"""python-binance: a bot's day over REST, then what its sockets hear."""

import asyncio

from binance import AsyncClient, BinanceSocketManager, Client
from binance.exceptions import BinanceAPIException
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

BUY = {"symbol": SYMBOL, "side": "BUY", "newOrderRespType": "RESULT"}


def by_id(order):
    return {"symbol": SYMBOL, "orderId": order["orderId"]}


def pointed(client):
    client.FUTURES_URL, client.FUTURES_DATA_URL = BASE_URL + "/fapi", BASE_URL + "/futures/data"
    return client


def chooses(client):
    """Markets, tiers, leverage, margin mode, multi-assets mode."""
    names = {one["symbol"] for one in client.futures_exchange_info()["symbols"]}
    same({"BTCUSDT", "ETHUSDT"}, names)
    ladder = client.futures_leverage_bracket(symbol=SYMBOL)[0]["brackets"]
    found = [(one["notionalFloor"], str(one["maintMarginRatio"])) for one in ladder[:2]]
    same(FIRST_TIERS, found)
    same(10, client.futures_change_leverage(symbol=SYMBOL, leverage=10)["leverage"])
    client.futures_change_margin_type(symbol=SYMBOL, marginType="ISOLATED")
    isolated = {"symbol": SYMBOL, "marginType": "ISOLATED"}
    refused("-4046", BinanceAPIException, client.futures_change_margin_type, **isolated)
    client.futures_change_margin_type(symbol=SYMBOL, marginType="CROSSED")
    client.futures_change_multi_assets_mode(multiAssetsMargin=True)
    assert client.futures_get_multi_assets_mode()["multiAssetsMargin"]
    near(POOLED, client.futures_account()["totalMarginBalance"], 1)
    refused("-4168", BinanceAPIException, client.futures_change_margin_type, **isolated)
    client.futures_change_multi_assets_mode(multiAssetsMargin=False)


def enters_and_leaves(client):
    """Entry, a typed refusal, reading back, a partial fill, exit."""
    large = {**BUY, "type": "MARKET", "quantity": 50}
    refused("-2019", BinanceAPIException, client.futures_create_order, **large)
    limit = {"type": "LIMIT", "timeInForce": "GTC"}
    resting = client.futures_create_order(**BUY, **limit, quantity=0.1, price=97000)
    same(
        "CANCELED", client.futures_cancel_order(symbol=SYMBOL, orderId=resting["orderId"])["status"]
    )
    price, size = client.futures_order_book(symbol=SYMBOL, limit=5)["asks"][0]
    part = client.futures_create_order(**BUY, **limit, quantity=float(size) + 1, price=price)
    same(("PARTIALLY_FILLED", decimal(size)), (part["status"], decimal(part["executedQty"])))
    client.futures_cancel_all_open_orders(symbol=SYMBOL)
    held = client.futures_position_information(symbol=SYMBOL)[0]["positionAmt"]
    sell = {**BUY, "side": "SELL", "reduceOnly": True}
    sold = client.futures_create_order(**sell, type="MARKET", quantity=held)
    same("FILLED", sold["status"])
    trades = client.futures_account_trades(symbol=SYMBOL, orderId=sold["orderId"])
    charged((one["quoteQty"] for one in trades), (one["commission"] for one in trades))
    same(sold, {name: client.futures_get_order(**by_id(sold))[name] for name in sold})


def leaves_by_orders(client):
    """An isolated position with margin added, a stop that is taken, then a take-profit."""
    client.futures_change_margin_type(symbol=SYMBOL, marginType="ISOLATED")
    client.futures_create_order(**BUY, type="MARKET", quantity=0.1)
    before = client.futures_position_information(symbol=SYMBOL)[0]
    client.futures_change_position_margin(symbol=SYMBOL, amount=200, type=1)
    after = client.futures_position_information(symbol=SYMBOL)[0]
    same(200, decimal(after["isolatedWallet"]) - decimal(before["isolatedWallet"]))
    assert decimal(after["liquidationPrice"]) < decimal(before["liquidationPrice"])
    stop = {"symbol": SYMBOL, "side": "SELL", "type": "STOP_MARKET", "workingType": "MARK_PRICE"}
    stopped = client.futures_create_order(**stop, stopPrice=97000, quantity=0.1, reduceOnly=True)
    gain = {**stop, "type": "TAKE_PROFIT_MARKET", "stopPrice": 110000, "closePosition": True}
    client.futures_create_order(**gain)
    same(2, len(client.futures_get_open_algo_orders(symbol=SYMBOL)))
    to_the_edge("0.08")
    same("FINISHED", client.futures_get_algo_order(algoId=stopped["algoId"])["algoStatus"])
    client.futures_cancel_all_algo_open_orders(symbol=SYMBOL)
    same([], client.futures_get_open_algo_orders())

    # A tenth of margin is gone at 0.9036 of the entry; a quarter above that is 1.13 of it.
    entry = client.futures_create_order(**BUY, type="MARKET", quantity=0.1)["avgPrice"]
    profit = client.futures_create_order(**gain | {"stopPrice": round(float(entry) * 1.05)})
    to_the_edge("0.2")
    same([], client.futures_position_information(symbol=SYMBOL))
    same("FINISHED", client.futures_get_algo_order(algoId=profit["algoId"])["algoStatus"])
    taken = client.futures_account_trades(symbol=SYMBOL, orderId=profit["algoId"])
    assert sum(decimal(one["realizedPnl"]) for one in taken) > 0


def is_paid_funding(client):
    """A position over midnight, and what it paid."""
    client.futures_create_order(**BUY, type="MARKET", quantity=0.1)
    paid = eventually(lambda: client.futures_income_history(incomeType="FUNDING_FEE"))[0]
    rates = client.futures_funding_rate(symbol=SYMBOL)
    rate = next(one for one in rates if one["fundingTime"] == paid["time"])
    owed(decimal("0.1"), rate["markPrice"], rate["fundingRate"], paid["income"])


def is_liquidated(client):
    """Prices go beyond what the bucket stands, and all of it can be read."""
    to_the_edge("-0.001")
    same([], client.futures_position_information(symbol=SYMBOL))
    forced = client.futures_liquidation_orders(autoCloseType="LIQUIDATION")
    same(decimal("0.1"), sum(decimal(one["executedQty"]) for one in forced))
    assert all(one["clientOrderId"].startswith("autoclose-") for one in forced)
    kinds = {one["incomeType"] for one in client.futures_income_history()}
    assert {"REALIZED_PNL", "COMMISSION", "FUNDING_FEE"} <= kinds, kinds


async def hears_the_market(client, manager):
    """A book whose changes leave none out, while somebody changes it."""
    async with manager.futures_depth_socket(SYMBOL, depth="") as books:
        for number in range(CHANGES):
            limit = {"type": "LIMIT", "timeInForce": "GTC", "price": 90_000 + number}
            await client.futures_create_order(**BUY, **limit, quantity=0.01)
            await asyncio.sleep(BETWEEN_S)
        numbers = []
        for _ in range(3):
            said = (await asyncio.wait_for(books.recv(), 20))["data"]
            numbers.append((said["U"], said["u"], said["pu"]))
        goes_on(numbers)
    await client.futures_cancel_all_open_orders(symbol=SYMBOL)


async def listener():
    client = pointed(AsyncClient(API_KEY, API_SECRET))
    manager = BinanceSocketManager(client)
    manager.FSTREAM_URL = f"ws://{HOST}/"
    try:
        await hears_the_market(client, manager)
        async with manager.futures_user_socket() as account:
            await client.futures_change_leverage(symbol=SYMBOL, leverage=5)
            best = (await client.futures_order_book(symbol="ETHUSDT", limit=5))["asks"][0]
            order = {"symbol": "ETHUSDT", "side": "BUY", "type": "MARKET"}
            order["quantity"] = float(best[1]) + 0.1
            placed = await client.futures_create_order(**order)
            heard = []
            while heard[-1:] != ["FILLED"]:
                said = await asyncio.wait_for(account.recv(), 20)
                if said["e"] == "ORDER_TRADE_UPDATE":
                    same(placed["orderId"], said["o"]["i"])
                    heard.append(said["o"]["X"])
            same(LIFE, heard)
    finally:
        await client.close_connection()


bot = pointed(Client(API_KEY, API_SECRET, ping=False))
for chapter in (chooses, enters_and_leaves, leaves_by_orders, is_paid_funding, is_liquidated):
    chapter(bot)
asyncio.run(listener())
