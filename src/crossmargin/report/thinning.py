"""Which points of a long path to draw.

A hundred thousand points do not fit on a screen, and every third one would hide the wick that
liquidated the account. So the path is cut into equal stretches and of each one the lowest and the
highest point of every line is kept, beside both ends, the borders of what is unknown, and the
points around events. A line drawn through them has every extreme it ever had.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.intp]

DRAWN_MAX = 4000
"""About how many points are drawn; what events and gaps need comes on top."""

BUCKETS_MIN = 40


def drawn_points(
    lines: Sequence[NDArray[np.float64]], events: Iterable[int], *, drawn_max: int = DRAWN_MAX
) -> Points:
    """Return the points to draw, rising and each once; all of them if they are few.

    Parameters
    ----------
    lines : at least one, each of shape (n_points,); NaN is a hole in a line.
    events : points to keep with the one before.
    """
    count = len(lines[0])
    if count <= drawn_max:
        return np.arange(count)
    kept = [np.array([0, count - 1])]
    buckets = max(BUCKETS_MIN, drawn_max // (2 * len(lines)))
    edges = np.linspace(0, count, min(buckets, count) + 1).astype(np.intp)
    for line in lines:
        known = np.isfinite(line)
        holes = np.flatnonzero(known[1:] != known[:-1])
        kept += [holes, holes + 1]
        for pick, filler in ((np.minimum, np.inf), (np.maximum, -np.inf)):
            filled = np.where(known, line, filler)
            extremes = np.repeat(pick.reduceat(filled, edges[:-1]), np.diff(edges))
            hits = np.flatnonzero((filled == extremes) & known)
            bucket = np.searchsorted(edges, hits, side="right")
            kept.append(hits[np.unique(bucket, return_index=True)[1]])
    around = np.array(sorted(set(events)), dtype=np.intp)
    kept += [around, np.maximum(around - 1, 0)]
    return np.unique(np.concatenate(kept))


def sampled(points: Points, events: Iterable[int], count_max: int) -> Points:
    """Return at most about `count_max` of `points`, half of them evenly, half around `events`."""
    if len(points) <= count_max:
        return points
    even = points[np.linspace(0, len(points) - 1, max(2, count_max // 2)).astype(np.intp)]
    places = np.searchsorted(points, sorted(set(events)))
    reach = max(1, count_max // 4 // max(1, len(places)))
    near = [points[max(0, place - reach) : place + reach] for place in places.tolist()]
    # Many events would crowd out everything: then their neighbourhoods are thinned too.
    close = np.unique(np.concatenate([*near, even[:0]]))
    if len(close) > count_max // 2:
        close = close[np.linspace(0, len(close) - 1, max(2, count_max // 2)).astype(np.intp)]
    return np.unique(np.concatenate([even, close]))
