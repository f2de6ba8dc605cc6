"""Everything a stress was asked, answered: what tables, pages and programs show.

Shocks of all families are asked together; a grid has a table of its own. Conditions are asked one
by one while prices stand still, or all together under every shock. Paths of candles and the two
margin modes come from whoever has prices (`crash_path`, `survival`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from msgspec import Struct

from crossmargin.margin.assessment import Status
from crossmargin.model.liquidity import Liquidity
from crossmargin.money import ONE
from crossmargin.risk.situation import Situation
from crossmargin.risk.stress.answer import LIQUIDATABLE, Outcome, Stressed, stressed
from crossmargin.risk.stress.conditions import Conditions, Leaving, leaving
from crossmargin.risk.stress.crash_path import CrashPath
from crossmargin.risk.stress.shocks import Range, Shock, grid
from crossmargin.risk.stress.survival import Survival


class Asked(Struct, frozen=True):
    """What to ask.

    Attributes
    ----------
    shocks : of any family but grids.
    axes : of a grid, moves by asset; empty for none.
    conditions : each by itself, or all together under every shock if `is_together`.
    thinness : the multiples of impact at which leaving is priced.
    """

    shocks: tuple[Shock, ...] = ()
    axes: dict[str, Range] = {}
    conditions: tuple[Conditions, ...] = ()
    is_together: bool = False
    thinness: tuple[Decimal, ...] = ()
    liquidity: Liquidity = Liquidity()


@dataclass(frozen=True, eq=False)
class Heat:
    """A grid, answered; `axes` are the moves of each asset, the last running fastest."""

    axes: Mapping[str, tuple[Decimal, ...]]
    stressed: Stressed


@dataclass(frozen=True, eq=False)
class Survey:
    """The answers.

    Attributes
    ----------
    outcomes : of every shock that is no cell of a grid, exactly.
    alone : of each condition by itself, prices standing still; its `Stressed` and the outcome.
    """

    home: Situation
    stressed: Stressed | None
    outcomes: tuple[Outcome, ...]
    heat: Heat | None
    alone: tuple[tuple[Stressed, Outcome], ...]
    leavings: tuple[Leaving, ...]
    paths: tuple[CrashPath, ...] = ()
    pathless: tuple[str, ...] = ()
    survival: Survival | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        """Return whether anything asked has an answer."""
        statuses = [outcome.status for outcome in self.outcomes]
        statuses += [outcome.status for _, outcome in self.alone]
        if self.heat is not None:
            statuses.append(self.heat.stressed.status(self.heat.stressed.nearest()))
        has_other = bool(self.leavings or self.paths or self.survival)
        return has_other or any(status is not Status.UNKNOWN for status in statuses)


def surveyed(
    home: Situation,
    asked: Asked,
    *,
    paths: Sequence[CrashPath] = (),
    pathless: Sequence[str] = (),
    survival: Survival | None = None,
    notes: Sequence[str] = (),
) -> Survey:
    """Return the answers to `asked`, with what was found along paths beside them.

    Raises
    ------
    UsageError, UnknownError
        As `stress.stressed` and `shocks.grid`.
    """
    every = _all_of(asked.conditions) if asked.is_together else Conditions()
    single = () if asked.is_together else asked.conditions
    whole = stressed(home, asked.shocks, every) if asked.shocks or every.title else None
    heat = None
    if asked.axes:
        cells = grid(asked.axes, home.assets)
        axes = {asset: tuple(moves.values()) for asset, moves in asked.axes.items()}
        heat = Heat(axes, stressed(home, cells, every))
    alone = [stressed(home, (), one) for one in single]
    gridded = None if heat is None else heat.stressed
    found = [one for one in (whole, gridded, *alone) if one is not None]
    said = [sentence for one in found for sentence in one.condition.notes]
    return Survey(
        home,
        whole,
        tuple(whole.outcome(row) for row in range(len(whole.shocks))) if whole else (),
        heat,
        tuple((one, one.outcome(0)) for one in alone),
        tuple(leaving(home.now, asked.liquidity, times) for times in asked.thinness),
        tuple(paths),
        tuple(pathless),
        survival,
        tuple(dict.fromkeys((*notes, *said, *_as_if(found)))),
    )


def _as_if(found: Sequence[Stressed]) -> list[str]:
    if not any((one.verdict == LIQUIDATABLE).any() for one in found):
        return []
    return ["Figures of what is liquidated are as if nobody had stepped in on the way."]


def _all_of(conditions: Sequence[Conditions]) -> Conditions:
    depegs: dict[str, Decimal] = {}
    rate, intervals, volatility = Conditions().funding_rate, 0, ONE
    for one in conditions:
        depegs |= one.depegs
        if one.intervals:
            rate, intervals = one.funding_rate, one.intervals
        volatility *= one.volatility
    return Conditions(depegs, rate, intervals, volatility)
