"""The audit finds every hole that is made in the books, and none where there is none."""

from decimal import Decimal

import pytest

from crossmargin.model.account import Position
from crossmargin.model.order import Side
from crossmargin.rulebooks.schema import Contract
from crossmargin.venue import event
from crossmargin.venue.command import PlaceOrder
from crossmargin.venue.event import OrderStatus, Posting
from crossmargin.venue.ledger import audit, balances, event_audit
from tests.toys import inverse, one_tier
from tests.unit.venue.stage import RULES, Stage

D = Decimal
BOOK = RULES.with_contracts({"BTCUSD_PERP": Contract(inverse("BTCUSD_PERP"), one_tier("0.01"))})


def held(name, symbol, size, price):
    position = Position(symbol, D(size), D(price))
    return event.PositionChanged(account=name, position=position, side=position.side, why="t")


def paid(source, target, amount, asset="USDT"):
    return event.MoneyMoved(why="test", postings=(Posting(source, target, asset, D(amount)),))


def order(order_id, size, price, *, is_waiting=False):
    placed = PlaceOrder(
        at_ms=0, account="ann", symbol="BTCUSDT", size=D(size), price=D(price) if price else None
    )
    return event.OrderAccepted(order_id=order_id, order=placed, is_waiting=is_waiting)


def scene(*events):
    stage = Stage(BOOK)
    for name in ("ann", "bob", "cat"):
        stage.funded(name, asset="USDT")
        stage.emit(paid("outside", f"account/{name}", "1", "BTC"))
    stage.emit(*events)
    return stage


def test_balances_are_those_of_all_purses_by_name():
    stage = scene(paid("account/ann", "fund", "5"))

    found = balances(stage.state)

    assert list(found) == sorted(found)
    assert found["account/ann", "USDT"] == 9995
    assert found["fund", "USDT"] == 5
    assert found["outside", "USDT"] == -30_000
    assert sum(amount for (_, asset), amount in found.items() if asset == "USDT") == 0


@pytest.mark.parametrize(
    "events",
    [
        pytest.param((), id="nobody trades"),
        pytest.param(
            (held("ann", "BTCUSDT", "2", "50000"), held("bob", "BTCUSDT", "-2", "50000")),
            id="a long is a short",
        ),
        # Ann sold her 2 at 51 000 to cat: 2 × 1 000 realised.
        pytest.param(
            (
                paid("clearing/BTCUSDT", "account/ann", "2000"),
                held("bob", "BTCUSDT", "-2", "50000"),
                held("cat", "BTCUSDT", "2", "51000"),
            ),
            id="realised and open are in line",
        ),
        # 100 contracts of 100 USD from 50 000 to 40 000: 10 000 × (1/50 000 − 1/40 000) BTC.
        pytest.param(
            (
                paid("account/ann", "clearing/BTCUSD_PERP", "0.05", "BTC"),
                held("bob", "BTCUSD_PERP", "-100", "50000"),
                held("cat", "BTCUSD_PERP", "100", "40000"),
            ),
            id="of an inverse contract",
        ),
        pytest.param(
            (order(1, "1", "100"), order(2, "-1", "200"), order(3, "1", None)), id="orders rest"
        ),
        pytest.param((order(1, "1", "100", is_waiting=True),), id="an order waits"),
    ],
)
def test_sound_books_balance(events):
    assert audit(scene(*events).state) == []


def broken_sum(state):
    state.purses["rounding", "USDT"] = D("0.00000001")


def broken_order(state):
    state.accounts["ann"].orders.clear()


def broken_account_order(state):
    state.orders.clear()


def broken_book(state):
    state.symbol("BTCUSDT").book.remove(1)


def broken_size(state):
    state.orders[1].size = D(2)


def broken_interest(state):
    state.symbol("BTCUSDT").open_interest = D(3)


def broken_status(state):
    state.orders[1].status = OrderStatus.FILLED


def broken_waiting(state):
    state.symbol("BTCUSDT").waiting[1] = None


def sound(state):
    pass


LONG, SHORT = held("ann", "BTCUSDT", "2", "50000"), held("bob", "BTCUSDT", "-2", "50000")


