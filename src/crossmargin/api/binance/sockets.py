"""WebSockets of streams, in every form that clients open them.

    /ws   /ws/NAME   /stream?streams=A/B
    /public/…   /market/…   /private/…      the same under each of them, and ?listenKey=NAME

The first part of the path is a hint and no more: every stream is heard on every path. A name is a
stream's or a listen key; a number (ccxt counts its connections) is neither and means nothing.
Messages are wrapped with their stream's name on `/stream` and bare on `/ws`.

Source: Binance, "Websocket Market Streams"; the requests of ccxt, python-binance, the connector and
the official SDK.
"""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from urllib.parse import parse_qs, unquote

import msgspec

from crossmargin.api.asgi import Asked, Receive, Send
from crossmargin.api.binance.hub import Hub
from crossmargin.api.binance.listener import Listener
from crossmargin.api.logs import log

PREFIXES = ("public", "market", "private")
PLAIN, COMBINED = "ws", "stream"
POLICY_CODE = 1008
"""Why the server closes a connection: it is too slow, or hears what is not there."""
NUMBER_LENGTH = 10
DONE, UNKNOWN = 200, 400
"""HTTP's statuses for what the audit log says of a listen key, and of a name of nothing."""
_ENCODER = msgspec.json.Encoder()


class Control(msgspec.Struct):
    """What a client asks on a WebSocket."""

    method: str
    id: int | str | None = None
    params: list[str | bool] | None = None


class Wanted(msgspec.Struct, frozen=True):
    """What the address of a WebSocket asks for."""

    names: tuple[str, ...]
    is_combined: bool


def wanted(path: str, query: bytes) -> Wanted | None:
    """Return what an address asks for; None if it is none of the streams'."""
    parts = [unquote(one) for one in path.strip("/").split("/")]
    if parts[0] in PREFIXES:
        parts = parts[1:]
    if not parts or parts[0] not in (PLAIN, COMBINED):
        return None
    asked = parse_qs(query.decode("ascii", "replace"))
    names = [*parts[1:]]
    for streams in asked.get("streams", []):
        names += streams.split("/")
    names += asked.get("listenKey", [])
    given = (name for name in names if name and not _is_number(name))
    return Wanted(tuple(dict.fromkeys(given)), parts[0] == COMBINED)


async def serve(hub: Hub, asked: Wanted, address: str, receive: Receive, send: Send) -> None:
    """Serve one WebSocket until either side closes it."""
    waiting_max = hub.desk.context.settings.stream_queue_max
    listener = Listener(waiting_max, address, is_combined=asked.is_combined)
    await receive()  # The handshake's own message.
    if _subscribed(hub, listener, asked.names):
        hub.leave(listener)
        await send({"type": "websocket.close", "code": POLICY_CODE, "reason": "unknown stream"})
        return
    await send({"type": "websocket.accept"})
    sending = asyncio.create_task(_until_gone(_send_all(listener, send)))
    receiving = asyncio.create_task(_until_gone(_receive_all(hub, listener, receive)))
    try:
        await asyncio.wait({sending, receiving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        hub.leave(listener)
        for task in (sending, receiving):
            task.cancel()
        await asyncio.gather(sending, receiving, return_exceptions=True)


def answered(hub: Hub, listener: Listener, text: str) -> bytes:
    """Return the answer to what a client asks on its WebSocket, once it is done."""
    try:
        asked = msgspec.json.decode(text, type=Control)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return _failed(None, 3, "Invalid JSON: expected a method, params and an id")
    names = [one for one in asked.params or () if isinstance(one, str)]
    if asked.method == "LIST_SUBSCRIPTIONS":
        return _ENCODER.encode({"result": list(listener.heard), "id": asked.id})
    if asked.method == "UNSUBSCRIBE":
        for name in names:
            hub.unsubscribe(listener, name)
        return _ENCODER.encode({"result": None, "id": asked.id})
    if asked.method == "SUBSCRIBE":
        unknown = _subscribed(hub, listener, names)
        if unknown:
            return _failed(asked.id, 2, f"Invalid request: no stream {unknown[0][:100]}")
        return _ENCODER.encode({"result": None, "id": asked.id})
    if asked.method in ("SET_PROPERTY", "GET_PROPERTY"):
        return _property(listener, asked)
    return _failed(asked.id, 2, "Invalid request: unknown method")


def _subscribed(hub: Hub, listener: Listener, names: Sequence[str]) -> list[str]:
    # Returns the names that are not heard now. A listen key is all that is asked of who listens to
    # an account, so that its use is noted in the audit log, and so is a name of nothing: it may be
    # a guess. The names themselves are not.
    unknown = []
    for name in names:
        is_new = name not in listener.heard
        is_heard = hub.subscribe(listener, name)
        if not is_heard:
            unknown.append(name)
            _note(hub, listener, Asked(why="unknown-stream"), UNKNOWN)
        elif is_new:
            key = hub.desk.listen_keys.named(name, hub.desk.service.wall_ms())
            if key is not None:
                _note(hub, listener, Asked(key.key_id, key.account), DONE)
    return unknown


def _note(hub: Hub, listener: Listener, asked: Asked, status: int) -> None:
    now_ms = hub.desk.service.wall_ms()
    hub.desk.context.gate.note(now_ms, asked, "WEBSOCKET listenKey", status, listener.address)


async def _until_gone(side: Coroutine[None, None, None]) -> None:
    # One side of a connection; what is sent to a client that has gone fails, and that is no fault.
    try:
        await side
    except OSError:
        return
    except Exception:  # A bug in one connection is said, and ends it.
        log("a stream failed", logging.ERROR, exc_info=True)


async def _send_all(listener: Listener, send: Send) -> None:
    while (body := await listener.next()) is not None:
        await send({"type": "websocket.send", "text": body.decode()})
    await send({"type": "websocket.close", "code": POLICY_CODE, "reason": "too slow"})


async def _receive_all(hub: Hub, listener: Listener, receive: Receive) -> None:
    while (message := await receive())["type"] == "websocket.receive":
        text = message.get("text")
        if text is None:
            text = (message.get("bytes") or b"").decode("utf-8", "replace")
        listener.say(answered(hub, listener, text))


def _is_number(name: str) -> bool:
    # How a client counts its connections; a listen key might be of digits alone, too.
    return name.isdigit() and len(name) < NUMBER_LENGTH


def _property(listener: Listener, asked: Control) -> bytes:
    params = asked.params or []
    if params[:1] != ["combined"]:
        return _failed(asked.id, 0, "Unknown property")
    if asked.method == "SET_PROPERTY":
        if len(params) < 2 or not isinstance(params[1], bool):
            return _failed(asked.id, 1, "Invalid value type: expected Boolean")
        listener.is_combined = params[1]
        return _ENCODER.encode({"result": None, "id": asked.id})
    return _ENCODER.encode({"result": listener.is_combined, "id": asked.id})


def _failed(name: int | str | None, code: int, words: str) -> bytes:
    return _ENCODER.encode({"error": {"code": code, "msg": words}, "id": name})
