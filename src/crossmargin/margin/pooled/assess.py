"""An account judged as one pool, without scenarios: `margin.assess` hands over here.

Positions and orders are asked for what they are anywhere. A balance below zero is a loan, and
equity is what everything counts for after haircuts, loans taken off.

A venue's line is not always at 100 %. So that health is 1 there as anywhere, the pool's maintenance
margin is what its method requires, brought to that line: × 1.05 where accounts are liquidated at
an equity of 105 % of it; where requirement and value both have the debt in them and the line is at
95 %, requirement ÷ 0.95 (rounded up) less the debt. The ratio as the venue prints it is said in the
remarks.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

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
from crossmargin.margin.lookup import POOL_USD, contract_of
from crossmargin.margin.methods import assess_position
from crossmargin.margin.open_orders import add_open_orders, resting_of
from crossmargin.margin.pooled.borrowing import (
    Backing,
    automatic_borrow,
    liquidation_threshold,
    liquidation_value,
    maintenance_requirement,
    portfolio_ratio,
)
from crossmargin.margin.pooled.unified import (
    account_maintenance,
    loan_initial,
    loan_maintenance,
    status_of,
    unified_ratio,
)
from crossmargin.margin.scenarios.assess import PATH_REMARK
from crossmargin.margin.scenarios.requirement import Charge, UnitRequirement
from crossmargin.margin.tally import Tally, in_usd, rates_of
from crossmargin.model.account import Account
from crossmargin.model.market import Market
from crossmargin.money import ONE, ZERO, down_to, exact, plain, quotient_up, up_to
from crossmargin.rulebooks.portfolio.pooled import LendingPortfolio, UnifiedPortfolio
from crossmargin.rulebooks.schema import Rulebook

POSITIONS = "maintenance margin of positions"
TO_THE_LINE = "to the line of liquidation"
"""Names of what is asked beside loans."""

CLASSIC = "classic"
"""The programme whose status an account is told."""

PERCENT_PLACES = Decimal("0.01")


class Judged(Struct, frozen=True):
    """An account's one pool, its positions, and what its maintenance margin is made of."""

    pool: UnitAssessment
    positions: tuple[PositionAssessment, ...]
    charges: tuple[Charge, ...]
    remarks: dict[str, None]


@exact
def assess_pooled(account: Account, market: Market, rulebook: Rulebook) -> Assessment:
    """Return what the account is worth, what is asked of it, and whether it lives.

    Raises
    ------
    UsageError
        If a symbol is not in the rulebook, or the account is empty.
    InvariantBroken
        If the rulebook's portfolio margin is none of the pooled ones.
    """
    judged = _judged(account, market, rulebook)
    pool, remarks = judged.pool, judged.remarks
    if rulebook.portfolio is not None:
        remarks |= dict.fromkeys(below_entry((pool,), rulebook.portfolio, rulebook.venue))
    if any(position.size for position in account.positions):
        remarks[PATH_REMARK] = None

    def judge(elsewhere: Market) -> dict[str, Health | None]:
        there = _judged(account, elsewhere, rulebook).pool
        return {there.name: there.health}

    units = () if pool.health is None else (_requirement(judged, pool.health),)
    return Assessment(
        account, market, rulebook, (pool,), (), judged.positions, tuple(remarks), units, judge
    )


@exact
def _judged(account: Account, market: Market, rulebook: Rulebook) -> Judged:
    rule = rulebook.portfolio
    remarks: dict[str, None] = {}
    tallies = {asset: Tally(amount) for asset, amount in account.balances.items()}
    positions = []
    for position in account.positions:
        contract = contract_of(position.symbol, rulebook)
        assessed = assess_position(position, contract, account, market, rulebook, remarks)
        positions.append(assessed)
        tallies.setdefault(contract.instrument.settle, Tally(ZERO)).add(assessed)
    resting = resting_of(account, market, rulebook)
    add_open_orders(tallies, resting, account, market, rulebook, remarks)
    if not tallies:
        raise UsageError("the account is empty: it has neither balances nor positions")
    if isinstance(rule, UnifiedPortfolio):
        pool, charges = _unified(tallies, market, rulebook, rule, remarks)
    elif isinstance(rule, LendingPortfolio):
        pool, charges = _lending(tallies, market, rulebook, rule, remarks)
    else:
        raise InvariantBroken(f"{rulebook.venue} does not pool what portfolio accounts hold")
    return Judged(pool, tuple(positions), charges, remarks)


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


