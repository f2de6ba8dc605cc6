"""Liquidation and bankruptcy prices as they move along the path.

In cross margin a position's liquidation price depends on every other position's mark, so it
moves all the time, and watching it come up to meet the price is what a liquidation looks like.
The exact core works it out (`assess(...).boundaries`) at a sample of points, because each one is
a search over all the ladder's pieces; the lines between them are drawn straight.

A bucket alone, or a pool with one symbol, has the same liquidation price whatever the others do:
there only the points at which the account changes are looked at.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

from crossmargin.margin.assess import assess
from crossmargin.margin.lookup import contract_of
from crossmargin.model.account import Account, AssetsMode, MarginMode
from crossmargin.model.order import Side
from crossmargin.replay.result import ReplayResult
from crossmargin.report.along import Mask
from crossmargin.report.thinning import Points, sampled

SAMPLES_MAX = 200
SAMPLES_MIN = 24
SAMPLE_COST_MAX = 1350
"""Samples × positions² at most: the work grows so, and a report should not be waited for."""

Key = tuple[str, Side]


@dataclass(frozen=True)
class Levels:
    """One position's prices at the sampled points, in the quote asset; None where there is none.

    Attributes
    ----------
    at_ms : rising; a moment comes twice where the account changed, before and after.
    lower, upper : liquidation prices below and above.
    bankruptcy : where its pool's or bucket's equity is zero.
    entry : average entry price.
    """

    symbol: str
    side: Side
    is_isolated: bool
    at_ms: list[int] = field(default_factory=list)
    lower: list[float | None] = field(default_factory=list)
    upper: list[float | None] = field(default_factory=list)
    bankruptcy: list[float | None] = field(default_factory=list)
    entry: list[float | None] = field(default_factory=list)


def levels_of(result: ReplayResult, points: Points, *, share: int = 1) -> list[Levels]:
    """Return the levels of every position there ever was, in order of appearance.

    Parameters
    ----------
    points : those that are drawn; samples are taken among them.
    share : how many results share the work that is allowed.
    """
    found: dict[Key, Levels] = {}
    starts = [start for start, _ in result.accounts]
    most = max(len(account.positions) for _, account in result.accounts)
    count = SAMPLE_COST_MAX // (share * max(1, most) ** 2)
    count = min(SAMPLES_MAX, max(SAMPLES_MIN, count))
    last = len(result.path.at_ms) - 1
    breaks = {point: before for point, before in _breaks(result) if point <= last}
    chosen = {*sampled(points, [*breaks, *starts], count).tolist(), 0, last}
    for point in sorted(chosen | set(_thinned(list(breaks), count // 2))):
        account = result.accounts[bisect_right(starts, point) - 1][1]
        # The account before meets the prices of the point that changes it: there it broke.
        if point in breaks:
            _sample(result, breaks[point], point, found)
        if _is_moving(account, result) or {point} & {*starts, last}:
            _sample(result, account, point, found)
    return list(found.values())


def drawn_on(
    sampled_ms: list[int], values: list[float | None], at_ms: list[int], is_before: Mask
) -> list[float | None]:
    """Return sampled values on another time axis, straight between samples.

    None outside the samples and beside one that is None. A moment that was sampled twice gives
    its first value where `is_before` says so, else its last.
    """
    drawn: list[float | None] = []
    for moment, wants_first in zip(at_ms, is_before.tolist(), strict=True):
        left = bisect_right(sampled_ms, moment) - 1
        if left < 0 or (moment > sampled_ms[left] and left + 1 == len(sampled_ms)):
            drawn.append(None)
            continue
        if moment == sampled_ms[left]:
            left = bisect_left(sampled_ms, moment) if wants_first else left
            drawn.append(values[left])
            continue
        start, end = values[left], values[left + 1]
        if start is None or end is None:
            drawn.append(None)
            continue
        fraction = (moment - sampled_ms[left]) / (sampled_ms[left + 1] - sampled_ms[left])
        drawn.append(start + fraction * (end - start))
    return drawn


def _breaks(result: ReplayResult) -> list[tuple[int, Account]]:
    # Where positions changed, not just money, with the account before.
    return [
        (start, before)
        for (_, before), (start, after) in pairwise(result.accounts)
        if _sizes(before) != _sizes(after)
    ]


def _sizes(account: Account) -> list[tuple[str, Decimal]]:
    return [(position.symbol, position.size) for position in account.positions]


def _thinned(points: list[int], count: int) -> list[int]:
    step = -(-len(points) // max(1, count))
    return points[::step] if points else []


def _sample(
    result: ReplayResult,
    account: Account,
    point: int,
    found: dict[Key, Levels],
) -> None:
    at_ms = int(result.path.at_ms[point])
    open_now = {(position.symbol, position.side) for position in account.positions}
    for key, levels in found.items():
        if key not in open_now:
            _add(levels, at_ms, None, None, None, None)
    if not open_now:
        return
    boundaries = assess(account, result.market_at(point), result.rulebook).boundaries
    for position, boundary in zip(account.positions, boundaries.positions, strict=True):
        key = (position.symbol, position.side)
        is_isolated = position.mode is MarginMode.ISOLATED
        levels = found.setdefault(key, Levels(*key, is_isolated))
        if boundary is None:
            _add(levels, at_ms, None, None, None, position.entry_price)
        else:
            lower, upper = boundary.lower, boundary.upper
            _add(levels, at_ms, lower, upper, boundary.bankruptcy_price, position.entry_price)


def _add(
    levels: Levels,
    at_ms: int,
    lower: Decimal | None,
    upper: Decimal | None,
    bankruptcy: Decimal | None,
    entry: Decimal | None,
) -> None:
    levels.at_ms.append(at_ms)
    for line, value in (
        (levels.lower, lower),
        (levels.upper, upper),
        (levels.bankruptcy, bankruptcy),
        (levels.entry, entry),
    ):
        line.append(None if value is None else float(value))


def _is_moving(account: Account, result: ReplayResult) -> bool:
    # Whether one symbol's price changes another's liquidation price.
    if account.assets_mode is AssetsMode.MULTI:
        return True
    pools: dict[str, set[str]] = {}
    for position in account.positions:
        if position.mode is MarginMode.CROSS:
            settle = contract_of(position.symbol, result.rulebook).instrument.settle
            pools.setdefault(settle, set()).add(position.symbol)
    return any(len(symbols) > 1 for symbols in pools.values())
