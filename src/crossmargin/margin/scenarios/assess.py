"""An account in portfolio mode judged: `margin.assess` hands over here.

Equity is what it is everywhere: wallets and open profit, converted where all collateral is one
pool; options count with what they are worth, because their premium has left or entered the wallet.
Requirements are those of the units (`grouping`, `methods`). Each position carries what it would
be asked for alone; the pool is asked for less where positions hedge.

Open orders raise initial margin only: to what would be asked if all buys filled, or all sells,
whichever is more. No venue's documents that were read say how orders join the grid, so that is an
assumption, and said.
"""

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.errors import UsageError
from crossmargin.margin.assessment import (
    Assessment,
    PositionAssessment,
    UnitAssessment,
    UnitKind,
)
from crossmargin.margin.entry import below_entry
from crossmargin.margin.health import Health
from crossmargin.margin.lookup import POOL_USD
from crossmargin.margin.pnl import notional_and_pnl, unrealised_pnl
from crossmargin.margin.scenarios.collateral import counted_in_full
from crossmargin.margin.scenarios.grouping import USD, Grouped, units_of
from crossmargin.margin.scenarios.methods import check_units, requirement
from crossmargin.margin.scenarios.path import mark_of
from crossmargin.margin.scenarios.requirement import UnitRequirement
from crossmargin.margin.tally import Tally, in_usd, rates_of
from crossmargin.model.account import Account, AssetsMode, Position
from crossmargin.model.market import Market
from crossmargin.model.order import Order
from crossmargin.money import ZERO, exact
from crossmargin.rulebooks.portfolio.rule import PortfolioRule
from crossmargin.rulebooks.schema import Rulebook

PATH_REMARK = (
    "Liquidation prices: all that is quoted on one underlying moves with it, volatility is held, "
    "and prices from a hundredth to a hundred times the present one are looked at; those of "
    "options are prices of their underlying."
)


class Judged(Struct, frozen=True):
    """The pools of an account in portfolio mode, and the units their requirements come from."""

    pools: tuple[UnitAssessment, ...]
    units: tuple[UnitRequirement, ...]
    grouped: Grouped
    remarks: dict[str, None]


@exact
def assess_scenarios(account: Account, market: Market, rulebook: Rulebook) -> Assessment:
    """Return what the account is worth, what its scenarios ask of it, and whether it lives.

    Raises
    ------
    UsageError
        If the rulebook plays no scenarios, or a symbol is not in it, or the account is empty.
    """
    rule = _rule(rulebook)
    rulebook = counted_in_full(account, rulebook)
    judged = _judged(account, market, rulebook, rule)
    remarks = judged.remarks | dict.fromkeys(below_entry(judged.pools, rule, rulebook.venue))
    if any(position.size for position in account.positions):
        remarks[PATH_REMARK] = None
    alone = _alone(judged.grouped, rule)
    positions = tuple(_position(one, alone, market, rulebook) for one in account.positions)

    def judge(elsewhere: Market) -> dict[str, Health | None]:
        pools = _judged(account, elsewhere, rulebook, rule).pools
        return {pool.name: pool.health for pool in pools}

    return Assessment(
        account, market, rulebook, judged.pools, (), positions, tuple(remarks), judged.units, judge
    )


def _rule(rulebook: Rulebook) -> PortfolioRule:
    if rulebook.portfolio is None:
        raise UsageError(f"{rulebook.venue} has no portfolio mode")
    return rulebook.portfolio


@exact
def _judged(account: Account, market: Market, rulebook: Rulebook, rule: PortfolioRule) -> Judged:
    remarks: dict[str, None] = {}
    tallies = {asset: Tally(amount) for asset, amount in account.balances.items()}
    total = Tally(ZERO)
    grouped = units_of(account, market, rulebook)
    remarks |= dict.fromkeys(grouped.remarks)
    check_units(grouped.units, rule)
    for asset, names in grouped.missing.items():
        (total if asset == USD else _tally(tallies, asset)).missing.extend(names)
    for position in account.positions:
        settle = rulebook.contracts[position.symbol].instrument.settle
        _add_profit(_tally(tallies, settle), position, market, rulebook, remarks)
    found = tuple(requirement(unit, rule) for unit in grouped.units)
    _ask(found, tallies, total)
    if _resting(account):
        remarks["What resting orders hold is taken to be what the grid asks when they fill."] = None
        _ask_of_orders(account, market, rulebook, found, tallies, total)
    if not tallies:
        raise UsageError("the account is empty: it has neither balances nor positions")
    pools = _pools(tallies, total, account, market, rulebook, remarks)
    return Judged(pools, found, grouped, remarks)


