"""The single writer: everything that changes the venue goes through here, one after another.

    submit → queue → decide → journal, one sync a batch → answer → publish

Nothing is answered before it is durable, and nothing is published before it is answered. Deciding
folds into the state at once, so the state is ahead of the journal by the batch being written;
when writing fails, it is folded anew from the journal, and what readers see is what is recorded.

Whoever serves the venue drives this from one thread (`run_once`, `run`); `submit` may be called
from any. No event loop is needed and none is used.

A law that fails, any other bug in deciding and any failed write halt the writer for good, with the
reason. Reading goes on; going on needs a restart, and after a broken law an operator (`Resume`),
because the halt is written into the journal.

Between batches, when there have been enough of them, and when it is closed, the writer takes a
snapshot, so that the next start is short. Nobody is answered meanwhile.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from threading import Condition, Event
from typing import Protocol, TypeAlias

from msgspec import Struct

from crossmargin.errors import CrossmarginError, InvariantBroken, StoreError
from crossmargin.runtime.clock import Clock
from crossmargin.store.entry import Decided, Entry, content_hash
from crossmargin.store.journal import Journal
from crossmargin.store.recovery import Recovered, recover
from crossmargin.store.snapshot import snapshot_of
from crossmargin.store.state_hash import is_due
from crossmargin.venue.command import (
    AnyCommand,
    CancelAll,
    CancelOrder,
    Command,
    Deposit,
    Halt,
    Observe,
    ObserveAsset,
    Tick,
)
from crossmargin.venue.decide import Decide
from crossmargin.venue.event import AnyEvent, Refused
from crossmargin.venue.refusal import Code
from crossmargin.venue.state import State

RESERVED = (CancelAll, CancelOrder, Deposit, Halt, Observe, ObserveAsset, Tick)
"""What is still taken when the queue is full: what makes accounts safer, and prices and time."""
WAIT_SECONDS = 0.1
"""How long `run` sleeps at most before it looks whether it should stop."""


class Answer(Struct, frozen=True):
    """What came of a command.

    Attributes
    ----------
    sequence : number of its record; None for a refusal that is not recorded (full, halted, a
        client id used for something else), which has no effect at all.
    events : a single `Refused` where it was refused.
    is_repeat : whether this is the first answer again, to a command that was sent again.
    """

    sequence: int | None
    events: tuple[AnyEvent, ...]
    is_repeat: bool = False


class Limits(Struct, frozen=True):
    """How much is taken at once.

    Attributes
    ----------
    queue_max : commands that may wait.
    reserve : how many more of the `RESERVED` kinds may wait when those are there.
    batch_max : commands that share one sync.
    snapshot_entries : after how many records a snapshot is taken; one is taken at the end anyway.
    """

    queue_max: int = 10_000
    reserve: int = 1_000
    batch_max: int = 256
    snapshot_entries: int = 100_000


class Reply(Protocol):
    """Where somebody awaits an answer; a `Future` of any kind is one."""

    def set_result(self, result: Answer, /) -> None:
        """Give the answer."""

    def set_exception(self, exception: BaseException, /) -> None:
        """Say why there is none."""


Asked: TypeAlias = tuple[AnyCommand | Iterator[AnyCommand], Reply]
Waiting: TypeAlias = tuple[AnyCommand | Iterator[AnyCommand], "Future[Answer]"]
Subscriber: TypeAlias = Callable[[Entry, tuple[AnyEvent, ...]], None]
"""Called with every record and its events, in order; must not block."""


class Writer:
    """The one that decides, writes and answers.

    Attributes
    ----------
    halted : why nothing is taken any more; None while all is well.
    lost : why subscribers are not called any more.
    notes : which snapshots could not be used at the start, and why.
    """

    def __init__(
        self,
        journal: Journal,
        fresh: Callable[[], State],
        decide: Decide,
        clock: Clock,
        limits: Limits | None = None,
    ) -> None:
        """Recover the state from `journal`, into what `fresh` makes.

        Raises
        ------
        StoreError
            If the journal is damaged, or makes another state than was recorded.
        """
        self._journal, self._fresh, self._clock = journal, fresh, clock
        self._limits = limits or Limits()
        self._queue: deque[Waiting] = deque()
        self._gate = Condition()
        self._subscribers: list[Subscriber] = []
        recovered = recover(fresh, journal)
        self._deciding = _Deciding(recovered, decide)
        self._snapshot = recovered.snapshot
        self.halted: str | None = None
        self.lost: list[str] = []
        self.notes = recovered.notes

    @property
    def state(self) -> State:
        """Return the venue, to look at in the writer's thread between two batches."""
        return self._deciding.state

    @property
    def journal(self) -> Journal:
        """Return the records, to be read between two batches."""
        return self._journal

    @property
    def waiting(self) -> int:
        """Return how many commands wait."""
        return len(self._queue)

    def subscribe(self, subscriber: Subscriber) -> None:
        """Call `subscriber` with everything from now on; one that raises is dropped."""
        self._subscribers.append(subscriber)

    def submit(self, command: AnyCommand) -> "Future[Answer]":
        """Return the answer to come; refused at once where there is no room or all is halted.

        The answer is a `StoreError` where writing failed: whether the command has happened is
        then unknown until the venue is started again, and sending it again with the same client
        id is safe.
        """
        return self._enqueue(command, is_reserved=isinstance(command, RESERVED))

    def submit_each(self, commands: Iterator[AnyCommand]) -> "Future[Answer]":
        """Return the answer to come of the last of `commands`, which share one batch.

        Each is decided before the next is asked for, so they may depend on what became of those
        before. They wait as one, and are what a feed says: there is room for them as for prices.
        An iterator that fails halts the writer, as any bug in deciding does.
        """
        return self._enqueue(commands, is_reserved=True)

    def _enqueue(
        self, command: AnyCommand | Iterator[AnyCommand], *, is_reserved: bool
    ) -> "Future[Answer]":
        asked: Future[Answer] = Future()
        with self._gate:
            limit = self._limits.queue_max
            limit += self._limits.reserve if is_reserved else 0
            if self.halted is not None:
                asked.set_result(refused(Code.HALTED, self.halted))
            elif len(self._queue) >= limit:
                asked.set_result(
                    refused(Code.QUEUE_FULL, f"{len(self._queue)} commands are waiting")
                )
            else:
                self._queue.append((command, asked))
                self._gate.notify()
        return asked

    def run(self, stop: Event) -> None:
        """Work until `stop` is set and nothing waits, or the writer halts."""
        while self.halted is None:
            if self.run_once():
                continue
            if stop.is_set():
                return
            with self._gate:
                if not self._queue:
                    self._gate.wait(WAIT_SECONDS)

    def run_once(self) -> int:
        """Take a batch from the queue to its answers; return how many commands it had."""
        with self._gate:
            count = min(len(self._queue), self._limits.batch_max)
            asked = [self._queue.popleft() for _ in range(count)]
        # A caller that gave up before its turn has not asked.
        self.answer([one for one in asked if one[1].set_running_or_notify_cancel()])
        return count

    def answer(self, asked: Sequence[Asked]) -> None:
        """Take one batch from deciding to its answers, ahead of the queue.

        For who drives the writer and has a queue of its own. Nobody may give up meanwhile.
        """
        if self.halted is not None:
            for _, reply in asked:
                reply.set_result(refused(Code.HALTED, self.halted))
        elif asked:
            try:
                _Batch(self._journal, self._deciding).run(self, asked)
                if self._journal.sequence >= self._snapshot + self._limits.snapshot_entries:
                    self._keep_snapshot()
            except BaseException as error:
                # Interrupted half way: the state may be anything, the journal is not.
                self.halt(f"interrupted: {type(error).__name__}")
                raise

    def halt(self, reason: str) -> None:
        """Take nothing any more; what waits is refused, and has no effect."""
        with self._gate:
            self.halted = self.halted or reason
            left, self._queue = self._queue, deque()
            self._gate.notify_all()
        for _, future in left:
            if future.set_running_or_notify_cancel():
                future.set_result(refused(Code.HALTED, reason))

    def publish(self, entries: Sequence[Entry], decided: Sequence[Decided]) -> None:
        """Tell subscribers what was recorded, in order."""
        for entry, one in zip(entries, decided, strict=True):
            for subscriber in tuple(self._subscribers):
                try:
                    subscriber(entry, one.events)
                except Exception as error:  # A reader's bug stops no venue.
                    self._subscribers.remove(subscriber)
                    self.lost.append(f"entry {entry.sequence}: {type(error).__name__}: {error}")

    def show_recorded(self, reason: str) -> None:
        """Halt for good; what was decided and not written has not happened."""
        self.halt(reason)
        try:
            self._deciding = _Deciding(recover(self._fresh, self._journal), self._deciding.decide)
        except CrossmarginError as error:  # It is halted already; say that too.
            self.halted = f"{reason}; what is shown may not be recorded: {error}"

    def record_halt(self, reason: str) -> None:
        """Write that all is halted, so that a restart does not go on as if nothing had been."""
        # A clock that was set back must not have the halt refused as late.
        command = Halt(at_ms=max(self._clock.now_ms(), self.state.at_ms), reason=reason)
        try:
            decided = (self._deciding.next(command, self._journal.sequence + 1),)
            self.publish(self._journal.append(decided), decided)
        except Exception as error:  # It is halted already; say that too.
            self.halted = f"{reason}; which is not recorded: {type(error).__name__}: {error}"

    def close(self) -> None:
        """Refuse what waits, take a snapshot and let another writer have the store."""
        if self.halted is None and self._journal.sequence > self._snapshot:
            self._keep_snapshot()
        self.halt("the venue is closing")
        self._journal.close()

    def _keep_snapshot(self) -> None:
        if self.halted is not None:
            return
        try:
            sequence, deciding = self._journal.sequence, self._deciding
            last = next(self._journal.read(sequence))
            snapshot = snapshot_of(deciding.state, deciding.hash.current(), sequence, last.hash)
            self._journal.keep(snapshot)
            self._snapshot = sequence
        except StoreError as error:
            self.halt(str(error))


