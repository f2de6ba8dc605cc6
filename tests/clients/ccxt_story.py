"""What a bot does with ccxt, chapter by chapter, whichever of its two kinds it is."""

from decimal import Decimal

import ccxt
import pytest

from tests.clients.story import deposit, eventually, to_the_edge

BTC = "BTC/USDT:USDT"
D = Decimal


def whole(client, server):
    """Tell all of it."""
    chooses(client, server)
    enters_and_leaves(client)
    is_filled_in_part(client)
    is_stopped(client, server)
    is_paid_out(client, server)
    is_paid_funding(client)
    is_liquidated(client, server)


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
    (listed,) = client.fetch_open_orders(BTC)
    assert resting["id"] == moved["id"] == listed["id"]
    assert (0.2, 97_100) == (listed["amount"], listed["price"])
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


def is_paid_out(client, server):
    """A take-profit that is reached."""
    entry = client.create_order(BTC, "market", "buy", 0.1)["average"]
    profit = {"takeProfitPrice": round(entry * 1.05), "closePosition": True}
    gain = client.create_order(BTC, "market", "sell", None, None, profit)

    # A tenth of margin is gone at 0.9036 of the entry; a quarter above that is 1.13 of it.
    to_the_edge(server, "alice", "0.2")

    assert [] == client.fetch_positions([BTC])
    assert "closed" == client.fetch_order(gain["id"], BTC, {"trigger": True})["status"]
    taken = [one for one in client.fetch_my_trades(BTC) if one["order"] == gain["id"]]
    assert sum(D(one["info"]["realizedPnl"]) for one in taken) > 0


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
    listed = [one["id"] for one in client.fetch_orders(BTC)]
    assert listed[-len(raw) :] == [str(one["orderId"]) for one in raw]
