"""The pool of a unified account: margin wallet, loans and futures of both kinds, in USD."""

from decimal import Decimal

from crossmargin.errors import UnknownError
from crossmargin.margin.lookup import POOL_USD
from crossmargin.margin.pooled.pool import POSITIONS, TO_THE_LINE, Pool, percent
from crossmargin.margin.pooled.unified import (
    account_maintenance,
    loan_initial,
    loan_maintenance,
    status_of,
    unified_ratio,
)
from crossmargin.margin.scenarios.requirement import Charge
from crossmargin.margin.tally import Tally, in_usd, rates_of
from crossmargin.model.market import Market
from crossmargin.money import plain
from crossmargin.rulebooks.portfolio.pooled import UnifiedPortfolio
from crossmargin.rulebooks.schema import Rulebook

CLASSIC = "classic"
"""The programme whose status an account is told."""


def unified_pool(
    tallies: dict[str, Tally],
    market: Market,
    rulebook: Rulebook,
    rule: UnifiedPortfolio,
    remarks: dict[str, None],
) -> Pool:
    """Return the pool of all wallets, in USD.

    Maintenance margin is what positions and loans ask, × the ratio at which accounts are
    liquidated; initial margin at least the same × the ratio at which nothing is opened.

    Raises
    ------
    UnknownError
        If there is a loan and the rule's class of loans is not among those it has.
    """
    rates, missing = rates_of(tallies, market, rulebook, remarks)
    pool = in_usd(tallies, rates, rulebook.collateral)
    pool.missing.extend(missing)
    asked = [Charge(POSITIONS, pool.maintenance)]
    for asset, tally in tallies.items():
        if tally.wallet < 0 and asset in rates:
            loan = -tally.wallet * rates[asset].ask
            asked.append(Charge(f"loan of {asset}", loan_maintenance(loan, _loan_rate(rule))))
            pool.initial += loan_initial(loan, rule.loan_leverage)
    if len(asked) > 1:
        remarks[
            f"Loans are taken to be of the class of {plain(rule.loan_leverage)}x, which is asked "
            f"{percent(_loan_rate(rule))} of them: an account does not say its class."
        ] = None
    required = account_maintenance(charge.amount for charge in asked)
    pool.maintenance = required * rule.liquidation_ratio
    pool.initial = max(pool.initial, required * rule.opening_ratio - pool.orders)
    asked.append(Charge(TO_THE_LINE, pool.maintenance - required))
    ratio = unified_ratio(pool.wallet + pool.pnl, required)
    said = None if ratio is None else _status(ratio, rule)
    return Pool(POOL_USD, pool, tuple(asked), said)


def _loan_rate(rule: UnifiedPortfolio) -> Decimal:
    for loan in rule.loans:
        if loan.leverage == rule.loan_leverage:
            return loan.maintenance_rate
    raise UnknownError(f"what loans at {plain(rule.loan_leverage)}x are asked for is not known")


def _status(ratio: Decimal, rule: UnifiedPortfolio) -> str:
    level = status_of(ratio, rule.levels, CLASSIC)
    said = "" if level is None else f": {level.name}"
    return (
        f"The venue's ratio, equity ÷ maintenance margin, is {percent(ratio)}{said}; "
        f"it liquidates at {percent(rule.liquidation_ratio)}."
    )
