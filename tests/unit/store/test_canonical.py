"""The same venue has the same bytes, and is made from them again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.errors import StoreError
from crossmargin.model.account import AccountMode
from crossmargin.model.surface import Smile
from crossmargin.store import canonical
from crossmargin.store.canonical import canonical_bytes, restore
from crossmargin.store.entry import encoded_events
from crossmargin.venue import event
from crossmargin.venue.command import PlaceOrder
from crossmargin.venue.decide import decide
from crossmargin.venue.fold import fold
from crossmargin.venue.state import AccountState, State, SymbolState
from tests.unit.store import markets
from tests.unit.store.stores import D, fresh
from tests.unit.venue.stage import Stage

SMILE = Smile(2000, ((D(100), D("0.5")),), D(101), D("0.01"))


def opened(*names):
    state = fresh()
    for name in names:
        fold(state, event.AccountOpened(account=name))
    return state


def test_looking_changes_nothing():
    state = opened("ann")
    before = canonical_bytes(state)
    state.symbol("BTCUSDT")
    state.asset_seen_of("BTC")
    state.accounts["ann"].view()
    state.market()

    assert before == canonical_bytes(state)


def order(order_id, size, **more):
    placed = PlaceOrder(
        at_ms=1, account="ann", symbol="BTCUSDT", size=D(size), price=D(100), **more
    )
    return event.OrderAccepted(order_id=order_id, order=placed)


@pytest.mark.parametrize(
    "more",
    [
        [event.AccountOpened(account="bob")],
        [event.ClockSet(at_ms=5)],
        [event.Halted(reason="tired")],
        [event.LeverageSet(account="ann", symbol="BTCUSDT", leverage=D(3))],
        [event.PriceSet(symbol="BTCUSDT", index=D(1), mark=D(1), last=None)],
        [order(9, "1")],
        [event.PremiumSampled(symbol="BTCUSDT", premium=D("0.1"))],
        [event.AccountModeSet(account="ann", mode=AccountMode.PORTFOLIO)],
        [event.SurfaceSet(asset="BTC", smile=SMILE, at_ms=1)],
    ],
)
def test_every_difference_shows(more):
    one, other = Stage(), Stage()
    for stage in (one, other):
        stage.funded("ann")
    assert canonical_bytes(one.state) == canonical_bytes(other.state)
    other.emit(*more)

    assert canonical_bytes(one.state) != canonical_bytes(other.state)


def resting(state):
    """Return who rests in the book of a market, as buyers and sellers would meet them."""
    book = state.symbol("BTCUSDT").book
    return [[*book.opposite(size, None)] for size in (D(1), D(-1))]


def test_who_came_first_at_a_price_shows_and_comes_back():
    one, other = opened("ann"), opened("ann")
    for order_id in (1, 2):
        fold(one, order(order_id, "1"))
    for order_id in (2, 1):
        fold(other, order(order_id, "1"))
    restored = fresh()
    restore(restored, canonical_bytes(other))

    assert canonical_bytes(one) != canonical_bytes(other)
    assert [[], [(2, D(100), D(1)), (1, D(100), D(1))]] == resting(other) == resting(restored)


def test_a_stop_rests_behind_those_that_came_while_it_waited():
    state = opened("ann")
    stop = order(1, "1", trigger_price=D(101))
    fold(state, event.OrderAccepted(order_id=1, order=stop.order, is_waiting=True))
    fold(state, order(2, "1"))
    fold(state, event.OrderTriggered(order_id=1, price=D(101), size=D(1)))
    restored = fresh()
    restore(restored, canonical_bytes(state))

    assert [[], [(2, D(100), D(1)), (1, D(100), D(1))]] == resting(state) == resting(restored)


PLACES = {
    State: {"asset_seen", "asset_prices", "surfaces"}
    | {"at_ms", "halted", "is_cancel_only"}
    | {"next_order_id", "next_trade_id", "rested"},
    AccountState: {*canonical.AccountPart.__struct_fields__},
    SymbolState: {*canonical.SymbolPart.__struct_fields__} - {"symbol"},
}
ELSEWHERE = {
    State: {"accounts", "orders", "purses", "symbols"}  # parts of their own
    | {"rulebook", "settings"}  # in the header
    | {"debtors"}  # follow from the accounts
    | {"unhashed"},  # what is not hashed yet
    AccountState: {"orders", "client_orders"},  # follow from the orders
    SymbolState: {"book", "waiting", "holders"},  # follow from orders and accounts
}


@pytest.mark.parametrize("kind", PLACES, ids=lambda kind: kind.__name__)
def test_every_field_of_a_state_has_its_place_in_the_parts(kind):
    state = opened("ann")
    one = {State: state, AccountState: state.accounts["ann"], SymbolState: SymbolState()}[kind]
    fields = {*(getattr(kind, "__slots__", None) or vars(one))}

    assert {name for name in fields if not name.startswith("_")} == PLACES[kind] | ELSEWHERE[kind]


def test_the_venues_own_fields_are_all_in_its_part():
    assert {*canonical.VenuePart.__struct_fields__} == PLACES[State]


def test_who_owes_money_is_known_again():
    state = opened("ann", "bob")
    lent = event.Posting("account/ann", "outside", "USDT", D(1))
    fold(state, event.MoneyMoved(why="test", postings=(lent,)))
    restored = fresh()
    restore(restored, canonical_bytes(state))
    assert state.debtors == restored.debtors == {"ann"}


def test_modes_and_surfaces_come_back():
    state = opened("ann")
    fold(state, event.AccountModeSet(account="ann", mode=AccountMode.PORTFOLIO))
    fold(state, event.SurfaceSet(asset="BTC", smile=SMILE, at_ms=1))
    restored = fresh()
    restore(restored, canonical_bytes(state))

    assert restored.accounts["ann"].mode is AccountMode.PORTFOLIO
    assert {"BTC": {2000: (SMILE, 1)}} == restored.surfaces
    assert restored.market().surfaces == state.market().surfaces


def outline(state):
    """Return what a state holds in the order in which it holds it, where order may matter."""
    return (
        list(state.orders),
        state.debtors,
        [(name, list(one.balances), list(one.positions)) for name, one in accounts(state)],
        [(name, list(one.orders), one.client_orders) for name, one in accounts(state)],
        [
            (name, sorted(one.holders), list(one.waiting), one.book.depth())
            for name, one in sorted(state.symbols.items())
            if one.seen
        ],
        [
            [*one.book.opposite(side, None)]
            for _, one in sorted(state.symbols.items())
            for side in (D(1), D(-1))
        ],
    )


def accounts(state):
    return sorted(state.accounts.items())


@given(seed=st.integers(0, 10_000), steps=st.integers(0, 25), tail=st.integers(1, 12))
def test_a_state_made_from_its_bytes_goes_on_as_if_nothing_had_been(seed, steps, tail):
    live, again = markets.fresh(), markets.fresh()
    market = markets.Market(seed)
    for command in market.commands(steps):
        decide(live, command)
    restore(again, canonical_bytes(live))

    assert canonical_bytes(live) == canonical_bytes(again)
    assert outline(live) == outline(again)
    for _ in range(tail):
        market.at_ms += 1000
        for command in (*market.price("BTCUSDT"), *market.price("ETHUSDT"), market.something()):
            # To the byte: what was decided before a restart is decided again by `verify`.
            assert encoded_events(decide(live, command)) == encoded_events(decide(again, command))
    assert canonical_bytes(live) == canonical_bytes(again)


@pytest.mark.parametrize("content", [b"", b"{}", b'["purse","fund"]', b'["ship",1]', b"\xff"])
def test_what_is_no_state_is_refused(content):
    with pytest.raises(StoreError, match="is no state of this version"):
        restore(fresh(), content)
