"""Automatic borrowing against spot, by hand and from the venue's examples."""

from decimal import Decimal

import pytest
from crossmargin.margin.collateral import unheld
from crossmargin.margin.pooled.borrowing import (
    automatic_borrow,
    borrow_limit_price,
    borrowable,
    unborrowed_ratio,
)
from hypothesis import assume, given
from hypothesis import strategies as st

from crossmargin.money import exact

D = Decimal
AMOUNT = st.decimals(D("0.01"), D(10**5), places=2)
LTV = st.decimals(D(0), D(1), places=3)


def test_what_a_token_lets_one_borrow():
    # Hyperliquid: 10 000 × 40 × 0.5; a debt lets nobody borrow.
    assert D(200000) == borrowable(D(10000), D(40), D("0.5"))
    assert D(0) == borrowable(D(-10000), D(40), D("0.5"))


@pytest.mark.parametrize(
    ("cash", "pnl", "borrowed"),
    [
        pytest.param("0", "-50000", "50000", id="Hyperliquid: the whole loss"),
        pytest.param("20000", "-50000", "30000", id="what the cash does not cover"),
        pytest.param("60000", "-50000", "0", id="the cash covers it"),
        pytest.param("0", "50000", "0", id="a profit"),
    ],
)
def test_what_is_borrowed_by_itself(cash, pnl, borrowed):
    assert D(borrowed) == automatic_borrow(D(cash), D(pnl))


@pytest.mark.parametrize(
    ("spot", "perpetual", "price"),
    [
        pytest.param("1", "-1", "200000", id="Hyperliquid: as much spot as short"),
        pytest.param("0", "-1", "100000", id="no spot: at once"),
        pytest.param("-3", "-1", "100000", id="a debt of spot is no collateral"),
        pytest.param("1.2", "-1", "250000", id="100 000 ÷ (1 − 0.6)"),
        pytest.param("2", "-1", None, id="the collateral grows as fast"),
        pytest.param("1", "1", None, id="a long loses as the price falls"),
    ],
)
def test_the_price_at_which_the_borrow_is_too_much(spot, perpetual, price):
    found = borrow_limit_price(D(spot), D(perpetual), D(100000), D("0.5"))

    assert (None if price is None else D(price)) == found


@given(AMOUNT, AMOUNT, AMOUNT, LTV)
@exact
def test_at_that_price_the_loss_is_what_can_be_borrowed(spot, short, entry, ltv):
    price = borrow_limit_price(spot, -short, entry, ltv)
    assume(price is not None)

    loss = automatic_borrow(D(0), -short * (price - entry))
    assert abs(loss - borrowable(spot, price, ltv)) <= (loss + entry) * D("1e-25")


def test_the_ratio_of_an_account_that_has_not_borrowed():
    # 750 available of 1 000: 25 % is required.
    assert D("0.25") == unborrowed_ratio(D(1000), D(750))
    assert unborrowed_ratio(D(0), D(0)) is None


def test_what_orders_leave_free():
    assert D("182.3617693") == unheld(D("289.1707113"), D("106.808942"))
