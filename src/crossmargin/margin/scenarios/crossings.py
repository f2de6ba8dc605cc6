"""Where along a path of prices a portfolio with options in it crosses into liquidation.

With options the surplus along a path is no polynomial: it bends at strikes, turns between them, and
ripples where the worst scenario changes; it may cross zero many times. So it is sampled, close by
finely and far out coarsely, at bends besides, and then again wherever crossings may hide between
two samples (`_suspects`): where the slopes around would carry the surplus to zero and back, and
where it stays so near to zero that ripples may cross it. Every change of sign is narrowed down to
the root, which is returned as its safe side, as the exact core has judged it: substituting it
leaves the account alive.

What this cannot see is a tooth between two samples that its surroundings give no sign of, one
narrower than `TURN_WIDTH`, and two more crossings beside one between the same two samples, if the
surplus is not near zero at either. Books of random options are held against a dense search in
tests.

The path runs from a hundredth of a price to a hundred times it. What lies beyond is not looked at.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from itertools import pairwise

from msgspec import Struct

from crossmargin.money import ONE, ZERO, exact

LOWEST, HIGHEST = Decimal("0.01"), Decimal(100)
"""The ends of the path, as multiples of the price now."""

FINE, COARSE = Decimal("1.02"), Decimal("1.1")
"""Steps of the samples, as ratios: up to `FINE_TO` from the start, and beyond."""

FINE_TO = Decimal("1.4")

WIDTH = Decimal("1e-12")
"""How near a root its safe side is, relative to the price."""

STEEPER = Decimal(4)
"""Between two samples the surplus is at most so many times steeper than around them."""

TURN_WIDTH = Decimal("1e-4")
"""How far apart samples may stay where a turn may hide between them, relative to the price."""

RIPPLE = Decimal("0.01")
"""The size of ripples that the changing worst scenario makes, in what the surplus spans around."""

RIPPLE_WIDTH = Decimal("0.006")
"""How far apart samples may stay where ripples may cross zero, relative to the price."""

AROUND = Decimal("1.5")
"""How far around that span is taken, as a ratio: further than scenarios move."""

STEP = Decimal("0.2")
"""How far ITP steps beyond its estimate: × width² ÷ the first width."""

_CONTEXT = Context(prec=30, rounding=ROUND_HALF_EVEN)

Rows = list[tuple[Decimal, Decimal]]
"""Samples, ascending: multiple and surplus."""

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
    rows = _sampled(surplus, (lowest, *points, highest))
    safe: list[tuple[Decimal, Decimal]] = []
    start = lowest if rows[0][1] > 0 else None
    for left, right in pairwise(rows):
        if left[1] <= 0 < right[1]:
            start = _narrowed(surplus, unsafe=left, safe=right)
        elif left[1] > 0 >= right[1] and start is not None:
            safe.append((start, _narrowed(surplus, unsafe=right, safe=left)))
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


def _sampled(surplus: Surplus, points: Iterable[Decimal]) -> Rows:
    # Rounded for the search: that changes no sign.
    samples: dict[Decimal, Decimal] = {}
    wanted = list(points)
    while wanted:
        samples |= {at: _CONTEXT.plus(surplus(at)) for at in wanted}
        rows = sorted(samples.items())
        with localcontext(_CONTEXT):
            wanted = list(_suspects(rows))
    return rows


def _suspects(rows: Rows) -> Iterator[Decimal]:
    # Points between samples between which a pair of crossings may hide.
    places = [at for at, _ in rows]
    values = [value for _, value in rows]
    slopes = [abs(last - first) / (high - low) for (low, first), (high, last) in pairwise(rows)]
    for number in range(len(slopes)):
        low, high = places[number], places[number + 1]
        first, last = values[number], values[number + 1]
        width, steepest = high - low, STEEPER * max(slopes[max(0, number - 2) : number + 3])
        is_turn = (
            (first > 0) == (last > 0)
            and abs(first) + abs(last) < steepest * width
            and width > TURN_WIDTH * high
        )
        if not is_turn:
            if width <= RIPPLE_WIDTH * high:
                continue
            near = slice(bisect_left(places, low / AROUND), bisect_right(places, high * AROUND))
            if min(abs(first), abs(last)) >= RIPPLE * (max(values[near]) - min(values[near])):
                continue
        # Nearer to the end that is nearer to zero: where slopes so steep would meet.
        lean = (abs(first) - abs(last)) / (2 * steepest * width) if steepest else ZERO
        yield low + width * (Decimal("0.5") + lean)


def _narrowed(
    surplus: Surplus, *, unsafe: tuple[Decimal, Decimal], safe: tuple[Decimal, Decimal]
) -> Decimal:
    # ITP: interpolates where the surplus is smooth, and is never slower than halving by more than
    # one step. Oliveira and Takahashi, ACM Transactions on Mathematical Software 47 (2020).
    (bad, below), (good, above) = unsafe, safe
    room = first = abs(good - bad)
    while abs(good - bad) > WIDTH * good:
        with localcontext(_CONTEXT):
            width, middle = abs(good - bad), (good + bad) / 2
            at = (above * bad - below * good) / (above - below)
            inwards = ONE.copy_sign(middle - at)
            step = STEP * width * width / first
            at = at + inwards * step if step <= abs(middle - at) else middle
            leeway = room - width / 2
            if abs(at - middle) > leeway:
                at = middle - inwards * leeway
            room /= 2
        found = surplus(at)
        if found > 0:
            good, above = at, found
        else:
            bad, below = at, found
    return good
