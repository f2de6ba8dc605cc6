"""An account taken apart into what stands or falls together: its pools and its buckets.

In single-asset mode every settle asset is a pool, in multi-assets mode all of them are one, in
USD; every isolated position is a bucket beside them. `margin.assess` does the same while it adds
up, in one pass, because orders and ticks wait for it; a property test holds the two together.
"""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from crossmargin.margin.lookup import (
    POOL_USD,
    bucket_name,
    collateral_rates,
    contract_of,
    index_of,
    leverage_of,
)
from crossmargin.margin.pnl import unrealised_pnl
from crossmargin.margin.requirement import Exposure, closing_reserve, price_of, tier_number
from crossmargin.model.account import Account, AssetsMode, MarginMode, Position
from crossmargin.model.market import Market
from crossmargin.money import ZERO, exact, plain
from crossmargin.rulebooks.schema import Rulebook


class Unit(Struct, frozen=True):
    """A pool or a bucket.

    Attributes
    ----------
    name, asset : as in the assessment.
    wallets : money per asset, in order of arrival; one asset unless `is_multi`.
    positions : those it backs, in the account's order.
    reserves : of each position, the closing fee kept back (`requirement.closing_reserve`).
    """

    name: str
    asset: str
    wallets: dict[str, Decimal]
    positions: tuple[Position, ...]
    reserves: tuple[Decimal, ...]
    is_multi: bool = False
    is_bucket: bool = False


@exact
def units_of(account: Account, rulebook: Rulebook) -> tuple[Unit, ...]:
    """Return the account's pools, then its buckets, in the assessment's order.

    Raises
    ------
    UsageError
        If a symbol is not in the rulebook.
    """
    wallets = dict(account.balances)
    cross: dict[str, list[Position]] = {}
    buckets = []
    for position in account.positions:
        settle = contract_of(position.symbol, rulebook).instrument.settle
        wallets.setdefault(settle, ZERO)
        if position.mode is MarginMode.CROSS:
            cross.setdefault(settle, []).append(position)
            continue
        wallets[settle] -= position.margin
        name = bucket_name(position, account.position_mode)
        money = {settle: position.margin}
        kept = _reserves([position], account, rulebook)
        buckets.append(Unit(name, settle, money, (position,), kept, is_bucket=True))
    for order in account.orders:
        if not order.type.is_conditional:
            wallets.setdefault(contract_of(order.symbol, rulebook).instrument.settle, ZERO)
    if account.assets_mode is AssetsMode.MULTI:
        held = tuple(p for p in account.positions if p.mode is MarginMode.CROSS)
        kept = _reserves(held, account, rulebook)
        return (Unit(POOL_USD, POOL_USD, wallets, held, kept, is_multi=True), *buckets)
    pools = []
    for asset, wallet in wallets.items():
        held = tuple(cross.get(asset, ()))
        kept = _reserves(held, account, rulebook)
        pools.append(Unit(asset, asset, {asset: wallet}, held, kept))
    return (*pools, *buckets)


def _reserves(
    positions: Sequence[Position], account: Account, rulebook: Rulebook
) -> tuple[Decimal, ...]:
    return tuple(
        closing_reserve(
            position,
            rulebook.contracts[position.symbol].instrument,
            leverage_of(position.symbol, account, rulebook),
            rulebook.margin,
        )
        for position in positions
    )


def held_assets(unit: Unit, rulebook: Rulebook) -> list[str]:
    """Return the assets in which a unit has money or an open position."""
    settles = {rulebook.contracts[p.symbol].instrument.settle for p in unit.positions if p.size}
    return [asset for asset, wallet in unit.wallets.items() if wallet or asset in settles]


@exact
def missing_of(unit: Unit, market: Market, rulebook: Rulebook) -> tuple[str, ...]:
    """Return the names of what is not known of a unit, as the assessment names them."""
    names = []
    for position in unit.positions:
        if not position.size:
            continue
        if position.symbol not in market.marks:
            names.append(f"mark price of {position.symbol}")
        elif rulebook.contracts[position.symbol].option is not None:
            base = rulebook.contracts[position.symbol].instrument.base
            if position.size < 0 and base not in market.index:
                names.append(f"index price of {base}")
        elif not _is_ladder_known(position, market, rulebook):
            names.append(f"margin tiers of {position.symbol}")
    if unit.is_multi:
        assets = held_assets(unit, rulebook)
        found = [collateral_rates(asset, market, rulebook) for asset in assets]
        names += [name for name in found if isinstance(name, str)]
        if not names:
            names += _unknown_slices(unit, market, rulebook)
    return tuple(dict.fromkeys(names))


def _unknown_slices(unit: Unit, market: Market, rulebook: Rulebook) -> list[str]:
    # Assets of which more is held than their haircut is known for.
    names = []
    for asset in held_assets(unit, rulebook):
        known_to = rulebook.collateral[asset].known_to
        if known_to is None:
            continue
        held = unit.wallets[asset]
        for position in unit.positions:
            instrument = rulebook.contracts[position.symbol].instrument
            if position.size and instrument.settle == asset and instrument.option is None:
                mark = market.marks[position.symbol]
                held += unrealised_pnl(position.size, position.entry_price, mark, instrument)
        if held > known_to:
            names.append(f"collateral slices of {asset} above {plain(known_to)}")
    return names


def _is_ladder_known(position: Position, market: Market, rulebook: Rulebook) -> bool:
    contract = rulebook.contracts[position.symbol]
    if contract.tiers is None:
        return False
    mark = market.marks[position.symbol]
    index = index_of(contract, mark, market)
    price = price_of(rulebook.margin.maintenance_price, position, mark, index)
    exposure = Exposure.of_size(position.size, price, contract.instrument)
    return tier_number(exposure, contract.tiers) is not None
