"""A venue of toy rules, served in this process, and somebody who asks it things."""

import asyncio
import itertools
import json
from decimal import Decimal

import httpx

from crossmargin.api.app import application
from crossmargin.api.context import Context, Settings
from crossmargin.api.gate import Gate
from crossmargin.api.keys import Keys, Scope
from crossmargin.api.limits import DayResults
from crossmargin.api.signing import (
    KEY_HEADER,
    NONCE_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    Request,
    Verifier,
    hmac_hex,
)
from crossmargin.durations import DAY_MS
from crossmargin.feeds.moments import Moment
from crossmargin.files.story_tables import LiquidityTable
from crossmargin.history.history import History
from crossmargin.runtime.clock import ManualClock
from crossmargin.runtime.feed_pump import commands_of
from crossmargin.runtime.loop import Writer
from crossmargin.runtime.market_maker import MarketMaker
from crossmargin.runtime.service import Service
from crossmargin.runtime.steering import Steering
from crossmargin.runtime.venue_clock import VenueClock
from crossmargin.store.journal import Header
from crossmargin.store.sqlite import SqliteJournal
from crossmargin.venue.command import Deposit, FeedFund, OpenAccount
from crossmargin.venue.decide import decide
from crossmargin.venue.settings import Filters, VenueSettings
from crossmargin.venue.state import State
from tests.unit.venue.stage import RULES

D = Decimal
START_MS = 1_760_000_400_000
"""The venue's time: 9 October 2025, 09:00 UTC."""
WALL_MS = 1_790_000_000_000
HOST = "127.0.0.1:8000"
ROOT = "/api/v1"
SETTINGS = VenueSettings(stale_ms=10**12, filters_default=Filters(tick=D("0.1"), lot=D("0.001")))
TERMS = LiquidityTable(spread=D("0.002"), step=D("0.001"), depth=D(1000), levels=2)
ALL = frozenset(Scope)


class Desk:
    """The venue, its keys, and a client.

    BTCUSDT is at 100 with a maker around it; ann and bob have 1,000 USDT each.
    """

    def __init__(self, folder, settings=None):
        header = Header(
            created_at_ms=START_MS,
            venue=RULES.venue,
            edition=str(RULES.edition),
            rulebook=RULES.sha256,
            settings=SETTINGS,
        )
        journal = SqliteJournal(folder / "venue.db", header, is_synced=False)
        self.wall = ManualClock(WALL_MS)
        writer = Writer(journal, lambda: State(RULES, SETTINGS), decide, VenueClock(START_MS))
        self.service = Service(writer, VenueClock(START_MS), self.wall)
        self.history = History(RULES)
        self.service.subscribe(self.history.take)
        self.keys = Keys(b"m" * 32)
        results = DayResults()
        self.service.subscribe(results.take)
        steering = Steering(MarketMaker(TERMS), {"USDT": None})
        self.context = Context(
            service=self.service,
            history=self.history,
            keys=self.keys,
            gate=Gate([HOST]),
            verifier=Verifier(self.keys),
            steering=steering,
            settings=settings or Settings(),
            results=results,
        )
        self.loop = asyncio.new_event_loop()
        self._open(steering.maker)
        self.app = application(self.context)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False),
            base_url=f"http://{HOST}",
        )
        self._nonces = itertools.count(1)
        self.ann = self.key("ann", Scope.READ, Scope.TRADE)
        self.bob = self.key("bob", Scope.READ, Scope.TRADE)
        self.admin = self.key("", *Scope)

    def close(self):
        """Let go of the store and the loop."""
        self.loop.run_until_complete(self.client.aclose())
        self.service.close()
        self.loop.close()

    def key(self, account, *scopes, **more):
        """Issue a key."""
        return self.keys.issue(account, WALL_MS + DAY_MS, scopes, **more)

    def run(self, awaitable):
        """Return what comes of it."""
        return self.loop.run_until_complete(awaitable)

    def price(self, price, symbol="BTCUSDT"):
        """Let the market go to a price, the maker with it."""
        moment = Moment(self.service.now_ms(), {symbol: D(price)})
        steering = self.context.steering
        self.run(
            self.service.ask_each(
                commands_of(moment, lambda: self.service.state, steering.maker, steering.collateral)
            )
        )

    def ask(self, method, path, key=None, body=None, **more):
        """Return the answer to a request, signed where there is a key."""
        return self.run(self.asking(method, path, key, body, **more))

    async def asking(self, method, path, key=None, body=None, query="", raw=None, headers=None):
        """Return the answer to a request."""
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        named = self.signature(method, path, key, content, query) if key is not None else {}
        target = f"{ROOT}{path}" + (f"?{query}" if query else "")
        return await self.client.request(
            method, target, content=content, headers={**named, **(headers or {})}
        )

    def signature(self, method, path, key, content=b"", query=""):
        """Return the headers that sign a request."""
        now = str(self.wall.now_ms())
        nonce = f"n{next(self._nonces)}"
        signed = Request(method, f"{ROOT}{path}", query.encode(), content, now, nonce, key.id)
        return {
            KEY_HEADER: key.id,
            TIMESTAMP_HEADER: now,
            NONCE_HEADER: nonce,
            SIGNATURE_HEADER: hmac_hex(self.keys.secret(key.id), signed.canonical()),
        }

    def post(self, path, key, **body):
        """Return the answer to a POST that must be taken."""
        answer = self.ask("POST", path, key, body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def get(self, path, key=None, query=""):
        """Return the answer to a GET that must be answered."""
        answer = self.ask("GET", path, key, query=query)
        assert 200 == answer.status_code, answer.text
        return answer.json()

    def refused(self, method, path, key=None, body=None, **more):
        """Return status, name and place of an answer that refuses."""
        answer = self.ask(method, path, key, body, **more)
        error = answer.json()["error"]
        assert {"code", "name", "message", "where"} == set(error)
        return answer.status_code, error["name"], error["where"]

    def _open(self, maker):
        state = self.service.state
        commands = [
            *maker.enter(state, START_MS, ["BTCUSDT"]),
            FeedFund(at_ms=START_MS, asset="USDT", amount=D(1000)),
        ]
        for name in ("ann", "bob"):
            commands.append(OpenAccount(at_ms=START_MS, account=name))
            commands.append(Deposit(at_ms=START_MS, account=name, asset="USDT", amount=D(1000)))
        self.run(self.service.ask_each(iter(commands)))
        self.price("100")
