"""An account taken apart into what stands or falls together, as curves along a path of prices.

A path gives every mark, and in multi-assets mode every index, as a straight line: one symbol's
price moving with all others held, or all of them moving by multiples of a vector.
"""

from collections.abc import Callable, Iterable
from fractions import Fraction

from msgspec import Struct

from crossmargin.margin.curve import Curve, Leg, Line, Purse
from crossmargin.margin.lookup import POOL_USD, collateral_rates, contract_of
from crossmargin.margin.pnl import notional
from crossmargin.model.account import Account, AssetsMode, MarginMode, Position, PositionMode
from crossmargin.model.market import Market
from crossmargin.money import ONE
from crossmargin.rulebooks.schema import Collateral, Rulebook

LineOf = Callable[[str], Line]


class Unit(Struct, frozen=True):
    """A pool or a bucket: its wallets per asset and its positions.

    `missing` names what keeps it from being drawn as a curve.
    """

    name: str
    wallets: dict[str, Fraction]
    positions: tuple[Position, ...]
    is_multi: bool
    missing: tuple[str, ...] = ()


def units_of(account: Account, market: Market, rulebook: Rulebook) -> list[Unit]:
    """Return the account's pools, then its buckets, named as in the assessment."""
    wallets = {asset: Fraction(amount) for asset, amount in account.balances.items()}
    is_hedge = account.position_mode is PositionMode.HEDGE
    cross: dict[str, list[Position]] = {asset: [] for asset in wallets}
    buckets = []
    for position in account.positions:
        settle = contract_of(position.symbol, rulebook).instrument.settle
        wallets.setdefault(settle, Fraction(0))
        cross.setdefault(settle, [])
        if position.mode is MarginMode.CROSS:
            cross[settle].append(position)
            continue
        margin = Fraction(position.margin)
        wallets[settle] -= margin
        name = f"{position.symbol} {position.side}" if is_hedge else position.symbol
        missing = _missing([position], market, rulebook)
        buckets.append(Unit(name, {settle: margin}, (position,), False, missing))
    for order in account.orders:
        if not order.type.is_conditional:
            settle = contract_of(order.symbol, rulebook).instrument.settle
            wallets.setdefault(settle, Fraction(0))
            cross.setdefault(settle, [])
    if account.assets_mode is AssetsMode.MULTI:
        held = tuple(position for positions in cross.values() for position in positions)
        settles = {asset for asset, own in cross.items() if any(position.size for position in own)}
        found = {asset: amount for asset, amount in wallets.items() if amount or asset in settles}
        lacking = [collateral_rates(asset, market, rulebook) for asset in found]
        missing = (
            *_missing(held, market, rulebook),
            *(name for name in lacking if isinstance(name, str)),
        )
        return [Unit(POOL_USD, found, held, True, missing)]
    pools = [
        Unit(
            asset,
            {asset: wallets[asset]},
            tuple(positions),
            False,
            _missing(positions, market, rulebook),
        )
        for asset, positions in cross.items()
    ]
    return pools + buckets


def curve(
    unit: Unit,
    rulebook: Rulebook,
    mark_line: LineOf,
    index_line: LineOf,
    domain: tuple[Fraction, Fraction | None],
    *,
    has_maintenance: bool = True,
) -> Curve:
    """Return the unit's surplus (or, without maintenance, its equity) along a path."""
    legs: dict[str, list[Leg]] = {asset: [] for asset in unit.wallets}
    for position in unit.positions:
        contract = rulebook.contracts[position.symbol]
        instrument = contract.instrument
        if not position.size or contract.tiers is None:
            continue
        leg = Leg(
            Fraction(position.size * instrument.multiplier),
            Fraction(position.entry_price),
            instrument.kind.is_inverse,
            contract.tiers,
            mark_line(position.symbol),
        )
        legs[instrument.settle].append(leg)
    purses = []
    for asset, wallet in unit.wallets.items():
        if not unit.is_multi:
            purses.append(Purse(wallet, tuple(legs[asset])))
            continue
        collateral = rulebook.collateral[asset]
        bid, ask = _rate_lines(index_line(asset), collateral)
        purses.append(Purse(wallet, tuple(legs[asset]), bid, ask))
    if not has_maintenance:
        return Curve(tuple(purses), *domain, has_maintenance=False)
    return Curve.known_part(tuple(purses), *domain)


def _rate_lines(index: Line, collateral: Collateral) -> tuple[Line, Line]:
    bid = Fraction(ONE - collateral.bid_buffer)
    ask = Fraction(ONE + collateral.ask_buffer)
    return Line(index.start * bid, index.slope * bid), Line(index.start * ask, index.slope * ask)


def _missing(positions: Iterable[Position], market: Market, rulebook: Rulebook) -> tuple[str, ...]:
    names = []
    for position in positions:
        if not position.size:
            continue
        if position.symbol not in market.marks:
            names.append(f"mark price of {position.symbol}")
        if not _is_ladder_known(position, market, rulebook):
            names.append(f"margin tiers of {position.symbol}")
    return tuple(names)


def _is_ladder_known(position: Position, market: Market, rulebook: Rulebook) -> bool:
    contract = rulebook.contracts[position.symbol]
    mark = market.marks.get(position.symbol)
    if contract.tiers is None:
        return False
    if mark is None or contract.tiers.known_to is None:
        return True
    return notional(position.size, mark, contract.instrument) <= contract.tiers.known_to
