"""Venues that are served, small ones and real ones."""

from decimal import Decimal
from itertools import groupby, islice

import pytest

from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.runtime.loop import Writer
from crossmargin.runtime.recording import header_of
from crossmargin.runtime.served_market import (
    Money,
    opening,
    prices_of,
    steering_of,
    synthetic_market,
)
from crossmargin.runtime.service import Service
from crossmargin.runtime.venue_clock import VenueClock
from crossmargin.store.sqlite import SqliteJournal
from crossmargin.venue import decide as venue
from crossmargin.venue.state import State
from tests.unit.store import stores

D = Decimal
START_MS = 1_760_126_400_000
RULEBOOK = load_rulebook("binance-usdm")
MARKET = synthetic_market(START_MS, RULEBOOK)


def small_service(path, clock=None, factory=None):
    """Return a service of the venue of accounts and deposits."""
    more = {"factory": factory} if factory else {}
    clock = clock or VenueClock(100)
    journal = SqliteJournal(path, stores.HEADER, **more)
    return Service(Writer(journal, stores.fresh, stores.decide, clock), clock)


def real_service(path, start_ms=START_MS, *, is_fed=True):
    """Return a service of the real venue, whose time stands still between two moments."""
    clock = VenueClock(start_ms)
    journal = SqliteJournal(path, header_of(RULEBOOK, MARKET.settings, MARKET.start_ms, "test"))
    writer = Writer(journal, lambda: State(RULEBOOK, MARKET.settings), venue.decide, clock)
    clock.start(writer.state.at_ms)
    return Service(writer, clock, is_fed=is_fed)


async def opened(service, **money):
    """Open the venue, and accounts with so much USDT."""
    accounts = [Money(name, {"USDT": D(amount)}) for name, amount in money.items()]
    start = service.now_ms()
    return await service.ask_each(opening(MARKET, service.state, start, accounts))


async def fed(service, moments=1):
    """Hand over so many moments of the feed."""

    steering = steering_of(MARKET, RULEBOOK)
    look, start_ms = lambda: service.state, service.now_ms()
    feed = prices_of(MARKET, look, start_ms, steering, is_timed=False, say=pytest.fail)
    await service.run_feed(islice(feed, moments))


def by_time(commands):
    """Return commands as a feed: those of one time are a moment."""
    return groupby(commands, key=lambda one: one.at_ms)
