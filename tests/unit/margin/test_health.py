"""The record everything is made of: it adds up, compares exactly and is never divided by zero."""

from decimal import Decimal
from itertools import permutations

import pytest

from crossmargin.margin.health import Health

D = Decimal


def health(equity: str, maintenance: str, initial: str = "0") -> Health:
    """Return a record."""
    return Health(D(equity), D(initial), D(maintenance))


# Safest first; those on one line are as risky as each other.
ORDER = [
    [health("0", "0"), health("1000000", "0")],
    [health("1000", "1"), health("10", "0.01")],
    [health("100", "50")],
    [health("100", "99.99999999")],
    [health("100", "100"), health("1", "1")],
    [health("100", "300")],
    [health("0", "0.00000001")],
    [health("-1", "0"), health("0", "1")],
    [health("-10", "0"), health("-5", "5")],
    [health("-10", "90")],
]
RANKED = [(rank, one) for rank, equals in enumerate(ORDER) for one in equals]


def test_riskier_is_a_strict_total_order():
    for (rank, one), (other_rank, other) in permutations(RANKED, 2):
        assert (rank > other_rank) == one.is_riskier_than(other), (one, other)


def test_nothing_is_riskier_than_itself():
    assert not any(one.is_riskier_than(one) for _, one in RANKED)


def test_ratios_that_differ_in_the_last_digit_are_told_apart():
    one, other = health("3", "1.0000000000000000000000001"), health("3", "1")

    assert one.is_riskier_than(other)
    assert not other.is_riskier_than(one)


def test_records_add_up():
    assert health("4", "6", "8") == health("1", "2", "3") + health("3", "4", "5")


def test_the_buffer_is_what_can_be_lost():
    assert D(70) == health("100", "30").buffer


@pytest.mark.parametrize(
    ("equity", "maintenance", "expected", "strict"),
    [
        pytest.param("100", "99.99", False, False, id="above"),
        pytest.param("100", "100", True, False, id="equal: strictness decides"),
        pytest.param("100", "100.01", True, True, id="below"),
        pytest.param("0", "0", False, False, id="empty"),
        pytest.param("5", "0", False, False, id="nothing at stake"),
        pytest.param("-1", "0", True, True, id="debt alone"),
        pytest.param("0", "1", True, True, id="nothing left for something at stake"),
    ],
)
def test_the_trigger(equity, maintenance, expected, strict):
    one = health(equity, maintenance)

    assert expected == one.is_liquidatable()
    assert strict == one.is_liquidatable(is_trigger_strict=True)


@pytest.mark.parametrize(
    ("equity", "maintenance", "expected"),
    [
        pytest.param("100", "50", "0.5", id="half"),
        pytest.param("3", "1", "0.33333334", id="rounded up"),
        pytest.param("1000000000", "0.01", "0.00000001", id="never rounded to nothing"),
        pytest.param("100", "300", "3", id="beyond liquidation"),
        pytest.param("100", "0", "0", id="nothing at stake"),
        pytest.param("0", "0", "0", id="empty"),
        pytest.param("0", "1", None, id="no equity"),
        pytest.param("-1", "1", None, id="less than none"),
        pytest.param("-1", "0", None, id="debt"),
    ],
)
def test_the_fraction_people_see(equity, maintenance, expected):
    found = health(equity, maintenance).fraction()

    assert (None if expected is None else D(expected)) == found
