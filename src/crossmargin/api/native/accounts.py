"""Accounts: what they have, what is asked of them, and their owner's commands."""

from typing import Any

from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from crossmargin.api.context import Context
from crossmargin.api.guard import key_of
from crossmargin.api.keys import Scope
from crossmargin.api.native import bodies
from crossmargin.api.native.answers import AccountView, Done, PositionView, SettingsView
from crossmargin.api.native.asking import account_of, amount, asked
from crossmargin.api.native.form import may_act
from crossmargin.api.native.parameters import AccountPath
from crossmargin.api.native.route import changes, reads
from crossmargin.api.problem import Problem
from crossmargin.files.answer import answer
from crossmargin.margin.assess import assess
from crossmargin.model.account import MarginMode
from crossmargin.runtime.loop import Answer
from crossmargin.venue import command
from crossmargin.venue.state import AccountState, State

Asked = Request[Any, Any, Any]


def readers(context: Context) -> list[HTTPRouteHandler]:
    """Return what is told of accounts."""
    service = context.service

    @reads("/accounts", Scope.READ)
    async def list_accounts(request: Asked) -> list[AccountView]:
        """Return the accounts the key may act for."""
        state, key = service.state, key_of(request)
        return [
            account_view(one, state)
            for one in state.accounts.values()
            if may_act(state, key, one.name)
        ]

    @reads("/accounts/{account:str}", Scope.READ)
    async def read_account(account: AccountPath) -> AccountView:
        """Return one account."""
        return account_view(account_of(context, account), service.state)

    @reads("/accounts/{account:str}/sub-accounts", Scope.READ)
    async def list_sub_accounts(account: AccountPath) -> list[AccountView]:
        """Return an account's sub-accounts."""
        state = service.state
        return [
            account_view(one, state) for one in state.accounts.values() if one.parent == account
        ]

    @reads("/accounts/{account:str}/assessment", Scope.READ, weight=5)
    async def read_assessment(account: AccountPath) -> dict[str, Any]:
        """Return what `crossmargin check --json` says of the account as it is now."""
        found, state = account_of(context, account), service.state
        return dict(answer(assess(found.view(), state.market(), state.rulebook)))

    @reads("/accounts/{account:str}/settings", Scope.READ)
    async def read_settings(account: AccountPath) -> SettingsView:
        """Return what is set."""
        return settings_view(account_of(context, account))

    @reads("/accounts/{account:str}/positions", Scope.READ)
    async def list_positions(account: AccountPath) -> list[PositionView]:
        """Return what is held."""
        return position_views(account_of(context, account), service.state)

    return [
        list_accounts,
        read_account,
        list_sub_accounts,
        read_assessment,
        read_settings,
        list_positions,
    ]


def opening(context: Context) -> list[HTTPRouteHandler]:
    """Return what opens accounts."""

    @changes("/accounts", Scope.ADMIN, bodies.NewAccount, status=201)
    async def open_account(request: Asked, data: JSONBody[bodies.NewAccount]) -> Done:
        """Open an account, empty."""
        parent = data.parent or ""
        if parent:
            account_of(context, parent, "body.parent")
        asking = command.OpenAccount(
            at_ms=0, account=data.account, client_id=data.client_id, parent=parent
        )
        return done(await asked(context, request, asking))

    return [open_account]


def money(context: Context) -> list[HTTPRouteHandler]:
    """Return what moves money; it is the venue's play money."""

    @changes("/accounts/{account:str}/deposits", Scope.ADMIN, bodies.Money)
    async def deposit(request: Asked, account: AccountPath, data: JSONBody[bodies.Money]) -> Done:
        """Bring money in from outside."""
        asking = command.Deposit(
            at_ms=0,
            account=account,
            client_id=data.client_id,
            asset=data.asset,
            amount=amount(data.amount, "amount"),
        )
        return done(await asked(context, request, asking))

    @changes("/accounts/{account:str}/withdrawals", Scope.ADMIN, bodies.Money)
    async def withdraw(request: Asked, account: AccountPath, data: JSONBody[bodies.Money]) -> Done:
        """Take money out, never more than is free."""
        asking = command.Withdraw(
            at_ms=0,
            account=account,
            client_id=data.client_id,
            asset=data.asset,
            amount=amount(data.amount, "amount"),
        )
        return done(await asked(context, request, asking))

    @changes("/accounts/{account:str}/transfers", Scope.TRADE, bodies.NewTransfer)
    async def transfer(
        request: Asked, account: AccountPath, data: JSONBody[bodies.NewTransfer]
    ) -> Done:
        """Move free money to another account of the same family."""
        asking = command.Transfer(
            at_ms=0,
            account=account,
            client_id=data.client_id,
            to=data.to,
            asset=data.asset,
            amount=amount(data.amount, "amount"),
        )
        return done(await asked(context, request, asking))

    @changes("/accounts/{account:str}/conversions", Scope.TRADE, bodies.NewConversion)
    async def convert(
        request: Asked, account: AccountPath, data: JSONBody[bodies.NewConversion]
    ) -> Done:
        """Exchange one asset of the wallet for another, at the index."""
        asking = command.Convert(
            at_ms=0,
            account=account,
            client_id=data.client_id,
            asset=data.asset,
            to=data.to,
            amount=amount(data.amount, "amount"),
        )
        return done(await asked(context, request, asking))

    return [deposit, withdraw, transfer, convert]


