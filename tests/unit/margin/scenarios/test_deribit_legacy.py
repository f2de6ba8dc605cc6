"""What Deribit's former portfolio margin added, on its own examples."""

from decimal import Decimal

from crossmargin.margin.scenarios.deribit_legacy import (
    option_contingency,
    spread_contingency,
    strike_contingency,
    volatility_change,
)

D = Decimal
DAYS = D(86_400)


def test_volatility_changes_more_the_nearer_the_expiry():
    # Legacy page: 30 days 40 %; 15 days √(30 ÷ 15) × 40 %.
    assert D("0.4") == volatility_change(30 * DAYS, D("0.4"), D("0.5"))
    assert D("0.5657") == volatility_change(15 * DAYS, D("0.4"), D("0.5")).quantize(D("0.0001"))


def test_options_held_and_owed_add_alike():
    # Legacy page: 200 options, long and short, 0.01 each.
    assert D(2) == option_contingency([D(120), D(-80)], D("0.01"))


def test_later_only_net_shorts_of_a_strike_add():
    # Legacy page: call +10 and put −20 at a strike is a net short of 10, × 0.01.
    assert D("0.1") == strike_contingency([D(10) - D(20)], D("0.01"))
    assert D("0.1") == strike_contingency([D(-10), D(5)], D("0.01"))


def test_futures_that_offset_each_other_add_on_the_smaller_side():
    # Legacy page: long 100 BTC, short 100 BTC, 1 %.
    assert D(1) == spread_contingency(D(100), D(-100), D("0.01"))
    assert D("0.3") == spread_contingency(D(100), D(30), D("0.01"))
