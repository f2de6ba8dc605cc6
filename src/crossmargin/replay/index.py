"""Index prices of collateral along a path, where only marks are known.

Candle files hold marks of contracts, not index prices of assets. Stable assets keep the index
the account came with; any other moves in proportion to the mark of a contract it is the base of,
or, where the path has none, keeps its index too. Either is an assumption, and said.
"""

from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from crossmargin.feeds.path import PricePath
from crossmargin.feeds.series import exact as exact_price
from crossmargin.model.market import Market
from crossmargin.rulebooks.schema import Rulebook


class IndexPath:
    """Index prices per asset at every point; an asset without a start has none (NaN)."""

    def __init__(self, path: PricePath, rulebook: Rulebook, start: dict[str, Decimal]) -> None:
        """Prepare the path of every asset in `start` (USD per unit at the first point)."""
        self._columns: dict[str, NDArray[np.float64]] = {}
        self._count = len(path.at_ms)
        said: list[str] = []
        for asset, price in start.items():
            symbol = _follows(asset, path, rulebook)
            moves = np.ones(self._count)
            if symbol is None:
                said.append(f"The index price of {asset} is held at {price:f}.")
            else:
                marks = path.marks[:, path.symbols.index(symbol)]
                known = np.flatnonzero(np.isfinite(marks))
                moves = marks / marks[known[0]] if len(known) else np.full(self._count, np.nan)
                said.append(f"The index price of {asset} moves with the mark price of {symbol}.")
            self._columns[asset] = float(price) * moves
        self.assumptions = tuple(said)

    def rows(self, assets: tuple[str, ...], start: int, end: int) -> NDArray[np.float64]:
        """Return index prices, shape (end − start, n_assets); NaN where unknown."""
        absent = np.full(self._count, np.nan)
        return np.column_stack([self._columns.get(asset, absent)[start:end] for asset in assets])

    def at(self, point: int) -> dict[str, Decimal]:
        """Return the index prices known at a point, as the decimals their floats stand for."""
        row = {asset: float(prices[point]) for asset, prices in self._columns.items()}
        return {asset: exact_price(price) for asset, price in row.items() if np.isfinite(price)}


def market_at(path: PricePath, index: IndexPath, point: int) -> Market:
    """Return the prices known at a point, as the decimals their floats stand for."""
    marks = {
        symbol: exact_price(mark)
        for symbol, mark in zip(path.symbols, path.marks[point].tolist(), strict=True)
        if np.isfinite(mark)
    }
    return Market(marks, index.at(point), int(path.at_ms[point]))


def _follows(asset: str, path: PricePath, rulebook: Rulebook) -> str | None:
    collateral = rulebook.collateral.get(asset)
    if collateral is not None and collateral.is_stable:
        return None
    for symbol in path.symbols:
        contract = rulebook.contracts.get(symbol)
        if contract is not None and contract.instrument.base == asset:
            return symbol
    return None
