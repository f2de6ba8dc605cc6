"""Orders that wait for a trigger: `/fapi/v1/algoOrder` and its lists.

`/fapi/v1/order` refuses these types with -4120, as Binance has since December 2025.
"""

from typing import Any

from crossmargin.api.binance import shapes
from crossmargin.api.binance.desk import Desk, Request
from crossmargin.api.binance.errors import DialectError
from crossmargin.api.binance.exchange_info import ALGO_ORDERS_MAX
from crossmargin.api.binance.order_entry import read_algo_order
from crossmargin.api.binance.orders import cancel_each, placed_record
from crossmargin.api.binance.symbols import contract_named
from crossmargin.api.binance.times import part
from crossmargin.history.records import OrderRecord
from crossmargin.venue.command import CancelOrder

EITHER_ID = "Param 'algoId' or 'clientAlgoId' must be sent, but both were empty/null!"


async def place(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `POST /fapi/v1/algoOrder`."""
    account = desk.account_of(request)
    placed = read_algo_order(request.params, desk.state, account)
    waiting = (one for one in account.orders.values() if one.is_waiting)
    if sum(one.symbol == placed.symbol for one in waiting) >= ALGO_ORDERS_MAX:
        raise DialectError(-4045)
    return shapes.algo_order(await placed_record(desk, request, placed))


async def cancel(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `DELETE /fapi/v1/algoOrder`."""
    record = _record(desk, request)
    if record is None or record.triggered_ms is not None:
        raise DialectError(-2011)
    await desk.ask(request, CancelOrder(at_ms=0, account=request.account, order_id=record.id))
    return {
        "algoId": record.id,
        "clientAlgoId": shapes.client_id(record),
        "code": "200",
        "msg": "success",
    }


async def cancel_all(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `DELETE /fapi/v1/algoOpenOrders`: those that wait for no trigger stay."""
    symbol = request.params.text("symbol")
    contract_named(desk.state, symbol)
    await cancel_each(desk, request, symbol, is_algo=True)
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


async def get(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `GET /fapi/v1/algoOrder`."""
    record = _record(desk, request)
    if record is None:
        raise DialectError(-2013)
    return shapes.algo_order(record)


async def open_orders(desk: Desk, request: Request) -> list[dict[str, Any]]:
    """Answer `GET /fapi/v1/openAlgoOrders`."""
    symbol = request.params.optional("symbol")
    if symbol is not None:
        contract_named(desk.state, symbol)
    return [
        shapes.algo_order(one)
        for one in desk.history.orders(request.account, symbol)
        if one.status in shapes.OPEN and not shapes.is_order(one)
    ]


async def all_orders(desk: Desk, request: Request) -> list[dict[str, Any]]:
    """Answer `GET /fapi/v1/allAlgoOrders`."""
    symbol = request.params.text("symbol")
    contract_named(desk.state, symbol)
    first = request.params.integer("algoId") or 0
    found = [
        one
        for one in desk.history.orders(request.account, symbol)
        if one.type.is_conditional and one.id >= first
    ]
    return [
        shapes.algo_order(one) for one in part(request.params, found, lambda one: one.created_ms)
    ]


def _record(desk: Desk, request: Request) -> OrderRecord | None:
    algo_id = request.params.integer("algoId")
    name = request.params.optional("clientAlgoId")
    if algo_id is None and name is None:
        raise DialectError(-1102, text=EITHER_ID)
    found = desk.history.order(request.account, algo_id, name)
    return found if found is not None and found.type.is_conditional else None
