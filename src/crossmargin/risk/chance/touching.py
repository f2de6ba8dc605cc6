"""Whether a surplus touched zero between two points of a path where it was above.

Given both ends s and t, a Brownian surplus has touched zero with probability exp(−2·s·t ÷ σ²), σ²
being its variance over the step (Borodin and Salminen, "Handbook of Brownian Motion", 2nd edition,
part II, 1.2.8; used for barriers by Beaglehole, Dybvig and Zhou, Financial Analysts Journal 53,
1997). Here σ² is that of the surplus by the covariance of a step's log returns: its slope, taken at
the geometric middle of the step, so that for one position at constant volatility the correction is
that of the logarithm of the price to first order; times how turbulent that step is.

Of several units the one likelier to have touched counts: their surpluses move by the same prices,
so touches coincide more often than not.

A number U decides each step: it touched where U < exp(−2·s·t ÷ σ²), so where 2·s·t ÷ σ² < −ln U,
which is drawn as it is (exponential). Slopes are then worked out only where a generous σ² would do.
"""

import numpy as np
from numpy.typing import NDArray

from crossmargin.risk.chance.paths import Chance, Draws, Floats
from crossmargin.risk.situation import Situation

Places = NDArray[np.intp]

GENEROUS = 9.0
"""How many times the usual variance of a step, at its turbulence, is allowed for."""
NUDGE = 1e-4
"""Log move by which slopes are taken, to either side."""


def touched(
    situation: Situation,
    draws: Draws,
    surplus: Floats,
    until: Places,
    covariance: Floats,
    chance: Chance,
) -> Places:
    """Return which unit touched zero inside each step, −1 where none did; shape (n_paths, n_steps).

    Parameters
    ----------
    surplus : shape (n_paths, n_steps + 1, n_units), the start included; infinite where a unit
        cannot be lost.
    until : steps of each path that are looked at, shape (n_paths,).
    """
    before, after = surplus[:, :-1], surplus[:, 1:]
    found = np.full(after.shape[:2], -1, dtype=np.intp)
    needed = chance.standard_exponential(found.shape)
    is_open = np.arange(after.shape[1]) < until[:, None]
    with np.errstate(invalid="ignore"):
        change = np.where(np.isfinite(after) & np.isfinite(before), after - before, 0.0)
        usual = (change**2).mean(axis=(0, 1)) * GENEROUS
        limit = (needed * draws.turbulence)[:, :, None] * usual / 2.0
        is_near = (before > 0) & (after > 0) & (before * after < limit) & is_open[:, :, None]
    paths, steps = np.nonzero(is_near.any(axis=2))
    if not len(paths):
        return found
    ends = np.cumsum(draws.returns, axis=1)[paths, steps]
    middles = ends - draws.returns[paths, steps] / 2.0
    variance = _variance(situation, middles, covariance) * draws.turbulence[paths, steps, None]
    product = before[paths, steps] * after[paths, steps]
    with np.errstate(divide="ignore", invalid="ignore"):
        exponent = np.where(is_near[paths, steps], 2.0 * product / variance, np.inf)
    exponent = np.nan_to_num(exponent, nan=np.inf, posinf=np.inf)
    likelier = exponent.argmin(axis=1)
    is_touched = exponent[np.arange(len(paths)), likelier] < needed[paths, steps]
    found[paths[is_touched], steps[is_touched]] = likelier[is_touched]
    return found


def _slopes(situation: Situation, logs: Floats) -> Floats:
    """Return the slope of every unit's surplus by each asset's log price.

    Parameters
    ----------
    logs : log moves since now, shape (n, n_assets).

    Returns
    -------
    Floats
        Shape (n, n_units, n_assets), in the units' assets; NaN where a ladder does not reach.
    """
    count = logs.shape[1]
    nudges = NUDGE * np.eye(count)
    around = np.stack([logs[:, None, :] + nudges, logs[:, None, :] - nudges])
    surplus = situation.surplus(np.expm1(around.reshape(-1, count)))
    up, down = surplus.reshape(2, len(logs), count, -1)
    found: Floats = np.swapaxes(up - down, 1, 2) / (2.0 * NUDGE)
    return found


def _variance(situation: Situation, logs: Floats, covariance: Floats) -> Floats:
    slope = _slopes(situation, logs)
    found: Floats = np.einsum("nua,ab,nub->nu", slope, covariance, slope, optimize=True)
    return found
