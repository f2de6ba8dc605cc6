"""The closed form of a bankruptcy price, against published ones and by substitution."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.margin.bankruptcy import bankruptcy_price, on_tick
from crossmargin.margin.pnl import notional, unrealised_pnl
from crossmargin.model.instrument import Instrument
from tests.toys import inverse, linear

D = Decimal
LINEAR, INVERSE = linear("BTCUSDT"), inverse("BTCUSD", multiplier="1")


@pytest.mark.parametrize(
    ("instrument", "size", "entry", "margin", "fee", "expected"),
    [
        # Bybit: 60,000 × (1 − 1 ÷ 50), and the short by change of sign.
        pytest.param(LINEAR, "1", "60000", "1200", "0", "58800", id="linear long"),
        pytest.param(LINEAR, "-1", "60000", "1200", "0", "61200", id="linear short"),
        # (99 − 9) ÷ 0.99, and (100 + 1) ÷ 1.01.
        pytest.param(LINEAR, "1", "99", "9", "0.01", "90.90909090909", id="linear long, fee"),
        pytest.param(LINEAR, "-1", "100", "1", "0.01", "100", id="linear short, fee"),
        # Bybit, classic inverse: 1.00075 × 10,000 ÷ (1.25 + 0.5) = 5,718.57.
        pytest.param(INVERSE, "10000", "8000", "0.5", "0.00075", "5718.571428571", id="inverse"),
        # 0.99925 × 10,000 ÷ (1.25 − 0.25) = 9,992.5.
        pytest.param(INVERSE, "-10000", "8000", "0.25", "0.00075", "9992.5", id="inverse short"),
        pytest.param(LINEAR, "1", "100", "100", "0", None, id="a long that cannot go bankrupt"),
        pytest.param(INVERSE, "-100", "100", "1", "0", None, id="nor a short paid in coin"),
    ],
)
def test_bankruptcy_prices(instrument, size, entry, margin, fee, expected):
    actual = bankruptcy_price(D(size), D(entry), D(margin), instrument, D(fee))

    if expected is None:
        assert actual is None
    else:
        assert actual is not None
        assert abs(D(expected) - actual) < D("1e-8")


@given(
    st.sampled_from([LINEAR, INVERSE]),
    st.decimals("-1000", "1000", places=3).filter(bool),
    st.decimals("1", "100000", places=2),
    st.decimals("0", "1", places=3),
    st.decimals("0", "0.01", places=5),
)
def test_nothing_is_left_there(
    instrument: Instrument, size: Decimal, entry: Decimal, share: Decimal, fee: Decimal
):
    margin = notional(size, entry, instrument) * share
    price = bankruptcy_price(size, entry, margin, instrument, fee)
    if price is None:
        return

    left = margin + unrealised_pnl(size, entry, price, instrument)
    left -= notional(size, price, instrument) * fee

    assert abs(left) < D("1e-20")


# Bybit: the long's 7,735.37 is printed as 7,735.50; a short's goes down.
@pytest.mark.parametrize(
    ("price", "size", "expected"),
    [("7735.37", 1, "7735.5"), ("7735.37", -1, "7735"), ("7735.5", 1, "7735.5")],
)
def test_on_the_tick_it_is_in_the_venues_favour(price, size, expected):
    assert D(expected) == on_tick(D(price), D(size), D("0.5"))
