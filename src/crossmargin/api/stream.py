"""The stream of our own API: who it is for is said in the first message, then what is wanted.

    → {"do": "authenticate", "key_id": …, "timestamp": …, "nonce": …, "signature": …}
    ← {"done": "authenticate", "id": null}
    → {"do": "subscribe", "id": "1", "channels": ["market.BTCUSDT", "account.alice"]}
    ← {"channel": "market.BTCUSDT", "number": 0, "sequence": 71, "snapshot": {…}}
    ← {"done": "subscribe", "id": "1"}
    ← {"channel": "market.BTCUSDT", "number": 1, "sequence": 72, "delta": {…}}

What is signed is the request `WEBSOCKET /api/v1/stream` without query and body. Nothing secret is
in the address, and an address with a query is refused. Who reads more slowly than is told is
dropped, and so is who has a key that is none any more.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any, TypeAlias, cast

from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.handlers import WebsocketRouteHandler
from msgspec import Meta, Struct

from crossmargin.api.asgi import Asked, address_of
from crossmargin.api.asgi import Scope as AsgiScope
from crossmargin.api.context import Context
from crossmargin.api.keys import Key, Scope
from crossmargin.api.native.form import decoded, may_act
from crossmargin.api.native.plain import encoded
from crossmargin.api.problem import Problem
from crossmargin.api.signing import Request
from crossmargin.api.stream_channels import ACCOUNT, MARKET, Channel, Hub

METHOD = "WEBSOCKET"
AUTHENTICATE_S = 5
"""How long a connection may take to say whose it is."""
CLOSE_S = 1
"""How long a reader that is dropped may take to hear why."""
CHANNELS_MAX = 200
MESSAGE_MAX = 16 * 1024
POLICY = 1008
"""WebSocket's code for a connection that broke a rule."""
TRY_AGAIN = 1013
DONE = 200
"""HTTP's status for what was done, in the audit log."""

Socket: TypeAlias = WebSocket[Any, Any, Any]
Id: TypeAlias = Annotated[str, Meta(max_length=64)] | None


class Message(Struct, frozen=True, tag_field="do", forbid_unknown_fields=True):
    """What clients say; `id` comes back with the answer."""

    id: Id = None


class Authenticate(Message, frozen=True, kw_only=True, tag="authenticate"):
    """Whose the connection is."""

    key_id: str
    timestamp: str
    nonce: str
    signature: str


class Subscribe(Message, frozen=True, kw_only=True, tag="subscribe"):
    """What is wanted: `market.SYMBOL`, `account.NAME`."""

    channels: Annotated[list[str], Meta(min_length=1, max_length=CHANNELS_MAX)]


class Unsubscribe(Message, frozen=True, kw_only=True, tag="unsubscribe"):
    """What is not wanted any more."""

    channels: Annotated[list[str], Meta(min_length=1, max_length=CHANNELS_MAX)]


class Ping(Message, frozen=True, tag="ping"):
    """Whether somebody is there."""


AnyMessage: TypeAlias = Authenticate | Subscribe | Unsubscribe | Ping


class Dropped(Exception):
    """Raised where a connection is not served any longer."""

    def __init__(self, code: int, reason: str) -> None:
        """Keep WebSocket's code and the reason."""
        super().__init__(reason)
        self.code, self.reason = code, reason


def route(context: Context, path: str) -> WebsocketRouteHandler:
    """Return the handler of the stream under `path`."""
    hub = Hub(context)

    @websocket(path, opt={"scope": None})
    async def stream(socket: Socket) -> None:
        """Serve one connection."""
        if socket.scope["query_string"]:
            await socket.close(POLICY, "nothing is said in the address")
            return
        await socket.accept()
        await _Connection(context, hub, path, socket).serve()

    return stream


