"""The journal in one SQLite file: WAL, `synchronous=FULL`, one transaction a batch.

Readers (verify, export, back-up) work while a writer does. A second writer is refused: the writer
holds an exclusive transaction on an empty database beside the store, `STORE-lock`, which the
operating system frees when the process dies, however it dies.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from crossmargin.errors import StoreError, UsageError
from crossmargin.store.journal import SCHEMA, Header
from crossmargin.store.sql import Row, Run, SqlJournal, SqlReader
from crossmargin.store.sqlite_file import connected, locked, make, migrate, schema_of


class _SqliteStore(SqlReader):
    _link: sqlite3.Connection

    def _rows(self, query: str, *values: object) -> list[Row]:
        try:
            return self._link.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"file: {error}") from error

    def _name(self, text: str) -> object:
        return text

    def fault(self) -> str | None:
        """Return what SQLite finds wrong with the file's structure, or None."""
        try:
            found = self._rows("PRAGMA integrity_check(1)")
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
        self._rows("BEGIN")
        self.head()

    def close(self) -> None:
        """Stop reading; closing twice does nothing more."""
        if hasattr(self, "_link"):
            self._link.close()


class SqliteReader(_SqliteStore):
    """A store to read while somebody else may write it.

    What cannot be opened raises `UsageError` (no store) or `StoreError` (a damaged one).
    """

    def __init__(self, path: Path) -> None:
        """Open the store at `path` for reading, of this version or an older one.

        Raises
        ------
        UsageError
            If there is no such file, or it is no store.
        StoreError
            If it is damaged or of a newer version.
        """
        self.name = str(path)
        _require(path)
        with _opening(self, "read"):
            self._link = connected(f"{path.absolute().as_uri()}?mode=ro", uri=True)
            schema = schema_of(self._link, path)
            if schema is None:
                raise UsageError(f"{path}: is not a store")
            self._schema = schema
            self._read_header()


class SqliteJournal(SqlJournal, _SqliteStore):
    """The one writer of a store, and what it has written.

    What cannot be opened raises `UsageError` (in use, no store, a store of something else) or
    `StoreError` (a damaged one).
    """

    _errors = sqlite3.Error

    def __init__(
        self,
        path: Path,
        header: Header | None = None,
        *,
        is_synced: bool = True,
        factory: type[sqlite3.Connection] = sqlite3.Connection,
    ) -> None:
        """Open the store at `path`, alone; make it where there is none and `header` is given.

        A store of an older version is made one of this version, whole or not at all.

        Parameters
        ----------
        header : what a new store is made with; one that is there must be of the same rulebook and
            settings.
        is_synced : whether each commit is synced. If not, what was appended survives the death of
            the process; power that fails may take the last of it, and never the middle.
        factory : makes the connection; tests put a faulty one here.

        Raises
        ------
        UsageError
            If another writer has it, there is none and no header or folder to make one with, it
            was made under another rulebook or other settings, or it is no store.
        StoreError
            If it is damaged, of a newer version or cannot be written.
        """
        self.name = str(path)
        if header is None:
            _require(path)
        if not path.parent.is_dir():
            raise UsageError(f"{path}: there is no folder {path.parent}")
        with _opening(self, "opened"):
            self._lock = locked(path)
            self._link = connected(str(path), factory=factory)
            self._link.execute(f"PRAGMA synchronous = {'FULL' if is_synced else 'NORMAL'}")
            schema = schema_of(self._link, path)
            if schema is None:
                if header is None:
                    raise UsageError(f"{path}: is not a store")
                make(self._link, header)
            elif schema != SCHEMA:
                migrate(self._link, schema)
            self._schema = SCHEMA
            self._begin(header)

    @contextmanager
    def _transaction(self) -> Iterator[Run]:
        link = self._link

        def run(statement: str, rows: Sequence[Row]) -> int:
            return link.executemany(statement, rows).rowcount

        link.execute("BEGIN IMMEDIATE")
        try:
            yield run
            link.execute("COMMIT")
        except Exception:
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
def _opening(store: SqlReader, what: str) -> Iterator[None]:
    """Close what was opened if opening it fails; say what SQLite says."""
    try:
        yield
    except sqlite3.Error as error:
        store.close()
        if str(error).startswith("file is not a database"):
            raise UsageError(f"{store.name}: is not a store") from error
        raise StoreError(f"{store.name}: cannot be {what}: {error}") from error
    except StoreError as error:
        store.close()
        raise StoreError(f"{store.name}: {error}") from error
    except UsageError:
        store.close()
        raise
