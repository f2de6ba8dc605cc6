"""Covariances made by hand, and histories of a few prices."""

import numpy as np

from crossmargin.durations import DAY_MS, HOUR_MS
from crossmargin.risk.estimates.correlation import Covariance, Method
from crossmargin.risk.estimates.returns import History, Returns


def covariance(assets, volatilities, correlation=0.0, *, observations=1000):
    """Return a covariance over a day with one correlation of all pairs."""
    deviations = np.array(volatilities, dtype=float)
    matrix = correlation * np.outer(deviations, deviations)
    np.fill_diagonal(matrix, deviations**2)
    return Covariance(
        tuple(assets), matrix, DAY_MS, Method.LEDOIT_WOLF, 0, 0, observations, float(observations)
    )


def returns(*columns, assets=None):
    """Return hourly returns of assets A, B, C … from columns of numbers."""
    values = np.array(columns, dtype=float).T
    names = assets or tuple("ABCDEFGH"[: len(columns)])
    return Returns(names, HOUR_MS, 0, len(values) * HOUR_MS, values)


def history(asset, prices, *, start=0, step_ms=HOUR_MS):
    """Return prices one step apart."""
    times = np.arange(len(prices), dtype=np.int64) * step_ms + start
    return History(asset, times, np.array(prices, dtype=float))
