"""The venue's one entrance: what it refuses whatever is asked, halting and resuming."""

from decimal import Decimal

import pytest

from crossmargin.model.account import AssetsMode
from crossmargin.model.order import OrderType
from crossmargin.venue import command, event
from crossmargin.venue.decide import decide
from crossmargin.venue.refusal import Code
from crossmargin.venue.settings import VenueSettings
from crossmargin.venue.state import State
from tests.unit.venue import asking
from tests.unit.venue.stage import RULES

D = Decimal


@pytest.fixture
def state():
    made = State(RULES, VenueSettings())
    for asked in (
        command.OpenAccount(at_ms=1000, account="alice"),
        command.Deposit(at_ms=1000, account="alice", asset="USDT", amount=D(1000)),
        command.OpenAccount(at_ms=1000, account="maker", is_maker=True),
        command.Deposit(at_ms=1000, account="maker", asset="USDT", amount=D(100_000)),
        command.Observe(at_ms=1000, symbol="BTCUSDT", source="feed", index=D(50000)),
        command.Quote(
            at_ms=1000,
            account="maker",
            symbol="BTCUSDT",
            levels=(command.Level(D(49990), D(1)), command.Level(D(50010), D(-1))),
        ),
    ):
        decide(made, asked)
    return made


def buy(at_ms=1000, **other):
    return command.PlaceOrder(
        at_ms=at_ms,
        account="alice",
        symbol="BTCUSDT",
        size=D("0.01"),
        type=OrderType.MARKET,
        **other,
    )


def refused(state, asked):
    [one] = decide(state, asked)
    assert isinstance(one, event.Refused), one
    return one.code


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        pytest.param(buy(at_ms=999), Code.TIME_GOES_BACK, id="time goes back"),
        pytest.param(
            command.Deposit(at_ms=1000, account="nobody", asset="USDT", amount=D(1)),
            Code.UNKNOWN_ACCOUNT,
            id="nobody's money",
        ),
        pytest.param(command.Resume(at_ms=1000), Code.NOT_HALTED, id="nothing to resume"),
    ],
)
def test_what_no_command_may(state, asked, code):
    before = {name: one.view() for name, one in state.accounts.items()}

    assert code == refused(state, asked)
    assert before == {name: one.view() for name, one in state.accounts.items()}


def test_an_order_trades_with_the_book_and_is_paid_for(state):
    filled = [one for one in decide(state, buy()) if isinstance(one, event.Filled)]

    # 0.01 at 50,010 is 500.10: the taker's 0.05 % and the maker's 0.02 %, rounded up at 8 places.
    assert [("maker", D("-0.01")), ("alice", D("0.01"))] == sorted(
        ((one.account, one.size) for one in filled), reverse=True
    )
    assert {("alice", D("0.25005")), ("maker", D("0.10002"))} == {
        (one.account, one.fee) for one in filled
    }
    assert D("999.74995") == state.accounts["alice"].balances["USDT"]


def test_a_halted_venue_only_sees_prices_and_time(state):
    decide(state, command.Halt(at_ms=1000, reason="a drill"))

    assert Code.HALTED == refused(state, buy())
    decide(state, command.Observe(at_ms=2000, symbol="BTCUSDT", source="feed", index=D(49000)))
    assert D(49000) == state.symbols["BTCUSDT"].index
    decide(state, command.Resume(at_ms=2000))
    assert any(isinstance(one, event.Filled) for one in decide(state, buy(at_ms=2000)))


def test_a_cancel_only_venue_lets_orders_go(state):
    decide(state, command.Halt(at_ms=1000, reason="a drill", is_cancel_only=True))

    assert Code.CANCEL_ONLY == refused(state, buy())
    gone = decide(state, command.CancelAll(at_ms=1000, account="maker"))
    assert [event.OrderGone, event.OrderGone] == [type(one) for one in gone]


def test_it_does_not_resume_on_stale_prices_of_what_is_held(state):
    decide(state, buy())
    decide(state, command.Halt(at_ms=1000, reason="a drill"))

    assert Code.PRICES_UNUSABLE == refused(state, command.Resume(at_ms=10_000_000))


# 0.3 BTC at 50010 with 1000 USDT: at 47000 equity is 1000 - 903 - 7.5015 (fee) = 89.4985, below
# the maintenance margin of 1 % of 14100.
KILLING = D(47000)


def index(at_ms, price):
    return command.Observe(at_ms=at_ms, symbol="BTCUSDT", source="feed", index=price)


def long_with_exits():
    return command.PlaceOrder(
        at_ms=1000,
        account="alice",
        symbol="BTCUSDT",
        size=D("0.3"),
        type=OrderType.MARKET,
        stop_loss_price=D(45000),
        take_profit_price=D(55000),
    )


def test_exits_go_with_the_position_that_a_liquidation_takes(state):
    decide(state, long_with_exits())
    assert 2 == len(state.accounts["alice"].orders)
    events = decide(state, index(2000, KILLING))

    assert any(isinstance(one, event.LiquidationStep) for one in events)
    assert {} == state.accounts["alice"].positions
    assert {} == state.accounts["alice"].orders


