"""The index of waiting orders, against looking at every one of them."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from crossmargin.model.order import OrderType
from crossmargin.venue.command import PlaceOrder, Trigger
from crossmargin.venue.trigger_index import STOPS, TriggerIndex

D = Decimal
TRAILING = OrderType.TRAILING_STOP_MARKET
KINDS = (*STOPS, OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_MARKET, TRAILING)
NAMES = ("ann", "bob")
PRICES = st.integers(95, 105).map(D)


@st.composite
def placed_orders(draw):
    closes = draw(st.booleans())
    return PlaceOrder(
        at_ms=0,
        account=draw(st.sampled_from(NAMES)),
        symbol="BTCUSDT",
        size=D(0) if closes else D(draw(st.sampled_from((-2, 3)))),
        type=draw(st.sampled_from(KINDS)),
        trigger_price=draw(PRICES),
        trigger=draw(st.sampled_from(list(Trigger))),
        is_close_position=closes,
    )


STEPS = st.lists(
    placed_orders()
    | st.tuples(st.just("drop"), st.integers(0, 9))
    | st.tuples(st.sampled_from(NAMES), st.sampled_from((D(-1), D(0), D(1)))),
    max_size=25,
)


def is_fired(placed, price, held):
    """By the words of the rule: stops that buy fire at or above, take-profits that buy below."""
    size = placed.size or -held
    if not size:
        return False
    buys_high = placed.type in STOPS
    if (size > 0) == buys_high:
        return price >= placed.trigger_price
    return price <= placed.trigger_price


@given(STEPS, st.fixed_dictionaries({kind: st.none() | PRICES for kind in Trigger}))
def test_what_is_reached_is_what_looking_at_all_finds(steps, prices):
    index, waiting, held = TriggerIndex(), {}, dict.fromkeys(NAMES, D(0))
    for order_id, step in enumerate(steps):
        if isinstance(step, PlaceOrder):
            waiting[order_id] = step
            index.add(order_id, step, None, held[step.account])
        elif step[0] == "drop":
            gone = waiting.pop(step[1], None)
            if gone is not None:
                index.remove(step[1], gone, None)
        else:
            held[step[0]] = step[1]
            index.position_changed(step[0], lambda placed: held[placed.account])
    expected = [
        order_id
        for order_id, placed in waiting.items()
        if placed.type is TRAILING
        or (
            prices[placed.trigger] is not None
            and is_fired(placed, prices[placed.trigger], held[placed.account])
        )
    ]
    assert index.reached(prices) == expected


def test_exits_are_stale_when_what_they_follow_has_changed():
    index = TriggerIndex()
    placed = PlaceOrder(
        at_ms=0,
        account="ann",
        symbol="BTCUSDT",
        size=D(-1),
        type=OrderType.STOP_MARKET,
        trigger_price=D(90),
    )
    index.add(7, placed, 3, D(1))
    assert index.has_exits(3)
    assert index.stale == {7}
    index.stale.clear()
    index.position_changed("bob", lambda _: D(0))
    assert not index.stale
    index.position_changed("ann", lambda _: D(0))
    assert index.stale == {7}
    index.stale.clear()
    index.parent_gone(3)
    assert index.stale == {7}
    index.remove(7, placed, 3)
    assert not index.stale
    assert not index.has_exits(3)
