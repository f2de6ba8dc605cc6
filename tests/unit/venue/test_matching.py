"""Who meets whom, at what price, and what it does to both."""

import pytest

from crossmargin.model.account import MarginMode, Position, PositionMode
from crossmargin.model.order import Side
from crossmargin.money import exact
from crossmargin.venue import event
from crossmargin.venue.command import SelfTrade, TimeInForce
from crossmargin.venue.decision import Decision
from crossmargin.venue.event import Filled, OrderStatus
from crossmargin.venue.matching import cross, fill_price, sweep
from crossmargin.venue.orders import place_order
from crossmargin.venue.refusal import Code, Refusal
from tests.unit.venue.traders import BTC, D, fills, gone, held, order, place, stage_with


def test_the_best_price_fills_first_then_the_oldest_and_the_rest_rests():
    stage = stage_with("a", "b", "c", "t")
    place(stage, "a", "-1", "101")
    place(stage, "b", "-1", "100")
    place(stage, "c", "-1", "100")
    events = place(stage, "t", "4", "101")
    assert fills(events) == [
        ("t", 1, 100),
        ("b", -1, 100),
        ("t", 1, 100),
        ("c", -1, 100),
        ("t", 1, 101),
        ("a", -1, 101),
    ]
    assert stage.state.symbol(BTC).book.depth() == ([(D(101), D(1))], [])


def test_fees_and_profit_move_between_the_right_purses():
    # Buys 1 at 100 as maker (0.0002 × 100 = 0.02), sells it at 110 as taker (0.0005 × 110 = 0.055).
    stage = stage_with("a", "b")
    place(stage, "a", "1", "100")
    place(stage, "b", "-1")
    place(stage, "b", "1", "110")
    events = place(stage, "a", "-1")
    sold = next(one for one in events if isinstance(one, Filled) and one.account == "a")
    assert (sold.realised_pnl, sold.fee, sold.position.size) == (D(10), D("0.055"), 0)
    assert stage.state.accounts["a"].balances["USDT"] == D("1000009.925")
    # b: sells at 100 (0.05), buys back at 110 as maker (0.022), loses 10.
    assert stage.state.accounts["b"].balances["USDT"] == D("999989.928")
    assert stage.state.purse("fees", "USDT") == D("0.147")
    assert stage.state.purse(f"clearing/{BTC}", "USDT") == 0


@pytest.mark.parametrize(
    ("force", "left"),
    [
        (TimeInForce.GTC, {"rests": D(1), "why": []}),
        (TimeInForce.IOC, {"rests": D(0), "why": [OrderStatus.EXPIRED]}),
    ],
)
def test_what_does_not_fill_rests_or_expires(force, left):
    stage = stage_with("a", "t")
    place(stage, "a", "-1", "100")
    events = place(stage, "t", "2", "100", time_in_force=force)
    assert held(stage, "t") == 1
    assert sum(size for _, size in stage.state.symbol(BTC).book.depth()[0]) == left["rests"]
    assert [status for _, status, _ in gone(events)] == left["why"]


def test_a_market_order_without_a_counterparty_expires():
    stage = stage_with("t")
    events = place(stage, "t", "1")
    assert gone(events) == [(1, OrderStatus.EXPIRED, "nobody on the other side at its price")]
    assert not stage.state.orders


@pytest.mark.parametrize(("size", "fills_whole"), [("2", True), ("3", False)])
def test_fill_or_kill_is_all_or_nothing(size, fills_whole):
    stage = stage_with("a", "b", "t")
    place(stage, "a", "-1", "100")
    place(stage, "b", "-1", "101")
    if fills_whole:
        place(stage, "t", size, "101", time_in_force=TimeInForce.FOK)
        assert held(stage, "t") == D(size)
        return
    with pytest.raises(Refusal) as refused:
        place(stage, "t", size, "101", time_in_force=TimeInForce.FOK)
    assert refused.value.code == Code.CANNOT_FILL_WHOLE
    assert held(stage, "t") == 0


@pytest.mark.parametrize(
    ("mode", "ended", "t_holds", "own_rests"),
    [
        (SelfTrade.NONE, [], 1, False),
        (SelfTrade.EXPIRE_TAKER, [3], 0, True),
        (SelfTrade.EXPIRE_MAKER, [1], 1, False),
        (SelfTrade.EXPIRE_BOTH, [1, 3], 0, False),
    ],
)
def test_self_trade_prevention(mode, ended, t_holds, own_rests):
    stage = stage_with("a", "t")
    place(stage, "t", "-1", "100")
    place(stage, "a", "-1", "100")
    # With NONE the first unit meets its own order, which changes nothing, and the second one a's.
    size = "2" if mode is SelfTrade.NONE else "1"
    events = place(stage, "t", size, "100", self_trade=mode)
    assert [order_id for order_id, _, _ in gone(events)] == ended
    assert held(stage, "t") == t_holds
    assert (1 in stage.state.orders) is own_rests


