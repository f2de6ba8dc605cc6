"""The single writer's snapshots and hashes of states: when, what of, and when not."""

import pytest

from crossmargin.runtime.clock import ManualClock
from crossmargin.runtime.loop import Limits, Writer
from crossmargin.store.places import journal_at
from crossmargin.store.recovery import recover
from crossmargin.store.sqlite import SqliteJournal
from crossmargin.store.state_hash import state_hash
from crossmargin.store.verify import verify
from crossmargin.venue.command import Tick
from tests.postgres import change
from tests.unit.store.stores import HEADER, decide, deposit, fresh, some_commands
from tests.unit.store.test_sqlite import FailingLink


def writer_at(place, **limits):
    return Writer(journal_at(place, HEADER), fresh, decide, ManualClock(9), Limits(**limits))


def played(writer, commands):
    for one in commands:
        writer.submit(one)
    while writer.run_once():
        pass
    return writer


def kept(place):
    """Return the snapshots of a store, and what is wrong with it."""
    journal = journal_at(place)
    try:
        return journal.snapshots(), verify(journal, fresh(), decide).damage
    finally:
        journal.close()


def test_snapshots_are_taken_between_batches_and_at_the_end(place):
    writer = played(writer_at(place, batch_max=4, snapshot_entries=6), some_commands(21))

    assert (16, 8) == writer._journal.snapshots()  # The first batches' ends at 6 and more.
    writer.close()
    assert ((21, 16), None) == kept(place)


def test_where_nothing_has_happened_since_the_last_one_none_is_taken(place):
    played(writer_at(place), some_commands(3)).close()
    writer_at(place).close()

    assert ((3,), None) == kept(place)


def test_the_next_start_is_from_the_snapshot_and_says_what_it_could_not_use(place):
    state = played(writer_at(place, batch_max=2, snapshot_entries=2), some_commands(6))
    expected = state_hash(state.state)
    state.close()
    change(place, "UPDATE snapshots SET sha256 = ? WHERE sequence = 6", b"x" * 32)
    again = writer_at(place)

    assert ("snapshot 6: its hash is not that of its content",) == again.notes
    assert expected == state_hash(again.state)
    again.close()


def test_a_writer_that_halted_takes_no_snapshot(place):
    writer = played(writer_at(place), [*some_commands(3), Tick(at_ms=9)])  # A tick is a bug there.
    assert writer.halted is not None
    writer.close()

    assert ((), None) == kept(place)


def test_a_snapshot_that_cannot_be_written_halts(tmp_path):
    link = type("Failing", (FailingLink,), {"at": "INSERT INTO snapshots", "countdown": 1})
    journal = SqliteJournal(tmp_path / "venue.db", HEADER, factory=link)
    writer = Writer(journal, fresh, decide, ManualClock(), Limits(batch_max=2, snapshot_entries=2))
    futures = [writer.submit(one) for one in some_commands(4)]
    while writer.run_once():
        pass

    assert [1, 2, None, None] == [one.result(0).sequence for one in futures]
    assert "a snapshot was not written: disk I/O error" in writer.halted
    writer.close()


@pytest.mark.parametrize("batch_max", [1, 3, 100])
def test_states_are_hashed_by_number_whatever_the_batches(place, batch_max, monkeypatch):
    monkeypatch.setattr("crossmargin.store.state_hash.STATE_HASH_ENTRIES", 4)
    writer = played(writer_at(place, batch_max=batch_max), some_commands(13))
    records = list(writer._journal.read())
    writer.close()

    assert [4, 8, 12] == [one.sequence for one in records if one.state]
    state = fresh()
    for command, one in zip(some_commands(13), records, strict=True):
        decide(state, command)
        assert one.state in (None, state_hash(state))


def test_the_record_of_a_halt_has_its_hash_too(place, monkeypatch):
    monkeypatch.setattr("crossmargin.store.state_hash.STATE_HASH_ENTRIES", 4)
    writer = played(writer_at(place), [*some_commands(3), deposit(1313)])  # A law is broken.
    [*_, last] = writer._journal.read()

    assert (4, state_hash(writer.state)) == (last.sequence, last.state)
    assert state_hash(writer.state) == recover(fresh, writer._journal).hash.current()
    writer.close()
