"""Laws of trading after every event, over random orders, and a naive book that says the same."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.money import exact
from crossmargin.venue.command import CancelOrder, SelfTrade, TimeInForce
from crossmargin.venue.decision import Decision
from crossmargin.venue.event import Filled, OrderGone, OrderStatus
from crossmargin.venue.orders import cancel_order, place_order
from crossmargin.venue.refusal import Refusal
from tests.unit.venue.traders import BTC, held, order, place, stage_with, total

NAMES = ("a", "b", "c")
SELDOM = st.sampled_from([False, False, False, True])
# Most orders rest and few are cancelled, so that later ones have a book and a position to meet.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.integers(-4, 4).filter(bool),
        st.none() | st.integers(97, 103),
        st.sampled_from([TimeInForce.GTC, TimeInForce.GTC, *TimeInForce]),
        SELDOM,
        st.sampled_from([*SelfTrade]),
        SELDOM,
    ),
    min_size=20,
    max_size=40,
)
ENDED = (OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.EXPIRED)
REACHED = Counter()


class Watched:
    """Plays orders and says after each event whether the laws still hold."""

    def __init__(self):
        self.stage = stage_with(*NAMES)
        self.money = total(self.stage)
        self.ended = set()

    def play(self, step):
        name, size, price, force, reduces, self_trade, cancels = step
        if cancels and self.stage.state.accounts[name].orders:
            oldest = next(iter(self.stage.state.accounts[name].orders))
            command = CancelOrder(at_ms=0, account=name, order_id=oldest)
            return self._do(cancel_order, command)
        command = order(
            name,
            size,
            price,
            time_in_force=force,
            reduce_only=reduces,
            self_trade=self_trade,
        )
        return self._do(place_order, command)

    @exact
    def _do(self, handler, command):
        state = self.stage.state
        decision = Decision(state, 0)
        emit = decision.emit

        def watched(one):
            before = {name: held(self.stage, name) for name in NAMES}
            placed = state.orders[one.order_id].placed if isinstance(one, Filled) else None
            emit(one)
            self._check(one, before, placed)

        class Watching(Decision):
            emit = staticmethod(watched)

        watching = Watching.__new__(Watching)
        watching.state, watching.at_ms, watching.events = state, 0, decision.events
        watching.touched, watching.moved = decision.touched, decision.moved
        try:
            handler(watching, command)
        except Refusal:
            assert not decision.events
        return decision.events

    def _check(self, one, before, placed):
        REACHED[type(one).__name__] += 1
        assert total(self.stage) == self.money
        if isinstance(one, Filled):
            now = held(self.stage, one.account)
            assert now == before[one.account] + one.size
            if placed.reduce_only:
                REACHED["reduce-only"] += 1
                assert abs(now) < abs(before[one.account])
                assert now * before[one.account] >= 0
        if isinstance(one, (Filled, OrderGone)):
            assert one.order_id not in self.ended
            if one.order_id not in self.stage.state.orders:
                REACHED["ended"] += 1
                self.ended.add(one.order_id)


@given(STEPS)
def test_laws_after_every_event(steps):
    watched = Watched()
    state = watched.stage.state
    for step in steps:
        events = watched.play(step)
        sizes = {}
        for one in events:
            if isinstance(one, Filled):
                sizes[one.trade_id] = sizes.get(one.trade_id, 0) + one.size
        assert not any(sizes.values())
        assert sum(held(watched.stage, name) for name in NAMES) == 0
        # An order is open or over, and open ones with a price are all the book has.
        book = state.symbol(BTC).book
        assert len(book) == len(state.orders)
        assert all(
            one.id in book and one.size and one.status not in ENDED for one in state.orders.values()
        )
        best_bid, best_ask = book.best_bid, book.best_ask
        if best_bid is not None and best_ask is not None:
            REACHED["both sides"] += 1
            assert best_bid < best_ask


def test_the_orders_reach_what_the_laws_are_about():
    # A law that nothing puts to the test holds for nothing. Always the same orders, so that it
    # does not depend on luck.
    REACHED.clear()
    laws = given(STEPS)(test_laws_after_every_event.hypothesis.inner_test)
    settings(max_examples=50, deadline=None, derandomize=True)(laws)()
    for kind in ("Filled", "OrderGone", "reduce-only", "ended", "both sides"):
        assert REACHED[kind], kind


PLAIN_STEPS = st.lists(
    st.tuples(
        st.sampled_from(NAMES), st.integers(-4, 4).filter(bool), st.none() | st.integers(97, 103)
    ),
    max_size=40,
)


@given(PLAIN_STEPS)
def test_trades_are_those_of_a_naive_sorted_list(steps):
    stage, naive = stage_with(*NAMES), []
    for number, (name, size, price) in enumerate(steps):
        found = [
            (one.account, one.size, one.price)
            for one in place(stage, name, size, price, self_trade=SelfTrade.NONE)
            if isinstance(one, Filled)
        ]
        expected, left, sign = [], size, 1 if size > 0 else -1
        for other in sorted(
            (one for one in naive if one["size"] * sign < 0),
            key=lambda one: (one["price"] * sign, one["number"]),
        ):
            if not left or (price is not None and other["price"] * sign > price * sign):
                break
            taken = min(abs(left), abs(other["size"])) * sign
            expected += [
                (name, taken, other["price"]),
                (other["name"], -taken, other["price"]),
            ]
            left -= taken
            other["size"] += taken
        naive = [one for one in naive if one["size"]]
        if left and price is not None:
            naive.append({"name": name, "size": left, "price": price, "number": number})
        assert found == expected
