"""The journal in one SQLite file: WAL, `synchronous=FULL`, one transaction a batch.

Readers (verify, export, back-up) work while a writer does. A second writer is refused: the writer
holds an exclusive transaction on an empty database beside the store, `STORE-lock`, which the
operating system frees when the process dies, however it dies.

    header      one row: JSON of the header
    head        one row: number and hash of the last record, so that a cut tail is noticed
    entries     the records
    client_ids  (account, client id) → record, hash of the command's content

The account and client id of a record are those of its command; the table is there to be looked up
and is checked against the records by `verify`.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from crossmargin import __version__
from crossmargin.errors import StoreError, UsageError
from crossmargin.store.entry import Decided, Entry, content_hash, entry, fault_of
from crossmargin.store.journal import Header, Known, decoded_header, header_hash
from crossmargin.store.sqlite_file import (
    connected,
    header_content,
    is_store,
    locked,
    make,
    rows_of,
)

PAGE_ENTRIES = 1000
"""How many records are read at once, so that a long journal is never in memory whole."""

_TYPES = (int, int, bytes, bytes, str, str, bytes, bytes)


class SqliteReader:
    """A store to read, by one thread at a time, while somebody else may write it.

    What cannot be opened raises `UsageError` (no store) or `StoreError` (a damaged one).
    """

    _link: sqlite3.Connection
    _header: bytes

    def __init__(self, path: Path) -> None:
        """Open the store at `path` for reading.

        Raises
        ------
        UsageError
            If there is no such file, or it is no store.
        StoreError
            If it is damaged or of another version.
        """
        self.path = path
        _require(path)
        with _opening(self, "read"):
            self._link = connected(f"{path.absolute().as_uri()}?mode=ro", uri=True)
            if not is_store(self._link, path):
                raise UsageError(f"{path}: is not a store")
            self._header = header_content(self._link)

    @property
    def header(self) -> Header:
        """Return what the venue was started with."""
        return decoded_header(self._header)

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
        rows = rows_of(self._link, query)
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
            query = "SELECT * FROM entries WHERE sequence >= ? ORDER BY sequence LIMIT ?"
            rows = rows_of(self._link, query, at, min(PAGE_ENTRIES, last - at + 1))
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

    def _hash_of(self, sequence: int) -> bytes:
        rows = rows_of(self._link, "SELECT * FROM entries WHERE sequence = ?", sequence)
        if not rows:
            raise StoreError(f"entry {sequence}: is missing")
        return _entry(rows[0], sequence).hash

    def known(self, account: str, client_id: str) -> Known | None:
        """Return what an account used a client's id for; see `Journal.known`.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        query = "SELECT sequence, content FROM client_ids WHERE account = ? AND client_id = ?"
        rows = rows_of(self._link, query, account, client_id)
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
        return int(rows_of(self._link, "SELECT count(*) FROM client_ids")[0][0])

    def fault(self) -> str | None:
        """Return what SQLite finds wrong with the file's structure, or None."""
        try:
            found = rows_of(self._link, "PRAGMA integrity_check(1)")
        except StoreError as error:
            return str(error)
        words = str(found[0][0]) if found else "nothing can be read"
        return None if words == "ok" else f"file: {' '.join(words.split())}"

    def hold(self) -> None:
        """See the store as it is now until closed, whatever is appended meanwhile.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        rows_of(self._link, "BEGIN")
        self.head()

    def close(self) -> None:
        """Stop reading; closing twice does nothing more."""
        if hasattr(self, "_link"):
            self._link.close()


class SqliteJournal(SqliteReader):
    """The one writer of a store, and what it has written.

    What cannot be opened raises `UsageError` (in use, no store, a store of something else) or
    `StoreError` (a damaged one).
    """

    def __init__(
        self,
        path: Path,
        header: Header | None = None,
        *,
        factory: type[sqlite3.Connection] = sqlite3.Connection,
    ) -> None:
        """Open the store at `path`, or make it with `header` where there is none.

        `factory` makes the connection that writes: for tests of disks that fail.

        Raises
        ------
        UsageError
            If another writer has it, there is none and no header to make one with, it was made
            under another rulebook or other settings, or it is no store.
        StoreError
            If it is damaged, of another version or cannot be written.
        """
        self.path = path
        self._broken: str | None = None
        if header is None:
            _require(path)
        with _opening(self, "opened"):
            self._lock = locked(path)
            self._link = connected(str(path), factory=factory)
            if not is_store(self._link, path):
                if header is None:
                    raise UsageError(f"{path}: is not a store")
                make(self._link, header)
            self._link.execute("PRAGMA synchronous = FULL")
            self._header = header_content(self._link)
            if header is not None:
                _agree(path, self.header, header)
            self._rulebook = self.header.rulebook
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
        if self._broken is not None:
            raise StoreError(f"{self.path}: takes nothing more: {self._broken}")
        sequence, previous = self._last
        entries: list[Entry] = []
        for one in decided:
            sequence += 1
            entries.append(entry(sequence, one, __version__, self._rulebook, previous))
            previous = entries[-1].hash
        known = [
            (one.command.account, one.command.client_id, made.sequence, content_hash(one.command))
            for one, made in zip(decided, entries, strict=True)
            if one.command.client_id
        ]
        try:
            self._write(entries, known, sequence, previous)
        except sqlite3.Error as error:
            self._broken = f"{type(error).__name__}: {error}"
            raise StoreError(f"{self.path}: entries were not written: {error}") from error
        self._last = sequence, previous
        return tuple(entries)

    def _write(
        self,
        entries: Sequence[Entry],
        known: Sequence[tuple[str, str, int, bytes]],
        sequence: int,
        last_hash: bytes,
    ) -> None:
        rows = [
            (e.sequence, e.at_ms, e.command, e.events, e.engine, e.rulebook, e.previous, e.hash)
            for e in entries
        ]
        link = self._link
        link.execute("BEGIN IMMEDIATE")
        try:
            link.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            if known:
                link.executemany("INSERT INTO client_ids VALUES (?, ?, ?, ?)", known)
            link.execute("UPDATE head SET sequence = ?, hash = ?", (sequence, last_hash))
            link.execute("COMMIT")
        except sqlite3.Error:
            # What is on disk is unknown now; in this process nothing of the batch is seen.
            if link.in_transaction:
                with suppress(sqlite3.Error):
                    link.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Let another writer have it; closing twice does nothing more."""
        with suppress(sqlite3.Error):  # Closing may copy the log into the file, and fail.
            super().close()
        if hasattr(self, "_lock"):
            self._lock.close()


