"""A journal in any database: what is read, checked and written, and in which order.

How a database is reached, locked and told that something must be durable is its own business
(`sqlite`, `postgres`); the statements are the same in both.

    header      one row: JSON of the header
    head        one row: number and hash of the last record, so that a cut tail is noticed
    entries     the records
    client_ids  (account, client id) → record, hash of the command's content
    snapshots   the state after a record, the last two

The account and client id of a record are those of its command; the table is there to be looked up
and is checked against the records by `verify`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar, TypeAlias

from msgspec.structs import astuple

from crossmargin import __version__
from crossmargin.errors import StoreError, UsageError
from crossmargin.store.entry import Decided, Entry, content_hash, entry, fault_of
from crossmargin.store.journal import (
    SNAPSHOTS_KEPT,
    Header,
    Known,
    decoded_header,
    header_hash,
)
from crossmargin.store.schema import (
    INSERT_CLIENT_ID,
    INSERT_ENTRY,
    INSERT_SNAPSHOT,
    MOVE_HEAD,
    SCHEMA_OF_SNAPSHOTS,
    select_entries,
)
from crossmargin.store.snapshot import Snapshot, fault_of_snapshot

PAGE_ENTRIES = 1000
"""How many records are read at once, so that a long journal is never in memory whole."""

_ENTRY_TYPES = (int, int, bytes, bytes, str, str, bytes, bytes)
_SNAPSHOT_TYPES = (int, bytes, bytes, bytes, bytes)

Row: TypeAlias = tuple[Any, ...]
Run: TypeAlias = Callable[[str, Sequence[Row]], int]
"""Runs a statement once a row and returns how many rows of the database it has changed."""


class SqlReader(ABC):
    """A store to read, by one thread at a time, while somebody else may write it.

    Attributes
    ----------
    name : where it is, for people; no password is in it.
    header : what the venue was started with.
    """

    name: str
    header: Header
    _header: bytes
    _schema: int

    @abstractmethod
    def _rows(self, query: str, *values: object) -> list[Row]:
        """Return the rows of a query; `StoreError` if they cannot be read."""

    @abstractmethod
    def _name(self, text: str) -> object:
        """Return an account's name or a client's id as the database holds it."""

    @abstractmethod
    def fault(self) -> str | None:
        """Return what the database finds wrong with its files, or None."""

    @abstractmethod
    def hold(self) -> None:
        """See the store as it is now until closed, whatever is appended meanwhile.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """

    @abstractmethod
    def close(self) -> None:
        """Stop reading; closing twice does nothing more."""

    def _read_header(self) -> None:
        rows = self._rows("SELECT content FROM header")
        if len(rows) != 1 or not isinstance(rows[0][0], bytes):
            raise StoreError("header: is not there")
        self.header, self._header = decoded_header(rows[0][0]), rows[0][0]

    @property
    def sequence(self) -> int:
        """Return the number of the last record, zero without one."""
        return self.head()[0]

    def head(self) -> tuple[int, bytes]:
        """Return number and hash of the last record; zero and the header's without one.

        Raises
        ------
        StoreError
            If the store does not say, or holds more records than it says.
        """
        query = "SELECT sequence, hash, (SELECT coalesce(max(sequence), 0) FROM entries) FROM head"
        rows = self._rows(query)
        if len(rows) != 1 or [type(value) for value in rows[0]] != [int, bytes, int]:
            raise StoreError("head: which record is the last is not said")
        sequence, last_hash, found = rows[0]
        if found != sequence:
            raise StoreError(f"entry {min(found, sequence) + 1}: {_tail(sequence, found)}")
        return sequence, last_hash

    def read(self, start: int = 1) -> Iterator[Entry]:
        """Yield the records from number `start` on, to the last there is now, each checked.

        Raises
        ------
        StoreError
            At the first record that is not what was written.
        """
        last, last_hash = self.head()
        previous = header_hash(self._header) if start == 1 else self._hash_of(start - 1)
        at = start
        while at <= last:
            rows = self._entry_rows(at, min(PAGE_ENTRIES, last - at + 1))
            if not rows:
                raise StoreError(f"entry {at}: is missing")
            for row in rows:
                one = _entry(row, at)
                if wrong := fault_of(one, at, previous):
                    raise StoreError(wrong)
                yield one
                previous = one.hash
                at += 1
        if at == last + 1 and previous != last_hash:
            what = f"entry {last}" if last else "header"
            raise StoreError(f"{what}: is not the last that was written")

    def _entry_rows(self, start: int, count: int) -> list[Row]:
        return self._rows(select_entries(self._schema), start, count)

    def _hash_of(self, sequence: int) -> bytes:
        rows = self._entry_rows(sequence, 1)
        found = _entry(rows[0], sequence) if rows else None
        if found is None or found.sequence != sequence:
            raise StoreError(f"entry {sequence}: is missing")
        return found.hash

    def known(self, account: str, client_id: str) -> Known | None:
        """Return what an account used a client's id for; see `Journal.known`.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        query = "SELECT sequence, content FROM client_ids WHERE account = ? AND client_id = ?"
        rows = self._rows(query, self._name(account), self._name(client_id))
        if not rows:
            return None
        if [type(value) for value in rows[0]] != [int, bytes]:
            raise StoreError(f"client id {client_id} of {account}: is not what was written")
        return Known(*rows[0])

    def known_count(self) -> int:
        """Return how many clients' ids are remembered.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        return int(self._rows("SELECT count(*) FROM client_ids")[0][0])

    def snapshots(self) -> tuple[int, ...]:
        """Return after which records there is a snapshot; see `Journal.snapshots`.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        if self._schema < SCHEMA_OF_SNAPSHOTS:
            return ()
        rows = self._rows("SELECT sequence FROM snapshots ORDER BY sequence DESC")
        return tuple(sequence for (sequence,) in rows)

    def snapshot(self, sequence: int) -> Snapshot:
        """Return the snapshot of the state after a record; see `Journal.snapshot`.

        Raises
        ------
        StoreError
            If it is not there, or not what was written.
        """
        query = "SELECT sequence, entry, state, content, sha256 FROM snapshots WHERE sequence = ?"
        rows = self._rows(query, sequence)
        if not rows:
            raise StoreError(f"snapshot {sequence}: is not there")
        if tuple(map(type, rows[0])) != _SNAPSHOT_TYPES:
            raise StoreError(f"snapshot {sequence}: a field is not of its type")
        found = Snapshot(*rows[0])
        if wrong := fault_of_snapshot(found):
            raise StoreError(wrong)
        return found


