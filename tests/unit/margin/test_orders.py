"""What orders ask of the margin: one expression, six questions."""

from decimal import Decimal
from fractions import Fraction

import pytest

from crossmargin.margin.assess import assess
from crossmargin.margin.orders import (
    Quote,
    assumed_price,
    exposure,
    initial_margin,
    is_opening,
    open_loss,
    order_cost,
)
from crossmargin.model.account import Account, MarginMode, Position, PositionMode
from crossmargin.model.market import Market
from crossmargin.model.order import Order, OrderType, Side
from crossmargin.rulebooks.schema import AssumedPrice
from tests.toys import book, inverse, linear, one_tier

D = Decimal
BTC, ETH = linear("BTCUSDT"), linear("ETHUSDT")
RULEBOOK = book((BTC, one_tier("0.005")), (ETH, one_tier("0.01")))
QUOTE = Quote(mark=D(2002), last=D(2000), bid=D(1999), ask=D("2000.5"))
OLDER = (AssumedPrice.ORDER, D("0.0005"))
LATER = (AssumedPrice.HIGHEST_FOR_SELLS, D("0.0015"))


@pytest.mark.parametrize(
    ("position", "bids", "asks", "expected"),
    [
        pytest.param("0", "0", "0", "0", id="nothing"),
        pytest.param("10000", "0", "0", "10000", id="a position alone"),
        pytest.param("10000", "1900", "2200", "11900", id="the buys make it larger"),
        pytest.param("-10000", "1900", "2200", "12200", id="the sells make it larger"),
        pytest.param("10000", "0", "10000", "10000", id="an order that only reduces is free"),
        pytest.param("10000", "0", "20000", "10000", id="as is one that turns it over exactly"),
        pytest.param("10000", "0", "25000", "15000", id="what goes past that is charged"),
        pytest.param("-10000", "15200", "0", "10000", id="buys on a short are free so far"),
        pytest.param("0", "3700", "2200", "3700", id="flat, the larger side counts"),
    ],
)
def test_position_and_orders_are_margined_on_the_larger_outcome(position, bids, asks, expected):
    assert D(expected) == exposure(D(position), D(bids), D(asks))


def test_initial_margin_rounds_up():
    third = initial_margin(D(1), D(3))

    assert D("0.3333") < third < D("0.3334")
    assert Fraction(third) * 3 > 1


@pytest.mark.parametrize(
    ("position", "order", "resting", "expected"),
    [
        pytest.param("0", "1", "0", True, id="flat"),
        pytest.param("1", "1", "0", True, id="with the position"),
        pytest.param("-1", "-1", "0", True, id="with the short"),
        pytest.param("1", "-0.4", "0.5", False, id="against it, and it fits"),
        pytest.param("1", "-0.5", "0.5", False, id="against it, and just fits"),
        pytest.param("1", "-0.50001", "0.5", True, id="against it, and no longer fits"),
        pytest.param("-1", "0.5", "0.8", True, id="a buy against a short with buys resting"),
        pytest.param("1", "-0.1", "2", True, id="resting orders already use it up"),
    ],
)
def test_an_order_opens(position, order, resting, expected):
    assert expected == is_opening(D(position), D(order), D(resting))


@pytest.mark.parametrize(
    ("rule", "size", "limit", "expected"),
    [
        pytest.param(OLDER, "1", "1900", "1900", id="a limit buy at its price"),
        pytest.param(OLDER, "-1", "1900", "1900", id="a limit sell at its price"),
        pytest.param(OLDER, "1", None, "2001.50025", id="a market buy at the ask and a bit"),
        pytest.param(OLDER, "-1", None, "2002", id="a market sell at the higher of bid and mark"),
        pytest.param(LATER, "1", "1900", "1900", id="later: a limit buy at its price"),
        pytest.param(LATER, "1", None, "2000.5", id="later: a market buy at the ask"),
        pytest.param(LATER, "-1", "1900", "2003", id="later: a sell at the last price and a bit"),
        pytest.param(LATER, "-1", "2100", "2100", id="later: a sell above all that at its price"),
        pytest.param(LATER, "-1", None, "2003", id="later: a market sell as well"),
    ],
)
def test_the_price_assumed_of(rule, size, limit, expected):
    price = assumed_price(*rule, D(size), None if limit is None else D(limit), QUOTE)

    assert D(expected) == price


@pytest.mark.parametrize(
    ("rule", "size", "quote"),
    [
        pytest.param(OLDER, "1", Quote(mark=D(1)), id="a market buy without an ask"),
        pytest.param(OLDER, "-1", Quote(mark=D(1)), id="a market sell without a bid"),
        pytest.param(OLDER, "-1", Quote(bid=D(1)), id="a market sell without a mark"),
        pytest.param(LATER, "1", Quote(mark=D(1)), id="later: a market buy without an ask"),
        pytest.param(LATER, "-1", Quote(mark=D(1)), id="later: a sell without a last price"),
        pytest.param(LATER, "-1", Quote(last=D(1)), id="later: a sell without a mark"),
    ],
)
def test_no_price_is_assumed_of(rule, size, quote):
    assert assumed_price(*rule, D(size), None, quote) is None


