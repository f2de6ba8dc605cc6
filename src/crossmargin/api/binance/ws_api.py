"""Requests over a WebSocket: `/ws-fapi/v1`.

Each is what a REST request is, in JSON, and is answered by the same handlers. What is signed are
the parameters sorted by name, `name=value` joined by `&`, without the signature. Requests are
answered one after the other, in the order they came.

Source: Binance, "Websocket API General Info".
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from crossmargin.api.asgi import Asked, Receive, Scope, Send, address_of
from crossmargin.api.binance.admission import SIGNATURE, answer, authenticated, check_rate
from crossmargin.api.binance.desk import Desk, Request
from crossmargin.api.binance.errors import DialectError
from crossmargin.api.binance.params import Params, text_of
from crossmargin.api.binance.rate_limits import rate_limits
from crossmargin.api.binance.routes import ROUTES, Route

PATH = "/ws-fapi/v1"
KEY = "apiKey"
PATH_SHOWN = 100
_ENCODER = msgspec.json.Encoder(decimal_format="number")
METHODS: Mapping[str, Route] = {
    "ping": ROUTES["GET", "/fapi/v1/ping"],
    "time": ROUTES["GET", "/fapi/v1/time"],
    "depth": ROUTES["GET", "/fapi/v1/depth"],
    "ticker.price": ROUTES["GET", "/fapi/v2/ticker/price"],
    "ticker.book": ROUTES["GET", "/fapi/v1/ticker/bookTicker"],
    "order.place": ROUTES["POST", "/fapi/v1/order"],
    "order.modify": ROUTES["PUT", "/fapi/v1/order"],
    "order.cancel": ROUTES["DELETE", "/fapi/v1/order"],
    "order.status": ROUTES["GET", "/fapi/v1/order"],
    "algoOrder.place": ROUTES["POST", "/fapi/v1/algoOrder"],
    "algoOrder.cancel": ROUTES["DELETE", "/fapi/v1/algoOrder"],
    "account.status": ROUTES["GET", "/fapi/v2/account"],
    "v2/account.status": ROUTES["GET", "/fapi/v3/account"],
    "account.balance": ROUTES["GET", "/fapi/v2/balance"],
    "v2/account.balance": ROUTES["GET", "/fapi/v3/balance"],
    "account.position": ROUTES["GET", "/fapi/v2/positionRisk"],
    "v2/account.position": ROUTES["GET", "/fapi/v3/positionRisk"],
    "userDataStream.start": ROUTES["POST", "/fapi/v1/listenKey"],
    "userDataStream.ping": ROUTES["PUT", "/fapi/v1/listenKey"],
    "userDataStream.stop": ROUTES["DELETE", "/fapi/v1/listenKey"],
}
"""What may be asked, each as the REST request it is."""


class WsRequest(msgspec.Struct):
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
    """Return the answer to a request, and note it in the audit log."""
    noted, name, what, status = Asked(), None, "", 200
    body: dict[str, object]
    try:
        request = _decoded(text)
        name, what = request.id, request.method
        body = {
            "id": name,
            "status": status,
            "result": await _result(desk, request, address, noted),
        }
    except DialectError as error:
        noted.why, status = noted.why or str(error), error.status
        body = {"id": name, "status": status, "error": error.body()}
    desk.context.gate.note(desk.service.wall_ms(), noted, f"{PATH} {what}", status, address)
    body["rateLimits"] = rate_limits(desk.context.gate.rates)
    return _ENCODER.encode(body)


def signed_text(params: Mapping[str, str]) -> bytes:
    """Return what is signed of parameters."""
    pairs = (f"{name}={value}" for name, value in sorted(params.items()) if name != SIGNATURE)
    # Half of a pair is no character, and signs nothing that a client could have signed.
    return "&".join(pairs).encode("utf-8", "replace")


async def _result(desk: Desk, asked: WsRequest, address: str, noted: Asked) -> object:
    route = METHODS.get(asked.method)
    if route is None:
        raise DialectError(-5000, asked.method[:PATH_SHOWN], "WebSocket")
    check_rate(desk, route, address=address)
    texts = {name: text_of(value) for name, value in asked.params.items()}
    params = Params(texts)
    key = authenticated(desk, route, params, texts.get(KEY, ""), signed_text(texts))
    if key is not None:
        noted.key, noted.account = key.id, key.account
        check_rate(desk, route, key_id=key.id)
    return await answer(desk, route, Request(params, key, noted))


def _decoded(text: str) -> WsRequest:
    try:
        return msgspec.json.Decoder(WsRequest, float_hook=str).decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        raise DialectError(-1135) from None
