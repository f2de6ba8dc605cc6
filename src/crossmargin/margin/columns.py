"""An account laid out for the array twin: which leg draws on which purse, in floats.

No formula is here; `margin.arrays` has them. Every unit (pool or bucket) has a purse for each of
its assets, and every position is a leg that draws on one.
"""

from dataclasses import dataclass
from decimal import Decimal

from crossmargin.margin.collateral import rates
from crossmargin.margin.lookup import contract_of, leverage_of
from crossmargin.margin.open_orders import margin_price, resting_groups
from crossmargin.margin.units import units_of
from crossmargin.model.account import Account, Position
from crossmargin.model.order import Order
from crossmargin.model.tiers import Tiers
from crossmargin.money import ONE, ZERO, exact
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


@exact
def columns(account: Account, rulebook: Rulebook) -> Columns:
    """Return `account` laid out for `arrays.health`.

    Raises
    ------
    UsageError
        If a symbol is not in the rulebook.
    """
    # Orders that wait for a trigger hold no margin: their marks do not matter here.
    resting = [order.symbol for order in account.orders if not order.type.is_conditional]
    symbols = tuple(dict.fromkeys([p.symbol for p in account.positions] + resting))
    units = units_of(account, rulebook)
    is_multi = units[0].is_multi if units else False
    assets = tuple(units[0].wallets) if is_multi else ()
    purses: list[Purse] = []
    legs: list[Leg] = []
    pools: dict[str, int] = {}
    for number, unit in enumerate(units):
        own = {asset: len(purses) + place for place, asset in enumerate(unit.wallets)}
        for asset, wallet in unit.wallets.items():
            if is_multi:
                purses.append(_purse_of_many(assets.index(asset), asset, wallet, rulebook))
            else:
                purses.append(Purse(number, 0, float(wallet), 1.0, 1.0))
        if not unit.is_bucket:
            pools |= own
        legs += [_leg(position, own, symbols, account, rulebook) for position in unit.positions]
    return Columns(
        symbols,
        assets,
        tuple(unit.name for unit in units),
        tuple(unit.asset for unit in units),
        is_multi,
        tuple(legs),
        _groups(account, rulebook, symbols, pools),
        tuple(purses),
    )


def _leg(
    position: Position,
    purses: dict[str, int],
    symbols: tuple[str, ...],
    account: Account,
    rulebook: Rulebook,
) -> Leg:
    contract = rulebook.contracts[position.symbol]
    instrument = contract.instrument
    return Leg(
        symbols.index(position.symbol),
        purses[instrument.settle],
        float(position.size * instrument.multiplier),
        float(position.entry_price),
        instrument.kind.is_inverse,
        float(leverage_of(position.symbol, account, rulebook)),
        contract.tiers,
    )


def _purse_of_many(index: int, asset: str, wallet: Decimal, rulebook: Rulebook) -> Purse:
    collateral = rulebook.collateral.get(asset)
    if collateral is None:
        return Purse(0, index, float(wallet), float("nan"), float("nan"))
    factors = rates(ONE, collateral)
    return Purse(0, index, float(wallet), float(factors.bid), float(factors.ask))


def _groups(
    account: Account, rulebook: Rulebook, symbols: tuple[str, ...], pools: dict[str, int]
) -> tuple[OrderGroup, ...]:
    groups = []
    for (symbol, side), orders in resting_groups(account).items():
        instrument = contract_of(symbol, rulebook).instrument
        held = sum(
            (p.size for p in account.positions if p.symbol == symbol and side in (None, p.side)),
            ZERO,
        )
        groups.append(
            OrderGroup(
                symbols.index(symbol),
                pools[instrument.settle],
                float(held * instrument.multiplier),
                instrument.kind.is_inverse,
                float(leverage_of(symbol, account, rulebook)),
                tuple(_resting(order, instrument.multiplier, rulebook) for order in orders),
            )
        )
    return tuple(groups)


def _resting(order: Order, multiplier: Decimal, rulebook: Rulebook) -> RestingOrder:
    # Without a quote every price is the mark, so the price at a mark of one is a factor.
    return RestingOrder(
        float(order.size * multiplier),
        None if order.price is None else float(order.price),
        float(margin_price(order, ONE, rulebook)),
        order.reduce_only,
    )
