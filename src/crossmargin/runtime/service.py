"""The venue on an event loop: who serves it asks here, and awaits what came of it.

One thread. Commands that come in while a batch is decided and written wait together and share the
next one, so a busy venue writes less often, not more. What makes accounts safer, and prices, go
before what waits. Between two awaits `state` does not change and needs no lock. Nothing is answered
before it is on disk.

Time is the venue's: every command is stamped here, whoever asks, so that it never goes back. The
machine's own time (`wall_ms`) is for what is not of the venue: signatures and keys.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from operator import itemgetter
from typing import TypeAlias

from msgspec.structs import replace

from crossmargin.runtime.clock import Clock, SystemClock
from crossmargin.runtime.loop import RESERVED, Answer, Subscriber, Writer, refused
from crossmargin.runtime.venue_clock import VenueClock
from crossmargin.venue.command import AmendOrder, AnyCommand, Command, PlaceOrder
from crossmargin.venue.refusal import Code
from crossmargin.venue.state import State

BATCH_MAX = 64
"""Commands that share one sync; what may go first waits for no more than these."""
WAITING_MAX = 4_000
"""Commands that may wait; those that go first have as much room of their own."""

Asked: TypeAlias = tuple[int, AnyCommand | Iterator[AnyCommand], "asyncio.Future[Answer]"]
"""Its number in the order of asking, what, and where its answer is awaited."""

Fed: TypeAlias = tuple[int, Iterator[AnyCommand]]
"""A moment of a feed: when it is, and what happens then, asked for when the time has come."""


class Service:
    """A venue that is served.

    Attributes
    ----------
    writer : the one that decides and records; driven from here alone.
    is_fed : whether there have been prices. A venue that starts again takes no orders before: how
        old the last ones are says little about what they are now.
    """

    def __init__(
        self,
        writer: Writer,
        clock: VenueClock,
        wall: Clock | None = None,
        *,
        is_fed: bool = True,
    ) -> None:
        """Serve what `writer` has recovered, at the time of `clock`."""
        self.writer, self.is_fed = writer, is_fed
        self._clock, self._wall = clock, wall or SystemClock()
        self._stamped_ms = writer.state.at_ms
        self._first: deque[Asked] = deque()
        self._rest: deque[Asked] = deque()
        self._count = 0
        self._is_due = False

    @property
    def state(self) -> State:
        """Return the venue, to look at between two awaits."""
        return self.writer.state

    @property
    def halted(self) -> str | None:
        """Return why nothing but reading goes on; None while all is well."""
        return self.writer.halted or self.state.halted

    @property
    def waiting(self) -> int:
        """Return how many commands wait."""
        return len(self._first) + len(self._rest)

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

        Refused at once where there is no room, and orders before there are prices. A caller that
        is cancelled before its turn has not asked.

        Raises
        ------
        StoreError
            If writing failed; whether it has happened is unknown until the venue is started again.
        """
        if not self.is_fed and isinstance(command, PlaceOrder | AmendOrder):
            text = "The venue has started again and has seen no price yet."
            return refused(Code.PRICES_UNUSABLE, text)
        room = self._first if isinstance(command, RESERVED) else self._rest
        if len(room) >= WAITING_MAX:
            return refused(Code.QUEUE_FULL, f"{len(room)} commands are waiting")
        return await self._answered(room, command)

    async def ask_each(self, commands: Iterator[AnyCommand]) -> Answer:
        """Return what came of the last of `commands`; each is decided before the next is asked for.

        They share one batch and are recorded together. Times of their own stay, where they are
        not before the venue's.

        Raises
        ------
        StoreError
            If writing failed.
        """
        return await self._answered(self._first, map(self._stamped, commands))

    async def run_feed(self, moments: Iterator[Fed]) -> None:
        """Hand over a feed at the clock's speed, until it ends or the venue halts for good.

        Commands of a moment share a batch, each decided before the next is asked for. A moment
        waits for the one before, so a feed that is too fast goes slower; time waits for it. What
        comes in while a moment waits for its time can still change what it says.
        """
        for at_ms, moment in moments:
            # Zero too: others get their turn between two moments.
            await asyncio.sleep(self._clock.wait_for(at_ms))
            self._stamped_ms = max(self._stamped_ms, at_ms)
            await self.ask_each(moment)
            self._clock.reached(at_ms)
            self.is_fed = True
            if self.writer.halted is not None:
                return

    def close(self) -> None:
        """Answer what waits, take a snapshot and let another have the store."""
        while self.waiting:
            self._run()
        self.writer.close()

    def _stamped(self, command: AnyCommand) -> AnyCommand:
        self._stamped_ms = max(self._stamped_ms, command.at_ms)
        if command.at_ms == self._stamped_ms:
            return command
        return replace(command, at_ms=self._stamped_ms)

    async def _answered(
        self, room: deque[Asked], asked: AnyCommand | Iterator[AnyCommand]
    ) -> Answer:
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._count += 1
        room.append((self._count, asked, answered))
        self._wake()
        return await answered

    def _wake(self) -> None:
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._run)

    def _run(self) -> None:
        self._is_due = False
        count = min(BATCH_MAX, self.waiting)
        batch = [(self._first or self._rest).popleft() for _ in range(count)]
        at_ms = self.now_ms()
        # Who goes first is a question only between batches: inside one, who asked first. A caller
        # that gave up before its turn has not asked.
        self.writer.answer(
            [
                (_at(at_ms, asked), answered)
                for _, asked, answered in sorted(batch, key=itemgetter(0))
                if not answered.done()
            ]
        )
        if self.waiting:
            self._wake()


def _at(at_ms: int, asked: AnyCommand | Iterator[AnyCommand]) -> AnyCommand | Iterator[AnyCommand]:
    # Several are stamped one by one, as each is asked for.
    return replace(asked, at_ms=at_ms) if isinstance(asked, Command) else asked
