"""The journal in SQLite: what is acknowledged is there, whatever happens to file, disk, process."""

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from crossmargin.errors import StoreError, UsageError
from crossmargin.store.entry import Decided
from crossmargin.store.recovery import recover
from crossmargin.store.sqlite import SqliteJournal, SqliteReader
from crossmargin.store.state_hash import state_hash
from crossmargin.venue.settings import VenueSettings
from tests.unit.store.stores import HEADER, D, decide, deposit, filled, fresh, some_commands


@pytest.fixture
def path(tmp_path):
    return tmp_path / "venue.db"


def decided(commands, state=None):
    state = state or fresh()
    return [Decided(one, decide(state, one)) for one in commands]


def test_what_is_appended_is_read_back(path):
    records = decided(some_commands(5))
    journal = SqliteJournal(path, HEADER)
    made = journal.append(records[:2]) + journal.append(records[2:])

    assert [1, 2, 3, 4, 5] == [one.sequence for one in made]
    assert list(made) == list(journal.read())
    assert list(made[3:]) == list(journal.read(4))
    assert [] == list(journal.read(6))
    assert records == [Decided(e.decoded_command(), e.decoded_events()) for e in made]


def test_a_store_opened_again_goes_on(path):
    state = filled(path, 4)
    journal = SqliteJournal(path)

    assert 4 == journal.sequence
    assert HEADER == journal.header
    assert state_hash(state) == state_hash(recover(fresh, journal).state)
    assert 5 == journal.append(decided([deposit(7)], state))[0].sequence
    assert state_hash(state) == state_hash(recover(fresh, journal).state)


def test_pages_do_not_show(path, monkeypatch):
    monkeypatch.setattr("crossmargin.store.sql.PAGE_ENTRIES", 3)
    filled(path, 10)

    assert [*range(1, 11)] == [one.sequence for one in SqliteReader(path).read()]


def test_every_commit_is_synced(path):
    journal = SqliteJournal(path, HEADER)

    assert [("wal",)] == journal._link.execute("PRAGMA journal_mode").fetchall()
    assert [(2,)] == journal._link.execute("PRAGMA synchronous").fetchall()  # 2 is FULL.


def test_client_ids_are_remembered_on_disk(path):
    filled(path, 4)
    journal = SqliteJournal(path)

    assert 1 == journal.known("ann", "open").sequence
    assert 2 == journal.known("ann", "d1").sequence
    assert journal.known("bob", "d1") is None
    assert journal.known("ann", "d3") is None


def test_readers_see_what_is_committed_while_it_is_written(path):
    journal = SqliteJournal(path, HEADER)
    reader = SqliteReader(path)
    records = decided(some_commands(4))
    journal.append(records[:2])

    assert 2 == len(list(reader.read()))
    journal.append(records[2:])
    assert 4 == len(list(reader.read()))


def test_a_second_writer_is_refused_until_the_first_is_gone(path):
    first = SqliteJournal(path, HEADER)
    with pytest.raises(UsageError, match="another process is writing this store"):
        SqliteJournal(path)
    first.close()

    SqliteJournal(path).close()


def test_a_second_process_is_refused_until_the_first_is_killed(path):
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from crossmargin.store.sqlite import SqliteJournal\n"
        "journal = SqliteJournal(Path(sys.argv[1]))\nprint('open', flush=True)\ninput()"
    )
    filled(path, 2)
    child = subprocess.Popen(
        [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert b"open\n" == child.stdout.readline()
        with pytest.raises(UsageError, match="another process is writing this store"):
            SqliteJournal(path)
    finally:
        child.kill()
        child.communicate()

    SqliteJournal(path).close()


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
        ("DELETE FROM header", StoreError, "header: is not there"),
        ("UPDATE header SET content = x'7b7d'", StoreError, "header: "),
        ("DELETE FROM head", StoreError, "head: "),
    ],
)
def test_a_store_that_cannot_be_opened_says_why(path, statement, error, words):
    filled(path, 2)
    change(path, statement)

    with pytest.raises(error, match=words):
        SqliteJournal(path)
    SqliteLock(path).close()


def change(path, statement, *values):
    """Change a store behind its back."""
    with sqlite3.connect(path) as link:
        link.execute(statement, values)
    link.close()


class SqliteLock:
    """What a refused opening must have let go of."""

    def __init__(self, path):
        self.link = sqlite3.connect(f"{path}-lock", timeout=0, isolation_level=None)
        self.link.execute("BEGIN EXCLUSIVE")

    def close(self):
        self.link.close()


@pytest.mark.parametrize(
    ("there", "words"),
    [
        (HEADER.__class__(created_at_ms=1, venue="x", edition="y", rulebook="z"), "rulebook x y"),
        (
            HEADER.__class__(
                created_at_ms=1,
                venue="x",
                edition="y",
                rulebook=HEADER.rulebook,
                settings=VenueSettings(sources_min=2),
            ),
            "other settings",
        ),
    ],
)
def test_a_venue_of_other_rules_is_refused(path, there, words):
    SqliteJournal(path, there).close()

    with pytest.raises(UsageError, match=words):
        SqliteJournal(path, HEADER)


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