class _Connection:
    """One reader."""

    def __init__(self, context: Context, hub: Hub, path: str, socket: Socket) -> None:
        self._context, self._hub, self._path, self._socket = context, hub, path, socket
        self._key: Key | None = None
        self._channels: dict[str, Channel] = {}
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(context.settings.stream_queue_max)
        self._end: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def serve(self) -> None:
        """Listen and tell until one side has had enough."""
        tasks = [
            asyncio.ensure_future(one) for one in (self._listen(), self._send(), self._ended())
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for name in tuple(self._channels):
                self._hub.leave(self._channels.pop(name), self)
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        for end in ends:
            if isinstance(end, Dropped):
                # Who does not read does not read this either.
                with suppress(Exception):
                    async with asyncio.timeout(CLOSE_S):
                        await self._socket.close(end.code, end.reason)
            elif isinstance(end, Exception) and not isinstance(end, OSError | TimeoutError):
                raise end  # Not a reader that is gone, but a bug.

    def tell(self, message: bytes) -> None:
        """Let a message wait for its turn; drop who lets too many wait."""
        if self._end.done():
            return
        if not self._is_entitled():
            self._end.set_exception(Dropped(POLICY, "the key is none any more"))
            return
        try:
            self._waiting.put_nowait(message)
        except asyncio.QueueFull:
            self._end.set_exception(Dropped(TRY_AGAIN, "too slow a reader"))

    async def _ended(self) -> None:
        await self._end

    async def _send(self) -> None:
        while True:
            await self._socket.send_text(await self._waiting.get())
            self._waiting.task_done()

    async def _listen(self) -> None:
        with suppress(WebSocketDisconnect):
            try:
                async with asyncio.timeout(AUTHENTICATE_S):
                    text = await self._socket.receive_text()
            except TimeoutError:
                raise Dropped(POLICY, "it was not said whose it is") from None
            await self._first(text)
            while True:
                await self._answered(await self._socket.receive_text(), self._do)

    async def _first(self, text: str) -> None:
        if not await self._answered(text, self._authenticate):
            async with asyncio.timeout(CLOSE_S):
                await self._waiting.join()
            raise Dropped(POLICY, "not authenticated")

    async def _answered(self, text: str, act: Callable[[AnyMessage], None]) -> bool:
        said: AnyMessage | None = None
        try:
            if len(text) > MESSAGE_MAX:
                raise Problem(400, "malformed-body", "the message is too long", where="body")
            said = cast(AnyMessage, decoded(text.encode(), cast(Any, AnyMessage)))
            act(said)
        except Problem as problem:
            self._note(said, problem.status, problem.name)
            self._put({"error": problem.error(), "id": said.id if said is not None else None})
            return False
        self._note(said, DONE, "")
        return True

    def _note(self, said: AnyMessage | None, status: int, why: str) -> None:
        # A line of the audit log for a message, as there is one for a request.
        do = said.__struct_config__.tag if said is not None else "?"
        asked = Asked(why=why)
        if self._key is not None:
            asked.key, asked.account = self._key.id, self._key.account
        context, address = self._context, address_of(cast(AsgiScope, self._socket.scope))
        what = f"{METHOD} {self._path} {do}"
        context.gate.note(context.service.wall_ms(), asked, what, status, address)

    def _put(self, message: dict[str, object]) -> None:
        try:
            self._waiting.put_nowait(encoded(message))
        except asyncio.QueueFull:
            raise Dropped(TRY_AGAIN, "too slow a reader") from None

    def _authenticate(self, said: AnyMessage) -> None:
        if not isinstance(said, Authenticate):
            raise Problem(401, "not-authenticated", "the first message says whose it is")
        self._context.gate.take("", address_of(cast(AsgiScope, self._socket.scope)))
        signed = Request(METHOD, self._path, b"", b"", said.timestamp, said.nonce, said.key_id)
        now_ms = self._context.service.wall_ms()
        self._key = self._context.verifier.verified(signed, said.signature, now_ms)
        self._put({"done": "authenticate", "id": said.id})

    def _do(self, said: AnyMessage) -> None:
        key = self._key
        if key is None or isinstance(said, Authenticate):
            raise Problem(400, "authenticated-already", "it is known whose it is")
        self._context.gate.take(key.id, "")
        match said:
            case Subscribe(channels=names):
                # All or none: nothing is subscribed to before all may be.
                for name in names:
                    self._check_channel(key, name)
                if len({*self._channels, *names}) > CHANNELS_MAX:
                    raise Problem(400, "too-many-channels", f"at most {CHANNELS_MAX} channels")
                for name in dict.fromkeys(names):
                    self._channels[name] = self._hub.join(name, self)
                self._put({"done": "subscribe", "id": said.id})
            case Unsubscribe(channels=names):
                for name in names:
                    if name in self._channels:
                        self._hub.leave(self._channels.pop(name), self)
                self._put({"done": "unsubscribe", "id": said.id})
            case Ping():
                self._put({"done": "ping", "id": said.id})

    def _check_channel(self, key: Key, name: str) -> None:
        # Whether the key may is asked each time: keys end and are revoked.
        if not self._is_entitled():
            raise Dropped(POLICY, "the key is none any more")
        state = self._context.service.state
        kind, _, what = name.partition(".")
        is_market = kind == MARKET and what in state.symbols and what in state.rulebook.contracts
        is_account = kind == ACCOUNT and may_act(state, key, what)
        if not is_market and not is_account:
            raise Problem(404, "unknown-channel", f"there is no channel {name}", where="channels")
        if not key.may(Scope.READ):
            raise Problem(403, "scope-missing", "the key has no scope read", where="channels")

    def _is_entitled(self) -> bool:
        keys, now_ms = self._context.keys, self._context.service.wall_ms()
        return self._key is not None and keys.valid(self._key.id, now_ms) is not None
