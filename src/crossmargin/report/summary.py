"""What became of an account, in numbers a person would ask for.

A replay leaves arrays of screening values and a list of events. Somebody who asks "did it live,
what is left, how close was it, what did it cost" wants a few numbers out of those, the same ones
on the page, in the terminal and in JSON.

Equity at the start and the end is exact where the prices are known. Lows along the way are
screening values, but a failed pool's or bucket's low is the exact one of its receipt: the path
itself only holds what was true after the venue had acted. Where a price is missing nothing is
known, and the time that went by like this is counted, not skipped.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

import numpy as np
from msgspec import Struct

from crossmargin.errors import UsageError
from crossmargin.feeds.path import PricePath
from crossmargin.feeds.series import Gap
from crossmargin.feeds.series import exact as exact_price
from crossmargin.margin.assess import assess
from crossmargin.margin.units import units_of
from crossmargin.model.account import Account
from crossmargin.money import EIGHT_PLACES, ZERO, down_to, exact
from crossmargin.replay.result import REDUCTIONS, Event, EventKind, ReplayResult, Track
from crossmargin.report.along import (
    Mask,
    Values,
    assets_of,
    buffer_of,
    equity_of,
    health_of,
    held_symbols,
    is_pool,
    point_of,
    symbols_of,
    undecided_points,
    unknown_points,
)


class Outcome(StrEnum):
    """How it ended: untouched, cut back, closed, some or all of it gone, or nobody knows.

    Closed: liquidation sold every position in the market, and money is left.
    """

    SURVIVED = "survived"
    REDUCED = "reduced"
    CLOSED = "closed"
    PARTLY = "partly-liquidated"
    LIQUIDATED = "liquidated"
    UNKNOWN = "unknown"


class Low(Struct, frozen=True):
    """The lowest of something, and when it was first reached."""

    amount: Decimal
    at_ms: int


class AssetSummary(Struct, frozen=True):
    """All pools and buckets of one asset together; in multi-assets mode the asset is USD.

    Attributes
    ----------
    equity_start, equity_end : exact; the screening value where a collateral price is not at
        hand; None where a mark is missing then.
    lowest : of equity on the way, after what the venue did at each point.
    """

    asset: str
    equity_start: Decimal | None
    equity_end: Decimal | None
    lowest: Low | None

    @property
    def change(self) -> Decimal | None:
        """Return what was gained; negative: lost. None where either end is unknown."""
        if self.equity_start is None or self.equity_end is None:
            return None
        return self.equity_end - self.equity_start


class FlowSummary(Struct, frozen=True):
    """The money that moved in one asset, exact.

    `realised_pnl`, `funding` and `fund_change` are signed (the first two from the account's
    view, the last from the insurance fund's); `fees` is what the account paid.
    """

    asset: str
    realised_pnl: Decimal = ZERO
    funding: Decimal = ZERO
    fees: Decimal = ZERO
    fund_change: Decimal = ZERO


class UnitSummary(Struct, frozen=True):
    """One pool or bucket.

    Attributes
    ----------
    smallest_buffer : while anything was asked of it; None if nothing ever was.
    highest_health : maintenance margin ÷ equity, at most 1 (liquidation); None as above.
    taken_over_at_ms : when the insurance fund took its positions over, first; None if never.
    taken_over_equity : what was left then; negative is what the fund paid.
    closed_at_ms : when reductions had closed the last of its positions; None if they did not.
    """

    name: str
    asset: str
    is_pool: bool
    smallest_buffer: Low | None
    highest_health: Low | None
    taken_over_at_ms: int | None
    taken_over_equity: Decimal | None
    closed_at_ms: int | None = None

    @property
    def gone_at_ms(self) -> int | None:
        """Return when liquidation left it without positions, first; None if it never did."""
        return self.closed_at_ms if self.taken_over_at_ms is None else self.taken_over_at_ms


class ModeSummary(Struct, frozen=True):
    """One account through the path, in one margin mode.

    Attributes
    ----------
    unknown_ms : how long health was unknown, for lack of a price or a margin tier of something
        held, so that nothing could be decided about it.
    missing_at_end : symbols held at the end without a price then.
    reductions : how many times liquidation cut a position without closing everything.
    open_at_end : symbols of the positions still open.
    """

    name: str
    outcome: Outcome
    assets: tuple[AssetSummary, ...]
    flows: tuple[FlowSummary, ...]
    units: tuple[UnitSummary, ...]
    liquidations: tuple[Event, ...]
    reductions: int
    unknown_ms: int
    missing_at_end: tuple[str, ...]
    open_at_end: tuple[str, ...]
    decisions: int

    @property
    def gone(self) -> tuple[UnitSummary, ...]:
        """Return the pools and buckets that were taken over or closed, first one first."""
        found = [unit for unit in self.units if unit.gone_at_ms is not None]
        return tuple(sorted(found, key=lambda unit: unit.gone_at_ms or 0))

    @property
    def closest(self) -> UnitSummary | None:
        """Return the pool or bucket that came closest to liquidation, first; None if none could."""
        asked = [(unit.highest_health, unit) for unit in self.units]
        known = [(high.amount, -high.at_ms, unit) for high, unit in asked if high is not None]
        return max(known, key=lambda one: one[:2])[2] if known else None


class SymbolSummary(Struct, frozen=True):
    """One symbol's mark price along the path; None where it had none."""

    symbol: str
    first: Decimal
    last: Decimal | None
    low: Low
    high: Low


class Summary(Struct, frozen=True):
    """Everything a report says in numbers; modes in the order they were given.

    `prices` says which prices these are and in which order they come, `assumptions` everything
    else that was taken for true.
    """

    venue: str
    edition: str
    rulebook_sha256: str
    from_ms: int
    to_ms: int
    points: int
    symbols: tuple[SymbolSummary, ...]
    modes: tuple[ModeSummary, ...]
    gaps: tuple[Gap, ...]
    prices: tuple[str, ...]
    assumptions: tuple[str, ...]


def summarise(results: Mapping[str, ReplayResult]) -> Summary:
    """Return the numbers of one or more replays along the same path.

    Parameters
    ----------
    results : by the name of the mode, such as "cross" and "isolated".

    Raises
    ------
    UsageError
        If there is no result, or they are not of the same path.
    """
    path = same_path(results)
    first = next(iter(results.values()))
    said = [sentence for result in results.values() for sentence in result.assumptions]
    named = {symbol for result in results.values() for symbol in symbols_of(result)}
    return Summary(
        venue=first.rulebook.venue,
        edition=first.rulebook.edition.isoformat(),
        rulebook_sha256=first.rulebook.sha256,
        from_ms=path.from_ms,
        to_ms=path.to_ms,
        points=len(path.at_ms),
        symbols=tuple(_symbol(path, symbol) for symbol in path.symbols if symbol in named),
        modes=tuple(_mode(name, result) for name, result in results.items()),
        gaps=path.gaps,
        prices=path.choice,
        assumptions=tuple(one for one in dict.fromkeys(said) if one not in path.choice),
    )


def same_path(results: Mapping[str, ReplayResult]) -> PricePath:
    """Return the path that all results share.

    Raises
    ------
    UsageError
        If there is no result, or they are not of the same path.
    """
    if not results:
        raise UsageError("there is no replay to report on")
    paths = [result.path for result in results.values()]
    for path in paths[1:]:
        is_same = path.symbols == paths[0].symbols and np.array_equal(path.at_ms, paths[0].at_ms)
        if not is_same or not np.array_equal(path.marks, paths[0].marks, equal_nan=True):
            raise UsageError(f"{' and '.join(results)} are replays of different prices")
    return paths[0]


def _mode(name: str, result: ReplayResult) -> ModeSummary:
    unknown = unknown_points(result)
    at_ms = result.path.at_ms
    spans = np.diff(at_ms, append=max(result.path.to_ms, int(at_ms[-1])))
    last = held_symbols(result.end) if unknown[-1] else ()
    no_price = ~np.isfinite(result.path.marks[-1])
    assets = tuple(_asset(asset, result, unknown) for asset in assets_of(result))
    units = tuple(_unit(unit, track, result) for unit, track in result.tracks.items())
    reductions = sum(e.kind in REDUCTIONS for e in result.events)
    return ModeSummary(
        name=name,
        outcome=_outcome(result, assets, units),
        assets=assets,
        flows=_flows(result.events),
        units=units,
        liquidations=result.liquidations,
        reductions=reductions,
        unknown_ms=int(spans[undecided_points(result, unknown)].sum()),
        missing_at_end=tuple(s for s in last if no_price[result.path.symbols.index(s)]),
        open_at_end=held_symbols(result.end),
        decisions=result.decisions,
    )


def _outcome(
    result: ReplayResult, assets: tuple[AssetSummary, ...], units: tuple[UnitSummary, ...]
) -> Outcome:
    kinds = {event.kind for event in result.liquidations}
    if any(asset.equity_end is None for asset in assets):
        return Outcome.UNKNOWN
    is_closed = any(unit.closed_at_ms is not None for unit in units)
    if EventKind.TAKE_OVER in kinds or is_closed:
        if all(not asset.equity_end for asset in assets):
            return Outcome.LIQUIDATED
        is_all_closed = EventKind.TAKE_OVER not in kinds and not held_symbols(result.end)
        return Outcome.CLOSED if is_all_closed else Outcome.PARTLY
    return Outcome.REDUCED if kinds & set(REDUCTIONS) else Outcome.SURVIVED


def _asset(asset: str, result: ReplayResult, unknown: Mask) -> AssetSummary:
    equity = equity_of(result, asset, unknown)
    ends = (0, result.start), (len(equity) - 1, result.end)
    start, end = (_equity_at(asset, result, account, i, equity) for i, account in ends)
    return AssetSummary(asset, start, end, _lowest(equity, result))


@exact
def _equity_at(
    asset: str,
    result: ReplayResult,
    account: Account,
    point: int,
    equity: Values,
) -> Decimal | None:
    judged = assess(account, result.market_at(point), result.rulebook)
    healths = [unit.health for unit in judged.units if unit.asset == asset]
    if all(health is not None for health in healths):
        return sum((health.equity for health in healths if health is not None), ZERO)
    return _decimal(equity[point])


def _unit(name: str, track: Track, result: ReplayResult) -> UnitSummary:
    is_asked = track.maintenance_margin > 0
    buffer = np.where(is_asked, buffer_of(track), np.nan)
    health = np.where(is_asked, np.minimum(health_of(track), 1.0), np.nan)
    steps = [event for event in result.liquidations if event.unit == name and event.before]
    lows = [low for low in (_lowest(buffer, result),) if low is not None]
    highs = [Low(-low.amount, low.at_ms) for low in (_lowest(-health, result),) if low is not None]
    lows += [Low(event.before.buffer, event.at_ms) for event in steps if event.before]
    highs += [Low(Decimal(1), event.at_ms) for event in steps]
    takeover = next((e for e in steps if e.kind is EventKind.TAKE_OVER), None)
    return UnitSummary(
        name=name,
        asset=track.asset,
        is_pool=is_pool(name, track),
        smallest_buffer=min(lows, key=lambda low: (low.amount, low.at_ms), default=None),
        highest_health=max(highs, key=lambda high: (high.amount, -high.at_ms), default=None),
        taken_over_at_ms=takeover.at_ms if takeover else None,
        taken_over_equity=takeover.before.equity if takeover and takeover.before else None,
        closed_at_ms=None if takeover else _closed_at_ms(name, result, steps),
    )


def _closed_at_ms(name: str, result: ReplayResult, steps: list[Event]) -> int | None:
    # The first reduction after which, once that moment's steps are done, nothing of it is held.
    for event in steps:
        if event.kind not in REDUCTIONS:
            continue
        account = result.account_at(point_of(result, event.at_ms))
        units = units_of(account, result.rulebook)
        if not any(p.size for unit in units if unit.name == name for p in unit.positions):
            return event.at_ms
    return None


@exact
def _flows(events: tuple[Event, ...]) -> tuple[FlowSummary, ...]:
    found: dict[str, FlowSummary] = {}
    for event in events:
        if not event.asset:
            continue
        so_far = found.get(event.asset, FlowSummary(event.asset))
        found[event.asset] = FlowSummary(
            event.asset,
            so_far.realised_pnl + event.realised_pnl,
            so_far.funding + event.funding,
            so_far.fees + event.fee,
            so_far.fund_change + event.fund_change,
        )
    return tuple(found.values())


def _symbol(path: PricePath, symbol: str) -> SymbolSummary:
    marks = path.marks[:, path.symbols.index(symbol)]
    known = np.flatnonzero(np.isfinite(marks))
    low, high = int(np.nanargmin(marks)), int(np.nanargmax(marks))
    return SymbolSummary(
        symbol,
        exact_price(marks[known[0]]),
        exact_price(marks[-1]) if np.isfinite(marks[-1]) else None,
        Low(exact_price(marks[low]), int(path.at_ms[low])),
        Low(exact_price(marks[high]), int(path.at_ms[high])),
    )


def _lowest(values: Values, result: ReplayResult) -> Low | None:
    if not np.isfinite(values).any():
        return None
    point = int(np.nanargmin(values))
    amount = _decimal(values[point])
    return None if amount is None else Low(amount, int(result.path.at_ms[point]))


def _decimal(value: float) -> Decimal | None:
    # A screening value, to the places answers have.
    return down_to(EIGHT_PLACES, exact_price(value)) if np.isfinite(value) else None