class _Deciding:
    """The state that commands are decided on, and its hash."""

    def __init__(self, recovered: Recovered, decide: Decide) -> None:
        self.state, self.hash, self.decide = recovered.state, recovered.hash, decide

    def next(self, command: AnyCommand, sequence: int) -> Decided:
        """Decide what will be the record of a number."""
        events = self.decide(self.state, command)
        self.state.advance(command.at_ms)  # As recovery will, whatever became of the command.
        return Decided(command, events, self.hash.current() if is_due(sequence) else None)


class _Batch:
    """Commands that share one sync."""

    def __init__(self, journal: Journal, deciding: _Deciding) -> None:
        self.journal, self.deciding = journal, deciding
        self.first = journal.sequence + 1
        self.decided: list[Decided] = []
        self.asked_as: dict[tuple[str, str], tuple[bytes, int]] = {}
        self.answers: list[tuple[Reply, Answer]] = []

    def run(self, writer: Writer, asked: Sequence[Asked]) -> None:
        """Decide, write, answer and publish; halt the writer where any of it fails."""
        failure: Exception | None = None
        try:
            for command, reply in asked:
                self.answers.append((reply, self.answers_to(command)))
        except Exception as error:  # Any bug in deciding halts the venue.
            failure = error
        try:
            # What was decided before the failure is sound, and is recorded and answered.
            entries = self.journal.append(self.decided) if self.decided else ()
        except StoreError as error:
            writer.show_recorded(str(error))
            for _, reply in asked:
                reply.set_exception(error)
            return
        if failure is not None:
            writer.show_recorded(_words(failure))
            answer = refused(Code.HALTED, _words(failure))
            self.answers += [(reply, answer) for _, reply in asked[len(self.answers) :]]
        for reply, answer in self.answers:
            reply.set_result(answer)
        writer.publish(entries, self.decided)
        if failure is not None and not isinstance(failure, StoreError):
            writer.record_halt(_words(failure))

    def answers_to(self, asked: AnyCommand | Iterator[AnyCommand]) -> Answer:
        """Return what comes of a command, or of the last of several."""
        if isinstance(asked, Command):
            return self.answer(asked)
        last = Answer(None, ())
        for command in asked:
            last = self.answer(command)
        return last

    def answer(self, command: AnyCommand) -> Answer:
        """Return what comes of a command, to be given once the batch is written."""
        if not command.client_id:
            return self.decide_new(command)
        key, content = (command.account, command.client_id), content_hash(command)
        if key in self.asked_as:
            before, sequence = self.asked_as[key]
            events = self.decided[sequence - self.first].events
        else:
            known = self.journal.known(*key)
            if known is None:
                self.asked_as[key] = content, self.first + len(self.decided)
                return self.decide_new(command)
            before, sequence = known.content, known.sequence
            events = next(self.journal.read(sequence)).decoded_events()
        if before != content:
            return refused(
                Code.DUPLICATE_OTHER_CONTENT,
                f"client id {command.client_id} was used for another command, entry {sequence}",
            )
        return Answer(sequence, events, is_repeat=True)

    def decide_new(self, command: AnyCommand) -> Answer:
        """Decide a command that was not asked before."""
        sequence = self.first + len(self.decided)
        one = self.deciding.next(command, sequence)
        self.decided.append(one)
        return Answer(sequence, one.events)


def refused(code: int, reason: str) -> Answer:
    """Return the answer to a command that has no effect and no record."""
    return Answer(None, (Refused(code=int(code), reason=reason),))


def _words(failure: Exception) -> str:
    if isinstance(failure, InvariantBroken):
        return f"a law of the venue failed: {failure}"
    if isinstance(failure, CrossmarginError):
        return str(failure)
    return f"a bug: {type(failure).__name__}: {failure}"