def _unified(
    tallies: dict[str, Tally],
    market: Market,
    rulebook: Rulebook,
    rule: UnifiedPortfolio,
    remarks: dict[str, None],
) -> tuple[UnitAssessment, tuple[Charge, ...]]:
    rates, missing = rates_of(tallies, market, rulebook, remarks)
    pool = in_usd(tallies, rates, rulebook.collateral)
    pool.missing.extend(missing)
    rate = _loan_rate(rule)
    asked = [Charge(POSITIONS, pool.maintenance)]
    for asset, tally in tallies.items():
        if tally.wallet < 0 and asset in rates:
            loan = -tally.wallet * rates[asset].ask
            asked.append(Charge(f"loan of {asset}", loan_maintenance(loan, rate)))
            pool.initial += loan_initial(loan, rule.loan_leverage)
    if len(asked) > 1:
        remarks[
            f"Loans are taken to be of the class of {plain(rule.loan_leverage)}x, which is asked "
            f"{_percent(rate)} of them: an account does not say its class."
        ] = None
    required = account_maintenance(charge.amount for charge in asked)
    pool.maintenance = required * rule.liquidation_ratio
    pool.initial = max(pool.initial, required * rule.opening_ratio - pool.orders)
    asked.append(Charge(TO_THE_LINE, pool.maintenance - required))
    unit = _unit(pool, POOL_USD, rulebook)
    if unit.health is not None:
        ratio = unified_ratio(unit.health.equity, required)
        if ratio is not None:
            remarks[_unified_status(ratio, rule)] = None
    return unit, tuple(asked)


def _unit(pool: Tally, name: str, rulebook: Rulebook) -> UnitAssessment:
    is_strict = rulebook.liquidation.is_trigger_strict
    return pool.unit(UnitKind.POOL, name, name, is_trigger_strict=is_strict)


def _loan_rate(rule: UnifiedPortfolio) -> Decimal:
    for loan in rule.loans:
        if loan.leverage == rule.loan_leverage:
            return loan.maintenance_rate
    raise InvariantBroken(f"there is no loan class of {plain(rule.loan_leverage)}x")


def _unified_status(ratio: Decimal, rule: UnifiedPortfolio) -> str:
    level = status_of(ratio, rule.levels, CLASSIC)
    said = "" if level is None else f": {level.name}"
    return (
        f"The venue's ratio, equity ÷ maintenance margin, is {_percent(ratio)}{said}; "
        f"it liquidates at {_percent(rule.liquidation_ratio)}."
    )


def _lending(
    tallies: dict[str, Tally],
    market: Market,
    rulebook: Rulebook,
    rule: LendingPortfolio,
    remarks: dict[str, None],
) -> tuple[UnitAssessment, tuple[Charge, ...]]:
    # Everything is counted in the asset that contracts settle in.
    settle = next(iter(rulebook.contracts.values())).instrument.settle
    asked = _asked(tallies, settle, market)
    owed = [asset for asset, tally in tallies.items() if tally.wallet + tally.pnl < 0]
    found = [
        _of_token(token, settle, asked, tallies, market, rule)
        for token in dict.fromkeys((settle, *owed))
    ]
    # The account is judged by the token with the largest ratio; none at all is worse than any.
    worst = max(found, key=lambda one: Decimal("Infinity") if one.ratio is None else one.ratio)
    unit = _unit(worst.pool, settle, rulebook)
    if unit.health is not None and worst.ratio is not None:
        remarks[
            "The venue's ratio, requirement ÷ liquidation value, is "
            f"{_percent(worst.ratio, up_to)}; it liquidates above "
            f"{_percent(rule.liquidation_ratio)}."
        ] = None
    return unit, worst.charges


