"""Resting orders and strategies on short paths.

Makers pay 0.1 %, takers 0.2 %; market orders fill at the mark where a test does not say otherwise.
"""

import pytest

from crossmargin.errors import UnknownError, UsageError
from crossmargin.model.account import PositionMode
from crossmargin.model.liquidity import Liquidity
from crossmargin.model.order import Order, OrderType, Side
from crossmargin.replay.engine import replay
from crossmargin.replay.result import EventKind
from tests.toys import D, account, held
from tests.unit.replay.paths import GAP, MINUTE, path, setup, told, with_fees

FILL, REFUSED = EventKind.FILL, EventKind.ORDER_REFUSED
CANCEL, TAKE_OVER = EventKind.CANCEL_ORDERS, EventKind.TAKE_OVER
LIMIT, MARKET = OrderType.LIMIT, OrderType.MARKET
STOP, STOP_MARKET = OrderType.STOP, OrderType.STOP_MARKET
TAKE_PROFIT_MARKET = OrderType.TAKE_PROFIT_MARKET
FEES = with_fees("0.001", "0.002")
HEDGE = PositionMode.HEDGE


def limit(size, price, symbol="AUSDT", **more):
    return Order(symbol, D(size), D(price), **more)


def trigger(kind, size, level, **more):
    return Order("AUSDT", D(size), None, kind, D(level), **more)


def run(start, marks, **more):
    return replay(start, setup(path(AUSDT=marks), FEES, **more))


