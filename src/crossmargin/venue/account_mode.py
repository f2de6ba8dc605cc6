"""An account goes from standard to portfolio margin, or back.

Going there takes what the venue asks of whoever enters (`entry_equity_usd`), an account that holds
one net position a symbol and nothing isolated, and that what opening asks for in the other mode is
there: a switch that would liquidate is refused, and so is one of which that is not known.
"""

from decimal import Decimal

from msgspec.structs import replace

from crossmargin.margin.assessment import Assessment
from crossmargin.margin.lookup import POOL_USD
from crossmargin.model.account import AccountMode, PositionMode
from crossmargin.money import ONE, ZERO, plain
from crossmargin.rulebooks.portfolio.pooled import PooledPortfolio
from crossmargin.rulebooks.procedure import Change
from crossmargin.venue.checks import owned, require_enough
from crossmargin.venue.command import SetAccountMode
from crossmargin.venue.decision import Decision
from crossmargin.venue.event import AccountModeSet
from crossmargin.venue.judging import is_margin_enough, judged_as
from crossmargin.venue.refusal import Code
from crossmargin.venue.state import AccountState, State
from crossmargin.venue.switching import Request, is_any_isolated, refuse_if_blocked


def set_account_mode(decision: Decision, command: SetAccountMode) -> None:
    """Let requirements add up by position, or follow from scenarios for the portfolio.

    Raises
    ------
    Refusal
        UNKNOWN_ACCOUNT, NO_SUCH_MODE, MODE_BLOCKED, HEALTH_UNKNOWN, MARGIN_INSUFFICIENT, the
        venue's own.
    """
    account, mode = owned(decision, command.account), command.mode
    rulebook = decision.state.rulebook
    if mode not in rulebook.modes:
        raise decision.refuse(Code.NO_SUCH_MODE, f"{rulebook.venue} has no {mode} mode")
    if mode is not account.mode:
        is_at_stake = bool(account.positions or account.orders or account.is_debtor)
        is_clash = mode is AccountMode.PORTFOLIO and (
            account.position_mode is PositionMode.HEDGE or is_any_isolated(account)
        )
        is_enough = None
        if not is_clash:
            after = judged_as(decision.state, replace(account.view(), mode=mode))
            is_enough = is_margin_enough(after) if is_at_stake else None
        request = Request(Change.PORTFOLIO, account, is_enough=is_enough)
        refuse_if_blocked(decision, request)
        if is_clash:
            raise decision.refuse(
                Code.MODE_BLOCKED,
                "portfolio mode cannot have isolated symbols or the hedge position mode",
            )
        if mode is AccountMode.PORTFOLIO:
            _require_entry(decision, after)
        if is_at_stake:
            require_enough(decision, is_enough, f"{mode} mode")
    decision.emit(AccountModeSet(account=account.name, mode=mode))


def is_by_scenarios(state: State, account: AccountState) -> bool:
    """Return whether what is asked of an account follows from scenarios: no ladder, no leverage."""
    is_pooled = isinstance(state.rulebook.portfolio, PooledPortfolio)
    return account.mode is AccountMode.PORTFOLIO and not is_pooled


def _require_entry(decision: Decision, after: Assessment) -> None:
    state = decision.state
    rule, worth = state.rulebook.portfolio, ZERO
    if rule is None or rule.entry_equity_usd is None:
        return
    entry = rule.entry_equity_usd
    for pool in after.pools:
        price = _price(state, pool.asset)
        if pool.health is None or price is None:
            names = ", ".join(pool.missing) or f"index price of {pool.asset}"
            raise decision.refuse(
                Code.HEALTH_UNKNOWN, f"What the account is worth is not known: {names}."
            )
        worth += pool.health.equity * price
    if worth < entry:
        raise decision.refuse(
            Code.MARGIN_INSUFFICIENT,
            f"portfolio mode asks for an equity of {plain(entry)} USD, there are {plain(worth)}",
        )


def _price(state: State, asset: str) -> Decimal | None:
    # In USD. Where each asset is a pool of its own, nobody need observe a stable coin's price.
    if asset == POOL_USD:
        return ONE
    collateral = state.rulebook.collateral.get(asset)
    is_stable = collateral is not None and collateral.is_stable
    return state.asset_prices.get(asset, ONE if is_stable else None)
