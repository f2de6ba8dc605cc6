"""When a fund's fall sends losses to ADL, and what it pays before."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.money import exact
from crossmargin.venue.insurance import (
    Drawdown,
    DrawdownRule,
    adl_loss,
    adl_threshold,
    is_adl_started,
    is_adl_started_below,
    is_adl_stopped,
    payout,
)

D = Decimal
RULE = DrawdownRule(D("-0.3"), D("-0.25"), D(100))


@pytest.mark.parametrize(
    ("pool", "pnl", "is_started", "is_stopped", "loss"),
    [
        # Bybit's first example: −350 000 on 1 000 000 is −35 %, of which 50 000 is pushed.
        pytest.param("1000000", "-350000", True, False, "50000", id="beyond the trigger"),
        pytest.param("1000000", "-300000", True, False, "0", id="equality fires, nothing beyond"),
        pytest.param("1000000", "-299999", False, False, "0", id="just above the trigger"),
        pytest.param("1000000", "-250000", False, False, "0", id="on the stop: goes on"),
        pytest.param("1000000", "-249999", False, True, "0", id="above the stop: ends"),
        pytest.param("100", "-999999", False, False, "0", id="a pool on the least balance"),
        pytest.param("101", "-400000", True, False, "100000", id="a pool just above it"),
        pytest.param("0", "0", True, False, "0", id="an empty pool, whatever the drawdown"),
        pytest.param("-1", "-400000", True, False, "100000", id="a pool in debt"),
    ],
)
def test_the_rule_of_bybit(pool, pnl, is_started, is_stopped, loss):
    drawdown = Drawdown(D(pool), D(1000000), D(pnl), D(0))

    assert is_started is is_adl_started(drawdown, RULE)
    assert is_stopped is is_adl_stopped(drawdown, RULE)
    assert D(loss) == adl_loss(drawdown, RULE)


def test_the_second_example_of_bybit():
    drawdown = Drawdown(D(2000000), D(2000000), D(400000), D(1000000))

    assert D("-0.3") == drawdown.fraction()
    assert is_adl_started(drawdown, RULE)


def test_a_third_of_a_loss_is_compared_exactly():
    # 1 ÷ 3 has no last digit; at a trigger of −1/3 cut to 50 digits it is still beyond.
    rule = DrawdownRule(D("-0." + "3" * 50), D(0))

    assert is_adl_started(Drawdown(D(3), D(3), D(-1), D(0)), rule)


@pytest.mark.parametrize(
    ("average", "threshold"),
    [
        pytest.param("400000", "280000", id="OKX: 30 % is more than 50 000"),
        pytest.param("100000", "50000", id="50 000 is more than 30 %"),
        pytest.param("40000", "-10000", id="no fall but to nothing"),
    ],
)
def test_the_threshold_of_okx(average, threshold):
    assert D(threshold) == adl_threshold(D(average), D("0.30"), D(50000))


@pytest.mark.parametrize(
    ("fund", "threshold", "is_started"),
    [("279999", "280000", True), ("280000", "280000", False), ("0", "-10000", True)],
)
def test_below_the_threshold_or_empty(fund, threshold, is_started):
    assert is_started is is_adl_started_below(D(fund), D(threshold))


@pytest.mark.parametrize(
    ("fund", "loss", "paid", "uncovered"),
    [
        ("100", "30", "30", "0"),
        ("100", "130", "100", "30"),
        ("0", "5", "0", "5"),
        ("-7", "5", "0", "5"),
        ("100", "-5", "0", "0"),
    ],
)
def test_the_fund_pays_what_it_can(fund, loss, paid, uncovered):
    found = payout(D(fund), D(loss))

    assert (D(paid), D(uncovered)) == (found.paid, found.uncovered)


AMOUNT = st.decimals(-(10**9), 10**9, places=4)


@given(AMOUNT, AMOUNT)
@exact
def test_a_payout_is_the_loss_and_never_overdraws(fund, loss):
    found = payout(fund, loss)

    assert max(D(0), loss) == found.paid + found.uncovered
    assert 0 <= found.paid <= max(D(0), fund)
    assert found.uncovered >= 0


@given(AMOUNT, AMOUNT.filter(lambda value: value > 0), AMOUNT, AMOUNT)
@exact
def test_adl_never_starts_and_stops_at_once_and_bears_at_most_the_drawdown(pool, most, pnl, peak):
    drawdown = Drawdown(pool, most, pnl, peak)

    assert not (is_adl_started(drawdown, RULE) and is_adl_stopped(drawdown, RULE))
    assert 0 <= adl_loss(drawdown, RULE) <= max(D(0), peak - pnl)
