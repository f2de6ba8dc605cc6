"""Stores of older versions: read as they are, written only once they are of this version."""

import sqlite3

import pytest

from crossmargin.errors import StoreError
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.store.journal import SCHEMA
from crossmargin.store.recovery import recover
from crossmargin.store.sqlite import SqliteJournal, SqliteReader
from crossmargin.store.verify import verify
from crossmargin.venue.settings import VenueSettings
from crossmargin.venue.state import State
from tests.unit.store import schema_1


@pytest.fixture
def old(tmp_path):
    return schema_1.unpacked(tmp_path / "venue.db")


def fresh():
    return State(load_rulebook("binance-usdm"), VenueSettings())


def version(path):
    with sqlite3.connect(path) as link:
        [found] = link.execute("PRAGMA user_version").fetchone()
    link.close()
    return found


def test_an_old_store_is_read_as_it_is(old):
    before = old.read_bytes()
    reader = SqliteReader(old)
    verdict = verify(reader, fresh())

    assert (None, schema_1.ENTRIES) == (verdict.damage, verdict.entries)
    assert schema_1.LAST_HASH == verdict.hash
    assert 1 == reader.header.schema
    reader.close()
    assert (1, before) == (version(old), old.read_bytes())


def test_an_old_store_is_migrated_when_it_is_written_and_keeps_every_record(old):
    reader = SqliteReader(old)
    before = list(reader.read())
    reader.close()
    journal = SqliteJournal(old)
    after = list(journal.read())

    assert SCHEMA == version(old)
    assert before == after
    assert (schema_1.ENTRIES, schema_1.LAST_HASH) == (len(after), after[-1].hash.hex())
    state = recover(fresh, journal).state
    assert schema_1.STATE_HASH == schema_1.state_hash(state)
    assert verify(journal, fresh()).damage is None
    journal.close()


def tables(path):
    with sqlite3.connect(path) as link:
        found = sorted(
            (name, [column[1:4] for column in link.execute(f"PRAGMA table_info({name})")])
            for (name,) in link.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        )
    link.close()
    return found


def test_a_migrated_store_is_like_a_new_one(old, tmp_path):
    journal = SqliteJournal(old)
    header = journal.header
    journal.close()
    SqliteJournal(tmp_path / "new.db", header).close()

    assert tables(tmp_path / "new.db") == tables(old)


@pytest.mark.parametrize("at", ["ALTER", "CREATE", "PRAGMA user_version =", "COMMIT"])
def test_a_migration_happens_whole_or_not_at_all(old, at):
    class Failing(sqlite3.Connection):
        def execute(self, statement, *values):
            if statement.startswith(at):
                raise sqlite3.OperationalError("disk I/O error")
            return super().execute(statement, *values)

    with pytest.raises(StoreError, match="cannot be opened: disk I/O error"):
        SqliteJournal(old, factory=Failing)

    assert 1 == version(old)
    assert ["client_ids", "entries", "head", "header"] == [name for name, _ in tables(old)]
    journal = SqliteJournal(old)
    assert schema_1.ENTRIES == journal.sequence
    journal.close()