@pytest.mark.parametrize(
    ("events", "breaking", "words"),
    [
        ((), broken_sum, "USDT sums to 0.00000001 over all purses"),
        ((paid("fund", "account/ann", "1"),), sound, "the insurance fund is at -1 USDT"),
        ((LONG,), sound, "longs of BTCUSDT are 2 more than shorts"),
        # 2 × 1 000 are missing from clearing.
        (
            (LONG, held("bob", "BTCUSDT", "-2", "51000")),
            sound,
            "what was realised in BTCUSDT and what is open differ by -2000 USDT",
        ),
        (
            (LONG, SHORT, paid("clearing/BTCUSDT", "account/ann", "0.00000003")),
            sound,
            "what was realised in BTCUSDT and what is open differ by -0.00000003 USDT",
        ),
        ((order(1, "1", "100"),), broken_order, "the order 1 is not known to the account ann"),
        (
            (order(1, "1", "100"),),
            broken_account_order,
            "the account ann has the order 1, which is not there",
        ),
        (
            (order(1, "1", "100"),),
            broken_book,
            "the book of BTCUSDT does not hold exactly its open orders",
        ),
        (
            (order(1, "1", "100"),),
            broken_size,
            "the book of BTCUSDT does not hold exactly its open orders",
        ),
        (
            (LONG, SHORT),
            broken_interest,
            "3 of BTCUSDT are counted as open, which is not what is long",
        ),
        ((order(1, "1", "100"),), broken_status, "the order 1 is filled and still there"),
        (
            (order(1, "1", "100"),),
            broken_waiting,
            "the orders that wait in BTCUSDT are not exactly those waiting",
        ),
    ],
)
def test_a_hole_in_the_books_is_named(events, breaking, words):
    stage = scene(*events)
    breaking(stage.state)

    assert words in audit(stage.state)


def test_each_trade_may_leave_one_rounding_a_side():
    # Three roundings where no trade was are a hole; after one trade there may be four.
    stage = scene(LONG, SHORT, paid("clearing/BTCUSDT", "account/ann", "0.00000003"))
    stage.state.next_trade_id = 2

    assert audit(stage.state) == []


def fill(why, *postings):
    return event.Filled(
        trade_id=1,
        account="ann",
        symbol="BTCUSDT",
        size=D(1),
        price=D(1),
        position=Position("BTCUSDT", D(1), D(1)),
        side=Side.LONG,
        realised_pnl=D(0),
        fee=D(0),
        why=why,
        postings=postings,
    )


def post(source, target, amount="1"):
    return Posting(source, target, "USDT", D(amount))


FUNDED = post("account/ann", "fund")


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (fill("trade", post("account/ann", "fees")), []),
        (fill("trade", FUNDED), ["Filled touches the insurance fund"]),
        (fill("liquidation", FUNDED), []),
        (event.MoneyMoved(why="feed-fund", postings=(post("outside", "fund"),)), []),
        (
            event.MoneyMoved(why="withdraw", postings=(post("fund", "outside"),)),
            ["MoneyMoved touches the insurance fund"],
        ),
        (event.ClockSet(at_ms=1, postings=(FUNDED,)), ["ClockSet touches the insurance fund"]),
        (event.LossShared(asset="USDT", amount=D(1), by_account={}, postings=(FUNDED,)), []),
        (
            event.Halted(reason="x", postings=(post("outside", "fees", "0"),)),
            ["Halted posts 0 USDT"],
        ),
        (
            event.Halted(reason="x", postings=(post("outside", "fees", "-1"),)),
            ["Halted posts -1 USDT"],
        ),
        (
            event.Halted(reason="x", postings=(post("outside", "fees", "1E-9"),)),
            ["Halted posts 1E-9 USDT"],
        ),
        (
            event.Halted(reason="x", postings=(post("outside", "fees", "NaN"),)),
            ["Halted posts NaN USDT"],
        ),
        (
            event.Halted(reason="x", postings=(post("fees", "fees"),)),
            ["Halted posts from fees to itself"],
        ),
        (
            event.Halted(reason="x", postings=(post("outside", "pocket"),)),
            ["Halted posts to 'pocket', which is no purse"],
        ),
    ],
)
def test_money_in_an_event_is_posted_by_the_rules(one, words):
    assert event_audit(one) == words
