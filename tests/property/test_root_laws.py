"""Roots are all found and none invented, however the coefficients are scaled."""

from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from crossmargin.margin.roots import WIDTH, real_roots, value

NUMBERS = st.fractions(-1000, 1000, max_denominator=10**8)
LEADING = st.builds(
    lambda sign, power: sign * Fraction(10) ** power,
    st.sampled_from([1, -1]),
    st.integers(-40, 10),
)


def product(leading, roots):
    """Return the coefficients of leading × Π(y − root), constant first."""
    terms = [leading]
    for root in roots:
        shifted = [Fraction(0), *terms]
        terms = [a - root * b for a, b in zip(shifted, [*terms, Fraction(0)], strict=True)]
    return terms


@given(LEADING, st.lists(NUMBERS, min_size=1, max_size=5), NUMBERS, st.booleans())
def test_rational_roots_are_found_inside_the_interval_only(leading, roots, low, has_end):
    high = low + 500 if has_end else None
    expected = sorted({root for root in roots if low < root and (high is None or root < high)})

    found = real_roots(product(leading, roots), low, high)

    singles = [root for root in expected if roots.count(root) % 2]
    near = [min((abs(root - got) for got in found), default=1) for root in singles]
    assert all(off <= WIDTH for off in near)
    assert all(min(abs(root - got) for root in expected) <= WIDTH for got in found)
    assert all(one < other for one, other in pairwise(found))


@given(LEADING, NUMBERS, NUMBERS)
def test_an_irrational_root_of_a_nearly_straight_parabola_is_as_near_as_promised(square, b, c):
    found = real_roots([c, b, square], Fraction(-(10**4)), Fraction(10**4))

    for root in found:
        sides = [value([c, b, square], root + side * WIDTH) for side in (-1, 1)]
        assert sides[0] * sides[1] <= 0 or b * b == 4 * square * c


@given(st.lists(NUMBERS, min_size=2, max_size=5), NUMBERS)
def test_between_neighbouring_roots_the_sign_does_not_change(terms, low):
    high = low + 100
    cuts = [low, *real_roots(terms, low, high), high]
    for left, right in pairwise(cuts):
        inside = [left + (right - left) * Fraction(part, 16) for part in range(1, 16)]
        signs = {value(terms, at) > 0 for at in inside if value(terms, at)}
        assert len(signs) <= 1
