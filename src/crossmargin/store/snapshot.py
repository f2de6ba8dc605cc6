"""The whole state after one record, so that a start need not read the journal from the beginning.

A snapshot can be made again from the journal and is never the only place where anything is. It
carries the record's hash, which says which journal it belongs to, the state's hash, which says what
its content must come to, and a hash over all of it, which says that it is as it was written.
"""

from msgspec import Struct

from crossmargin.errors import StoreError
from crossmargin.store.canonical import canonical_bytes, restore
from crossmargin.store.entry import hash_of_fields
from crossmargin.store.state_hash import StateHash, is_comparable
from crossmargin.venue.state import State

_MARK = b"crossmargin snapshot 1"


class Snapshot(Struct, frozen=True):
    """A state, as it is on disk.

    Attributes
    ----------
    sequence, entry : number and hash of the record it is the state after.
    state : hash of the state.
    content : the state (`canonical`).
    sha256 : hash of all of these.
    """

    sequence: int
    entry: bytes
    state: bytes
    content: bytes
    sha256: bytes


def snapshot_of(state: State, state_hash: bytes, sequence: int, entry: bytes) -> Snapshot:
    """Return the snapshot of a state, whose hash is known, after the record with hash `entry`."""
    content = canonical_bytes(state)
    return Snapshot(
        sequence, entry, state_hash, content, _sha256(sequence, entry, state_hash, content)
    )


def fault_of_snapshot(found: Snapshot) -> str | None:
    """Return what is wrong with a snapshot as it was read, or None."""
    fields = (found.sequence, found.entry, found.state, found.content)
    if found.sha256 != _sha256(*fields):
        return f"snapshot {found.sequence}: its hash is not that of its content"
    return None


def restored(state: State, snapshot: Snapshot) -> StateHash:
    """Make the fresh `state` that of a snapshot, and return its hash.

    Raises
    ------
    StoreError
        If it was written by another version, or its content is not what its hash says.
    """
    if not is_comparable(snapshot.state):
        raise StoreError(f"snapshot {snapshot.sequence}: its state was hashed by another rule")
    try:
        restore(state, snapshot.content)
    except StoreError as error:
        raise StoreError(f"snapshot {snapshot.sequence}: {error}") from error
    whole = StateHash(state)
    if whole.current() != snapshot.state:
        raise StoreError(f"snapshot {snapshot.sequence}: its content is not the state it names")
    return whole


def _sha256(sequence: int, entry: bytes, state: bytes, content: bytes) -> bytes:
    return hash_of_fields(_MARK, (str(sequence).encode(), entry, state, content))
