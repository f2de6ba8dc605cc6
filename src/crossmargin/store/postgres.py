"""The journal in a PostgreSQL database: `synchronous_commit`, one transaction a batch.

The tables are in the schema that the connection's `search_path` names first, so one database can
hold several stores. The writer's lock is an advisory lock of its own connection: it is lost with
the connection and at no other moment, and without the connection nothing can be written. What a
pooler between might still mix up is stopped by the head: a batch is written only after the record
that this writer wrote last.

A connection that breaks halts the writer as a failed sync does: whether the server committed is
unknown. The server is asked to refuse nothing and to promise everything; that it keeps its promise
(`fsync`, its disks) is its business, but one that says it does not is refused.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import psycopg
from psycopg import Connection, Cursor

from crossmargin.errors import StoreError, UsageError
from crossmargin.store.journal import SCHEMA, Header, encoded_header, header_hash
from crossmargin.store.places import shown_place
from crossmargin.store.schema import Types, migration, require_readable, tables
from crossmargin.store.sql import Row, Run, SqlJournal, SqlReader

LOCK_CLASS = 0x786D6172
"""The first half of the advisory lock's key ("xmar"); the second is the schema's number."""
_TYPES = Types(integer="BIGINT", content="BYTEA", name="BYTEA")
_VERSION = "CREATE TABLE crossmargin (schema BIGINT NOT NULL)"
_TIMEOUT_SECONDS = 10
"""How long a server may be silent before its connection counts as lost."""
_LOCK_WAIT_MS = 1000


class _PostgresStore(SqlReader):
    _link: "Connection[Row]"

    def _rows(self, query: str, *values: object) -> list[Row]:
        try:
            return _run(self._link, query, values).fetchall()
        except psycopg.Error as error:
            raise StoreError(f"database: {_words(error)}") from error

    def _name(self, text: str) -> object:
        return text.encode()  # A text cannot hold a NUL there, and a client's id can.

    def fault(self) -> str | None:
        """Return None: what is wrong with its files a server says when they are read."""
        return None

    def hold(self) -> None:
        """See the store as it is now until closed, whatever is appended meanwhile.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        try:
            self._link.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        except psycopg.Error as error:
            raise StoreError(f"database: {_words(error)}") from error
        self.head()

    def close(self) -> None:
        """Stop reading; closing twice does nothing more."""
        if hasattr(self, "_link"):
            self._link.close()


class PostgresReader(_PostgresStore):
    """A store to read while somebody else may write it.

    What cannot be opened raises `UsageError` (no store) or `StoreError` (a damaged one).
    """

    def __init__(self, address: str) -> None:
        """Open the store at a `postgresql://` address for reading, of this or an older version.

        Raises
        ------
        UsageError
            If there is no such database, or no store in it.
        StoreError
            If it is damaged or of a newer version.
        """
        self.name = shown_place(address)
        with _opening(self):
            self._link = _connected(address)
            schema = _schema_of(self._link)
            if schema is None:
                raise UsageError(f"{self.name}: there is no store in this database")
            self._schema = schema
            self._read_header()