def settings(context: Context) -> list[HTTPRouteHandler]:
    """Return what owners set of a symbol."""

    @changes("/accounts/{account:str}/leverage", Scope.TRADE, bodies.NewLeverage)
    async def set_leverage(
        request: Asked, account: AccountPath, data: JSONBody[bodies.NewLeverage]
    ) -> Done:
        """Set a symbol's leverage."""
        check_symbol(request, data.symbol)
        asking = command.SetLeverage(
            at_ms=0,
            account=account,
            client_id=data.client_id,
            symbol=data.symbol,
            leverage=amount(data.leverage, "leverage"),
        )
        return done(await asked(context, request, asking))

    @changes("/accounts/{account:str}/margin-mode", Scope.TRADE, bodies.NewMarginMode)
    async def set_margin_mode(
        request: Asked, account: AccountPath, data: JSONBody[bodies.NewMarginMode]
    ) -> Done:
        """Make a symbol cross or isolated."""
        check_symbol(request, data.symbol)
        asking = command.SetMarginMode(
            at_ms=0, account=account, client_id=data.client_id, symbol=data.symbol, mode=data.mode
        )
        return done(await asked(context, request, asking))

    @changes("/accounts/{account:str}/positions/margin", Scope.TRADE, bodies.MarginMove)
    async def move_margin(
        request: Asked, account: AccountPath, data: JSONBody[bodies.MarginMove]
    ) -> Done:
        """Add to an isolated position's own money, or take from it."""
        check_symbol(request, data.symbol)
        asking = command.MoveMargin(
            at_ms=0,
            account=account,
            client_id=data.client_id,
            symbol=data.symbol,
            amount=amount(data.amount, "amount"),
            side=data.side,
        )
        return done(await asked(context, request, asking))

    return [set_leverage, set_margin_mode, move_margin]


def modes(context: Context) -> list[HTTPRouteHandler]:
    """Return what owners set of the whole account."""

    @changes("/accounts/{account:str}/position-mode", Scope.TRADE, bodies.NewPositionMode)
    async def set_position_mode(
        request: Asked, account: AccountPath, data: JSONBody[bodies.NewPositionMode]
    ) -> Done:
        """Hold one net position a symbol, or a long and a short."""
        asking = command.SetPositionMode(
            at_ms=0, account=account, client_id=data.client_id, mode=data.mode
        )
        return done(await asked(context, request, asking))

    @changes("/accounts/{account:str}/assets-mode", Scope.TRADE, bodies.NewAssetsMode)
    async def set_assets_mode(
        request: Asked, account: AccountPath, data: JSONBody[bodies.NewAssetsMode]
    ) -> Done:
        """Make every settle asset a pool of its own, or all collateral one."""
        asking = command.SetAssetsMode(
            at_ms=0, account=account, client_id=data.client_id, mode=data.mode
        )
        return done(await asked(context, request, asking))

    @changes("/accounts/{account:str}/mode", Scope.TRADE, bodies.NewAccountMode)
    async def set_account_mode(
        request: Asked, account: AccountPath, data: JSONBody[bodies.NewAccountMode]
    ) -> Done:
        """Let requirements add up by position, or follow from scenarios for the portfolio."""
        asking = command.SetAccountMode(
            at_ms=0, account=account, client_id=data.client_id, mode=data.mode
        )
        return done(await asked(context, request, asking))

    return [set_position_mode, set_assets_mode, set_account_mode]


def check_symbol(request: Asked, symbol: str) -> None:
    """Refuse a symbol that the key may not trade.

    Raises
    ------
    Problem
        If it may not.
    """
    if not key_of(request).may_trade(symbol):
        raise Problem(
            403, "symbol-not-allowed", f"the key may not trade {symbol}", where="body.symbol"
        )


def done(found: Answer) -> Done:
    """Return what is told of a command that was not refused."""
    return Done(found.sequence, found.is_repeat)


def settings_view(account: AccountState) -> SettingsView:
    """Return what an account has set."""
    return SettingsView(
        account.mode,
        account.assets_mode,
        account.position_mode,
        dict(account.leverage),
        dict(account.margin_mode),
    )


def position_views(account: AccountState, state: State) -> list[PositionView]:
    """Return what an account holds."""
    return [
        PositionView(
            symbol=one.symbol,
            side=one.side,
            size=one.size,
            entry_price=one.entry_price,
            mark_price=state.symbol(one.symbol).mark,
            mode=one.mode,
            margin=one.margin if one.mode is MarginMode.ISOLATED else None,
        )
        for one in account.positions.values()
    ]


def account_view(account: AccountState, state: State) -> AccountView:
    """Return what is told of an account."""
    return AccountView(
        account=account.name,
        parent=account.parent,
        is_maker=account.is_maker,
        balances=dict(account.balances),
        settings=settings_view(account),
        positions=position_views(account, state),
        open_orders=len(account.orders),
    )
