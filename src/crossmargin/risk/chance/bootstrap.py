"""Paths put together from blocks of history: what happened at once, and in a row, stays together.

Rows of returns are drawn in blocks, the same rows for all assets, so that crashes hit everything
as they did, and volatility comes in spells as long as a block. Blocks have a random length with
the given mean (the stationary bootstrap) or exactly that length (the moving one); both wrap around
the end of the history.

Nothing here is ever larger than what was seen, but for blocks that follow each other. Paths lean by
tilting the odds of where blocks begin, exponentially in what happens in the block from there on.

Source
------
Politis and Romano, "The stationary bootstrap", JASA 89, 1994.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from crossmargin.errors import UsageError
from crossmargin.risk.chance.paths import (
    Chance,
    Draws,
    Floats,
    checked_returns,
    leaning,
    smoothed,
    weights,
)

BLOCK_STEPS = 24
"""Mean length of a block unless told: a day of hours, over which volatility comes in spells."""
NEARBY_STEPS = 3.0
"""Half-life, to either side, of what is taken for the variance inside a step."""
STARTS_MIN = 50
"""A tilt never puts its odds on fewer beginnings than count as this many (Kish)."""


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Blocks of history; make one with `bootstrap`.

    Attributes
    ----------
    returns : shape (n_observations, n_assets), centred.
    block : its mean length in steps, or exactly it if not `is_stationary`.
    """

    assets: tuple[str, ...]
    returns: Floats
    block: int
    is_stationary: bool

    @cached_property
    def covariance(self) -> Floats:
        """Return the covariance of one step."""
        return np.atleast_2d(np.cov(self.returns, rowvar=False))

    def draw(self, chance: Chance, paths: int, steps: int, towards: Floats | None = None) -> Draws:
        """Return paths; see `paths.Sampler`."""
        rows = len(self.returns)
        odds = [self._tilt(way, steps) for way in ([] if towards is None else towards)]
        ways = leaning(chance, paths, len(odds))
        if self.is_stationary:
            is_start = chance.random((paths, steps)) < 1.0 / self.block
            is_start[:, 0] = True
        else:
            is_start = np.broadcast_to(np.arange(steps) % self.block == 0, (paths, steps))
        starts = chance.integers(rows, size=(paths, steps))
        for way, share in enumerate(odds, 1):
            own = ways == way
            cumulated = np.cumsum(share)
            drawn = np.searchsorted(cumulated / cumulated[-1], chance.random((own.sum(), steps)))
            starts[own] = drawn
        # Where the block that a step belongs to began.
        begun = np.maximum.accumulate(np.where(is_start, np.arange(steps), 0), axis=1)
        taken = np.take_along_axis(starts, begun, axis=1) + np.arange(steps) - begun
        taken %= rows
        ratios = np.empty((paths, len(odds)))
        for place, share in enumerate(odds):
            ratios[:, place] = np.where(is_start, np.log(share * rows)[starts], 0.0).sum(axis=1)
        return Draws(self.returns[taken], self._turbulence[taken], weights(ratios))

    @cached_property
    def _turbulence(self) -> Floats:
        # Squares around each row, itself included, as multiples of their mean.
        squares = (self.returns**2 / self.returns.var(axis=0)).mean(axis=1)[:, None]
        both = smoothed(squares, NEARBY_STEPS) + smoothed(squares[::-1], NEARBY_STEPS)[::-1]
        found: Floats = both[:, 0] / both.mean()
        return found

    def _tilt(self, way: Floats, steps: int) -> Floats:
        # Odds of each beginning: e^(a × what its block does along the way), with the largest a
        # that does not take the mean path beyond `way`.
        rows, long = len(self.returns), min(self.block, steps)
        blocks = 1.0 + (steps - 1) / self.block if self.is_stationary else -(-steps // self.block)
        along = self.returns @ np.linalg.lstsq(self.covariance, way, rcond=None)[0]
        summed = np.concatenate([[0.0], np.cumsum(np.concatenate([along, along[:long]]))])
        score = summed[long : long + rows] - summed[:rows]
        if not score.std():
            return np.full(rows, 1.0 / rows)
        score = (score - score.mean()) / score.std()
        goal = float(way @ np.linalg.lstsq(self.covariance, way, rcond=None)[0])
        reach = goal / blocks / float(along.std() * np.sqrt(long))
        low, high = 0.0, 50.0
        for _ in range(40):
            middle = (low + high) / 2
            share = np.exp(middle * (score - score.max()))
            share /= share.sum()
            is_short = share @ score < reach and 1.0 / (share @ share) > min(STARTS_MIN, rows)
            low, high = (middle, high) if is_short else (low, middle)
        share = np.exp(low * (score - score.max()))
        # A beginning must stay possible for the ratio to be one.
        share = np.maximum(share / share.sum(), 1e-12)
        found: Floats = share / share.sum()
        return found


def bootstrap(
    returns: Floats,
    assets: tuple[str, ...],
    *,
    block: int = BLOCK_STEPS,
    is_stationary: bool = True,
) -> Bootstrap:
    """Return the sampler of blocks of `returns`; they are centred.

    Raises
    ------
    UsageError
        If the block is not between one step and the history.
    UnknownError
        As `paths.checked_returns`.
    """
    centred = checked_returns(returns, assets)
    if not 1 <= block <= len(returns):
        raise UsageError(f"a block of {block} steps is not between 1 and {len(returns)}")
    return Bootstrap(assets, centred, block, is_stationary)
