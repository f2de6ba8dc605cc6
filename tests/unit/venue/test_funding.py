"""The funding formula and payment, by hand and from the venues' worked examples."""

from decimal import Decimal, localcontext

import pytest

from crossmargin.rulebooks.schema import Funding
from crossmargin.venue.funding import funding_payment, funding_rate

RULES = Funding(
    interval_ms=28_800_000,
    interest_rate=Decimal("0.0001"),
    damper=Decimal("0.0005"),
    cap_multiple=Decimal("0.75"),
)
FIRST_TIER_RATE = Decimal("0.004")


@pytest.mark.parametrize(
    ("premium", "rate"),
    [
        pytest.param("0", "0.0001", id="no premium: the interest"),
        pytest.param("0.0001", "0.0001", id="premium equal to the interest"),
        pytest.param("0.0006", "0.0001", id="the largest premium that the damper takes away"),
        pytest.param("-0.0004", "0.0001", id="the largest discount that the damper takes away"),
        pytest.param("0.001", "0.0005", id="premium beyond the damper: less the damper"),
        pytest.param("-0.001", "-0.0005", id="discount beyond the damper: plus the damper"),
        pytest.param("0.0035", "0.003", id="on the cap: 0.75 of the first tier's 0.4 %"),
        pytest.param("0.02", "0.003", id="above the cap"),
        pytest.param("-0.02", "-0.003", id="below the floor"),
    ],
)
def test_the_funding_rate_of_a_premium(premium, rate):
    assert Decimal(rate) == funding_rate(Decimal(premium), RULES, FIRST_TIER_RATE)


def test_without_a_first_tier_the_rate_is_not_capped():
    assert Decimal("0.0195") == funding_rate(Decimal("0.02"), RULES, None)


@pytest.mark.parametrize(
    ("notional_signed", "rate", "received"),
    [
        # github.com/freqtrade/freqtrade, test_calculate_funding_fees.
        pytest.param(
            "-20", "0.0001", "0.0020", id="bn-um-funding-1: a short of 10 at 2.0 receives"
        ),
        pytest.param(
            "-20", "0.0002", "0.0040", id="bn-um-funding-2: twice the rate, twice as much"
        ),
        pytest.param("20", "0.0001", "-0.0020", id="a long pays a positive rate"),
        pytest.param("20", "-0.0001", "0.0020", id="a long receives a negative rate"),
        pytest.param("-20", "-0.0001", "-0.0020", id="a short pays a negative rate"),
        pytest.param("0", "0.0001", "0", id="no position pays nothing"),
    ],
)
def test_what_an_account_receives(notional_signed, rate, received):
    assert Decimal(received) == funding_payment(Decimal(notional_signed), Decimal(rate))


def test_the_payment_is_exact_whatever_the_callers_context():
    with localcontext(prec=3):
        paid = funding_payment(Decimal("123456.789"), Decimal("0.00012345"))

    assert Decimal("-15.24074060205") == paid


def test_what_a_long_pays_a_short_receives():
    long, short = Decimal("95710.5"), Decimal("-95710.5")
    rate = Decimal("-0.00302761")

    assert 0 == funding_payment(long, rate) + funding_payment(short, rate)
