"""How assets move together, estimated from their returns.

Two estimates of a covariance, for two habits of thought:

- *EWMA*: what was lately counts most; an observation's weight halves every half-life. The mean is
  taken to be zero, as over short stretches it is nothing beside the volatility (J.P. Morgan and
  Reuters, RiskMetrics Technical Document, 4th ed., 1996, section 5.2).
- *Ledoit–Wolf*: every observation counts alike, and the sample's correlations are drawn towards
  their mean by as much as the sample is noisy (O. Ledoit and M. Wolf, "Honey, I shrunk the sample
  covariance matrix", Journal of Portfolio Management 30(4), 2004, appendices A and B). Volatilities
  stay what the sample says, which drawing towards a multiple of the identity would not leave.

An estimate of assets that move as one cannot be inverted: distances measured with it would be
infinite, or noise. It is refused, and the assets are named. There is no default correlation.

Scaling to a horizon is by its length: returns are taken to be uncorrelated in time.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from crossmargin.durations import interval_text
from crossmargin.errors import UnknownError, UsageError
from crossmargin.risk.estimates.returns import Floats, Returns, needed_observations

EIGENVALUE_MIN = 1e-6
"""The smallest eigenvalue of a correlation matrix that is inverted: that of two assets which are
correlated to 0.999999."""


class Method(StrEnum):
    """How a covariance was estimated."""

    EWMA = "ewma"
    LEDOIT_WOLF = "ledoit-wolf"


@dataclass(frozen=True, eq=False)
class Covariance:
    """How log returns of several assets vary together, over `interval_ms`.

    Attributes
    ----------
    matrix : shape (n_assets, n_assets), positive definite.
    observations : how many rows of returns there were.
    effective_observations : how many equally weighted ones would be as sure, (Σw)² ÷ Σw² (L. Kish,
        Survey Sampling, 1965).
    shrinkage : how far the sample was drawn towards its mean correlation, 0 to 1; None of EWMA.
    halflife_ms : None of Ledoit–Wolf.
    """

    assets: tuple[str, ...]
    matrix: Floats
    interval_ms: int
    method: Method
    from_ms: int
    to_ms: int
    observations: int
    effective_observations: float
    shrinkage: float | None = None
    halflife_ms: int | None = None

    @property
    def correlation(self) -> Floats:
        """Return the correlations, shape (n_assets, n_assets); exactly 1 on the diagonal."""
        return _correlation(self.matrix)

    @property
    def noise(self) -> float:
        """Return twice the standard error of a correlation of two assets that have none."""
        return 2 / float(np.sqrt(self.effective_observations))

    def over(self, horizon_ms: int) -> Floats:
        """Return the covariance of log returns over a horizon, shape (n_assets, n_assets)."""
        return self.matrix * (horizon_ms / self.interval_ms)

    def volatility(self, horizon_ms: int) -> Floats:
        """Return each asset's standard deviation over a horizon, shape (n_assets,)."""
        found: Floats = np.sqrt(np.diag(self.over(horizon_ms)))
        return found

    def betas(self, reference: str) -> Floats:
        """Return how much each asset moves with one of `reference`, shape (n_assets,).

        A beta is the covariance of both ÷ the variance of `reference`.

        Raises
        ------
        UsageError
            If `reference` is not among the assets.
        """
        if reference not in self.assets:
            raise UsageError(f"betas to {reference}: it is not among {', '.join(self.assets)}")
        place = self.assets.index(reference)
        betas: Floats = self.matrix[:, place] / self.matrix[place, place]
        return betas

    def of(self, assets: tuple[str, ...]) -> Floats:
        """Return the covariance of `assets`, in their order, over one interval.

        Raises
        ------
        UnknownError
            If one has no history here.
        """
        missing = [asset for asset in assets if asset not in self.assets]
        if missing:
            raise UnknownError(f"no history of {', '.join(missing)}, so no covariance with it")
        places = [self.assets.index(asset) for asset in assets]
        return self.matrix[np.ix_(places, places)]


