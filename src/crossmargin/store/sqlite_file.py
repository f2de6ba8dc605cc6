"""The SQLite file of a store: its tables, how it is opened, locked, recognised and made.

What is in the rows is not looked at here, but for the header, without which a file is no store.
"""

import sqlite3
from pathlib import Path
from typing import Any

from crossmargin.errors import StoreError, UsageError
from crossmargin.store.journal import (
    SCHEMA,
    Header,
    decoded_header,
    encoded_header,
    header_hash,
)

APPLICATION_ID = 0x786D6172
"""Marks the file as a store of ours ("xmar")."""
_STATEMENTS = (
    "CREATE TABLE header (content BLOB NOT NULL)",
    "CREATE TABLE head (sequence INTEGER NOT NULL, hash BLOB NOT NULL)",
    """CREATE TABLE entries (
        sequence INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL,
        command BLOB NOT NULL, events BLOB NOT NULL,
        engine TEXT NOT NULL, rulebook TEXT NOT NULL,
        previous BLOB NOT NULL, hash BLOB NOT NULL
    )""",
    """CREATE TABLE client_ids (
        account TEXT NOT NULL, client_id TEXT NOT NULL,
        sequence INTEGER NOT NULL, content BLOB NOT NULL,
        PRIMARY KEY (account, client_id)
    ) WITHOUT ROWID""",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {SCHEMA}",
)


def connected(
    where: str, *, uri: bool = False, factory: type[sqlite3.Connection] = sqlite3.Connection
) -> sqlite3.Connection:
    """Return a connection whose transactions are begun by hand.

    One thread at a time is the owner's business.
    """
    return sqlite3.connect(
        where, isolation_level=None, check_same_thread=False, uri=uri, factory=factory
    )


def locked(path: Path) -> sqlite3.Connection:
    """Return the lock of the store at `path`, held until it is closed or the process is dead.

    Raises
    ------
    UsageError
        If somebody has it.
    """
    lock = sqlite3.connect(f"{path}-lock", timeout=0, isolation_level=None, check_same_thread=False)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        if "locked" in str(error):
            raise UsageError(f"{path}: another process is writing this store") from error
        raise
    return lock


def is_store(link: sqlite3.Connection, path: Path) -> bool:
    """Return whether a file is a store; not yet if it is empty.

    Raises
    ------
    UsageError
        If it is another database.
    StoreError
        If it is of another version.
    """
    if link.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        if link.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise UsageError(f"{path}: is a database, but not a store")
        return False
    version = link.execute("PRAGMA user_version").fetchone()[0]
    if version != SCHEMA:
        raise StoreError(f"schema {version} is not one that this version reads, {SCHEMA}")
    return True


def make(link: sqlite3.Connection, header: Header) -> None:
    """Make an empty file a store, whole or not at all."""
    content = encoded_header(header)
    link.execute("PRAGMA journal_mode = WAL")
    link.execute("PRAGMA synchronous = FULL")
    link.execute("BEGIN IMMEDIATE")
    for statement in _STATEMENTS:
        link.execute(statement)
    link.execute("INSERT INTO header VALUES (?)", (content,))
    link.execute("INSERT INTO head VALUES (0, ?)", (header_hash(content),))
    link.execute("COMMIT")


def header_content(link: sqlite3.Connection) -> bytes:
    """Return the header as it is written, once it could be read.

    Raises
    ------
    StoreError
        If it is not there, or is none.
    """
    rows = rows_of(link, "SELECT content FROM header")
    if len(rows) != 1 or not isinstance(rows[0][0], bytes):
        raise StoreError("header: is not there")
    decoded_header(rows[0][0])
    return rows[0][0]


def rows_of(link: sqlite3.Connection, query: str, *values: object) -> list[tuple[Any, ...]]:
    """Return the rows of a query.

    Raises
    ------
    StoreError
        If the file cannot be read, or holds no text where text should be.
    """
    try:
        return link.execute(query, values).fetchall()
    except sqlite3.Error as error:
        raise StoreError(f"file: {error}") from error
