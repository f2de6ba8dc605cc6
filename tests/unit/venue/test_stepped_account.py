"""An account of whole money steps: what it is worth, what it needs, and closing positions."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.errors import UsageError
from crossmargin.margin.health import Health
from crossmargin.venue.stepped_account import (
    OpenInterestScaling,
    SteppedAccount,
    SteppedPosition,
    account_health,
    after_reduction,
    position_health,
    reduced,
)

D = Decimal
STEP = D("0.000001")


def position(size: str, price: str = "50000", scaling: OpenInterestScaling | None = None):
    """Return a position in a market of 20 % initial fraction, half of it maintenance."""
    return SteppedPosition(D(size), D(price), D("0.2"), D("0.5"), scaling)


@pytest.mark.parametrize(
    ("open_interest", "initial"),
    [
        # 0.1 at 50,000 is 5000. Caps 10 and 20 million: 200 and 400 in the base asset.
        pytest.param("200", "1000", id="at the lower cap"),
        pytest.param("300", "3000", id="half way: 60 %"),
        pytest.param("400", "5000", id="at the upper cap"),
    ],
)
def test_open_interest_raises_initial_margin_only(open_interest, initial):
    scaling = OpenInterestScaling(D(open_interest), D(10_000_000), D(20_000_000))

    expected = Health(D(5000), D(initial), D(500))
    assert expected == position_health(position("0.1", scaling=scaling), STEP)


def test_an_account_is_its_balance_and_its_positions():
    account = SteppedAccount(D(80_800), {"BTC": position("-1"), "ETH": position("-10", "3000")})

    # 80800 − 50000 − 30000; a fifth and a tenth of 80000.
    assert Health(D(800), D(16_000), D(8000)) == account_health(account)


def test_a_short_and_a_long_do_not_offset_each_other():
    account = SteppedAccount(D(0), {"BTC": position("1"), "ETH": position("-10", "5000")})

    assert Health(D(0), D(20_000), D(10_000)) == account_health(account)


def test_closing_drops_the_position():
    account = SteppedAccount(D(1), {"BTC": position("-1")})

    half = after_reduction(account, "BTC", D("0.5"), D(-25_000))
    assert (D(-24_999), D("-0.5")) == (half.quote_balance, half.positions["BTC"].size)
    assert SteppedAccount(D(-49_999)) == after_reduction(half, "BTC", D("0.5"), D(-25_000))


@pytest.mark.parametrize(
    ("symbol", "delta", "why"),
    [
        pytest.param("ETH", "1", "no position", id="another market"),
        pytest.param("SOL", "1", "no position", id="a position of no size"),
        pytest.param("BTC", "0", "does not close", id="nothing"),
        pytest.param("BTC", "-0.1", "does not close", id="adding to it"),
        pytest.param("BTC", "1.1", "does not close", id="beyond zero"),
    ],
)
def test_only_reductions(symbol, delta, why):
    account = SteppedAccount(D(1), {"BTC": position("-1"), "SOL": position("0")})

    with pytest.raises(UsageError, match=why):
        reduced(account, symbol, D(delta))


@given(
    st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=5),
    st.integers(-(10**12), 10**12),
    st.integers(1, 10**9),
)
def test_every_amount_is_a_whole_number_of_steps(sizes, quanta, price):
    positions = {
        str(n): position(str(D(s).scaleb(-9)), str(D(price).scaleb(-4)))
        for n, s in enumerate(sizes)
    }
    health = account_health(SteppedAccount(D(quanta).scaleb(-6), positions))

    for amount in (health.equity, health.initial_margin, health.maintenance_margin):
        assert amount == amount.quantize(STEP)
