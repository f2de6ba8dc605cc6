"""Where along a path of prices a portfolio with options in it crosses into liquidation.

With options the surplus along a path is no polynomial: it bends at strikes, turns between them,
and may cross zero many times. So it is sampled, close by finely and far out coarsely, at every
strike besides; every change of sign is halved down to the root, and wherever three samples have a
turn between them that comes nearer to zero than they do, the turn itself is looked for, so that
two crossings between samples are not missed. Every root is returned as its safe side, which the
exact core has judged: substituting it leaves the account alive.

The path runs from a hundredth of a price to a hundred times it. What lies beyond is not looked at.
"""

from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal
from itertools import pairwise

from msgspec import Struct

from crossmargin.money import ONE, ZERO, exact

LOWEST, HIGHEST = Decimal("0.01"), Decimal(100)
"""The ends of the path, as multiples of the price now."""

FINE, COARSE = Decimal("1.01"), Decimal("1.05")
"""Steps of the samples, as ratios: up to `FINE_TO` from the start, and beyond."""

FINE_TO = Decimal("1.4")

WIDTH = Decimal("1e-12")
"""How near a root its safe side is, relative to the price."""

GOLDEN = Decimal("0.6180339887498949")
TURN_WIDTH = Decimal("1e-6")
"""How near a turn is looked for, relative to the price."""

_CONTEXT = Context(prec=24, rounding=ROUND_HALF_EVEN)

Surplus = Callable[[Decimal], Decimal]
"""What is left above the line at a multiple of the price."""


class Crossings(Struct, frozen=True):
    """The safe intervals of a path, as multiples of the price now.

    Attributes
    ----------
    safe : ascending, each from its lowest to its highest safe multiple.
    ends : of the path, which are no crossings.
    """

    safe: tuple[tuple[Decimal, Decimal], ...]
    ends: tuple[Decimal, Decimal] = (LOWEST, HIGHEST)

    @property
    def roots(self) -> tuple[Decimal, ...]:
        """Return the safe side of every crossing, ascending."""
        found = (end for span in self.safe for end in span)
        return tuple(end for end in found if end not in self.ends)

    def nearest(self, at: Decimal = ONE) -> tuple[Decimal | None, Decimal | None]:
        """Return the ends of the safe interval around `at`, or nearest to it; None where none."""

        def distance(span: tuple[Decimal, Decimal]) -> Decimal:
            return max(span[0] - at, at - span[1], ZERO)

        if not self.safe:
            return None, None
        low, high = min(self.safe, key=distance)
        lowest, highest = self.ends
        return (low if low > lowest else None), (high if high < highest else None)


@exact
def crossings(
    surplus: Surplus,
    bends: Iterable[Decimal] = (),
    ends: tuple[Decimal, Decimal] = (LOWEST, HIGHEST),
) -> Crossings:
    """Return where `surplus` is above zero along the path.

    Parameters
    ----------
    surplus : continuous; asked at multiples of the price between `ends`.
    bends : multiples to sample besides, such as strikes.
    """
    lowest, highest = ends
    points = (at for at in sample_points(bends) if lowest < at < highest)
    samples = {at: surplus(at) for at in (lowest, *points, highest)}
    samples |= _turns(samples, surplus)
    safe: list[tuple[Decimal, Decimal]] = []
    start = lowest if samples[lowest] > 0 else None
    for (low, below), (high, above) in pairwise(sorted(samples.items())):
        if below <= 0 < above:
            start = _narrowed(surplus, unsafe=low, safe=high)
        elif below > 0 >= above and start is not None:
            safe.append((start, _narrowed(surplus, unsafe=high, safe=low)))
            start = None
    if start is not None:
        safe.append((start, highest))
    return Crossings(tuple(safe), ends)


def sample_points(bends: Iterable[Decimal]) -> list[Decimal]:
    """Return the multiples at which a path is sampled, ascending."""
    found = {ONE, LOWEST, HIGHEST, *(bend for bend in bends if LOWEST < bend < HIGHEST)}
    at = ONE
    while True:
        at = _CONTEXT.multiply(at, FINE if at < FINE_TO else COARSE)
        if at >= HIGHEST:
            return sorted(found)
        found |= {at, _CONTEXT.divide(ONE, at)}


def _turns(samples: dict[Decimal, Decimal], surplus: Surplus) -> dict[Decimal, Decimal]:
    # Points at which the surplus turns on the other side of zero than the samples around it.
    rows = sorted(samples.items())
    found = {}
    for (low, first), (_, middle), (high, last) in zip(rows, rows[1:], rows[2:], strict=False):
        sign = ONE if middle > 0 else -ONE
        same = all(value * sign > 0 for value in (first, middle, last))
        if same and middle * sign <= min(first * sign, last * sign):
            at, value = _turn(surplus, low, high, sign)
            if value * sign <= 0:
                found[at] = value
    return found


def _turn(surplus: Surplus, low: Decimal, high: Decimal, sign: Decimal) -> tuple[Decimal, Decimal]:
    # Golden section: the least of sign × surplus between, or the first point beyond zero.
    inner, outer = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_inner, at_outer = surplus(inner) * sign, surplus(outer) * sign
    while min(at_inner, at_outer) > 0 and high - low > TURN_WIDTH * high:
        if at_inner <= at_outer:
            high, outer, at_outer = outer, inner, at_inner
            inner = high - GOLDEN * (high - low)
            at_inner = surplus(inner) * sign
        else:
            low, inner, at_inner = inner, outer, at_outer
            outer = low + GOLDEN * (high - low)
            at_outer = surplus(outer) * sign
    return (inner, at_inner * sign) if at_inner <= at_outer else (outer, at_outer * sign)


def _narrowed(surplus: Surplus, *, unsafe: Decimal, safe: Decimal) -> Decimal:
    while abs(safe - unsafe) > WIDTH * safe:
        middle = _CONTEXT.divide(safe + unsafe, Decimal(2))
        if surplus(middle) > 0:
            safe = middle
        else:
            unsafe = middle
    return safe
