"""What a market order pays without an order book, and which orders wait for a trigger."""

import pytest

from crossmargin.model.liquidity import Liquidity
from crossmargin.model.order import OrderType
from tests.toys import D, inverse, linear

# Half a spread of 0.1 % and 1 % per million, at most 5 %.
LIQUIDITY = Liquidity(D("0.001"), D("0.01"), D("0.05"))


@pytest.mark.parametrize(
    ("instrument", "size", "mark", "price"),
    [
        # 1,000 × 500 = half a million: 0.1 % + 0.5 %.
        pytest.param(linear("AUSDT"), "1000", "500", "503", id="a buy pays more"),
        pytest.param(linear("AUSDT"), "-1000", "500", "497", id="a sale gets less"),
        # 100 × 10 × 500 is the same half million.
        pytest.param(
            linear("AUSDT", multiplier="10"), "100", "500", "503", id="by what a unit stands for"
        ),
        # 5,000 contracts of 100 are half a million, at any price.
        pytest.param(inverse("AUSD"), "-5000", "200", "198.8", id="contracts count quote units"),
        # 0.1 % + 10 % is more than 5 %.
        pytest.param(linear("AUSDT"), "-10000", "1000", "950", id="never more than the limit"),
    ],
)
def test_the_fill_price_of_a_market_order(instrument, size, mark, price):
    assert D(price) == LIQUIDITY.fill_price(D(size), D(mark), instrument)


def test_the_assumption_in_words():
    sentence = (
        "Market orders are assumed to fill 0.1 % from the mark plus 1 % per million of "
        "notional, at most 5 %."
    )

    assert sentence == LIQUIDITY.sentence()


def test_orders_that_wait_for_a_trigger():
    conditional = {order for order in OrderType if order.is_conditional}

    assert {OrderType.LIMIT, OrderType.MARKET} == set(OrderType) - conditional
