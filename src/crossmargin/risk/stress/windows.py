"""Stretches of history as price paths: what happened, from every beginning, once.

Windows follow each other and do not overlap, so that each is an answer of its own. A window in
which a price is missing, or that has not as many points as the others, is left out and counted.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossmargin.durations import interval_text
from crossmargin.errors import UnknownError, UsageError

Floats = NDArray[np.float64]
Times = NDArray[np.int64]

WINDOWS_MIN = 20
"""Fewer windows than this are anecdotes, and no quantile of them means anything."""


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows of one length.

    Attributes
    ----------
    starts_ms : when each begins, shape (n_windows,).
    ratios : prices as multiples of the window's first, shape (n_windows, n_steps, n_assets).
    dropped : how many were left out.
    """

    horizon_ms: int
    starts_ms: Times
    ratios: Floats
    dropped: int


def windows(at_ms: Times, prices: Floats, horizon_ms: int) -> Windows:
    """Return the windows of `horizon_ms` in prices of shape (n, n_assets), oldest first.

    Raises
    ------
    UsageError
        If the horizon is not above zero or there is no price at all.
    UnknownError
        If fewer than `WINDOWS_MIN` are whole.
    """
    if horizon_ms <= 0 or not len(at_ms):
        raise UsageError("windows need a horizon above zero and prices")
    begin, end = int(at_ms[0]), int(at_ms[-1]) + 1
    starts = np.arange(begin, end - horizon_ms + 1, horizon_ms, dtype=np.int64)
    edges = np.searchsorted(at_ms, np.append(starts, starts[-1:] + horizon_ms))
    counts = np.diff(edges)
    usual = int(np.bincount(counts).argmax()) if len(counts) else 0
    kept = [
        place
        for place, count in enumerate(counts.tolist())
        if count == usual and np.isfinite(prices[edges[place] : edges[place + 1]]).all()
    ]
    if len(kept) < WINDOWS_MIN:
        raise UnknownError(
            f"the candles hold {len(kept)} whole windows of {interval_text(horizon_ms)}; "
            f"at least {WINDOWS_MIN} are needed, so take a shorter --horizon or a longer history"
        )
    found = np.stack([prices[edges[place] : edges[place + 1]] for place in kept])
    return Windows(horizon_ms, starts[kept], found / found[:, :1, :], len(counts) - len(kept))
