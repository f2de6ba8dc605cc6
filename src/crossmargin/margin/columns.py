"""An account laid out for the array twin: which leg draws on which purse, in floats.

No formula is here; `margin.arrays` has them. The layout mirrors `margin.assess`: one purse per
settle asset and one per isolated bucket, purses of all assets in one unit in multi-assets mode.
"""

from dataclasses import dataclass
from decimal import Decimal

from crossmargin.margin.lookup import POOL_USD, contract_of, leverage_of
from crossmargin.margin.orders import Quote, assumed_price
from crossmargin.model.account import Account, AssetsMode, MarginMode, PositionMode
from crossmargin.model.order import Order, Side
from crossmargin.model.tiers import Tiers
from crossmargin.money import ONE, ZERO
from crossmargin.rulebooks.schema import Rulebook


@dataclass(frozen=True)
class Leg:
    """A position: quantity is size × multiplier; `symbol`, `purse` are positions in Columns."""

    symbol: int
    purse: int
    quantity: float
    entry_price: float
    is_inverse: bool
    leverage: float
    tiers: Tiers | None


@dataclass(frozen=True)
class RestingOrder:
    """An order that holds margin: its price is `limit_price`, or mark × `mark_factor`."""

    quantity: float
    limit_price: float | None
    mark_factor: float
    is_reduce_only: bool


@dataclass(frozen=True)
class OrderGroup:
    """The orders of a symbol (of a side, in hedge mode) and the quantity they are netted with."""

    symbol: int
    purse: int
    held: float
    is_inverse: bool
    leverage: float
    orders: tuple[RestingOrder, ...]


@dataclass(frozen=True)
class Purse:
    """Money of one asset; the factors turn its index price into bid and ask rates."""

    unit: int
    asset: int
    wallet: float
    bid_factor: float
    ask_factor: float


@dataclass(frozen=True)
class Columns:
    """An account prepared for many observations.

    Attributes
    ----------
    symbols : what the columns of `marks` are.
    assets : what the columns of `index` are; empty in single-asset mode.
    units, unit_assets : names of the pools and buckets, in the order of `Assessment.units`, and
        the asset each is counted in.
    """

    symbols: tuple[str, ...]
    assets: tuple[str, ...]
    units: tuple[str, ...]
    unit_assets: tuple[str, ...]
    is_multi: bool
    legs: tuple[Leg, ...]
    groups: tuple[OrderGroup, ...]
    purses: tuple[Purse, ...]


def columns(account: Account, rulebook: Rulebook) -> Columns:
    """Return `account` laid out for `arrays.health`.

    Raises
    ------
    UsageError
        If a symbol is not in the rulebook.
    """
    is_multi = account.assets_mode is AssetsMode.MULTI
    # Orders that wait for a trigger hold no margin: they open no pool, as in `assess`.
    resting = [order.symbol for order in account.orders if not order.type.is_conditional]
    named = [position.symbol for position in account.positions] + resting
    symbols = tuple(dict.fromkeys(named))
    settles = [contract_of(symbol, rulebook).instrument.settle for symbol in symbols]
    assets = tuple(dict.fromkeys((*account.balances, *settles)))
    wallets = [account.balances.get(asset, ZERO) for asset in assets]
    is_hedge = account.position_mode is PositionMode.HEDGE
    names: list[str] = []
    bucket_purses: list[tuple[int, Decimal]] = []
    legs: list[Leg] = []
    for position in account.positions:
        contract = contract_of(position.symbol, rulebook)
        asset = purse = assets.index(contract.instrument.settle)
        if position.mode is MarginMode.ISOLATED:
            wallets[asset] -= position.margin
            purse = len(assets) + len(bucket_purses)
            bucket_purses.append((asset, position.margin))
            names.append(f"{position.symbol} {position.side}" if is_hedge else position.symbol)
        legs.append(
            Leg(
                symbols.index(position.symbol),
                purse,
                float(position.size * contract.instrument.multiplier),
                float(position.entry_price),
                contract.instrument.kind.is_inverse,
                float(leverage_of(position.symbol, account, rulebook)),
                contract.tiers,
            )
        )
    purses = [
        _purse(0 if is_multi else index, index, asset, wallet, rulebook, is_multi=is_multi)
        for index, (asset, wallet) in enumerate(zip(assets, wallets, strict=True))
    ]
    pools = (POOL_USD,) if is_multi else assets
    for number, (asset, margin) in enumerate(bucket_purses):
        purses.append(Purse(len(pools) + number, asset, float(margin), 1.0, 1.0))
    return Columns(
        symbols,
        assets if is_multi else (),
        (*pools, *names),
        (*pools, *(assets[asset] for asset, _ in bucket_purses)),
        is_multi,
        tuple(legs),
        _groups(account, rulebook, symbols, assets),
        tuple(purses),
    )


def _purse(
    unit: int, index: int, asset: str, wallet: Decimal, rulebook: Rulebook, *, is_multi: bool
) -> Purse:
    if not is_multi:
        return Purse(unit, index, float(wallet), 1.0, 1.0)
    collateral = rulebook.collateral.get(asset)
    if collateral is None:
        return Purse(unit, index, float(wallet), float("nan"), float("nan"))
    bid, ask = ONE - collateral.bid_buffer, ONE + collateral.ask_buffer
    return Purse(unit, index, float(wallet), float(bid), float(ask))


def _groups(
    account: Account, rulebook: Rulebook, symbols: tuple[str, ...], assets: tuple[str, ...]
) -> tuple[OrderGroup, ...]:
    grouped: dict[tuple[str, Side | None], list[Order]] = {}
    for order in account.orders:
        if not order.type.is_conditional:
            grouped.setdefault((order.symbol, order.side), []).append(order)
    groups = []
    for (symbol, side), orders in grouped.items():
        instrument = contract_of(symbol, rulebook).instrument
        held = sum(
            (p.size for p in account.positions if p.symbol == symbol and side in (None, p.side)),
            ZERO,
        )
        groups.append(
            OrderGroup(
                symbols.index(symbol),
                assets.index(instrument.settle),
                float(held * instrument.multiplier),
                instrument.kind.is_inverse,
                float(leverage_of(symbol, account, rulebook)),
                tuple(_resting(order, instrument.multiplier, rulebook) for order in orders),
            )
        )
    return tuple(groups)


def _resting(order: Order, multiplier: Decimal, rulebook: Rulebook) -> RestingOrder:
    # Without a quote every price is the mark, so the assumed price is a multiple of it.
    at_mark = Quote(ONE, ONE, ONE, ONE)
    factor = assumed_price(
        rulebook.assumed_price, rulebook.market_buffer, order.size, None, at_mark
    )
    return RestingOrder(
        float(order.size * multiplier),
        None if order.price is None else float(order.price),
        float(factor or ONE),
        order.reduce_only,
    )
