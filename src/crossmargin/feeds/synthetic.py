"""Prices nobody has seen: correlated random walks with jumps, from a seed.

For stories and soak runs that need a market and have none. It is no model of any market and fits
nothing; who shows results on such a path says so. The same arguments give the same path. Floats and
chance stop here: what is returned are decimals on a tick, always above zero.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np
from msgspec import Struct

from crossmargin.durations import DAY_MS
from crossmargin.errors import UsageError
from crossmargin.money import EIGHT_PLACES

YEAR_MS = 365 * DAY_MS


class Walk(Struct, frozen=True):
    """How prices move.

    Attributes
    ----------
    volatility : standard deviation of a year's logarithmic return, a fraction.
    correlation : of any two symbols' returns between jumps; with n symbols not below −1 ÷ (n − 1).
    jumps_per_day : how many jumps a day brings on average (Poisson). All symbols jump together.
    jump : standard deviation of a jump's logarithmic size, a fraction.
    """

    volatility: Decimal = Decimal("0.6")
    correlation: Decimal = Decimal("0.8")
    jumps_per_day: Decimal = Decimal(0)
    jump: Decimal = Decimal("0.05")


def synthetic_path(
    starts: Mapping[str, Decimal],
    moments: int,
    step_ms: int,
    walk: Walk,
    seed: Sequence[int],
    ticks: Mapping[str, Decimal] | None = None,
) -> tuple[dict[str, Decimal], ...]:
    """Return `moments` prices of every symbol, `step_ms` apart, the first one step from `starts`.

    Geometric Brownian motion without drift in the price (each step's mean return is zero), plus
    jumps that are compound Poisson (Merton 1976, "Option pricing when underlying stock returns
    are discontinuous"), one size for all symbols.

    Parameters
    ----------
    starts : prices in the quote asset.
    seed : whole numbers, none below zero.
    ticks : the step of each symbol's prices, 8 places where missing; prices are rounded to the
        nearest, and never below one tick.

    Raises
    ------
    UsageError
        If no such correlation can hold between so many symbols.
    """
    symbols = list(starts)
    count = len(symbols)
    matrix = np.full((count, count), np.float64(walk.correlation))
    np.fill_diagonal(matrix, 1.0)
    values, vectors = np.linalg.eigh(matrix)
    if count and values.min() < -1e-12:
        raise UsageError(f"{count} symbols cannot all be correlated by {walk.correlation}")
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    chance = np.random.default_rng(list(seed))
    variance = np.float64(walk.volatility) ** 2 * step_ms / YEAR_MS
    moves = chance.standard_normal((moments, count)) @ root.T * np.sqrt(variance) - variance / 2
    jumps = chance.poisson(np.float64(walk.jumps_per_day) * step_ms / DAY_MS, moments)
    spread = np.sqrt(jumps) * np.float64(walk.jump)
    # A jump's mean return is zero as well: half its variance is taken off.
    moves += (spread * chance.standard_normal(moments) - spread**2 / 2)[:, np.newaxis]
    ratios = np.exp(np.cumsum(moves, axis=0))
    tick_of = {symbol: (ticks or {}).get(symbol, EIGHT_PLACES) for symbol in symbols}
    return tuple(
        {
            symbol: _on_tick(starts[symbol] * Decimal(repr(ratio)), tick_of[symbol])
            for symbol, ratio in zip(symbols, row, strict=True)
        }
        for row in ratios.tolist()
    )


def _on_tick(price: Decimal, tick: Decimal) -> Decimal:
    return max((price / tick).to_integral_value() * tick, tick)
