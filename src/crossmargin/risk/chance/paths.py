"""Price paths over a horizon, drawn by chance from a seed: what every way of drawing them shares.

A path is a log return per asset and step. Samplers (`bootstrap`, `copula`) say how returns come
about; whoever looks at paths (`probability`, `survival`) needs only what is here. Returns are
centred by the samplers: over days a drift is not known, and a guess of one would be the answer.

Paths may lean. To see rare losses, some are drawn with their odds shifted towards given moves, and
each carries the likelihood ratio that makes up for it. A share of them is always drawn as it is
(a defensive mixture: Hesterberg, "Weighted average importance sampling and defensive mixture
distributions", Technometrics 37, 1995), so that no weight exceeds 1 ÷ `PLAIN_SHARE`, however fat
the tails: without it the few paths that reach a loss another way would carry the whole estimate.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from crossmargin.errors import UnknownError, UsageError

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
Chance = np.random.Generator

PLAIN_SHARE = 0.5
"""Of paths that lean: the share drawn as it is."""
OBSERVATIONS_MIN = 60
"""Fewer rows than this say nothing about tails."""


@dataclass(frozen=True, eq=False)
class Draws:
    """Paths of log returns.

    Attributes
    ----------
    returns : shape (n_paths, n_steps, n_assets).
    turbulence : shape (n_paths, n_steps), around one: by what the variance inside a step differs
        from the sampler's covariance. What a price does between two points depends on it.
    weights : shape (n_paths,), one on average: likelihood ratios; all one where nothing leans.
    """

    returns: Floats
    turbulence: Floats
    weights: Floats

    def moves(self) -> Floats:
        """Return relative moves since the start, same shape as `returns`; column as assets."""
        return np.expm1(np.cumsum(self.returns, axis=1))


class Sampler(Protocol):
    """A way to draw paths."""

    @property
    def assets(self) -> tuple[str, ...]:
        """Return what the columns are."""
        ...

    @property
    def covariance(self) -> Floats:
        """Return the covariance of one step's log returns, shape (n_assets, n_assets)."""
        ...

    def draw(self, chance: Chance, paths: int, steps: int, towards: Floats | None = None) -> Draws:
        """Return paths; some lean to the rows of `towards`, log moves over all steps."""
        ...


def checked_returns(returns: Floats, assets: Sequence[str]) -> Floats:
    """Return log returns centred, after a look at them.

    Parameters
    ----------
    returns : shape (n_observations, n_assets), oldest first, rows of the same moments.

    Raises
    ------
    UsageError
        If the shape does not fit `assets`.
    UnknownError
        If there are too few rows, one is not a finite number, or an asset never moves.
    """
    if returns.ndim != 2 or returns.shape[1] != len(assets):
        raise UsageError(f"returns of shape {returns.shape} are not of {len(assets)} assets")
    if len(returns) < OBSERVATIONS_MIN:
        raise UnknownError(
            f"{len(returns)} returns are too few to draw paths from; at least {OBSERVATIONS_MIN} "
            "are needed"
        )
    for place, asset in enumerate(assets):
        column = returns[:, place]
        if not np.isfinite(column).all():
            raise UnknownError(f"{asset}: a return is missing, so no path can be drawn")
        if not np.ptp(column):
            raise UnknownError(f"{asset}: its price never moves in the history given")
    centred: Floats = returns - returns.mean(axis=0)
    return centred


def rescaled(returns: Floats, half_life: float) -> Floats:
    """Return log returns at the volatility of the present, each column by itself.

    Every return is divided by the volatility that was expected for it and multiplied by the one
    expected now; both are exponentially weighted means of squares with `half_life` in steps.

    Raises
    ------
    UsageError
        If the half-life is not above zero.

    Source
    ------
    Hull and White, "Incorporating volatility updating into the historical simulation method for
    value-at-risk", Journal of Risk 1, 1998.
    """
    if not half_life > 0:
        raise UsageError(f"a half-life of {half_life} steps is not above zero")
    variance = smoothed(returns**2, half_life)
    # What was expected of a row is known from those before it alone.
    expected = np.vstack([variance[:1], variance[:-1]])
    scaled: Floats = returns * np.sqrt(variance[-1] / expected)
    return scaled


def smoothed(values: Floats, half_life: float) -> Floats:
    """Return exponentially weighted means down each column, started at the column's mean."""
    from scipy.signal import lfilter  # type: ignore[import-untyped]

    keep = 0.5 ** (1.0 / half_life)
    start = keep * values.mean(axis=0, keepdims=True)
    found: Floats = lfilter([1.0 - keep], [1.0, -keep], values, axis=0, zi=start)[0]
    return found


def leaning(chance: Chance, paths: int, ways: int) -> Places:
    """Return for each path which way it leans: 0 none, else 1 to `ways`."""
    if not ways:
        return np.zeros(paths, dtype=np.intp)
    shares = [PLAIN_SHARE, *[(1.0 - PLAIN_SHARE) / ways] * ways]
    found: Places = chance.choice(ways + 1, size=paths, p=shares)
    return found


def weights(log_ratios: Floats) -> Floats:
    """Return 1 ÷ the mixture's density over the plain one.

    Parameters
    ----------
    log_ratios : shape (n_paths, n_ways): of each way's density over the plain one, at each path.
    """
    paths, ways = log_ratios.shape
    if not ways:
        return np.ones(paths)
    share = (1.0 - PLAIN_SHARE) / ways
    # Above e^700 a float ends; a path that likely weighs nothing either way.
    density = PLAIN_SHARE + share * np.exp(np.minimum(log_ratios, 700.0)).sum(axis=1)
    found: Floats = 1.0 / density
    return found
