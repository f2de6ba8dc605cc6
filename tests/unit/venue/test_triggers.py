"""Waiting orders fire at their price, once, and never at a price that is not to be trusted."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.model.account import Position, PositionMode
from crossmargin.model.order import OrderType, Side
from crossmargin.venue import event
from crossmargin.venue.command import PlaceOrder, Tick, Trigger
from crossmargin.venue.event import Breaker, Filled, OrderGone, OrderResized, OrderTriggered
from crossmargin.venue.exits import attach
from crossmargin.venue.orders import place_order
from crossmargin.venue.triggers import is_reached, look_at, trailing_stop_price
from tests.unit.venue.stage import Stage

D = Decimal
BTC = "BTCUSDT"
STOP, STOP_LIMIT = OrderType.STOP_MARKET, OrderType.STOP
TAKE = OrderType.TAKE_PROFIT_MARKET
TRAIL = OrderType.TRAILING_STOP_MARKET


def looked(decision, _command):
    look_at(decision, BTC)


class Market(Stage):
    """A stage with a deep maker's book around 1000, and somebody called `ann`."""

    def __init__(self, depth=100):
        super().__init__()
        self.priced(BTC, 1000)
        self.funded("maker", "100000000")
        self.funded("ann", "1000000")
        self.rest("maker", depth, 900)
        self.rest("maker", -depth, 1100)

    def accept(self, order, *, is_waiting):
        order_id = self.state.next_order_id
        self.emit(event.OrderAccepted(order_id=order_id, order=order, is_waiting=is_waiting))
        return order_id

    def rest(self, name, size, price):
        order = PlaceOrder(at_ms=0, account=name, symbol=BTC, size=D(size), price=D(price))
        return self.accept(order, is_waiting=False)

    def wait(self, kind, size, at=None, *, on=Trigger.MARK, **more):
        order = PlaceOrder(
            at_ms=0,
            account="ann",
            symbol=BTC,
            size=D(size),
            type=kind,
            trigger_price=None if at is None else D(at),
            trigger=on,
            **more,
        )
        return self.accept(order, is_waiting=True)

    def hold(self, size, name="ann"):
        position = Position(BTC, D(size), D(1000))
        side = position.side
        if not position.size:
            side = Side.LONG
        self.emit(event.PositionChanged(account=name, position=position, side=side, why="test"))

    def held(self, side=None):
        found = self.state.accounts["ann"].position(BTC, side)
        return found.size if found else D(0)

    def goes(self, price, *, mark=None, last=None, index=None):
        """Let all prices be this, or some another; return what fired."""
        self.emit(
            event.PriceSet(
                symbol=BTC,
                index=D(index or price),
                mark=D(mark or price),
                last=D(last or price),
            )
        )
        return self.looked()

    def looked(self):
        events = self.do(looked, Tick(at_ms=0))
        return [one.order_id for one in events if isinstance(one, OrderTriggered)]


@pytest.mark.parametrize(
    ("kind", "size", "below", "at", "above"),
    [
        (STOP, 1, False, True, True),
        (STOP, -1, True, True, False),
        (STOP_LIMIT, 1, False, True, True),
        (TAKE, 1, True, True, False),
        (TAKE, -1, False, True, True),
        (OrderType.TAKE_PROFIT, -1, False, True, True),
    ],
)
def test_which_way_an_order_waits(kind, size, below, at, above):
    market = Market()
    order_id = market.wait(kind, size, 1000)
    order = market.state.orders[order_id]
    found = [is_reached(order, D(price), D(0)) for price in (999, 1000, 1001)]
    assert found == [below, at, above]


@pytest.mark.parametrize("on", list(Trigger))
@pytest.mark.parametrize("moved", list(Trigger))
def test_an_order_looks_at_its_own_price_only(on, moved):
    market = Market()
    order_id = market.wait(STOP, 1, 1050, on=on)
    assert market.goes(1000, **{moved.value: 1060}) == ([order_id] if on is moved else [])


@pytest.mark.parametrize("breaker", [Breaker.DEGRADED, Breaker.HALTED])
def test_nothing_fires_at_prices_that_are_not_to_be_acted_upon(breaker):
    market = Market()
    order_id = market.wait(STOP, 1, 1050)
    market.emit(event.BreakerSet(symbol=BTC, state=breaker, why="test"))
    assert market.goes(2000) == []
    market.emit(event.BreakerSet(symbol=BTC, state=Breaker.USABLE, why="test"))
    assert market.looked() == [order_id]
    assert market.looked() == []


