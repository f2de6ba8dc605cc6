"""One WebSocket to a served venue, from the client's end, without a network."""

import asyncio
import contextlib
import json

from crossmargin.api.signing import Request, hmac_hex
from tests.unit.api.native_desk import HOST, ROOT

PATH = f"{ROOT}/stream"
WAIT_S = 2


class Line:
    """What is sent and heard; with `is_stuck` nothing that is sent to the client gets there."""

    def __init__(self, desk, headers=(), query=b"", *, is_stuck=False):
        self.desk, self.is_stuck = desk, is_stuck
        self.sent = asyncio.Queue()
        self.heard = asyncio.Queue()
        named = {"host": HOST, **dict(headers)}
        self.scope = {
            "type": "websocket",
            "path": PATH,
            "raw_path": PATH.encode(),
            "root_path": "",
            "query_string": query,
            "headers": [(name.encode(), value.encode()) for name, value in named.items()],
            "client": ("127.0.0.1", 5000),
            "server": ("127.0.0.1", 8000),
            "scheme": "ws",
            "subprotocols": [],
            "state": {},
            "extensions": {},
        }

    async def __aenter__(self):
        self.sent.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.ensure_future(self.desk.app(self.scope, self.sent.get, self._hear))
        self.opened = await self.heard.get()
        return self

    async def __aexit__(self, *_):
        self.sent.put_nowait({"type": "websocket.disconnect", "code": 1000})
        with contextlib.suppress(asyncio.CancelledError):
            async with asyncio.timeout(WAIT_S):
                await self.task

    async def _hear(self, message):
        if self.is_stuck and message["type"] == "websocket.send":
            await asyncio.sleep(60)
        self.heard.put_nowait(message)

    def say(self, **message):
        """Send a message."""
        self.raw(json.dumps(message))

    def raw(self, text):
        """Send a text."""
        self.sent.put_nowait({"type": "websocket.receive", "text": text})

    async def next(self):
        """Return the next message, or how the connection was closed."""
        async with asyncio.timeout(WAIT_S):
            found = await self.heard.get()
        return json.loads(found["text"]) if found["type"] == "websocket.send" else found

    def credentials(self, key, nonce="w1", at_ms=None):
        """Return what says whose the connection is."""
        now = str(at_ms or self.desk.wall.now_ms())
        signed = Request("WEBSOCKET", PATH, b"", b"", now, nonce, key.id)
        signature = hmac_hex(self.desk.keys.secret(key.id), signed.canonical())
        return {"key_id": key.id, "timestamp": now, "nonce": nonce, "signature": signature}

    async def login(self, key):
        """Say whose it is."""
        self.say(do="authenticate", **self.credentials(key))
        assert {"done": "authenticate", "id": None} == await self.next()

    async def follow(self, *channels):
        """Subscribe; return the snapshots."""
        self.say(do="subscribe", id="1", channels=[*channels])
        snapshots = [await self.next() for _ in channels]
        assert {"done": "subscribe", "id": "1"} == await self.next()
        return snapshots
