"""Stopped anywhere, out of space, opened a hundred times: what was acknowledged is there, once."""

import os
import shutil
import sqlite3
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings

from crossmargin.errors import CrossmarginError, UsageError
from crossmargin.runtime.clock import ManualClock
from crossmargin.runtime.loop import Limits, Writer
from crossmargin.store.places import journal_at, reader_at
from crossmargin.store.recovery import recover
from crossmargin.store.sqlite import SqliteJournal
from crossmargin.store.state_hash import state_hash
from crossmargin.store.verify import verify
from tests.unit.runtime import writing
from tests.unit.store.stores import HEADER, decide, fresh, some_commands

COMMANDS = some_commands(8)
LIMITS = Limits(batch_max=2, snapshot_entries=4)


class Stopped(BaseException):
    """The process is no more."""


def stopping(at, made):
    """Return a connection that stops before its operation number `at`, and is put into `made`."""
    done = count(1)

    class Stopping(sqlite3.Connection):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            made.append(self)

        def _step(self):
            if next(done) == at:
                raise Stopped

        def execute(self, statement, *values):
            self._step()
            return super().execute(statement, *values)

        def executemany(self, statement, *values):
            self._step()
            return super().executemany(statement, *values)

    return Stopping


def venue_until(path, at, made):
    """Play until operation `at`; return the sequences acknowledged, and whether it got through."""
    futures = []
    try:
        journal = SqliteJournal(path, HEADER, factory=stopping(at, made))
        writer = Writer(journal, fresh, decide, ManualClock(), LIMITS)
        futures += [writer.submit(one) for one in COMMANDS]
        while writer.run_once():
            pass
        writer.close()
    except Stopped:
        return [one.result(0).sequence for one in futures if is_answered(one)], False
    return [one.result(0).sequence for one in futures], True


def is_answered(future):
    return future.done() and future.exception() is None and future.result().sequence


def damage(path):
    reader = reader_at(str(path))
    try:
        return verify(reader, fresh(), decide).damage
    finally:
        reader.close()


def prefixes():
    """Return the hashes of the state after each number of commands."""
    state = fresh()
    hashes = [state_hash(state)]
    for one in COMMANDS:
        decide(state, one)
        hashes.append(state_hash(state))
    return hashes


def test_stopped_after_any_operation_it_has_all_that_was_acknowledged(tmp_path, monkeypatch):
    monkeypatch.setattr("crossmargin.store.state_hash.STATE_HASH_ENTRIES", 3)
    hashes, recorded = prefixes(), []
    for at in count(1):
        path, left = tmp_path / f"at{at}.db", tmp_path / f"left{at}.db"
        acknowledged, is_through = venue_until(path, at, made := [])
        # What the files hold as the process goes is what the next one finds.
        for ending in ("", "-wal"):
            if Path(f"{path}{ending}").exists():
                shutil.copy(f"{path}{ending}", f"{left}{ending}")
        for link in made:
            sqlite3.Connection.close(link)
        writer = Writer(SqliteJournal(left, HEADER), fresh, decide, ManualClock(), LIMITS)
        sequence = writer._journal.sequence
        recorded.append(sequence)

        assert acknowledged == [*range(1, len(acknowledged) + 1)]
        assert len(acknowledged) <= sequence <= len(acknowledged) + LIMITS.batch_max
        assert hashes[sequence] == state_hash(writer.state)
        assert damage(left) is None
        # Whoever heard nothing asks again, and it happens once.
        again = [writer.submit(one) for one in COMMANDS if one.client_id]
        while writer.run_once():
            pass
        assert all(one.result(0).sequence for one in again)
        assert [one.result(0).is_repeat for one in again] == [
            number <= sequence for number, one in enumerate(COMMANDS, 1) if one.client_id
        ]
        writer.close()
        if is_through:
            break

    assert sorted(recorded) == recorded
    assert {0, 2, 4, 6, 8} == {*recorded}
    assert at > 40


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit to the size of files")
@pytest.mark.parametrize("kilobytes", [30, 61, 127, 250])
def test_a_full_disk_halts_it_and_loses_nothing_acknowledged(tmp_path, kilobytes):
    place, log = str(tmp_path / "venue.db"), tmp_path / "acknowledged"
    log.touch()
    child = subprocess.run(
        [sys.executable, "-c", FULL, place, log, str(kilobytes * 1000)],
        capture_output=True,
        text=True,
        cwd=Path.cwd(),
        check=False,
    )
    acknowledged = log.read_text().count("\n")

    assert "disk I/O error" in child.stderr.splitlines()[-1]
    assert (acknowledged > 0) is (kilobytes > 30)  # At 30 there is no room for the store itself.
    journal = journal_at(place, HEADER)  # There is space again.
    state = recover(fresh, journal).state
    ann = state.accounts.get(writing.ACCOUNT)
    happened = int(ann.balances.get("USDT", 0)) if ann else 0
    assert acknowledged <= happened <= acknowledged + writing.BATCH
    assert verify(journal, fresh(), decide).damage is None
    journal.close()


FULL = """
import resource, sys
from pathlib import Path
sys.path.insert(0, ".")
limit = int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
from tests.unit.runtime.writing import main
main(sys.argv[1], Path(sys.argv[2]))
"""


@pytest.mark.parametrize(
    ("make", "error"),
    [
        pytest.param(lambda path: path.mkdir(), CrossmarginError, id="a folder"),
        pytest.param(
            lambda path: path.symlink_to(path.parent / "no"), CrossmarginError, id="a link"
        ),
        pytest.param(lambda path: None, UsageError, id="nothing"),
    ],
)
def test_what_cannot_be_opened_is_one_sentence(tmp_path, make, error):
    path = tmp_path / "venue.db"
    make(path)

    with pytest.raises(error, match=r"^[^\n]*venue\.db: [^\n]*$"):
        reader_at(str(path))
    with pytest.raises(error, match=r"^[^\n]*venue\.db: [^\n]*$"):
        journal_at(str(path))


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(UsageError, match=r"venue\.db: there is no folder .*none$"):
        journal_at(str(tmp_path / "none" / "venue.db"), HEADER)


def open_files():
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files in /proc")
def test_opening_and_closing_leaves_no_file_open(place):
    cycles = 200 if settings.get_current_profile_name() == "soak" else 10
    journal_at(place, HEADER).close()
    other = HEADER.__class__(created_at_ms=1, venue="x", edition="y", rulebook="z")
    before = open_files()
    for _ in range(cycles):
        journal_at(place).close()
        reader_at(place).close()
        with pytest.raises(UsageError, match="was made under the rulebook"):
            journal_at(place, other)

    assert before == open_files()
