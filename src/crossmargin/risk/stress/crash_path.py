"""A crash as it went, moment by moment, and what it would have done to the account of now.

The account stands where it is; prices move from there by what they moved by in the crash since its
beginning. So the moments stay apart: what fell first, what came back before the rest had fallen.
A path is looked at in floats; the moments that decide, within their error, exactly.
"""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from crossmargin.errors import UnknownError, UsageError
from crossmargin.margin.arrays import HealthArrays
from crossmargin.margin.assessment import Assessment
from crossmargin.money import ONE, exact
from crossmargin.risk.situation import Situation
from crossmargin.risk.stress.answer import LIQUIDATABLE, Verdicts, verdicts_of

Floats = NDArray[np.float64]
Times = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class CrashPath:
    """The account along a path; make one with `along`.

    Attributes
    ----------
    at_ms : the moments, shape (n,).
    ratios : prices as multiples of those at the first moment, shape (n, n_assets), columns as
        `start.assets`; NaN where a symbol had no price.
    health, verdicts : of every unit at each moment, shape (n, n_units).
    choice : sentences on which prices these are.
    """

    title: str
    start: Situation
    at_ms: Times
    ratios: Floats
    health: HealthArrays
    verdicts: Verdicts
    choice: tuple[str, ...]

    @property
    def broken(self) -> int | None:
        """Return the first moment at which anything is liquidatable, by place; None if none is."""
        places = np.flatnonzero((self.verdicts == LIQUIDATABLE).any(axis=1))
        return int(places[0]) if len(places) else None

    @property
    def lowest(self) -> int:
        """Return the moment, by place, at which the least was left of some unit's buffer."""
        surplus = np.where(np.isnan(self.health.surplus), np.inf, self.health.surplus).min(axis=1)
        return int(surplus.argmin())

    def judged(self, place: int) -> Assessment:
        """Return the account at one moment, exactly; unknown prices stand as they were at first."""
        return _judged(self.start, self.ratios, place)

    @property
    def unknown(self) -> int:
        """Return at how many moments a price was missing."""
        return int(np.isnan(self.ratios).any(axis=1).sum())


def along(
    title: str, start: Situation, at_ms: Times, prices: Floats, choice: tuple[str, ...] = ()
) -> CrashPath:
    """Return the account of `start` along `prices`, shape (n, n_assets), columns as its assets.

    Only moments at which all assets have a price are judged.

    Raises
    ------
    UnknownError
        If an asset has no price at the beginning.
    UsageError
        If the shape does not fit.
    """
    if prices.ndim != 2 or prices.shape != (len(at_ms), len(start.assets)) or not len(at_ms):
        raise UsageError(f"prices of shape {prices.shape} are none of {len(start.assets)} assets")
    for place, asset in enumerate(start.assets):
        if not np.isfinite(prices[0, place]):
            raise UnknownError(f"{title}: there is no price of {asset} at the beginning")
    ratios = prices / prices[0]
    health = start.health(np.where(np.isnan(ratios), 1.0, ratios) - 1.0)
    verdicts, _ = verdicts_of(health, lambda row: _judged(start, ratios, row))
    # A moment with a price missing says nothing: what stood still may not have.
    verdicts[np.isnan(ratios).any(axis=1)] = 0
    return CrashPath(title, start, at_ms, ratios, health, verdicts, choice)


@exact
def _judged(start: Situation, ratios: Floats, place: int) -> Assessment:
    row = zip(start.assets, ratios[place].tolist(), strict=True)
    return start.judged_at(
        {asset: Decimal(repr(ratio)) - ONE for asset, ratio in row if np.isfinite(ratio)}
    )
