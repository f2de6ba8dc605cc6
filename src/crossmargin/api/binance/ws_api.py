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
from crossmargin.api.binance import account, algo, market, orders, positions, user_data
from crossmargin.api.binance.admission import SIGNATURE, answer, authenticated, check_rate
from crossmargin.api.binance.desk import Desk, Request
from crossmargin.api.binance.errors import DialectError
from crossmargin.api.binance.params import Params, text_of
from crossmargin.api.binance.rate_limits import rate_limits
from crossmargin.api.binance.routes import Route, Security
from crossmargin.api.keys import Scope as KeyScope

PATH = "/ws-fapi/v1"
KEY = "apiKey"
PATH_SHOWN = 100
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
