"""Signed orders over HTTP against the same server answering a bare ping, and how soon events come.

`crossmargin serve` runs as a process of its own with its defaults: prices every second, a SQLite
store with full sync, keys, signatures, buckets, audit log. The client runs beside it on the same
machine: plain sockets, requests made beforehand, so that little of its own time is in what is
measured. Rounds of pings and orders alternate; the best of each counts.
"""

import asyncio
import hashlib
import hmac
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import connect

from benchmarks.timing import line

CONNECTIONS = 64
REQUESTS = 192
"""A round; no more orders may be open in a symbol than 200, as at Binance."""
ROUNDS = 15
ALONE = 190
START_SECONDS = 60
BTC = "BTCUSDT"


def bench() -> Iterator[str]:
    """Yield the lines."""
    with _server() as ready:
        found = asyncio.run(_measure(ready))
    yield line(
        "api-orders",
        found["orders"],
        "orders/s",
        "the same server answering GET /fapi/v1/ping",
        found["orders"] / found["pings"],
        f"signed POST /fapi/v1/order, limit orders that rest, {CONNECTIONS} connections kept "
        f"open, {REQUESTS} a round; durable before they are answered; the goal is 0.35",
    )
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        ours, least = _at(found["order_ms"], share), _at(found["ping_ms"], share)
        yield line(
            f"api-order-{name}",
            ours,
            "ms",
            "the same server answering GET /fapi/v1/ping",
            ours / least,
            f"one order after another on one connection, {ALONE} of them, each its own sync",
            better="lower",
        )
    yield line(
        "api-event-p50",
        median(found["event_ms"]),
        "ms",
        "the answer to the same order",
        median(found["event_ms"]) / median(found["order_ms"]),
        "from sending an order to its ORDER_TRADE_UPDATE on the user stream, one after another",
        better="lower",
    )


def _at(times: Sequence[float], share: float) -> float:
    return quantiles(times, n=100, method="inclusive")[round(share * 100) - 1]


@contextmanager
def _server() -> Iterator[dict[str, Any]]:
    with TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        command = Path(sys.executable).with_name("crossmargin")
        log = (Path(folder) / "log").open("w")
        options = ["--port", "0", "--ready-file", ready, "--store", Path(folder) / "store.db"]
        process = subprocess.Popen([command, "serve", *options], stdout=log, stderr=log)
        try:
            end = time.monotonic() + START_SECONDS
            while not ready.exists():
                assert process.poll() is None, (Path(folder) / "log").read_text()
                assert time.monotonic() < end, "the server does not start"
                time.sleep(0.05)
            yield json.loads(ready.read_text())
        finally:
            process.terminate()
            process.wait(30)
            log.close()


class Client:
    """Makes requests of one account and sends them."""

    def __init__(self, ready: dict[str, Any]) -> None:
        """Take the first account's key."""
        key = ready["accounts"][0]
        self.key, self.secret = key["api_key"], key["api_secret"].encode()
        self.address = ready["base_url"].removeprefix("http://")
        self.ws_url = ready["ws_url"]

    def ping(self) -> bytes:
        """Return the bytes of a ping."""
        return self._request("GET", "/fapi/v1/ping")

    def signed(self, method: str, path: str, **fields: object) -> bytes:
        """Return the bytes of a signed request, of now."""
        query = urlencode(fields | {"timestamp": time.time_ns() // 1_000_000})
        seal = hmac.new(self.secret, query.encode(), hashlib.sha256).hexdigest()
        return self._request(method, f"{path}?{query}&signature={seal}")

    def order(self, price: int) -> bytes:
        """Return the bytes of a small limit buy at a price."""
        return self.signed(
            "POST",
            "/fapi/v1/order",
            symbol=BTC,
            side="BUY",
            type="LIMIT",
            timeInForce="GTC",
            quantity="0.002",
            price=price,
            recvWindow=60_000,
        )

    def _request(self, method: str, path: str) -> bytes:
        head = f"{method} {path} HTTP/1.1\r\nHost: {self.address}\r\nX-MBX-APIKEY: {self.key}\r\n"
        return f"{head}Content-Length: 0\r\n\r\n".encode()

    async def connection(self) -> "Connection":
        """Return an open connection."""
        host, port = self.address.split(":")
        return Connection(*await asyncio.open_connection(host, int(port)))


class Connection:
    """One connection, one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take both ends."""
        self._reader, self._writer = reader, writer

    async def ask(self, request: bytes) -> bytes:
        """Return the body of the answer, which must be a success."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        body = await self._reader.readexactly(length)
        assert head.startswith(b"HTTP/1.1 200"), head + body
        return body

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


async def _measure(ready: dict[str, Any]) -> dict[str, Any]:
    client = Client(ready)
    connections = [await client.connection() for _ in range(CONNECTIONS)]
    first = connections[0]
    mark = json.loads(await first.ask(_get(client, f"/fapi/v1/premiumIndex?symbol={BTC}")))
    price = int(float(mark["markPrice"]) * 0.9)
    found: dict[str, Any] = {"pings": 0.0, "orders": 0.0}
    for _ in range(ROUNDS):
        found["pings"] = max(found["pings"], await _rate(connections, [client.ping()] * REQUESTS))
        orders = [client.order(price - n % 500) for n in range(REQUESTS)]
        found["orders"] = max(found["orders"], await _rate(connections, orders))
        await first.ask(client.signed("DELETE", "/fapi/v1/allOpenOrders", symbol=BTC))
    found["ping_ms"] = await _alone(first, [client.ping()] * ALONE)
    found["order_ms"] = await _alone(first, [client.order(price - n) for n in range(ALONE)])
    await first.ask(client.signed("DELETE", "/fapi/v1/allOpenOrders", symbol=BTC))
    found["event_ms"] = await _events(client, first, price)
    for one in connections:
        one.close()
    return found


def _get(client: Client, path: str) -> bytes:
    return client.ping().replace(b"/fapi/v1/ping", path.encode())


async def _rate(connections: Sequence[Connection], requests: Sequence[bytes]) -> float:
    async def work(connection: Connection, own: Sequence[bytes]) -> None:
        for one in own:
            await connection.ask(one)

    start = time.perf_counter()
    await asyncio.gather(
        *(work(one, requests[n :: len(connections)]) for n, one in enumerate(connections))
    )
    return len(requests) / (time.perf_counter() - start)


async def _alone(connection: Connection, requests: Sequence[bytes]) -> list[float]:
    times = []
    for one in requests:
        start = time.perf_counter()
        await connection.ask(one)
        times.append((time.perf_counter() - start) * 1e3)
    return times


async def _events(client: Client, connection: Connection, price: int) -> list[float]:
    listen = client.ping().replace(b"GET /fapi/v1/ping", b"POST /fapi/v1/listenKey")
    key = json.loads(await connection.ask(listen))["listenKey"]
    times = []
    async with connect(f"{client.ws_url}/ws/{key}", proxy=None) as stream:
        for number in range(ALONE):
            request = client.order(price - number)
            start = time.perf_counter()
            answer = asyncio.create_task(connection.ask(request))
            while json.loads(await stream.recv())["e"] != "ORDER_TRADE_UPDATE":
                pass
            times.append((time.perf_counter() - start) * 1e3)
            await answer
    return times
