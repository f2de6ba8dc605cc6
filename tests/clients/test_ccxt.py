"""ccxt, unmodified, against a server that was started just now: what a bot does, read back.

ccxt is a dependency of the project, so these stories run with all other tests.
"""

import asyncio
import inspect
from decimal import Decimal

import ccxt
import ccxt.pro
import pytest

from tests.clients.ccxt_client import connect
from tests.clients.ccxt_story import BTC, whole
from tests.clients.story import candles, to_the_edge
from tests.e2e.serving import serving

D = Decimal


class Waited:
    """An asynchronous client, each of whose calls is waited for: one story suits both kinds."""

    def __init__(self, client, runner):
        self._client, self._runner = client, runner

    def __getattr__(self, name):
        found = getattr(self._client, name)

        def call(*args, **params):
            answer = found(*args, **params)
            return self._runner.run(_awaited(answer)) if inspect.isawaitable(answer) else answer

        return call if callable(found) else found


async def _awaited(answer):
    return await answer


def client_of(server, kind, name="alice"):
    key = server.key(name)
    return connect(server.ready["base_url"], key["api_key"], key["api_secret"], kind)


def test_a_story_over_rest(tmp_path):
    with serving(tmp_path, *candles(tmp_path)) as server:
        client = client_of(server, ccxt.binanceusdm)
        try:
            whole(client, server)
        finally:
            # It does not do so itself.
            client.session.close()
        assert 0 == server.stop()
        assert '"level":"error"' not in server.log


def test_the_same_story_heard_while_it_is_told(tmp_path):
    lives = []
    with serving(tmp_path, *candles(tmp_path)) as server, asyncio.Runner() as runner:
        client = runner.run(_made(server))
        try:
            runner.run(client.load_markets())
            listening = runner.get_loop().create_task(lived(client, lives))
            whole(Waited(client, runner), server)
            runner.run(until(lambda: lives[-1:] and lives[-1][0].startswith("autoclose-")))
            listening.cancel()
        finally:
            runner.run(client.close())
        assert 0 == server.stop()
        assert '"level":"error"' not in server.log
    # The shortest that all of it can be told in: entry and exit, part, stop, profit, end.
    assert 8 <= len({name for name, status, _ in lives if status == "closed"})
    for name in {name for name, *_ in lives}:
        states = [(status == "closed", filled) for one, status, filled in lives if one == name]
        assert sorted(states) == states


async def _made(server):
    return client_of(server, ccxt.pro.binanceusdm)


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
    name = resting["clientOrderId"]
    assert [(name, "open", 0), (name, "canceled", 0)] == lives

    bought = await client.create_order(BTC, "market", "buy", 0.01)
    name = bought["clientOrderId"]
    await until(lambda: (name, "closed", 0.01) in lives)
    # ccxt keeps the last of what it heard of an order: it may be filled when it is first told of.
    assert {(name, "open", 0), (name, "closed", 0.01)} >= set(lives[2:])
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
            lives.append((one["clientOrderId"], one["status"], one["filled"]))


async def until(is_there):
    async with asyncio.timeout(20):
        while not is_there():  # noqa: ASYNC110 - ccxt has no event for what it has heard.
            await asyncio.sleep(0.05)


async def trades_over_a_socket(client):
    """Orders placed, changed, read and cancelled without REST."""
    placed = await client.create_order_ws(BTC, "limit", "buy", 0.01, 80_000)
    moved = await client.edit_order_ws(placed["id"], BTC, "limit", "buy", 0.02, 80_100)
    assert placed["id"] == moved["id"]
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
