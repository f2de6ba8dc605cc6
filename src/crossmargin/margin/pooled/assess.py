"""An account judged as one pool, without scenarios: `margin.assess` hands over here.

Positions and orders are asked for what they are anywhere. A balance below zero is a loan, and
equity is what everything counts for after haircuts, loans taken off.

A venue's line is not always at 100 %. So that health is 1 there as anywhere, the pool's maintenance
margin is what its method requires, brought to that line: × 1.05 where accounts are liquidated at
an equity of 105 % of it; where requirement and value both have the debt in them and the line is at
95 %, requirement ÷ 0.95 (rounded up) less the debt. The ratio as the venue prints it is said in the
remarks.
"""

from collections.abc import Mapping

from msgspec import Struct

from crossmargin.errors import InvariantBroken, UsageError
from crossmargin.margin.assessment import (
    Assessment,
    PositionAssessment,
    UnitAssessment,
    UnitKind,
)
from crossmargin.margin.entry import below_entry
from crossmargin.margin.health import Health
from crossmargin.margin.lookup import contract_of
from crossmargin.margin.methods import assess_position
from crossmargin.margin.open_orders import Resting, RestingKey, add_open_orders, resting_of
from crossmargin.margin.pooled.lending_pool import lending_pool
from crossmargin.margin.pooled.unified_pool import unified_pool
from crossmargin.margin.scenarios.assess import PATH_REMARK
from crossmargin.margin.scenarios.requirement import Charge, UnitRequirement
from crossmargin.margin.tally import Tally
from crossmargin.model.account import Account
from crossmargin.model.market import Market
from crossmargin.money import ZERO, exact
from crossmargin.rulebooks.portfolio.pooled import LendingPortfolio, UnifiedPortfolio
from crossmargin.rulebooks.schema import Rulebook


class Judged(Struct, frozen=True):
    """An account's one pool, its positions, and what its maintenance margin is made of."""

    pool: UnitAssessment
    positions: tuple[PositionAssessment, ...]
    charges: tuple[Charge, ...]
    remarks: dict[str, None]


@exact
def assess_pooled(
    account: Account,
    market: Market,
    rulebook: Rulebook,
    resting: Mapping[RestingKey, Resting] | None = None,
) -> Assessment:
    """Return what the account is worth, what is asked of it, and whether it lives.

    Parameters
    ----------
    resting : sums that stand for the account's orders, which are then not looked at.

    Raises
    ------
    UsageError
        If a symbol is not in the rulebook, or the account is empty.
    InvariantBroken
        If the rulebook's portfolio margin is none of the pooled ones.
    """
    if resting is None:
        resting = resting_of(account, market, rulebook)
    judged = _judged(account, market, rulebook, resting)
    pool, remarks = judged.pool, judged.remarks
    if rulebook.portfolio is not None:
        remarks |= dict.fromkeys(below_entry((pool,), rulebook.portfolio, rulebook.venue))
    if any(position.size for position in account.positions):
        remarks[PATH_REMARK] = None

    def judge(elsewhere: Market) -> dict[str, Health | None]:
        orders = resting_of(account, elsewhere, rulebook)
        there = _judged(account, elsewhere, rulebook, orders).pool
        return {there.name: there.health}

    units = () if pool.health is None else (_requirement(judged, pool.health),)
    return Assessment(
        account, market, rulebook, (pool,), (), judged.positions, tuple(remarks), units, judge
    )


@exact
def _judged(
    account: Account,
    market: Market,
    rulebook: Rulebook,
    resting: Mapping[RestingKey, Resting],
) -> Judged:
    rule = rulebook.portfolio
    remarks: dict[str, None] = {}
    tallies = {asset: Tally(amount) for asset, amount in account.balances.items()}
    positions = []
    for position in account.positions:
        contract = contract_of(position.symbol, rulebook)
        assessed = assess_position(position, contract, account, market, rulebook, remarks)
        positions.append(assessed)
        tallies.setdefault(contract.instrument.settle, Tally(ZERO)).add(assessed)
    add_open_orders(tallies, resting, account, market, rulebook, remarks)
    if not tallies:
        raise UsageError("the account is empty: it has neither balances nor positions")
    if isinstance(rule, UnifiedPortfolio):
        pool = unified_pool(tallies, market, rulebook, rule, remarks)
    elif isinstance(rule, LendingPortfolio):
        pool = lending_pool(tallies, market, rulebook, rule)
    else:
        raise InvariantBroken(f"{rulebook.venue} does not pool what portfolio accounts hold")
    is_strict = rulebook.liquidation.is_trigger_strict
    unit = pool.tally.unit(UnitKind.POOL, pool.name, pool.name, is_trigger_strict=is_strict)
    if unit.health is not None and pool.said is not None:
        remarks[pool.said] = None
    return Judged(unit, tuple(positions), pool.charges, remarks)


def _requirement(judged: Judged, health: Health) -> UnitRequirement:
    symbols = tuple(position.symbol for position in judged.positions if position.size)
    pool = judged.pool
    return UnitRequirement(
        pool.name,
        pool.asset,
        symbols,
        (),
        None,
        judged.charges,
        health.initial_margin,
        health.maintenance_margin,
        "sum",
    )
