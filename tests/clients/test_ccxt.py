"""ccxt, unmodified, against a server that was started just now: what a bot does, read back.

ccxt is a dependency of the project, so these stories run with all other tests.
"""

import asyncio
from decimal import Decimal

import ccxt
import ccxt.pro
import pytest

from tests.clients.ccxt_client import connect
from tests.clients.story import candles, deposit, eventually, to_the_edge
from tests.e2e.serving import serving

BTC = "BTC/USDT:USDT"
D = Decimal


def client_of(server, kind, name="alice"):
    key = server.key(name)
    return connect(server.ready["base_url"], key["api_key"], key["api_secret"], kind)


def close(client):
    """Close the connections of a client that does not do so itself."""
    client.session.close()


def test_a_story_over_rest(tmp_path):
    with serving(tmp_path, *candles(tmp_path)) as server:
        client = client_of(server, ccxt.binanceusdm)
        try:
            chooses(client, server)
            enters_and_leaves(client)
            is_filled_in_part(client)
            is_stopped(client, server)
            is_paid_funding(client)
            is_liquidated(client, server)
        finally:
            close(client)
        assert 0 == server.stop()
        assert '"level":"error"' not in server.log


def chooses(client, server):
    """Markets, tiers, leverage, margin mode, multi-assets mode."""
    markets = client.load_markets()
    assert {BTC, "ETH/USDT:USDT"} == set(markets)
    assert markets[BTC]["linear"]
    assert markets[BTC]["active"]
    tiers = client.fetch_leverage_tiers([BTC])[BTC]
    # The first two rows of the edition of 2025-09-29.
    assert [(0, 0.004), (300_000, 0.005)] == [
        (one["minNotional"], one["maintenanceMarginRate"]) for one in tiers[:2]
    ]
    client.set_leverage(10, BTC)
    assert 10 == client.fetch_leverage(BTC)["longLeverage"]
    assert not client.fetch_position_mode(BTC)["hedged"]
    client.set_margin_mode("isolated", BTC)
    assert "isolated" == client.fetch_margin_mode(BTC)["marginMode"]
    with pytest.raises(ccxt.MarginModeAlreadySet):
        client.set_margin_mode("isolated", BTC)
    client.set_margin_mode("cross", BTC)

    deposit(server, "alice", "BTC", "1")
    client.fapiPrivatePostMultiAssetsMargin({"multiAssetsMargin": "true"})
    assert client.fapiPrivateGetMultiAssetsMargin()["multiAssetsMargin"]
    account = client.fapiPrivateV3GetAccount()
    # A bitcoin counts for 95 %, and tethers for 99.99 %.
    price = D(client.fapiPublicGetAssetIndex({"symbol": "BTCUSD"})["index"])
    worth = D(account["totalMarginBalance"])
    assert abs(worth - (D(99_990) + price * D("0.95"))) < 10
    with pytest.raises(ccxt.BadRequest, match="-4168"):
        client.set_margin_mode("isolated", BTC)
    client.fapiPrivatePostMultiAssetsMargin({"multiAssetsMargin": "false"})
    assert 100_000 == client.fetch_balance()["USDT"]["total"]


def enters_and_leaves(client):
    """Entry, typed errors, reading back, exit."""
    best = client.fetch_order_book(BTC, 5)
    with pytest.raises(ccxt.InsufficientFunds):
        client.create_order(BTC, "limit", "buy", 500, best["bids"][0][0])
    with pytest.raises(ccxt.OrderNotFillable):
        client.create_order(BTC, "limit", "buy", 0.1, best["asks"][0][0], {"postOnly": True})
    with pytest.raises(ccxt.OrderNotFound):
        client.cancel_order("999999", BTC)
    resting = client.create_order(BTC, "limit", "buy", 0.1, 97_000, {"postOnly": True})
    moved = client.edit_order(resting["id"], BTC, "limit", "buy", 0.2, 97_100)
    assert ["canceled", "open"] == [
        client.fetch_order(one["id"], BTC)["status"] for one in (resting, moved)
    ]
    (listed,) = client.fetch_open_orders(BTC)
    assert (moved["id"], 0.2, 97_100) == (listed["id"], listed["amount"], listed["price"])
    client.cancel_all_orders(BTC)
    assert [] == client.fetch_open_orders(BTC)

    bought = client.create_order(BTC, "market", "buy", 0.1)
    assert ("closed", 0.1) == (bought["status"], bought["filled"])
    (position,) = client.fetch_positions([BTC])
    assert ("long", 0.1, "cross") == (
        *(position["side"], position["contracts"], position["marginMode"]),
    )
    assert bought["average"] == position["entryPrice"]
    trades = client.fetch_my_trades(BTC)
    assert {bought["id"]} == {one["order"] for one in trades}
    cost = sum(D(one["info"]["quoteQty"]) for one in trades)
    assert cost * D("0.0005") == sum(D(one["info"]["commission"]) for one in trades)
    client.create_order(BTC, "market", "sell", 0.1, None, {"reduceOnly": True})
    assert [] == client.fetch_positions([BTC])


