"""May a request be answered: is it asked too often, who asks, may they, and are they really them.

The same for requests over HTTP and over a WebSocket, which sign other bytes.
"""

from crossmargin.api.binance.desk import Desk, Request
from crossmargin.api.binance.errors import DialectError
from crossmargin.api.binance.params import Params
from crossmargin.api.binance.routes import Route, Security
from crossmargin.api.binance.signing import check_signature, check_window, key_of
from crossmargin.api.keys import Key
from crossmargin.errors import StoreError

SIGNATURE = "signature"


def check_rate(desk: Desk, route: Route, *, key_id: str = "", address: str = "") -> None:
    """Take a request's tokens from the bucket of a key or an address.

    Raises
    ------
    DialectError
        -1003 if there are none.
    """
    gate = desk.context.gate
    if gate.wait_s(key_id, address, route.weight, is_cancel=route.is_cancel):
        raise DialectError(-1003)


def authenticated(
    desk: Desk, route: Route, params: Params, key_id: str, signed: bytes
) -> Key | None:
    """Return whose request it is; None for what anybody may ask.

    Raises
    ------
    DialectError
        If the key, the time or the signature is not right.
    """
    if route.security is Security.NONE:
        return None
    keys, now_ms = desk.context.keys, desk.service.wall_ms()
    key = key_of(keys, key_id, route.scope, now_ms)
    if route.security is Security.SIGNED:
        signature = params.text(SIGNATURE)
        check_window(params, now_ms)
        check_signature(keys.secret(key.id), signed, signature)
    return key


async def answer(desk: Desk, route: Route, request: Request) -> object:
    """Return the answer to a request that may be answered.

    Raises
    ------
    DialectError
        If it is refused; -1001 where the store has failed, and whether it has happened is not known
        before the venue is started again.
    """
    try:
        return await route.handler(desk, request)
    except StoreError:
        raise DialectError(-1001) from None