class PostgresJournal(SqlJournal, _PostgresStore):
    """The one writer of a store, and what it has written.

    What cannot be opened raises `UsageError` (in use, no store, a store of something else) or
    `StoreError` (a damaged one).
    """

    _errors = psycopg.Error

    def __init__(
        self, address: str, header: Header | None = None, *, is_synced: bool = True
    ) -> None:
        """Open the store at a `postgresql://` address, alone; see `SqliteJournal`.

        Raises
        ------
        UsageError
            If another writer has it, there is none and no header to make one with, it was made
            under another rulebook or other settings, or the server does not sync.
        StoreError
            If it is damaged, of a newer version or cannot be written.
        """
        self.name = shown_place(address)
        with _opening(self):
            self._link = _connected(address)
            self._lock()
            self._require_durable(is_synced=is_synced)
            schema = _schema_of(self._link)
            if schema is None and header is None:
                raise UsageError(f"{self.name}: there is no store in this database")
            with self._link.transaction():
                if schema is None and header is not None:
                    _make(self._link, header)
                elif schema is not None and schema != SCHEMA:
                    _migrate(self._link, schema)
            self._schema = SCHEMA
            self._begin(header)

    def _lock(self) -> None:
        query = (
            "SELECT pg_advisory_lock((?::bigint << 32) | oid::bigint) FROM pg_namespace "
            "WHERE nspname = current_schema()"
        )
        # The server frees a killed writer's lock once it has noticed, so there is a moment to wait.
        self._link.execute(f"SET lock_timeout = {_LOCK_WAIT_MS}")
        try:
            rows = _run(self._link, query, (LOCK_CLASS,)).fetchall()
        except psycopg.errors.LockNotAvailable as error:
            raise UsageError(f"{self.name}: another process is writing this store") from error
        self._link.execute("RESET lock_timeout")
        if not rows:
            raise UsageError(f"{self.name}: the schema in its search_path is not there")

    def _require_durable(self, *, is_synced: bool) -> None:
        if is_synced and _run(self._link, "SHOW fsync").fetchall() != [("on",)]:
            raise UsageError(f"{self.name}: the server runs with fsync off, so it keeps no promise")
        self._link.execute(f"SET synchronous_commit = {'on' if is_synced else 'off'}")

    @contextmanager
    def _transaction(self) -> Iterator[Run]:
        def run(statement: str, rows: Sequence[Row]) -> int:
            with self._link.cursor() as cursor:
                cursor.executemany(_placed(statement), rows)
                return cursor.rowcount

        with self._link.transaction():
            yield run

    def close(self) -> None:
        """Let another writer have it; closing twice does nothing more."""
        if hasattr(self, "_link"):
            with suppress(psycopg.Error):  # A lost connection has lost the lock as well.
                self._link.execute("SELECT pg_advisory_unlock_all()")
        super().close()


def _connected(address: str) -> "Connection[Row]":
    return psycopg.connect(
        address,
        autocommit=True,
        application_name="crossmargin",
        connect_timeout=_TIMEOUT_SECONDS,
        tcp_user_timeout=_TIMEOUT_SECONDS * 1000,
    )


def _run(link: "Connection[Row]", query: str, values: Sequence[object] = ()) -> "Cursor[Row]":
    return link.execute(_placed(query), values)


def _placed(statement: str) -> bytes:
    # The statements are the same for every database; placeholders are not.
    return statement.replace("?", "%s").encode()


def _schema_of(link: "Connection[Row]") -> int | None:
    query = "SELECT to_regclass(quote_ident(current_schema()) || '.crossmargin')"
    if link.execute(query).fetchall() == [(None,)]:
        return None
    [(schema,)] = link.execute("SELECT schema FROM crossmargin").fetchall()
    require_readable(schema)
    return int(schema)


def _make(link: "Connection[Row]", header: Header) -> None:
    content = encoded_header(header)
    for statement in (*tables(_TYPES), _VERSION):
        link.execute(statement.encode())
    link.execute("INSERT INTO header VALUES (%s)", (content,))
    link.execute("INSERT INTO head VALUES (0, %s)", (header_hash(content),))
    link.execute("INSERT INTO crossmargin VALUES (%s)", (SCHEMA,))


def _migrate(link: "Connection[Row]", schema: int) -> None:
    for statement in migration(schema, _TYPES):
        link.execute(statement.encode())
    link.execute("UPDATE crossmargin SET schema = %s", (SCHEMA,))


def _words(error: psycopg.Error) -> str:
    return " ".join(str(error).split())


@contextmanager
def _opening(store: SqlReader) -> Iterator[None]:
    """Close what was opened if opening it fails; say what the server says."""
    try:
        yield
    except psycopg.Error as error:
        _closed(store)
        if not hasattr(store, "_link"):
            raise UsageError(f"{store.name}: cannot be reached: {_words(error)}") from error
        raise StoreError(f"{store.name}: cannot be opened: {_words(error)}") from error
    except StoreError as error:
        _closed(store)
        raise StoreError(f"{store.name}: {error}") from error
    except UsageError:
        _closed(store)
        raise


def _closed(store: SqlReader) -> None:
    with suppress(psycopg.Error):
        store.close()
