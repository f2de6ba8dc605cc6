"""Shifts of volatility by direction and time to expiry; powers that come out even, by hand."""

from decimal import Decimal

import pytest

from crossmargin.errors import InvariantBroken
from crossmargin.margin.scenarios.volatility import factor, shifted, term
from crossmargin.model.scenario import Direction
from crossmargin.rulebooks.portfolio.volatility import TermShift

D = Decimal
DAY = D(86_400)
UP, DOWN, NONE = Direction.UP, Direction.DOWN, Direction.NONE

# Near expiries by the root of 30 ÷ days, far ones by itself; none nearer than 1.875 days.
SHIFT = TermShift(D("0.5"), D("0.3"), D("0.5"), D(1), days_floor=D("1.875"), up_floor=D("0.35"))


@pytest.mark.parametrize(
    ("days", "expected"),
    [("30", 1), ("7.5", 2), ("1.875", 4), ("1", 4), ("0.001", 4), ("60", "0.5"), ("300", "0.1")],
)
def test_the_term_is_a_power_of_30_days_over_those_left(days, expected):
    assert D(expected) == term(D(days) * DAY, SHIFT)


@pytest.mark.parametrize(
    ("direction", "reach", "expected"),
    [
        (UP, "1", "1.5"),
        (UP, "4", "3"),
        (DOWN, "1", "0.7"),
        (DOWN, "2", "0.4"),
        (DOWN, "4", "0"),
        (NONE, "4", "1"),
    ],
)
def test_what_volatility_is_multiplied_by_is_never_below_zero(direction, reach, expected):
    assert D(expected) == factor(D(reach), direction, SHIFT)


@pytest.mark.parametrize(
    ("volatility", "days", "direction", "expected"),
    [
        ("0.6", "30", UP, "0.9"),
        ("0.6", "7.5", UP, "1.2"),
        ("0.6", "60", UP, "0.75"),
        ("0.6", "7.5", DOWN, "0.24"),
        ("0.6", "1", DOWN, "0"),
        ("0.6", "30", NONE, "0.6"),
        ("0.1", "30", UP, "0.35"),
        ("0.1", "30", DOWN, "0.07"),
        ("0.1", "30", NONE, "0.1"),
        ("0.1", "0", UP, "0.1"),
    ],
    ids=[
        "up a half",
        "up twice as far with a quarter of the time",
        "up half as far with twice the time",
        "down",
        "down to nothing",
        "as it is",
        "up to the floor",
        "the floor is none of a shift down",
        "the floor is none of no shift",
        "at expiry nothing is shifted",
    ],
)
def test_shifted(volatility, days, direction, expected):
    assert D(expected) == shifted(D(volatility), D(days) * DAY, direction, SHIFT)


@pytest.mark.parametrize("direction", [Direction.LINEAR, Direction.ABSOLUTE])
def test_a_tilt_is_no_shift(direction):
    with pytest.raises(InvariantBroken, match="tilts the smile"):
        factor(D(1), direction, SHIFT)
    with pytest.raises(InvariantBroken, match="tilts the smile"):
        shifted(D("0.6"), DAY, direction, SHIFT)
