"""A small venue to act on: two symbols, toy tiers, nobody there yet."""

from decimal import Decimal

from msgspec.structs import replace

from crossmargin.money import exact
from crossmargin.rulebooks.schema import Fees
from crossmargin.venue import event
from crossmargin.venue.decision import Decision
from crossmargin.venue.settings import VenueSettings
from crossmargin.venue.state import State
from tests.toys import book, linear, marginal

D = Decimal
RULES = replace(
    book(
        (linear("BTCUSDT"), marginal(("0", "0.01"), ("100000", "0.02"))),
        (linear("ETHUSDT"), marginal(("0", "0.02"))),
    ),
    fees=Fees(D("0.0002"), D("0.0005"), D("0.01")),
)


class Stage:
    """A venue and what has happened at it."""

    def __init__(self, rules=RULES, settings=None):
        self.state = State(rules, settings or VenueSettings())
        self.at_ms = 0
        self.events = []

    @exact
    def do(self, handler, command):
        """Let `handler` decide `command`; return the events, refusals raised."""
        decision = Decision(self.state, command.at_ms)
        self.state.advance(command.at_ms)
        handler(decision, command)
        self.events += decision.events
        return decision.events

    @exact
    def emit(self, *events):
        """Let events have happened."""
        decision = Decision(self.state, self.at_ms)
        for one in events:
            decision.emit(one)
        self.events += events

    def funded(self, name, amount="10000", asset="USDT", **settings):
        """Open an account with money; leverage by symbol."""
        posting = event.Posting("outside", f"account/{name}", asset, D(amount))
        self.emit(
            event.AccountOpened(account=name),
            event.MoneyMoved(why="deposit", postings=(posting,)),
            *(
                event.LeverageSet(account=name, symbol=symbol, leverage=D(leverage))
                for symbol, leverage in settings.items()
            ),
        )
        return self.state.accounts[name]

    def priced(self, symbol, price):
        """Let a symbol's prices be usable, all the same."""
        price = D(price)
        self.emit(
            event.PriceSet(symbol=symbol, index=price, mark=price, last=price),
            event.BreakerSet(symbol=symbol, state=event.Breaker.USABLE, why="test"),
        )
