"""A store by its place, as people give it: a path, or the `postgresql://` address of a database."""

from pathlib import Path
from urllib.parse import urlsplit

from crossmargin.errors import UsageError
from crossmargin.store.journal import Header
from crossmargin.store.sql import SqlJournal, SqlReader
from crossmargin.store.sqlite import SqliteJournal, SqliteReader

_ADDRESSES = ("postgresql://", "postgres://")


def reader_at(place: str) -> SqlReader:
    """Return the store at `place`, to read.

    Raises
    ------
    UsageError
        If there is none.
    StoreError
        If it is damaged or of a newer version.
    """
    if not place.startswith(_ADDRESSES):
        return SqliteReader(Path(place))
    _require_driver(place)
    from crossmargin.store.postgres import PostgresReader

    return PostgresReader(place)


def journal_at(place: str, header: Header | None = None, *, is_synced: bool = True) -> SqlJournal:
    """Return the store at `place`, to write; made where there is none and `header` is given.

    Parameters
    ----------
    is_synced : whether what is appended survives the loss of power, and not only of the process.

    Raises
    ------
    UsageError
        If another writer has it, it is of another rulebook or other settings, or there is none.
    StoreError
        If it is damaged, of a newer version or cannot be written.
    """
    if not place.startswith(_ADDRESSES):
        return SqliteJournal(Path(place), header, is_synced=is_synced)
    _require_driver(place)
    from crossmargin.store.postgres import PostgresJournal

    return PostgresJournal(place, header, is_synced=is_synced)


def new_journal_at(place: str, header: Header, *, is_synced: bool = True) -> SqlJournal:
    """Return a new store at `place`, to write.

    Raises
    ------
    UsageError
        If something is there already, or no store can be made there.
    StoreError
        If it cannot be written.
    """
    if not place.startswith(_ADDRESSES) and Path(place).exists():
        raise UsageError(f"{place}: is there already; a new store is asked for")
    journal = journal_at(place, header, is_synced=is_synced)
    if journal.header != header or journal.sequence:
        journal.close()
        raise UsageError(f"{journal.name}: is there already; a new store is asked for")
    return journal


def shown_place(place: str) -> str:
    """Return a place as it may be shown: of an address no password and no options."""
    if not place.startswith(_ADDRESSES):
        return place
    parts = urlsplit(place)
    user, at, server = parts.netloc.rpartition("@")
    return f"{parts.scheme}://{user.partition(':')[0]}{at}{server}{parts.path}"


def _require_driver(place: str) -> None:
    try:
        import psycopg  # noqa: F401 - whether it is there is what is asked.
    except ImportError as error:
        raise UsageError(
            f"{place.partition('://')[0]}: needs psycopg, which comes with crossmargin[postgres]: "
            f"{error}"
        ) from error
