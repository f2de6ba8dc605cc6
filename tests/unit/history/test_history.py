"""What is remembered of accounts: orders, trades, money, receipts; and after a restart."""

import pytest

from crossmargin.history.history import History
from crossmargin.history.horizon import Horizon
from crossmargin.history.income import moves
from crossmargin.history.records import IncomeKind, OrderSide
from crossmargin.model.account import MarginMode, Position, PositionMode
from crossmargin.model.order import OrderType, Side
from crossmargin.venue.command import (
    CancelOrder,
    FeedFund,
    Level,
    MoveMargin,
    OpenAccount,
    PlaceOrder,
    Quote,
    SetLeverage,
    SetMarginMode,
    SetPositionMode,
    Transfer,
    Trigger,
    Withdraw,
)
from crossmargin.venue.event import Filled, OrderStatus, Posting
from tests.unit.history.teller import BTC, START_MS, D, market


def test_an_order_is_followed_from_its_coming_to_its_end():
    told = market("ann", "bob")
    told.order("ann", "1", "100", client_id="mine")
    placed = told.history.order("ann", client_id="mine")

    assert (OrderStatus.OPEN, OrderSide.BUY, D(1), D(0)) == (
        placed.status,
        placed.side,
        placed.size,
        placed.filled,
    )
    told.at_ms += 5
    told.order("bob", "-0.4")
    told.order("bob", "-0.1", "100")
    partly = told.history.order("ann", placed.id)

    assert (OrderStatus.PARTLY_FILLED, D("0.5"), D(50)) == (
        partly.status,
        partly.filled,
        partly.cost,
    )
    assert (START_MS, START_MS + 5) == (partly.created_ms, partly.updated_ms)
    told.do(CancelOrder, account="ann", order_id=placed.id)
    over = told.history.order("ann", client_id="mine")

    assert (OrderStatus.CANCELLED, "asked for", D("0.5")) == (over.status, over.why, over.filled)
    assert (over,) == told.history.orders("ann", BTC)
    assert () == told.history.orders("ann", "ETHUSDT")


def test_an_order_of_somebody_else_is_not_found():
    told = market("ann", "bob")
    told.order("ann", "1", "90", client_id="mine")
    order_id = told.history.orders("ann")[0].id

    assert told.history.order("bob", order_id) is None
    assert told.history.order("bob", client_id="mine") is None
    assert told.history.order("ann", client_id="other") is None
    assert told.history.order("ann") is None


def test_a_client_id_used_again_is_the_newest_order():
    told = market("ann")
    told.order("ann", "1", "90", client_id="mine", time_in_force="IOC")
    told.at_ms += 1
    told.order("ann", "2", "90", client_id="mine")

    assert D(2) == told.history.order("ann", client_id="mine").size
    assert [D(1), D(2)] == [one.size for one in told.history.orders("ann")]


def test_a_trade_has_two_sides_and_moves_the_money_that_was_posted():
    told = market("ann", "bob")
    told.order("ann", "1", "100")
    told.order("bob", "-1")
    told.price("110")
    told.order("bob", "1", "110")
    told.order("ann", "-1")
    # Buys at 100 and sells at 110: 10 realised; maker 0.02 %, then taker 0.05 % of notional.
    first, second = told.history.trades("ann")

    assert (True, D("0.02"), D(0), D(100)) == (
        first.is_maker,
        first.fee,
        first.realised_pnl,
        first.quote,
    )
    assert (False, D("0.055"), D(10), D(-1)) == (
        second.is_maker,
        second.fee,
        second.realised_pnl,
        second.size,
    )
    assert [one.id for one in told.history.trades("ann")] == [
        one.id for one in told.history.trades("bob", BTC)
    ]
    money = [(one.kind, one.amount) for one in told.history.income("ann")]

    assert [
        (IncomeKind.DEPOSIT, D(1000)),
        (IncomeKind.FEE, D("-0.02")),
        (IncomeKind.REALISED_PNL, D(10)),
        (IncomeKind.FEE, D("-0.055")),
    ] == money
    wallet = told.state.accounts["ann"].balances["USDT"]

    assert wallet == sum(amount for _, amount in money)
    [profit] = told.history.income("ann", BTC, IncomeKind.REALISED_PNL)

    assert (second.id, "USDT", "trade") == (profit.trade_id, profit.asset, profit.info)


def test_money_that_comes_goes_and_is_passed_on_says_why():
    told = market("ann")
    told.do(OpenAccount, account="sub", parent="ann")
    told.do(Transfer, account="ann", to="sub", asset="USDT", amount=D(30))
    told.do(Withdraw, account="ann", asset="USDT", amount=D(20))
    said = [(one.kind, one.amount, one.info) for one in told.history.income("ann")[1:]]

    assert [
        (IncomeKind.TRANSFER, D(-30), "sub"),
        (IncomeKind.WITHDRAWAL, D(-20), "withdraw"),
    ] == said
    [got] = told.history.income("sub")

    assert (IncomeKind.TRANSFER, D(30), "ann") == (got.kind, got.amount, got.info)