def trades(result):
    return [
        (event.at_ms // MINUTE, event.size, event.price, event.fee)
        for event in result.events
        if event.size is not None
    ]


@pytest.mark.parametrize(
    ("order", "marks", "trade"),
    [
        # A maker pays 0.1 % of the limit.
        pytest.param(
            limit(1, 95), [100, 96, 95], (2, 1, 95, "0.095"), id="a bid fills at its limit"
        ),
        pytest.param(
            limit(1, 95), [100, 80], (1, 1, 95, "0.095"), id="and where a gap jumps over it"
        ),
        pytest.param(limit(-1, 105), [100, 110], (1, -1, 105, "0.105"), id="an offer likewise"),
        # A taker pays 0.2 % of the mark.
        pytest.param(
            Order("AUSDT", D(1), None, MARKET),
            [100, 90],
            (0, 1, 100, "0.2"),
            id="a market order at the first point",
        ),
        pytest.param(
            Order("AUSDT", D(1), None, MARKET),
            [GAP, 90],
            (1, 1, 90, "0.18"),
            id="or the first point that has a price",
        ),
        pytest.param(
            trigger(STOP_MARKET, -1, 90),
            [100, 91, 90],
            (2, -1, 90, "0.18"),
            id="a stop sells where it is touched",
        ),
        pytest.param(
            trigger(STOP_MARKET, -1, 90),
            [100, 80],
            (1, -1, 80, "0.16"),
            id="and where the price is when a gap jumps over it",
        ),
        pytest.param(
            trigger(STOP_MARKET, 1, 110), [100, 120], (1, 1, 120, "0.24"), id="a stop buys above"
        ),
        pytest.param(
            trigger(TAKE_PROFIT_MARKET, -1, 110),
            [100, 109, 111],
            (2, -1, 111, "0.222"),
            id="a take-profit sells above",
        ),
        pytest.param(
            trigger(TAKE_PROFIT_MARKET, 1, 90),
            [100, 91, 89],
            (2, 1, 89, "0.178"),
            id="a take-profit buys below",
        ),
        pytest.param(
            limit(1, 95), [100, GAP, 90], (2, 1, 95, "0.095"), id="nothing fills in a gap"
        ),
    ],
)
def test_an_order_meets_its_price(order, marks, trade):
    at, size, price, fee = trade
    result = run(account(1000, orders=(order,)), marks)

    assert [(at, D(size), D(price), D(fee))] == trades(result)
    assert account(D(1000) - D(fee), held("AUSDT", size, price)) == result.end


@pytest.mark.parametrize(
    ("order", "marks", "trade"),
    [
        # A taker pays 0.2 % of the mark, not of the limit.
        pytest.param(limit(1, 110), [100], (0, 1, 100, "0.2"), id="a bid above the mark"),
        pytest.param(limit(-1, 90), [100], (0, -1, 100, "0.2"), id="an offer below it"),
    ],
)
def test_a_limit_order_that_could_trade_when_it_is_placed_does_so_at_market(order, marks, trade):
    at, size, price, fee = trade
    placed = run(account(1000), marks, strategy=lambda bar: [order], bar_ms=MINUTE)
    brought = run(account(1000, orders=(order,)), marks)

    assert [(at, D(size), D(price), D(fee))] == trades(placed) == trades(brought)


def test_a_limit_order_never_trades_worse_than_its_limit():
    # The market would take 1 % more than the mark of 100: 101.
    result = run(account(1000, orders=(limit(1, "100.5"),)), [100], liquidity=Liquidity(D("0.01")))

    assert [D("100.5")] == [price for _, _, price, _ in trades(result)]


def test_market_orders_pay_the_liquidity_model():
    # 1 % of half a spread: 99, less 0.2 % of it.
    liquidity = Liquidity(D("0.01"), D(0), D(1))
    result = run(
        account(1000, held("AUSDT", 1), orders=(trigger(STOP_MARKET, -1, 100),)),
        [110, 100],
        liquidity=liquidity,
    )

    assert [(1, D(-1), D(99), D("0.198"))] == trades(result)
    assert account("998.802") == result.end
    assert liquidity.sentence() in result.assumptions


def test_an_order_that_is_not_reached_rests():
    start = account(1000, held("AUSDT", 1), orders=(limit(1, 90), trigger(STOP_MARKET, -1, 85)))
    result = run(start, [100, 91, 120])

    assert ((), start) == (result.events, result.end)


def test_two_orders_alike_are_two_orders():
    result = run(account(1000, orders=(limit(1, 95), limit(1, 95))), [100, 94])

    assert account("999.81", held("AUSDT", 2, 95)) == result.end


def test_a_stop_with_a_limit_rests_as_a_limit_order_once_triggered():
    order = Order("AUSDT", D(-1), D(95), STOP, D(90))
    result = run(account(1000, held("AUSDT", 1), orders=(order,)), [100, 89, 96])

    assert [(1, EventKind.TRIGGERED), (2, FILL)] == told(result)
    assert "stop on AUSDT triggered at 89; rests as a limit order at 95" == result.events[0].text
    # Sold at 95 as a maker: −5 − 0.095.
    assert account("994.905") == result.end


@pytest.mark.parametrize(
    ("position", "order", "sold", "left"),
    [
        pytest.param(2, limit(-5, 105, reduce_only=True), -2, None, id="cut to the position"),
        pytest.param(5, limit(-2, 105, reduce_only=True), -2, 3, id="no larger than it is"),
        pytest.param(-2, limit(5, 95, reduce_only=True), 2, None, id="a short likewise"),
    ],
)
def test_a_reduce_only_order_never_opens(position, order, sold, left):
    start = account(1000, held("AUSDT", position), orders=(order,))
    result = run(start, [100, 105, 95])

    assert [D(sold)] == [size for _, size, _, _ in trades(result)]
    assert (() if left is None else (held("AUSDT", left),)) == result.end.positions


@pytest.mark.parametrize(
    "position",
    [pytest.param((), id="no position"), pytest.param((held("AUSDT", -1),), id="its own side")],
)
def test_a_reduce_only_order_with_nothing_to_reduce_vanishes(position):
    start = account(1000, *position, orders=(limit(-1, 105, reduce_only=True),))
    result = run(start, [100, 105])

    assert [(1, REFUSED)] == told(result)
    assert account(1000, *position) == result.end


def test_a_stop_closes_what_a_limit_order_left():
    orders = (limit(-3, 105), trigger(STOP_MARKET, -5, 90, reduce_only=True))
    result = run(account(1000, held("AUSDT", 5), orders=orders), [100, 105, 90])

    assert [D(-3), D(-2)] == [size for _, size, _, _ in trades(result)]
    assert () == result.end.positions


# Ten units from 100 on a wallet of 550 and 10 % asked are condemned at 50.
def test_an_order_reached_on_the_way_comes_before_the_liquidation():
    # The stop at 60 sells at 40, where the price is: −600 − 0.8. What is left is debt.
    start = account(550, held("AUSDT", 10), orders=(trigger(STOP_MARKET, -10, 60),))
    result = run(start, [100, 40])

    assert [(1, FILL), (1, TAKE_OVER)] == told(result)
    assert (D(40), D("-50.8")) == (result.events[0].price, result.events[1].fund_change)
    assert account(0) == result.end


def test_an_order_behind_the_liquidation_price_comes_too_late():
    start = account(550, held("AUSDT", 10), orders=(trigger(STOP_MARKET, -10, 45),))
    result = run(start, [100, 40])

    assert [(1, CANCEL), (1, TAKE_OVER)] == told(result)
    assert account(0) == result.end


def test_a_bid_filled_on_the_way_down_is_liquidated_with_the_rest():
    # Ten more at 60: at 40 twenty from 80 have lost 800, and the fee was 0.6.
    start = account(550, held("AUSDT", 10), orders=(limit(10, 60),))
    result = run(start, [100, 40])

    assert [(1, FILL), (1, TAKE_OVER)] == told(result)
    assert (D(-20), D("-250.6")) == (result.events[1].size, result.events[1].fund_change)


def test_in_hedge_mode_an_order_is_of_its_side():
    start = account(
        1000,
        held("AUSDT", 2),
        held("AUSDT", -2),
        orders=(limit(-5, 105, side=Side.LONG), limit(-1, 105, side=Side.SHORT)),
        position_mode=HEDGE,
    )
    result = run(start, [100, 105])

    # The long's is cut to the long; the short's adds at 105: (2 × 100 + 105) ÷ 3.
    assert [D(-2), D(-1)] == [size for _, size, _, _ in trades(result)]
    assert [Side.SHORT] == [position.side for position in result.end.positions]
    assert D(-3) == result.end.positions[0].size


def test_a_strategy_is_asked_at_every_bar_and_sees_the_account():
    seen = []

    def strategy(bar):
        seen.append((bar.at_ms // MINUTE, bar.marks, bar.assessment.pool.health.equity))

    result = run(
        account(1000, held("AUSDT", 1)), [100, 110, 120, 130], strategy=strategy, bar_ms=2 * MINUTE
    )

    assert [(0, {"AUSDT": D(100)}, D(1000)), (2, {"AUSDT": D(120)}, D(1020))] == seen
    assert () == result.events


def test_what_a_strategy_wants_replaces_what_is_open_and_none_leaves_it():
    wanted = iter([(limit(1, 90),), None, (limit(1, 80),), ()])
    result = run(
        account(1000, orders=(limit(1, 95),)),
        [100, 96, 91, 85],
        strategy=lambda bar: next(wanted),
        bar_ms=MINUTE,
    )

    assert () == result.events
    # The first bar is before the first point: what was open is never in force.
    assert [(0, (limit(1, 90),)), (2, (limit(1, 80),)), (3, ())] == [
        (point, one.orders) for point, one in result.accounts
    ]


def test_a_market_order_of_a_strategy_fills_at_its_bar():
    def strategy(bar):
        return [Order("AUSDT", D(1), None, MARKET)] if bar.at_ms == MINUTE else None

    result = run(account(1000), [100, 110, 120], strategy=strategy, bar_ms=MINUTE)

    assert [(1, D(1), D(110), D("0.22"))] == trades(result)


@pytest.mark.parametrize(
    ("wallet", "order", "reason"),
    [
        # 100 ÷ 20 = 5 of margin.
        pytest.param(5, limit(1, 100), None, id="just enough"),
        pytest.param(
            "4.99", limit(1, 100), "margin is insufficient by 0.01 USDT", id="just not enough"
        ),
        # 120 ÷ 20 = 6, and 20 of loss at the mark.
        pytest.param(
            25, limit(1, 120), "margin is insufficient by 1 USDT", id="its loss at once counts too"
        ),
        pytest.param(0, limit(-1, 100, reduce_only=True), None, id="reducing needs none"),
        pytest.param(0, trigger(STOP_MARKET, 1, 110), None, id="a stop needs none yet"),
    ],
)
def test_an_order_of_a_strategy_is_refused_without_margin(wallet, order, reason):
    result = run(account(wallet), [100, 100], strategy=lambda bar: [order], bar_ms=10 * MINUTE)
    refused = [event.text for event in result.events if event.kind is REFUSED]

    if reason is None:
        assert not any("margin" in text for text in refused)
    else:
        assert [f"order on AUSDT refused: {reason}"] == refused
        assert () == result.end.orders


def test_in_a_gap_a_strategy_is_told_so_and_refused():
    seen = []

    def strategy(bar):
        seen.append((bar.marks, bar.assessment.status.value))
        return [limit(1, 50)]

    result = run(account(1000, held("AUSDT", 1)), [GAP, 100], strategy=strategy, bar_ms=10 * MINUTE)

    assert [({}, "unknown")] == seen
    assert "order on AUSDT refused: margin is unknown without mark price of AUSDT" == (
        result.events[0].text
    )


def test_a_strategy_in_hedge_mode_opens_both_sides():
    orders = [
        Order("AUSDT", D(1), None, MARKET, side=Side.LONG),
        Order("AUSDT", D(-2), None, MARKET, side=Side.SHORT),
    ]
    result = run(
        account(1000, position_mode=HEDGE),
        [100, 100],
        strategy=lambda bar: orders,
        bar_ms=10 * MINUTE,
    )

    assert (held("AUSDT", 1), held("AUSDT", -2)) == result.end.positions


@pytest.mark.parametrize(
    ("order", "error", "sentence"),
    [
        pytest.param(
            limit(1, 100, "BUSDT"),
            UnknownError,
            "there are no prices of BUSDT",
            id="a symbol without prices",
        ),
        pytest.param(
            Order("AUSDT", D(-1), None, OrderType.TRAILING_STOP_MARKET, D(90)),
            UsageError,
            "trailing orders are not replayed",
            id="a trailing order",
        ),
    ],
)
def test_what_a_strategy_cannot_ask_for(order, error, sentence):
    with pytest.raises(error) as refused:
        run(account(1000), [100, 100], strategy=lambda bar: [order])

    assert sentence == str(refused.value)