class SqlJournal(SqlReader):
    """The one writer of a store, and what it has written."""

    _errors: ClassVar[type[Exception]]
    _broken: str | None = None
    _last: tuple[int, bytes]

    @abstractmethod
    def _transaction(self) -> AbstractContextManager[Run]:
        """Do all of it durably, or nothing of it and raise."""

    def _begin(self, header: Header | None) -> None:
        # Once the store is there and of this version: look at it before anything is added.
        self._read_header()
        if header is not None:
            _agree(self.name, self.header, header)
        self._last = self.head()

    @property
    def sequence(self) -> int:
        """Return the number of the last record, zero without one."""
        return self._last[0]

    def append(self, decided: Sequence[Decided]) -> tuple[Entry, ...]:
        """Write records in one transaction and one sync; see `Journal.append`.

        Raises
        ------
        StoreError
            If a write or sync fails, now or before; nothing more is ever taken.
        """
        sequence, previous = before = self._last
        rulebook = self.header.rulebook
        entries: list[Entry] = []
        for one in decided:
            sequence += 1
            entries.append(entry(sequence, one, __version__, rulebook, previous))
            previous = entries[-1].hash
        rows = [astuple(one) for one in entries]
        known = [
            (
                self._name(one.command.account),
                self._name(one.command.client_id),
                made.sequence,
                content_hash(one.command),
            )
            for one, made in zip(decided, entries, strict=True)
            if one.command.client_id
        ]
        with self._finally("entries were not written"), self._transaction() as run:
            run(INSERT_ENTRY, rows)
            if known:
                run(INSERT_CLIENT_ID, known)
            if run(MOVE_HEAD, [(sequence, previous, *before)]) != 1:
                raise StoreError("another writer was here")
        self._last = sequence, previous
        return tuple(entries)

    def keep(self, snapshot: Snapshot) -> None:
        """Write a snapshot and let go of the older ones; see `Journal.keep`.

        Raises
        ------
        StoreError
            If a write or sync fails, now or before; nothing more is ever taken.
        """
        old = self.snapshots()[SNAPSHOTS_KEPT - 1 :]
        with self._finally("a snapshot was not written"), self._transaction() as run:
            run("DELETE FROM snapshots WHERE sequence = ?", [(one,) for one in old])
            run(INSERT_SNAPSHOT, [astuple(snapshot)])

    @contextmanager
    def _finally(self, what: str) -> Iterator[None]:
        """Take nothing more once a write has failed: what is on the disk is unknown from then on.

        Raises
        ------
        StoreError
            If a write fails, now or before.
        """
        if self._broken is not None:
            raise StoreError(f"{self.name}: takes nothing more: {self._broken}")
        try:
            yield
        except (StoreError, self._errors) as error:
            self._broken = f"{type(error).__name__}: {error}"
            raise StoreError(f"{self.name}: {what}: {error}") from error


def _entry(row: Row, sequence: int) -> Entry:
    *fields, state = row
    if tuple(map(type, fields)) != _ENTRY_TYPES or not isinstance(state, bytes | None):
        raise StoreError(f"entry {sequence}: a field is not of its type")
    return Entry(*row)


def _tail(said: int, found: int) -> str:
    return f"is missing, {said} were written" if found < said else f"only {said} were written"


def _agree(name: str, there: Header, given: Header) -> None:
    if there.rulebook != given.rulebook:
        raise UsageError(
            f"{name}: was made under the rulebook {there.venue} {there.edition} "
            f"({there.rulebook[:12]}), not {given.venue} {given.edition} ({given.rulebook[:12]})"
        )
    if there.settings != given.settings:
        raise UsageError(f"{name}: was made with other settings of the venue")
