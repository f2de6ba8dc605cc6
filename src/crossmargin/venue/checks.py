"""What an owner's commands are refused for: who asks, for what number, of which asset, how much.

Each check raises the refusal or lets the command go on; nothing changes here. Money leaves a pool
only as far as it is free at prices that may be acted upon.
"""

from decimal import Decimal

from msgspec.structs import replace

from crossmargin.errors import UnitError
from crossmargin.model.account import Account, AssetsMode, MarginMode
from crossmargin.money import EIGHT_PLACES, ZERO, down_to, number, plain
from crossmargin.rulebooks.schema import Contract
from crossmargin.venue.asset_prices import usable_index
from crossmargin.venue.decision import Decision
from crossmargin.venue.event import Breaker
from crossmargin.venue.judging import judged_as, may_leave, wallet_and_profit
from crossmargin.venue.ledger import FUND
from crossmargin.venue.refusal import Code
from crossmargin.venue.state import AccountState


def owned(decision: Decision, name: str) -> AccountState:
    """Return an account that has an owner.

    Raises
    ------
    Refusal
        UNKNOWN_ACCOUNT: there is none of that name, or it is the venue's own.
    """
    found = decision.state.accounts.get(name)
    if found is None:
        raise decision.refuse(Code.UNKNOWN_ACCOUNT, f"there is no account {name!r}")
    if name == FUND:
        raise decision.refuse(Code.UNKNOWN_ACCOUNT, f"the account {name} belongs to the venue")
    return found


def contract_there(decision: Decision, symbol: str) -> Contract:
    """Return the contract of a symbol.

    Raises
    ------
    Refusal
        UNKNOWN_SYMBOL.
    """
    rulebook = decision.state.rulebook
    found = rulebook.contracts.get(symbol)
    if found is None:
        raise decision.refuse(
            Code.UNKNOWN_SYMBOL, f"{symbol!r} is not a symbol of {rulebook.venue}"
        )
    return found


def check_number(decision: Decision, what: str, value: Decimal) -> None:
    """Refuse what is no number above zero of at most 8 digits after the point; `what` names it.

    Raises
    ------
    Refusal
        BAD_NUMBER.
    """
    try:
        number(value)
    except UnitError as error:
        raise decision.refuse(Code.BAD_NUMBER, f"{what}: {error}") from None
    if value <= 0:
        raise decision.refuse(Code.BAD_NUMBER, f"{what} is {plain(value)}, must be above zero")
    if down_to(EIGHT_PLACES, value) != value:
        raise decision.refuse(
            Code.BAD_NUMBER, f"{what} {plain(value)} has more than 8 digits after the point"
        )


def check_money(decision: Decision, asset: str, amount: Decimal) -> None:
    """Refuse what is no amount of an asset of the venue's.

    Raises
    ------
    Refusal
        UNKNOWN_SYMBOL (no such asset), BAD_NUMBER.
    """
    rulebook = decision.state.rulebook
    is_known = asset in rulebook.collateral or any(
        contract.instrument.settle == asset for contract in rulebook.contracts.values()
    )
    if not is_known:
        raise decision.refuse(Code.UNKNOWN_SYMBOL, f"{asset!r} is not an asset of {rulebook.venue}")
    check_number(decision, "amount", amount)


def check_leaving(decision: Decision, account: AccountState, asset: str, amount: Decimal) -> None:
    """Refuse to let more of an asset leave an account than is free.

    Raises
    ------
    Refusal
        BALANCE_INSUFFICIENT, MARGIN_INSUFFICIENT, HEALTH_UNKNOWN, PRICES_UNUSABLE.
    """
    view = account.view()
    left = view.balances.get(asset, ZERO) - amount
    after = replace(view, balances=view.balances | {asset: left})
    require_leaving(decision, account, after, asset)


def require_leaving(decision: Decision, account: AccountState, after: Account, asset: str) -> None:
    """Refuse what would take more of an asset out of an account's pool than is free.

    Parameters
    ----------
    after : the account as it would be.

    Raises
    ------
    Refusal
        BALANCE_INSUFFICIENT, MARGIN_INSUFFICIENT, HEALTH_UNKNOWN, PRICES_UNUSABLE.
    """
    state = decision.state
    assessment, fraction = judged_as(state, after), state.settings.profit_leaves_fraction
    if wallet_and_profit(assessment, asset, fraction) < 0:
        raise decision.refuse(
            Code.BALANCE_INSUFFICIENT, f"{account.name} does not have that much {asset}"
        )
    may = may_leave(assessment, asset, fraction)
    is_multi = account.assets_mode is AssetsMode.MULTI
    for position in account.positions.values():
        settle = state.rulebook.contracts[position.symbol].instrument.settle
        # What a pool can spare is only known at prices that may be acted upon.
        if may and position.mode is MarginMode.CROSS and (is_multi or settle == asset):
            require_prices(decision, position.symbol)
    if may:
        require_collateral(decision, account)
    require_enough(decision, may, f"that much {asset} less")


def require_prices(decision: Decision, symbol: str) -> None:
    """Refuse what may not rest on a symbol's prices as they are.

    Raises
    ------
    Refusal
        PRICES_UNUSABLE.
    """
    if decision.state.symbol(symbol).breaker is not Breaker.USABLE:
        raise decision.refuse(
            Code.PRICES_UNUSABLE, f"the prices of {symbol} cannot be acted upon now"
        )


def require_collateral(decision: Decision, account: AccountState) -> None:
    """Refuse what may not rest on what an account's collateral counts for now.

    Only in multi-assets mode, and where something is at stake that it stands for.

    Raises
    ------
    Refusal
        PRICES_UNUSABLE.
    """
    is_at_stake = account.positions or account.orders or account.is_debtor
    if account.assets_mode is not AssetsMode.MULTI or not is_at_stake:
        return
    for asset, amount in account.balances.items():
        if amount and usable_index(decision.state, asset) is None:
            raise decision.refuse(
                Code.PRICES_UNUSABLE, f"the index of {asset} cannot be acted upon now"
            )


def require_enough(decision: Decision, is_enough: bool | None, what: str) -> None:
    """Refuse what margin is not enough for, or not known to be; `what` would be asked for.

    Raises
    ------
    Refusal
        HEALTH_UNKNOWN, MARGIN_INSUFFICIENT.
    """
    if is_enough is None:
        raise decision.refuse(Code.HEALTH_UNKNOWN, f"with {what} margin would be unknown")
    if not is_enough:
        raise decision.refuse(Code.MARGIN_INSUFFICIENT, f"with {what} margin would not be enough")
