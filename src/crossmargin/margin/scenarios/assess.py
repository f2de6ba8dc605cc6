"""An account in portfolio mode judged: `margin.assess` hands over here.

Equity is what it is everywhere: wallets and open profit, converted where all collateral is one
pool; options count with what they are worth, because their premium has left or entered the wallet.
Requirements are those of the units (`grouping`, `methods`). Each position carries what it would
be asked for alone; the pool is asked for less where positions hedge.

Open orders raise initial margin only: to what would be asked if all buys filled, or all sells,
whichever is more; and what filling would lose at the mark must be there. No venue's documents that
were read say how orders join the grid, so that is an assumption, and said.

An underlying whose numbers were not read makes what it is in unknown.
"""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.errors import UnknownError, UsageError
from crossmargin.margin.assessment import (
    Assessment,
    PositionAssessment,
    UnitAssessment,
    UnitKind,
)
from crossmargin.margin.entry import below_entry
from crossmargin.margin.health import Health
from crossmargin.margin.lookup import POOL_USD
from crossmargin.margin.open_orders import Resting, RestingKey, resting_of
from crossmargin.margin.pnl import notional_and_pnl, unrealised_pnl
from crossmargin.margin.scenarios.collateral import counted_in_full
from crossmargin.margin.scenarios.grouping import USD, Grouped, units_of
from crossmargin.margin.scenarios.leg import PortfolioUnit
from crossmargin.margin.scenarios.methods import check_units, requirement
from crossmargin.margin.scenarios.path import mark_of
from crossmargin.margin.scenarios.requirement import UnitRequirement
from crossmargin.margin.tally import Tally, in_usd, rates_of
from crossmargin.model.account import Account, AssetsMode, Position
from crossmargin.model.market import Market
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
def assess_scenarios(
    account: Account,
    market: Market,
    rulebook: Rulebook,
    resting: Mapping[RestingKey, Resting] | None = None,
) -> Assessment:
    """Return what the account is worth, what its scenarios ask of it, and whether it lives.

    Parameters
    ----------
    resting : sums that stand for the account's orders, which are then not looked at.

    Raises
    ------
    UsageError
        If the rulebook plays no scenarios, or a symbol is not in it, or the account is empty.
    """
    rule = _rule(rulebook)
    rulebook = counted_in_full(account, rulebook)
    if resting is None:
        resting = resting_of(account, market, rulebook) if account.orders else {}
    judged = _judged(account, market, rulebook, rule, resting)
    remarks = judged.remarks | dict.fromkeys(below_entry(judged.pools, rule, rulebook.venue))
    if any(position.size for position in account.positions):
        remarks[PATH_REMARK] = None
    alone = _alone(judged.grouped, rule)
    positions = tuple(_position(one, alone, market, rulebook) for one in account.positions)

    def judge(elsewhere: Market) -> dict[str, Health | None]:
        there = resting_of(account, elsewhere, rulebook) if account.orders else {}
        pools = _judged(account, elsewhere, rulebook, rule, there).pools
        return {pool.name: pool.health for pool in pools}

    return Assessment(
        account, market, rulebook, judged.pools, (), positions, tuple(remarks), judged.units, judge
    )


def _rule(rulebook: Rulebook) -> PortfolioRule:
    if rulebook.portfolio is None:
        raise UsageError(f"{rulebook.venue} has no portfolio mode")
    return rulebook.portfolio


@exact
def _judged(
    account: Account,
    market: Market,
    rulebook: Rulebook,
    rule: PortfolioRule,
    resting: Mapping[RestingKey, Resting],
) -> Judged:
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
    asked = [(unit.asset, _required(unit, rule)) for unit in grouped.units]
    for asset, unknown in asked:
        if isinstance(unknown, str):
            (total if asset == USD else _tally(tallies, asset)).missing.append(unknown)
    found = tuple(one for _, one in asked if not isinstance(one, str))
    _ask(found, tallies, total)
    if resting:
        remarks["What resting orders hold is taken to be what the grid asks when they fill."] = None
        _ask_of_orders(account, market, rulebook, rule, resting, found, tallies, total)
    if not tallies:
        raise UsageError("the account is empty: it has neither balances nor positions")
    pools = _pools(tallies, total, account, market, rulebook, remarks)
    return Judged(pools, found, grouped, remarks)


def _tally(tallies: dict[str, Tally], asset: str) -> Tally:
    return tallies.setdefault(asset, Tally(ZERO))


def _alone(grouped: Grouped, rule: PortfolioRule) -> dict[str, UnitRequirement]:
    # What each position would be asked for if it were the only one.
    found = {}
    for unit in grouped.units:
        for leg in unit.legs:
            asked = _required(replace(unit, legs=(leg,), collateral={}), rule)
            if not (leg.is_spot or isinstance(asked, str)):
                found[leg.symbol] = asked
    return found


def _required(unit: PortfolioUnit, rule: PortfolioRule) -> UnitRequirement | str:
    # Or what is not known of the unit's underlying.
    try:
        return requirement(unit, rule)
    except UnknownError as error:
        return str(error)


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
    rule: PortfolioRule,
    resting: Mapping[RestingKey, Resting],
    found: tuple[UnitRequirement, ...],
    tallies: dict[str, Tally],
    total: Tally,
) -> None:
    asked = {(one.asset, one.name): one.initial_margin for one in found}
    most = dict(asked)
    sides = tuple(
        [(symbol, size) for (symbol, _), one in resting.items() if (size := getattr(one, side))]
        for side in ("buys", "sells")
    )
    for filled in sides:
        grouped = units_of(account, market, rulebook, filled)
        for asset, names in grouped.missing.items():
            (total if asset == USD else _tally(tallies, asset)).initial_missing.extend(names)
        for unit in grouped.units:
            key = unit.asset, unit.name
            would_be = _required(unit, rule)
            if isinstance(would_be, str):
                pool = total if unit.asset == USD else _tally(tallies, unit.asset)
                pool.initial_missing.append(would_be)
            else:
                most[key] = max(most.get(key, ZERO), would_be.initial_margin)
    for (asset, name), amount in most.items():
        tally = total if asset == USD else _tally(tallies, asset)
        tally.orders += amount - asked.get((asset, name), ZERO)
    for (symbol, _), sums in resting.items():
        tally = _tally(tallies, rulebook.contracts[symbol].instrument.settle)
        tally.open_loss += sums.open_loss
        if sums.mark is None:
            tally.initial_missing.append(f"mark price of {symbol}")
    try:
        check_units(units_of(account, market, rulebook, (*sides[0], *sides[1])).units, rule)
    except UsageError as error:
        total.initial_missing.append(str(error))
        for tally in tallies.values():
            tally.initial_missing.append(str(error))


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