def test_ids_grow_and_are_never_used_twice():
    told = market("ann", "bob")
    told.order("ann", "1", "100")
    told.order("bob", "-1")
    ids = [one.id for name in ("ann", "bob") for one in told.history.income(name)]

    assert len(ids) == len(set(ids))
    assert [one.id for one in told.history.income("bob")] == sorted(
        one.id for one in told.history.income("bob")
    )


def test_funding_is_income_and_a_record_of_the_market():
    told = market("ann", "bob")
    told.order("ann", "1", "100")
    told.order("bob", "-1")
    # Eight hours with a sample a minute; last price and index agree, so the premium is the
    # damped interest of 0.01 %: 0.01 of 100.
    for _ in range(8 * 60 + 1):
        told.pass_ms(60_000)
    paid = [one for one in told.history.funding(BTC) if one.rate is not None]

    assert [D("0.0001")] == [one.rate for one in paid]
    assert [D("-0.01")] == [
        one.amount for one in told.history.income("ann", None, IncomeKind.FUNDING)
    ]
    assert [D("0.01")] == [
        one.amount for one in told.history.income("bob", BTC, IncomeKind.FUNDING)
    ]


def test_margin_moved_to_and_from_a_bucket_is_remembered_with_its_sign():
    told = market("ann", "bob")
    told.do(SetMarginMode, account="ann", symbol=BTC, mode=MarginMode.ISOLATED)
    told.do(SetLeverage, account="ann", symbol=BTC, leverage=D(10))
    told.order("ann", "1", "100")
    told.order("bob", "-1")
    told.do(MoveMargin, account="ann", symbol=BTC, amount=D(5))
    told.do(MoveMargin, account="ann", symbol=BTC, amount=D(-2))

    assert [(D(5), "USDT", Side.LONG), (D(-2), "USDT", Side.LONG)] == [
        (one.amount, one.asset, one.position_side) for one in told.history.margin_changes("ann")
    ]


def test_a_liquidation_leaves_receipts_with_what_was_closed_and_what_the_fund_got():
    told = market("ann", "bob", "carl")
    # Without a book to sell into, the fund takes a failed position over.
    told.do(FeedFund, asset="USDT", amount=D(1000))
    told.do(Withdraw, account="ann", asset="USDT", amount=D(990))
    told.order("ann", "1", "100")
    told.order("bob", "-1")
    told.price("90.5")
    # 10 − 0.02 fee − 9.5 loss = 0.48 equity, 0.905 asked: failed. The fund takes 1 BTC over at the
    # price that leaves nothing: 100 − 9.98 = 90.02.
    step = told.history.liquidations("ann")[-1]

    assert told.history.liquidations() == told.history.liquidations("ann")
    assert ("USDT", "", D("0.48")) == (step.unit, step.symbol, step.before.equity)
    [closed] = step.closed

    assert (BTC, D(-1), D("90.02"), "takeover") == (
        closed.symbol,
        closed.size,
        closed.cost,
        closed.why,
    )
    assert "takeover" == told.history.trades("ann")[-1].why
    assert () == told.history.liquidations("bob")


def test_the_fee_of_a_liquidation_in_the_book_is_told_apart():
    # 1.25 % of what was sold for 90 goes to the fund; it lost 10 by it.
    paid = (
        Posting("account/ann", "clearing/BTCUSDT", "USDT", D(10)),
        Posting("account/ann", "fund", "USDT", D("1.125")),
    )
    sold = Filled(
        trade_id=1,
        account="ann",
        symbol=BTC,
        size=D(-1),
        price=D(90),
        position=Position(BTC, D(0), D(100), MarginMode.CROSS),
        side=Side.LONG,
        realised_pnl=D(-10),
        fee=D("1.125"),
        why="liquidation",
        postings=paid,
    )

    assert [
        ("ann", IncomeKind.REALISED_PNL, "USDT", D(-10), "liquidation"),
        ("ann", IncomeKind.LIQUIDATION_FEE, "USDT", D("-1.125"), "liquidation"),
    ] == [*moves(sold)]


