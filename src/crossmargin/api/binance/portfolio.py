"""An account judged, in the sums Binance prints: by asset, by position, and in all.

Every figure is the margin core's. In single-asset mode an asset's pool is its own and the totals
are those of USDT, as Binance has them; in multi-assets mode the totals are those of the one pool in
USD, after haircuts, and an asset's own figures are what it would be by itself.

Binance rounds to 8 places without saying how; here what is asked for is rounded up, all else down.
"""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.margin.assessment import Assessment, PositionAssessment, UnitAssessment
from crossmargin.margin.collateral import available
from crossmargin.margin.lookup import bucket_name, collateral_rates, contract_of
from crossmargin.margin.open_orders import Resting, add_open_orders
from crossmargin.margin.tally import Tally
from crossmargin.model.account import AssetsMode, MarginMode
from crossmargin.model.order import Side
from crossmargin.money import EIGHT_PLACES, ZERO, down_to, exact, plain, up_to
from crossmargin.venue.judging import judged_as
from crossmargin.venue.state import AccountState, State

TOTALS_ASSET = "USDT"
"""Whose figures are the totals in single-asset mode."""


class AssetSums(Struct, frozen=True):
    """What an account has of one asset, and what is asked of it, in the asset.

    `pool` is None where the account has none of it. Sums that are not known are zero, as the venue
    then lets nothing leave.
    """

    asset: str
    wallet: Decimal = ZERO
    cross_wallet: Decimal = ZERO
    pnl: Decimal = ZERO
    cross_pnl: Decimal = ZERO
    position_initial: Decimal = ZERO
    order_initial: Decimal = ZERO
    maintenance: Decimal = ZERO
    free: Decimal = ZERO
    withdrawable: Decimal = ZERO

    @property
    def initial(self) -> Decimal:
        """Return the initial margin of positions and orders together."""
        return self.position_initial + self.order_initial


class Portfolio:
    """One account at the venue's prices.

    Attributes
    ----------
    assessment : of the account as it is.
    """

    def __init__(self, state: State, account: AccountState) -> None:
        """Judge an account."""
        self.state, self.account = state, account
        self.view = account.view()
        self.assessment = judged_as(state, self.view, account.resting(state))

    @property
    def is_multi(self) -> bool:
        """Return whether all collateral is one pool."""
        return self.account.assets_mode is AssetsMode.MULTI

    def assets(self, names: list[str]) -> list[AssetSums]:
        """Return the sums of each of `names`, and of whatever else the account has."""
        apart = self.assessment
        if self.is_multi:
            single = replace(self.view, assets_mode=AssetsMode.SINGLE)
            apart = judged_as(self.state, single, self.account.resting(self.state))
        pools = {unit.asset: unit for unit in apart.pools}
        wanted = dict.fromkeys((*names, *pools))
        return [self._asset(asset, apart, pools.get(asset)) for asset in wanted]

    def totals(self, sums: list[AssetSums]) -> AssetSums:
        """Return the sums in all; see the module."""
        if not self.is_multi:
            found = (one for one in sums if one.asset == TOTALS_ASSET)
            return next(found, AssetSums(TOTALS_ASSET))
        pool = self.assessment.pools[0]
        health, wallet = pool.health, pool.wallet_balance or ZERO
        if health is None:
            return AssetSums(pool.asset, wallet, wallet)
        orders, pnl = pool.order_initial_margin or ZERO, health.equity - wallet
        return AssetSums(
            pool.asset,
            wallet,
            wallet,
            pnl,
            pnl,
            health.initial_margin - orders,
            orders,
            health.maintenance_margin,
            pool.free_margin or ZERO,
            pool.withdrawable or ZERO,
        )

    @exact
    def order_margin(self, symbol: str, side: Side | None) -> Decimal:
        """Return what resting orders of a symbol (in hedge mode, of a side) add, in its asset."""
        sums = self.resting(symbol, side)
        if sums is None:
            return ZERO
        settle = contract_of(symbol, self.state.rulebook).instrument.settle
        tally = Tally(ZERO)
        add_open_orders(
            {settle: tally},
            {(symbol, side): sums},
            self.view,
            self.state.market(),
            self.state.rulebook,
            {},
        )
        return tally.orders

    def resting(self, symbol: str, side: Side | None) -> Resting | None:
        """Return the sums of what rests of a symbol; None where nothing does."""
        return self.account.resting(self.state).get((symbol, side))

    def _asset(self, asset: str, apart: Assessment, pool: UnitAssessment | None) -> AssetSums:
        wallet = self.account.balances.get(asset, ZERO)
        if pool is None:
            free = self._free(asset, None)
            return AssetSums(asset, wallet, wallet, free=free)
        held = [one for one in apart.positions if self._settle(one) == asset]
        orders = pool.order_initial_margin or ZERO
        return AssetSums(
            asset,
            wallet,
            pool.wallet_balance or ZERO,
            _sum(one.unrealised_pnl for one in held),
            _sum(one.unrealised_pnl for one in held if one.mode is MarginMode.CROSS),
            _sum(one.initial_margin for one in held),
            orders,
            _sum(one.maintenance_margin for one in held),
            self._free(asset, pool),
            self._withdrawable(asset, pool),
        )

    def _settle(self, one: PositionAssessment) -> str:
        return contract_of(one.symbol, self.state.rulebook).instrument.settle

    def _free(self, asset: str, pool: UnitAssessment | None) -> Decimal:
        # In multi-assets mode: what of the asset the whole pool's free margin covers.
        if not self.is_multi:
            return (pool.free_margin if pool is not None else None) or ZERO
        free = self.assessment.pools[0].free_margin
        rates = collateral_rates(asset, self.state.market(), self.state.rulebook)
        if free is None or isinstance(rates, str):
            return ZERO
        return available(free, rates)

    def _withdrawable(self, asset: str, pool: UnitAssessment) -> Decimal:
        if not self.is_multi:
            return pool.withdrawable or ZERO
        return max(ZERO, min(self._free(asset, pool), self.account.balances.get(asset, ZERO)))


def bucket_of(portfolio: Portfolio, one: PositionAssessment) -> UnitAssessment | None:
    """Return the bucket an isolated position stands in; None for one in the pool."""
    name = bucket_name(one.position, portfolio.account.position_mode)
    units = portfolio.assessment.buckets
    return next((unit for unit in units if unit.name == name), None)


def asked(amount: Decimal | None) -> str:
    """Return an amount that is asked for, rounded up at 8 places; zero where it is not known."""
    return plain(up_to(EIGHT_PLACES, amount or ZERO))


def given(amount: Decimal | None) -> str:
    """Return any other amount, rounded down at 8 places; zero where it is not known."""
    return plain(down_to(EIGHT_PLACES, amount or ZERO))


def _sum(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((one or ZERO for one in amounts), ZERO)
