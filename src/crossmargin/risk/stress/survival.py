"""Cross against isolated: the same positions on the same price paths, in both modes.

Cross margin lives longer, because every dollar stands behind every position; and when it falls,
every dollar falls. Isolated margin loses a bucket sooner and keeps the rest. Which is worse is not
a matter of taste but of the paths, so both modes go down each of them and both answers are shown:
who survives, and what the money is worth at the end.

What a liquidation takes is simplified: the pool or the bucket is taken over whole at the point of
the path that liquidates it, at the price that leaves it nothing (the bankruptcy price). No ladder
reduces a position first, no remainder is paid back, and nobody tops anything up; so a pool that a
venue would have reduced in steps loses more here. Nothing is traded, and no funding is paid. A
whole ladder on one path is what `replay` plays.

Points of a path are looked at as they come; what prices did between them is not seen.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from crossmargin.errors import UnknownError, UsageError
from crossmargin.margin.assessment import Assessment, UnitAssessment
from crossmargin.money import exact
from crossmargin.risk.estimates.intervals import wilson
from crossmargin.risk.situation import Situation
from crossmargin.risk.stress.answer import LIQUIDATABLE, UNKNOWN, verdicts_of
from crossmargin.risk.venues.underlying import DOLLARS, asset_name

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
ROWS_AT_ONCE = 200_000
"""Points asked at once, which bounds memory."""
CONFIDENCE = 0.95


@dataclass(frozen=True, eq=False)
class Fate:
    """What became of the account in one mode.

    Attributes
    ----------
    units : pools, then buckets, by name.
    wealth : equity at the end of each path, shape (n_paths,), in the survival's asset.
    lost_at : the step at which each unit was liquidated, −1 where it never was; shape
        (n_paths, n_units).
    decided : at how many points the exact core was asked.
    """

    mode: str
    start: float
    units: tuple[str, ...]
    wealth: Floats
    lost_at: Places
    decided: int

    @property
    def is_hit(self) -> NDArray[np.bool_]:
        """Return the paths on which anything was liquidated, shape (n_paths,)."""
        found: NDArray[np.bool_] = np.logical_or.reduce(self.lost_at >= 0, axis=1)
        return found

    @property
    def survival(self) -> float:
        """Return the share of paths on which nothing was liquidated."""
        return float(1.0 - self.is_hit.mean())

    @property
    def survival_interval(self) -> tuple[float, float]:
        """Return the 95 % interval of `survival`, for paths that are independent."""
        return wilson(self.survival, len(self.wealth), CONFIDENCE)

    @property
    def loss_given_liquidation(self) -> float | None:
        """Return the mean of start − end on the paths with a liquidation; None without any."""
        hit = self.is_hit
        return float(self.start - self.wealth[hit].mean()) if hit.any() else None

    @property
    def ruin(self) -> float:
        """Return the share of paths that leave less than a hundredth of the start."""
        return float((self.wealth < self.start / 100).mean())

    @property
    def mean(self) -> float:
        """Return the mean of final wealth."""
        return float(self.wealth.mean())

    def quantiles(self) -> dict[float, float]:
        """Return final wealth at `QUANTILES` of the paths."""
        found = np.quantile(self.wealth, QUANTILES)
        return dict(zip(QUANTILES, found.tolist(), strict=True))

    def unit_losses(self) -> dict[str, float]:
        """Return for each unit the share of paths on which it was liquidated."""
        shares = (self.lost_at >= 0).mean(axis=0)
        return dict(zip(self.units, shares.tolist(), strict=True))


@dataclass(frozen=True, eq=False)
class Survival:
    """The modes side by side, on the same paths.

    Attributes
    ----------
    asset : what wealth is counted in.
    paths, steps : how many.
    """

    asset: str
    paths: int
    steps: int
    fates: tuple[Fate, ...]

    def worse_ending(self) -> dict[str, float]:
        """Return by mode the share of paths on which it ended with less than every other."""
        if len(self.fates) < 2:
            return {}
        wealth = np.stack([fate.wealth for fate in self.fates])
        found = {}
        for place, fate in enumerate(self.fates):
            others = np.delete(wealth, place, axis=0).min(axis=0)
            # A cent is no difference, and floats make some.
            found[fate.mode] = float((wealth[place] < others - fate.start * 1e-9).mean())
        return found


def survival(modes: Mapping[str, Situation], ratios: Floats) -> Survival:
    """Return what becomes of the account in each of `modes` on every path.

    Parameters
    ----------
    modes : the same account in several modes, by name, all with the same assets.
    ratios : prices as multiples of those of now, shape (n_paths, n_steps, n_assets), columns as
        the modes' assets; all finite and above zero.

    Raises
    ------
    UsageError
        If shapes do not fit, the modes' assets differ, or a ratio is not above zero.
    UnknownError
        If health is unknown somewhere on a path, or wealth in several assets cannot be added.
    """
    if not modes:
        raise UsageError("there is no mode to follow")
    first = next(iter(modes.values()))
    if any(set(one.assets) != set(first.assets) for one in modes.values()):
        raise UsageError("the modes do not hold the same assets")
    if ratios.ndim != 3 or ratios.shape[2] != len(first.assets) or 0 in ratios.shape:
        raise UsageError(f"paths of shape {ratios.shape} are none of {len(first.assets)} assets")
    if not (np.isfinite(ratios).all() and (ratios > 0).all()):
        raise UsageError("a price on a path is not above zero")
    asset = _counted_in(list(modes.values()))
    fates = tuple(_fate(name, one, first.assets, ratios, asset) for name, one in modes.items())
    return Survival(asset, ratios.shape[0], ratios.shape[1], fates)


def _counted_in(situations: list[Situation]) -> str:
    # One asset as it is; dollars, and what has an index, in dollars.
    assets = dict.fromkeys(unit.asset for one in situations for unit in one.now.units)
    if len(assets) == 1:
        return next(iter(assets))
    index = situations[0].market.index
    for asset in assets:
        if asset_name(asset) not in DOLLARS and asset not in index:
            raise UnknownError(
                f"wealth in {', '.join(assets)} cannot be added: the index price of {asset} is "
                "not known"
            )
    return "USD"


def _fate(
    mode: str, situation: Situation, assets: tuple[str, ...], ratios: Floats, asset: str
) -> Fate:
    paths, steps, _ = ratios.shape
    now = situation.now
    columns = [assets.index(name) for name in situation.assets]
    lost_at = np.full((paths, len(now.units)), -1, dtype=np.intp)
    wealth = np.zeros(paths)
    decided = 0
    many = max(1, ROWS_AT_ONCE // steps)
    for begin in range(0, paths, many):
        chunk = ratios[begin : begin + many][:, :, columns]
        moves = chunk.reshape(-1, len(columns)) - 1.0
        found = situation.health(moves)
        verdicts, asked = verdicts_of(found, _judge(situation, moves))
        decided += asked
        if (verdicts == UNKNOWN).any():
            row = int(np.flatnonzero((verdicts == UNKNOWN).any(axis=1))[0])
            lacking = ", ".join(_judge(situation, moves)(row).missing)
            raise UnknownError(f"on path {begin + row // steps + 1} health is unknown: {lacking}")
        gone = (verdicts == LIQUIDATABLE).reshape(len(chunk), steps, -1)
        at = np.where(gone.any(axis=1), gone.argmax(axis=1), -1)
        lost_at[begin : begin + many] = at
        last = found.equity.reshape(len(chunk), steps, -1)[:, -1, :]
        kept = np.where(at >= 0, 0.0, last)
        prices = _prices(situation, chunk[:, -1, :], asset)
        wealth[begin : begin + many] = (kept * prices).sum(axis=1)
    start = float((_equities(now) * _prices(situation, None, asset)).sum())
    names = tuple(_name(unit) for unit in now.units)
    return Fate(mode, start, names, wealth, lost_at, decided)


def _equities(now: Assessment) -> Floats:
    # Everything is known of a situation.
    return np.array([float(unit.health.equity) if unit.health else 0.0 for unit in now.units])


def _prices(situation: Situation, ratios: Floats | None, asset: str) -> Floats:
    # Of each unit's asset in `asset`, where prices are `ratios` of now; shape (n, n_units).
    count = 1 if ratios is None else len(ratios)
    prices = np.ones((count, len(situation.now.units)))
    for place, unit in enumerate(situation.now.units):
        if unit.asset == asset or asset_name(unit.asset) in DOLLARS:
            continue
        prices[:, place] = float(situation.market.index[unit.asset])
        if ratios is not None and unit.asset in situation.assets:
            prices[:, place] *= ratios[:, situation.assets.index(unit.asset)]
    return prices


def _name(unit: UnitAssessment) -> str:
    return f"{unit.name} {unit.kind}"


def _judge(situation: Situation, moves: Floats) -> Callable[[int], Assessment]:
    @exact
    def judged(row: int) -> Assessment:
        asked = zip(situation.assets, moves[row].tolist(), strict=True)
        return situation.judged_at({name: Decimal(repr(move)) for name, move in asked})

    return judged