def test_winners_made_to_close_are_recorded_for_the_bankrupt():
    told = market("ann", "bob")
    told.do(Withdraw, account="ann", asset="USDT", amount=D(990))
    told.order("ann", "1", "100")
    told.order("bob", "-1")
    told.price("80")
    [found] = told.history.deleveragings("ann")

    assert ({"bob": D(1)}, D(1), BTC) == (found.by_account, found.size, found.symbol)
    assert (found,) == told.history.deleveragings()
    assert "adl" == told.history.trades("bob")[-1].why
    [lost], [won] = told.history.forced("ann"), told.history.forced("bob", BTC)
    assert (D(-1), D(1)) == (lost.trade.size, won.trade.size)
    assert (False, True) == (lost.is_deleveraging, won.is_deleveraging)
    assert () == told.history.forced("bob", "ETHUSDT")
    # Trades off the book are not the market's.
    assert 1 == len(told.history.market_trades(BTC))


def test_quotes_nobody_met_are_forgotten_and_those_met_are_not():
    told = market("ann")
    told.funded("mia", is_maker=True)
    told.do(Quote, account="mia", symbol=BTC, levels=(Level(D(99), D(1)), Level(D(101), D(-1))))
    told.order("ann", "0.5")
    told.do(Quote, account="mia", symbol=BTC, levels=())

    assert [(D(-1), D("-0.5"))] == [(one.size, one.filled) for one in told.history.orders("mia")]


@pytest.mark.parametrize(
    ("mode", "more", "side"),
    [
        (PositionMode.ONE_WAY, {}, OrderSide.SELL),
        (PositionMode.HEDGE, {"side": Side.LONG}, OrderSide.SELL),
    ],
)
def test_an_order_that_closes_without_a_size_has_the_side_it_will_trade_on(mode, more, side):
    told = market("ann", "bob")
    told.do(SetPositionMode, account="ann", mode=mode)
    told.order("ann", "1", "100", **more)
    told.order("bob", "-1")
    told.do(
        PlaceOrder,
        account="ann",
        symbol=BTC,
        size=D(0),
        type=OrderType.STOP_MARKET,
        trigger_price=D(90),
        trigger=Trigger.MARK,
        is_close_position=True,
        client_id="stop",
        **more,
    )
    stop = told.history.order("ann", client_id="stop")

    assert (side, OrderStatus.WAITING, D(0)) == (stop.side, stop.status, stop.size)
    told.order("bob", "1", "89")
    told.at_ms += 7
    told.price("90")
    stop = told.history.order("ann", client_id="stop")

    assert (OrderStatus.FILLED, D(-1), START_MS + 7) == (stop.status, stop.size, stop.triggered_ms)
    assert D(89) == stop.cost


def test_no_more_is_kept_than_the_horizon_says_and_open_orders_always():
    told = market("ann", horizon=Horizon(account_max=3, all_max=4))
    told.order("ann", "1", "50", client_id="first")
    for n in range(5):
        told.order("ann", "1", "90", client_id=f"c{n}", time_in_force="IOC")
    kept = [one.client_id for one in told.history.orders("ann")]

    assert ["first", "c2", "c3", "c4"] == kept
    assert told.history.order("ann", client_id="c1") is None
    told.funded("bob")
    for n in range(3):
        told.order("bob", "1", "90", client_id=f"b{n}", time_in_force="IOC")
    # Four finished orders in all: one of the first account is left.
    assert ["first", "c4"] == [one.client_id for one in told.history.orders("ann")]
    assert 3 == len(told.history.orders("bob"))


def test_read_back_from_the_journal_it_is_the_same():
    told = market("ann", "bob")
    told.order("ann", "1", "100", client_id="mine")
    told.order("bob", "-0.4")
    told.price("101")
    again = History(told.state.rulebook)
    again.read_back(told, 1_000, told.state)

    for name in ("ann", "bob"):
        assert told.history.orders(name) == again.orders(name)
        assert told.history.trades(name) == again.trades(name)
        assert told.history.income(name) == again.income(name)
    assert told.history.market_trades(BTC) == again.market_trades(BTC)
    assert told.history.candles(BTC, "1m") == again.candles(BTC, "1m")
    assert told.history.ticker(BTC) == again.ticker(BTC)


def test_open_orders_from_beyond_the_horizon_are_known():
    told = market("ann", "bob")
    told.order("ann", "1", "100", client_id="mine")
    told.order("bob", "-0.4")
    told.price("101")
    again = History(told.state.rulebook)
    again.read_back(told, 1, told.state)
    [order] = again.orders("ann")

    assert (D(1), D("0.4"), D(40), START_MS) == (
        order.size,
        order.filled,
        order.cost,
        order.created_ms,
    )
    assert OrderStatus.PARTLY_FILLED is order.status
    assert () == again.trades("ann")
    again.take(*ended(told))

    assert OrderStatus.CANCELLED is again.order("ann", client_id="mine").status


def ended(told):
    """Return the record of cancelling an order, with its events."""
    told.do(CancelOrder, account="ann", order_client_id="mine")
    last = told.entries[-1]
    return last, last.decoded_events()
