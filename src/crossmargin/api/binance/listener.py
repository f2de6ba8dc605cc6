"""One WebSocket that listens: what it has subscribed to, and what waits to be sent to it.

What waits is bounded. A reader that is slower than the venue is dropped, and finds out by its
connection's end; others never wait for it, and the venue neither.
"""

import asyncio

import msgspec

from crossmargin.api.binance.stream_names import Stream

_ENCODER = msgspec.json.Encoder()


class Listener:
    """What one connection hears.

    Attributes
    ----------
    address : where the connection comes from.
    heard : by name, streams and (by their listen key) accounts, in the order of subscribing.
    is_combined : whether messages are wrapped with the name of their stream.
    is_slow : whether more waited than may.
    """

    def __init__(self, waiting_max: int, address: str = "", *, is_combined: bool) -> None:
        """Begin with nothing to hear."""
        self.address = address
        self.heard: dict[str, Stream | str] = {}
        self.is_combined, self.is_slow = is_combined, False
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue(waiting_max)

    def hear(self, stream: str, body: bytes) -> None:
        """Let a message of a stream be sent."""
        if self.is_combined:
            body = b'{"stream":' + _ENCODER.encode(stream) + b',"data":' + body + b"}"
        self.say(body)

    def say(self, body: bytes) -> None:
        """Let bytes be sent as they are."""
        if self.is_slow:
            return
        try:
            self._waiting.put_nowait(body)
        except asyncio.QueueFull:
            self.is_slow = True
            while not self._waiting.empty():
                self._waiting.get_nowait()
            self._waiting.put_nowait(None)

    async def next(self) -> bytes | None:
        """Return what is to be sent next; None where the connection is to be closed."""
        return await self._waiting.get()
