"""Listen keys asked for, kept and ended: `/fapi/v1/listenKey`."""

from typing import Any

from crossmargin.api.binance.desk import Desk, Request
from crossmargin.api.binance.errors import DialectError
from crossmargin.api.binance.listen_keys import ListenKey


async def start(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `POST /fapi/v1/listenKey`."""
    key_id = request.key.id if request.key is not None else ""
    one = desk.listen_keys.start(request.account, key_id, desk.service.wall_ms())
    return {"listenKey": one.name}


async def extend(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `PUT /fapi/v1/listenKey`, with the key's name or without."""
    one = desk.listen_keys.extend(_asked(desk, request), desk.service.wall_ms())
    return {"listenKey": one.name}


async def close(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `DELETE /fapi/v1/listenKey`, with the key's name or without."""
    desk.listen_keys.close(_asked(desk, request))
    return {}


def _asked(desk: Desk, request: Request) -> ListenKey:
    found = desk.listen_keys.of_account(request.account, desk.service.wall_ms())
    name = request.params.optional("listenKey")
    if found is None or name not in (None, found.name):
        raise DialectError(-1125)
    return found
