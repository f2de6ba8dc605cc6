"""Many moves at once where no ladder twin can be asked: portfolio mode, and options.

What a unit of positions is worth and asked for depends on the move of its own underlying alone. So
it is worked out exactly on a grid of moves once, and read off by straight lines for as many moves
as anybody asks; collateral is converted at every move as it is. The bound of the error is that of
the lines, a quarter of the largest second difference nearby, beside what floats lose.

Where parts cannot be taken apart so (Derive margins collateral within the unit, pooled accounts
share a ratio, standard mode nets options by expiry), but one asset alone moves, the whole account
is such a table (`OneLine`). Where several do, every row is judged exactly: `Rowwise`, slow and
right.

Open orders are left out of initial margin here: they ask nothing of maintenance margin.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from crossmargin.margin.arrays import ERROR_FRACTION, HealthArrays, worth
from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment
from crossmargin.margin.columns import Purse, purse_of_many
from crossmargin.margin.pnl import unrealised_pnl
from crossmargin.margin.scenarios.grouping import USD, units_of
from crossmargin.margin.scenarios.methods import requirement
from crossmargin.margin.scenarios.path import Anchored, anchored, mark_of, moved
from crossmargin.model.account import AssetsMode
from crossmargin.model.market import Market
from crossmargin.money import ONE, ZERO, exact

Floats = NDArray[np.float64]

ROUNDING_USD = 1e-3
"""What venues' own roundings of a unit can come to: Bybit floors each cell at 4 places."""

RATIOS = np.unique(
    np.concatenate([np.exp(np.arange(-150, 151) * 0.004), np.exp(np.arange(-92, 93) * 0.05), [1.0]])
)
"""The multiples of a price that are tabulated: 0.4 % apart within ±45 %, then 5 %, to a hundredth
and to a hundred times."""


class Elsewhere(Protocol):
    """Health of every unit after each row of moves."""

    def health(self, moves: Floats) -> HealthArrays:
        """Return it; `moves` has a column per asset."""
        ...


@dataclass(frozen=True)
class Part:
    """One underlying's positions at every tabulated ratio.

    Attributes
    ----------
    profit : by the asset it settles in: open profit and worth of options.
    initial, maintenance : of the unit, in `asset`.
    column : of the underlying among the moves.
    """

    column: int
    asset: str
    profit: Mapping[str, Floats]
    initial: Floats
    maintenance: Floats


@dataclass(frozen=True)
class Tabulated:
    """An account in portfolio mode as tables; make one with `tabulated`."""

    parts: tuple[Part, ...]
    purses: tuple[tuple[str, Purse], ...]
    prices: Mapping[str, float]
    assets: tuple[str, ...]
    is_multi: bool

    def health(self, moves: Floats) -> HealthArrays:
        """Return the health of every pool; NaN beyond what is tabulated."""
        ratios = 1.0 + moves
        profit = {name: np.zeros(len(moves)) for name, _ in self.purses}
        asked = {name: (np.zeros(len(moves)), np.zeros(len(moves))) for name in (*profit, USD)}
        error = np.zeros(len(moves))
        for part in self.parts:
            at = ratios[:, part.column]
            for settle, table in part.profit.items():
                profit[settle] += _read(at, table)
                error += _off(at, table) * self._price(settle, ratios)
            for total, table in zip(
                asked[part.asset], (part.initial, part.maintenance), strict=True
            ):
                total += _read(at, table)
            error += _off(at, part.maintenance) * self._price(part.asset, ratios)
            error += ROUNDING_USD if part.asset == USD else 0.0
        if not self.is_multi:
            return self._single(profit, asked, error)
        equity = np.zeros(len(moves))
        initial, maintenance = (table.copy() for table in asked[USD])
        scale = np.abs(maintenance)
        for name, purse in self.purses:
            price = self._price(name, ratios)
            held = worth(purse.wallet + profit[name], price, purse)
            debt = np.maximum(-held, 0.0)
            equity += held
            initial += debt * purse.borrow_initial
            initial += np.maximum(held, 0.0) * (1 - purse.initial_scale)
            maintenance += debt * purse.borrow_maintenance
            scale += (abs(purse.wallet) + np.abs(profit[name])) * price
        return _one(equity, initial, maintenance, error + ERROR_FRACTION * scale)

    def _single(
        self,
        profit: Mapping[str, Floats],
        asked: Mapping[str, tuple[Floats, Floats]],
        error: Floats,
    ) -> HealthArrays:
        equity = np.stack([purse.wallet + profit[name] for name, purse in self.purses], axis=1)
        initial = np.stack([asked[name][0] for name, _ in self.purses], axis=1)
        maintenance = np.stack([asked[name][1] for name, _ in self.purses], axis=1)
        floats = ERROR_FRACTION * (np.abs(equity) + maintenance)
        return HealthArrays(
            equity, initial, maintenance, np.zeros_like(equity), error[:, None] + floats
        )

    def _price(self, asset: str, ratios: Floats) -> Floats:
        # What errors and collateral are counted at: in single-asset mode each pool is its own.
        if not self.is_multi or asset == USD:
            return np.ones(len(ratios))
        moved_by = ratios[:, self.assets.index(asset)] if asset in self.assets else 1.0
        return np.ones(len(ratios)) * self.prices[asset] * moved_by