def _require(path: Path) -> None:
    if not path.is_file():
        raise UsageError(f"{path}: there is no such store")


@contextmanager
def _opening(store: SqliteReader, what: str) -> Iterator[None]:
    """Close what was opened if opening it fails; say what SQLite says."""
    try:
        yield
    except sqlite3.Error as error:
        store.close()
        if str(error).startswith("file is not a database"):
            raise UsageError(f"{store.path}: is not a store") from error
        raise StoreError(f"{store.path}: cannot be {what}: {error}") from error
    except StoreError as error:
        store.close()
        raise StoreError(f"{store.path}: {error}") from error
    except UsageError:
        store.close()
        raise


def _entry(row: tuple[Any, ...], sequence: int) -> Entry:
    if tuple(map(type, row)) != _TYPES:
        raise StoreError(f"entry {sequence}: a field is not of its type")
    return Entry(*row)


def _tail(said: int, found: int) -> str:
    return f"is missing, {said} were written" if found < said else f"only {said} were written"


def _agree(path: Path, there: Header, given: Header) -> None:
    if there.rulebook != given.rulebook:
        raise UsageError(
            f"{path}: was made under the rulebook {there.venue} {there.edition} "
            f"({there.rulebook[:12]}), not {given.venue} {given.edition} ({given.rulebook[:12]})"
        )
    if there.settings != given.settings:
        raise UsageError(f"{path}: was made with other settings of the venue")
