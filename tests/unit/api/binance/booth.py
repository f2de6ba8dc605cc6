"""A venue behind the dialect, in one process and without a network: requests in, answers out."""

import asyncio
import contextlib
import json
from decimal import Decimal
from urllib.parse import urlencode

from crossmargin.api.binance import dialect
from crossmargin.api.context import Context, Settings
from crossmargin.api.gate import Gate, Rate, Rates
from crossmargin.api.keys import Keys, Scope
from crossmargin.api.limits import DayResults
from crossmargin.api.signing import Verifier, hmac_hex
from crossmargin.files.story_tables import LiquidityTable
from crossmargin.history.history import History
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.runtime.clock import ManualClock
from crossmargin.runtime.loop import Writer
from crossmargin.runtime.market_maker import MarketMaker
from crossmargin.runtime.service import Service
from crossmargin.runtime.steering import Steering
from crossmargin.runtime.venue_clock import VenueClock
from crossmargin.store.journal import Header
from crossmargin.store.places import journal_at
from crossmargin.store.state_hash import state_hash
from crossmargin.venue import command
from crossmargin.venue.decide import decide
from crossmargin.venue.settings import Filters, VenueSettings
from crossmargin.venue.state import State

D = Decimal
BTC, ETH = "BTCUSDT", "ETHUSDT"
START_MS = 1_760_000_400_000
WALL_MS = 1_800_000_000_000
SETTINGS = VenueSettings(
    stale_ms=10**9,
    filters={
        BTC: Filters(D("0.1"), D("0.001"), D(5), D("0.05")),
        ETH: Filters(D("0.01"), D("0.001"), D(5), D("0.05")),
    },
)
GENEROUS = Rate(10**9, 10**9)
EDITION = "2025-09-29"


class Reply:
    """An answer: status and what its JSON says."""

    def __init__(self, status, body):
        self.status, self.bytes = status, body
        self.json = json.loads(body)

    @property
    def code(self):
        return self.json.get("code") if isinstance(self.json, dict) else None


class Booth:
    """A venue with BTCUSDT at 50,000 and ETHUSDT at 2,000, quoted by a maker, and one trader."""

    def __init__(self, folder, *, rates=None, waiting_max=1_000):
        rulebook = load_rulebook("binance-usdm", edition=EDITION)
        header = Header(
            created_at_ms=START_MS,
            venue=rulebook.venue,
            edition=EDITION,
            rulebook=rulebook.sha256,
            settings=SETTINGS,
        )
        self.clock, self.wall = VenueClock(START_MS), ManualClock(WALL_MS)
        journal = journal_at(str(folder / "venue.db"), header)
        writer = Writer(journal, lambda: State(rulebook, SETTINGS), decide, self.clock)
        self.service = Service(writer, self.clock, self.wall)
        self.history = History(rulebook)
        self.service.subscribe(self.history.take)
        self.keys = Keys(b"m" * 32)
        forever = WALL_MS * 2
        self.trader = self.keys.issue("ann", forever, (Scope.READ, Scope.TRADE))
        self.reader = self.keys.issue("ann", forever, (Scope.READ,))
        self.gate = Gate(("localhost",), rates or Rates(GENEROUS, GENEROUS, GENEROUS))
        results = DayResults()
        self.service.subscribe(results.take)
        context = Context(
            service=self.service,
            history=self.history,
            keys=self.keys,
            gate=self.gate,
            verifier=Verifier(self.keys),
            steering=Steering(MarketMaker(LiquidityTable()), {}),
            settings=Settings(stream_queue_max=waiting_max),
            results=results,
        )
        self.app = dialect.app(context)
        self.runner = asyncio.Runner()
        self._open()

    def close(self):
        self.runner.close()
        self.service.close()

    def do(self, kind, **fields):
        """Let a command happen; return its events."""
        return self.runner.run(self.service.ask(kind(at_ms=0, **fields))).events

    def price(self, price, symbol=BTC, spread="0.1", size="100"):
        """Let a price be observed, with a maker around it."""
        price, spread, size = D(price), D(spread), D(size)
        self.do(command.Quote, account="mm", symbol=symbol, levels=())
        self.see(price, symbol)
        levels = tuple(
            command.Level(price + sign * step * spread, -sign * size)
            for sign in (-1, 1)
            for step in (1, 2, 3)
        )
        self.do(command.Quote, account="mm", symbol=symbol, levels=levels)

    def see(self, price, symbol=BTC):
        """Let a price be observed, and the maker stay where it is."""
        seen = {"index": D(price), "mark": D(price), "last": D(price)}
        self.do(command.Observe, symbol=symbol, source="t", **seen)

    def hash(self):
        """Return the hash of the venue's state."""
        return state_hash(self.service.state)

    def ask(self, method, path, query="", body=b"", headers=()):
        """Send bytes as they are."""
        return self.runner.run(self.answer(method, path, query, body, headers))

    async def answer(self, method, path, query="", body=b"", headers=()):
        query = query if isinstance(query, bytes) else query.encode()
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query,
            "headers": list(headers),
            "client": ("127.0.0.1", 1),
        }
        waiting = [{"type": "http.request", "body": body, "more_body": False}]
        sent = []

        async def receive():
            return waiting.pop(0)

        async def send(message):
            sent.append(message)

        await self.app(scope, receive, send)
        return Reply(sent[0]["status"], sent[1]["body"])

    def public(self, path, **params):
        """Send what anybody may ask."""
        return self.ask("GET", path, urlencode(params))

    def signed(self, method, path, *, key=None, in_body=False, **params):
        """Send a signed request, its parameters in the query or in a form."""
        key = key or self.trader
        payload = urlencode({**params, "timestamp": self.wall.now_ms()}).encode()
        signature = hmac_hex(self.keys.secret(key.id), payload)
        payload += f"&signature={signature}".encode()
        query, body = (b"", payload) if in_body else (payload, b"")
        return self.ask(method, path, query, body, self.header(key))

    def header(self, key=None):
        return [(b"x-mbx-apikey", (key or self.trader).id.encode())]

    def get(self, path, **params):
        return self.signed("GET", path, **params)

    def post(self, path, **params):
        return self.signed("POST", path, in_body=True, **params)

    def delete(self, path, **params):
        return self.signed("DELETE", path, in_body=True, **params)

    def order(self, side="BUY", quantity="0.01", price=None, **more):
        """Place an order; without a price at the market's."""
        if price is None:
            kind = {"type": "MARKET"}
        else:
            kind = {"type": "LIMIT", "price": price, "timeInForce": "GTC"}
        fields = {"symbol": BTC, "side": side, "quantity": quantity, **kind, **more}
        return self.post("/fapi/v1/order", newOrderRespType="RESULT", **fields)

    @contextlib.contextmanager
    def socket(self, path, query=""):
        """Open a WebSocket, and close it."""
        opened = Socket(self, path, query)
        try:
            yield opened
        finally:
            opened.close()

    def user_stream(self):
        """Return a listen key of the trader's, and a WebSocket that it opens."""
        key = self.ask("POST", "/fapi/v1/listenKey", headers=self.header()).json["listenKey"]
        return key, self.socket(f"/ws/{key}")

    def _open(self):
        self.do(command.OpenAccount, account="mm", is_maker=True)
        self.do(command.Deposit, account="mm", asset="USDT", amount=D(10**9))
        self.do(command.OpenAccount, account="ann")
        self.do(command.Deposit, account="ann", asset="USDT", amount=D(10_000))
        self.do(command.FeedFund, asset="USDT", amount=D(10**6))
        self.price(50_000)
        self.price(2_000, ETH, "0.01")


