"""Netting two accounts: both must pass, nothing is created, and the book comes first."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.errors import UsageError
from crossmargin.margin.transition import UpdateResult, update_result
from crossmargin.venue.deleverage import book_then_netting, netting
from crossmargin.venue.fillable import BookOutcome, Offer
from crossmargin.venue.stepped_account import SteppedAccount, SteppedPosition, account_health
from tests.unit.venue.stepped import account, accounts, closes

D = Decimal
OK, STILL, NEWLY = UpdateResult


@pytest.mark.parametrize(
    ("bankrupt", "offsetting", "delta", "balances"),
    [
        # The short's equity, 4999, goes with it: the other receives 54999.
        pytest.param("54999", "50000", "1", ("0", "104999"), id="solvent, whole"),
        pytest.param("50000", "-50000", "1", ("0", "0"), id="both at zero"),
        # Equity −1 meets equity 2: the long sells at 49999 and keeps 1.
        pytest.param("49999", "-49998", "1", ("0", "1"), id="the loss is the other's"),
        # Half of it: 24999.5 changes hands, and half a dollar of debt is left with either half.
        pytest.param("49999", "-45000", "0.5", ("24999.5", "-20000.5"), id="half"),
    ],
)
def test_both_accounts_after_netting(bankrupt, offsetting, delta, balances):
    one, other = account(bankrupt, BTC="-1"), account(offsetting, BTC="1")

    found = netting(one, other, "BTC", D(delta))
    assert found.is_accepted
    assert D(delta) == found.size_delta
    after = found.bankrupt.quote_balance, found.offsetting.quote_balance
    assert tuple(map(D, balances)) == after


@pytest.mark.parametrize(
    ("offsetting", "result"),
    [
        pytest.param("-50000", STILL, id="no equity: it would be left at −1"),
        pytest.param("-50001", STILL, id="a debt: it would grow"),
    ],
)
def test_without_overlap_nothing_moves(offsetting, result):
    one, other = account("49999", BTC="-1"), account(offsetting, BTC="1")

    found = netting(one, other, "BTC", D(1))
    assert not found.is_accepted
    assert (one, other) == (found.bankrupt, found.offsetting)
    assert (D(0), D(-49_999)) == (found.size_delta, found.quote_delta)
    assert (OK, result) == (found.bankrupt_result, found.offsetting_result)


def test_final_settlement_is_at_the_oracle_price():
    one, other = account("54999", BTC="-1"), account("50000", BTC="1")

    found = netting(one, other, "BTC", D(1), is_final_settlement=True)
    after = found.bankrupt.quote_balance, found.offsetting.quote_balance
    assert (D(4999), D(100_000)) == after


def test_the_other_must_hold_the_other_side():
    one = account("54999", BTC="-1")

    for other in (account("1", BTC="-1"), account("1", BTC="0.5"), account("1", ETH="1")):
        with pytest.raises(UsageError, match="BTC"):
            netting(one, other, "BTC", D(1))


@given(st.data())
def test_netting_creates_nothing_and_whoever_is_netted_may_be(data):
    one = data.draw(accounts())
    symbol, delta = closes(data.draw, one)
    market = one.positions[symbol]
    theirs = SteppedPosition(
        -market.size, market.oracle_price, market.base_initial_fraction, market.maintenance_share
    )
    quote = data.draw(st.integers(-(10**14), 10**14).map(lambda quanta: D(quanta).scaleb(-6)))
    other = SteppedAccount(quote, {symbol: theirs})

    found = netting(one, other, symbol, delta)

    before = one.quote_balance + other.quote_balance
    assert before == found.bankrupt.quote_balance + found.offsetting.quote_balance
    # The bankrupt account always passes: its own bankruptcy amount leaves its ratio as it is.
    assert found.bankrupt_result is OK
    for old, new in ((one, found.bankrupt), (other, found.offsetting)):
        passes = update_result(account_health(old), account_health(new)) is OK
        assert passes if found.is_accepted else old == new


def liquidated(one: SteppedAccount, other: SteppedAccount, offer: Offer, fund: str = "0"):
    """Return the liquidation through book and netting, limit 50,500."""
    return book_then_netting(
        one,
        other,
        "BTC",
        offer,
        limit_price=D(50_500),
        fee_rate_max=D("0.005"),
        insurance_fund=D(fund),
    )


DEAR = Offer(D("-0.25"), D(50_500))


def test_an_empty_fund_sends_the_whole_position_to_netting():
    found = liquidated(account("49999", BTC="-1"), account("-45000", BTC="1"), DEAR)

    assert found.fill.outcome is BookOutcome.FUND_TOO_SMALL
    assert (D(0), D(4999)) == (found.account.quote_balance, found.offsetting.quote_balance)


def test_a_fund_that_can_pay_lets_the_book_fill():
    # A quarter at 50500 is 12625, the bankruptcy amount 12499.75: 125.25 is lacking.
    found = liquidated(account("49999", BTC="-1"), account("-45000", BTC="1"), DEAR, "125.25")

    assert found.netting is None
    assert (D("37499.25"), D(-45_000)) == (
        found.account.quote_balance,
        found.offsetting.quote_balance,
    )


@pytest.mark.parametrize(
    ("quote", "size", "netted"),
    [
        pytest.param("50001", "1", None, id="equity left: not deleveraged"),
        pytest.param("49999", "-1", None, id="nobody on the other side"),
        pytest.param("49999", "0.25", "0.25", id="as much as the other holds"),
        pytest.param("49999", "3", "1", id="no more than there is"),
    ],
)
def test_who_is_netted(quote, size, netted):
    found = liquidated(account(quote, BTC="-1"), account("99999", BTC=size), DEAR)

    size_delta = None if found.netting is None else found.netting.size_delta
    assert (None if netted is None else D(netted)) == size_delta
