"""Requests over a WebSocket: `/ws-fapi/v1`.

Each is what a REST request is, in JSON, and is answered by the same handlers. What is signed are
the parameters sorted by name, `name=value` joined by `&`, without the signature. Requests are
answered one after the other, in the order they came.

Source: Binance, "Websocket API General Info".
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from crossmargin.api.asgi import Asked as Known
from crossmargin.api.asgi import Receive, Scope, Send, address_of
from crossmargin.api.binance import account, algo, market, orders, positions, user_data
from crossmargin.api.binance.desk import Desk, Request
from crossmargin.api.binance.errors import DialectError
from crossmargin.api.binance.params import Params, text_of
from crossmargin.api.binance.rate_limits import rate_limits
from crossmargin.api.binance.routes import Route, Security
from crossmargin.api.binance.signing import check_signature, check_window, key_of
from crossmargin.api.keys import Key
from crossmargin.api.keys import Scope as KeyScope
from crossmargin.errors import StoreError

PATH = "/ws-fapi/v1"
SIGNATURE, KEY = "signature", "apiKey"
_ENCODER = msgspec.json.Encoder(decimal_format="number")
METHODS: Mapping[str, Route] = {
    "ping": Route(market.ping),
    "time": Route(market.server_time),
    "depth": Route(market.depth, weight=5),
    "ticker.price": Route(market.prices),
    "ticker.book": Route(market.book_ticker, weight=2),
    "order.place": Route(orders.place, Security.SIGNED, KeyScope.TRADE),
    "order.modify": Route(orders.amend, Security.SIGNED, KeyScope.TRADE),
    "order.cancel": Route(orders.cancel, Security.SIGNED, KeyScope.TRADE, is_cancel=True),
    "order.status": Route(orders.get, Security.SIGNED),
    "algoOrder.place": Route(algo.place, Security.SIGNED, KeyScope.TRADE),
    "algoOrder.cancel": Route(algo.cancel, Security.SIGNED, KeyScope.TRADE, is_cancel=True),
    "account.status": Route(account.account_v2, Security.SIGNED, weight=5),
    "v2/account.status": Route(account.account_v3, Security.SIGNED, weight=5),
    "account.balance": Route(account.balance, Security.SIGNED, weight=5),
    "v2/account.balance": Route(account.balance, Security.SIGNED, weight=5),
    "account.position": Route(positions.position_risk_v2, Security.SIGNED, weight=5),
    "v2/account.position": Route(positions.position_risk_v3, Security.SIGNED, weight=5),
    "userDataStream.start": Route(user_data.start, Security.KEY),
    "userDataStream.ping": Route(user_data.extend, Security.KEY),
    "userDataStream.stop": Route(user_data.close, Security.KEY),
}
"""What may be asked."""


class Asked(msgspec.Struct):
    """A request."""

    id: int | str | None
    method: str
    params: dict[str, Any] = {}


async def serve(desk: Desk, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one WebSocket until the client closes it."""
    address = address_of(scope)
    await receive()  # The handshake's own message.
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        text = message.get("text")
        if text is None:
            text = (message.get("bytes") or b"").decode("utf-8", "replace")
        body = await answered(desk, text, address)
        await send({"type": "websocket.send", "text": body.decode()})


async def answered(desk: Desk, text: str, address: str) -> bytes:
    """Return the answer to a request."""
    name: int | str | None = None
    method, known, status = "", Known(), 200
    try:
        asked = _decoded(text)
        name, method = asked.id, asked.method
        result = await _result(desk, asked, address, known)
        body = {"id": name, "status": status, "result": result}
    except DialectError as error:
        status, known.why = error.status, str(error.code)
        body = {"id": name, "status": status, "error": error.body()}
    wall_ms = desk.service.wall_ms()
    desk.context.gate.note(wall_ms, known, f"WEBSOCKET {PATH} {method}", status, address)
    body["rateLimits"] = rate_limits(desk.context.gate.rates)
    return _ENCODER.encode(body)


def signed_text(params: Mapping[str, str]) -> bytes:
    """Return what is signed of parameters."""
    pairs = (f"{name}={value}" for name, value in sorted(params.items()) if name != SIGNATURE)
    return "&".join(pairs).encode()


async def _result(desk: Desk, asked: Asked, address: str, known: Known) -> object:
    route = METHODS.get(asked.method)
    if route is None:
        raise DialectError(-5000, asked.method[:100], "WebSocket")
    texts = {name: text_of(value) for name, value in asked.params.items()}
    desk.take_tokens(route.weight, address=address, is_cancel=route.is_cancel)
    params = Params(texts)
    key = _key(desk, route, params, texts)
    if key is not None:
        known.key, known.account = key.id, key.account
        desk.take_tokens(route.weight, key_id=key.id, is_cancel=route.is_cancel)
    try:
        return await route.handler(desk, Request(params, key))
    except StoreError:
        raise DialectError(-1001) from None


def _key(desk: Desk, route: Route, params: Params, texts: Mapping[str, str]) -> Key | None:
    if route.security is Security.NONE:
        return None
    keys, now_ms = desk.context.keys, desk.service.wall_ms()
    key = key_of(keys, texts.get(KEY), route.scope, now_ms)
    if route.security is Security.SIGNED:
        signature = params.text(SIGNATURE)
        check_window(params, now_ms)
        check_signature(keys.secret(key.id), signed_text(texts), signature)
    return key


def _decoded(text: str) -> Asked:
    try:
        return msgspec.json.Decoder(Asked, float_hook=str).decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        raise DialectError(-1135) from None
