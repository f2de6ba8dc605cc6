"""What becomes of an account under many shocks at once.

Floats answer for all of them in one pass, with the bound of their error; what lies within it, and
what they do not know, is judged by the exact core, so every verdict is the core's or as sure as
if it were. A row can then be looked at closely (`outcome`): exactly judged, with what each position
lost and what broke first on the straight way there.

Prices go straight from here to the shock: what a path does on its way is for `crash_path`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from crossmargin.errors import UnknownError, UsageError
from crossmargin.margin.arrays import HealthArrays
from crossmargin.margin.assessment import Assessment, PositionAssessment, Status, UnitAssessment
from crossmargin.margin.pnl import unrealised_pnl
from crossmargin.margin.scenarios.path import mark_of
from crossmargin.money import EIGHT_PLACES, ONE, ZERO, exact
from crossmargin.risk.situation import Situation
from crossmargin.risk.stress.conditions import Condition, Conditions, under
from crossmargin.risk.stress.shocks import Shock, not_held, still

Floats = NDArray[np.float64]
Verdicts = NDArray[np.int8]

OK, LIQUIDATABLE, UNKNOWN = 0, 1, 2
"""What is said of a unit, and of the account: the worst of its units."""

_VERDICTS = {Status.OK: OK, Status.LIQUIDATABLE: LIQUIDATABLE, Status.UNKNOWN: UNKNOWN}
_STATUSES = {verdict: status for status, verdict in _VERDICTS.items()}


class Loss(Struct, frozen=True):
    """What one position made, from where the account was before anything happened.

    Attributes
    ----------
    name : its symbol and side.
    profit : by prices (and volatility), in `asset`; negative: lost. None where unknown.
    funding : received, negative: paid.
    """

    name: str
    asset: str
    profit: Decimal | None
    funding: Decimal = ZERO


class Outcome(Struct, frozen=True):
    """One shock, judged exactly.

    Attributes
    ----------
    there : the account after it.
    losses : by position, in the account's order.
    first : what breaks first on the straight way to the shock, by name; empty where nothing does
        or where that is not known.
    breaks_at : the part of the shock at which it does, rounded towards zero at 8 places; None
        where nothing breaks or it is not known.
    """

    shock: Shock
    there: Assessment
    losses: tuple[Loss, ...]
    first: tuple[str, ...]
    breaks_at: Decimal | None

    @property
    def status(self) -> Status:
        """Return what is said of the account; unknown where the shock is not known whole."""
        return Status.UNKNOWN if self.shock.unknown else self.there.status

    @property
    def weakest(self) -> UnitAssessment:
        """Return the pool or bucket that is least healthy."""
        return self.there.worst


@dataclass(frozen=True, eq=False)
class Stressed:
    """An account under shocks; make one with `stressed`.

    Attributes
    ----------
    home : the account before anything happened.
    condition : what holds while prices are shocked.
    health : of every unit after each shock, in floats; shape (n_shocks, n_units).
    verdicts : `OK`, `LIQUIDATABLE` or `UNKNOWN`, same shape.
    decided : how many shocks the exact core was asked about.
    """

    home: Situation
    condition: Condition
    shocks: tuple[Shock, ...]
    health: HealthArrays
    verdicts: Verdicts
    decided: int

    @property
    def conditions(self) -> Conditions:
        """Return the conditions."""
        return self.condition.conditions

    @property
    def start(self) -> Situation:
        """Return the account under the conditions, before any price moved."""
        return self.condition.start

    @cached_property
    def verdict(self) -> Verdicts:
        """Return the account's verdict after each shock: unknown over liquidatable over ok."""
        found: Verdicts = self.verdicts.max(axis=1)
        return found

    def status(self, row: int) -> Status:
        """Return what is said of the account after one shock; unknown where it is not whole."""
        return Status.UNKNOWN if self.shocks[row].unknown else self.status_as_far(row)

    def status_as_far(self, row: int) -> Status:
        """Return the same with what a shock says nothing of standing still."""
        return _STATUSES[int(self.verdict[row])]

    def used(self, row: int) -> float:
        """Return maintenance margin ÷ equity of the weakest unit, for the eye; inf without equity.

        NaN where a unit is unknown.
        """
        return float(self._used[row])

    def nearest(self) -> int:
        """Return the shock, by place, that leaves the least of equity to its maintenance margin.

        A shock that liquidates comes before one that does not; unknown ones come last.
        """
        surplus = self.health.surplus
        used = np.where(np.isnan(self._used), -np.inf, self._used)
        least = np.where(np.isnan(surplus), np.inf, surplus).min(axis=1)
        order = np.lexsort((least, -used, self.verdict != LIQUIDATABLE))
        return int(order[0])

    @cached_property
    def _used(self) -> Floats:
        equity, asked = self.health.equity, self.health.maintenance_margin
        with np.errstate(divide="ignore", invalid="ignore"):
            used = np.where(asked == 0, 0.0, asked / equity)
        used = np.where((equity <= 0) & (asked != 0), np.inf, used)
        found: Floats = np.where(np.isnan(self.health.surplus), np.nan, used).max(axis=1)
        return found

    def outcome(self, row: int) -> Outcome:
        """Return one shock exactly."""
        shock = self.shocks[row]
        there = self.start.judged_at(shock.moves)
        first, breaks_at = self._first(shock, there)
        return Outcome(shock, there, self._losses(shock, there), first, breaks_at)

    def _first(self, shock: Shock, there: Assessment) -> tuple[tuple[str, ...], Decimal | None]:
        if there.status is not Status.LIQUIDATABLE:
            return (), None
        try:
            reach = self.start.reach(shock.moves) if any(shock.moves.values()) else ZERO
        except UnknownError:
            return (), None
        if reach is None or reach > ONE:
            # Liquidatable here, and not by the search along the way: the way is not known.
            return (), None
        for step in (ZERO, EIGHT_PLACES, 2 * EIGHT_PLACES):
            # The reach is rounded towards zero: a step further is where something is gone.
            at = min(reach + step, ONE)
            broken = self.start.judged_at({a: at * move for a, move in shock.moves.items()})
            names = tuple(unit.name for unit in broken.units if unit.is_liquidatable)
            if names:
                return names, reach
        return (), reach

    @exact
    def _losses(self, shock: Shock, there: Assessment) -> tuple[Loss, ...]:
        found = []
        for before, after in zip(self.home.now.positions, there.positions, strict=True):
            instrument = there.rulebook.contracts[after.symbol].instrument
            name = f"{after.symbol} {after.side}"
            payment = self.condition.payments.get(name, ZERO)
            is_known = instrument.base not in shock.unknown
            profit = self._profit(before, after, there) if is_known else None
            found.append(Loss(name, instrument.settle, profit, payment))
        return tuple(found)

    def _profit(
        self, before: PositionAssessment, after: PositionAssessment, there: Assessment
    ) -> Decimal | None:
        instrument = there.rulebook.contracts[after.symbol].instrument
        start = mark_of(instrument, self.home.market)
        end = mark_of(instrument, there.market)
        if not after.size:
            return ZERO
        if start is None or end is None:
            return None
        if instrument.option is not None:
            return after.size * instrument.multiplier * (end - start)
        return unrealised_pnl(before.size, start, end, instrument)