def test_a_fired_market_stop_trades_and_a_fired_limit_rests():
    market = Market()
    market.wait(STOP, 2, 1050)
    limit = market.wait(STOP_LIMIT, 1, 1050, price=D(1020))
    market.goes(1060)
    assert market.held() == 2
    assert limit in market.state.symbol(BTC).book


def test_what_fires_trades_at_the_last_price_that_may_fire_more():
    market = Market()
    # The first sells at 900; that is the last price the second has waited for.
    first = market.wait(STOP, -1, 990)
    second = market.wait(STOP, -1, 950, on=Trigger.LAST)
    assert market.goes(980) == [first, second]
    assert market.state.symbol(BTC).last == 900


@pytest.mark.parametrize(
    ("size", "path", "best", "stop", "fires_at"),
    [
        # Sells 1 % below the best seen: 1100 × 0.99 = 1089.
        (-1, [1000, 1100, 1090], 1100, "1089", 1089),
        # Buys 1 % above it: 900 × 1.01 = 909.
        (1, [1000, 900, 908], 900, "909", 909),
    ],
)
def test_a_trailing_stop_follows_the_best_price(size, path, best, stop, fires_at):
    market = Market()
    order_id = market.wait(TRAIL, size, callback_fraction=D("0.01"))
    assert [market.goes(price) for price in path] == [[]] * 3
    order = market.state.orders[order_id]
    assert (order.best_price, trailing_stop_price(order)) == (best, D(stop))
    assert market.goes(fires_at) == [order_id]


def test_a_trailing_stop_is_asleep_until_it_is_activated():
    market = Market()
    order_id = market.wait(TRAIL, -1, 1200, callback_fraction=D("0.01"))
    assert market.goes(1100) == market.goes(900) == []
    assert trailing_stop_price(market.state.orders[order_id]) is None
    assert market.goes(1200) == []
    assert market.goes(1188) == [order_id]


@pytest.mark.parametrize(("held", "at"), [(3, 950), (-2, 1050)])
def test_a_stop_that_closes_takes_what_is_held_when_it_fires(held, at):
    market = Market()
    order_id = market.wait(STOP, 0, at, is_close_position=True)
    assert market.goes(at) == []
    market.hold(held)
    assert market.goes(at) == [order_id]
    assert market.held() == 0


@pytest.mark.parametrize(("held", "left"), [(5, 3), (1, 0)])
def test_a_reducing_stop_never_turns_a_position_round(held, left):
    market = Market()
    market.hold(held)
    market.wait(STOP, -2, 950, reduce_only=True)
    market.goes(940)
    assert market.held() == left


def test_a_reducing_stop_with_nothing_to_reduce_goes():
    market = Market()
    order_id = market.wait(STOP, -2, 950, reduce_only=True)
    assert market.goes(940) == []
    assert order_id not in market.state.orders


def opened(market, size=4, price=None, **more):
    """Open a position whose exits are at 950 and 1200 and return their ids."""
    order = PlaceOrder(
        at_ms=0,
        account="ann",
        symbol=BTC,
        size=D(size),
        type=OrderType.MARKET if price is None else OrderType.LIMIT,
        price=None if price is None else D(price),
        stop_loss_price=D(950),
        take_profit_price=D(1200),
        **more,
    )
    market.do(place_order, order)
    market.looked()
    return [one.id for one in market.state.orders.values() if one.parent_id is not None]


def test_exits_are_the_size_of_the_position_and_follow_it():
    market = Market()
    exits = opened(market)
    assert [market.state.orders[one].size for one in exits] == [-4, -4]
    market.hold(7)
    market.looked()
    assert [market.state.orders[one].size for one in exits] == [-7, -7]


@pytest.mark.parametrize(("price", "which"), [(940, 0), (1210, 1)])
def test_the_exit_that_closes_takes_the_other_with_it(price, which):
    market = Market()
    exits = opened(market)
    assert market.goes(price) == [exits[which]]
    assert market.held() == 0
    assert not set(exits) & set(market.state.orders)


@pytest.mark.parametrize("after", [0, -2])
def test_exits_go_when_their_position_is_gone(after):
    market = Market()
    exits = opened(market)
    market.hold(after)
    assert market.looked() == []
    assert not set(exits) & set(market.state.orders)


