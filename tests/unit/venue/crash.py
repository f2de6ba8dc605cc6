"""A stage on which positions are given, prices moved and accounts looked after, laws watched."""

from decimal import Decimal

from crossmargin.model.account import MarginMode
from crossmargin.model.order import Side
from crossmargin.money import exact
from crossmargin.venue import event, ledger, matching
from crossmargin.venue.command import PlaceOrder, Tick
from crossmargin.venue.distress import look_after
from crossmargin.venue.fold import fold
from crossmargin.venue.settings import VenueSettings
from crossmargin.venue.state import State
from tests.unit.venue.stage import RULES, Stage

D = Decimal


class Crash(Stage):
    """A stage with the fund's account, which checks money after every event."""

    def __init__(self, fund="0", rules=RULES, policy="profit-times-leverage", settings=None):
        super().__init__(rules, settings or VenueSettings(adl_policy=policy))
        self.emit(event.AccountOpened(account="fund", is_maker=True))
        if D(fund):
            posting = event.Posting("outside", "fund", "USDT", D(fund))
            self.emit(event.MoneyMoved(why="feed-fund", postings=(posting,)))

    def decide(self, act):
        """Let `act(decision)` happen, and check it; return the events."""
        events = self.do(lambda decision, _: act(decision), Tick(at_ms=self.at_ms))
        # Laws 17 and 22 on the books.
        assert ledger.audit(self.state) == []
        assert [words for one in events for words in ledger.event_audit(one)] == []
        return events

    def given(self, symbol, price, size, buyer, seller, side=(None, None)):
        """Let two accounts have traded."""
        price, size = D(price), D(size)
        self.decide(
            lambda decision: matching.cross(
                decision,
                symbol,
                price,
                size,
                buyer,
                seller,
                why="trade",
                buyer_side=side[0],
                seller_side=side[1],
            )
        )

    def isolated(self, name, symbol):
        """Let an account's symbol be isolated."""
        self.emit(event.MarginModeSet(account=name, symbol=symbol, mode=MarginMode.ISOLATED))

    def rests(self, name, symbol, size, price):
        """Let an order rest."""
        order = PlaceOrder(at_ms=0, account=name, symbol=symbol, size=D(size), price=D(price))
        self.emit(event.OrderAccepted(order_id=self.state.next_order_id, order=order))

    def falls(self, **marks):
        """Let marks be these, then look after everybody; return the events."""

        def act(decision):
            for symbol, text in marks.items():
                price = D(text)
                decision.emit(event.PriceSet(symbol=symbol, index=price, mark=price, last=price))
            # Positions were given without asking who can afford them.
            decision.touched.update(dict.fromkeys(self.state.accounts))
            look_after(decision)

        return self.decide(act)

    def size(self, name, symbol="BTCUSDT", side=Side.LONG):
        """Return what an account holds."""
        held = self.state.accounts[name].position(symbol, side)
        return held.size if held else D(0)

    def money(self, name, asset="USDT"):
        """Return an account's wallet."""
        return self.state.accounts[name].balances.get(asset, D(0))

    @exact
    def folded_again(self):
        """Return another state, made from the events so far, each checked for conservation."""
        state = State(self.state.rulebook, self.state.settings)
        for one in self.events:
            fold(state, one)
            totals = {}
            for (_, asset), amount in ledger.balances(state).items():
                totals[asset] = totals.get(asset, D(0)) + amount
            assert not any(totals.values()), one
            assert state.purse("fund", "USDT") >= 0, one
        return state


def of(events, kind):
    """Return the events of one kind."""
    return [one for one in events if isinstance(one, kind)]
