"""What a ladder asks of a notional, and up to where it allows a leverage."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.errors import UsageError
from crossmargin.margin.tiers import largest_notional, maintenance_by_tier, maintenance_margin
from crossmargin.rulebooks.ladder import tiers_of
from tests.toys import marginal

D = Decimal

# Gate, "Risk limit explanation": the illustration table, leverages and rates as printed. Its last
# leverage, 1.05, goes with an initial rate of 95 %.
GATE = tiers_of(
    "0 0.4% 125x | 20k 0.45% 111x | 50k 0.5% 100x | 100k 0.7% 75x | 200k 1% 50x | 1M 2% 25x "
    "| 2M 5% 10x | 3M 50% 1.05x | 5M"
)


@pytest.mark.parametrize(
    ("leverage", "notional"),
    [
        pytest.param("90", "100000", id="as published, 90x"),
        pytest.param("30", "1000000", id="as published, 30x"),
        pytest.param("2", "3000000", id="as published, 2x"),
        pytest.param("1", "5000000", id="the cap"),
        pytest.param("1.05", "5000000", id="exactly the last tier's"),
        pytest.param("125", "20000", id="exactly the first tier's"),
        pytest.param("100.5", "50000", id="between two tiers'"),
    ],
)
def test_a_leverage_is_allowed_up_to_the_end_of_its_highest_tier(leverage, notional):
    assert D(notional) == largest_notional(D(leverage), GATE)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("0 1% 50x | 1k 2% 25x", id="a ladder without cap"),
        pytest.param("0 1% 50x | 1k 2% 25x | 5k ...", id="a ladder known in part"),
    ],
)
def test_where_no_end_is_known_there_is_none(text):
    assert largest_notional(D(25), tiers_of(text)) is None
    assert D(1000) == largest_notional(D(26), tiers_of(text))


def test_a_leverage_that_no_tier_has_is_refused():
    with pytest.raises(UsageError) as refused:
        largest_notional(D("125.5"), GATE)

    assert "leverage 125.5 is above 125, the most the ladder has" == str(refused.value)


# Bitget, maintenance margin from 2025-11-10: 200,000 × (0.4 % + 0.06 %) = 920 and
# 130,000 × (0.5 % + 0.06 %) = 728.
@pytest.mark.parametrize(
    ("notional", "asked"),
    [
        pytest.param("330000", ["920", "728"], id="as published"),
        pytest.param("200000", ["920"], id="exactly on the bound"),
        pytest.param("100000", ["460"], id="within the first tier"),
        pytest.param("0", ["0"], id="nothing"),
    ],
)
def test_each_tier_asks_for_its_slice(notional, asked):
    tiers = marginal(("0", "0.004"), ("200000", "0.005"))

    assert list(map(D, asked)) == list(maintenance_by_tier(D(notional), tiers, D("0.0006")))


@given(st.decimals(0, 10_000_000, places=4))
def test_slices_add_up_to_the_maintenance_margin(notional):
    assert maintenance_margin(notional, GATE) == sum(maintenance_by_tier(notional, GATE))


@given(st.integers(1, 125), st.integers(1, 125))
def test_more_leverage_never_allows_more(one, other):
    low, high = sorted((one, other))

    assert largest_notional(D(high), GATE) <= largest_notional(D(low), GATE)
