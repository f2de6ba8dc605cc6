"""Fractions that grow with open interest, and requirements in whole steps; numbers by hand.

Where a row names a test, its numbers are that test's in dYdX v4's repository.
"""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.errors import UsageError
from crossmargin.margin.fractions import (
    funding_rate_cap,
    initial_margin,
    maintenance_margin,
    scaled_initial_fraction,
    stepped_notional,
)

D = Decimal
STEP = D("0.000001")
PPM = st.integers(0, 1_000_000).map(lambda ppm: D(ppm).scaleb(-6))
QUOTE = st.integers(0, 10**15).map(lambda quanta: D(quanta).scaleb(-6))


def optional(text: str | None) -> Decimal | None:
    """Return the number, if there is one."""
    return None if text is None else D(text)


@pytest.mark.parametrize(
    ("open_notional", "lower", "upper", "expected"),
    [
        # TestGetAdjustedInitialMarginPpm, base 20 %.
        pytest.param("0", "1", "2", "0.2", id="no open interest"),
        pytest.param("1", "1", "2", "0.2", id="at the lower cap"),
        pytest.param("1.5", "1", "2", "0.6", id="half way"),
        # 0.2 + 0.234567 × 0.8 = 0.3876536.
        pytest.param("1.234567", "1", "2", "0.387653", id="truncated"),
        pytest.param("2", "1", "2", "1", id="at the upper cap"),
        pytest.param("2.5", "1", "2", "1", id="above the upper cap"),
        pytest.param("1.5", "0", "0", "0.2", id="an upper cap of zero is none"),
        pytest.param("9", None, "2", "0.2", id="no lower cap"),
        pytest.param("9", "1", None, "0.2", id="no upper cap"),
        # Equal caps: the lower one is looked at first.
        pytest.param("5", "5", "5", "0.2", id="at both caps"),
        pytest.param("5.000001", "5", "5", "1", id="above both caps"),
    ],
)
def test_the_fraction_grows_with_open_interest(open_notional, lower, upper, expected):
    found = scaled_initial_fraction(D("0.2"), D(open_notional), optional(lower), optional(upper))

    assert D(expected) == found


def test_caps_the_wrong_way_round_are_refused():
    with pytest.raises(UsageError, match="lower cap 3 is above its upper cap 2"):
        scaled_initial_fraction(D("0.2"), D(1), D(3), D(2))


@given(PPM, QUOTE, QUOTE, QUOTE, QUOTE)
def test_the_fraction_never_falls_as_open_interest_rises(base, one, other, lower, span):
    low, high = sorted([one, other])
    small = scaled_initial_fraction(base, low, lower, lower + span)
    large = scaled_initial_fraction(base, high, lower, lower + span)

    assert base <= small <= large <= 1
    assert large == large.quantize(STEP)


@pytest.mark.parametrize(
    ("size", "price", "expected"),
    [
        pytest.param("0.1", "50000", "5000", id="exact"),
        pytest.param("0.0000019", "1", "0.000001", id="a long loses what is cut off"),
        pytest.param("-0.0000019", "1", "-0.000001", id="a short gains it"),
        pytest.param("0", "1", "0", id="nothing"),
        pytest.param("-0.0000001", "1", "0", id="less than a step"),
    ],
)
def test_notional_is_truncated_towards_zero(size, price, expected):
    assert D(expected) == stepped_notional(D(size), D(price), STEP)


@pytest.mark.parametrize(
    ("notional", "fraction", "share", "initial", "maintenance"),
    [
        # 9200.311488 × 0.25 = 2300.077872; × 0.6 = 1380.0467232.
        pytest.param("9200.311488", "0.25", "0.6", "2300.077872", "1380.046724", id="rounded up"),
        # Each ceiling counts: 0.000001 × 0.1 is a step, and half a step is one again.
        pytest.param("0.000001", "0.1", "0.5", "0.000001", "0.000001", id="up, and up again"),
        # 0.000021 × 0.1 -> 0.000003; × 0.4 = 0.0000012 -> 0.000002, not ceil(0.00000084).
        pytest.param("0.000021", "0.1", "0.4", "0.000003", "0.000002", id="the order matters"),
        pytest.param("-2100", "0.01", "0.5", "21", "10.5", id="a short"),
        pytest.param("38.885", "0", "1", "0", "0", id="no fraction"),
        pytest.param("38.885", "1", "1", "38.885", "38.885", id="all of it"),
    ],
)
def test_requirements_are_rounded_up(notional, fraction, share, initial, maintenance):
    assert D(initial) == initial_margin(D(notional), D(fraction), STEP)
    assert D(maintenance) == maintenance_margin(D(notional), D(fraction), D(share), STEP)


@given(QUOTE, PPM, PPM)
def test_maintenance_lies_between_the_exact_share_and_the_initial_margin(notional, base, share):
    initial = initial_margin(notional, base, STEP)
    maintenance = maintenance_margin(notional, base, share, STEP)

    assert notional * base * share <= maintenance <= initial < notional * base + STEP


@pytest.mark.parametrize(
    ("clamp_factor", "initial", "share", "expected"),
    [
        # TestLiquidityTierGetMaxAbsFundingClampPpm.
        pytest.param("6", "0.15", "0.8", "0.18", id="six times three percent"),
        pytest.param("6", "0.45", "1", "0", id="maintenance is initial"),
        pytest.param("3", "1", "0", "3", id="no maintenance"),
        pytest.param("0", "1", "1", "0", id="no factor"),
        # 0.745345 × 0.564947 = 0.42108042… -> 0.421080; 423.978721 × 0.324265 = 137.48145996…
        pytest.param("423.978721", "0.745345", "0.564947", "137.481459", id="truncated twice"),
    ],
)
def test_the_cap_of_funding(clamp_factor, initial, share, expected):
    assert D(expected) == funding_rate_cap(D(clamp_factor), D(initial), D(share))


@pytest.mark.parametrize("share", ["-0.1", "1.1"])
def test_a_share_is_a_share(share):
    with pytest.raises(UsageError, match="not between 0 and 1"):
        funding_rate_cap(D(6), D("0.1"), D(share))
