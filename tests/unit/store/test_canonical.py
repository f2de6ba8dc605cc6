"""The same venue has the same bytes, however it came about."""

import pytest

from crossmargin.errors import InvariantBroken
from crossmargin.store.canonical import canonical_bytes, state_hash
from crossmargin.venue import event
from crossmargin.venue.command import PlaceOrder
from crossmargin.venue.fold import fold
from tests.unit.store.stores import D, fresh
from tests.unit.venue.stage import Stage


def opened(*names):
    state = fresh()
    for name in names:
        fold(state, event.AccountOpened(account=name))
    return state


def test_the_order_of_accounts_does_not_show():
    assert state_hash(opened("ann", "bob")) == state_hash(opened("bob", "ann"))


def test_looking_changes_nothing():
    state = opened("ann")
    before = canonical_bytes(state)
    state.symbol("BTCUSDT")
    state.asset_seen_of("BTC")
    state.accounts["ann"].view()
    state.market()

    assert before == canonical_bytes(state)


def order(order_id, size):
    placed = PlaceOrder(at_ms=1, account="ann", symbol="BTCUSDT", size=D(size), price=D(100))
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
    ],
)
def test_every_difference_shows(more):
    one, other = Stage(), Stage()
    for stage in (one, other):
        stage.funded("ann")
    assert state_hash(one.state) == state_hash(other.state)
    other.emit(*more)

    assert state_hash(one.state) != state_hash(other.state)


def test_who_came_first_at_a_price_shows():
    one, other = opened("ann"), opened("ann")
    for order_id in (1, 2):
        fold(one, order(order_id, "1"))
    for order_id in (2, 1):
        fold(other, order(order_id, "1"))

    assert canonical_bytes(one) != canonical_bytes(other)


def test_what_has_no_bytes_is_a_bug():
    state = fresh()
    state.halted = 0.5

    with pytest.raises(InvariantBroken, match="float"):
        canonical_bytes(state)
