"""Spot margin: OKX's isolated position and Kraken's margin level."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.margin.spot_margin import (
    Isolated,
    isolated_figures,
    margin_level,
    opened_long,
    short_of_value,
)
from crossmargin.money import exact

D = Decimal
AMOUNT = st.decimals(D("0.01"), D(10**6), places=2)
RATE = st.decimals(D(0), D("0.3"), places=4)


def test_opening_borrows_the_whole_value():
    opened = opened_long(D(1), D(10000), D(10))

    assert Isolated(D("1.1"), D("0.1"), D(10000)) == opened


def test_the_reply_that_okx_prints():
    position = Isolated(D("0.00190433573"), D("0.000317654"), D("99.9998177776581948"))
    found = isolated_figures(position, D("62891.9"), D("0.02"), D("0.001"))

    assert abs(found.maintenance_margin - D("0.0000318005395854")) < D("1e-15")
    assert abs(found.margin_ratio_equity_over_maintenance - D("9.404143929947395")) < D("1e-10")
    assert abs(found.liquidation_price - D("53615.448336593756")) < D("1e-7")
    assert abs(found.unrealised_pnl - D("-0.0000033452492717")) < D("1e-15")
    assert abs(found.unrealised_pnl_fraction - D("-0.0105311101755551")) < D("1e-13")


@pytest.mark.parametrize(
    ("is_long", "held", "borrowed", "price"),
    [
        # 100 + 2 interest, × 1.25 × 1.0: 127.5 owed for 3 held.
        pytest.param(True, "3", "100", "42.5", id="a long is liquidated below"),
        # 510 held for (2 + 2) × 1.25 = 5 owed.
        pytest.param(False, "510", "2", "102", id="a short above"),
        pytest.param(True, "0", "100", None, id="nothing held, no price"),
        pytest.param(False, "510", "-2", None, id="nothing owed, no price"),
    ],
)
def test_liquidation_prices_with_interest(is_long, held, borrowed, price):
    position = Isolated(D(held), D(0), D(borrowed), D(2), is_long)
    found = isolated_figures(position, D(100), D("0.25"), D(0))

    assert (None if price is None else D(price)) == found.liquidation_price
    assert found.unrealised_pnl_fraction is None


@given(AMOUNT, AMOUNT, st.booleans(), RATE, RATE)
@exact
def test_at_its_liquidation_price_the_ratio_is_one(held, borrowed, is_long, rate, fee):
    position = Isolated(held, D(1), borrowed, is_long=is_long)
    price = isolated_figures(position, D(1), rate, fee).liquidation_price
    found = isolated_figures(position, price, rate, fee)
    required = found.maintenance_margin + found.liquidation_fee

    assert abs(held - found.owed_value - required) <= held * D("1e-40")


@pytest.mark.parametrize(
    ("leverage", "price", "coin", "used", "loss", "level"),
    [
        # Kraken: 0.2 BTC short from 50 000 on 5 000 of equity.
        pytest.param("5", None, "0.04", "2000", "0", "2.5", id="opened at 5x: 250 %"),
        pytest.param("2", None, "0.1", "5000", "0", "1", id="opened at 2x: 100 %"),
        # 0.2 × 15 200 lost; 1 960 ÷ 2 608.
        pytest.param("5", "65200", "0.04", "2608", "3040", "0.7515", id="later: 75.15 %"),
        # 0.2 × 10 000 gained; 7 000 ÷ 1 600.
        pytest.param("5", "40000", "0.04", "1600", "-2000", "4.375", id="a fall is a profit"),
    ],
)
def test_the_margin_level_of_kraken(leverage, price, coin, used, loss, level):
    short = short_of_value(D(10000), D(50000), D(leverage))
    found = margin_level(short, D(5000), None if price is None else D(price))

    assert D("0.2") == short.size
    assert (D(coin), D(used)) == (found.used_margin_coin, found.used_margin)
    assert (D(loss), 5000 - D(loss)) == (found.unrealised_loss, found.equity)
    assert D(level) == found.level_fraction.quantize(D("0.0001"))


@given(AMOUNT, AMOUNT, AMOUNT, AMOUNT)
@exact
def test_a_shorts_level_falls_as_the_price_rises(value, price, equity, higher):
    short = short_of_value(value, price, D(3))

    low, high = (margin_level(short, equity, one) for one in (price, price + higher))
    assert high.level_fraction < low.level_fraction
    assert high.used_margin_coin == low.used_margin_coin