def is_filled_in_part(client):
    """An order for more than there is at its price."""
    price, size = client.fetch_order_book(BTC, 5)["asks"][0]
    placed = client.create_order(BTC, "limit", "buy", size + 1, price)

    # The maker may have come back to the price before it is looked at again.
    assert ("open", size) == (placed["status"], placed["filled"])
    assert 1 == pytest.approx(placed["remaining"])
    client.cancel_all_orders(BTC)
    held = client.fetch_positions([BTC])[0]["contracts"]
    client.create_order(BTC, "market", "sell", held, None, {"reduceOnly": True})


def is_stopped(client, server):
    """An isolated position with a stop and a take-profit, and margin added to it."""
    client.set_margin_mode("isolated", BTC)
    entry = client.create_order(BTC, "market", "buy", 0.1)["average"]
    before = client.fetch_positions([BTC])[0]
    client.add_margin(BTC, 200)
    after = client.fetch_positions([BTC])[0]
    assert 200 == pytest.approx(after["collateral"] - before["collateral"], abs=5)
    assert after["liquidationPrice"] < before["liquidationPrice"] < entry
    mark = {"workingType": "MARK_PRICE", "reduceOnly": True}
    stop = client.create_order(
        BTC, "market", "sell", 0.1, None, {"stopLossPrice": entry * 0.97, **mark}
    )
    profit = {"takeProfitPrice": round(entry * 1.1), "closePosition": True}
    gain = client.create_order(BTC, "market", "sell", None, None, profit)
    waiting = client.fetch_open_orders(BTC, params={"trigger": True})
    assert {stop["id"], gain["id"]} == {one["id"] for one in waiting}

    # From 100,000 to 96,000, where the bucket would end at 88,358.
    to_the_edge(server, "alice", "0.08")

    assert [] == client.fetch_positions([BTC])
    assert "closed" == client.fetch_order(stop["id"], BTC, {"trigger": True})["status"]
    assert "closed" == client.fetch_order(stop["id"], BTC)["status"]
    client.cancel_all_orders(BTC, {"trigger": True})
    assert "canceled" == client.fetch_order(gain["id"], BTC, {"trigger": True})["status"]


def is_paid_funding(client):
    """A position over midnight, and what it paid."""
    client.create_order(BTC, "market", "buy", 0.1)
    paid = eventually(lambda: client.fetch_funding_history(BTC))[0]
    rates = client.fetch_funding_rate_history(BTC)
    rate = next(one for one in rates if one["timestamp"] == paid["timestamp"])["info"]
    owed = D("0.1") * D(rate["markPrice"]) * D(rate["fundingRate"])
    assert abs(D(paid["info"]["income"]) + owed) <= D("0.00000001")


def is_liquidated(client, server):
    """Prices go beyond what the bucket stands, and all of it can be read."""
    held = client.fetch_positions([BTC])[0]["contracts"]
    to_the_edge(server, "alice", "-0.001")

    assert [] == client.fetch_positions([BTC])
    forced = client.fetch_my_liquidations(BTC)
    assert held == pytest.approx(sum(one["contracts"] for one in forced))
    raw = client.fapiPrivateGetForceOrders({"autoCloseType": "LIQUIDATION"})
    assert all(one["clientOrderId"].startswith("autoclose-") for one in raw)


def test_a_story_over_websockets(tmp_path):
    with serving(tmp_path) as server:
        asyncio.run(listens(server))
        assert 0 == server.stop()
        assert '"level":"error"' not in server.log


