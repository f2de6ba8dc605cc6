"""The SQLite file of a store: how it is opened, locked, recognised, made and brought up to date.

What is in the rows is not looked at here.
"""

import sqlite3
from pathlib import Path

from crossmargin.errors import UsageError
from crossmargin.store.journal import SCHEMA, Header, encoded_header, header_hash
from crossmargin.store.schema import Types, migration, require_readable, tables

APPLICATION_ID = 0x786D6172
"""Marks the file as a store of ours ("xmar")."""
_TYPES = Types(integer="INTEGER", content="BLOB", name="TEXT", key_only=" WITHOUT ROWID")


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


def schema_of(link: sqlite3.Connection, path: Path) -> int | None:
    """Return which version's store a file is; None if it is empty.

    Raises
    ------
    UsageError
        If it is another database.
    StoreError
        If it is of a version that this one cannot read.
    """
    if link.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        if link.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise UsageError(f"{path}: is a database, but not a store")
        return None
    schema = int(link.execute("PRAGMA user_version").fetchone()[0])
    require_readable(schema)
    return schema


def make(link: sqlite3.Connection, header: Header) -> None:
    """Make an empty file a store, whole or not at all."""
    content = encoded_header(header)
    link.execute("PRAGMA journal_mode = WAL")
    link.execute("BEGIN IMMEDIATE")
    for statement in tables(_TYPES):
        link.execute(statement)
    link.execute("INSERT INTO header VALUES (?)", (content,))
    link.execute("INSERT INTO head VALUES (0, ?)", (header_hash(content),))
    link.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    link.execute(f"PRAGMA user_version = {SCHEMA}")
    link.execute("COMMIT")


def migrate(link: sqlite3.Connection, schema: int) -> None:
    """Make a store of an older version one of this version, whole or not at all."""
    link.execute("BEGIN IMMEDIATE")
    for statement in migration(schema, _TYPES):
        link.execute(statement)
    link.execute(f"PRAGMA user_version = {SCHEMA}")
    link.execute("COMMIT")
