"""Options at the venue, through its one entrance: listed, quoted, traded and settled."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.model.account import AccountMode
from crossmargin.money import ZERO
from crossmargin.store.state_hash import state_hash
from crossmargin.venue import command, event
from crossmargin.venue.decide import decide
from crossmargin.venue.fold import fold
from crossmargin.venue.ledger import audit, event_audit
from crossmargin.venue.refusal import Code
from crossmargin.venue.settings import VenueSettings
from crossmargin.venue.state import State
from tests.unit.venue.portfolios import EXPIRES_MS, NOW_MS, rules_of

D = Decimal
CALL, PERPETUAL = "BTC-20261225-50000-C", "BTC-PERP"
RULES = rules_of("derive-v2", CALL)
NAMES = ("ann", "bob")


class Venue:
    """A venue at which every event is audited, and folded once more beside it."""

    def __init__(self):
        self.state, self.again = (State(RULES, VenueSettings(stale_ms=10**12)) for _ in range(2))
        for name in NAMES:
            self.do(command.OpenAccount, account=name)
            self.do(command.Deposit, account=name, asset="USDC", amount=D(100_000))
            self.do(command.SetAccountMode, account=name, mode=AccountMode.PORTFOLIO)
        self.at("50000", "2000")

    def do(self, kind, at_ms=NOW_MS, **fields):
        """Ask the venue; return what has happened."""
        asked = kind(at_ms=at_ms, **fields)
        events = decide(self.state, asked)
        self.again.advance(asked.at_ms)
        for one in events:
            assert event_audit(one) == []
            fold(self.again, one)
        return events

    def at(self, index, call, at_ms=NOW_MS):
        """Let prices be these, all seen together."""
        index, call = D(index), D(call)

        def price(symbol, mark, own=None):
            return command.Observe(
                at_ms=at_ms, symbol=symbol, source="feed", index=own, mark=mark, last=mark
            )

        smile = command.ObserveSurface(
            at_ms=at_ms,
            asset="BTC",
            expires_ms=EXPIRES_MS,
            points=((D(50_000), D("0.5")),),
            forward=index,
        )
        assets = [
            command.ObserveAsset(at_ms=at_ms, asset=asset, source="feed", price=worth)
            for asset, worth in (("BTC", index), ("USDC", D(1)))
        ]
        seen = (price(PERPETUAL, index, index), price(CALL, call), smile, *assets)
        return self.do(command.ObserveTogether, at_ms, seen=seen)

    def order(self, name, symbol, size, price):
        """Place a limit order; return what has happened."""
        fields = {"account": name, "symbol": symbol, "size": D(size), "price": D(price)}
        return self.do(command.PlaceOrder, **fields)

    def wallet(self, name):
        """Return what an account has."""
        return self.state.accounts[name].balances["USDC"]


def test_a_premium_goes_from_buyer_to_seller_and_what_is_exercised_comes_back():
    venue = Venue()
    venue.order("bob", CALL, "-3", "2100")
    venue.order("ann", CALL, "2", "2100")

    assert (venue.wallet("ann"), venue.wallet("bob")) == (D(95_800), D(104_200))
    # What rests is gone with the contract, and 2 × (54,000 − 50,000) is paid.
    venue.at("54000", "4000", EXPIRES_MS - 1)
    venue.do(command.Tick, EXPIRES_MS)
    assert (venue.wallet("ann"), venue.wallet("bob")) == (D(103_800), D(96_200))
    assert not venue.state.orders
    assert not any(one.positions for one in venue.state.accounts.values())
    assert audit(venue.state) == []


def test_what_a_hedge_frees_may_be_ordered_and_what_it_does_not_is_refused():
    venue = Venue()
    # More than 100,000 is asked of fifteen calls sold alone, not of those that four coins cover.
    refused = venue.order("bob", CALL, "-15", "2000")
    assert isinstance(refused[0], event.Refused)
    venue.order("ann", PERPETUAL, "-4", "50000")
    venue.order("bob", PERPETUAL, "4", "50000")

    assert isinstance(venue.order("bob", CALL, "-15", "2000")[0], event.OrderAccepted)


def test_without_a_volatility_nothing_is_known_and_nothing_taken_in():
    venue = Venue()
    # No volatility makes a call worth more than its coin.
    venue.at("50000", "50001")
    venue.state.surfaces.clear()
    venue.state.prices_changed()

    (refused,) = venue.order("ann", CALL, "1", "2000")
    assert refused.code == Code.HEALTH_UNKNOWN
    assert f"implied volatility of {CALL}" in refused.reason


ORDERS = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from([CALL, PERPETUAL]),
    st.integers(-8, 8).filter(bool),
    st.integers(-3, 3),
)


@settings(max_examples=40, deadline=None)
@given(
    orders=st.lists(ORDERS, max_size=12),
    moves=st.lists(st.integers(30_000, 80_000), max_size=3),
    fund=st.sampled_from([0, 5_000, 1_000_000]),
)
@pytest.mark.filterwarnings("error")
def test_whatever_is_traded_the_books_balance_and_fold_to_the_same_state(orders, moves, fund):
    venue = Venue()
    if fund:
        venue.do(command.FeedFund, asset="USDC", amount=D(fund))
    index = 50_000
    for number, (name, symbol, size, far) in enumerate(orders):
        price = {CALL: 2000, PERPETUAL: index}[symbol]
        venue.order(name, symbol, size, price * (1000 + far) / D(1000))
        if moves and number % 4 == 3:
            index = moves.pop()
            venue.at(index, max(100, index - 50_000))
    venue.at(index, max(100, index - 50_000), EXPIRES_MS - 1)
    venue.do(command.Tick, EXPIRES_MS)

    assert audit(venue.state) == []
    assert state_hash(venue.state) == state_hash(venue.again)
    assert not any(
        held.symbol == CALL and held.size
        for one in venue.state.accounts.values()
        for held in one.positions.values()
    )
    assert venue.state.purse(f"clearing/{CALL}", "USDC") == ZERO
