"""A venue on the network, from the first connection to the last: start, ready file, feed, end.

The end is the same whether it is asked for (SIGTERM, SIGINT) or the feed or the writer gives up:
the ready file goes, nothing new is accepted, what waits is answered, the store gets a snapshot. A
second signal leaves at once, which loses nothing that was answered.
"""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path

import msgspec
import uvicorn
from msgspec import Struct

from crossmargin import __version__
from crossmargin.api.app import application
from crossmargin.api.asgi import Application
from crossmargin.api.keys import Key
from crossmargin.api.logs import log
from crossmargin.api.private_file import write_private
from crossmargin.api.startup import ADMIN, Opened
from crossmargin.errors import StoreError, UsageError
from crossmargin.runtime.market_maker import MAKER
from crossmargin.runtime.served_market import opening, prices_of
from crossmargin.venue.command import AnyCommand

SCHEMA = 1
SIGNALS = (signal.SIGTERM, signal.SIGINT)
GRACE_S = 5
"""How long requests and streams that are under way may take when the server stops."""
FIRST_PRICES_S = 10
"""How long the first prices are waited for before connections are accepted."""
KEEP_ALIVE_S = 75
"""How long an idle connection is kept: longer than clients that reuse theirs wait."""
CONNECTIONS_MAX = 1_000
WEBSOCKET_MESSAGE_MAX = 64 * 1024


class Credentials(Struct, frozen=True):
    """A key that is handed out, with its secret."""

    name: str
    api_key: str
    api_secret: str


class Ready(Struct, frozen=True):
    """The ready file: all that a client on this machine needs."""

    schema: int
    pid: int
    version: str
    store: str
    base_url: str
    ws_url: str
    accounts: tuple[Credentials, ...]
    admin: Credentials


def bound(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address; port 0 takes any that is free.

    Raises
    ------
    UsageError
        If it cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named TCP, because the event loop sends small answers at once only on sockets that say so;
    # on others each waits 40 ms for an acknowledgement.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
    except OSError as error:
        found.close()
        raise UsageError(f"{host} port {port}: cannot be served: {error.strerror}") from None
    return found


def ready(opened: Opened, place: socket.socket) -> Ready:
    """Return what the ready file says."""
    host, port = place.getsockname()[:2]
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    keys = opened.context.keys

    def credentials(name: str, key: Key) -> Credentials:
        return Credentials(name, key.id, keys.secret(key.id))

    return Ready(
        SCHEMA,
        os.getpid(),
        __version__,
        opened.store,
        f"http://{address}",
        f"ws://{address}",
        tuple(credentials(key.account, key) for key in opened.demo),
        credentials(ADMIN, opened.admin),
    )


async def serve(
    opened: Opened,
    place: socket.socket,
    told: Ready,
    ready_file: Path | None,
    say: Callable[[Ready], None],
) -> None:
    """Serve until a signal.

    Parameters
    ----------
    ready_file : written once connections are accepted, gone before they are not.
    say : called with what the ready file says.

    Raises
    ------
    UsageError
        If the venue refuses what has to be there before anybody trades.
    StoreError
        If the store failed while it was served.
    """
    service = opened.context.service
    stop = asyncio.Event()
    with _signals(stop):
        await _open(opened)
        first = asyncio.Event()
        feed = asyncio.create_task(_feed(opened, first))
        await asyncio.wait(
            {feed, asyncio.create_task(first.wait())},
            timeout=FIRST_PRICES_S,
            return_when=asyncio.FIRST_COMPLETED,
        )
        await asyncio.sleep(max(0, opened.not_before_ms - service.wall_ms()) / 1000)
        server = _Server(_config(application(opened.context)))
        serving = asyncio.create_task(server.serve([place]))
        await asyncio.wait(
            {serving, asyncio.create_task(server.accepting.wait())},
            return_when=asyncio.FIRST_COMPLETED,
        )
        try:
            with _announced(told, ready_file):
                if not serving.done():
                    say(told)
                    log("serving", base_url=told.base_url, store=told.store, pid=told.pid)
                    await stop.wait()
        finally:
            log("stopping")
            feed.cancel()
            server.should_exit = True
            with contextlib.suppress(asyncio.CancelledError):
                await feed
            await serving
    failure = service.writer.halted
    service.close()
    opened.context.gate.audit.close()
    log("stopped")
    if failure is not None:
        raise StoreError(f"{told.store}: halted: {failure}")


def run(serving: Coroutine[None, None, None]) -> None:
    """Run a server to its end, on the fastest event loop there is."""
    # What was opened stays, and is not gone through for garbage ever again: that would hold
    # everybody up for a twentieth of a second at a time, and longer the more was recovered.
    gc.collect()
    gc.freeze()
    try:
        from uvloop import new_event_loop
    except ImportError:  # It is not made for every system.
        asyncio.run(serving)
        return
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(serving)


class _Server(uvicorn.Server):
    """A server that leaves signals alone and says when it accepts connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.accepting = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.accepting.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def _announced(told: Ready, ready_file: Path | None) -> Iterator[None]:
    if ready_file is None:
        yield
        return
    write_private(ready_file, msgspec.json.encode(told) + b"\n")
    try:
        yield
    finally:
        ready_file.unlink(missing_ok=True)


def _config(app: Application) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        limit_concurrency=CONNECTIONS_MAX,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
        ws_max_size=WEBSOCKET_MESSAGE_MAX,
        ws_per_message_deflate=False,
    )


async def _open(opened: Opened) -> None:
    service = opened.context.service
    at_ms, state = service.now_ms(), service.state
    await service.ask_each(opening(opened.market, state, at_ms, opened.money))
    absent = {MAKER, *(one.account for one in opened.money)} - service.state.accounts.keys()
    if absent:
        why = service.halted or "they are refused"
        raise UsageError(f"the venue cannot be opened without {', '.join(sorted(absent))}: {why}")


async def _feed(opened: Opened, first: asyncio.Event) -> None:
    service = opened.context.service
    moments = prices_of(
        opened.market,
        lambda: service.state,
        service.now_ms(),
        opened.context.steering,
        is_timed=opened.speed is not None,
        say=lambda why: log("the feed cannot be read any further", logging.ERROR, why=why),
    )

    def announced(commands: Iterator[AnyCommand]) -> Iterator[AnyCommand]:
        yield from commands
        first.set()

    try:
        await service.run_feed((at_ms, announced(commands)) for at_ms, commands in moments)
    except StoreError:  # The writer has halted, and says why.
        pass
    except Exception as error:  # Without its prices the venue does not go on.
        log("the feed failed", logging.ERROR, exc_info=True)
        service.writer.halt(f"the feed failed: {error}")
    log("the feed has ended", venue_ms=service.now_ms(), halted=service.halted)


@contextlib.contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()

    def handle(number: int) -> None:
        if stop.is_set():
            # Nothing that was answered is lost: it is on disk.
            os._exit(128 + number)
        stop.set()

    for number in SIGNALS:
        loop.add_signal_handler(number, handle, number)
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
