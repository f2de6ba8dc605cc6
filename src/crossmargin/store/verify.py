"""Whether a store is what was written, and whether it would be decided so again.

Checked: the structure of the file, every record's hash and place, the last record, what is
remembered of clients' ids, that the events fold, and, where the engine version and the rulebook
are the same and `decide` is given, that each command gives the same events again.

Not found: a whole store that was replaced by another one that is sound, or one whose tail was cut
together with the note of where it ends. Keep the hash of the last record elsewhere to notice that.
"""

from collections.abc import Callable

from msgspec import Struct

from crossmargin import __version__
from crossmargin.errors import InvariantBroken, StoreError
from crossmargin.store.canonical import state_hash
from crossmargin.store.entry import Entry, content_hash, encoded_events
from crossmargin.store.recovery import fold_entry
from crossmargin.store.sqlite import SqliteReader
from crossmargin.venue.command import AnyCommand
from crossmargin.venue.event import AnyEvent
from crossmargin.venue.state import State

Decide = Callable[[State, AnyCommand], tuple[AnyEvent, ...]]
"""What a command does to a state: changes it and returns the events."""


class Verdict(Struct, frozen=True, kw_only=True):
    """What was found.

    Attributes
    ----------
    entries : how many records are sound, from the first.
    decided_again : how many of them were decided again, with the same events.
    hash : of the last sound record, hexadecimal.
    state : hash of the state they make, hexadecimal; None without a state to fold into.
    damage : the first thing that is wrong: which entry, reason; None if nothing is.
    """

    entries: int
    decided_again: int
    hash: str
    state: str | None
    damage: str | None


def verify(
    store: SqliteReader, state: State | None = None, decide: Decide | None = None
) -> Verdict:
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
        hash=look.last_hash.hex(),
        state=None if state is None or damage else state_hash(state),
        damage=damage,
    )


class _Look:
    """One way through a store, from the first record to the last."""

    def __init__(self, state: State | None, decide: Decide | None) -> None:
        self.state, self.decide = state, decide
        self.entries = self.decided_again = self.known = 0
        self.last_hash = b""

    def through(self, store: SqliteReader) -> None:
        """Look at every record.

        Raises
        ------
        StoreError
            At the first that is not sound.
        """
        for one in store.read():
            command = one.decoded_command()
            if command.at_ms != one.at_ms:
                raise StoreError(f"entry {one.sequence}: its time is not its command's")
            self.remembered(store, one, command)
            if self.state is not None:
                self.happened(self.state, one, command)
            self.entries, self.last_hash = one.sequence, one.hash
        if store.known_count() != self.known:
            raise StoreError("client ids: there are some that no entry has")

    def remembered(self, store: SqliteReader, one: Entry, command: AnyCommand) -> None:
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
