"""Orders by their sums: what they would make of the portfolio, as if each had been listed."""

import pytest

from crossmargin.margin.assess import assess
from crossmargin.margin.open_orders import resting_of
from crossmargin.model.account import Account, AccountMode, AssetsMode, Position
from crossmargin.model.market import Market
from crossmargin.model.order import Order
from crossmargin.money import ZERO
from crossmargin.rulebooks.loader import load_rulebook
from tests.toys import D

BOOK = load_rulebook("deribit")
BTC = "BTC_USDC-PERPETUAL"
SOL = "SOL_USDC-PERPETUAL"
MARKET = Market({BTC: D(50_000), SOL: D(200)}, {"BTC": D(50_000), "SOL": D(200), "USDC": D(1)})


def account(size="1", *orders):
    held = (Position(BTC, D(size), D(50_000)),) if D(size) else ()
    return Account(
        {"USDC": D(100_000)},
        held,
        tuple(Order(symbol, D(number), D(price)) for symbol, number, price in orders),
        assets_mode=AssetsMode.MULTI,
        mode=AccountMode.PORTFOLIO,
    )


def judged(one):
    """Return the pool, judged by the orders; their sums say the same."""
    listed = assess(one, MARKET, BOOK).pool
    bare = Account(one.balances, one.positions, assets_mode=one.assets_mode, mode=one.mode)
    assert assess(bare, MARKET, BOOK, resting_of(one, MARKET, BOOK)).pool == listed
    return listed


def test_sells_that_close_ask_for_nothing_until_they_open_more():
    # A short of 1 is asked what a long of 1 is: 16 % either way.
    alone = judged(account()).health.initial_margin

    assert judged(account("1", (BTC, "-2", "50000"))).health.initial_margin == alone
    assert judged(account("1", (BTC, "-2.5", "50000"))).health.initial_margin > alone


def test_buys_ask_for_the_position_they_would_make():
    both = judged(account("1", (BTC, "1", "50000")))
    held = judged(account("2"))

    assert both.health.initial_margin == held.health.initial_margin
    assert both.health.maintenance_margin == judged(account()).health.maintenance_margin


def test_what_filling_would_lose_must_be_there():
    # Bought at 50 100 what is at 50 000.
    assert judged(account("0", (BTC, "2", "50100"))).open_loss == D(200)


def test_an_order_on_what_is_not_known_leaves_opening_unknown_and_health_known():
    pool = judged(account("1", (SOL, "1", "200")))

    assert pool.health is not None
    assert any("parameters of SOL" in name for name in pool.initial_missing)


@pytest.mark.parametrize(("reduce_only", "is_asked"), [(True, False), (False, True)])
def test_what_only_reduces_asks_for_nothing(reduce_only, is_asked):
    order = Order(BTC, D(1), D(50_000), reduce_only=reduce_only)
    one = Account(
        {"USDC": D(100_000)},
        orders=(order,),
        assets_mode=AssetsMode.MULTI,
        mode=AccountMode.PORTFOLIO,
    )

    assert (judged(one).order_initial_margin > ZERO) is is_asked
