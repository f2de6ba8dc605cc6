"""Rights, and the numbers that belong to each."""

from decimal import Decimal

import pytest

from crossmargin.model.option import OptionRule, Right, RightRule

CALLS, PUTS = RightRule(Decimal("0.03")), RightRule(Decimal("0.05"))
RULE = OptionRule(Decimal("0.15"), Decimal("0.10"), CALLS, PUTS)


@pytest.mark.parametrize(
    ("right", "other", "numbers"), [("call", "put", CALLS), ("put", "call", PUTS)]
)
def test_each_right_has_its_opposite_and_its_numbers(right, other, numbers):
    assert Right(other) is Right(right).other
    assert RULE.of(Right(right)) is numbers
