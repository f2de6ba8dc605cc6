"""An account's margin at the venue's own prices, as it is and as it would be.

Everything that asks whether an account may do something asks here, so that there is one market and
one rulebook to a question. The formulas are the margin core's; nothing is decided or changed.

Unknown is an answer of its own (None) and never counts as enough.
"""

from collections.abc import Mapping
from decimal import Decimal

from msgspec.structs import replace

from crossmargin.errors import InvariantBroken
from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment, UnitAssessment
from crossmargin.margin.lookup import cross_wallets
from crossmargin.margin.open_orders import Resting, RestingKey
from crossmargin.margin.requirement import Exposure, tier_number
from crossmargin.model.account import Account, AssetsMode, MarginMode, PositionMode
from crossmargin.model.order import Side
from crossmargin.money import ZERO, exact
from crossmargin.rulebooks.schema import Contract, Rulebook
from crossmargin.venue.state import AccountState, State


def judged(state: State, name: str) -> Assessment:
    """Return the assessment of an account at the venue's prices and by its rulebook.

    Its orders count by their sums and are not listed in it: what this costs does not grow with
    them. `judged_with_orders` lists them.

    Raises
    ------
    InvariantBroken
        If there is no such account.
    """
    account = _there(state, name)
    return judged_as(state, account.bare(), account.resting(state))


def judged_with_orders(state: State, name: str) -> Assessment:
    """Return the same assessment, of the account with its orders.

    Raises
    ------
    InvariantBroken
        If there is no such account.
    """
    return judged_as(state, _there(state, name).view())


def _there(state: State, name: str) -> AccountState:
    account = state.accounts.get(name)
    if account is None:
        raise InvariantBroken(f"there is no account {name} to judge")
    return account


def judged_as(
    state: State, account: Account, resting: Mapping[RestingKey, Resting] | None = None
) -> Assessment:
    """Return the assessment of what an account would be, at the venue's prices.

    An account without anything has one empty pool, of the venue's first settle asset.

    Parameters
    ----------
    resting : sums that stand for the account's orders, which are not looked at then.
    """
    if not (account.balances or account.positions or account.orders or resting):
        account = replace(account, balances={_first_asset(state.rulebook): ZERO})
    return assess(account, state.market(), state.rulebook, resting)


def _first_asset(rulebook: Rulebook) -> str:
    for contract in rulebook.contracts.values():
        return contract.instrument.settle
    return next(iter(rulebook.collateral), "USD")


def pool_of(assessment: Assessment, asset: str) -> UnitAssessment | None:
    """Return the pool in which `asset` counts; None where there is none of it."""
    if assessment.account.assets_mode is AssetsMode.MULTI:
        return assessment.pools[0]
    return next((pool for pool in assessment.pools if pool.asset == asset), None)


def bucket_of(assessment: Assessment, symbol: str, side: Side | None) -> UnitAssessment | None:
    """Return an isolated position's bucket; `side` is only looked at in hedge mode."""
    is_hedge = assessment.account.position_mode is PositionMode.HEDGE
    for bucket in assessment.buckets:
        if bucket.symbol == symbol and (not is_hedge or bucket.side is side):
            return bucket
    return None


@exact
def is_margin_enough(assessment: Assessment, asset: str | None = None) -> bool | None:
    """Return whether what is asked for opening is there; None where that is unknown.

    Pools: equity − initial margin − open loss ≥ 0. Buckets stand for themselves: they must be
    known and alive, but one that has lost may have less than its initial margin, and no pool is
    asked for that. A unit that is known to lack decides, whatever is unknown of others.

    Parameters
    ----------
    asset : look only at the pool in which this asset counts, and at no bucket.
    """
    pools = assessment.pools
    buckets = assessment.buckets
    if asset is not None:
        pool = pool_of(assessment, asset)
        pools, buckets = ((pool,) if pool else ()), ()
    is_known = True
    for pool in pools:
        left = margin_left(pool)
        if left is not None and left < 0:
            return False
        is_known = is_known and left is not None
    for bucket in buckets:
        if bucket.is_liquidatable:
            return False
        is_known = is_known and bucket.health is not None
    return True if is_known else None


@exact
def margin_left(unit: UnitAssessment) -> Decimal | None:
    """Return equity − initial margin − open loss, which may be below zero; None if unknown.

    Exact, in the unit's asset. Source: Binance, "available to trade".
    """
    if unit.health is None or unit.open_loss is None or unit.initial_missing:
        return None
    return unit.health.equity - unit.health.initial_margin - unit.open_loss


