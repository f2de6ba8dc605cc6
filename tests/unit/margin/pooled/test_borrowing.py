"""Automatic borrowing against spot, by hand and from the venue's examples."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crossmargin.margin.collateral import unheld
from crossmargin.margin.pooled.borrowing import (
    Backing,
    automatic_borrow,
    borrow_limit_price,
    borrowable,
    liquidation_threshold,
    liquidation_value,
    maintenance_requirement,
    portfolio_ratio,
    unborrowed_ratio,
)
from crossmargin.money import exact
from crossmargin.rulebooks.loader import load_rulebook

D = Decimal
RULE = load_rulebook("hyperliquid").portfolio
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


def test_what_counts_where_a_token_is_liquidated():
    # 0.5 + 0.5 × LTV.
    assert D("0.75") == liquidation_threshold(D("0.5"), RULE)
    assert D("0.825") == liquidation_threshold(D("0.65"), RULE)


def test_only_a_borrower_is_asked_for_the_offset():
    assert D(51895) == maintenance_requirement(D(1875), D(50000), RULE)
    assert D(1875) == maintenance_requirement(D(1875), D(0), RULE)


@pytest.mark.parametrize(
    ("balance", "cap", "amount", "value"),
    [
        pytest.param("0", "1000000", "1", "112500", id="one bitcoin at three quarters"),
        pytest.param("100", "1000000", "1", "112600", id="and a balance"),
        pytest.param("0", "1000000", "30", "1000000", id="no more than may be borrowed"),
        pytest.param("0", "9000000", "30", "2250000", id="no more than may be supplied, 20"),
        pytest.param("100", "1000000", "-1", "100", id="a debt backs nothing"),
    ],
)
def test_what_a_liquidation_would_find(balance, cap, amount, value):
    bitcoin = Backing(D(amount), D(20), D(150000), D("0.75"))

    assert D(value) == liquidation_value(D(balance), D(cap), [bitcoin])


def test_two_tokens_back_one_debt():
    bitcoin = Backing(D(1), D(20), D(100000), D("0.75"))
    hype = Backing(D(1000), D(50000), D(40), D("0.825"))

    assert D(108000) == liquidation_value(D(0), D(1000000), [bitcoin, hype])


def test_the_ratio_of_a_borrower():
    assert D("0.5") == portfolio_ratio(D(50), D(100))
    assert portfolio_ratio(D(50), D(0)) is None