class Socket:
    """One WebSocket of the dialect."""

    def __init__(self, booth, path, query=""):
        self.booth, self.sent, self.events = booth, asyncio.Queue(), []
        scope = {
            "type": "websocket",
            "path": path,
            "query_string": query.encode(),
            "headers": [],
            "client": ("127.0.0.1", 1),
        }
        self.gate = asyncio.Event()
        self.gate.set()
        self.incoming = asyncio.Queue()
        self.incoming.put_nowait({"type": "websocket.connect"})
        loop = booth.runner.get_loop()
        self.task = loop.create_task(booth.app(scope, self.incoming.get, self._send))
        self.first = self.next()

    async def _send(self, message):
        self.sent.put_nowait(message)
        await self.gate.wait()

    def stall(self):
        """Let the client read nothing more for now: the server's sending waits."""
        self.gate.clear()

    def go_on(self):
        self.gate.set()

    def next(self, timeout=5):
        """Return the next message of the server."""
        waiting = asyncio.wait_for(self.sent.get(), timeout)
        return self.booth.runner.run(_awaited(waiting))

    def read(self, timeout=5):
        """Return what the next message says."""
        return json.loads(self.next(timeout)["text"])

    def until(self, wanted, timeout=5):
        """Return the first message that `wanted` takes, and remember those before it."""
        while True:
            found = self.read(timeout)
            self.events.append(found)
            if wanted(found):
                return found

    def rest(self):
        """Return what has been said and not read."""
        self.booth.runner.run(asyncio.sleep(0.01))
        found = []
        while not self.sent.empty():
            found.append(json.loads(self.sent.get_nowait()["text"]))
        return found

    def say(self, **asked):
        """Ask something, and return the answer."""
        self.incoming.put_nowait({"type": "websocket.receive", "text": json.dumps(asked)})
        return self.until(lambda one: "id" in one and one["id"] == asked.get("id"))

    def send(self, text):
        self.incoming.put_nowait({"type": "websocket.receive", "text": text})

    def close(self):
        self.incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})
        self.booth.runner.run(_awaited(asyncio.wait({self.task}, timeout=5)))


async def _awaited(one):
    return await one
