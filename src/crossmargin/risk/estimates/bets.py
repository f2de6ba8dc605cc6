"""Which holdings stack, which hedge, and how many bets they are.

Two holdings *stack* when they lose together: exposures of one sign on assets that move together, or
of opposite signs on assets that move against each other. They *hedge* when one gains what the other
loses. A pair whose correlation is not distinguishable from none (within twice its standard error)
is neither. Of one asset the correlation is 1 and needs no estimate.

How many bets: the square of the diversification ratio, Σ|eᵢ|σᵢ over the portfolio's own standard
deviation (Y. Choueifaty, T. Froidure and J. Reynier, "Properties of the most diversified
portfolio", Journal of Investment Strategies 2(2), 2013). n equal longs with one correlation c are
n ÷ (1 + (n − 1) c) bets: n where they have nothing to do with each other, 1 where they are one.
Counts by entropy or Herfindahl of risk shares were not taken: there three equal longs that move as
one are three bets. More bets than holdings means that they hedge each other.
"""

from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

import numpy as np

from crossmargin.errors import UnknownError
from crossmargin.risk.estimates.correlation import Covariance
from crossmargin.risk.estimates.exposure import Exposure, Holding
from crossmargin.risk.estimates.returns import Floats


class Way(StrEnum):
    """How two holdings go together."""

    STACK = "stack"
    HEDGE = "hedge"
    NEITHER = "neither"


@dataclass(frozen=True)
class Pair:
    """Two holdings over a horizon; money in USD.

    Attributes
    ----------
    correlation : of their assets.
    together : standard deviation of what both make.
    apart : what it would be if they had nothing to do with each other.
    """

    first: Holding
    second: Holding
    way: Way
    correlation: float
    together: float
    apart: float


@dataclass(frozen=True, eq=False)
class Bets:
    """A portfolio seen through a covariance, over a horizon; money in USD.

    Attributes
    ----------
    volatility, betas, shares : of each asset, shape (n_assets,): its standard deviation, its beta
        to `reference`, its part of the portfolio's variance (they sum to 1; below zero hedges).
    deviation : standard deviation of the whole portfolio.
    number : the effective number of bets; None where nothing is at risk.
    pairs : largest effect first.
    """

    assets: tuple[str, ...]
    horizon_ms: int
    reference: str
    volatility: Floats
    betas: Floats
    shares: Floats
    deviation: float
    number: float | None
    pairs: tuple[Pair, ...]


def bets(exposed: Exposure, covariance: Covariance, horizon_ms: int, reference: str) -> Bets:
    """Return how the holdings of `exposed` go together over a horizon.

    Raises
    ------
    UnknownError
        If an asset has no history in `covariance`.
    UsageError
        If `reference` has none.
    """
    assets = tuple(exposed.by_asset)
    if not assets:
        raise UnknownError("nothing is held, so there are no bets to count")
    matrix = covariance.of(assets) * (horizon_ms / covariance.interval_ms)
    volatility: Floats = np.sqrt(np.diag(matrix))
    money = np.array([float(amount) for amount in exposed.by_asset.values()])
    marginal = matrix @ money
    variance = max(float(money @ marginal), 0.0)
    deviation = float(np.sqrt(variance))
    alone = sum(
        abs(float(one.exposure)) * volatility[assets.index(one.asset)] for one in exposed.holdings
    )
    is_moving = deviation > 0
    betas = dict(zip(covariance.assets, covariance.betas(reference).tolist(), strict=True))
    return Bets(
        assets,
        horizon_ms,
        reference,
        volatility,
        np.array([betas[asset] for asset in assets]),
        money * marginal / variance if is_moving else np.zeros(len(assets)),
        deviation,
        float((alone / deviation) ** 2) if is_moving else None,
        _pairs(exposed, covariance.noise, matrix),
    )


def _pairs(exposed: Exposure, noise: float, matrix: Floats) -> tuple[Pair, ...]:
    assets = tuple(exposed.by_asset)
    volatility = np.sqrt(np.diag(matrix))
    found = []
    for first, second in combinations(exposed.holdings, 2):
        row, column = assets.index(first.asset), assets.index(second.asset)
        correlation = float(matrix[row, column] / (volatility[row] * volatility[column]))
        one = float(first.exposure) * float(volatility[row])
        other = float(second.exposure) * float(volatility[column])
        apart = float(np.hypot(one, other))
        together = float(np.sqrt(max(apart**2 + 2 * correlation * one * other, 0.0)))
        is_sure = row == column or abs(correlation) > noise
        way = Way.NEITHER
        if is_sure and one and other:
            way = Way.STACK if correlation * one * other > 0 else Way.HEDGE
        found.append(Pair(first, second, way, correlation, together, apart))
    return tuple(sorted(found, key=lambda pair: -abs(pair.together**2 - pair.apart**2)))
