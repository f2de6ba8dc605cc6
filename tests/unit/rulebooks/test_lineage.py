"""Aster and ApolloX: what opening a position costs, as their own pages work it out."""

from decimal import Decimal

import pytest

from crossmargin.margin.assess import assess
from crossmargin.margin.orders import Quote, assumed_price
from crossmargin.model.account import Account
from crossmargin.model.market import Market
from crossmargin.model.order import Order
from crossmargin.rulebooks.loader import load_rulebook

D = Decimal


# docs.asterdex.com and apollox-finance.gitbook.io, one BTC at 20x.
@pytest.mark.parametrize(
    ("venue", "size", "price", "mark", "initial", "open_loss"),
    [
        pytest.param("asterdex", 1, "102990", "102988.4", "5149.5", "1.6", id="Aster, buy"),
        pytest.param("asterdex", -1, "102990", "102988.4", "5149.5", "0", id="Aster, sell"),
        pytest.param("apollox", 1, "49948.8", "49822.1", "2497.44", "126.7", id="ApolloX, buy"),
        pytest.param("apollox", -1, "49948.8", "49822.1", "2497.44", "0", id="ApolloX, sell"),
    ],
)
def test_a_limit_order_costs_what_is_published(venue, size, price, mark, initial, open_loss):
    account = Account(
        {"USDT": D(100_000)},
        orders=(Order("BTCUSDT", D(size), D(price)),),
        leverage={"BTCUSDT": D(20)},
    )
    pool = assess(account, Market({"BTCUSDT": D(mark)}), load_rulebook(venue)).pool

    assert D(initial) == pool.order_initial_margin
    assert D(open_loss) == pool.open_loss


# docs.asterdex.com: ask 102,946.8, bid 102,946.9 (as printed), mark 102,941.
def test_the_assumed_price_of_market_orders_is_as_published():
    rulebook = load_rulebook("asterdex")
    quote = Quote(mark=D(102_941), bid=D("102946.9"), ask=D("102946.8"))
    buy, sell = (
        assumed_price(rulebook.assumed_price, rulebook.market_buffer, size, None, quote)
        for size in (D(1), D(-1))
    )

    assert (D("102998.2734"), D("102946.9")) == (buy, sell)
