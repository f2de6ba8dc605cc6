"""Unified accounts: netting, loans, the ratio and its levels; by hand and from Binance's pages."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.errors import UsageError
from crossmargin.margin.pooled.unified import (
    Holding,
    LiabilityTier,
    account_maintenance,
    adjusted_equity,
    liability_margin,
    loan_initial,
    loan_maintenance,
    maintenance_amount,
    maintenance_at_once,
    status_of,
    unified_ratio,
)
from crossmargin.money import exact
from crossmargin.rulebooks.loader import load_rulebook

D = Decimal
LEVELS = load_rulebook("binance-portfolio-margin").portfolio.levels
BTC_TIERS = (
    LiabilityTier(D(0), D("0.1112"), D("0.05")),
    LiabilityTier(D(50000), D("0.1429"), D("0.07")),
    LiabilityTier(D(100000), D("0.2"), D("0.08")),
)
"""Those of the example on Binance's margin data page."""

VALUE = st.decimals(D(0), D(10**7), places=2)


def test_what_is_held_of_an_asset_is_netted_over_all_wallets():
    # Binance's example: 0.1 BTC less 0.04 borrowed, 0.1 in the futures wallet, 0.05 lost.
    bitcoin = Holding(D("0.1"), D("0.04"), D("0.1"), D("-0.05"))

    assert (D("0.06"), D("0.11")) == (bitcoin.margin_net, bitcoin.net)


def test_open_loss_comes_off_equity():
    assert D(900) == adjusted_equity([D(600), D(400)], [D(100)])


def test_what_a_loan_asks():
    # Of 15 ETH at 3x: a tenth is kept, and half is one's own: 15 ÷ (3 − 1).
    assert D("1.5") == loan_maintenance(D(15), D("0.1"))
    assert D("7.5") == loan_initial(D(15), D(3))


def test_nothing_is_borrowed_without_leverage():
    with pytest.raises(UsageError, match="nothing is borrowed at leverage 1, must be above 1"):
        loan_initial(D(15), D(1))


def test_the_ratio_is_that_of_the_api_sample():
    # 122607.35137903 ÷ 23.72469206, printed 5167.92171923.
    maintenance = account_maintenance([D("23.72469206"), D(0)])
    ratio = unified_ratio(D("122607.35137903"), maintenance)

    assert D("5167.92171923") == round(ratio, 8)
    assert unified_ratio(D(100), D(0)) is None


@pytest.mark.parametrize(
    ("product", "ratio", "name"),
    [
        pytest.param("pro", "1.51", "normal", id="above 150 %"),
        pytest.param("pro", "1.5", "reminded to add funds or reduce", id="at 150 %"),
        pytest.param("pro", "1.2", "restricted, it only reduces", id="at 120 %"),
        pytest.param("pro", "1.05", "in liquidation", id="at 105 %"),
        pytest.param("pro", "1", "in liquidation, and a claim for the loss", id="at 100 %"),
        pytest.param("classic", "1.3", "normal", id="classic accounts are not reminded"),
        pytest.param("classic", "1.2", "restricted, it only reduces", id="classic at 120 %"),
        pytest.param("classic", "1.05", "in liquidation", id="classic at 105 %"),
    ],
)
def test_what_an_account_is_at_a_ratio(product, ratio, name):
    assert name == status_of(D(ratio), LEVELS, product).name


def test_below_every_level_there_is_none():
    assert status_of(D("-0.1"), LEVELS, "pro") is None


@pytest.mark.parametrize(
    ("value", "initial", "maintenance", "amount"),
    [
        pytest.param("0", "0", "0", "0", id="no debt"),
        # 50 000 × 11.12 %, × 5 %.
        pytest.param("50000", "5560", "2500", "0", id="on a floor: the lower tier"),
        # Binance: 50 000 × 11.12 % + 50 000 × 14.29 % + 290 000 × 20 %; 5 %, 7 %, 8 %.
        pytest.param("390000", "70705", "29200", "2000", id="Binance's 13 BTC"),
    ],
)
def test_a_debt_is_asked_slice_by_slice(value, initial, maintenance, amount):
    asked = liability_margin(D(value), BTC_TIERS)

    assert (D(initial), D(maintenance)) == (asked.initial_margin, asked.maintenance_margin)
    assert D(amount) == maintenance_amount(D(value), BTC_TIERS)


@given(VALUE)
@exact
def test_at_once_is_the_same_as_slice_by_slice(value):
    asked = liability_margin(value, BTC_TIERS).maintenance_margin

    assert asked == maintenance_at_once(value, BTC_TIERS)


@given(VALUE, VALUE)
def test_a_larger_debt_is_never_asked_less(one, other):
    less, more = (liability_margin(value, BTC_TIERS) for value in sorted((one, other)))

    assert less.initial_margin <= more.initial_margin
    assert less.maintenance_margin <= more.maintenance_margin


@pytest.mark.parametrize(
    ("floors", "message"),
    [
        ((), "the first liability tier must have floor 0"),
        (("1",), "the first liability tier must have floor 0"),
        (("0", "5", "5"), "liability tier 5 must be above 5"),
    ],
)
def test_tiers_that_do_not_rise_from_zero_are_refused(floors, message):
    tiers = [LiabilityTier(D(floor), D("0.1"), D("0.05")) for floor in floors]

    for asked in (liability_margin, maintenance_amount, maintenance_at_once):
        with pytest.raises(UsageError, match=message):
            asked(D(10), tiers)