def _asked(tallies: dict[str, Tally], settle: str, market: Market) -> Tally:
    # What positions and orders of all settle assets ask for, without the money beside them.
    total = Tally(ZERO)
    for asset, tally in tallies.items():
        total.missing.extend(tally.missing)
        total.initial_missing.extend(tally.initial_missing)
        if not (tally.initial or tally.orders or tally.maintenance or tally.open_loss):
            continue
        price = _price(asset, settle, market, total.missing)
        total.initial += tally.initial * price
        total.maintenance += tally.maintenance * price
        total.orders += tally.orders * price
        total.open_loss += tally.open_loss * price
        total.transfer_floor += tally.transfer_floor * price
    return total


class _Lent(NamedTuple):
    """The pool as the lenders of one token see it."""

    pool: Tally
    charges: tuple[Charge, ...]
    ratio: Decimal | None


def _of_token(
    token: str,
    settle: str,
    asked: Tally,
    tallies: dict[str, Tally],
    market: Market,
    rule: LendingPortfolio,
) -> _Lent:
    pool = Tally(ZERO)
    pool.missing.extend(asked.missing)
    pool.initial_missing.extend(asked.initial_missing)
    held = tallies.get(token) or Tally(ZERO)
    price = _price(token, settle, market, pool.missing)
    cap = next((one.borrow_cap for one in rule.tokens if one.asset == token), None)
    if held.wallet + held.pnl < 0 and cap is None:
        pool.missing.append(f"borrow cap of {token}")
    cap_value = (cap or ZERO) * price
    liquidated, lent = _backing(token, settle, tallies, market, rule, pool.missing)
    worth, wallet = (held.wallet + held.pnl) * price, held.wallet * price
    borrowed = automatic_borrow(held.wallet, held.pnl) * price
    value = liquidation_value(max(ZERO, worth), cap_value, liquidated)
    pool.wallet = liquidation_value(max(ZERO, wallet), cap_value, liquidated) + min(ZERO, wallet)
    pool.pnl = value - borrowed - pool.wallet
    required = maintenance_requirement(asked.maintenance, borrowed, rule)
    pool.maintenance = quotient_up(required, rule.liquidation_ratio) - borrowed
    # Opening takes what may be borrowed, which is less than what a liquidation would find.
    kept_back = value - liquidation_value(max(ZERO, worth), cap_value, lent)
    pool.initial = asked.initial + kept_back
    pool.orders, pool.open_loss = asked.orders, asked.open_loss
    pool.transfer_floor = asked.transfer_floor
    charges = (
        Charge(POSITIONS, asked.maintenance),
        Charge("offset of a borrower", required - asked.maintenance - borrowed),
        Charge(TO_THE_LINE, pool.maintenance + borrowed - required),
    )
    return _Lent(pool, charges, portfolio_ratio(required, value))


def _backing(
    token: str,
    settle: str,
    tallies: dict[str, Tally],
    market: Market,
    rule: LendingPortfolio,
    missing: list[str],
) -> tuple[list[Backing], list[Backing]]:
    # What else is held, as it counts at a liquidation, and where something is opened.
    terms = {one.asset: one for one in rule.tokens}
    liquidated: list[Backing] = []
    lent: list[Backing] = []
    for asset, tally in tallies.items():
        amount = tally.wallet + tally.pnl
        if asset == token or amount <= 0:
            continue
        own = terms.get(asset)
        if own is None or own.loan_to_value is None:
            missing.append(f"loan to value of {asset}")
            continue
        price, ltv = _price(asset, settle, market, missing), own.loan_to_value
        threshold = liquidation_threshold(ltv, rule)
        liquidated.append(Backing(amount, own.supply_cap, price, threshold))
        lent.append(Backing(amount, own.supply_cap, price, ltv))
    return liquidated, lent


def _price(asset: str, settle: str, market: Market, missing: list[str]) -> Decimal:
    if asset == settle:
        return ONE
    price = market.index.get(asset)
    if price is None:
        missing.append(f"index price of {asset}")
        return ZERO
    return price


def _percent(fraction: Decimal, rounded: Callable[[Decimal, Decimal], Decimal] = down_to) -> str:
    return f"{plain(rounded(PERCENT_PLACES, fraction * 100))} %"