def test_exits_follow_even_while_prices_are_not_to_be_acted_upon():
    market = Market()
    exits = opened(market)
    market.emit(event.BreakerSet(symbol=BTC, state=Breaker.DEGRADED, why="test"))
    market.hold(0)
    market.looked()
    assert not set(exits) & set(market.state.orders)


def test_where_the_book_runs_dry_the_other_exit_keeps_the_rest():
    market = Market(depth=10)
    exits = opened(market, 8)
    market.hold(15)
    market.goes(940)
    assert market.held() == 5
    assert [one.id for one in market.state.orders.values() if one.account == "ann"] == [exits[1]]
    assert market.state.orders[exits[1]].size == -5


def test_an_order_that_rests_has_its_exits_once_it_begins_to_fill():
    market = Market()
    assert opened(market, 4, 990) == []
    market.funded("bob")
    fill = PlaceOrder(at_ms=0, account="bob", symbol=BTC, size=D(-1), type=OrderType.MARKET)
    market.do(place_order, fill)
    market.do(place_order, fill)
    market.looked()
    exits = [one for one in market.state.orders.values() if one.parent_id is not None]
    assert [one.size for one in exits] == [-2, -2]
    # Closed by hand while its order may still fill: they wait, with nothing to close.
    market.hold(0)
    market.looked()
    assert [one.size for one in exits] == [0, 0]
    assert market.goes(940) == []
    assert all(one.id in market.state.orders for one in exits)


def test_exits_are_attached_once_and_to_nothing_unknown():
    market = Market()
    parent = PlaceOrder(
        at_ms=0, account="ann", symbol=BTC, size=D(1), price=D(900), stop_loss_price=D(800)
    )
    order_id = market.accept(parent, is_waiting=False)
    assert len(market.do(lambda d, _: attach(d, order_id), Tick(at_ms=0))) == 1
    assert market.do(lambda d, _: attach(d, order_id), Tick(at_ms=0)) == []
    assert market.do(lambda d, _: attach(d, 999), Tick(at_ms=0)) == []


def test_in_hedge_mode_exits_belong_to_their_side():
    market = Market()
    market.emit(event.PositionModeSet(account="ann", mode=PositionMode.HEDGE))
    market.hold(-3)
    exits = opened(market, 4, side=Side.LONG)
    assert [market.state.orders[one].size for one in exits] == [-4, -4]
    market.goes(940)
    assert (market.held(Side.LONG), market.held(Side.SHORT)) == (0, -3)


@given(
    held=st.integers(-5, 5).filter(bool),
    stops=st.lists(
        st.tuples(
            st.sampled_from([STOP, TAKE]),
            st.integers(-9, 9).filter(bool),
            st.integers(900, 1100),
            st.sampled_from(list(Trigger)),
        ),
        max_size=5,
    ),
    path=st.lists(st.integers(850, 1150), max_size=5),
)
def test_orders_that_reduce_never_make_a_position_larger(held, stops, path):
    market = Market()
    market.hold(held)
    market.hold(-held, name="maker")
    for kind, size, at, on in stops:
        market.wait(kind, size, at, on=on, reduce_only=True)
    sizes = [abs(held)]
    for price in path:
        fired = market.goes(price)
        assert len(fired) == len(set(fired))
        assert market.held() * held >= 0
        sizes.append(abs(market.held()))
    assert sizes == sorted(sizes, reverse=True)
    traded = sum(one.size for one in market.events if isinstance(one, Filled))
    assert traded == 0
    gone = [one.order_id for one in market.events if isinstance(one, OrderGone)]
    assert len(gone) == len(set(gone))
    assert not any(isinstance(one, OrderResized) for one in market.events)


def test_a_trade_in_the_book_is_the_last_price():
    market = Market()
    order_id = market.wait(STOP, 1, 1050, on=Trigger.LAST)
    buy = PlaceOrder(at_ms=0, account="ann", symbol=BTC, size=D(1), type=OrderType.MARKET)

    def traded(decision, command):
        place_order(decision, command)
        look_at(decision, BTC)

    events = market.do(traded, buy)
    assert market.state.symbol(BTC).last == 1100
    assert [one.order_id for one in events if isinstance(one, OrderTriggered)] == [order_id]


def test_a_stop_that_closes_a_long_does_not_touch_a_short():
    market = Market()
    order_id = market.wait(STOP, -1, 950, is_close_position=True)
    market.hold(-3)
    assert market.goes(940) == []
    assert order_id in market.state.orders