@dataclass(frozen=True)
class Rowwise:
    """An account that is judged exactly at every row."""

    now: Assessment
    assets: tuple[str, ...]

    @exact
    def health(self, moves: Floats) -> HealthArrays:
        """Return the health of every unit; NaN where the exact core knows none."""
        start = anchored(self.now.account, self.now.market, self.now.rulebook)
        rows = [self._row(start, row) for row in moves.tolist()]
        equity, initial, maintenance = (
            (
                np.array(column).reshape(len(rows), len(self.now.units))
                for column in zip(*rows, strict=True)
            )
            if rows
            else (np.zeros((0, len(self.now.units))),) * 3
        )
        floats = 4 * np.finfo(float).eps * (np.abs(equity) + np.abs(maintenance))
        return HealthArrays(equity, initial, maintenance, np.zeros_like(equity), floats)

    def _row(
        self, start: Anchored, row: list[float]
    ) -> tuple[list[float], list[float], list[float]]:
        ratios = {
            asset: ONE + Decimal(repr(move)) for asset, move in zip(self.assets, row, strict=True)
        }
        there = moved(start, ratios)
        found = assess(self.now.account, there, self.now.rulebook)
        nan = float("nan")
        healths = [unit.health for unit in found.units]
        return (
            [nan if one is None else float(one.equity) for one in healths],
            [nan if one is None else float(one.initial_margin) for one in healths],
            [nan if one is None else float(one.maintenance_margin) for one in healths],
        )


@dataclass(frozen=True)
class OneLine:
    """An account that one asset moves, judged exactly at every tabulated ratio; make with `of`."""

    table: HealthArrays

    @classmethod
    def of(cls, rows: Rowwise) -> "OneLine":
        """Return the table of what `rows` judges."""
        return cls(rows.health(RATIOS[:, None] - 1.0))

    def health(self, moves: Floats) -> HealthArrays:
        """Return the health of every unit; NaN beyond what is tabulated."""
        at = 1.0 + moves[:, 0]
        found = self.table
        tables = (found.equity, found.initial_margin, found.maintenance_margin)
        equity, initial, maintenance = (_each(_read, at, table) for table in tables)
        error = _each(_off, at, found.equity) + _each(_off, at, found.maintenance_margin)
        floats = ERROR_FRACTION * (np.abs(equity) + np.abs(maintenance))
        return HealthArrays(
            equity, initial, maintenance, np.zeros_like(equity), error + ROUNDING_USD + floats
        )


