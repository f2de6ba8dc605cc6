"""The tables of a store, in the words that every database understands, and how old ones get there.

A version that changes the format adds one to `journal.SCHEMA` and says here what makes the new
tables of the old ones. Records are never written anew: what an old version wrote stays as it is,
and its hash stays right.
"""

from msgspec import Struct

from crossmargin.errors import StoreError
from crossmargin.store.journal import SCHEMA


class Types(Struct, frozen=True):
    """What a database calls its types; a name may hold any character where it is `name`."""

    integer: str
    content: str
    name: str
    key_only: str = ""


_SNAPSHOTS = """CREATE TABLE snapshots (
    sequence {integer} PRIMARY KEY, entry {content} NOT NULL,
    state {content} NOT NULL, content {content} NOT NULL, sha256 {content} NOT NULL
)"""
_TABLES = (
    "CREATE TABLE header (content {content} NOT NULL)",
    "CREATE TABLE head (sequence {integer} NOT NULL, hash {content} NOT NULL)",
    """CREATE TABLE entries (
        sequence {integer} PRIMARY KEY, at_ms {integer} NOT NULL,
        command {content} NOT NULL, events {content} NOT NULL,
        engine TEXT NOT NULL, rulebook TEXT NOT NULL,
        previous {content} NOT NULL, hash {content} NOT NULL, state {content}
    )""",
    """CREATE TABLE client_ids (
        account {name} NOT NULL, client_id {name} NOT NULL,
        sequence {integer} NOT NULL, content {content} NOT NULL,
        PRIMARY KEY (account, client_id)
    ){key_only}""",
    _SNAPSHOTS,
)
_MIGRATIONS = {1: ("ALTER TABLE entries ADD COLUMN state {content}", _SNAPSHOTS)}
"""From each older schema to the next one."""

SCHEMA_OF_SNAPSHOTS = 2
"""The first one with snapshots, and with hashes of states in records."""

_COLUMNS = "sequence, at_ms, command, events, engine, rulebook, previous, hash"
INSERT_ENTRY = (
    f"INSERT INTO entries ({_COLUMNS}, state) "  # noqa: S608 - words from above.
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
INSERT_CLIENT_ID = (
    "INSERT INTO client_ids (account, client_id, sequence, content) VALUES (?, ?, ?, ?)"
)
INSERT_SNAPSHOT = (
    "INSERT INTO snapshots (sequence, entry, state, content, sha256) VALUES (?, ?, ?, ?, ?)"
)
MOVE_HEAD = "UPDATE head SET sequence = ?, hash = ? WHERE sequence = ? AND hash = ?"
"""Moves nothing if somebody else has moved it."""


def select_entries(schema: int) -> str:
    """Return the query for so many records from a number on, in a store of this or an older one."""
    state = "state" if schema >= SCHEMA_OF_SNAPSHOTS else "NULL"
    query = f"SELECT {_COLUMNS}, {state} FROM entries"  # noqa: S608 - words from above.
    return f"{query} WHERE sequence >= ? ORDER BY sequence LIMIT ?"


def tables(types: Types) -> list[str]:
    """Return the statements that make an empty store of this version."""
    return [_in(types, statement) for statement in _TABLES]


def migration(schema: int, types: Types) -> list[str]:
    """Return the statements that make a store of an older version one of this version."""
    return [
        _in(types, statement) for older in range(schema, SCHEMA) for statement in _MIGRATIONS[older]
    ]


def require_readable(schema: int) -> None:
    """Refuse a store of a version that did not exist when this one was made.

    Raises
    ------
    StoreError
        If it is newer, or no version at all.
    """
    if schema > SCHEMA:
        raise StoreError(
            f"schema {schema} is newer than this version of crossmargin reads ({SCHEMA}); "
            "open it with the version that wrote it, or a later one"
        )
    if schema not in _MIGRATIONS and schema != SCHEMA:
        raise StoreError(f"schema {schema} is none that ever was")


def _in(types: Types, statement: str) -> str:
    return statement.format(
        integer=types.integer, content=types.content, name=types.name, key_only=types.key_only
    )
