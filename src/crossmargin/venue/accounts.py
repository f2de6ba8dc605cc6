"""An owner's commands about money and settings: opened, paid in, taken out, moved, switched.

Each handler checks everything before its first event, so a refused command has changed nothing.
Money only moves by postings; nothing leaves a pool or a bucket that needs it, and where health is
not known nothing leaves at all. What orders ask is not looked at here, nor who may give a command.
"""

from decimal import Decimal

from msgspec.structs import replace

from crossmargin.margin.lookup import leverage_of
from crossmargin.model.account import (
    Account,
    AccountMode,
    AssetsMode,
    MarginMode,
    Position,
    PositionMode,
)
from crossmargin.model.order import Side
from crossmargin.money import plain
from crossmargin.rulebooks.procedure import Change
from crossmargin.rulebooks.schema import Contract
from crossmargin.venue import command as asked
from crossmargin.venue import event as happened
from crossmargin.venue.account_mode import is_by_scenarios
from crossmargin.venue.checks import (
    check_leaving,
    check_money,
    check_number,
    contract_there,
    owned,
    require_enough,
    require_leaving,
    require_prices,
)
from crossmargin.venue.decision import Decision, moved
from crossmargin.venue.judging import (
    bucket_of,
    is_margin_enough,
    is_symbol_covered,
    judged_as,
    leverage_max,
    margin_left,
)
from crossmargin.venue.ledger import FUND
from crossmargin.venue.refusal import Code
from crossmargin.venue.state import AccountState
from crossmargin.venue.switching import Request, is_any_isolated, refuse_if_blocked

_NAME_LENGTH_MAX = 64


def open_account(decision: Decision, command: asked.OpenAccount) -> None:
    """Open an account; a sub-account's parent is there and is not a sub-account itself.

    Raises
    ------
    Refusal
        UNKNOWN_ACCOUNT (no name to go by, or no such parent), ACCOUNT_EXISTS, NOT_FAMILY.
    """
    name, parent = command.account, command.parent
    # What is printable beyond ASCII differs between versions of Python.
    is_name = name.isascii() and name.isprintable() and name == name.strip()
    if not (is_name and 0 < len(name) <= _NAME_LENGTH_MAX):
        raise decision.refuse(
            Code.UNKNOWN_ACCOUNT,
            f"{name!r} cannot name an account: 1 to {_NAME_LENGTH_MAX} printable ASCII characters",
        )
    if name in decision.state.accounts or name == FUND:
        raise decision.refuse(Code.ACCOUNT_EXISTS, f"there is an account {name} already")
    if parent and owned(decision, parent).parent:
        raise decision.refuse(Code.NOT_FAMILY, f"{parent} is a sub-account and can have none")
    decision.emit(happened.AccountOpened(account=name, parent=parent, is_maker=command.is_maker))


def deposit(decision: Decision, command: asked.Deposit) -> None:
    """Bring money in from outside.

    Raises
    ------
    Refusal
        UNKNOWN_ACCOUNT, UNKNOWN_SYMBOL (no asset of the venue), BAD_NUMBER.
    """
    account = owned(decision, command.account)
    check_money(decision, command.asset, command.amount)
    purse = f"account/{account.name}"
    _move(decision, "outside", purse, command.asset, command.amount, "deposit")


def withdraw(decision: Decision, command: asked.Withdraw) -> None:
    """Take money out, never more than is `withdrawable` of its pool.

    Raises
    ------
    Refusal
        UNKNOWN_ACCOUNT, UNKNOWN_SYMBOL, BAD_NUMBER, BALANCE_INSUFFICIENT, MARGIN_INSUFFICIENT,
        HEALTH_UNKNOWN, PRICES_UNUSABLE.
    """
    account = owned(decision, command.account)
    check_money(decision, command.asset, command.amount)
    check_leaving(decision, account, command.asset, command.amount)
    purse = f"account/{account.name}"
    _move(decision, purse, "outside", command.asset, command.amount, "withdraw")


def transfer(decision: Decision, command: asked.Transfer) -> None:
    """Move free money to the parent, a sub-account or another sub-account of the same parent.

    Raises
    ------
    Refusal
        NOT_FAMILY, and those of `withdraw`.
    """
    account, target = owned(decision, command.account), owned(decision, command.to)
    check_money(decision, command.asset, command.amount)
    if account is target or _head(account) != _head(target):
        raise decision.refuse(
            Code.NOT_FAMILY, f"{target.name} is no other account of {account.name}'s family"
        )
    check_leaving(decision, account, command.asset, command.amount)
    source, to = f"account/{account.name}", f"account/{target.name}"
    _move(decision, source, to, command.asset, command.amount, "transfer")


def feed_fund(decision: Decision, command: asked.FeedFund) -> None:
    """Bring money into the insurance fund from outside.

    Raises
    ------
    Refusal
        UNKNOWN_SYMBOL, BAD_NUMBER.
    """
    check_money(decision, command.asset, command.amount)
    _move(decision, "outside", "fund", command.asset, command.amount, "feed-fund")


