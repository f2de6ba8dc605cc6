"""Notional and profit of single positions, in their settle asset."""

from decimal import Decimal
from fractions import Fraction

import pytest

from crossmargin.margin.pnl import notional, unrealised_pnl
from crossmargin.money import exact
from tests.toys import inverse, linear

D = Decimal
LINEAR, INVERSE = linear("BTCUSDT"), inverse("BTCUSD_PERP")
THOUSANDS = linear("1000SHIBUSDT", multiplier="1000")
notional, unrealised_pnl = exact(notional), exact(unrealised_pnl)


@pytest.mark.parametrize(
    ("instrument", "size", "price", "expected"),
    [
        pytest.param(LINEAR, "0.5", "20000", "10000", id="a long"),
        pytest.param(LINEAR, "-0.5", "20000", "10000", id="a short has no sign"),
        pytest.param(LINEAR, "0", "20000", "0", id="nothing"),
        pytest.param(LINEAR, "0.001", "0.00000001", "1e-11", id="crumbs are kept exactly"),
        pytest.param(THOUSANDS, "3", "0.02", "60", id="a contract of a thousand"),
        pytest.param(INVERSE, "100", "25000", "0.4", id="contracts of 100 USD, in coin"),
        pytest.param(INVERSE, "-100", "12500", "0.8", id="twice the coin at half the price"),
    ],
)
def test_notional_of(instrument, size, price, expected):
    assert D(expected) == notional(D(size), D(price), instrument)


# 1/40000 - 1/50000 = 0.000005 coin a dollar; 1000 contracts are 100000 dollars.
@pytest.mark.parametrize(
    ("instrument", "size", "entry", "mark", "expected"),
    [
        pytest.param(LINEAR, "0.5", "20000", "21000", "500", id="a long gains as the price rises"),
        pytest.param(LINEAR, "0.5", "20000", "19000", "-500", id="a long loses as it falls"),
        pytest.param(LINEAR, "-0.5", "20000", "21000", "-500", id="a short loses as it rises"),
        pytest.param(LINEAR, "-0.5", "20000", "19000", "500", id="a short gains as it falls"),
        pytest.param(LINEAR, "0.5", "20000", "20000", "0", id="no move, no profit"),
        pytest.param(THOUSANDS, "-3", "0.02", "0.03", "-30", id="a contract of a thousand"),
        pytest.param(INVERSE, "1000", "40000", "50000", "0.5", id="an inverse long gains"),
        pytest.param(INVERSE, "-1000", "40000", "50000", "-0.5", id="an inverse short loses"),
        pytest.param(INVERSE, "1000", "50000", "40000", "-0.5", id="an inverse long loses"),
    ],
)
def test_profit_of(instrument, size, entry, mark, expected):
    assert D(expected) == unrealised_pnl(D(size), D(entry), D(mark), instrument)


def test_the_profit_binance_prints_of_a_position():
    # A sample of Binance's API: 0.010 BTC from 9975.12, marked at 9973.50770517.
    pnl = unrealised_pnl(D("0.010"), D("9975.12"), D("9973.50770517"), LINEAR)

    assert D("-0.0161229483") == pnl


@pytest.mark.parametrize("size", ["100", "-100"], ids=["long", "short"])
def test_divisions_round_against_the_account(size):
    # Thirds of a coin have no end: notional goes up, profit down.
    quantity = Fraction(size) * 100
    value = notional(D(size), D(30_000), INVERSE)
    pnl = unrealised_pnl(D(size), D(70_000), D(30_000), INVERSE)

    assert Fraction(value) > abs(quantity) / 30_000
    assert Fraction(pnl) < quantity * (Fraction(1, 70_000) - Fraction(1, 30_000))
