"""Amending: the same order, somewhere else in the book, or as it was."""

import pytest

from crossmargin.model.order import OrderType
from crossmargin.venue.amending import amend_order
from crossmargin.venue.command import AmendOrder, CancelOrder, PlaceOrder, TimeInForce
from crossmargin.venue.decide import decide
from crossmargin.venue.event import Filled, OrderAmended, OrderGone, OrderStatus, Refused
from crossmargin.venue.orders import place_order
from crossmargin.venue.refusal import Code
from tests.unit.venue.order_desk import BTC, STOP, STRICT, D, order, refused, stage_with


def amend(order_id, size, price, account="a"):
    return AmendOrder(at_ms=0, account=account, order_id=order_id, size=D(size), price=D(price))


def desk(*orders, names="abc"):
    """Return a stage with resting orders, numbered from 1."""
    stage = stage_with(*names, settings=STRICT)
    for one in orders:
        stage.do(place_order, one)
    return stage


def book(stage):
    bids, asks = stage.state.symbol(BTC).book.depth()
    return bids, asks


def test_an_amended_order_keeps_its_ids_and_goes_to_its_new_price():
    stage = desk(order(size="1", price="99", client_id="mine"))
    told = stage.do(amend_order, amend(1, "2", "98.5"))

    assert [OrderAmended(order_id=1, size=D(2), price=D("98.5"))] == told
    assert ([(D("98.5"), D(2))], []) == book(stage)
    account = stage.state.accounts["a"]
    assert ({"mine": 1}, D(2), D("98.5")) == (
        account.client_orders,
        account.orders[1].size,
        account.orders[1].price,
    )
    # Its margin is that of what it is now: 2 × 98.5 for 20 times leverage.
    assert D(2) == account.resting_size(BTC, None, D(1))


def test_an_amended_order_is_met_after_those_that_were_there():
    stage = desk(order("a", "1", "99"), order("b", "1", "99"))
    stage.do(amend_order, amend(1, "1.5", "99"))
    told = stage.do(place_order, order("c", "-1", "99"))

    assert ["c", "b"] == [one.account for one in told if isinstance(one, Filled)]


def test_an_amended_order_may_trade_at_once():
    stage = desk(order("a", "1", "99"), order("c", "-1", "101"))
    told = stage.do(amend_order, amend(1, "3", "101"))

    assert [(1, D(1), D(101)), (2, D(-1), D(101))] == [
        (one.order_id, one.size, one.price) for one in told if isinstance(one, Filled)
    ]
    assert ([(D(101), D(2))], []) == book(stage)
    assert OrderStatus.PARTLY_FILLED is stage.state.orders[1].status


@pytest.mark.parametrize(("size", "left"), [("2", "1"), ("5", "4")])
def test_what_is_filled_counts_towards_the_amended_size(size, left):
    stage = desk(order("a", "3", "99"), order("b", "-1", "99"))
    stage.do(amend_order, amend(1, size, "98"))

    assert (D(left), D(1)) == (stage.state.orders[1].size, stage.state.orders[1].filled)
    assert D(size) == stage.state.orders[1].placed.size


@pytest.mark.parametrize("size", ["1", "0.5"])
def test_an_order_amended_to_what_is_filled_is_over(size):
    stage = desk(order("a", "3", "99"), order("b", "-1", "99"))
    told = stage.do(amend_order, amend(1, size, "98"))

    assert [
        OrderGone(order_id=1, status=OrderStatus.CANCELLED, why="amended to what is filled")
    ] == told
    assert ([], []) == book(stage)


def test_a_post_only_order_amended_to_trade_at_once_is_over():
    stage = desk(order("a", "1", "99", time_in_force=TimeInForce.GTX), order("c", "-1", "101"))
    told = stage.do(amend_order, amend(1, "1", "101"))

    assert [
        OrderGone(order_id=1, status=OrderStatus.CANCELLED, why="amended to trade at once")
    ] == told


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (amend(9, "1", "99"), Code.UNKNOWN_ORDER),
        (amend(1, "1", "99", account="b"), Code.UNKNOWN_ORDER),
        (amend(1, "1", "99", account="nobody"), Code.UNKNOWN_ACCOUNT),
        (amend(2, "-1", "90"), Code.UNKNOWN_ORDER),  # It waits for its trigger.
        (amend(1, "-1", "99"), Code.BAD_NUMBER),
        (amend(1, "0", "99"), Code.BAD_NUMBER),
        (amend(1, "NaN", "99"), Code.BAD_NUMBER),
        (amend(1, "1", "-1"), Code.BAD_NUMBER),
        (amend(1, "1", "99.05"), Code.BAD_PRICE_STEP),
        (amend(1, "1.0005", "99"), Code.BAD_SIZE_STEP),
        (amend(1, "0.01", "99"), Code.NOTIONAL_TOO_SMALL),
        (amend(1, "1", "105.1"), Code.PRICE_OUT_OF_BAND),
        (amend(1, "203", "99"), Code.MARGIN_INSUFFICIENT),
    ],
)
def test_what_cannot_be_amended_stays_as_it_was(asked, code):
    stage = desk(order(size="1", price="99"), order(size="-1", trigger_price=D(95), **STOP))

    assert refused(stage, asked, amend_order) is code
    assert ([(D(99), D(1))], []) == book(stage)


def test_an_order_is_afforded_in_the_place_of_the_one_it_was():
    # 1,000 USDT carry 20,000 at 20 times leverage, so there is no room for a second such order.
    stage = desk(order(size="150", price="100"), names="a")

    assert refused(stage, order(size="150", price="100")) is Code.MARGIN_INSUFFICIENT
    stage.do(amend_order, amend(1, "200", "100"))
    assert refused(stage, amend(1, "201", "100"), amend_order) is Code.MARGIN_INSUFFICIENT
    assert D(200) == stage.state.orders[1].size


def test_a_halted_venue_amends_nothing():
    stage = desk(order(size="1", price="99"))
    stage.state.halted = "maintenance"
    (told,) = decide(stage.state, amend(1, "1", "98"))

    assert isinstance(told, Refused)
    assert Code.HALTED == told.code


def test_an_amended_order_can_be_cancelled():
    stage = desk(order(size="1", price="99"))
    stage.do(amend_order, amend(1, "1", "98"))
    decide(stage.state, CancelOrder(at_ms=0, account="a", order_id=1))

    assert {} == stage.state.orders
    assert ([], []) == book(stage)


def test_a_limit_order_that_waited_for_a_trigger_is_not_amended():
    stop = PlaceOrder(
        at_ms=0,
        account="a",
        symbol=BTC,
        size=D(1),
        type=OrderType.STOP,
        price=D(100),
        trigger_price=D(101),
    )
    stage = desk(stop)

    assert refused(stage, amend(1, "1", "99"), amend_order) is Code.UNKNOWN_ORDER
