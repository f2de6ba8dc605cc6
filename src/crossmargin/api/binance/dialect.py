"""The dialect as one ASGI application: bytes in, Binance's bytes out.

Looked at in this order: is there such a request, may the address ask so often, who asks and is it
really them, may the key ask so often, and then what is asked. Whatever is wrong with a request is
answered with a 4xx (503 where too much waits), a code and words; a 200 is never an error.
"""

import msgspec

from crossmargin.api.asgi import Application, Receive, Scope, Send, address_of, asked_of
from crossmargin.api.binance import sockets, ws_api
from crossmargin.api.binance.admission import answer, authenticated, check_rate
from crossmargin.api.binance.countdown_cancel import Watch
from crossmargin.api.binance.desk import Desk, Request
from crossmargin.api.binance.errors import DialectError
from crossmargin.api.binance.hub import Hub
from crossmargin.api.binance.params import Params
from crossmargin.api.binance.routes import ROUTES
from crossmargin.api.binance.signing import signed_bytes
from crossmargin.api.context import Context

KEY_HEADER = b"x-mbx-apikey"
BUSY = (429, 503)
"""Statuses that say that it may be better in a second."""
PATH_SHOWN = 100
_ENCODER = msgspec.json.Encoder(decimal_format="number")


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
            await sockets.serve(hub, asked, address_of(scope), receive, send)
        elif scope["path"].rstrip("/") == ws_api.PATH:
            await ws_api.serve(desk, scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008, "reason": "no such path"})

    return served


async def _answer_http(desk: Desk, scope: Scope, receive: Receive, send: Send) -> None:
    asked, address = asked_of(scope), address_of(scope)
    key_id = dict(scope["headers"]).get(KEY_HEADER, b"").decode("latin-1")
    try:
        route = ROUTES.get((scope["method"], scope["path"]))
        if route is None:
            raise DialectError(-5000, scope["path"][:PATH_SHOWN], scope["method"])
        # An address that guesses is slowed down before anything is worked out for it.
        check_rate(desk, route, address=address)
        query, body = scope["query_string"], await _body(receive, desk.context.settings.body_max)
        params = Params.read(query, body)
        key = authenticated(desk, route, params, key_id, signed_bytes(query, body))
        if key is not None:
            asked.key, asked.account = key.id, key.account
            check_rate(desk, route, key_id=key.id)
        found = await answer(desk, route, Request(params, key, asked))
        status, content = 200, _ENCODER.encode(found)
    except DialectError as error:
        asked.why = asked.why or str(error)
        status, content = error.status, _ENCODER.encode(error.body())
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
    ]
    if status in BUSY:
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


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