def test_reduce_only_is_cut_when_it_fills_and_not_only_when_it_comes():
    stage = stage_with("a", "b", "t")
    place(stage, "a", "-3", "100")
    place(stage, "t", "3")
    place(stage, "t", "-3", "105", reduce_only=True)
    place(stage, "b", "2", "100")
    place(stage, "t", "-2")  # One is left of the position; the order still says three.
    events = place(stage, "b", "3", "105")
    assert held(stage, "t") == 0
    assert ("t", D(-1), D(105)) in fills(events)
    assert [why for _, _, why in gone(events)] == ["reduce-only"]


def test_in_hedge_mode_a_closing_order_never_opens_the_other_side():
    stage = stage_with("a", "t")
    stage.emit(event.PositionModeSet(account="t", mode=PositionMode.HEDGE))
    place(stage, "a", "-1", "100")
    place(stage, "t", "1", "100", side=Side.LONG)
    place(stage, "a", "5", "100")
    events = place(stage, "t", "-3", "100", side=Side.LONG)
    assert held(stage, "t", Side.LONG) == 0
    assert held(stage, "t", Side.SHORT) == 0
    assert gone(events) == [(4, OrderStatus.EXPIRED, "reduce-only")]


def test_a_sweep_takes_the_book_and_pays_the_fund():
    stage = stage_with("a", "t", "x")
    place(stage, "a", "-4", "100")
    place(stage, "t", "4")
    place(stage, "x", "1", "99")
    place(stage, "t", "1", "98.5")
    place(stage, "x", "2", "98")
    found = {}

    def act(decision, _):
        found["size"] = sweep(
            decision,
            "t",
            BTC,
            D(-4),
            None,
            fee_fraction=D("0.01"),
            is_liquidation=True,
            why="liquidation",
        )

    events = stage.do(act, order("t", "1"))
    assert found["size"] == -3
    assert held(stage, "t") == 1
    assert [why for _, _, why in gone(events)] == ["self-trade"]
    # 1 % of 99 + 2 × 98 = 295.
    assert stage.state.purse("fund", "USDT") == D("2.95")


def test_an_isolated_bucket_bears_its_liquidation():
    stage = stage_with("a", "t", "x")
    stage.emit(event.MarginModeSet(account="t", symbol=BTC, mode=MarginMode.ISOLATED))
    place(stage, "a", "-2", "100")
    place(stage, "t", "2", "100")
    # 2 × 100 ÷ 20.
    assert stage.state.accounts["t"].position(BTC, None).margin == 10
    place(stage, "x", "1", "97")

    def act(decision, _):
        sweep(decision, "t", BTC, D(-1), None, fee_fraction=D(0), is_liquidation=True, why="test")

    stage.do(act, order("t", "1"))
    assert stage.state.accounts["t"].position(BTC, None).margin == 7


def test_a_cross_moves_a_position_off_the_book_without_fees():
    stage = stage_with("a", "b", "fund")
    place(stage, "a", "-2", "100")
    place(stage, "b", "2")
    fees = stage.state.purse("fees", "USDT")

    def act(decision, _):
        cross(
            decision,
            BTC,
            D(90),
            D(2),
            "fund",
            "b",
            why="takeover",
            buyer_side=None,
            seller_side=None,
            is_liquidation_of="b",
        )

    events = stage.do(act, order("b", "1"))
    assert [one.trade_id for one in events] == [2, 2]
    assert (held(stage, "b"), held(stage, "fund")) == (0, 2)
    # Entry 100, gone at 90: 20 lost.
    assert events[1].realised_pnl == -20
    assert stage.state.purse("fees", "USDT") == fees


@pytest.mark.parametrize(
    ("size", "price"),
    [("1", "100"), ("3", "101"), ("4", None), ("-1", "99"), ("-2", None)],
)
def test_the_price_the_book_would_give(size, price):
    stage = stage_with("a", "b")
    place(stage, "a", "-1", "100")
    place(stage, "b", "-2", "101.5")
    place(stage, "a", "1", "99")
    # 100 + 2 × 101.5 = 303, over 3.
    assert fill_price(stage.state, BTC, D(size)) == (price if price is None else D(price))


def test_a_match_costs_the_same_however_many_accounts_hold_the_symbol():
    stage = stage_with("a", "t")
    stage.emit(
        *(event.AccountOpened(account=f"x{number}") for number in range(50)),
        *(
            event.PositionChanged(
                account=f"x{number}", position=Position(BTC, D(1), D(100)), side=Side.LONG, why="t"
            )
            for number in range(50)
        ),
    )
    place(stage, "a", "-1", "100")
    decision = Decision(stage.state, 0)
    exact(place_order)(decision, order("t", "1"))
    assert list(decision.touched) == ["t", "a"]
