"""What a key's limits let in: every number here is worked out by hand."""

from decimal import Decimal

import pytest

from crossmargin.api.keys import Key, Limits, Scope
from crossmargin.api.limits import DayResults, denial
from crossmargin.model.order import OrderType
from crossmargin.store.entry import Entry
from crossmargin.venue.command import PlaceOrder
from crossmargin.venue.event import FundingSettled, MoneyMoved, Posting
from crossmargin.venue.settings import VenueSettings
from crossmargin.venue.state import AccountState, State
from tests.unit.venue.stage import RULES

D = Decimal
DAY_MS = 86_400_000
NOON_MS = 20_000 * DAY_MS + DAY_MS // 2


@pytest.fixture
def state():
    venue = State(RULES, VenueSettings())
    venue.advance(NOON_MS)
    venue.symbol("BTCUSDT").mark = D(100)
    venue.accounts["ann"] = AccountState("ann", "", is_maker=False, assets_mode=None)
    return venue


def key(symbols=None, **limits):
    more = None if symbols is None else frozenset(symbols)
    return Key("k", "ann", frozenset({Scope.TRADE}), NOON_MS, more, Limits(**limits))


def order(size, price=None, symbol="BTCUSDT", **more):
    kind = OrderType.MARKET if price is None else OrderType.LIMIT
    limit = None if price is None else D(price)
    return PlaceOrder(
        at_ms=0, account="ann", symbol=symbol, size=D(size), price=limit, type=kind, **more
    )


def record(at_ms):
    return Entry(1, at_ms, b"", b"", "", "", b"", b"")


def moved(source, target, amount, asset="USDT"):
    return Posting(source, target, asset, D(amount))


@pytest.mark.parametrize(
    ("asked", "is_in"),
    [
        (order("10"), True),  # 10 × 100
        (order("10.01"), False),
        (order("-10.01"), False),
        (order("20", "50"), True),  # buys at 50 or below
        (order("20.1", "50"), False),
        (order("-20", "50"), False),  # sells at 50 or above: at the mark
        (order("-10", "50"), True),
        (order("-5", "200"), True),
        (order("-5.1", "200"), False),
        (order("-99", reduce_only=True), True),
        (order("0", is_close_position=True), True),
    ],
)
def test_an_order_is_as_large_as_it_may_become(state, asked, is_in):
    denied = denial(key(order_notional_max=D(1000)), asked, state, DayResults())

    assert is_in == (denied is None)


def test_where_there_is_no_price_there_is_no_telling(state):
    state.symbol("BTCUSDT").mark = None
    limited = key(order_notional_max=D(1000))

    assert "There is no price" in denial(limited, order("1"), state, DayResults())
    assert "There is no price" in denial(limited, order("1", symbol="NONE"), state, DayResults())
    assert denial(key(), order("1"), state, DayResults()) is None


@pytest.mark.parametrize("asked", [order("1"), order("-1", reduce_only=True)])
def test_a_symbol_that_is_not_on_the_list_is_not_traded_at_all(state, asked):
    assert denial(key(["BTCUSDT"]), asked, state, DayResults()) is None
    assert "The key may not trade BTCUSDT." == denial(key(["ETHUSDT"]), asked, state, DayResults())


def test_so_many_orders_are_open_at_once(state):
    limited = key(open_orders_max=2)
    state.accounts["ann"].orders = {1: object()}
    assert denial(limited, order("1"), state, DayResults()) is None

    state.accounts["ann"].orders[2] = object()
    denied = denial(limited, order("1"), state, DayResults())
    assert "The account has 2 open orders; the key's limit is reached." == denied
    assert denial(limited, order("1"), state, DayResults(), instead_of=1) is None
    assert denial(limited, order("1", reduce_only=True), state, DayResults()) is None


def test_after_so_much_loss_in_a_day_nothing_is_opened(state):
    results, limited = DayResults(), key(loss_per_day_max=D(30))
    results.take(record(NOON_MS), (
        MoneyMoved(why="deposit", postings=(moved("outside", "account/ann", 500),)),
        MoneyMoved(why="withdraw", postings=(moved("account/ann", "outside", 400),)),
        FundingSettled(
            symbol="BTCUSDT",
            at_ms=NOON_MS,
            rate=D(0),
            mark=D(1),
            postings=(
                moved("account/ann", "funding/BTCUSDT", "20.5"),
                moved("funding/BTCUSDT", "account/bob", "20.5"),
            ),
        ),
    ))  # fmt: skip
    assert D("20.5") == results.lost("ann", state)
    assert D(0) == results.lost("bob", state)
    assert denial(limited, order("1"), state, results) is None

    state.asset_prices["BTC"] = D(95)
    lost = MoneyMoved(why="takeover", postings=(moved("account/ann", "fund", "0.1", "BTC"),))
    results.take(record(NOON_MS), (lost,))
    denied = denial(limited, order("1"), state, results)
    assert "The account has lost 30 USD today; the key's limit is 30." == denied
    assert denial(limited, order("-1", reduce_only=True), state, results) is None


def test_a_new_day_begins_at_midnight_of_the_venue(state):
    results = DayResults()
    loss = MoneyMoved(why="takeover", postings=(moved("account/ann", "fund", 10),))
    last_ms = NOON_MS + DAY_MS // 2 - 1
    results.take(record(last_ms), (loss,))
    state.advance(last_ms)
    assert D(10) == results.lost("ann", state)

    state.advance(last_ms + 1)
    assert D(0) == results.lost("ann", state)
    results.take(record(last_ms + 1), (loss, loss))
    assert D(20) == results.lost("ann", state)
