"""What a journal is, whatever keeps it: records appended durably, read back in order and checked.

A journal has one writer. `append` returns only once the records would survive a loss of power (if
the device honours a sync); the first write or sync that fails is final, because what reached the
disk is unknown from then on and a later sync may report success without it: the journal takes
nothing more until it is opened again.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Protocol

import msgspec
from msgspec import Struct

from crossmargin.errors import StoreError
from crossmargin.store.entry import Decided, Entry
from crossmargin.store.snapshot import Snapshot
from crossmargin.venue.settings import VenueSettings

SCHEMA = 2
"""Version of the store's format; a store of a newer one is refused, of an older one migrated."""
SNAPSHOTS_KEPT = 2
"""How many snapshots a store keeps: the last one, and one to fall back to."""

_ENCODER = msgspec.json.Encoder(order="deterministic")


class Header(Struct, frozen=True, kw_only=True):
    """What a venue was started with; its hash is where the chain begins.

    Attributes
    ----------
    created_at_ms : milliseconds UTC.
    venue, edition, rulebook : the rulebook by name, date and hash (hexadecimal).
    note : words of whoever made the store; nothing is read from them.
    """

    created_at_ms: int
    venue: str
    edition: str
    rulebook: str
    settings: VenueSettings = VenueSettings()
    note: str = ""
    schema: int = SCHEMA  # That of the store when it was made.


class Known(Struct, frozen=True):
    """A client's id that was used: by which record, for a command with which content."""

    sequence: int
    content: bytes


class Journal(Protocol):
    """Records in order, for one writer and any number of readers."""

    @property
    def header(self) -> Header:
        """Return what the venue was started with."""

    @property
    def sequence(self) -> int:
        """Return the number of the last record, zero without one."""

    def append(self, decided: Sequence[Decided]) -> tuple[Entry, ...]:
        """Write records, all or none, and return them once they are durable.

        Raises
        ------
        StoreError
            If a write or sync fails, now or before.
        """

    def read(self, start: int = 1) -> Iterator[Entry]:
        """Yield the records from number `start` on, each checked against the one before.

        Raises
        ------
        StoreError
            At the first record that is not what was written.
        """

    def known(self, account: str, client_id: str) -> Known | None:
        """Return what an account used a client's id for; None if it did not.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """

    def snapshots(self) -> tuple[int, ...]:
        """Return after which records there is a snapshot of the state, the newest first.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """

    def snapshot(self, sequence: int) -> Snapshot:
        """Return the snapshot of the state after a record.

        Raises
        ------
        StoreError
            If it is not there, or not what was written.
        """

    def keep(self, snapshot: Snapshot) -> None:
        """Write a snapshot, and let go of those before the last `SNAPSHOTS_KEPT`.

        Raises
        ------
        StoreError
            If a write or sync fails, now or before.
        """

    def close(self) -> None:
        """Let another writer have it."""


def encoded_header(header: Header) -> bytes:
    """Return a header as a store holds it."""
    return _ENCODER.encode(header)


def decoded_header(content: bytes) -> Header:
    """Return the header a store holds.

    Raises
    ------
    StoreError
        If it is no header of this version.
    """
    try:
        return msgspec.json.decode(content, type=Header)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise StoreError(f"header: {error}") from error


def header_hash(content: bytes) -> bytes:
    """Return what the first record follows."""
    return sha256(b"crossmargin header 1" + content).digest()
