"""One small record stands for the risk of a position, a bucket, a pool or an account.

Records add up. Ratios are compared by cross-multiplying, so nothing divides by zero and nothing
rounds; `fraction` divides once, for people, and rounds up.

Health is maintenance margin ÷ equity: 0 is idle, 1 is liquidation. The shape follows the margin
library of dYdX v4.
"""

from decimal import Decimal
from fractions import Fraction

from msgspec import Struct

from crossmargin.money import EIGHT_PLACES, ZERO, exact, quotient_up, up_to


class Health(Struct, frozen=True, gc=False):
    """Equity and requirements of something, in one asset."""

    equity: Decimal = ZERO
    initial_margin: Decimal = ZERO
    maintenance_margin: Decimal = ZERO

    @exact
    def __add__(self, other: "Health") -> "Health":
        """Return the sums, field by field."""
        return Health(
            self.equity + other.equity,
            self.initial_margin + other.initial_margin,
            self.maintenance_margin + other.maintenance_margin,
        )

    @property
    @exact
    def buffer(self) -> Decimal:
        """Return equity − maintenance margin: what can be lost before liquidation."""
        return self.equity - self.maintenance_margin

    def is_liquidatable(self, *, is_trigger_strict: bool = False) -> bool:
        """Return whether equity has fallen to (or, if strict, below) maintenance margin.

        Nothing at stake is never liquidatable: without a maintenance margin only debt is.
        """
        if not self.maintenance_margin:
            return self.equity < 0
        if is_trigger_strict:
            return self.equity < self.maintenance_margin
        return self.equity <= self.maintenance_margin

    def fraction(self) -> Decimal | None:
        """Return maintenance margin ÷ equity, rounded up at 8 places.

        None where the ratio means nothing: equity at or below zero with something at stake, or
        plain debt.
        """
        if not self.maintenance_margin and self.equity >= 0:
            return ZERO
        if self.equity <= 0:
            return None
        return up_to(EIGHT_PLACES, quotient_up(self.maintenance_margin, self.equity))

    def is_riskier_than(self, other: "Health") -> bool:
        """Return whether `self` is nearer to liquidation than `other`; a strict total order.

        With positive equity the larger ratio is riskier. Anything without positive equity (and
        not merely empty) is riskier than that, and among those the smaller buffer is.
        """
        # Products of fifty-digit decimals would round; those of rationals do not.
        if self._is_ratio_defined() and other._is_ratio_defined():
            mine = Fraction(self.maintenance_margin) * Fraction(other._equity_or_one())
            return mine > Fraction(other.maintenance_margin) * Fraction(self._equity_or_one())
        if self._is_ratio_defined() or other._is_ratio_defined():
            return other._is_ratio_defined()
        mine = Fraction(self.equity) - Fraction(self.maintenance_margin)
        return mine < Fraction(other.equity) - Fraction(other.maintenance_margin)

    def _is_ratio_defined(self) -> bool:
        return self.equity > 0 or (not self.equity and not self.maintenance_margin)

    def _equity_or_one(self) -> Decimal:
        # Empty counts as ratio zero: 0 ÷ 1.
        return self.equity or Decimal(1)
