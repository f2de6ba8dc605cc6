"""The dialect as one ASGI application: bytes in, Binance's bytes out.

Looked at in this order: is there such a request, may the address ask so often, who asks and is it
really them, may the key ask so often, and then what is asked. Whatever is wrong with a request is
answered with a 4xx (503 where too much waits), a code and words; a 200 is never an error.
"""

import msgspec

from crossmargin.api.asgi import Application, Asked, Receive, Scope, Send, address_of, asked_of
from crossmargin.api.binance import sockets, ws_api
from crossmargin.api.binance.countdown_cancel import Watch
from crossmargin.api.binance.desk import Desk, Request
from crossmargin.api.binance.errors import DialectError
from crossmargin.api.binance.hub import Hub
from crossmargin.api.binance.params import Params
from crossmargin.api.binance.routes import ROUTES, Route, Security
from crossmargin.api.binance.signing import check_signature, check_window, key_of, signed_bytes
from crossmargin.api.context import Context
from crossmargin.api.keys import Key
from crossmargin.errors import StoreError

KEY_HEADER = b"x-mbx-apikey"
SIGNATURE = "signature"
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Incoming(msgspec.Struct, frozen=True):
    """A request as it was received."""

    method: str
    path: str
    query: bytes
    body: bytes
    key_id: str
    address: str


def app(context: Context) -> Application:
    """Return the dialect, for HTTP and WebSockets."""
    desk = Desk(context)
    hub, watch = Hub(desk), Watch(desk)
    context.service.subscribe(hub.take)
    context.service.subscribe(watch.take)

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _answer_http(desk, scope, receive, send)
            return
        asked = sockets.wanted(scope["path"], scope["query_string"])
        if asked is not None:
            await sockets.serve(hub, asked, receive, send)
        elif scope["path"].rstrip("/") == ws_api.PATH:
            await ws_api.serve(desk, scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008, "reason": "no such path"})

    return served


async def _answer_http(desk: Desk, scope: Scope, receive: Receive, send: Send) -> None:
    headers = dict(scope["headers"])
    key_id = headers.get(KEY_HEADER, b"").decode("latin-1")
    try:
        body = await _body(receive, desk.context.settings.body_max)
        incoming = Incoming(
            scope["method"],
            scope["path"],
            scope["query_string"],
            body,
            key_id,
            address_of(scope),
        )
        found = await _answer(desk, incoming, asked_of(scope))
        status, content = 200, _ENCODER.encode(found)
    except DialectError as error:
        status, content = error.status, _ENCODER.encode(error.body())
        asked_of(scope).why = str(error.code)
    extra = [(b"retry-after", b"1")] if status in (429, 503) else []
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(content)).encode()),
                *extra,
            ],
        }
    )
    await send({"type": "http.response.body", "body": content})


async def _answer(desk: Desk, incoming: Incoming, asked: Asked) -> object:
    route = ROUTES.get((incoming.method, incoming.path))
    if route is None:
        raise DialectError(-5000, incoming.path[:100], incoming.method)
    desk.take_tokens(route.weight, address=incoming.address, is_cancel=route.is_cancel)
    params = Params.read(incoming.query, incoming.body)
    key = _authenticated(desk, route, incoming, params)
    if key is not None:
        asked.key, asked.account = key.id, key.account
        desk.take_tokens(route.weight, key_id=key.id, is_cancel=route.is_cancel)
    try:
        return await route.handler(desk, Request(params, key))
    except StoreError:
        # Whether it has happened is not known before the venue is started again.
        raise DialectError(-1001) from None


def _authenticated(desk: Desk, route: Route, incoming: Incoming, params: Params) -> Key | None:
    if route.security is Security.NONE:
        return None
    keys, now_ms = desk.context.keys, desk.service.wall_ms()
    key = key_of(keys, incoming.key_id, route.scope, now_ms)
    if route.security is Security.SIGNED:
        signature = params.text(SIGNATURE)
        check_window(params, now_ms)
        check_signature(keys.secret(key.id), signed_bytes(incoming.query, incoming.body), signature)
    return key


async def _body(receive: Receive, most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(parts)
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > most:
            raise DialectError(-1101, text="Too many parameters sent for this endpoint.")
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)