def _tally(tallies: dict[str, Tally], asset: str) -> Tally:
    return tallies.setdefault(asset, Tally(ZERO))


def _alone(grouped: Grouped, rule: PortfolioRule) -> dict[str, UnitRequirement]:
    # What each position would be asked for if it were the only one.
    return {
        leg.symbol: requirement(replace(unit, legs=(leg,), collateral={}), rule)
        for unit in grouped.units
        for leg in unit.legs
        if not leg.is_spot
    }


def _position(
    position: Position, alone: dict[str, UnitRequirement], market: Market, rulebook: Rulebook
) -> PositionAssessment:
    contract = rulebook.contracts[position.symbol]
    mark = mark_of(contract.instrument, market)
    if not position.size:
        return PositionAssessment(position, mark, ZERO, ZERO, ZERO, ZERO)
    if mark is None:
        return PositionAssessment(position, mark)
    value, pnl = notional_and_pnl(position.size, position.entry_price, mark, contract.instrument)
    asked = alone.get(position.symbol)
    initial = maintenance = None
    if asked is not None:
        initial, maintenance = asked.initial_margin, asked.maintenance_margin
    return PositionAssessment(
        position,
        mark,
        value,
        pnl,
        initial,
        maintenance,
        is_collateral=contract.instrument.option is None,
    )


def _add_profit(
    tally: Tally,
    position: Position,
    market: Market,
    rulebook: Rulebook,
    remarks: dict[str, None],
) -> None:
    symbol, size = position.symbol, position.size
    instrument = rulebook.contracts[symbol].instrument
    mark = mark_of(instrument, market) if size else ZERO
    if mark is None:
        tally.missing.append(f"mark price of {symbol}")
    elif size and instrument.option is None:
        tally.pnl += unrealised_pnl(size, position.entry_price, mark, instrument)
    elif size:
        # The premium has left the wallet or entered it: what the option is worth now counts whole.
        tally.pnl += size * instrument.multiplier * mark
        if symbol not in market.marks:
            remarks[f"The mark of {symbol} is not given: what its volatility says is taken."] = None


def _ask(found: tuple[UnitRequirement, ...], tallies: dict[str, Tally], total: Tally) -> None:
    for one in found:
        tally = total if one.asset == USD else _tally(tallies, one.asset)
        tally.initial += one.initial_margin
        tally.maintenance += one.maintenance_margin


def _ask_of_orders(
    account: Account,
    market: Market,
    rulebook: Rulebook,
    found: tuple[UnitRequirement, ...],
    tallies: dict[str, Tally],
    total: Tally,
) -> None:
    if rulebook.portfolio is None:
        return
    asked = {(one.asset, one.name): one.initial_margin for one in found}
    most = dict(asked)
    for sign in (1, -1):
        filled = [
            (order.symbol, order.size) for order in _resting(account) if order.size * sign > 0
        ]
        grouped = units_of(account, market, rulebook, filled)
        for asset, names in grouped.missing.items():
            (total if asset == USD else _tally(tallies, asset)).initial_missing.extend(names)
        for unit in grouped.units:
            key = unit.asset, unit.name
            would_be = requirement(unit, rulebook.portfolio).initial_margin
            most[key] = max(most.get(key, ZERO), would_be)
    for (asset, name), amount in most.items():
        tally = total if asset == USD else _tally(tallies, asset)
        tally.orders += amount - asked.get((asset, name), ZERO)


def _resting(account: Account) -> list[Order]:
    return [one for one in account.orders if not (one.reduce_only or one.type.is_conditional)]


def _pools(
    tallies: dict[str, Tally],
    total: Tally,
    account: Account,
    market: Market,
    rulebook: Rulebook,
    remarks: dict[str, None],
) -> tuple[UnitAssessment, ...]:
    is_strict = rulebook.liquidation.is_trigger_strict
    if account.assets_mode is AssetsMode.SINGLE:
        return tuple(
            tally.unit(UnitKind.POOL, asset, asset, is_trigger_strict=is_strict)
            for asset, tally in tallies.items()
        )
    held = {asset: tally for asset, tally in tallies.items() if not tally.is_empty()}
    found, missing = rates_of(held, market, rulebook, remarks)
    pool = in_usd(held, found, rulebook.collateral)
    pool.missing.extend((*missing, *total.missing))
    pool.initial_missing.extend(total.initial_missing)
    pool.initial += total.initial
    pool.maintenance += total.maintenance
    pool.orders += total.orders
    return (pool.unit(UnitKind.POOL, POOL_USD, POOL_USD, is_trigger_strict=is_strict),)
