"""What classic accounts had available: Bybit's examples of 2020 and 2021."""

from decimal import Decimal

import pytest

from crossmargin.margin.classic_cross import (
    Holding,
    available_balance,
    available_beside,
    position_margin,
    sustainable_loss,
    wallet_behind,
)

D = Decimal
LONG = Holding(D(2), D(10000), D(200))
SHORT = Holding(D(4), D(9000), D(360))


@pytest.mark.parametrize(
    ("short", "mark", "expected"),
    [
        pytest.param(Holding(), "10000", "2800", id="a long just opened"),
        pytest.param(SHORT, "9000", "440", id="a pair that has locked in 2,000"),
        pytest.param(SHORT, "8000", "440", id="the profit of its rest is not available"),
        # 3,000 − 560 − 2,000 − 2 × 500.
        pytest.param(SHORT, "9500", "-560", id="the loss of its rest is gone"),
    ],
)
def test_available_until_november_2021(short, mark, expected):
    assert D(expected) == available_balance(D(3000), LONG, short, D(mark))


def test_fees_are_taken_off():
    assert D(2793) == available_balance(D(3000), LONG, Holding(), D(10000), D(7))


def test_since_then_a_loss_is_part_of_the_positions_margin():
    # The long has lost 2,000 at 9,000, the short nothing: 3,000 − 2,211 − 360 − 29.
    margins = [position_margin(D(200), D(11), D(-2000)), position_margin(D(360), D(0), D(500))]

    assert [D(2211), D(360)] == margins
    assert D(400) == available_beside(D(3000), margins, D(29))


def test_what_a_cross_position_may_lose():
    assert D(2100) == sustainable_loss(D(2000), D(200), D(100))


@pytest.mark.parametrize(("pnl", "expected"), [("1000", "2200"), ("-1000", "3200")])
def test_only_losses_are_added_back_to_the_wallet(pnl, expected):
    assert D(expected) == wallet_behind(D(2000), D(200), D(pnl))
