"""What only a journal in PostgreSQL has: its server, its address, a connection that may be lost."""

import sys

import psycopg
import pytest

from crossmargin.errors import StoreError, UsageError
from crossmargin.store.places import journal_at, reader_at, shown_place
from tests.postgres import change
from tests.unit.store.stores import HEADER, filled, some_commands
from tests.unit.store.test_journal import decided


@pytest.fixture
def place(postgres):
    return postgres.place()


@pytest.mark.parametrize(("is_synced", "setting"), [(True, "on"), (False, "off")])
def test_every_commit_is_synced_or_not_as_asked(place, is_synced, setting):
    journal = journal_at(place, HEADER, is_synced=is_synced)

    assert [(setting,)] == journal._link.execute("SHOW synchronous_commit").fetchall()
    journal.close()


def killed(place):
    """End every connection of a writer from the server's side."""
    change(
        place,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'crossmargin' AND pid <> pg_backend_pid()",
    )


def test_a_lost_connection_is_final(place):
    journal = journal_at(place, HEADER)
    records = decided(some_commands(4))
    journal.append(records[:2])
    killed(place)

    with pytest.raises(StoreError, match="were not written: "):
        journal.append(records[2:])
    with pytest.raises(StoreError, match="takes nothing more: "):
        journal.append(records[2:])
    with pytest.raises(StoreError, match="database: "):
        journal.known("ann", "open")
    journal.close()
    again = journal_at(place)
    assert 2 == again.sequence
    assert 4 == again.append(records[2:])[-1].sequence
    again.close()


def test_whoever_lost_the_connection_writes_nothing_beside_the_next_writer(place):
    first = journal_at(place, HEADER)
    records = decided(some_commands(3))
    first.append(records[:1])
    killed(place)
    second = journal_at(place)
    second.append(records[1:])

    with pytest.raises(StoreError, match="were not written: "):
        first.append(records[1:])
    assert 3 == len(list(second.read()))
    first.close()
    second.close()


def test_two_stores_in_one_database_have_two_writers(postgres):
    one, other = (journal_at(postgres.place(), HEADER) for _ in range(2))
    one.append(decided(some_commands(2)))

    assert (2, 0) == (one.sequence, other.sequence)
    one.close()
    other.close()


def test_a_schema_that_is_not_there_is_named(postgres):
    with pytest.raises(UsageError, match="the schema in its search_path is not there"):
        journal_at(f"{postgres.address}&options=-csearch_path%3Dnowhere", HEADER)


@pytest.mark.parametrize("open_it", [journal_at, reader_at])
def test_a_server_that_is_not_there_is_named(open_it, tmp_path):
    with pytest.raises(UsageError, match=r"^postgresql:///venue: cannot be reached: "):
        open_it(f"postgresql:///venue?host={tmp_path}")


@pytest.mark.parametrize("open_it", [journal_at, reader_at])
def test_a_newer_version_is_refused(place, open_it):
    filled(place, 1)
    change(place, "UPDATE crossmargin SET schema = 3")

    with pytest.raises(StoreError, match="schema 3 is newer than this version of crossmargin"):
        open_it(place)


def test_an_older_version_is_migrated_when_it_is_written(place):
    state = filled(place, 3)
    for statement in (
        "ALTER TABLE entries DROP COLUMN state",
        "DROP TABLE snapshots",
        "UPDATE crossmargin SET schema = 1",
    ):
        change(place, statement)
    reader = reader_at(place)
    before = list(reader.read())
    assert () == reader.snapshots()
    reader.close()
    journal = journal_at(place)

    assert before == list(journal.read())
    assert 4 == journal.append(decided(some_commands(4)[3:], state))[0].sequence
    journal.close()


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://ann:secret@db.example:5432/venue", "postgresql://ann@db.example:5432/venue"),
        ("postgresql://db/venue?user=ann&password=secret", "postgresql://db/venue"),
        ("postgres:///venue", "postgres:///venue"),
        ("ann:secret@venue.db", "ann:secret@venue.db"),
    ],
)
def test_no_password_is_shown(address, shown):
    assert shown == shown_place(address)


def test_without_the_driver_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(UsageError, match=r"crossmargin\[postgres\]"):
        reader_at("postgresql:///venue")


def test_a_server_that_does_not_sync_is_refused(place, monkeypatch):
    real = psycopg.Connection.execute

    def execute(self, query, *values, **more):
        if query == b"SHOW fsync":
            query = b"SELECT 'off'"
        return real(self, query, *values, **more)

    monkeypatch.setattr(psycopg.Connection, "execute", execute)
    with pytest.raises(UsageError, match="the server runs with fsync off"):
        journal_at(place, HEADER)
