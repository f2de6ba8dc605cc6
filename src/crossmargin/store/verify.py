"""Whether a store is what was written, and whether it would be decided so again.

Checked: the structure of the file, every record's hash and place, the last record, what is
remembered of clients' ids, that the events fold to the states that were recorded, that snapshots
are of these states, and, where the engine version and the rulebook are the same and `decide` is
given, that each command gives the same events again.

Not found: a whole store that was replaced by another one that is sound, or one whose tail was cut
together with the note of where it ends. Keep the hash of the last record elsewhere to notice that.
"""

from msgspec import Struct

from crossmargin import __version__
from crossmargin.errors import InvariantBroken, StoreError
from crossmargin.store.canonical import canonical_bytes
from crossmargin.store.entry import Entry, content_hash, encoded_events
from crossmargin.store.recovery import compare, fold_entry
from crossmargin.store.sql import SqlReader
from crossmargin.store.state_hash import StateHash, is_comparable, shown, state_hash
from crossmargin.venue.command import AnyCommand
from crossmargin.venue.decide import Decide
from crossmargin.venue.state import State


class Verdict(Struct, frozen=True, kw_only=True):
    """What was found.

    Attributes
    ----------
    entries : how many records are sound, from the first.
    decided_again : how many of them were decided again, with the same events.
    states_compared : how many of the states recorded in them were made again, and were the same.
    snapshots : how many of those in the store are sound.
    hash : of the last sound record, hexadecimal.
    state : hash of the state they make, hexadecimal; None without a state to fold into.
    damage : the first thing that is wrong: which entry, reason; None if nothing is.
    """

    entries: int
    decided_again: int
    states_compared: int
    snapshots: int
    hash: str
    state: str | None
    damage: str | None


def verify(store: SqlReader, state: State | None = None, decide: Decide | None = None) -> Verdict:
    """Return what is wrong with a store, if anything.

    Parameters
    ----------
    store : what somebody may be writing meanwhile; it is looked at as it is now.
    state : a fresh one of the store's rulebook and settings; None folds nothing.
    decide : decides again what this engine version decided under the state's rulebook.
    """
    look = _Look(state, decide)
    damage = None
    try:
        store.hold()
        damage = store.fault()
        if damage is None:
            look.through(store)
    except (StoreError, InvariantBroken) as error:
        damage = str(error)
    return Verdict(
        entries=look.entries,
        decided_again=look.decided_again,
        states_compared=look.states_compared,
        snapshots=look.snapshots,
        hash=look.last_hash.hex(),
        state=None if state is None or damage else shown(state_hash(state)),
        damage=damage,
    )


class _Look:
    """One way through a store, from the first record to the last."""

    def __init__(self, state: State | None, decide: Decide | None) -> None:
        self.state, self.decide = state, decide
        self.whole = None if state is None else StateHash(state)
        self.entries = self.decided_again = self.known = 0
        self.states_compared = self.snapshots = 0
        self.last_hash = b""

    def through(self, store: SqlReader) -> None:
        """Look at every record.

        Raises
        ------
        StoreError
            At the first that is not sound.
        """
        kept = {*store.snapshots()}
        for one in store.read():
            command = one.decoded_command()
            if command.at_ms != one.at_ms:
                raise StoreError(f"entry {one.sequence}: its time is not its command's")
            self.remembered(store, one, command)
            if self.state is not None:
                self.happened(self.state, one, command)
            if self.whole is not None and is_comparable(one.state):
                compare(one, self.whole)
                self.states_compared += 1
            self.entries, self.last_hash = one.sequence, one.hash
            if one.sequence in kept:
                self.shown(store, one)
        if late := [sequence for sequence in kept if sequence > self.entries]:
            raise StoreError(f"snapshot {late[0]}: is of a later state than the journal's")
        if store.known_count() != self.known:
            raise StoreError("client ids: there are some that no entry has")

    def remembered(self, store: SqlReader, one: Entry, command: AnyCommand) -> None:
        """Find the client's id of a record where it is looked up.

        Raises
        ------
        StoreError
            If it is not there, or there for something else.
        """
        if not command.client_id:
            return
        self.known += 1
        known = store.known(command.account, command.client_id)
        if (
            known is None
            or known.sequence != one.sequence
            or known.content != content_hash(command)
        ):
            raise StoreError(f"entry {one.sequence}: its client id is not remembered as written")

    def shown(self, store: SqlReader, one: Entry) -> None:
        """Compare the snapshot of the state after a record with that state.

        Raises
        ------
        StoreError
            If it is damaged or of something else.
        """
        snapshot = store.snapshot(one.sequence)
        if snapshot.entry != one.hash:
            raise StoreError(f"snapshot {one.sequence}: is of another journal than this")
        if self.whole is not None and self.state is not None and is_comparable(snapshot.state):
            is_same = snapshot.state == self.whole.current()
            if not is_same or snapshot.content != canonical_bytes(self.state):
                raise StoreError(f"snapshot {one.sequence}: is not of the state after that entry")
        self.snapshots += 1

    def happened(self, state: State, one: Entry, command: AnyCommand) -> None:
        """Let a record's events happen, by deciding again where that can be compared.

        Raises
        ------
        StoreError
            If they cannot happen, or others would be decided.
        """
        is_same = one.engine == __version__ and one.rulebook == state.rulebook.sha256
        if self.decide is None or not is_same:
            try:
                fold_entry(state, one)
            except InvariantBroken as error:
                raise StoreError(f"entry {one.sequence}: {error}") from error
            return
        try:
            events = self.decide(state, command)
        except InvariantBroken as error:
            raise StoreError(f"entry {one.sequence}: cannot be decided again: {error}") from error
        if encoded_events(events) != one.events:
            raise StoreError(f"entry {one.sequence}: decided again, its events differ")
        state.advance(one.at_ms)
        self.decided_again += 1