def set_leverage(decision: Decision, command: asked.SetLeverage) -> None:
    """Set a symbol's leverage, at most what the ladder allows for what is held and ordered.

    Lowering it asks for more: the symbol's pool must have that, and so must its buckets, to
    which margin has to be added first.

    Raises
    ------
    Refusal
        UNKNOWN_ACCOUNT, UNKNOWN_SYMBOL, NO_SUCH_MODE (nothing to set), BAD_NUMBER,
        LEVERAGE_TOO_HIGH, HEALTH_UNKNOWN, MARGIN_INSUFFICIENT, the venue's own.
    """
    account, symbol, leverage = owned(decision, command.account), command.symbol, command.leverage
    contract, rulebook = contract_there(decision, symbol), decision.state.rulebook
    is_option = contract.instrument.option is not None
    if not rulebook.is_leverage_settable or is_option or is_by_scenarios(decision.state, account):
        raise decision.refuse(Code.NO_SUCH_MODE, f"no leverage is set of {symbol}")
    check_number(decision, "leverage", leverage)
    _check_ladder(decision, account, contract, leverage)
    view = account.view()
    after = replace(view, leverage=view.leverage | {symbol: leverage})
    is_lower = leverage < leverage_of(symbol, view, rulebook)
    is_covered = is_symbol_covered(decision.state, after, contract, is_opening=is_lower)
    if is_lower:
        request = Request(Change.LOWER_LEVERAGE, account, symbol, is_enough=is_covered)
        refuse_if_blocked(decision, request)
    require_enough(decision, is_covered, f"leverage {plain(leverage)} of {symbol}")
    decision.emit(happened.LeverageSet(account=account.name, symbol=symbol, leverage=leverage))


def set_margin_mode(decision: Decision, command: asked.SetMarginMode) -> None:
    """Make a symbol cross or isolated; never while there is a position in it.

    Raises
    ------
    Refusal
        UNKNOWN_ACCOUNT, UNKNOWN_SYMBOL, NO_SUCH_MODE, MODE_BLOCKED, the venue's own.
    """
    account, symbol, mode = owned(decision, command.account), command.symbol, command.mode
    contract_there(decision, symbol)
    rulebook = decision.state.rulebook
    is_isolated = mode is MarginMode.ISOLATED
    if is_isolated and account.mode is AccountMode.PORTFOLIO:
        raise decision.refuse(Code.NO_SUCH_MODE, "nothing is isolated in portfolio mode")
    if is_isolated and not rulebook.has_isolated:
        raise decision.refuse(Code.NO_SUCH_MODE, f"{rulebook.venue} has nothing isolated")
    if mode is not account.view().mode_of(symbol):
        if is_isolated:
            refuse_if_blocked(decision, Request(Change.ISOLATED, account, symbol))
        refuse_if_blocked(decision, Request(Change.MARGIN_MODE, account, symbol))
        is_multi = account.assets_mode is AssetsMode.MULTI
        if is_isolated and is_multi and not rulebook.has_isolated_in_multi:
            raise decision.refuse(
                Code.NO_SUCH_MODE, f"{rulebook.venue} has nothing isolated in multi-assets mode"
            )
        # A position brings its own mode along, and turning it would have to fund a bucket.
        if any(held == symbol for held, _ in account.positions):
            raise decision.refuse(
                Code.MODE_BLOCKED, f"the margin mode of {symbol} cannot change with a position"
            )
    decision.emit(happened.MarginModeSet(account=account.name, symbol=symbol, mode=mode))


def set_position_mode(decision: Decision, command: asked.SetPositionMode) -> None:
    """Hold one net position a symbol, or two; never while there is a position or an order.

    Raises
    ------
    Refusal
        UNKNOWN_ACCOUNT, NO_SUCH_MODE, MODE_BLOCKED, the venue's own.
    """
    account, mode = owned(decision, command.account), command.mode
    rulebook = decision.state.rulebook
    if mode not in rulebook.position_modes:
        raise decision.refuse(Code.NO_SUCH_MODE, f"{rulebook.venue} has no {mode} position mode")
    if mode is PositionMode.HEDGE and account.mode is AccountMode.PORTFOLIO:
        raise decision.refuse(Code.NO_SUCH_MODE, "portfolio mode has no hedge position mode")
    if mode is not account.position_mode:
        refuse_if_blocked(decision, Request(Change.POSITION_MODE, account))
        # Positions are kept by side in one mode and not in the other, whatever a venue allows.
        if account.positions or account.orders:
            raise decision.refuse(
                Code.MODE_BLOCKED, "the position mode cannot change with positions or orders"
            )
    decision.emit(happened.PositionModeSet(account=account.name, mode=mode))


