"""The oracle, tried on records that lie: what a venue must never publish is found, by its law."""

from decimal import Decimal
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from crossmargin.margin.health import Health
from crossmargin.model.account import Position
from crossmargin.model.order import OrderType, Side
from crossmargin.rulebooks.schema import Fees
from crossmargin.venue import event
from crossmargin.venue.command import PlaceOrder, Tick
from crossmargin.venue.event import Breaker, OrderStatus, Posting
from crossmargin.venue.settings import VenueSettings
from tests.simulation.auditor import Auditor
from tests.toys import book, linear, one_tier

D = Decimal
BTC = "BTCUSDT"
# Makers pay nothing and takers 0.05 %; 1 % of maintenance margin.
RULES = replace(book((linear(BTC), one_tier("0.01"))), fees=Fees(D(0), D("0.0005"), D("0.01")))


def deposit(name, amount):
    posting = Posting("outside", f"account/{name}", "USDT", D(amount))
    return event.MoneyMoved(why="deposit", postings=(posting,))


def seen(price):
    return (
        event.SourceSeen(name=BTC, is_symbol=True, source="index:feed", price=D(price), at_ms=0),
        event.PriceSet(symbol=BTC, index=D(price), mark=D(price), last=None),
    )


def accepted(order_id, name, size, price=None):
    kind = OrderType.MARKET if price is None else OrderType.LIMIT
    limit = None if price is None else D(price)
    order = PlaceOrder(at_ms=0, account=name, symbol=BTC, size=D(size), price=limit, type=kind)
    return event.OrderAccepted(order_id=order_id, order=order)


def filled(name, size, held, order_id, fee="0", **more):
    fee = D(fee)
    postings = (Posting(f"account/{name}", "fees", "USDT", fee),) if fee else ()
    position = Position(BTC, D(held), D(100))
    return event.Filled(
        trade_id=1,
        account=name,
        symbol=BTC,
        size=D(size),
        price=D(100),
        position=position,
        side=position.side,
        realised_pnl=D(0),
        fee=fee,
        why="trade",
        order_id=order_id,
        postings=postings,
        **more,
    )


# Ann sells 2 at 100, bob buys 1 of them at market and pays 0.05 % of 100.
TAPE = [
    (event.AccountOpened(account="ann"),),
    (event.AccountOpened(account="bob"),),
    (deposit("ann", 50),),
    (deposit("bob", 50),),
    (*seen(100)[:1], event.BreakerSet(symbol=BTC, state=Breaker.USABLE, why="."), seen(100)[1]),
    (accepted(1, "ann", -2, 100),),
    (
        accepted(2, "bob", 1),
        filled("bob", 1, 1, 2, "0.05"),
        filled("ann", -1, -1, 1, is_maker=True),
    ),
]
GONE = event.OrderGone(order_id=1, status=OrderStatus.CANCELLED, why="asked for")


def heard(*records, tape=TAPE):
    """Return what the auditor says of the tape and these records after it."""
    auditor = Auditor(RULES, VenueSettings())
    for sequence, events in enumerate([*tape, *records], 1):
        auditor.hear(
            SimpleNamespace(sequence=sequence, at_ms=0, decoded_command=lambda: Tick(at_ms=0)),
            events,
        )
    return auditor.broken


def lied(place, **fields):
    """Return what is said where the last record's event at `place` says something else."""
    *before, last = TAPE
    events = list(last)
    events[place] = replace(events[place], **fields)
    return heard(tape=[*before, tuple(events)])


def liquidated(equity):
    health = Health(D(equity), D(20), D(1))
    size = {"trade_id": 2, "why": "liquidation"}
    return (
        replace(
            filled("bob", -1, 0, None, "1"),
            **size,
            side=Side.LONG,
            postings=(Posting("account/bob", "fund", "USDT", D(1)),),
        ),
        replace(filled("ann", 1, 0, 1, is_maker=True), **size, side=Side.SHORT),
        event.LiquidationStep(
            account="bob", unit="USDT", step="close-position", rule="", action="", before=health
        ),
    )


def test_a_tape_that_is_true_breaks_nothing():
    assert [] == heard((GONE,))


