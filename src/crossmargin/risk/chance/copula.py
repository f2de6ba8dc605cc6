"""Paths whose steps are independent, with fat tails that come to all assets together: a t-copula.

How assets depend on each other is a Student t: a correlation matrix (from Kendall's τ, which fat
tails do not disturb) and degrees of freedom, which say how often extremes come together. What each
asset does by itself, its marginal, is what was seen (empirical: nothing larger is ever drawn) or a
Student t of its own, whose tail goes on.

Steps are independent: spells of volatility are not in these paths. Give it returns at the
volatility of the present (`paths.rescaled`), or draw blocks (`bootstrap`).

Paths lean by shifting the normal numbers they are made of, at every step a little or, where tails
are fat, at one step all the way. At infinite degrees of freedom and t
marginals, steps are Gaussian, and prices geometric Brownian motions without drift in the log.

Source
------
McNeil, Frey and Embrechts, "Quantitative Risk Management", 2nd edition, §7.3 (t-copulas) and §7.5
(estimates by rank correlation, then likelihood).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from crossmargin.errors import UnknownError, UsageError
from crossmargin.risk.chance.paths import (
    Chance,
    Draws,
    Floats,
    Places,
    checked_returns,
    leaning,
    weights,
)

EMPIRICAL, STUDENT = "empirical", "t"
MARGINALS = (EMPIRICAL, STUDENT)
DEGREES = (2.1, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 30.0, float("inf"))
"""Degrees of freedom that are tried; the likeliest is taken."""
TABLE_MAX = 2_000
"""Points of an empirical marginal; the extremes are kept, the middle is thinned."""
TAIL = 250
PUSH = 1.5
"""Of a step that jumps: how far its normal numbers are pushed; its size does the rest."""


@dataclass(frozen=True, eq=False)
class TCopula:
    """Correlated t numbers and what each is as a return; make one with `t_copula` or `gaussian`.

    Attributes
    ----------
    correlation : of the copula, shape (n_assets, n_assets).
    degrees : of freedom of the copula; infinite is Gaussian.
    tables : per asset: rising t numbers, and the log return at each; lines between.
    deviations : standard deviation of each asset's log return over one step.
    """

    assets: tuple[str, ...]
    correlation: Floats
    degrees: float
    tables: tuple[tuple[Floats, Floats], ...]
    deviations: Floats

    @property
    def covariance(self) -> Floats:
        """Return the covariance of one step, as if returns were straight in the t numbers."""
        found: Floats = self.correlation * np.outer(self.deviations, self.deviations)
        return found

    def draw(self, chance: Chance, paths: int, steps: int, towards: Floats | None = None) -> Draws:
        """Return paths; see `paths.Sampler`."""
        root = self._root
        ways = np.empty((0, len(self.assets))) if towards is None else towards
        whole = np.linalg.lstsq(root, (ways / self.deviations).T, rcond=None)[0].T
        chosen = leaning(chance, paths, len(ways) * (2 if self.is_fat else 1))
        normal = chance.standard_normal((paths, steps, len(self.assets)))
        for way, one in enumerate(whole, 1):
            normal[chosen == way] += one / steps
        turbulence, jumped = np.ones((paths, steps)), []
        if self.is_fat:
            square = chance.chisquare(self.degrees, (paths, steps))
            jumps = [
                self._jump(one, np.flatnonzero(chosen == way), chance, normal, square)
                for way, one in enumerate(whole, len(whole) + 1)
            ]
            jumped = [self._jump_ratio(*jump, normal, square) for jump in jumps]
        shifted = normal.sum(axis=1) @ whole.T / steps - (whole**2).sum(axis=1) / steps / 2
        ratios = np.column_stack([shifted, *jumped])
        if self.is_fat:
            mixing = self.degrees / square
            normal *= np.sqrt(mixing)[:, :, None]
            turbulence = mixing * (self.degrees - 2.0) / self.degrees
        numbers = normal @ root.T
        for place, (at, value) in enumerate(self.tables):
            if len(at) == 2:
                numbers[:, :, place] *= value[1] / at[1]
            else:
                numbers[:, :, place] = np.interp(numbers[:, :, place], at, value)
        return Draws(numbers, turbulence, weights(ratios))

    @property
    def is_fat(self) -> bool:
        """Return whether extremes come together."""
        return bool(np.isfinite(self.degrees))

    def _jump(
        self, way: Floats, rows: Places, chance: Chance, normal: Floats, square: Floats
    ) -> tuple[Floats, float]:
        # Fat tails get far in one step: there the normal numbers are pushed along the way and the
        # square that divides them is made small, so that this one step goes about all of it.
        length = float(np.linalg.norm(way))
        push = way * (PUSH / length)
        smaller = max(1.0, (length / PUSH) ** 2)
        at = chance.integers(normal.shape[1], size=len(rows))
        normal[rows, at] += push
        square[rows, at] /= smaller
        return push, smaller

    def _jump_ratio(self, push: Floats, smaller: float, normal: Floats, square: Floats) -> Floats:
        # Any step may have been the one: the mean of their ratios.
        logs = normal @ push - push @ push / 2 - (smaller - 1.0) * square / 2
        most = logs.max(axis=1)
        mean = np.log(np.exp(logs - most[:, None]).mean(axis=1))
        found: Floats = most + mean + self.degrees / 2 * np.log(smaller)
        return found

    @cached_property
    def _root(self) -> Floats:
        # A symmetric root exists even where two assets are one.
        values, vectors = np.linalg.eigh(self.correlation)
        found: Floats = vectors * np.sqrt(np.maximum(values, 0.0))
        return found


def gaussian(covariance: Floats, assets: tuple[str, ...]) -> TCopula:
    """Return the sampler of Gaussian log returns with this covariance of one step.

    Raises
    ------
    UsageError
        If it does not fit `assets`, or a variance is not above zero.
    """
    deviations = np.sqrt(np.diag(covariance))
    if covariance.shape != (len(assets), len(assets)) or not (deviations > 0).all():
        raise UsageError("a covariance needs a row, and a variance above zero, for each asset")
    tables = tuple((np.array([-1.0, 1.0]), np.array([-one, one])) for one in deviations.tolist())
    correlation = covariance / np.outer(deviations, deviations)
    return TCopula(assets, correlation, float("inf"), tables, deviations)


def t_copula(
    returns: Floats,
    assets: tuple[str, ...],
    *,
    marginals: str = EMPIRICAL,
    degrees: float | None = None,
) -> TCopula:
    """Return the sampler fitted to log returns of shape (n_observations, n_assets).

    Parameters
    ----------
    marginals : "empirical" or "t".
    degrees : of freedom of the copula, above 2; None estimates them. Of one asset alone they say
        only how much of a step's variance comes at once, and are then those of its own tail.

    Raises
    ------
    UsageError
        If marginals or degrees are none, or the shape does not fit.
    UnknownError
        As `paths.checked_returns`.
    """
    if marginals not in MARGINALS:
        raise UsageError(f"marginals {marginals!r} are neither {' nor '.join(MARGINALS)}")
    if degrees is not None and not degrees > 2:
        raise UsageError(f"{degrees:g} degrees of freedom are not above 2, so have no variance")
    centred = checked_returns(returns, assets)
    correlation = _correlation(centred, assets)
    if degrees is None:
        degrees = _degrees(centred, correlation) if len(assets) > 1 else _marginal(centred[:, 0])[0]
    table = _empirical if marginals == EMPIRICAL else _student
    tables = tuple(table(column, degrees) for column in centred.T)
    return TCopula(assets, correlation, degrees, tables, centred.std(axis=0))


def _correlation(returns: Floats, assets: tuple[str, ...]) -> Floats:
    from scipy.stats import kendalltau  # type: ignore[import-untyped]

    found = np.eye(len(assets))
    for row in range(len(assets)):
        for column in range(row):
            tau = kendalltau(returns[:, row], returns[:, column]).statistic
            if not np.isfinite(tau):
                raise UnknownError(f"the correlation of {assets[row]} and {assets[column]}")
            found[row, column] = found[column, row] = np.sin(np.pi / 2 * tau)
    # Pair by pair it need not be a correlation matrix: the nearest by its eigenvalues is.
    values, vectors = np.linalg.eigh(found)
    if values[0] < 0:
        found = vectors * np.maximum(values, 1e-12) @ vectors.T
        scale = np.sqrt(np.diag(found))
        found = found / np.outer(scale, scale)
    return found


def _degrees(returns: Floats, correlation: Floats) -> float:
    # Those of the copula: the likelihood of the ranks, less that of each asset by itself.
    from scipy.special import stdtrit  # type: ignore[import-untyped]
    from scipy.stats import rankdata

    ranks = rankdata(returns, axis=0) / (len(returns) + 1.0)
    values, vectors = np.linalg.eigh(correlation)
    values = np.maximum(values, 1e-9)
    best, chosen = -np.inf, DEGREES[-1]
    for degrees in DEGREES:
        at = stdtrit(degrees, ranks)
        distance = ((at @ vectors) ** 2 / values).sum(axis=1)
        joint = _log_t(distance, degrees, returns.shape[1]) - np.log(values).sum() / 2
        likelihood = float((joint - _log_t(at**2, degrees, 1).sum(axis=1)).sum())
        if likelihood > best:
            best, chosen = likelihood, degrees
    return chosen


def _log_t(distance: Floats, degrees: float, count: int) -> Floats:
    # Log density of a t of `count` dimensions at a squared distance, but for log |R| ÷ 2.
    from scipy.special import gammaln

    if not np.isfinite(degrees):
        normal: Floats = -distance / 2 - count / 2 * np.log(2 * np.pi)
        return normal
    front = gammaln((degrees + count) / 2) - gammaln(degrees / 2)
    found: Floats = (
        front
        - count / 2 * np.log(degrees * np.pi)
        - (degrees + count) / 2 * np.log1p(distance / degrees)
    )
    return found


def _marginal(column: Floats) -> tuple[float, float]:
    # Degrees of freedom and scale of one asset, by likelihood; its deviation is kept.
    best, chosen = -np.inf, (DEGREES[-1], float(column.std()))
    for degrees in DEGREES:
        scale = float(column.std())
        if np.isfinite(degrees):
            scale *= np.sqrt((degrees - 2.0) / degrees)
        likelihood = float((_log_t((column / scale) ** 2, degrees, 1) - np.log(scale)).sum())
        if likelihood > best:
            best, chosen = likelihood, (degrees, scale)
    return chosen


def _student(column: Floats, degrees: float) -> tuple[Floats, Floats]:
    from scipy.special import stdtrit

    own, scale = _marginal(column)
    if own == degrees:
        return np.array([-1.0, 1.0]), np.array([-scale, scale])
    low = np.concatenate([np.logspace(-15, -3, 97)[:-1], np.linspace(1e-3, 0.5, 500)])
    # Mirrored, because close to one floats have no room for a tail.
    at, value = stdtrit(degrees, low), scale * stdtrit(own, low)
    at[-1] = value[-1] = 0.0
    return np.concatenate([at, -at[-2::-1]]), np.concatenate([value, -value[-2::-1]])


def _empirical(column: Floats, degrees: float) -> tuple[Floats, Floats]:
    from scipy.special import stdtrit

    values = np.sort(column)
    count = len(values)
    places = np.arange(count)
    if count > TABLE_MAX:
        middle = np.linspace(TAIL, count - 1 - TAIL, TABLE_MAX - 2 * TAIL).astype(np.intp)
        places = np.unique(np.concatenate([places[:TAIL], middle, places[-TAIL:]]))
    found: Floats = stdtrit(degrees, (places + 0.5) / count)
    return found, values[places]