def stressed(
    home: Situation, shocks: Sequence[Shock], conditions: Conditions | None = None
) -> Stressed:
    """Return what becomes of the account of `home` under each of `shocks`.

    `conditions` hold under all of them; without shocks prices stand still.

    Raises
    ------
    UsageError
        If a shock moves what the account has no stake in, or as `conditions.under`.
    UnknownError
        As `conditions.under`.
    """
    condition = under(home, conditions or Conditions())
    start, asked = condition.start, tuple(shocks) or (still(),)
    found = start.health(moves_of(asked, start.assets))
    verdicts, decided = verdicts_of(found, lambda row: start.judged_at(asked[row].moves))
    return Stressed(home, condition, asked, found, verdicts, decided)


def moves_of(shocks: Sequence[Shock], assets: Sequence[str]) -> Floats:
    """Return shocks as an array of shape (n_shocks, n_assets); what is not named stands still.

    Raises
    ------
    UsageError
        If a shock names what is not among `assets`.
    """
    moves = np.zeros((len(shocks), len(assets)))
    places = {asset: place for place, asset in enumerate(assets)}
    for row, shock in enumerate(shocks):
        for asset, move in shock.moves.items():
            if asset not in places:
                raise UsageError(not_held(asset, assets))
            moves[row, places[asset]] = float(move)
    return moves


def verdicts_of(found: HealthArrays, judge: Callable[[int], Assessment]) -> tuple[Verdicts, int]:
    """Return a verdict for every row and unit, and how many rows `judge` was asked about.

    Rows where a unit is within the error of its trigger, or unknown, are judged.
    """
    is_idle = found.maintenance_margin == 0
    room = np.where(is_idle, found.equity, found.surplus)
    is_empty = is_idle & (found.equity == 0)
    is_near = ~is_empty & ~(np.abs(room) > found.error)  # NaN is not larger than anything
    verdicts: Verdicts = np.where(room < 0, LIQUIDATABLE, OK).astype(np.int8)
    rows = np.flatnonzero(is_near.any(axis=1))
    for row in rows.tolist():
        units = judge(row).units
        verdicts[row] = [_VERDICTS[unit.status] for unit in units]
    return verdicts, len(rows)


def hurting(home: Situation, sizes: dict[str, Decimal]) -> dict[str, int]:
    """Return for each asset −1 or 1: in which direction a move of its size alone costs more.

    By the buffer of the unit that loses most of it; where both cost the same, down.
    """
    assets = home.assets
    moves = np.zeros((2 * len(assets), len(assets)))
    for place, asset in enumerate(assets):
        moves[2 * place, place] = -float(sizes[asset])
        moves[2 * place + 1, place] = float(sizes[asset])
    least = home.surplus(moves) - home.surplus(np.zeros((1, len(assets))))
    worst = np.nanmin(np.where(np.isnan(least), -np.inf, least), axis=1)
    return {
        asset: -1 if worst[2 * place] <= worst[2 * place + 1] else 1
        for place, asset in enumerate(assets)
    }