# What is left of ann's order, 1, is made 3 at another price.
AMENDED = event.OrderAmended(order_id=1, size=D(-3), price=D(102))
AT_100 = (
    accepted(3, "bob", 1),
    replace(filled("bob", 1, 2, 3, "0.05"), trade_id=2),
    replace(filled("ann", -1, -2, 1, is_maker=True), trade_id=2),
)


def test_an_order_may_be_amended_and_ends_once():
    assert [] == heard((AMENDED,), (GONE,))


@pytest.mark.parametrize(
    "records",
    [
        pytest.param(((replace(AMENDED, order_id=9),),), id="nobody's order"),
        pytest.param(((GONE,), (AMENDED,)), id="an order that is over"),
        pytest.param(((replace(AMENDED, size=D(3)),),), id="an order of the other side"),
        pytest.param(((AMENDED,), AT_100), id="met at the price it had"),
    ],
)
def test_what_no_amendment_is(records):
    assert any("law 20" in one for one in heard(*records))


@pytest.mark.parametrize(
    ("said", "law"),
    [
        pytest.param(lied(2, size=D("-0.5")), "law 19", id="less is sold than bought"),
        pytest.param(lied(1, fee=D("0.04999999")), "law 14", id="a fee is rounded down"),
        pytest.param(lied(1, realised_pnl=D("0.00000001")), "law 14", id="a profit of nothing"),
        pytest.param(lied(1, postings=()), "law 17", id="a fee that nobody pays"),
        pytest.param(lied(1, position=Position(BTC, D(2), D(100))), "law 19", id="a size doubled"),
        pytest.param(lied(1, position=Position(BTC, D(1), D(99))), "law 17", id="a better entry"),
        pytest.param(lied(2, price=D(101)), "law 19", id="two prices in one trade"),
        pytest.param(lied(2, order_id=7), "law 20", id="an order that is not there"),
        pytest.param(heard((GONE,), (GONE,)), "law 20", id="an order ends twice"),
        pytest.param(heard((accepted(2, "bob", 1, 90),)), "law 20", id="an id again"),
        pytest.param(heard((accepted(3, "bob", 1),)), "law 20", id="a market order rests"),
        pytest.param(heard((replace(deposit("ann", 1), why="gift"),)), "law 22", id="a gift"),
        pytest.param(
            heard(
                (
                    event.MoneyMoved(
                        why="insurance",
                        postings=(Posting("fund", "account/ann", "USDT", D(1)),),
                    ),
                )
            ),
            "law 22",
            id="a fund below zero",
        ),
        pytest.param(heard(seen(99)[1:]), "law 8", id="a price that nobody said"),
        pytest.param(heard(liquidated("49.95")), "law 9", id="a liquidation of the healthy"),
        pytest.param(
            heard(
                (
                    event.FundingSettled(
                        symbol=BTC, at_ms=8 * 3_600_000, rate=D("0.0001"), mark=D(100)
                    ),
                )
            ),
            "law 18",
            id="funding without a sample",
        ),
        pytest.param(
            heard(
                (
                    event.Deleveraged(
                        symbol=BTC,
                        size=D(1),
                        price=D(100),
                        by_account={"bob": D(1)},
                        shortfall=D(0),
                        haircut=D(0),
                        overshoot=D(0),
                        policy="profit",
                    ),
                )
            ),
            "law 21",
            id="a winner on the wrong side",
        ),
        pytest.param(
            heard(
                (event.Halted(reason="a drill"),), (deposit("ann", 1), accepted(3, "bob", 1, 90))
            ),
            "law 20",
            id="an order during a halt",
        ),
    ],
)
def test_a_lie_is_found_by_its_law(said, law):
    assert law in {words.partition(":")[0] for words in said}, said


def test_the_better_price_and_the_earlier_order_are_met_first():
    rested = [accepted(3, "ann", -1, 100), accepted(4, "ann", -1, 99)]
    *before, last = TAPE
    tape = [*before, *((one,) for one in rested), tuple(replace_ids(last))]

    assert any("whose turn it is" in words for words in heard(tape=tape))


def replace_ids(last):
    """Return the last record with a taker that came after the others."""
    taker, bought, sold = last
    return replace(taker, order_id=5), replace(bought, order_id=5), sold
