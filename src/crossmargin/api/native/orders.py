"""Orders: placed, cancelled, listed; and what has come of them."""

from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery, JSONBody, QueryParameter

from crossmargin.api.context import Context
from crossmargin.api.guard import key_of
from crossmargin.api.keys import Scope
from crossmargin.api.limits import denial
from crossmargin.api.native import bodies
from crossmargin.api.native.answers import CancelDone, OrderDone
from crossmargin.api.native.asking import amount, asked, maybe
from crossmargin.api.native.parameters import (
    AccountPath,
    ClientIdQuery,
    LimitQuery,
    OrderPath,
    SymbolQuery,
)
from crossmargin.api.native.route import changes, reads
from crossmargin.api.problem import Problem
from crossmargin.errors import InvariantBroken
from crossmargin.history.history import trade_record
from crossmargin.history.orders import as_answered
from crossmargin.history.records import (
    IncomeKind,
    IncomeRecord,
    LiquidationRecord,
    MarginChangeRecord,
    OrderRecord,
    TradeRecord,
)
from crossmargin.margin.lookup import contract_of
from crossmargin.money import ZERO
from crossmargin.runtime.loop import Answer
from crossmargin.venue import command
from crossmargin.venue.event import Filled, OrderGone, OrderStatus
from crossmargin.venue.state import State

Asking: TypeAlias = Request[Any, Any, Any]
OVER = (OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.EXPIRED)
CANCELLED_WHY = "asked for"
"""Why an order is gone that its owner cancelled."""


def commands(context: Context) -> list[HTTPRouteHandler]:
    """Return what places and cancels."""

    @changes("/accounts/{account:str}/orders", Scope.TRADE, bodies.NewOrder)
    async def place_order(
        request: Asking, account: AccountPath, data: JSONBody[bodies.NewOrder]
    ) -> OrderDone:
        """Place an order; the answer says what became of it at once."""
        asking, state = order_command(account, data), context.service.state
        denied = denial(key_of(request), asking, state, context.results)
        if denied is not None:
            raise Problem(403, "key-limit", denied, where="body")
        held = state.accounts[account].position(data.symbol, data.side)
        size = held.size if held is not None else ZERO
        return _order_done(await asked(context, request, asking), account, state, size)

    @changes(
        "/accounts/{account:str}/orders/cancel", Scope.TRADE, bodies.OrderCancel, is_cancel=True
    )
    async def cancel_order(
        request: Asking, account: AccountPath, data: JSONBody[bodies.OrderCancel]
    ) -> CancelDone:
        """Cancel one order, by the venue's id or by the client's id of the order."""
        if (data.order_id is None) is (data.order_client_id is None):
            raise Problem(
                400,
                "malformed-body",
                "the body: exactly one of order_id and order_client_id is given",
                where="body.order_id",
            )
        asking = command.CancelOrder(
            at_ms=0,
            account=account,
            client_id=data.client_id,
            order_id=data.order_id,
            order_client_id=data.order_client_id or "",
        )
        return _cancel_done(await asked(context, request, asking))

    @changes(
        "/accounts/{account:str}/orders/cancel-all",
        Scope.TRADE,
        bodies.CancelEverything,
        is_cancel=True,
    )
    async def cancel_all(
        request: Asking, account: AccountPath, data: JSONBody[bodies.CancelEverything]
    ) -> CancelDone:
        """Cancel all orders, or those of a symbol."""
        asking = command.CancelAll(
            at_ms=0, account=account, client_id=data.client_id, symbol=data.symbol or ""
        )
        return _cancel_done(await asked(context, request, asking))

    return [place_order, cancel_order, cancel_all]


