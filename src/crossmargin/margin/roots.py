"""All real roots of a polynomial with rational coefficients, inside an interval.

Everything is done in exact rationals, so the sign of the polynomial at any point is certain and
no root is missed or invented. Roots of degree one are exact; of degree two, exact where they are
rational; any other root is returned to within `WIDTH` of the truth.

Higher degrees: between two neighbouring roots of the derivative a polynomial is monotone, so a
change of sign there brackets exactly one root, which bisection narrows.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import isqrt

WIDTH = Fraction(1, 10**40)
_DENOMINATOR_NICE_MAX = 10**18


def value(coefficients: Sequence[Fraction], at: Fraction) -> Fraction:
    """Return the polynomial at `at`; coefficients start with the constant."""
    total = Fraction(0)
    for coefficient in reversed(coefficients):
        total = total * at + coefficient
    return total


def real_roots(
    coefficients: Sequence[Fraction], low: Fraction, high: Fraction | None
) -> list[Fraction]:
    """Return the distinct roots strictly between `low` and `high` (None: no end), ascending.

    The zero polynomial has none: there is nothing to cross.
    """
    terms = list(coefficients)
    while terms and not terms[-1]:
        terms.pop()
    degree = len(terms) - 1
    if degree < 1:
        return []
    if degree == 1:
        found = [-terms[0] / terms[1]]
    elif degree == 2:
        found = _quadratic(terms)
    else:
        end = _bound(terms) if high is None else high
        return _by_bisection(terms, low, max(end, low))
    return [root for root in found if low < root and (high is None or root < high)]


def _quadratic(terms: list[Fraction]) -> list[Fraction]:
    constant, linear, square = terms
    discriminant = linear * linear - 4 * square * constant
    if discriminant < 0:
        return []
    root = _square_root(discriminant)
    return sorted({(-linear - root) / (2 * square), (-linear + root) / (2 * square)})


def _square_root(number: Fraction) -> Fraction:
    # Exact for squares of rationals; else cut 60 digits after the leading ones.
    top, bottom = number.numerator, number.denominator
    if isqrt(top) ** 2 == top and isqrt(bottom) ** 2 == bottom:
        return Fraction(isqrt(top), isqrt(bottom))
    scale = 10**60 * bottom
    return Fraction(isqrt(top * bottom * 10**120), scale)


def _bound(terms: list[Fraction]) -> Fraction:
    # Cauchy: no root is larger than one plus the largest ratio to the leading coefficient.
    return 1 + max(abs(term / terms[-1]) for term in terms[:-1])


def _by_bisection(terms: list[Fraction], low: Fraction, high: Fraction) -> list[Fraction]:
    derivative = [power * term for power, term in enumerate(terms)][1:]
    turns = real_roots(derivative, low, high)
    roots = [turn for turn in turns if not value(terms, turn)]
    for start, end in pairwise([low, *turns, high]):
        if value(terms, start) * value(terms, end) < 0:
            roots.append(_narrow(terms, start, end))
    return sorted(roots)


def _narrow(terms: list[Fraction], low: Fraction, high: Fraction) -> Fraction:
    rises = value(terms, high) > 0
    while high - low > WIDTH:
        middle = (low + high) / 2
        sign = value(terms, middle)
        if not sign:
            return middle
        if (sign > 0) == rises:
            high = middle
        else:
            low = middle
    nice = ((low + high) / 2).limit_denominator(_DENOMINATOR_NICE_MAX)
    return nice if not value(terms, nice) else (low + high) / 2