def set_assets_mode(decision: Decision, command: asked.SetAssetsMode) -> None:
    """Make every settle asset a pool of its own, or all collateral one pool.

    Where something is at stake (positions, orders, debts), what is asked for opening must be there
    after it.

    Raises
    ------
    Refusal
        UNKNOWN_ACCOUNT, NO_SUCH_MODE, MODE_BLOCKED, HEALTH_UNKNOWN, MARGIN_INSUFFICIENT, the
        venue's own.
    """
    account, mode = owned(decision, command.account), command.mode
    rulebook, is_multi = decision.state.rulebook, mode is AssetsMode.MULTI
    if mode not in rulebook.assets_modes:
        raise decision.refuse(Code.NO_SUCH_MODE, f"{rulebook.venue} has no {mode}-assets mode")
    if mode is not account.assets_mode:
        is_clash = is_multi and is_any_isolated(account) and not rulebook.has_isolated_in_multi
        is_at_stake = bool(account.positions or account.orders or account.is_debtor)
        is_enough = None
        if is_at_stake and not is_clash:
            after = replace(account.view(), assets_mode=mode)
            is_enough = is_margin_enough(judged_as(decision.state, after))
        if is_multi:
            request = Request(Change.MULTI_ASSETS, account, is_enough=is_enough)
            refuse_if_blocked(decision, request)
        if is_clash:
            raise decision.refuse(
                Code.MODE_BLOCKED, "multi-assets mode cannot have symbols that are isolated"
            )
        if is_at_stake:
            require_enough(decision, is_enough, f"{mode}-assets mode")
    decision.emit(happened.AssetsModeSet(account=account.name, mode=mode))


def move_margin(decision: Decision, command: asked.MoveMargin) -> None:
    """Add money of the pool that may leave it to a bucket, or take back what it does not need.

    What a bucket needs is its initial margin at its leverage; neither its own money nor its equity
    may be less after taking, so an open profit is never taken.

    Raises
    ------
    Refusal
        UNKNOWN_ACCOUNT, UNKNOWN_SYMBOL, BAD_NUMBER, WRONG_SIDE, NO_ISOLATED_POSITION,
        HEALTH_UNKNOWN, PRICES_UNUSABLE, BALANCE_INSUFFICIENT, MARGIN_INSUFFICIENT, the venue's
        own.
    """
    account, symbol, amount = owned(decision, command.account), command.symbol, command.amount
    contract = contract_there(decision, symbol)
    check_number(decision, "amount", amount.copy_abs())
    is_hedge = account.position_mode is PositionMode.HEDGE
    if is_hedge and command.side is None:
        raise decision.refuse(Code.WRONG_SIDE, "in hedge mode margin is moved of a side")
    refuse_if_blocked(decision, Request(Change.ADD_MARGIN, account, symbol))
    position = account.position(symbol, command.side)
    if position is None or position.mode is not MarginMode.ISOLATED:
        raise decision.refuse(
            Code.NO_ISOLATED_POSITION, f"{account.name} has no such isolated position in {symbol}"
        )
    if command.side not in (None, position.side):
        raise decision.refuse(Code.WRONG_SIDE, f"the position in {symbol} is {position.side}")
    changed = replace(position, margin=position.margin + amount)
    held = tuple(changed if one is position else one for one in account.positions.values())
    after = replace(account.view(), positions=held)
    if amount > 0:
        require_leaving(decision, account, after, contract.instrument.settle)
    else:
        _require_bucket(decision, after, changed, symbol, command.side)
    decision.emit(
        happened.PositionChanged(
            account=account.name, position=changed, side=position.side, why="margin"
        )
    )


def _head(account: AccountState) -> str:
    return account.parent or account.name


def _move(
    decision: Decision, source: str, target: str, asset: str, amount: Decimal, why: str
) -> None:
    decision.emit(happened.MoneyMoved(why=why, postings=moved(source, target, asset, amount)))


def _require_bucket(
    decision: Decision, after: Account, changed: Position, symbol: str, side: Side | None
) -> None:
    bucket = bucket_of(judged_as(decision.state, after), symbol, side)
    needed = bucket.initial_margin if bucket else None
    left = margin_left(bucket) if bucket else None
    is_enough = None if needed is None or left is None else min(left, changed.margin - needed) >= 0
    if is_enough:
        require_prices(decision, symbol)
    require_enough(decision, is_enough, f"that much less in {symbol}")


def _check_ladder(
    decision: Decision, account: AccountState, contract: Contract, leverage: Decimal
) -> None:
    symbol = contract.instrument.symbol
    allowed = leverage_max(decision.state, account.view(), contract)
    if allowed is None:
        raise decision.refuse(
            Code.HEALTH_UNKNOWN, f"what leverage the tiers of {symbol} allow is not known"
        )
    if leverage > allowed:
        raise decision.refuse(
            Code.LEVERAGE_TOO_HIGH,
            f"leverage {plain(leverage)} of {symbol} is above {plain(allowed)}, the most allowed "
            "for what is held and ordered",
        )
