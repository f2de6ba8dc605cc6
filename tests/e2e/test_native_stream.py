"""The stream of our own API over a network, while prices move."""

import asyncio
import json
import time

from websockets.asyncio.client import connect

from crossmargin.api.signing import Request, hmac_hex
from tests.e2e.serving import ROOT, serving

PATH = f"{ROOT}/stream"


def credentials(key):
    """Return what says whose a connection is."""
    now, nonce = str(time.time_ns() // 1_000_000), f"s{time.time_ns()}"
    signed = Request("WEBSOCKET", PATH, b"", b"", now, nonce, key["api_key"])
    signature = hmac_hex(key["api_secret"], signed.canonical())
    return {"key_id": key["api_key"], "timestamp": now, "nonce": nonce, "signature": signature}


async def heard(server, deltas):
    """Return the messages of two channels, so many of the market's."""
    key, found = server.key("alice"), []
    async with asyncio.timeout(30), connect(server.ready["ws_url"] + PATH, proxy=None) as socket:
        await socket.send(json.dumps({"do": "authenticate", **credentials(key)}))
        channels = ["market.BTCUSDT", "account.alice"]
        await socket.send(json.dumps({"do": "subscribe", "id": "1", "channels": channels}))
        while len(of(found, "market.BTCUSDT")) <= deltas:
            found.append(json.loads(await socket.recv()))
            if len(of(found, "market.BTCUSDT")) == 2:
                body = {"client_id": "s-1", "symbol": "BTCUSDT", "size": "0.01", "type": "market"}
                await asyncio.to_thread(server.ask, "alice", "POST", "/accounts/alice/orders", body)
    return found


def of(messages, channel):
    """Return the messages of a channel."""
    return [one for one in messages if one.get("channel") == channel]


def test_what_is_streamed_has_no_gaps_and_is_what_is_so(tmp_path):
    with serving(tmp_path, "--speed", "20") as server:
        found = asyncio.run(heard(server, 20))
        trades = server.ask("alice", "GET", "/accounts/alice/trades").json()
    for channel in ("market.BTCUSDT", "account.alice"):
        numbers = [one["number"] for one in of(found, channel)]

        assert [*range(numbers[0], numbers[0] + len(numbers))] == numbers
    sides = {"bids": {}, "asks": {}}
    for message in of(found, "market.BTCUSDT"):
        content = message.get("snapshot") or message["delta"]
        for side, kept in sides.items():
            for price, size in content.get(side, ()):
                kept[price] = size
                if size == "0":
                    del kept[price]
        # The book never stands crossed, so no level that is gone was kept.
        assert max(map(float, sides["bids"])) < min(map(float, sides["asks"]))
        assert 5 >= len(sides["bids"]) > 0
    streamed = [
        trade
        for one in of(found, "account.alice")
        for trade in one.get("delta", {}).get("trades", ())
    ]

    assert trades == streamed
    assert 1 == len(trades)
