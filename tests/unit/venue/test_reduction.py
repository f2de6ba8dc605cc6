"""How much a liquidation closes first where the venue states it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.errors import UsageError
from crossmargin.money import exact
from crossmargin.venue.reduction import (
    assigned_size,
    contracts_for_tier,
    first_order_size,
    size_down_to_first_tier,
)

D = Decimal
SIZE = st.decimals(D(0), D(10**6), places=3)


def test_the_tier_counts_every_expiry_gross():
    # OKX: 10 000 + 5 000 + 5 000 + 5 000; a short counts like a long.
    assert D(25000) == contracts_for_tier([D(10000), D(5000), D(-5000), D(5000)])
    assert D(0) == contracts_for_tier([])


@pytest.mark.parametrize(
    ("held", "closed"),
    [
        pytest.param("15000", "13000", id="OKX: down to the first tier"),
        pytest.param("12001", "10001", id="where the third tier starts"),
        pytest.param("12000", "12000", id="below it everything"),
    ],
)
def test_a_forced_partial_liquidation(held, closed):
    assert D(closed) == size_down_to_first_tier(D(held), D(2000), D(12001))


def test_tiers_in_the_wrong_order_are_refused():
    with pytest.raises(UsageError, match="the first tier ends at 3, above 2"):
        size_down_to_first_tier(D(5), D(3), D(2))


@pytest.mark.parametrize(
    ("notional", "is_repeated", "size"),
    [
        pytest.param("100000", False, "7", id="up to 100 000 USDC the whole"),
        pytest.param("100000.01", False, "1.5", id="above it 20 %, up to the lot"),
        pytest.param("100000.01", True, "7", id="the whole soon after"),
    ],
)
def test_the_first_order_of_hyperliquid(notional, is_repeated, size):
    # 20 % of 7 is 1.4, in lots of 0.5 that is 1.5.
    found = first_order_size(
        D(7),
        D(notional),
        whole_up_to_usd=D(100000),
        part_fraction=D("0.2"),
        lot=D("0.5"),
        is_repeated=is_repeated,
    )

    assert D(size) == found


@given(SIZE, SIZE, st.decimals(D("0.01"), D(1), places=2), st.sampled_from([D("0.001"), D(5)]))
@exact
def test_a_first_order_is_part_of_the_position(held, notional, part, lot):
    size = first_order_size(held, notional, whole_up_to_usd=D(1000), part_fraction=part, lot=lot)

    assert held * part <= size <= held


@pytest.mark.parametrize(
    ("held", "filled", "rest"), [("1760000", "1007379", "752621"), ("3", "3", "0")]
)
def test_what_the_order_leaves_is_assigned(held, filled, rest):
    assert D(rest) == assigned_size(D(held), D(filled))


@pytest.mark.parametrize("filled", ["4", "-1"])
def test_more_than_the_position_is_never_filled(filled):
    with pytest.raises(UsageError, match="filled of a position of 3"):
        assigned_size(D(3), D(filled))