@pytest.mark.parametrize(
    ("size", "price", "expected"),
    [
        pytest.param("3", "2010", "30", id="a buy above the mark"),
        pytest.param("3", "1990", "0", id="a buy below the mark"),
        pytest.param("-3", "1990", "30", id="a sell below the mark"),
        pytest.param("-3", "2010", "0", id="a sell above the mark"),
    ],
)
def test_the_open_loss_of(size, price, expected):
    assert D(expected) == open_loss(D(size), D(price), D(2000), ETH)


def test_an_order_costs_its_margin_and_its_open_loss():
    cost = order_cost(D(3), D(2010), D(2000), D(10), ETH)

    assert (D(603), D(30), D(633)) == (cost.initial_margin, cost.open_loss, cost.total)


def test_margin_is_at_the_assumed_price_and_open_loss_at_the_orders_own():
    # 3 × 2030 ÷ 10; 3 sold at 1990 with the mark at 2000.
    cost = order_cost(D(-3), D(1990), D(2000), D(10), ETH, assumed=D(2030))

    assert (D(609), D(30), D(639)) == (cost.initial_margin, cost.open_loss, cost.total)


def test_an_inverse_order_costs_coin():
    # 100000 USD at 50000 are 2 coins, at 40000 they are 2.5.
    cost = order_cost(D(1000), D(50_000), D(40_000), D(10), inverse("BTCUSD_PERP"))

    assert (D("0.2"), D("0.5")) == (cost.initial_margin, cost.open_loss)


def assessed(*orders: Order, size: str = "0.5", **options):
    """Return an account with 10000 USDT, BTC at 20000 from 20000, 2x, and these orders."""
    positions = (Position("BTCUSDT", D(size), D(20_000)),) if D(size) else ()
    account = Account(
        {"USDT": D(10_000)},
        positions,
        orders,
        {"BTCUSDT": D(2), "ETHUSDT": D(2)},
        **options,
    )
    return assess(account, Market({"BTCUSDT": D(20_000)}), RULEBOOK).pool


@pytest.mark.parametrize(
    ("orders", "asked", "loss"),
    [
        pytest.param([], "0", "0", id="none"),
        pytest.param([("0.1", "19000")], "950", "0", id="a buy"),
        pytest.param([("0.1", "21000")], "1050", "100", id="a buy above the mark"),
        pytest.param([("-0.1", "22000")], "0", "0", id="a sell that reduces"),
        pytest.param([("-1.1", "20000")], "1000", "0", id="a sell that turns the position over"),
        pytest.param([("0.1", "19000"), ("-0.1", "22000")], "950", "0", id="one on each side"),
        pytest.param([("0.1", "19000"), ("0.1", "18000")], "1850", "0", id="two buys"),
    ],
)
def test_open_orders_add_to_the_pool(orders, asked, loss):
    pool = assessed(*(Order("BTCUSDT", D(size), D(price)) for size, price in orders))

    assert (D(asked), D(loss)) == (pool.order_initial_margin, pool.open_loss)
    assert 5_000 + D(asked) == pool.health.initial_margin
    assert 5_000 - D(asked) - D(loss) == pool.free_margin


@pytest.mark.parametrize("kind", [kind for kind in OrderType if kind.is_conditional])
def test_an_order_that_waits_for_its_trigger_holds_nothing(kind):
    pool = assessed(Order("BTCUSDT", D(5), D(21_000), kind, trigger_price=D(21_000)))

    assert 0 == pool.order_initial_margin == pool.open_loss


def test_in_hedge_mode_the_sides_are_taken_apart_and_added():
    # Long (10000 + 1900) ÷ 2 and short 2200 ÷ 2; netted it would be 11900 ÷ 2.
    pool = assessed(
        Order("BTCUSDT", D("0.1"), D(19_000), side=Side.LONG),
        Order("BTCUSDT", D("-0.1"), D(22_000), side=Side.SHORT),
        position_mode=PositionMode.HEDGE,
    )

    assert 5_950 + 1_100 == pool.health.initial_margin


def test_orders_of_an_isolated_symbol_are_held_by_the_pool():
    pool = assessed(
        Order("BTCUSDT", D("0.1"), D(19_000)),
        size="0",
        margin_mode={"BTCUSDT": MarginMode.ISOLATED},
    )

    assert D(950) == pool.health.initial_margin


def test_an_order_without_a_mark_makes_what_opening_asks_unknown_and_nothing_else():
    pool = assessed(Order("ETHUSDT", D(1), D(1000)))
    without = assessed()

    assert ("mark price of ETHUSDT",) == pool.initial_missing
    assert () == pool.missing
    assert without.health.equity == pool.health.equity
    assert without.health.maintenance_margin == pool.health.maintenance_margin
    assert pool.free_margin is None