async def listens(server):
    client = client_of(server, ccxt.pro.binanceusdm)
    try:
        await client.load_markets()
        await hears_the_market(client)
        await hears_its_account(client)
        await trades_over_a_socket(client)
        await hears_its_end(client, server)
    finally:
        await client.close()


async def hears_the_market(client):
    """Books that are never crossed and only go on, and prices that are those of REST."""
    last = 0
    for _ in range(5):
        book = await soon(client.watch_order_book(BTC))
        assert book["nonce"] > last
        assert book["bids"][0][0] < book["asks"][0][0]
        last = book["nonce"]
    assert (await soon(client.watch_ticker(BTC)))["last"] > 0
    assert (await soon(client.watch_mark_price(BTC)))["markPrice"] > 0
    assert BTC in await soon(client.watch_bids_asks([BTC]))
    assert 6 == len((await soon(client.watch_ohlcv(BTC, "1m")))[-1])


async def hears_its_account(client):
    """One order's life, in the order it was lived; what comes of a trade, on every stream."""
    lives = []
    heard = {
        "orders": asyncio.create_task(lived(client, lives)),
        "trades": asyncio.create_task(soon(client.watch_my_trades())),
        "balance": asyncio.create_task(soon(client.watch_balance())),
        "public": asyncio.create_task(soon(client.watch_trades(BTC))),
    }
    await asyncio.sleep(2)
    resting = await client.create_order(BTC, "limit", "buy", 0.01, 90_000)
    await until(lambda: len(lives) == 1)
    await client.cancel_order(resting["id"], BTC)
    await until(lambda: len(lives) == 2)
    assert [(resting["id"], "open", 0), (resting["id"], "canceled", 0)] == lives

    bought = await client.create_order(BTC, "market", "buy", 0.01)
    await until(lambda: (bought["id"], "closed", 0.01) in lives)
    # ccxt keeps the last of what it heard of an order: it may be filled when it is first told of.
    assert {(bought["id"], "open", 0), (bought["id"], "closed", 0.01)} >= set(lives[2:])
    (trade,) = await heard["trades"]
    assert (bought["id"], 0.01) == (trade["order"], trade["amount"])
    wallet = D((await heard["balance"])["info"]["a"]["B"][0]["wb"])
    assert D(100_000) - D(trade["info"]["n"]) == wallet
    assert 0.01 == (await heard["public"])[-1]["amount"]
    heard["orders"].cancel()


async def lived(client, lives):
    """Keep what is heard of orders."""
    while True:
        for one in await client.watch_orders():
            lives.append((one["id"], one["status"], one["filled"]))


async def until(is_there):
    async with asyncio.timeout(20):
        while not is_there():  # noqa: ASYNC110 - ccxt has no event for what it has heard.
            await asyncio.sleep(0.05)


async def trades_over_a_socket(client):
    """Orders placed, changed, read and cancelled without REST."""
    placed = await client.create_order_ws(BTC, "limit", "buy", 0.01, 80_000)
    moved = await client.edit_order_ws(placed["id"], BTC, "limit", "buy", 0.02, 80_100)
    read = await client.fetch_order_ws(moved["id"], BTC)
    assert ("open", 0.02) == (read["status"], read["amount"])
    assert "canceled" == (await client.cancel_order_ws(moved["id"], BTC))["status"]
    assert 0.01 == (await client.fetch_positions_ws([BTC]))[0]["contracts"]
    balance = await client.fetch_balance_ws()
    assert 99_000 < balance["USDT"]["total"] <= 100_000
    with pytest.raises(ccxt.InsufficientFunds):
        await client.create_order_ws(BTC, "market", "buy", 500)


async def hears_its_end(client, server):
    """A liquidation, told to its owner: what is closed is nobody's order, and leaves nothing."""
    positions = asyncio.create_task(client.watch_positions([BTC]))
    orders = asyncio.create_task(forced_orders(client))
    await asyncio.sleep(1)
    await client.create_order(BTC, "market", "buy", 2)
    assert "long" == (await soon(positions))[-1]["side"]
    to_the_edge(server, "alice", "-0.001")
    forced = await soon(orders)
    assert forced["clientOrderId"].startswith("autoclose-")
    assert [] == await client.fetch_positions([BTC])


async def forced_orders(client):
    while True:
        for one in await client.watch_orders():
            if one["clientOrderId"].startswith("autoclose-"):
                return one


async def soon(one):
    return await asyncio.wait_for(one, 20)
