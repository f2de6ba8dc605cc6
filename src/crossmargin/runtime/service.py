"""The venue on an event loop: who serves it asks here, and awaits what came of it.

One thread. Commands that come in while a batch is decided and written wait together and share the
next one, so a busy venue writes less often, not more. Between two awaits `state` does not change
and needs no lock. Nothing is answered before it is on disk.

Time is the venue's: every command is stamped here, whoever asks, so that it never goes back. The
machine's own time (`wall_ms`) is for what is not of the venue: signatures and keys.
"""

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from itertools import groupby

from msgspec.structs import replace

from crossmargin.runtime.clock import Clock, SystemClock
from crossmargin.runtime.loop import Answer, Subscriber, Writer
from crossmargin.runtime.venue_clock import VenueClock
from crossmargin.venue.command import AnyCommand
from crossmargin.venue.state import State


class Service:
    """A venue that is served.

    Attributes
    ----------
    writer : the one that decides and records; driven from here alone.
    """

    def __init__(self, writer: Writer, clock: VenueClock, wall: Clock | None = None) -> None:
        """Serve what `writer` has recovered, at the time of `clock`."""
        self.writer = writer
        self._clock, self._wall = clock, wall or SystemClock()
        self._stamped_ms = writer.state.at_ms
        self._is_due = False

    @property
    def state(self) -> State:
        """Return the venue, to look at between two awaits."""
        return self.writer.state

    @property
    def halted(self) -> str | None:
        """Return why nothing but reading goes on; None while all is well."""
        return self.writer.halted or self.state.halted

    def now_ms(self) -> int:
        """Return the venue's time, milliseconds UTC, never fewer than before."""
        self._stamped_ms = max(self._stamped_ms, self.state.at_ms, self._clock.now_ms())
        return self._stamped_ms

    def wall_ms(self) -> int:
        """Return the machine's time, milliseconds UTC."""
        return self._wall.now_ms()

    def subscribe(self, subscriber: Subscriber) -> None:
        """Call `subscriber` with every record and its events, in order, after their batch.

        It must not block and asks nothing; one that raises is dropped (`Writer.lost`).
        """
        self.writer.subscribe(subscriber)

    async def ask(self, command: AnyCommand) -> Answer:
        """Return what came of a command, once it is recorded; its time is set here.

        A caller that is cancelled before its turn has not asked.

        Raises
        ------
        StoreError
            If writing failed; whether it has happened is unknown until the venue is started again.
        """
        return await self._answered(self.writer.submit(replace(command, at_ms=self.now_ms())))

    async def ask_each(self, commands: Iterator[AnyCommand]) -> Answer:
        """Return what came of the last of `commands`; each is decided before the next is asked for.

        They share one batch and are recorded together. Times of their own stay, where they are
        not before the venue's.

        Raises
        ------
        StoreError
            If writing failed.
        """
        return await self._answered(self.writer.submit_each(map(self._stamped, commands)))

    async def run_feed(self, commands: Iterator[AnyCommand]) -> None:
        """Hand over a feed at the clock's speed, until it ends or the venue halts for good.

        Commands of one time are a moment and share a batch, each decided before the next is asked
        for. A moment waits for the one before, so a feed that is too fast goes slower; time waits
        for it.
        """
        for at_ms, moment in groupby(commands, key=_time):
            # Zero too: others get their turn between two moments.
            await asyncio.sleep(self._clock.wait_for(at_ms))
            self._stamped_ms = max(self._stamped_ms, at_ms)
            await self.ask_each(moment)
            self._clock.reached(at_ms)
            if self.writer.halted is not None:
                return

    def drain(self) -> None:
        """Decide, record and answer everything that waits."""
        while self.writer.run_once():
            pass

    def close(self) -> None:
        """Answer what waits, take a snapshot and let another have the store."""
        self.drain()
        self.writer.close()

    def _stamped(self, command: AnyCommand) -> AnyCommand:
        self._stamped_ms = max(self._stamped_ms, command.at_ms)
        if command.at_ms == self._stamped_ms:
            return command
        return replace(command, at_ms=self._stamped_ms)

    async def _answered(self, future: "Future[Answer]") -> Answer:
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Answer] = loop.create_future()

        def done(one: "Future[Answer]") -> None:
            # In the loop's own thread: batches run nowhere else.
            if answered.done():
                return
            error = one.exception()
            if error is None:
                answered.set_result(one.result())
            else:
                answered.set_exception(error)

        future.add_done_callback(done)
        if not self._is_due and not future.done():
            self._is_due = True
            loop.call_soon(self._run)
        try:
            return await answered
        except asyncio.CancelledError:
            future.cancel()
            raise

    def _run(self) -> None:
        self._is_due = False
        self.writer.run_once()
        if self.writer.waiting:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._run)


def _time(command: AnyCommand) -> int:
    return command.at_ms
