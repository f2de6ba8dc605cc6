"""One seed, from the first account to the last comparison.

First everything goes on at once and goes wrong, and every law is looked at after every batch. Then
faults are switched off, and what must come right does: every command is answered, nobody who has
failed is left, and the venue is what its journal makes of it, however that is read.
"""

from collections import deque
from pathlib import Path

from msgspec.structs import replace

from crossmargin.errors import StoreError
from crossmargin.runtime.loop import Limits, Writer
from crossmargin.runtime.recording import header_of
from crossmargin.store.sqlite import SqliteJournal
from crossmargin.store.state_hash import state_hash
from crossmargin.venue.command import Halt, Resume
from crossmargin.venue.decide import decide
from crossmargin.venue.event import Breaker
from crossmargin.venue.refusal import Code
from crossmargin.venue.state import State
from tests.simulation import laws
from tests.simulation.auditor import Auditor
from tests.simulation.faults import BUG, Buggy, Died, Disk, copied
from tests.simulation.line import Line
from tests.simulation.market import MarketOfSeed
from tests.simulation.marks import Marks
from tests.simulation.population import Population
from tests.simulation.report import failure
from tests.simulation.same import same_however_read
from tests.simulation.swarm import HOUR_MS, swarm_of

STEPS = 60
EVENTS_SHOWN = 20
LIVENESS_ROUNDS = 12
STRIKES = 0.1
"""How likely each fault that the seed has on strikes at a step."""


class LawBroken(AssertionError):
    """A seed has found something."""


