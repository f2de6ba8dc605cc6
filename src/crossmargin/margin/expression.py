"""Sums of powers of one number and of reciprocals, in exact rationals, and their roots.

What a margin surplus is made of along a path of prices: prices are straight lines in one number
y, linear contracts add polynomials in y, inverse ones terms in 1 ÷ price.
"""

from dataclasses import dataclass, field
from fractions import Fraction

from crossmargin.margin.roots import real_roots, value

ZERO = Fraction(0)


@dataclass(frozen=True)
class Line:
    """start + slope × y."""

    start: Fraction
    slope: Fraction = ZERO

    def __call__(self, at: Fraction) -> Fraction:
        """Return the line's value at `at`."""
        return self.start + self.slope * at


@dataclass
class Expression:
    """A polynomial in y (constant first) plus terms strength ÷ (y + shift)^order.

    `poles` is by shift and order.
    """

    polynomial: list[Fraction] = field(default_factory=list)
    poles: dict[tuple[Fraction, int], Fraction] = field(default_factory=dict)

    def __call__(self, at: Fraction) -> Fraction:
        """Return the value at `at`."""
        # A pole that has cancelled out is none: the value is there even where its price is zero.
        fractions = (c / (at + shift) ** order for (shift, order), c in self.poles.items() if c)
        return value(self.polynomial, at) + sum(fractions, ZERO)

    def add(self, power: int, amount: Fraction) -> None:
        """Add amount × y^power."""
        while len(self.polynomial) <= power:
            self.polynomial.append(ZERO)
        self.polynomial[power] += amount

    def add_price(self, amount: Fraction, line: Line) -> None:
        """Add amount × price."""
        self.add(0, amount * line.start)
        self.add(1, amount * line.slope)

    def add_inverse_price(self, amount: Fraction, line: Line, order: int = 1) -> None:
        """Add amount ÷ price^order."""
        if not line.slope:
            self.add(0, amount / line.start**order)
            return
        self._add_pole(line.start / line.slope, order, amount / line.slope**order)

    def add_multiple(self, other: "Expression", factor: Fraction) -> None:
        """Add other × factor."""
        self.add_product(other, Line(factor))

    def add_product(self, other: "Expression", line: Line) -> None:
        """Add other × line; a pole the line passes through loses one order."""
        for power, amount in enumerate(other.polynomial):
            self.add(power, amount * line.start)
            self.add(power + 1, amount * line.slope)
        for (shift, order), strength in other.poles.items():
            # start + slope × y is slope × (y + shift) and what is left.
            if order == 1:
                self.add(0, strength * line.slope)
            else:
                self._add_pole(shift, order - 1, strength * line.slope)
            self._add_pole(shift, order, strength * (line.start - line.slope * shift))

    def roots(self, low: Fraction, high: Fraction | None) -> list[Fraction]:
        """Return the roots strictly inside an interval that holds no pole."""
        poles = {pole: strength for pole, strength in self.poles.items() if strength}
        orders: dict[Fraction, int] = {}
        for shift, order in poles:
            orders[shift] = max(order, orders.get(shift, 0))
        cleared = _cleared(self.polynomial, orders)
        for (own, order), strength in poles.items():
            term = _cleared([strength], orders | {own: orders[own] - order})
            size = max(len(cleared), len(term))
            cleared = [
                (cleared[i] if i < len(cleared) else ZERO) + (term[i] if i < len(term) else ZERO)
                for i in range(size)
            ]
        return real_roots(cleared, low, high)

    def _add_pole(self, shift: Fraction, order: int, strength: Fraction) -> None:
        self.poles[shift, order] = self.poles.get((shift, order), ZERO) + strength


def _cleared(polynomial: list[Fraction], orders: dict[Fraction, int]) -> list[Fraction]:
    # polynomial × (y + shift)^order for every shift
    result = polynomial
    for shift, order in orders.items():
        for _ in range(order):
            times = [coefficient * shift for coefficient in result] + [ZERO]
            for power, coefficient in enumerate(result):
                times[power + 1] += coefficient
            result = times
    return result
