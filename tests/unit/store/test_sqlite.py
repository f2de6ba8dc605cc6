"""The journal in SQLite: what is acknowledged is there, whatever happens to file, disk, process."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from crossmargin.errors import StoreError, UsageError
from crossmargin.store.recovery import recover
from crossmargin.store.sqlite import SqliteJournal, SqliteReader
from crossmargin.store.state_hash import state_hash
from tests.postgres import change
from tests.unit.store.stores import HEADER, D, deposit, filled, fresh, some_commands
from tests.unit.store.test_journal import decided


@pytest.fixture
def path(tmp_path):
    return tmp_path / "venue.db"


# SQLite's numbers: 2 is FULL, 1 is NORMAL, which syncs the log only when it is copied back.
@pytest.mark.parametrize(("is_synced", "setting"), [(True, 2), (False, 1)])
def test_every_commit_is_synced_or_not_as_asked(path, is_synced, setting):
    journal = SqliteJournal(path, HEADER, is_synced=is_synced)

    assert [("wal",)] == journal._link.execute("PRAGMA journal_mode").fetchall()
    assert [(setting,)] == journal._link.execute("PRAGMA synchronous").fetchall()


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        pytest.param(None, UsageError, "there is no such store", id="nothing"),
        pytest.param(b"", UsageError, "is not a store", id="an empty file"),
        pytest.param(b"a text\n" * 200, UsageError, "is not a store", id="a text"),
    ],
)
@pytest.mark.parametrize("opened", [SqliteJournal, SqliteReader])
def test_what_is_no_store_is_refused(path, content, error, words, opened):
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(error, match=words):
        opened(path)


@pytest.mark.parametrize(
    ("statement", "error", "words"),
    [
        ("PRAGMA user_version = 3", StoreError, "schema 3 is newer than this version"),
        ("PRAGMA user_version = 0", StoreError, "schema 0 is none that ever was"),
        ("PRAGMA application_id = 7", UsageError, "but not a store"),
    ],
)
@pytest.mark.parametrize("opened", [SqliteJournal, SqliteReader])
def test_a_file_of_something_else_is_refused_and_let_go(path, statement, error, words, opened):
    filled(path, 2)
    change(str(path), statement)

    for _ in range(2):  # A second time, because the first must have let go of the lock.
        with pytest.raises(error, match=words):
            opened(path)


def test_a_copy_made_after_any_commit_holds_all_that_was_acknowledged(path, tmp_path):
    # Between a commit's sync and its answer the process may die: what is on disk then is the copy.
    journal, state = SqliteJournal(path, HEADER), fresh()
    for number, command in enumerate(some_commands(12), 1):
        journal.append(decided([command], state))
        copy = tmp_path / f"copy{number}.db"
        for ending in ("", "-wal"):
            shutil.copy(f"{path}{ending}", f"{copy}{ending}")
        found = SqliteJournal(copy)

        assert number == found.sequence
        assert state_hash(state) == state_hash(recover(fresh, found).state)
        found.close()


def test_a_log_cut_anywhere_is_some_prefix(path, tmp_path):
    journal = SqliteJournal(path, HEADER)
    state, hashes = fresh(), {}
    hashes[0] = state_hash(state)
    for number, command in enumerate(some_commands(8), 1):
        journal.append(decided([command], state))
        hashes[number] = state_hash(state)
    log = Path(f"{path}-wal").read_bytes()
    found = []
    for cut in (*range(0, len(log), 997), len(log)):
        copy = tmp_path / "cut.db"
        shutil.copy(path, copy)
        Path(f"{copy}-wal").write_bytes(log[:cut])
        Path(f"{copy}-shm").unlink(missing_ok=True)
        try:
            store = SqliteJournal(copy)
        except UsageError:  # Cut before the store was made.
            assert [] == found
            continue
        found.append(store.sequence)
        assert hashes[store.sequence] == state_hash(recover(fresh, store).state)
        store.close()

    assert sorted(found) == found
    assert {*range(9)} == {*found}


class FailingLink(sqlite3.Connection):
    """A disk that fails at one statement, once, and says all is well ever after."""

    at = "COMMIT"
    countdown = 0

    def _look_at(self, statement):
        if statement.startswith(self.at) and type(self).countdown:
            type(self).countdown -= 1
            if not type(self).countdown:
                raise sqlite3.OperationalError("disk I/O error")

    def execute(self, statement, *values):
        self._look_at(statement)
        return super().execute(statement, *values)

    def executemany(self, statement, *values):
        self._look_at(statement)
        return super().executemany(statement, *values)


@pytest.mark.parametrize(
    "at", ["BEGIN", "INSERT INTO entries", "INSERT INTO client_ids", "UPDATE head", "COMMIT"]
)
def test_the_first_failed_write_or_sync_is_the_last(path, at):
    link = type("Failing", (FailingLink,), {"at": at})
    journal = SqliteJournal(path, HEADER, factory=link)
    records = decided(some_commands(6))
    journal.append(records[:2])
    link.countdown = 1

    with pytest.raises(StoreError, match="were not written: disk I/O error"):
        journal.append(records[2:4])
    for _ in range(2):  # The disk is well again; what it kept is not known.
        with pytest.raises(StoreError, match=r"takes nothing more: .*disk I/O error"):
            journal.append(records[2:4])
    assert 2 == journal.sequence == len(list(journal.read()))
    journal.close()

    again = SqliteJournal(path)
    assert again.sequence in (2, 4)
    assert 2 == len(again.append(records[again.sequence :][:2]))


def test_a_full_disk_stops_the_store_and_loses_nothing(path):
    journal, state = SqliteJournal(path, HEADER), fresh()
    pages = journal._link.execute("PRAGMA page_count").fetchone()[0]
    journal._link.execute(f"PRAGMA max_page_count = {pages + 3}")
    journal.append(decided(some_commands(2), state))
    kept, hash_kept = journal.sequence, state_hash(state)
    for number in range(1000):
        records = decided([deposit(1, client_id=f"more{number}")], state)
        try:
            journal.append(records)
        except StoreError:
            break
        kept, hash_kept = journal.sequence, state_hash(state)
    with pytest.raises(StoreError, match=r"takes nothing more: .*disk is full"):
        journal.append(decided([deposit(1)]))
    journal.close()

    again = SqliteJournal(path)  # The limit is the connection's: there is space again.
    recovered = recover(fresh, again).state
    assert kept == again.sequence > 2
    assert hash_kept == state_hash(recovered)
    assert recovered.accounts["ann"].balances["USDT"] == D(kept - 1)
    assert kept + 1 == again.append(decided([deposit(1)], recovered))[0].sequence


def test_a_store_in_a_folder_that_is_not_there_is_bad_input(tmp_path):
    with pytest.raises(UsageError, match="there is no folder"):
        SqliteJournal(tmp_path / "none" / "venue.db", HEADER)
    assert not list(tmp_path.iterdir())
