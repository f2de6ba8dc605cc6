"""The safe region of two assets: every pair of moves the account survives, all else held.

One percentage hides what a picture shows: a hedge leaves a long corridor of safe pairs, a stack
leaves a small corner. The edge is exact, found along rays from where prices are now
(`Situation.reach`); so the region is what can be reached in a straight line without liquidation.
Where options leave islands of safety beyond the edge, they are not in it. How much of the buffer is
left at each pair is on a grid, in floats, for whoever shades a picture.
"""

from dataclasses import dataclass
from decimal import Decimal
from math import cos, pi, sin

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from crossmargin.errors import UnknownError, UsageError
from crossmargin.margin.assessment import Status
from crossmargin.money import EIGHT_PLACES, ZERO, down_to, exact
from crossmargin.risk.situation import Situation

Floats = NDArray[np.float64]

RAYS = 96
FALL_MAX = Decimal("0.99")
"""No price falls further than this here."""
EXTENT_MIN, EXTENT_MAX = Decimal("0.02"), Decimal(1)
"""How far a picture reaches on each axis, whatever the edge."""
BEYOND = Decimal("1.5")
"""A picture shows a little more than the edge."""
TURN_HALVINGS = 8
SCREENS = (48, 16, 16, 16, 16)
"""Points that floats look at on a ray, each time between two of the time before."""
SLACKS = tuple(Decimal(10) ** -digits for digits in (7, 6, 5, 4))
"""How far off, in parts, the exact core may find the edge of floats."""
STEPS = 81
"""Points of the grid on each axis."""


class Vertex(Struct, frozen=True):
    """A corner of the region: relative moves of both assets.

    `is_edge` is False where nothing liquidates as far as the picture reaches; `is_known` is False
    where a ladder does not reach so far, and then the corner is where prices are now.
    """

    first: Decimal
    second: Decimal
    is_edge: bool
    is_known: bool = True


@dataclass(frozen=True, eq=False)
class Region:
    """The safe region of two assets around where prices are now.

    Attributes
    ----------
    vertices : counter-clockwise; on the edge rounded towards safety.
    extents : how far the picture reaches up from zero on both axes, and down, but `FALL_MAX`.
    grid : relative moves of the first asset (columns) and of the second (rows).
    left : the least share that any unit has left of its buffer of now, shape (n_second, n_first):
        1 as now, 0 at the edge; NaN where unknown.
    """

    first: str
    second: str
    vertices: tuple[Vertex, ...]
    extents: tuple[Decimal, Decimal]
    grid: tuple[Floats, Floats]
    left: Floats


@exact
def safe_region(situation: Situation, first: str, second: str, *, rays: int = RAYS) -> Region:
    """Return the safe region of `first` and `second`, everything else held.

    Raises
    ------
    UsageError
        If they are one asset, or the account has no stake in one of them.
    """
    for asset in (first, second):
        if asset not in situation.assets:
            raise UsageError(f"{asset} is nothing that the account has a stake in")
    if first == second:
        raise UsageError(f"a region is of two assets, not of {first} and itself")
    extents = (
        _extent(situation, first, second, is_first=True),
        _extent(situation, first, second, is_first=False),
    )
    vertices = _outline(situation, (first, second), extents, rays)
    grid = tuple(
        np.linspace(-float(min(extent, FALL_MAX)), float(extent), STEPS) for extent in extents
    )
    columns, rows = np.meshgrid(grid[0], grid[1])
    moves = np.zeros((columns.size, len(situation.assets)))
    moves[:, situation.assets.index(first)] = columns.ravel()
    moves[:, situation.assets.index(second)] = rows.ravel()
    left = _left(situation, moves).reshape(columns.shape)
    return Region(first, second, vertices, extents, (grid[0], grid[1]), left)


def _extent(situation: Situation, first: str, second: str, *, is_first: bool) -> Decimal:
    # As far as the edge is on the axis itself; a hedge may have none there, but across it.
    own, across = ((1, 0), (-1, 0)), ((1, 1), (-1, -1), (1, -1), (-1, 1))
    for ways in (own, across):
        found = []
        for way in ways:
            one, other = way if is_first else reversed(way)
            multiple, _ = _reach(situation, {first: Decimal(one), second: Decimal(other)})
            found += [] if multiple is None else [multiple]
        if found:
            break
    else:
        found = [EXTENT_MAX]
    return min(EXTENT_MAX, max(EXTENT_MIN, BEYOND * max(found)))


