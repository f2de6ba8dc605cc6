"""Return on equity, and profit with its funding."""

from decimal import Decimal

import pytest

from crossmargin.margin.returns import profit_with_funding, return_on_equity

D = Decimal


@pytest.mark.parametrize(
    ("pnl", "value", "leverage", "expected"),
    [
        # From 100 to 110 at 5x: 10 ÷ (100 ÷ 5).
        pytest.param("10", "110", "5", "0.5", id="a long in profit"),
        pytest.param("-10", "90", "5", "-0.5", id="a long in loss"),
        # A short from 100 to 90 is worth −90, and 100 at entry.
        pytest.param("10", "-90", "5", "0.5", id="a short in profit"),
        pytest.param("-10", "-110", "5", "-0.5", id="a short in loss"),
    ],
)
def test_return_on_the_margin_at_entry(pnl, value, leverage, expected):
    assert D(expected) == return_on_equity(D(pnl), D(value), D(leverage))


@pytest.mark.parametrize(
    ("pnl", "value", "leverage", "expected"),
    [
        pytest.param("-1364.860533", "3428.625", "3", "-0.8541971329", id="a recorded reply"),
        pytest.param("-0.0134", "100.02765", "20", "-0.0026789", id="the documentation's example"),
    ],
)
def test_what_hyperliquid_shows(pnl, value, leverage, expected):
    found = return_on_equity(D(pnl), D(value), D(leverage))

    assert abs(found - D(expected)) <= D("0.000002")


def test_profit_with_its_funding():
    # BitMEX: 1.25 XBT of profit, 0.05 XBT of funding paid.
    assert D("1.2") == profit_with_funding(D("1.25"), D("-0.05"))
