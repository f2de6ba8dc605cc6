"""How sure a share of sampled paths is.

Of plain paths the interval is Wilson's, which holds where none or all were hit; of weighted ones it
is the normal one of their mean. What is unknown counts as no in the lower end, as yes in the upper.
"""

from statistics import NormalDist

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Interval(Struct, frozen=True):
    """A share, its interval, and how many plain paths would be as sure."""

    value: float
    low: float
    high: float
    effective_paths: float


def interval(
    hits: Floats, unknown: Floats, confidence: float, *, plain_share: float | None = None
) -> Interval:
    """Return the mean of `hits` and its interval.

    Parameters
    ----------
    hits, unknown : shape (n_paths,): the weight of a path that was hit, or is unknown; else zero.
    plain_share : the share of paths that did not lean; None: none does, and all weights are one.
    """
    count = len(hits)
    mean, above = float(hits.mean()), float((hits + unknown).mean())
    if plain_share is None:
        low, high = wilson(mean, count, confidence)[0], wilson(above, count, confidence)[1]
        return Interval(mean, low, high, float(count))
    variance = float(hits.var()) / count
    if not variance:
        # No path was hit: no more is known than what those that do not lean say.
        plain = plain_share * count
        return Interval(mean, 0.0, wilson(above, plain, confidence)[1], plain)
    score = NormalDist().inv_cdf((1.0 + confidence) / 2.0)
    spread = score * variance**0.5
    spread_above = score * float((hits + unknown).std()) / count**0.5
    low, high = max(0.0, mean - spread), min(1.0, above + spread_above)
    return Interval(mean, low, high, max(0.0, mean * (1.0 - mean)) / variance)


def wilson(share: float, count: float, confidence: float) -> tuple[float, float]:
    """Return the interval of a probability, `share` of `count` trials having shown it.

    Source
    ------
    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927.
    """
    squared = NormalDist().inv_cdf((1.0 + confidence) / 2.0) ** 2
    middle = share + squared / (2.0 * count)
    half = (squared * (share * (1.0 - share) + squared / (4.0 * count)) / count) ** 0.5
    whole = 1.0 + squared / count
    return max(0.0, (middle - half) / whole), min(1.0, (middle + half) / whole)
