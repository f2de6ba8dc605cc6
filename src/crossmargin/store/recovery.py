"""A state from a journal: a snapshot and the events since, folded in order, nothing decided.

Deciding again would let a mended formula rewrite what happened; folding cannot. Every record is
checked on the way, and the hashes of states that some hold are compared, so a damaged journal, or
one that this version folds to something else, stops here and never becomes a state.

A snapshot that cannot be used only costs time: an older one is taken, or the whole journal, and
that is said. A sound one that does not fit the journal means that records are gone, and stops.
"""

from collections.abc import Callable

from msgspec import Struct

from crossmargin.errors import InvariantBroken, StoreError
from crossmargin.store.entry import Entry
from crossmargin.store.journal import Journal
from crossmargin.store.snapshot import restored
from crossmargin.store.state_hash import StateHash, is_comparable
from crossmargin.venue.fold import fold
from crossmargin.venue.state import State


class Recovered(Struct, frozen=True):
    """A state, and how it was come by.

    Attributes
    ----------
    hash : of the state, kept up to date.
    snapshot : number of the record whose snapshot it started from; zero where it read everything.
    notes : which snapshots could not be used, and why.
    """

    state: State
    hash: StateHash
    snapshot: int
    notes: tuple[str, ...]


def recover(fresh: Callable[[], State], journal: Journal) -> Recovered:
    """Return the state that `journal` makes of a `fresh` one.

    Raises
    ------
    StoreError
        If the journal is damaged, ends before a snapshot of it, or makes another state than the
        one that was recorded.
    """
    notes: list[str] = []
    for sequence in journal.snapshots():
        try:
            snapshot = journal.snapshot(sequence)
            state = fresh()
            whole = restored(state, snapshot)
        except (StoreError, InvariantBroken) as error:
            notes.append(str(error))
            continue
        if sequence > journal.sequence:
            raise StoreError(
                f"snapshot {sequence}: is of a later state than the journal's, "
                f"whose last entry is {journal.sequence}"
            )
        entries = journal.read(sequence)
        if next(entries).hash != snapshot.entry:
            raise StoreError(f"snapshot {sequence}: is of another journal than this")
        break
    else:
        sequence, entries, state = 0, journal.read(), fresh()
        whole = StateHash(state)
    for one in entries:
        fold_entry(state, one)
        compare(one, whole)
    return Recovered(state, whole, sequence, tuple(notes))


def fold_entry(state: State, one: Entry) -> None:
    """Let time be the record's, then its events have happened.

    Raises
    ------
    StoreError
        If this version knows no such event.
    """
    state.advance(one.at_ms)
    for event in one.decoded_events():
        fold(state, event)


def compare(one: Entry, whole: StateHash) -> None:
    """Compare the state after a record with what the record says of it, if it does.

    Raises
    ------
    StoreError
        If they differ.
    """
    if is_comparable(one.state) and one.state != whole.current():
        raise StoreError(f"entry {one.sequence}: the state after it is not the one recorded")
