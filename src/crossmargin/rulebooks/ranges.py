"""Ranges of numbers, and those that many tables of a rulebook file share."""

from decimal import Decimal
from typing import NamedTuple

from crossmargin.money import plain

LEVERAGE_MIN = Decimal(1)
LEVERAGE_MAX = Decimal(250)


class Range(NamedTuple):
    """Finite numbers from `low` to `high`; the brackets in `shape` say which ends belong."""

    low: Decimal
    high: Decimal
    shape: str = "[]"

    def holds(self, value: Decimal) -> bool:
        """Return whether `value` is finite and within."""
        if not value.is_finite():
            return False
        is_above = value >= self.low if self.shape[0] == "[" else value > self.low
        is_below = value <= self.high if self.shape[1] == "]" else value < self.high
        return is_above and is_below

    def __str__(self) -> str:
        return f"{self.shape[0]}{plain(self.low)}, {plain(self.high)}{self.shape[1]}"


LEVERAGE = Range(LEVERAGE_MIN, LEVERAGE_MAX)
FRACTION = Range(Decimal(0), Decimal(1), "[)")
FEE = Range(Decimal(0), Decimal("0.1"), "[)")
MAKER_FEE = Range(Decimal("-0.01"), Decimal("0.1"), "[)")
SHARE = Range(Decimal(0), Decimal(1), "(]")
AMOUNT = Range(Decimal(0), Decimal(10**12), "[]")
STEP = Range(Decimal(0), Decimal(10**12), "(]")