@exact
def tabulated(now: Assessment, assets: tuple[str, ...]) -> Elsewhere:
    """Return the account ready for many moves of `assets`."""
    rule = now.rulebook.portfolio
    if not now.has_scenarios or rule is None or rule.is_collateral_margined:
        rows = Rowwise(now, assets)
        return OneLine.of(rows) if len(assets) == 1 else rows
    account, rulebook = now.account, now.rulebook
    start = anchored(account, now.market, rulebook)
    settles = {rulebook.contracts[one.symbol].instrument.settle for one in account.positions}
    names = tuple(dict.fromkeys((*account.balances, *sorted(settles))))
    is_multi = account.assets_mode is AssetsMode.MULTI
    purses = tuple(
        (name, purse_of_many(0, name, account.balances.get(name, ZERO), rulebook)) for name in names
    )
    bases = dict.fromkeys(
        rulebook.contracts[one.symbol].instrument.base for one in account.positions if one.size
    )
    parts = tuple(part for base in bases for part in _parts(base, now, start, assets.index(base)))
    prices = {name: float(now.market.index[name]) for name in names if name in now.market.index}
    return Tabulated(parts, purses, prices, assets, is_multi)


def _parts(base: str, now: Assessment, start: Anchored, column: int) -> list[Part]:
    # A unit per asset it is counted in: one in multi-assets mode, one per settle asset else.
    markets = [moved(start, {base: Decimal(repr(ratio))}) for ratio in RATIOS.tolist()]
    held = [
        one
        for one in now.account.positions
        if one.size and now.rulebook.contracts[one.symbol].instrument.base == base
    ]
    profit: dict[str, list[float]] = {}
    asked: dict[str, list[tuple[float, float]]] = {}
    for market in markets:
        sums: dict[str, Decimal] = {}
        for one in held:
            instrument = now.rulebook.contracts[one.symbol].instrument
            mark = mark_of(instrument, market) or ZERO
            gain = one.size * instrument.multiplier * mark
            if instrument.option is None:
                gain = unrealised_pnl(one.size, one.entry_price, mark, instrument)
            sums[instrument.settle] = sums.get(instrument.settle, ZERO) + gain
        for settle, amount in sums.items():
            profit.setdefault(settle, []).append(float(amount))
        for asset, row in _asked(base, now, market).items():
            asked.setdefault(asset, []).append(row)
    tables = {settle: np.array(amounts) for settle, amounts in profit.items()}
    return [
        Part(
            column,
            asset,
            tables if place == 0 else {},
            np.array([initial for initial, _ in rows]),
            np.array([maintenance for _, maintenance in rows]),
        )
        for place, (asset, rows) in enumerate(asked.items())
    ]


def _asked(base: str, now: Assessment, market: Market) -> dict[str, tuple[float, float]]:
    rule = now.rulebook.portfolio
    found: dict[str, tuple[float, float]] = {}
    if rule is None:
        return found
    for unit in units_of(now.account, market, now.rulebook).units:
        if unit.name == base:
            one = requirement(unit, rule)
            found[one.asset] = (float(one.initial_margin), float(one.maintenance_margin))
    return found


def _read(at: Floats, table: Floats) -> Floats:
    return np.interp(at, RATIOS, table, left=np.nan, right=np.nan)


def _each(read: Callable[[Floats, Floats], Floats], at: Floats, table: Floats) -> Floats:
    return np.stack([read(at, column) for column in table.T], axis=1)


def _off(at: Floats, table: Floats) -> Floats:
    # How far the straight lines may be from what is between their ends.
    bend = np.zeros_like(table)
    steps = np.diff(table) / np.diff(RATIOS)
    bend[1:-1] = np.abs(np.diff(steps)) * np.maximum(np.diff(RATIOS)[:-1], np.diff(RATIOS)[1:]) / 4
    near = np.maximum(bend, np.maximum(np.roll(bend, 1), np.roll(bend, -1)))
    place = np.clip(np.searchsorted(RATIOS, at), 0, len(RATIOS) - 1)
    return near[place]


def _one(equity: Floats, initial: Floats, maintenance: Floats, error: Floats) -> HealthArrays:
    columns = (values[:, None] for values in (equity, initial, maintenance))
    equity, initial, maintenance = columns
    return HealthArrays(equity, initial, maintenance, np.zeros_like(equity), error[:, None])
