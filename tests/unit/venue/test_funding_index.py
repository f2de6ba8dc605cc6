"""A funding index in whole native units; the first rows are dYdX v4's TestGetFundingIndexDelta."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.errors import UnitError
from crossmargin.venue.funding_index import funding_index_increment, funding_settlement


@pytest.mark.parametrize(
    ("rate", "seconds", "mantissa", "exponent", "base", "expected"),
    [
        # 1001999 × 1000 × 10^(0 − 12 + 6) × 28800 ÷ 28800 = 1001.999, truncated.
        pytest.param(1_001_999, 28_800, 1000, 0, -12, 1001, id="whole period"),
        pytest.param(-1_001_999, 14_400, 1000, 2, -4, -5_009_995_000_000, id="half of one"),
        # 1001999 × 3600 × 1000 ÷ 28800 = 125249875 exactly.
        pytest.param(-1_001_999, 3600, 1000, -6, 0, -125_249_875, id="an eighth"),
        # 28799 × 1 ÷ 28800 is less than one, on either side of zero.
        pytest.param(28_799, 1, 1, -6, 0, 0, id="truncated down"),
        pytest.param(-28_799, 1, 1, -6, 0, 0, id="truncated up"),
        # 288005 × 10^-1 = 28800.5 -> 28800 first, then ÷ 28800 = 1.
        pytest.param(288_005, 1, 1, -7, 0, 1, id="truncated twice"),
        pytest.param(5, 0, 1000, 0, 0, 0, id="no time"),
    ],
)
def test_growth(rate, seconds, mantissa, exponent, base, expected):
    assert expected == funding_index_increment(rate, seconds, mantissa, exponent, base)


@given(st.integers(-(10**7), 10**7), st.integers(0, 10**5), st.integers(0, 10**9))
def test_growth_is_the_same_for_either_sign(rate, seconds, mantissa):
    up = funding_index_increment(rate, seconds, mantissa, -5, -10)

    assert -up == funding_index_increment(-rate, seconds, mantissa, -5, -10)


@pytest.mark.parametrize(("seconds", "mantissa"), [(-1, 1), (1, -1)])
def test_neither_time_nor_price_is_negative(seconds, mantissa):
    with pytest.raises(UnitError, match="negative"):
        funding_index_increment(1, seconds, mantissa, 0, 0)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param([], 0, id="nothing"),
        pytest.param([(1_000_000, 3)], -3, id="a long pays"),
        pytest.param([(1_000_000, -3)], 3, id="a short receives"),
        pytest.param([(1, 1)], -1, id="a part of a unit is paid whole"),
        pytest.param([(1, -1)], 0, id="and not received"),
        # 0.6 + 0.6 = 1.2 -> 1; floored each it would be 0.
        pytest.param([(1, -600_000), (1, -600_000)], 1, id="floored once, not each"),
    ],
)
def test_settlement(changes, expected):
    assert expected == funding_settlement(changes)