def ewma(returns: Returns, halflife_ms: int) -> Covariance:
    """Return the covariance in which an observation counts half as much after every half-life.

    Raises
    ------
    UsageError
        If the half-life is not above zero.
    UnknownError
        If so few observations count that the estimate is noise, or it is singular.
    """
    if halflife_ms <= 0:
        raise UsageError("a half-life is above zero")
    count = len(returns.values)
    ages = np.arange(count - 1, -1, -1) * (returns.interval_ms / halflife_ms)
    weights = 0.5**ages
    weights /= weights.sum()
    effective = 1 / float(weights @ weights)
    needed = needed_observations(len(returns.assets))
    if effective < needed:
        raise UnknownError(
            f"with a half-life of {interval_text(halflife_ms)} as few as {effective:.0f} "
            f"observations count; a covariance of {len(returns.assets)} assets takes {needed}"
        )
    values = returns.values
    matrix = (values * weights[:, None]).T @ values
    _require_invertible(returns.assets, matrix)
    return Covariance(
        returns.assets,
        matrix,
        returns.interval_ms,
        Method.EWMA,
        returns.from_ms,
        returns.to_ms,
        count,
        effective,
        halflife_ms=halflife_ms,
    )


def ledoit_wolf(returns: Returns) -> Covariance:
    """Return the sample covariance, its correlations drawn towards their mean.

    Raises
    ------
    UnknownError
        If it is singular all the same: an asset that stands still, or two that move as one.
    """
    values = returns.values - returns.values.mean(axis=0)
    sample = values.T @ values / len(values)
    _require_moving(returns.assets, sample)
    target = constant_correlation(sample)
    shrinkage = shrinkage_intensity(values, sample, target)
    matrix = shrinkage * target + (1 - shrinkage) * sample
    _require_invertible(returns.assets, matrix)
    count = len(values)
    return Covariance(
        returns.assets,
        matrix,
        returns.interval_ms,
        Method.LEDOIT_WOLF,
        returns.from_ms,
        returns.to_ms,
        count,
        float(count),
        shrinkage=shrinkage,
    )


def constant_correlation(sample: Floats) -> Floats:
    """Return `sample` with every correlation replaced by their mean; variances are kept."""
    count = len(sample)
    if count == 1:
        return sample.copy()
    correlation = _correlation(sample)
    mean = (correlation.sum() - count) / (count * (count - 1))
    deviations = np.sqrt(np.diag(sample))
    target: Floats = float(mean) * np.outer(deviations, deviations)
    np.fill_diagonal(target, np.diag(sample))
    return target


def shrinkage_intensity(values: Floats, sample: Floats, target: Floats) -> float:
    """Return how far to draw `sample` towards `target`: (pi − rho) ÷ gamma ÷ T, within 0 and 1.

    Parameters
    ----------
    values : shape (T, n_assets), their means taken off.

    pi is the asymptotic variance of the sample's entries, rho its covariance with the target's,
    gamma how far both are apart; the names are the paper's. Of one or two assets the target is the
    sample.
    """
    gamma = float(((target - sample) ** 2).sum())
    if gamma <= np.finfo(float).eps * float((sample**2).sum()):
        return 0.0
    count, assets = values.shape
    squares = values**2
    pi = squares.T @ squares / count - sample**2
    # θ_ii,ij is the covariance over time of an asset's square with its product with another.
    theta = (values**3).T @ values / count - np.diag(sample)[:, None] * sample
    deviations = np.sqrt(np.diag(sample))
    mean = (_correlation(sample).sum() - assets) / (assets * (assets - 1))
    ratios = deviations[None, :] / deviations[:, None]  # of the other to the asset's own
    mixed = ratios * theta
    np.fill_diagonal(mixed, 0.0)
    # Both halves of the paper's sum, θ_ii,ij and θ_jj,ij, are this one summed over i and j.
    rho = float(np.trace(pi)) + mean * float(mixed.sum())
    return float(np.clip((float(pi.sum()) - rho) / gamma / count, 0.0, 1.0))


def _correlation(matrix: Floats) -> Floats:
    deviations = np.sqrt(np.diag(matrix))
    found: Floats = matrix / np.outer(deviations, deviations)
    np.fill_diagonal(found, 1.0)
    found.clip(-1.0, 1.0, out=found)
    return found


def _require_moving(assets: tuple[str, ...], matrix: Floats) -> None:
    still = [asset for asset, one in zip(assets, np.diag(matrix), strict=True) if not one > 0]
    if still:
        raise UnknownError(
            f"{', '.join(still)} did not move in this window, so nothing is known of its risk"
        )


def _require_invertible(assets: tuple[str, ...], matrix: Floats) -> None:
    _require_moving(assets, matrix)
    values, vectors = np.linalg.eigh(_correlation(matrix))
    if values[0] >= EIGENVALUE_MIN:
        return
    # The assets that the direction without any variance is made of.
    shares = np.abs(vectors[:, 0])
    named = [asset for asset, share in zip(assets, shares, strict=True) if share > 0.1]
    raise UnknownError(
        f"the covariance is singular: {' and '.join(named)} move as one in this window; leave one "
        "of them out"
    )
