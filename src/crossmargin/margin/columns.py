"""An account laid out for the array twin: which leg draws on which purse, in floats.

No formula is here; `margin.arrays` has them. Every unit (pool or bucket) has a purse for each of
its assets, and every position is a leg that draws on one.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from msgspec import structs

from crossmargin.errors import UsageError
from crossmargin.margin.collateral import rates
from crossmargin.margin.lookup import (
    contract_of,
    index_of,
    leverage_setting,
    offset_group,
)
from crossmargin.margin.open_orders import margin_price, resting_groups
from crossmargin.margin.requirement import Exposure, tier_number
from crossmargin.margin.units import units_of
from crossmargin.model.account import Account, AccountMode, MarginMode, Position
from crossmargin.model.market import Market
from crossmargin.model.order import Order
from crossmargin.model.tiers import Tiers
from crossmargin.money import ONE, ZERO, exact, quotient_up
from crossmargin.rulebooks.margin_rule import PLAIN, MarginRule, PriceBasis
from crossmargin.rulebooks.schema import Contract, Rulebook


@dataclass(frozen=True)
class Terms:
    """How requirements of one contract follow from its notional: see `margin.requirement`.

    Attributes
    ----------
    tiers : None where not known; of a position on a ladder by size the one piece that holds.
    leverage : the setting; None where the ladder alone says.
    is_flat : whether opening asks notional ÷ leverage even where the ladder is not known.
    contract_size : base units (linear) or quote units (inverse) in one unit of size.
    open_interest, caps : quantity (size × multiplier) of the whole market, and the notionals
        between which it raises the initial rate; None where it does not, or is not known.
    """

    tiers: Tiers | None
    leverage: float | None
    rule: MarginRule
    is_flat: bool
    is_inverse: bool
    contract_size: float
    open_interest: float | None
    caps: tuple[float, float] | None


@dataclass(frozen=True)
class Basis:
    """The price requirements are asked at: `price`, or where that is None mark × `factor`."""

    factor: float = 1.0
    price: float | None = None


@dataclass(frozen=True)
class Leg:
    """A position: quantity is size × multiplier; `symbol`, `purse` are positions in Columns.

    `kept`, `opened`: what maintenance and initial margin are asked at. `reserve` is asked whatever
    the price; legs of one `group` are netted.
    """

    symbol: int
    purse: int
    quantity: float
    entry_price: float
    is_inverse: bool
    terms: Terms
    kept: Basis = Basis()
    opened: Basis = Basis()
    reserve: float = 0.0
    group: tuple[str, str] | None = None


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
    terms: Terms
    orders: tuple[RestingOrder, ...]


@dataclass(frozen=True)
class Purse:
    """Money of one asset; the factors turn its index price into bid and ask rates.

    `asset` is None where nothing is converted: a pool or bucket in one asset. `pieces` are floor,
    rate factor and addition factor of slices; the rest as in `Collateral`.
    """

    unit: int
    asset: int | None
    wallet: float
    bid_factor: float
    ask_factor: float
    pieces: tuple[tuple[float, float, float], ...] = ()
    known_to: float = float("inf")
    initial_scale: float = 1.0
    borrow_initial: float = 0.0
    borrow_maintenance: float = 0.0


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
def columns(account: Account, rulebook: Rulebook, market: Market | None = None) -> Columns:
    """Return `account` laid out for `arrays.health`.

    `market` is needed by methods that ask more of it than marks and collateral: how far the index
    is from the mark, which is held as a ratio, and open interest, which is held as a size.

    Raises
    ------
    UsageError
        If a symbol is not in the rulebook, or the account is in portfolio mode.
    """
    if account.mode is AccountMode.PORTFOLIO:
        raise UsageError("columns hold ladders; an account in portfolio mode has scenarios")
    # Orders that wait for a trigger hold no margin: their marks do not matter here.
    resting = [order.symbol for order in account.orders if not order.type.is_conditional]
    symbols = tuple(dict.fromkeys([p.symbol for p in account.positions] + resting))
    market = market or Market()
    units = units_of(account, rulebook)
    is_multi = units[0].is_multi if units else False
    assets = tuple(units[0].wallets) if is_multi else ()
    purses: list[Purse] = []
    legs: list[Leg] = []
    pools: dict[str, int] = {}
    for number, unit in enumerate(units):
        own = {asset: len(purses) + place for place, asset in enumerate(unit.wallets)}
        for asset, wallet in unit.wallets.items():
            if unit.is_multi:
                purses.append(purse_of_many(assets.index(asset), asset, wallet, rulebook))
            else:
                purses.append(Purse(number, None, float(wallet), 1.0, 1.0))
        if not unit.is_bucket:
            pools |= own
        legs += [
            _leg(position, reserve, own, symbols, account, market, rulebook)
            for position, reserve in zip(unit.positions, unit.reserves, strict=True)
        ]
    return Columns(
        symbols,
        assets,
        tuple(unit.name for unit in units),
        tuple(unit.asset for unit in units),
        is_multi,
        tuple(legs),
        _groups(account, market, rulebook, symbols, pools),
        tuple(purses),
    )


def _leg(
    position: Position,
    reserve: Decimal,
    purses: dict[str, int],
    symbols: tuple[str, ...],
    account: Account,
    market: Market,
    rulebook: Rulebook,
) -> Leg:
    contract = rulebook.contracts[position.symbol]
    instrument, rule = contract.instrument, rulebook.margin
    is_isolated = position.mode is MarginMode.ISOLATED
    opened = rule.initial_price_isolated if is_isolated else rule.initial_price_cross
    terms = _terms(position.symbol, account, market, rulebook)
    if terms.tiers is not None and terms.tiers.is_by_size:
        # No price changes the piece, and a float might: it is looked up here.
        number = tier_number(Exposure(ZERO, ZERO, abs(position.size)), terms.tiers)
        piece = None if number is None else terms.tiers.pieces[number]
        tiers = (
            None
            if piece is None
            else Tiers.of((structs.replace(piece, floor=ZERO),), is_by_size=True)
        )
        terms = replace(terms, tiers=tiers)
    return Leg(
        symbols.index(position.symbol),
        purses[instrument.settle],
        float(position.size * instrument.multiplier),
        float(position.entry_price),
        instrument.kind.is_inverse,
        terms,
        _basis(rule.maintenance_price, position, contract, market),
        _basis(opened, position, contract, market),
        float(reserve),
        offset_group(position, rulebook),
    )


def _basis(basis: PriceBasis, position: Position, contract: Contract, market: Market) -> Basis:
    if basis is PriceBasis.ENTRY:
        return Basis(price=float(position.entry_price))
    mark = market.marks.get(position.symbol)
    if basis is not PriceBasis.INDEX or mark is None:
        return Basis()
    return Basis(float(quotient_up(index_of(contract, mark, market), mark)))


def _terms(symbol: str, account: Account, market: Market, rulebook: Rulebook) -> Terms:
    contract = contract_of(symbol, rulebook)
    instrument, caps = contract.instrument, contract.open_interest
    size = None if caps is None or not caps.upper else market.open_interest.get(symbol)
    setting = leverage_setting(symbol, account, rulebook)
    return Terms(
        contract.tiers,
        None if setting is None else float(setting),
        rulebook.margin,
        rulebook.margin == PLAIN and rulebook.leverage_default is not None,
        instrument.kind.is_inverse,
        float(instrument.multiplier),
        None if size is None else float(size * instrument.multiplier),
        None if caps is None else (float(caps.lower), float(caps.upper)),
    )


def purse_of_many(index: int, asset: str, wallet: Decimal, rulebook: Rulebook) -> Purse:
    """Return money of one asset in a pool of many; `index` is its column among index prices."""
    collateral = rulebook.collateral.get(asset)
    if collateral is None:
        return Purse(0, index, float(wallet), float("nan"), float("nan"))
    factors = rates(ONE, collateral)
    return Purse(
        0,
        index,
        float(wallet),
        float(factors.bid),
        float(factors.ask),
        tuple((float(p.floor), float(p.rate), float(p.addition)) for p in factors.pieces),
        float("inf") if collateral.known_to is None else float(collateral.known_to),
        float(collateral.initial_scale),
        float(collateral.borrow_initial),
        float(collateral.borrow_maintenance),
    )


def _groups(
    account: Account,
    market: Market,
    rulebook: Rulebook,
    symbols: tuple[str, ...],
    pools: dict[str, int],
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
                _terms(symbol, account, market, rulebook),
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
