"""The pool of an account that borrows by itself against its tokens."""

from decimal import Decimal
from typing import NamedTuple

from crossmargin.margin.pooled.borrowing import (
    Backing,
    automatic_borrow,
    liquidation_threshold,
    liquidation_value,
    maintenance_requirement,
    portfolio_ratio,
)
from crossmargin.margin.pooled.pool import POSITIONS, TO_THE_LINE, Pool, percent
from crossmargin.margin.scenarios.requirement import Charge
from crossmargin.margin.tally import Tally
from crossmargin.model.market import Market
from crossmargin.money import ONE, ZERO, quotient_up, up_to
from crossmargin.rulebooks.portfolio.pooled import LendingPortfolio
from crossmargin.rulebooks.schema import Rulebook


def lending_pool(
    tallies: dict[str, Tally], market: Market, rulebook: Rulebook, rule: LendingPortfolio
) -> Pool:
    """Return the pool as the lenders see it for whom it is worst, in the asset contracts settle in.

    Equity is the liquidation value less what is borrowed, maintenance margin requirement ÷ line
    (rounded up) less the same.
    """
    settle = next(iter(rulebook.contracts.values())).instrument.settle
    asked = _asked(tallies, settle, market)
    owed = [asset for asset, tally in tallies.items() if tally.wallet + tally.pnl < 0]
    found = [
        _of_token(token, settle, asked, tallies, market, rule)
        for token in dict.fromkeys((settle, *owed))
    ]
    # The account is judged by the token with the largest ratio; none at all is worse than any.
    worst = max(found, key=lambda one: Decimal("Infinity") if one.ratio is None else one.ratio)
    said = None
    if worst.ratio is not None:
        said = (
            "The venue's ratio, requirement ÷ liquidation value, is "
            f"{percent(worst.ratio, up_to)}; it liquidates above "
            f"{percent(rule.liquidation_ratio)}."
        )
    return Pool(settle, worst.pool, worst.charges, said)


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