def test_an_order_in_a_market_without_a_price_shields_nobody_from_liquidation(state):
    other = command.Observe(at_ms=1000, symbol="ETHUSDT", source="feed", index=D(2500))
    order = {"symbol": "ETHUSDT", "size": D("0.01"), "price": D(2000)}
    decide(state, other)
    decide(state, command.PlaceOrder(at_ms=1000, account="alice", **order))
    decide(state, long_with_exits())
    # Not seen for longer than stale_ms and degraded_ms: the price is taken away.
    for at_ms in (100_000, 500_000):
        decide(state, index(at_ms, D(50000)))
        decide(state, command.Tick(at_ms=at_ms))
    assert state.symbol("ETHUSDT").mark is None
    decide(state, index(500_001, KILLING))

    assert {} == state.accounts["alice"].positions


def test_who_was_left_alone_at_an_old_price_is_looked_after_when_it_is_said_again(state):
    other = {"symbol": "ETHUSDT", "source": "feed", "index": D(2500)}
    order = {"symbol": "ETHUSDT", "size": D("0.01"), "price": D(2510)}
    decide(state, command.Observe(at_ms=1000, **other))
    levels = (command.Level(D(2510), D(-1)),)
    decide(state, command.Quote(at_ms=1000, account="maker", symbol="ETHUSDT", levels=levels))
    decide(state, command.PlaceOrder(at_ms=1000, account="alice", **order))
    decide(state, long_with_exits())
    # No tick: the venue has not noticed yet that the other price is older than stale_ms.
    decide(state, index(100_000, KILLING))
    assert 2 == len(state.accounts["alice"].positions)
    decide(state, command.Observe(at_ms=100_000, **other))

    assert {} == state.accounts["alice"].positions


def test_exits_go_with_the_order_that_could_have_opened_their_position_again(state):
    bid = command.PlaceOrder(
        at_ms=1000,
        account="alice",
        symbol="BTCUSDT",
        size=D("0.01"),
        price=D(50000),
        stop_loss_price=D(45000),
    )
    decide(state, bid)
    given = {"at_ms": 1000, "symbol": "BTCUSDT"}
    market = {**given, "account": "maker", "type": OrderType.MARKET}
    decide(state, command.PlaceOrder(size=D("-0.005"), **market))
    ask = {"account": "alice", "size": D("-0.005"), "price": D(50002), "reduce_only": True}
    decide(state, command.PlaceOrder(**given, **ask))
    decide(state, command.PlaceOrder(size=D("0.005"), **market))
    alice = state.accounts["alice"]
    assert {} == alice.positions
    assert [D("0.005"), D(0)] == [one.size for one in alice.orders.values()]
    decide(state, command.CancelOrder(at_ms=1000, account="alice", order_id=min(alice.orders)))

    assert {} == alice.orders


def test_who_failed_during_a_halt_is_looked_after_when_it_is_over(state):
    decide(state, long_with_exits())
    decide(state, command.Halt(at_ms=1500, reason="test"))
    decide(state, index(2000, KILLING))
    assert D("0.3") == state.accounts["alice"].position("BTCUSDT", None).size
    resumed, *events = decide(state, command.Resume(at_ms=2000))

    assert isinstance(resumed, event.Resumed)
    assert "alice" in [one.account for one in events if isinstance(one, event.LiquidationStep)]
    assert {} == state.accounts["alice"].positions


@pytest.mark.parametrize("first", ["BTCUSDT", "ETHUSDT"])
def test_what_resuming_says_does_not_depend_on_which_market_was_looked_at_first(first):
    state = State(RULES, VenueSettings())
    state.symbol(first)
    for symbol in ("BTCUSDT", "ETHUSDT"):
        state.symbol(symbol).holders["alice"] = None
    decide(state, command.Halt(at_ms=1000, reason="a drill"))
    [one] = decide(state, command.Resume(at_ms=1000))

    assert "no fresh price of BTCUSDT, ETHUSDT" == one.reason


def test_collateral_whose_price_has_grown_old_liquidates_nobody_until_it_is_said_again():
    state = State(asking.RULES, VenueSettings())

    def said(at_ms, usdt, coin, price):
        for asset, value in (("USDT", usdt), ("BTC", coin)):
            if value is not None:
                seen = {"asset": asset, "source": "feed", "price": D(value)}
                decide(state, command.ObserveAsset(at_ms=at_ms, **seen))
        if price is not None:
            decide(state, index(at_ms, D(price)))

    for name, asset, amount in (("alice", "BTC", 1), ("carol", "USDT", 100_000)):
        decide(state, command.OpenAccount(at_ms=1000, account=name))
        deposit = {"account": name, "asset": asset, "amount": D(amount)}
        decide(state, command.Deposit(at_ms=1000, **deposit))
    said(1000, 1, 20_000, 20_000)
    decide(state, command.SetAssetsMode(at_ms=1000, account="alice", mode=AssetsMode.MULTI))
    for name, size in (("carol", -4), ("alice", 4)):
        order = {"symbol": "BTCUSDT", "size": D(size), "price": D(20_000)}
        decide(state, command.PlaceOrder(at_ms=1000, account=name, **order))
    # 1 BTC counts for 19 000; at 15 000 four of them have lost 20 000.
    said(100_000, None, None, 15_000)
    assert D(4) == state.accounts["alice"].position("BTCUSDT", None).size
    said(100_000, 1, 20_000, None)

    assert {} == state.accounts["alice"].positions
