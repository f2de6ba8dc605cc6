"""One result along its path: what is known where, as arrays and as markets.

A track says NaN both where a bucket does not exist and where its health is unknown. The first is
worth nothing, the second anything; a report that mixes them up shows losses that never were. So
the points at which anything held has no price are found from the accounts, and told apart here.

Screening values (float64) throughout; money that counts comes from receipts and `assess`.
"""

import numpy as np
from numpy.typing import NDArray

from crossmargin.feeds.path import PricePath
from crossmargin.model.account import Account
from crossmargin.replay.result import ReplayResult, Track

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]


def assets_of(result: ReplayResult) -> tuple[str, ...]:
    """Return the assets that equity is counted in, the ones with a pool first come first."""
    return tuple(dict.fromkeys(track.asset for track in result.tracks.values()))


def is_pool(name: str, track: Track) -> bool:
    """Return whether a track is a shared pool, rather than one position's bucket."""
    return name == track.asset


def stretches(result: ReplayResult) -> list[tuple[int, int, Account]]:
    """Return which account is in force from which point to before which, in order."""
    starts = [start for start, _ in result.accounts]
    ends = [*starts[1:], len(result.path.at_ms)]
    return [
        (start, end, account)
        for (start, account), end in zip(result.accounts, ends, strict=True)
        if start < end
    ]


def unknown_points(result: ReplayResult) -> Mask:
    """Return where something held has no price, shape (n_points,)."""
    unknown = np.zeros(len(result.path.at_ms), dtype=np.bool_)
    is_missing = ~np.isfinite(result.path.marks)
    for start, end, account in stretches(result):
        columns = [result.path.symbols.index(symbol) for symbol in held_symbols(account)]
        unknown[start:end] = is_missing[start:end, columns].any(axis=1)
    return unknown


def undecided_points(result: ReplayResult, unknown: Mask) -> Mask:
    """Return where health is unknown: no price, or no margin tier for what is held."""
    undecided = unknown.copy()
    for track in result.tracks.values():
        undecided |= np.isfinite(track.equity) & np.isnan(track.maintenance_margin)
    return undecided


def held_symbols(account: Account) -> tuple[str, ...]:
    """Return the symbols of the account's open positions, each once."""
    return tuple(dict.fromkeys(p.symbol for p in account.positions if p.size))


def symbols_of(result: ReplayResult) -> tuple[str, ...]:
    """Return the symbols the account ever held or had an order or event on, in path order.

    Those that never have a price are left out: there is nothing to show of them.
    """
    named = {symbol for event in result.events for symbol in event.symbol.split(" ")}
    for _, account in result.accounts:
        named.update(account.symbols)
    return tuple(symbol for symbol in priced_symbols(result.path) if symbol in named)


def priced_symbols(path: PricePath) -> tuple[str, ...]:
    """Return the symbols that have a price at some point of a path."""
    return tuple(
        symbol
        for column, symbol in enumerate(path.symbols)
        if np.isfinite(path.marks[:, column]).any()
    )


def equity_of(result: ReplayResult, asset: str, unknown: Mask) -> Values:
    """Return pool and buckets of `asset` together, shape (n_points,); NaN where unknown."""
    total = np.zeros(len(result.path.at_ms))
    for track in result.tracks.values():
        if track.asset == asset:
            total += np.nan_to_num(track.equity)
    total[unknown] = np.nan
    return total


def buffer_of(track: Track) -> Values:
    """Return equity − maintenance margin, shape (n_points,)."""
    return track.equity - track.maintenance_margin


def health_of(track: Track) -> Values:
    """Return maintenance margin ÷ equity, shape (n_points,), as a fraction.

    Zero where nothing is asked; infinite where something is asked of no equity; NaN where
    unknown, and where there is only debt.
    """
    asked, equity = track.maintenance_margin, track.equity
    with np.errstate(divide="ignore", invalid="ignore"):
        fraction: Values = np.where(equity > 0, asked / equity, np.inf)
    fraction[(asked == 0) & (equity >= 0)] = 0.0
    fraction[np.isnan(equity) | np.isnan(asked) | ((asked == 0) & (equity < 0))] = np.nan
    return fraction


def point_of(result: ReplayResult, at_ms: int) -> int:
    """Return the first point at or after a moment, else the last one."""
    found = int(np.searchsorted(result.path.at_ms, at_ms, side="left"))
    return min(found, len(result.path.at_ms) - 1)