class World:
    """A venue, and everything around it.

    Attributes
    ----------
    marks : what was reached.
    """

    def __init__(self, seed, folder, steps=STEPS):
        self.seed, self.steps = seed, steps
        self.swarm = swarm = swarm_of(seed)
        self.chance = swarm.chance("faults")
        self.auditor, self.marks = Auditor(swarm.rulebook, swarm.settings), Marks()
        self.market, self.population, self.line = (
            MarketOfSeed(swarm),
            Population(swarm),
            Line(swarm),
        )
        self.disk, self.venue = Disk(), Buggy(decide)
        self.last = deque(maxlen=EVENTS_SHOWN)
        self.at_ms, self.back_ms = swarm.start_ms, 0
        self.stores, self.store = 0, Path(folder) / "venue.db"
        self.header = header_of(swarm.rulebook, swarm.settings, swarm.start_ms, f"seed {seed}")
        self.writer = None
        self.start()

    def now_ms(self):
        """Return what the clock says; it is a clock to the writer, too."""
        return self.at_ms - self.back_ms

    def fresh(self):
        """Return the venue before anything has happened."""
        return State(self.swarm.rulebook, self.swarm.settings)

    def start(self):
        """Open the store, and hear what was recorded and never said."""
        self.disk.mend()
        self.venue.is_armed = False
        swarm = self.swarm
        limits = Limits(
            queue_max=swarm.queue_max,
            batch_max=swarm.batch_max,
            snapshot_entries=swarm.snapshot_entries,
        )
        journal = SqliteJournal(self.store, self.header, is_synced=False, factory=self.disk.link)
        if journal.snapshots():
            self.marks.reach("snapshot used")
        self.writer = Writer(journal, self.fresh, self.venue.decide, self, limits)
        self.refuse(f"law 26: {one}" for one in self.writer.notes)
        self.refuse(self._lost(journal))
        for entry in journal.read(self.auditor.sequence + 1):
            self.hear(entry, entry.decoded_events())
        self.writer.subscribe(self.hear)
        self.check()

    def _lost(self, journal):
        # Everything that was published is there still.
        if journal.sequence < self.auditor.sequence:
            yield f"law 2: {self.auditor.sequence} entries were published, {journal.sequence} left"
        elif self.auditor.sequence:
            [entry, *_] = journal.read(self.auditor.sequence)
            if entry.decoded_events() != self.auditor.recorded[entry.sequence]:
                yield f"law 2: entry {entry.sequence} is not what was published"

    def hear(self, entry, events):
        """Let the auditor hear a record, and remember it for the report."""
        self.last.extend((entry.sequence, one) for one in events)
        self.auditor.hear(entry, events)
        self.marks.hear(entry, events)

    def run(self):
        """Play the seed.

        Raises
        ------
        LawBroken
            If a law does not hold.
        """
        for command in self.population.opening():
            self.ask([command])
        for _ in range(self.steps):
            self.step()
        self.come_right()
        self.refuse(same_however_read(self))
        self.writer.close()
        return self.marks

    def step(self):
        """Let time pass: prices, quotes, what traders ask, and what goes wrong."""
        self.at_ms += self.swarm.step_ms
        self.market.step()
        self.go_wrong()
        at_ms = self.now_ms()
        self.ask(self.market.said(at_ms))
        self.ask(self.population.quotes(self.writer.state, self.market.prices))
        requests = self.population.requests(self.writer.state, self.market.prices)
        arrived = self.line.arrivals(requests)
        for command, answer in self.ask(arrived):
            self.line.answered(command, answer, self.auditor.recorded)
        self.refuse(self.line.broken)
        self.ask([self.market.tick(at_ms)])

    def go_wrong(self):
        """Let each fault of this seed strike, now and then."""
        chance, faults = self.chance, self.swarm.faults
        self.back_ms = 0

        def strikes(fault):
            return fault in faults and chance.random() < STRIKES

        if strikes("store"):
            self.disk.arm(chance, "fails")
        if strikes("crash"):
            self.disk.arm(chance, "dies")
        if strikes("bug"):
            self.venue.is_armed = True
        if strikes("clock"):
            if chance.random() < 0.5:
                self.at_ms += chance.choice([60_000, 3 * HOUR_MS, 26 * HOUR_MS])
                self.marks.reach("clock jumped")
            else:
                self.back_ms = chance.choice([1, 5_000, 2 * HOUR_MS])
                self.marks.reach("clock went back")
        if strikes("operator"):
            is_cancel_only = chance.random() < 0.5
            self.ask([Halt(at_ms=0, reason="a drill", is_cancel_only=is_cancel_only)])
        if self.writer.state.halted is not None and chance.random() < 0.5:
            self.ask([Resume(at_ms=0)])

    def ask(self, commands):
        """Return every command with its answer, None where there was none; look at every law."""
        asked = [(one, self.writer.submit(replace(one, at_ms=self.now_ms()))) for one in commands]
        while self.writer.waiting:
            try:
                self.writer.run_once()
            except Died:
                self.marks.reach("process died")
                self.die()
            self.check()
            if self.writer.halted is not None:
                self.restart()
        return [(one, self._answer(future)) for one, future in asked]

    def _answer(self, future):
        if not future.done():
            return None
        try:
            answer = future.result()
        except StoreError:
            return None
        if answer.is_repeat:
            self.marks.reach("repeated by client id")
        if answer.sequence is None:
            marks = {Code.DUPLICATE_OTHER_CONTENT: "id of another command"}
            marks[Code.QUEUE_FULL] = "queue full"
            self.marks.reach(marks.get(answer.events[0].code, "halted"))
        return answer

    def die(self):
        """Leave the store as it is on the disk now, and start anew."""
        self.stores += 1
        copy = copied(self.store, self.stores)
        self.disk.mend()
        self.writer.close()
        self.store = copy
        self.start()

    def restart(self):
        """Start anew after the venue has halted itself; a bug's halt must be there still."""
        reason = self.writer.halted
        is_bug = reason.startswith(("a bug", "a law"))
        self.marks.reach("bug halted it" if is_bug else "disk failed")
        if is_bug and BUG not in reason:
            raise self.failure([f"law 11: {reason}"])
        self.disk.mend()
        self.writer.close()
        self.start()
        # Where the disk fails, too, a halt cannot be written; that is said.
        if is_bug and self.writer.state.halted is None and "not recorded" not in reason:
            raise self.failure(["law 11: a bug halted the venue, and a restart went on"])

    def come_right(self):
        """Switch faults off: prices are honest, everybody is heard, all that waits is done."""
        self.disk.mend()
        self.venue.is_armed = False
        self.back_ms = 0
        for _ in range(LIVENESS_ROUNDS):
            self.at_ms += self.swarm.step_ms
            self.ask(self.market.said(self.now_ms(), is_honest=True))
            self.ask([self.market.tick(self.now_ms())])
            if self.writer.state.halted is not None:
                self.ask([Resume(at_ms=0)])
            for late in self.line.again():
                for command, answer in self.ask([late]):
                    self.line.answered(command, answer, self.auditor.recorded)
        self.refuse(self.line.broken)
        self.refuse(self._not_right())

    def _not_right(self):
        state = self.writer.state
        if state.halted is not None:
            yield f"liveness: prices are fresh and the venue is halted: {state.halted}"
        for name, market in state.symbols.items():
            if market.breaker is not Breaker.USABLE:
                yield f"liveness: sources are honest and {name} is {market.breaker}"
        for key in self.line.open:
            yield f"liveness: {key} was never answered"
        yield from laws.left_alone(state)

    def check(self):
        """Look at every law, where what is recorded is what is shown."""
        if self.writer.halted is None:
            self.refuse(laws.broken(self.writer.state, self.auditor))
        self.refuse(self.auditor.broken)
        self.refuse(f"law 30: {one}" for one in self.writer.lost)

    def refuse(self, broken):
        """Stop where a law is broken."""
        found = list(broken)
        if found:
            raise self.failure(found)

    def failure(self, broken):
        """Return the report of a broken law: all it takes to see it again."""
        return LawBroken(failure(self, broken))

    def hash(self):
        """Return the hash of the state as it is shown."""
        return state_hash(self.writer.state)