def _outline(
    situation: Situation, assets: tuple[str, str], extents: tuple[Decimal, Decimal], rays: int
) -> tuple[Vertex, ...]:
    # Where the edge leaves the picture turns are halved to hit it, or its line would end short.
    turns = [place / rays for place in range(rays)]
    found = [(turn, _vertex(situation, assets, extents, turn)) for turn in turns]
    between = []
    for place, (turn, one) in enumerate(found):
        after, other = found[(place + 1) % rays]
        if one.is_edge == other.is_edge or not (one.is_known and other.is_known):
            continue
        low, high = turn, after if after > turn else 1.0
        for _ in range(TURN_HALVINGS):
            middle = (low + high) / 2
            half = _vertex(situation, assets, extents, middle)
            between.append((middle, half))
            low, high = (middle, high) if half.is_edge == one.is_edge else (low, middle)
    return tuple(vertex for _, vertex in sorted(found + between, key=lambda pair: pair[0]))


def _vertex(
    situation: Situation,
    assets: tuple[str, str],
    extents: tuple[Decimal, Decimal],
    turn: float,
) -> Vertex:
    # Rays are even in the picture, whose axes may be of different length.
    way = (cos(2 * pi * turn), sin(2 * pi * turn))
    vector = [
        extent * Decimal(repr(round(part, 12))) for extent, part in zip(extents, way, strict=True)
    ]
    edges = [
        (extent if part > 0 else min(extent, FALL_MAX)) / abs(part)
        for extent, part in zip(extents, vector, strict=True)
        if part
    ]
    furthest = min(edges)
    named = {asset: part for asset, part in zip(assets, vector, strict=True) if part}
    multiple = _screened(situation, named, furthest) if situation.is_searched else None
    is_known = True
    if multiple is None:
        multiple, is_known = _reach(situation, named)
    if not is_known:
        return Vertex(ZERO, ZERO, is_edge=False, is_known=False)
    is_edge = multiple is not None and multiple <= furthest
    k = multiple if is_edge and multiple is not None else furthest
    return Vertex(k * vector[0], k * vector[1], is_edge)


def _left(situation: Situation, moves: Floats) -> Floats:
    now = situation.surplus(np.zeros((1, len(situation.assets))))[0]
    has_buffer = now > 0  # An empty pool has nothing to lose.
    if not has_buffer.any():
        return np.zeros(len(moves))
    found: Floats = (situation.surplus(moves)[:, has_buffer] / now[has_buffer]).min(axis=1)
    return found


def _screened(
    situation: Situation, vector: dict[str, Decimal], furthest: Decimal
) -> Decimal | None:
    # Where an exact search for each of a hundred rays would take minutes: floats say where the edge
    # is, and the exact core judges both sides of it. None where they do not agree, or floats see
    # no edge: then it is searched for after all.
    way = np.array([float(vector.get(asset, ZERO)) for asset in situation.assets])
    low, high = 0.0, float(furthest)
    for points in SCREENS:
        at = np.linspace(low, high, points)
        values = situation.room(at[:, None] * way).min(axis=1)
        if np.isnan(values).any():
            return None
        first = int((values <= 0).argmax())
        if values[first] > 0 or first == 0:
            break
        low, high = float(at[first - 1]), float(at[first])
    if high == float(furthest):
        # Any number beyond the picture says that there is no edge in it.
        return furthest * 2 if _lives(situation, vector, furthest) else None
    for slack in SLACKS:
        inside = Decimal(repr(low)) * (1 - slack)
        is_inside = _lives(situation, vector, inside)
        if is_inside and not _lives(situation, vector, Decimal(repr(high)) * (1 + slack)):
            return down_to(EIGHT_PLACES, inside)
    return None


def _lives(situation: Situation, vector: dict[str, Decimal], multiple: Decimal) -> bool:
    moves = {asset: multiple * move for asset, move in vector.items()}
    return situation.judged_at(moves).status is Status.OK


def _reach(situation: Situation, vector: dict[str, Decimal]) -> tuple[Decimal | None, bool]:
    try:
        return situation.reach(vector), True
    except UnknownError:
        return None, False
