"""An account at a market, and what it would be if prices were elsewhere.

Every risk question is this one, asked for other moves. A move is a relative change per asset:
the underlyings of what is held or ordered, and the collateral that is no stable coin; all that is
quoted on an asset moves with it. One move is answered exactly, in decimals; many at once in
floats, with a bound of their error, for whoever then decides the close ones exactly.

Orders, leverage and ladders are held, volatility too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from crossmargin.errors import UnknownError, UsageError
from crossmargin.margin.arrays import HealthArrays, health
from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment
from crossmargin.margin.columns import Columns, columns
from crossmargin.margin.direction import liquidating_multiple
from crossmargin.margin.scenarios.path import Anchored, anchored, moved
from crossmargin.model.account import Account, AccountMode, AssetsMode
from crossmargin.model.market import Market
from crossmargin.money import ONE, ZERO, exact
from crossmargin.risk.tabulated import Elsewhere, Rowwise, tabulated
from crossmargin.rulebooks.schema import Rulebook

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Situation:
    """What is asked about; make one with `situation`.

    Attributes
    ----------
    now : the account judged where it is; everything in it is known.
    assets : what can move, in the order of the columns of moves.
    """

    now: Assessment
    assets: tuple[str, ...]

    @property
    def account(self) -> Account:
        """Return the account."""
        return self.now.account

    @property
    def market(self) -> Market:
        """Return the prices it is at."""
        return self.now.market

    @property
    def rulebook(self) -> Rulebook:
        """Return the rules it is judged by."""
        return self.now.rulebook

    @exact
    def market_at(self, moves: Mapping[str, Decimal]) -> Market:
        """Return the market after relative moves by asset; those not named stand still.

        Raises
        ------
        UsageError
            If an asset is not among `assets`, or a move leaves nothing of a price.
        """
        for asset, move in moves.items():
            if asset not in self.assets:
                raise UsageError(f"{asset} is nothing that the account has a stake in")
            if move <= -ONE:
                raise UsageError(f"a move of {asset} by {move} leaves nothing of its price")
        ratios = {asset: ONE + move for asset, move in moves.items() if move}
        return moved(self._start, ratios)

    def judged_at(self, moves: Mapping[str, Decimal]) -> Assessment:
        """Return the account after `moves`, exactly; errors as of `market_at`."""
        return assess(self.account, self.market_at(moves), self.rulebook)

    def health(self, moves: Floats) -> HealthArrays:
        """Return every unit's health after each row of `moves`, in floats.

        Parameters
        ----------
        moves : shape (n, n_assets), columns as `assets`; relative, above −1.

        Returns
        -------
        HealthArrays
            Units in the order of `now.units`; NaN where a ladder or table does not reach.
        """
        if self._table is not None:
            return self._table.health(moves)
        laid_out = self._columns
        marks = np.array([float(self.market.marks[one]) for one in laid_out.symbols])
        ratios = 1.0 + moves
        index = None
        if laid_out.is_multi:
            prices = np.array([float(self.market.index[asset]) for asset in laid_out.assets])
            index = prices * self._columns_of(laid_out.assets, ratios)
        bases = tuple(
            self.rulebook.contracts[symbol].instrument.base for symbol in laid_out.symbols
        )
        return health(laid_out, marks * self._columns_of(bases, ratios), index)

    def surplus(self, moves: Floats) -> Floats:
        """Return equity − maintenance margin of every unit after each row; shape (n, n_units)."""
        return self.health(moves).surplus

    def room(self, moves: Floats) -> Floats:
        """Return `surplus`, infinite for what is empty: a pool without money is at no edge."""
        found = self.surplus(moves)
        found[:, self.is_empty] = np.inf
        return found

    @exact
    def reach(self, moves: Mapping[str, Decimal]) -> Decimal | None:
        """Return the smallest k ≥ 0 at which k × `moves` liquidates something; None if never.

        Rounded towards zero at 8 places, as `margin.direction.liquidating_multiple`.

        Raises
        ------
        UnknownError
            If the move leads to where a ladder is not known.
        """
        vector = dict(moves)
        for symbol in self.account.symbols:
            vector[symbol] = moves.get(self.rulebook.contracts[symbol].instrument.base, ZERO)
        if not any(vector.values()):
            return None
        return liquidating_multiple(self.account, self.market, self.rulebook, vector)

    @cached_property
    def _start(self) -> Anchored:
        return anchored(self.account, self.market, self.rulebook)

    @cached_property
    def _columns(self) -> Columns:
        return columns(self.account, self.rulebook, self.market)

    @cached_property
    def is_empty(self) -> NDArray[np.bool_]:
        """Return of every unit whether there is nothing in it, as of a pool beside buckets."""
        healths = [unit.health for unit in self.now.units]
        return np.array(
            [one is not None and not one.equity and not one.maintenance_margin for one in healths]
        )

    @cached_property
    def is_searched(self) -> bool:
        """Return whether `reach` is a search, which is slow, and no walk along ladders."""
        contracts = self.rulebook.contracts
        has_options = any(contracts[one].instrument.kind.is_option for one in self.account.symbols)
        return self.account.mode is not AccountMode.STANDARD or has_options

    @cached_property
    def is_slow(self) -> bool:
        """Return whether `health` judges every row exactly: some thousand of them a second."""
        return isinstance(self._table, Rowwise)

    @cached_property
    def _table(self) -> Elsewhere | None:
        return tabulated(self.now, self.assets) if self.is_searched else None

    def _columns_of(self, names: tuple[str, ...], ratios: Floats) -> Floats:
        # The ratio of each name at every row; what is no asset here stands still.
        held = np.ones((len(ratios), len(names)))
        for place, name in enumerate(names):
            if name in self.assets:
                held[:, place] = ratios[:, self.assets.index(name)]
        return held


def situation(account: Account, market: Market, rulebook: Rulebook) -> Situation:
    """Return the account as something to ask about.

    Raises
    ------
    UnknownError
        If its health is unknown: the sentence names what is missing.
    UsageError
        As `margin.assess`.
    """
    now = assess(account, market, rulebook)
    if now.missing:
        raise UnknownError(f"risk is unknown without {', '.join(now.missing)}")
    return Situation(now, _assets(account, market, rulebook))


def _assets(account: Account, market: Market, rulebook: Rulebook) -> tuple[str, ...]:
    found = [rulebook.contracts[symbol].instrument.base for symbol in account.symbols]
    if account.assets_mode is AssetsMode.MULTI:
        for asset, amount in account.balances.items():
            collateral = rulebook.collateral.get(asset)
            if amount and asset in market.index and not (collateral and collateral.is_stable):
                found.append(asset)
    return tuple(dict.fromkeys(found))