def records(context: Context) -> list[HTTPRouteHandler]:
    """Return what has come of orders, newest last."""
    history = context.history

    @reads("/accounts/{account:str}/orders", Scope.READ, "symbol", "status", "client_id", "limit")
    async def list_orders(
        account: AccountPath,
        symbol: SymbolQuery = None,
        status: Annotated[
            Literal["open", "all"], QueryParameter(description="Open ones, or all remembered.")
        ] = "open",
        client_id: ClientIdQuery = None,
        limit: LimitQuery = 100,
    ) -> list[OrderRecord]:
        """Return an account's orders, the first placed first."""
        found = history.orders(account, symbol)
        if client_id is not None:
            one = history.order(account, client_id=client_id)
            found = () if one is None else (one,)
        return [one for one in found if status == "all" or one.status not in OVER][-limit:]

    @reads("/accounts/{account:str}/orders/{order_id:int}", Scope.READ)
    async def read_order(account: AccountPath, order_id: OrderPath) -> OrderRecord:
        """Return one order, open or remembered."""
        found = history.order(account, order_id)
        if found is None:
            raise Problem(404, "unknown-order", f"there is no order {order_id}", where="path")
        return found

    @reads("/accounts/{account:str}/trades", Scope.READ, "symbol", "limit")
    async def list_trades(
        account: AccountPath, symbol: SymbolQuery = None, limit: LimitQuery = 100
    ) -> list[TradeRecord]:
        """Return an account's trades."""
        return [*history.trades(account, symbol)[-limit:]]

    return [list_orders, read_order, list_trades]


def money(context: Context) -> list[HTTPRouteHandler]:
    """Return what moved money, and what was closed for want of it, newest last."""
    history = context.history

    @reads("/accounts/{account:str}/income", Scope.READ, "symbol", "kind", "limit")
    async def list_income(
        account: AccountPath,
        symbol: SymbolQuery = None,
        kind: FromQuery[IncomeKind | None] = None,
        limit: LimitQuery = 100,
    ) -> list[IncomeRecord]:
        """Return what moved an account's money."""
        return [*history.income(account, symbol, kind)[-limit:]]

    @reads("/accounts/{account:str}/margin-changes", Scope.READ, "symbol", "limit")
    async def list_margin_changes(
        account: AccountPath, symbol: SymbolQuery = None, limit: LimitQuery = 100
    ) -> list[MarginChangeRecord]:
        """Return what the owner moved to and from isolated positions."""
        return [*history.margin_changes(account, symbol)[-limit:]]

    @reads("/accounts/{account:str}/liquidations", Scope.READ, "limit")
    async def list_own_liquidations(
        account: AccountPath, limit: LimitQuery = 100
    ) -> list[LiquidationRecord]:
        """Return the receipts of an account's liquidations."""
        return [*history.liquidations(account)[-limit:]]

    return [list_income, list_margin_changes, list_own_liquidations]


def order_command(account: str, data: bodies.NewOrder) -> command.PlaceOrder:
    """Return the command that a body asks for.

    Raises
    ------
    Problem
        If a number has too many digits.
    """
    return command.PlaceOrder(
        at_ms=0,
        account=account,
        client_id=data.client_id,
        symbol=data.symbol,
        size=amount(data.size, "size"),
        type=data.type,
        price=maybe(data.price, "price"),
        time_in_force=data.time_in_force,
        trigger_price=maybe(data.trigger_price, "trigger_price"),
        trigger=data.trigger,
        callback_fraction=maybe(data.callback_fraction, "callback_fraction"),
        reduce_only=data.reduce_only,
        is_close_position=data.is_close_position,
        side=data.side,
        self_trade=data.self_trade,
        stop_loss_price=maybe(data.stop_loss_price, "stop_loss_price"),
        take_profit_price=maybe(data.take_profit_price, "take_profit_price"),
    )


def _order_done(answer: Answer, account: str, state: State, held: Decimal) -> OrderDone:
    # From the events alone, so that a repeat says what was said first.
    order = as_answered(answer.events, held)
    if order is None:
        raise InvariantBroken(f"record {answer.sequence} placed no order and was not refused")
    instrument = contract_of(order.symbol, state.rulebook).instrument
    trades = [
        trade_record(one, instrument, order.created_ms)
        for one in answer.events
        if isinstance(one, Filled) and one.order_id == order.id and one.account == account
    ]
    return OrderDone(answer.sequence, answer.is_repeat, order, trades)


def _cancel_done(answer: Answer) -> CancelDone:
    ids = [
        one.order_id
        for one in answer.events
        if isinstance(one, OrderGone) and one.why == CANCELLED_WHY
    ]
    return CancelDone(answer.sequence, answer.is_repeat, ids)
