"""A venue whose every record is told to a history, as the writer would."""

from decimal import Decimal

from crossmargin.history.history import History
from crossmargin.model.order import OrderType
from crossmargin.store.entry import Decided, entry
from crossmargin.venue.command import Deposit, Observe, OpenAccount, PlaceOrder, Tick
from crossmargin.venue.decide import decide
from crossmargin.venue.settings import VenueSettings
from crossmargin.venue.state import State
from tests.unit.venue.stage import RULES

D = Decimal
BTC = "BTCUSDT"
START_MS = 1_760_000_400_000
"""Thursday 9 October 2025, 09:00:00 UTC."""


class Teller:
    """A venue, its journal's entries, and the history made of them."""

    def __init__(self, horizon=None, rules=RULES):
        self.state = State(rules, VenueSettings(stale_ms=10**12))
        self.history = History(rules, horizon)
        self.entries = []
        self.at_ms = START_MS

    @property
    def sequence(self):
        return len(self.entries)

    def read(self, start=1):
        """Yield entries, as a journal does."""
        return iter(self.entries[start - 1 :])

    def do(self, kind, **fields):
        """Let a command be decided, recorded and told; return its events."""
        asked = kind(at_ms=self.at_ms, **fields)
        events = decide(self.state, asked)
        recorded = entry(len(self.entries) + 1, Decided(asked, events), "test", "", b"")
        self.entries.append(recorded)
        self.history.take(recorded, events)
        return events

    def funded(self, *names, amount="1000", **more):
        """Open accounts with USDT."""
        for name in names:
            self.do(OpenAccount, account=name, **more)
            self.do(Deposit, account=name, asset="USDT", amount=D(amount))

    def price(self, price, symbol=BTC, index=None):
        """Let a price be observed."""
        price = D(price)
        self.do(Observe, symbol=symbol, source="t", index=D(index or price), mark=price, last=price)

    def order(self, account, size, price=None, **more):
        """Place an order; without a price at the market's."""
        if price is None:
            more = {"type": OrderType.MARKET, **more}
        limit = None if price is None else D(price)
        return self.do(PlaceOrder, account=account, symbol=BTC, size=D(size), price=limit, **more)

    def pass_ms(self, by_ms):
        """Let time pass, and the venue know."""
        self.at_ms += by_ms
        self.do(Tick)


def market(*names, **more):
    """Return a venue where BTC is at 100 and accounts have 1,000 USDT each."""
    teller = Teller(**more)
    teller.price("100")
    teller.funded(*names)
    return teller
