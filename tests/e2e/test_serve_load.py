"""A server under more than it can take, and behind a line that loses answers."""

import asyncio
import itertools
import json
import random
import time

from crossmargin.store.sqlite import SqliteReader
from crossmargin.venue.command import PlaceOrder
from crossmargin.venue.event import OrderAccepted
from tests.e2e.serving import ROOT, serving

CLIENTS = 150
FLOOD_S = 5
CANCEL_BUDGET_S = 3
"""What nearly all cancels take at most, on two cores that others use too."""


def order(name, price):
    return {
        "client_id": name,
        "symbol": "BTCUSDT",
        "size": "0.001",
        "type": "limit",
        "price": f"{price:.1f}",
    }


def cancel(name):
    return {"client_id": f"cancel-{name}", "order_client_id": name}


class Line:
    """One connection; a client that costs little, because it shares two cores with the server."""

    def __init__(self, server):
        self.server = server
        self.host = server.ready["base_url"].removeprefix("http://")

    async def __aenter__(self):
        name, _, port = self.host.rpartition(":")
        self.reader, self.writer = await asyncio.open_connection(name, int(port))
        return self

    async def __aexit__(self, *_):
        self.writer.close()
        await self.writer.wait_closed()

    async def ask(self, path, body):
        """Return status and body of the answer to a request of alice's."""
        method, target, content, headers = self.server.signed("alice", "POST", path, body)
        named = {**headers, "Host": self.host, "Content-Length": str(len(content))}
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        self.writer.write(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + content)
        status = int((await self.reader.readline()).split()[1])
        length = 0
        while (line := await self.reader.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        return status, json.loads(await self.reader.readexactly(length))


class Flood:
    """Clients that place orders as fast as they are answered, and one that cancels them."""

    def __init__(self, server):
        self.server, self.answers, self.cancels = server, {}, []
        best = server.client.get(f"{ROOT}/symbols/BTCUSDT/prices").json()["mark"]
        self.price = float(best) * 0.97
        self.end_s = time.monotonic() + FLOOD_S

    async def place(self, number):
        async with Line(self.server) as line:
            for count in itertools.count():
                if time.monotonic() >= self.end_s:
                    return
                name = f"{number}-{count}"
                path, body = "/accounts/alice/orders", order(name, self.price)
                self.answers[name] = await line.ask(path, body)

    async def take_away(self):
        async with Line(self.server) as line:
            await self._take_away(line)

    async def _take_away(self, line):
        done = set()
        while time.monotonic() < self.end_s:
            placed = [
                name
                for name, (status, _) in self.answers.items()
                if status == 200 and name not in done
            ]
            if not placed:
                await asyncio.sleep(0.01)
                continue
            name = placed[-1]
            start_s = time.monotonic()
            status, body = await line.ask("/accounts/alice/orders/cancel", cancel(name))
            self.cancels.append(time.monotonic() - start_s)
            done.add(name)
            assert 200 == status, body

    async def run(self):
        await asyncio.gather(self.take_away(), *(self.place(one) for one in range(CLIENTS)))


def accepted_in(path):
    """Return the client ids of the orders that a store says were accepted."""
    reader = SqliteReader(path)
    try:
        return [
            command.client_id
            for entry in reader.read()
            if isinstance(command := entry.decoded_command(), PlaceOrder)
            and command.account == "alice"
            and any(isinstance(one, OrderAccepted) for one in entry.decoded_events())
        ]
    finally:
        reader.close()


def test_what_is_accepted_is_answered_and_cancels_get_through(tmp_path):
    with serving(tmp_path) as server:
        flood = Flood(server)
        asyncio.run(flood.run())
        healthy = server.client.get("/healthz").status_code
        assert 0 == server.stop()
    accepted = accepted_in(tmp_path / "venue.db")
    answered = [name for name, (status, _) in flood.answers.items() if status == 200]
    refused = [
        (status, body["error"]["name"]) for status, body in flood.answers.values() if status != 200
    ]

    assert sorted(accepted) == sorted(answered)
    assert len(answered) > CLIENTS
    # Refusals are named; none is a failure.
    assert {name for _, name in refused} <= {"queue-full", "too-many-requests", "not-fresh"}
    assert 200 == healthy
    took = sorted(flood.cancels)
    assert len(took) >= 3
    assert took[int(0.99 * (len(took) - 1))] < CANCEL_BUDGET_S


def test_who_loses_answers_converges_by_id_with_one_effect(tmp_path):
    chance, lost = random.Random(7), 0  # noqa: S311 - chance, and no secret
    with serving(tmp_path) as server:
        for number in range(60):
            body = {"client_id": f"d-{number}", "asset": "USDT", "amount": "1"}
            while True:
                answer = server.ask("admin", "POST", "/accounts/bob/deposits", body)
                if chance.random() >= 0.3:
                    break
                lost += 1  # It was done, and the client does not know.
            assert 200 == answer.status_code
        state = server.ask("bob", "GET", "/accounts/bob").json()
        server.stop()

    assert lost >= 10
    assert "100060" == state["balances"]["USDT"]
