"""What orders hold together with the fees of opening and closing: Bybit's worked examples."""

from decimal import Decimal

import pytest

from crossmargin.margin.order_reserve import order_reserve, tier_exposure
from tests.toys import inverse, linear

D = Decimal
LINEAR, INVERSE = linear("BTCUSDT"), inverse("ETHUSD", multiplier="1")


@pytest.mark.parametrize(
    ("instrument", "size", "price", "leverage", "fee", "expected"),
    [
        # Margin, fee to open, fee to close, sum. Help centre, order cost, 2020 and today.
        pytest.param(
            LINEAR, "1", "8000", 50, "0.00075", ("160", "6", "5.88", "171.88"), id="linear, 2020"
        ),
        pytest.param(
            LINEAR, "1", "50000", 10, "0.00055", ("5000", "27.5", "24.75", "5052.25"), id="linear"
        ),
        # The fee to close is on 50,000 × (1 + 1 ÷ 10).
        pytest.param(
            LINEAR, "-1", "50000", 10, "0.00055", ("5000", "27.5", "30.25", "5057.75"), id="short"
        ),
        pytest.param(
            INVERSE,
            "10000",
            "2000",
            25,
            "0.00055",
            ("0.2", "0.00275", "0.00286", "0.20561"),
            id="inverse",
        ),
        # 5 × (1 − 1 ÷ 25) × 0.00055 = 0.00264.
        pytest.param(
            INVERSE,
            "-10000",
            "2000",
            25,
            "0.00055",
            ("0.2", "0.00275", "0.00264", "0.20539"),
            id="inverse short",
        ),
    ],
)
def test_orders_hold_margin_and_both_fees(instrument, size, price, leverage, fee, expected):
    held = order_reserve(D(size), D(price), D(leverage), D(fee), instrument)

    assert [D(one) for one in expected] == [
        held.initial_margin,
        held.opening_fee,
        held.closing_fee,
        held.total,
    ]
    assert held.total - held.opening_fee == held.position_margin


def test_what_cannot_go_bankrupt_pays_no_closing_fee():
    held = order_reserve(D(1), D(100), D(1), D("0.001"), LINEAR)

    assert held.bankruptcy_price is None
    assert D(0) == held.closing_fee


# Help centre, risk limit: a long of 40,000, buys of 15,000, sells of 150,000.
@pytest.mark.parametrize(("asks", "expected"), [("0", "55000"), ("150000", "150000")])
def test_the_larger_side_with_its_orders_decides_the_tier(asks, expected):
    assert D(expected) == tier_exposure(D(40000), D(0), D(15000), D(asks))
