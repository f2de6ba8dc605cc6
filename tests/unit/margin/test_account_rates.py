"""The rates Bybit prints, cut to four places: a sample of its API documentation."""

from decimal import Decimal

from crossmargin.margin.account_rates import account_rates

D = Decimal
EQUITY = D("52197.86892104")
INITIAL, MAINTENANCE = D("1304.50829757"), D("1069.93399838")


def test_rates_are_cut_and_not_rounded():
    # 1,069.93 ÷ 52,197.87 = 0.020497…
    found = account_rates(EQUITY, INITIAL, MAINTENANCE)

    assert D("0.0249") == found.initial_rate
    assert D("0.0204") == found.maintenance_rate
    assert D("50893.36062347") == found.available


def test_what_orders_would_cost_comes_off_first():
    # 10 ÷ (100 − 20 − 30) = 0.2; 100 − 20 − 10 are available.
    found = account_rates(D(100), D(10), D(5), haircut_loss=D(20), order_loss=D(-30))

    assert D("0.2") == found.initial_rate
    assert D("0.1") == found.maintenance_rate
    assert D(70) == found.available


def test_without_collateral_there_is_no_rate():
    assert account_rates(D(0), D(1), D(1)).initial_rate is None
