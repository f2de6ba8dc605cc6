"""Positions as size and cash, by hand and as the venue's documentation prints them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.errors import UnitError
from crossmargin.margin.cash_leg import (
    account_value,
    cash_leg,
    liquidation_price,
    maintenance_rate,
    signed_value,
)

D = Decimal


@pytest.mark.parametrize(
    ("leverage", "rate"),
    [
        # 1 ÷ (2 × 40), and so on.
        ("40", "0.0125"),
        ("25", "0.02"),
        ("1", "0.5"),
        # 1 ÷ 30 does not end: up.
        ("15", "0.033333333333333333333333333333333333333333333333334"),
    ],
)
def test_the_rate_is_half_of_the_margin_at_the_largest_leverage(leverage, rate):
    assert D(rate) == maintenance_rate(D(leverage))


@pytest.mark.parametrize("leverage", ["0", "0.5", "-3", "NaN"])
def test_leverage_below_one_is_none(leverage):
    with pytest.raises((UnitError, ArithmeticError)):
        maintenance_rate(D(leverage))


@pytest.mark.parametrize(
    ("size", "cash", "value", "worth"),
    [
        # 2 coins at 100 with 150 owed; 2 coins owed at 100 with 250 in hand.
        pytest.param("2", "-150", "200", "50", id="a long"),
        pytest.param("-2", "250", "200", "50", id="a short, whose value is printed without sign"),
        pytest.param("0", "50", "0", "50", id="no position"),
    ],
)
def test_worth_is_cash_and_signed_value(size, cash, value, worth):
    signed = signed_value(D(value), D(size))

    assert D(worth) == account_value(D(cash), [signed])
    assert D(cash) == cash_leg(D(worth), signed)


@pytest.mark.parametrize(
    ("size", "cash", "leverage", "price", "tolerance"),
    [
        # 1 coin at 2,000 with 200 of margin owes 1,800: 1,800 ÷ (1 − 0.1) = 2,000.
        pytest.param("1", "-1800", "5", "2000", "0", id="a long, rate 10 %"),
        # 1 coin sold at 2,000 with 200: 2,200 ÷ (1 + 0.1) = 2,000.
        pytest.param("-1", "2200", "5", "2000", "0", id="a short, rate 10 %"),
        # API documentation, clearinghouseState; the venue's cash is rounded to a millionth.
        pytest.param("0.0335", "-95.059824", "50", "2866.26936529", "2e-5", id="documented ETH"),
        # HyperLiquid.Net's documentation example: 68.126246 ÷ (2 − 0.1).
        pytest.param("2.0", "-68.126246", "10", "35.8559189474", "1e-10", id="documented HYPE"),
    ],
)
def test_the_liquidation_price_is(size, cash, leverage, price, tolerance):
    actual = liquidation_price(D(cash), D(size), maintenance_rate(D(leverage)))

    assert actual is not None
    assert abs(D(price) - actual) <= D(tolerance)


@pytest.mark.parametrize(
    ("size", "cash"),
    [
        pytest.param("1", "0", id="a long that owes nothing"),
        pytest.param("1", "20", id="a long with cash left"),
        pytest.param("-1", "-1", id="a short without cash"),
        pytest.param("0", "-5", id="no position"),
    ],
)
def test_without_debt_there_is_no_liquidation_price(size, cash):
    assert liquidation_price(D(cash), D(size), D("0.01")) is None


@pytest.mark.parametrize("rate", ["-0.1", "1", "2"])
def test_a_rate_is_a_fraction(rate):
    with pytest.raises(UnitError, match="maintenance rate"):
        liquidation_price(D(-1), D(1), D(rate))


AMOUNTS = st.decimals("0.001", "100000", places=3)


@given(
    size=AMOUNTS,
    cash=AMOUNTS,
    leverage=st.integers(1, 100),
    is_long=st.booleans(),
)
def test_at_the_liquidation_price_worth_is_maintenance(size, cash, leverage, is_long):
    rate = maintenance_rate(D(leverage))
    size, cash = (size, -cash) if is_long else (-size, cash)
    price = liquidation_price(cash, size, rate)
    assert price is not None

    worth = account_value(cash, [size * price])

    assert abs(worth - abs(size) * price * rate) < D("1e-18")
