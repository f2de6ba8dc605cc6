"""Placing, changing, reading and cancelling orders that wait for no trigger."""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from crossmargin.api.binance import shapes
from crossmargin.api.binance.desk import Desk, Request
from crossmargin.api.binance.errors import DialectError, refusal, refused_in
from crossmargin.api.binance.exchange_info import OPEN_ORDERS_MAX
from crossmargin.api.binance.forced import forced_orders
from crossmargin.api.binance.order_entry import (
    ORDER_SIDES,
    band_code,
    is_acknowledged,
    price_named,
    quantity,
    read_order,
)
from crossmargin.api.binance.params import required
from crossmargin.api.binance.symbols import contract_named, steps_of
from crossmargin.api.binance.times import part
from crossmargin.api.limits import denial
from crossmargin.history.orders import as_answered
from crossmargin.history.records import OrderRecord
from crossmargin.model.order import OrderType
from crossmargin.money import ZERO, plain
from crossmargin.runtime.loop import Answer
from crossmargin.venue.command import AmendOrder, CancelOrder, PlaceOrder
from crossmargin.venue.decide import would_refuse
from crossmargin.venue.event import Refused
from crossmargin.venue.state import AccountState, OpenOrder

EITHER_ID = "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"


async def place(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `POST /fapi/v1/order`."""
    account = desk.account_of(request)
    placed = read_order(request.params, desk.state, account)
    is_ack = is_acknowledged(request.params)
    record = await placed_record(desk, request, placed)
    return shapes.order(record, is_acknowledgement=is_ack)


async def place_test(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `POST /fapi/v1/order/test`: all that `place` checks, and nothing done."""
    account = desk.account_of(request)
    placed = read_order(request.params, desk.state, account)
    is_acknowledged(request.params)
    check_room(desk, request, placed)
    refused = would_refuse(desk.state, placed)
    if refused is not None:
        raise refused_order(desk, placed, refused)
    return {}


async def placed_record(desk: Desk, request: Request, placed: PlaceOrder) -> OrderRecord:
    """Return the order that a client's command has become.

    Raises
    ------
    DialectError
        If it is refused.
    """
    check_room(desk, request, placed)
    held = desk.account_of(request).held(placed)
    answer = desk.noted(request, await desk.service.ask(placed))
    return record_of(desk, placed, answer, held)


def check_room(desk: Desk, request: Request, placed: PlaceOrder) -> None:
    """Refuse an order that the key, or the number of open orders, does not let in.

    Raises
    ------
    DialectError
        -2015, -2025.
    """
    check_key(desk, request, placed)
    held = desk.account_of(request).orders.values()
    # Most have fewer in all symbols, and are not counted one by one.
    is_full = len(held) >= OPEN_ORDERS_MAX
    if is_full and sum(one.symbol == placed.symbol for one in held) >= OPEN_ORDERS_MAX:
        raise DialectError(-2025)


def check_key(desk: Desk, request: Request, placed: PlaceOrder, *, instead_of: int = 0) -> None:
    """Refuse an order that the key does not let in: its symbol, its size, how many, after a loss.

    Raises
    ------
    DialectError
        -2015, with a sentence of ours where Binance has no such limit.
    """
    desk.check_may_trade(request, placed.symbol)
    if request.key is not None:
        results = desk.context.results
        denied = denial(request.key, placed, desk.state, results, instead_of=instead_of)
        if denied is not None:
            raise DialectError(-2015, text=denied)


def record_of(desk: Desk, placed: PlaceOrder, answer: Answer, held: Decimal) -> OrderRecord:
    """Return the order that an answer is about, as it was when that was given.

    What has happened to it since, in the batch it shared, is not in it.

    Parameters
    ----------
    held : the account's position before it, signed.

    Raises
    ------
    DialectError
        If it was refused; -4116 where the same was asked before, and is done.
    """
    refused = refused_in(answer.events)
    if refused is not None:
        raise refused_order(desk, placed, refused)
    record = None if answer.is_repeat else as_answered(answer.events, held)
    if record is None:
        raise DialectError(-4116)
    return record


def record_by_id(desk: Desk, account: str, order_id: int) -> OrderRecord:
    """Return an order that is known to have been there.

    Raises
    ------
    DialectError
        -2013 if it is beyond what is remembered.
    """
    record = desk.history.order(account, order_id)
    if record is None:
        raise DialectError(-2013)
    return record


def refused_order(desk: Desk, placed: PlaceOrder, refused: Refused) -> DialectError:
    """Return the error that a refused order is."""
    contract = desk.state.rulebook.contracts[placed.symbol]
    smallest = plain(steps_of(desk.state, contract).notional_min or ZERO)
    return refusal(refused, smallest, instead=band_code(placed))


async def amend(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `PUT /fapi/v1/order`: the order stays the same by both its ids."""
    params, account = request.params, desk.account_of(request)
    contract = contract_named(desk.state, params.text("symbol"))
    before = _open_order(desk, request, account)
    if before.placed.type is not OrderType.LIMIT:
        raise DialectError(-5025)
    sign = required(params.choice("side", ORDER_SIDES, -1117), "side")
    size = quantity(params, desk.state, contract, sign)
    price = price_named(params, desk.state, contract)
    if size * before.size < 0:
        raise DialectError(-1117)
    if size == before.size + before.filled and price == before.price:
        raise DialectError(-5027)
    wanted = replace(before.placed, size=size, price=price)
    check_key(desk, request, wanted, instead_of=1)
    command = AmendOrder(
        at_ms=0, account=request.account, order_id=before.id, size=size, price=price
    )
    answer = desk.noted(request, await desk.service.ask(command))
    refused = refused_in(answer.events)
    if refused is not None:
        raise refused_order(desk, wanted, refused)
    return shapes.order(record_by_id(desk, request.account, before.id))


async def cancel(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `DELETE /fapi/v1/order`."""
    contract_named(desk.state, request.params.text("symbol"))
    order_id = _open_order(desk, request, desk.account_of(request)).id
    await desk.ask(request, CancelOrder(at_ms=0, account=request.account, order_id=order_id))
    return shapes.order(record_by_id(desk, request.account, order_id))


async def cancel_all(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `DELETE /fapi/v1/allOpenOrders`: those that wait for a trigger stay."""
    symbol = request.params.text("symbol")
    contract_named(desk.state, symbol)
    await cancel_each(desk, request, symbol, is_algo=False)
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


async def cancel_each(desk: Desk, request: Request, symbol: str, *, is_algo: bool) -> None:
    """Cancel a symbol's orders that wait for a trigger, or those that do not, in one batch.

    One that is over by its turn is none that stands in the way of the others.
    """
    held = desk.account_of(request).orders.values()
    ids = [one.id for one in held if one.symbol == symbol and one.is_waiting is is_algo]
    if ids:
        name = request.account
        each = (CancelOrder(at_ms=0, account=name, order_id=order_id) for order_id in ids)
        desk.noted(request, await desk.service.ask_each(each))


async def get(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `GET /fapi/v1/order`."""
    record = _record(desk, request)
    if record is None or not shapes.is_order(record):
        raise DialectError(-2013)
    return shapes.order(record)


async def get_open(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `GET /fapi/v1/openOrder`."""
    record = _record(desk, request)
    if record is None or not shapes.is_order(record) or record.status not in shapes.OPEN:
        raise DialectError(-2013)
    return shapes.order(record)


async def open_orders(desk: Desk, request: Request) -> list[dict[str, Any]]:
    """Answer `GET /fapi/v1/openOrders`."""
    symbol = _symbol_asked(desk, request)
    return [
        shapes.order(one)
        for one in desk.history.orders(request.account, symbol)
        if one.status in shapes.OPEN and shapes.is_order(one)
    ]


async def all_orders(desk: Desk, request: Request) -> list[dict[str, Any]]:
    """Answer `GET /fapi/v1/allOrders`."""
    symbol = request.params.text("symbol")
    contract_named(desk.state, symbol)
    records = [one for one in desk.history.orders(request.account, symbol) if shapes.is_order(one)]
    records += forced_orders(desk.history, desk.account_of(request), symbol)
    records.sort(key=lambda one: (one.created_ms, one.id))
    first = request.params.integer("orderId") or 0
    found = [one for one in records if one.id >= first]
    return [shapes.order(one) for one in part(request.params, found, lambda one: one.created_ms)]


def _open_order(desk: Desk, request: Request, account: AccountState) -> OpenOrder:
    # The order of the account that a request names, which waits for no trigger.
    order_id = request.params.integer("orderId")
    name = request.params.optional("origClientOrderId")
    if order_id is None and name is None:
        raise DialectError(-1102, text=EITHER_ID)
    if order_id is None:
        order_id = account.client_orders.get(name or "")
    found = account.orders.get(order_id or 0)
    if found is None or found.is_waiting or found.symbol != request.params.text("symbol"):
        raise DialectError(-2011)
    return found


def _record(desk: Desk, request: Request) -> OrderRecord | None:
    symbol = request.params.text("symbol")
    contract_named(desk.state, symbol)
    order_id = request.params.integer("orderId")
    name = request.params.optional("origClientOrderId")
    if order_id is None and name is None:
        raise DialectError(-1102, text=EITHER_ID)
    found = desk.history.order(request.account, order_id, name)
    if found is None:
        found = _forced(desk, request, order_id, name)
    return found if found is not None and found.symbol == symbol else None


def _forced(
    desk: Desk, request: Request, order_id: int | None, name: str | None
) -> OrderRecord | None:
    # What was closed by force has no order that could be looked up; there is little of it.
    for one in reversed(forced_orders(desk.history, desk.account_of(request), None)):
        if one.id == order_id or (order_id is None and one.client_id == name):
            return one
    return None


def _symbol_asked(desk: Desk, request: Request) -> str | None:
    symbol = request.params.optional("symbol")
    if symbol is not None:
        contract_named(desk.state, symbol)
    return symbol