@exact
def may_leave(after: Assessment, asset: str, profit_fraction: Decimal = ZERO) -> bool | None:
    """Return whether money in `asset` may leave a pool, judged as if it had; None if unknown.

    It may if the pool still has what opening asks for, and if no unrealised profit has left with
    it: neither the pool's wallet nor that asset's own, buckets not counted, is below zero. In
    single-asset mode this is the same as that the amount was not above `withdrawable`; in
    multi-assets mode it also knows that haircuts grow with what is held.

    Parameters
    ----------
    profit_fraction : the part of unrealised profit that may leave all the same.
    """
    if wallet_and_profit(after, asset, profit_fraction) < 0:
        return False
    pool = pool_of(after, asset)
    if pool is None:
        return True
    left = margin_left(pool)
    if left is None or pool.health is None or pool.wallet_balance is None:
        return None
    wallet, equity = pool.wallet_balance, pool.health.equity
    wallet += profit_fraction * max(ZERO, equity - wallet)
    return min(left, wallet, equity - pool.transfer_floor) >= 0


@exact
def wallet_and_profit(
    assessment: Assessment, asset: str, profit_fraction: Decimal = ZERO
) -> Decimal:
    """Return what an account has of `asset` outside buckets, and a part of its profit in it; exact.

    The profit is that of all cross positions settled in the asset together, unknown ones left out.
    """
    wallet = own_wallet(assessment.account, asset, assessment.rulebook)
    if not profit_fraction:
        return wallet
    contracts = assessment.rulebook.contracts
    profits = (
        held.unrealised_pnl or ZERO
        for held in assessment.positions
        if held.mode is MarginMode.CROSS and contracts[held.symbol].instrument.settle == asset
    )
    return wallet + profit_fraction * max(ZERO, sum(profits, ZERO))


@exact
def own_wallet(account: Account, asset: str, rulebook: Rulebook) -> Decimal:
    """Return what an account has of `asset` outside isolated buckets; exact."""
    return cross_wallets(account, rulebook).get(asset, ZERO)


@exact
def is_symbol_covered(
    state: State, after: Account, contract: Contract, *, is_opening: bool
) -> bool | None:
    """Return whether what a symbol's pool and buckets are asked for is there; None if unknown.

    True where the symbol is neither held nor ordered.

    Parameters
    ----------
    is_opening : whether what opening asks for must be there (initial margin, open loss), or only
        what keeps it alive.
    """
    symbol = contract.instrument.symbol
    symbols = [position.symbol for position in after.positions]
    if symbol not in symbols + [order.symbol for order in after.orders]:
        return True
    assessment = judged_as(state, after)
    pool = pool_of(assessment, contract.instrument.settle)
    units = [bucket for bucket in assessment.buckets if bucket.symbol == symbol]
    if pool is not None:
        units.insert(0, pool)
    is_known = True
    for unit in units:
        left = margin_left(unit)
        if unit.is_liquidatable or (is_opening and left is not None and left < 0):
            return False
        is_known = is_known and (left if is_opening else unit.health) is not None
    return True if is_known else None


@exact
def leverage_max(state: State, account: Account, contract: Contract) -> Decimal | None:
    """Return the most leverage the ladder allows for what a symbol holds and has ordered.

    It is that of the tier which the largest size falls into that the symbol can come to, at mark:
    all buys filled, or all sells. The first tier's where there is neither. None where ladder or
    mark are not known. Source: Binance, error -2027 (maximum position at current leverage).
    """
    tiers = contract.tiers
    if tiers is None:
        return None
    size = _size_at_most(account, contract.instrument.symbol)
    if not size:
        return tiers.pieces[0].leverage_max
    mark = state.market().marks.get(contract.instrument.symbol)
    if mark is None:
        return None
    place = tier_number(Exposure.of_size(size, mark, contract.instrument), tiers)
    return None if place is None else tiers.pieces[place].leverage_max


def _size_at_most(account: Account, symbol: str) -> Decimal:
    is_hedge = account.position_mode is PositionMode.HEDGE
    largest = ZERO
    for side in (Side.LONG, Side.SHORT) if is_hedge else (None,):
        held = [one for one in account.positions if one.symbol == symbol]
        size = sum((one.size for one in held if side in (None, one.side)), ZERO)
        sizes = [
            order.size
            for order in account.orders
            if order.symbol == symbol and order.side is side and not order.reduce_only
        ]
        buys = size + sum((one for one in sizes if one > 0), ZERO)
        sells = size + sum((one for one in sizes if one < 0), ZERO)
        largest = max(largest, abs(buys), abs(sells))
    return largest
