"""One record of the journal: a command, its events, and hashes that tie it to all before it.

A record's hash is SHA-256 over every field with its length, the hash before it included; the first
one follows the header's. So a record that is changed, left out, moved or brought in from elsewhere
does not fit, unless everything after it is written anew.

Some records also hold the hash of the state after them, which is then part of what is hashed. A
record without one has the hash it would have had before there were any.

Nothing is decoded to check a hash: what is hashed are the bytes that were written.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from crossmargin.errors import StoreError
from crossmargin.venue.command import AnyCommand
from crossmargin.venue.event import AnyEvent

HASH_BYTES = 32
_MARK = b"crossmargin entry 1"
_MARK_STATE = b"crossmargin entry 2"
_ENCODER = msgspec.json.Encoder(order="deterministic")
_COMMANDS: msgspec.json.Decoder[AnyCommand] = msgspec.json.Decoder(AnyCommand)
_EVENTS: msgspec.json.Decoder[tuple[AnyEvent, ...]] = msgspec.json.Decoder(tuple[AnyEvent, ...])


class Decided(Struct, frozen=True):
    """A command and what came of it, not written yet.

    Attributes
    ----------
    state : hash of the state after it, where one is due (`state_hash.is_due`).
    """

    command: AnyCommand
    events: tuple[AnyEvent, ...]
    state: bytes | None = None


class Entry(Struct, frozen=True):
    """One record, as it is on disk.

    Attributes
    ----------
    sequence : from 1, without gaps.
    at_ms : the command's time, milliseconds UTC.
    command, events : JSON.
    engine : version of the engine that decided it.
    rulebook : hash of the rulebook it was decided under, hexadecimal.
    previous, hash : SHA-256 of the record before (of the header for the first) and of this one.
    state : hash of the state after it; None where none was due.
    """

    sequence: int
    at_ms: int
    command: bytes
    events: bytes
    engine: str
    rulebook: str
    previous: bytes
    hash: bytes
    state: bytes | None = None

    def decoded_command(self) -> AnyCommand:
        """Return the command.

        Raises
        ------
        StoreError
            If this version knows no such command.
        """
        try:
            return _COMMANDS.decode(self.command)
        except (msgspec.MsgspecError, UnicodeError) as error:
            raise StoreError(f"entry {self.sequence}: command: {error}") from error

    def decoded_events(self) -> tuple[AnyEvent, ...]:
        """Return the events.

        Raises
        ------
        StoreError
            If this version knows no such event.
        """
        try:
            return _EVENTS.decode(self.events)
        except (msgspec.MsgspecError, UnicodeError) as error:
            raise StoreError(f"entry {self.sequence}: events: {error}") from error


def entry(sequence: int, decided: Decided, engine: str, rulebook: str, previous: bytes) -> Entry:
    """Return the record of `decided` after the one whose hash is `previous`."""
    command, events = _ENCODER.encode(decided.command), encoded_events(decided.events)
    at_ms = decided.command.at_ms
    fields = (sequence, at_ms, command, events, engine, rulebook, previous)
    return Entry(*fields, chained_hash(*fields, decided.state), decided.state)


def encoded_events(events: Sequence[AnyEvent]) -> bytes:
    """Return events as the journal holds them."""
    return _ENCODER.encode(events)


def chained_hash(
    sequence: int,
    at_ms: int,
    command: bytes,
    events: bytes,
    engine: str,
    rulebook: str,
    previous: bytes,
    state: bytes | None,
) -> bytes:
    """Return the hash of a record's fields."""
    numbers = str(sequence).encode(), str(at_ms).encode()
    fields = (*numbers, command, events, engine.encode(), rulebook.encode(), previous)
    if state is None:
        return hash_of_fields(_MARK, fields)
    return hash_of_fields(_MARK_STATE, (*fields, state))


def hash_of_fields(mark: bytes, fields: Iterable[bytes]) -> bytes:
    """Return the SHA-256 of a mark and of fields, each after its length in 8 bytes."""
    whole = sha256(mark)
    for field in fields:
        whole.update(len(field).to_bytes(8))
        whole.update(field)
    return whole.digest()


def content_hash(command: AnyCommand) -> bytes:
    """Return the hash of what a command asks; when it is asked again does not matter."""
    return sha256(_ENCODER.encode(replace(command, at_ms=0))).digest()


def fault_of(found: Entry, sequence: int, previous: bytes) -> str | None:
    """Return what is wrong with a record that should be number `sequence`, or None."""
    if found.sequence != sequence:
        return f"entry {sequence}: is missing, the next one is {found.sequence}"
    if found.previous != previous:
        return f"entry {sequence}: does not follow the one before it"
    fields = (found.command, found.events, found.engine, found.rulebook, found.previous)
    if found.hash != chained_hash(found.sequence, found.at_ms, *fields, found.state):
        return f"entry {sequence}: its hash is not that of its content"
    return None
