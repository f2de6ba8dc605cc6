"""Up to five orders in one request; each is answered by itself, in the order they were sent.

They are asked for together, so they share a sync, and nothing comes between them.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

import msgspec

from crossmargin.api.binance import orders
from crossmargin.api.binance.desk import Desk, Request
from crossmargin.api.binance.errors import DialectError
from crossmargin.api.binance.params import Params, text_of

T = TypeVar("T")

ORDERS_MAX = 5
CANCELS_MAX = 10
EITHER_LIST = (
    "Param 'origClientOrderIdList' or 'orderIdList' must be sent, but both were empty/null!"
)


async def place(desk: Desk, request: Request) -> list[dict[str, Any]]:
    """Answer `POST /fapi/v1/batchOrders`."""
    rows = _orders(request.params)
    return await _each([orders.place(desk, request.of(row)) for row in rows])


async def amend(desk: Desk, request: Request) -> list[dict[str, Any]]:
    """Answer `PUT /fapi/v1/batchOrders`."""
    rows = _orders(request.params)
    return await _each([orders.amend(desk, request.of(row)) for row in rows])


async def cancel(desk: Desk, request: Request) -> list[dict[str, Any]]:
    """Answer `DELETE /fapi/v1/batchOrders`."""
    params, symbol = request.params, request.params.text("symbol")
    ids = _names(params, "orderIdList", "orderidlist")
    names = _names(params, "origClientOrderIdList", "origclientorderidlist")
    rows = [{"symbol": symbol, "orderId": str(one)} for one in ids]
    rows += [{"symbol": symbol, "origClientOrderId": str(one)} for one in names]
    if not rows:
        raise DialectError(-1102, text=EITHER_LIST)
    if len(rows) > CANCELS_MAX:
        raise DialectError(-1130, "orderIdList")
    return await _each([orders.cancel(desk, request.of(Params(row))) for row in rows])


async def _each(asked: list[Awaitable[dict[str, Any]]]) -> list[dict[str, Any]]:
    found = await asyncio.gather(*(_answer(one) for one in asked))
    return list(found)


async def _answer(asked: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    try:
        return await asked
    except DialectError as error:
        return dict(error.body())


def _orders(params: Params) -> list[Params]:
    rows = _decoded(params.text("batchOrders"), "batchOrders", list[dict[str, Any]])
    if not 1 <= len(rows) <= ORDERS_MAX:
        raise DialectError(-4082)
    return [Params({name: text_of(value) for name, value in row.items()}) for row in rows]


def _names(params: Params, *names: str) -> list[int | str]:
    sent = [name for name in names if name in params]
    if len(sent) > 1:
        raise DialectError(-1101)
    if not sent:
        return []
    return _decoded(params.text(sent[0]), sent[0], list[int | str])


def _decoded(text: str, name: str, kind: type[T]) -> T:
    try:
        # Numbers with a point as they are spelled, never through a binary float.
        return msgspec.json.Decoder(kind, float_hook=str).decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        raise DialectError(-1130, name) from None
