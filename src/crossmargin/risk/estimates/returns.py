"""Price histories of several assets as one table of returns, or a refusal that says what lacks.

A covariance is only as good as the table under it, and a table is easily made bad: a history that
ends a month early, an hour that is missing and makes the next return one of two hours, so few
rows that their covariance is noise. Each of these is refused here, by name. Nothing is filled,
carried forward or dropped.

Returns are logarithmic: they add up over time, and a price that falls by them stays above zero.

Invariant: every row of a `Returns` is the same stretch of time for all assets, all stretches are
of one length and touch, and no value is NaN.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from crossmargin.durations import interval_text
from crossmargin.errors import UnknownError, UsageError

Floats = NDArray[np.float64]
Times = NDArray[np.int64]

OBSERVATIONS_MIN = 30
OBSERVATIONS_PER_ASSET = 3
"""A covariance of p assets needs more rows than p to be no accident; three times is the least."""


@dataclass(frozen=True, eq=False)
class History:
    """Prices of one asset.

    Attributes
    ----------
    at_ms : moments the prices are of, in milliseconds UTC, strictly increasing; shape (n,). Of a
        candle's close that is its end.
    prices : above zero, finite; shape (n,).
    """

    asset: str
    at_ms: Times
    prices: Floats


@dataclass(frozen=True, eq=False)
class Returns:
    """Log returns of several assets over the same stretches of time, oldest first.

    Attributes
    ----------
    values : shape (n_observations, n_assets).
    from_ms, to_ms : where the first stretch begins and the last one ends.
    """

    assets: tuple[str, ...]
    interval_ms: int
    from_ms: int
    to_ms: int
    values: Floats


def needed_observations(assets: int) -> int:
    """Return how many observations a covariance of so many assets takes at least."""
    return max(OBSERVATIONS_MIN, OBSERVATIONS_PER_ASSET * assets)


def log_returns(histories: Sequence[History], interval_ms: int) -> Returns:
    """Return what `histories` did in each stretch of `interval_ms` that they share.

    Stretches are counted back from the last moment of which all have a price.

    Raises
    ------
    UsageError
        If there is no history, an asset has two, or prices are not above zero or out of order.
    UnknownError
        If the histories share no time, one has a gap, or there are fewer stretches than
        `needed_observations`.
    """
    _check(histories)
    shared = reduce(np.intersect1d, [one.at_ms for one in histories])
    if not len(shared):
        spans = ", ".join(f"{one.asset} {_span(one)}" for one in histories)
        raise UnknownError(f"these histories share no moment: {spans}")
    last = int(shared[-1])
    first = max(int(one.at_ms[0]) for one in histories)
    count = (last - first) // interval_ms
    needed = needed_observations(len(histories))
    if count < needed:
        raise UnknownError(
            f"{count} returns of {interval_text(interval_ms)}, from {_utc(first)} to {_utc(last)}, "
            f"are too few for {len(histories)} assets: a covariance takes at least {needed}"
        )
    moments = last - interval_ms * np.arange(count, -1, -1, dtype=np.int64)
    logs = [_logs_at(one, moments, interval_ms) for one in histories]
    values = np.diff(np.column_stack(logs), axis=0)
    values.setflags(write=False)
    names = tuple(one.asset for one in histories)
    return Returns(names, interval_ms, int(moments[0]), last, values)


def _check(histories: Sequence[History]) -> None:
    if not histories:
        raise UsageError("returns need the history of at least one asset")
    names = [one.asset for one in histories]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{name} has two histories")
    for one in histories:
        if not len(one.at_ms):
            raise UsageError(f"the history of {one.asset} is empty")
        if not (np.isfinite(one.prices).all() and (one.prices > 0).all()):
            raise UsageError(f"the history of {one.asset} has a price that is not above zero")
        if (np.diff(one.at_ms) <= 0).any():
            raise UsageError(f"the history of {one.asset} is out of order")


def _logs_at(one: History, moments: Times, interval_ms: int) -> Floats:
    places = np.searchsorted(one.at_ms, moments)
    is_there = one.at_ms[np.minimum(places, len(one.at_ms) - 1)] == moments
    if not is_there.all():
        missing = moments[~is_there]
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise UnknownError(
            f"{one.asset} has no price at {_utc(int(missing[0]))}{more}: a return across a gap is "
            f"none of {interval_text(interval_ms)}; take a window without it"
        )
    logs: Floats = np.log(one.prices[places])
    return logs


def _span(one: History) -> str:
    return f"{_utc(int(one.at_ms[0]))} to {_utc(int(one.at_ms[-1]))}"


def _utc(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%dT%H:%MZ}"
