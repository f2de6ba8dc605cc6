"""What every journal keeps to, in a file and in a database."""

import subprocess
import sys
from contextlib import contextmanager

import pytest

from crossmargin.errors import StoreError, UsageError
from crossmargin.store.entry import Decided
from crossmargin.store.places import journal_at, new_journal_at, reader_at
from crossmargin.store.recovery import recover
from crossmargin.store.snapshot import snapshot_of
from crossmargin.store.state_hash import state_hash
from crossmargin.venue.settings import VenueSettings
from tests.postgres import change
from tests.unit.store.stores import HEADER, decide, deposit, filled, fresh, some_commands


def decided(commands, state=None):
    state = state or fresh()
    return [Decided(one, decide(state, one)) for one in commands]


@pytest.fixture
def journal(place):
    """Yield a store of four records, and close it."""
    filled(place, 4)
    journal = journal_at(place)
    yield journal
    journal.close()


def read_at(place):
    """Return the records of a store as a reader of its own sees them."""
    reader = reader_at(place)
    try:
        return list(reader.read())
    finally:
        reader.close()


def test_what_is_appended_is_read_back(place):
    records = decided(some_commands(5))
    journal = journal_at(place, HEADER)
    made = journal.append(records[:2]) + journal.append(records[2:])

    assert [1, 2, 3, 4, 5] == [one.sequence for one in made]
    assert list(made) == list(journal.read()) == read_at(place)
    assert list(made[3:]) == list(journal.read(4))
    assert [] == list(journal.read(6))
    assert records == [Decided(e.decoded_command(), e.decoded_events()) for e in made]
    journal.close()


def test_a_store_opened_again_goes_on(place):
    state = filled(place, 4)
    journal = journal_at(place)

    assert 4 == journal.sequence
    assert HEADER == journal.header
    assert state_hash(state) == state_hash(recover(fresh, journal).state)
    assert 5 == journal.append(decided([deposit(7)], state))[0].sequence
    assert state_hash(state) == state_hash(recover(fresh, journal).state)
    journal.close()


def test_pages_do_not_show(place, monkeypatch):
    monkeypatch.setattr("crossmargin.store.sql.PAGE_ENTRIES", 3)
    filled(place, 10)

    assert [*range(1, 11)] == [one.sequence for one in read_at(place)]


def test_client_ids_are_remembered_on_disk(journal):
    assert 1 == journal.known("ann", "open").sequence
    assert 2 == journal.known("ann", "d1").sequence
    assert journal.known("bob", "d1") is None
    assert journal.known("ann", "d3") is None


@pytest.mark.parametrize("strange", ["nul\x00nul", "é✓", "'; --", "%s ?", "x" * 10_000])
def test_any_text_can_be_a_client_id(journal, strange):
    [made] = journal.append(decided([deposit(5, client_id=strange)]))

    assert made.sequence == journal.known("ann", strange).sequence
    assert journal.known("ann", strange + " ") is None


def test_readers_see_what_is_committed_while_it_is_written(place):
    journal = journal_at(place, HEADER)
    reader = reader_at(place)
    records = decided(some_commands(4))
    journal.append(records[:2])

    assert 2 == len(list(reader.read()))
    journal.append(records[2:])
    assert 4 == len(list(reader.read()))
    reader.close()
    journal.close()


def test_a_reader_that_holds_sees_one_moment(place):
    journal = journal_at(place, HEADER)
    reader = reader_at(place)
    records = decided(some_commands(4))
    journal.append(records[:2])
    reader.hold()
    journal.append(records[2:])

    assert 2 == len(list(reader.read())) == reader.sequence
    reader.close()
    assert 4 == len(read_at(place))
    journal.close()


def test_a_second_writer_is_refused_until_the_first_is_gone(place):
    first = journal_at(place, HEADER)
    with pytest.raises(UsageError, match="another process is writing this store"):
        journal_at(place)
    first.close()

    journal_at(place).close()


def test_a_second_process_is_refused_until_the_first_is_killed(place):
    code = (
        "import sys\nfrom crossmargin.store.places import journal_at\n"
        "journal = journal_at(sys.argv[1])\nprint('open', flush=True)\ninput()"
    )
    filled(place, 2)
    child = subprocess.Popen(
        [sys.executable, "-c", code, place], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert b"open\n" == child.stdout.readline()
        with pytest.raises(UsageError, match="another process is writing this store"):
            journal_at(place)
    finally:
        child.kill()
        child.communicate()

    journal_at(place).close()


@pytest.mark.parametrize("open_it", [journal_at, reader_at])
def test_where_there_is_no_store_none_is_opened(place, open_it):
    with pytest.raises(UsageError, match="there is no"):
        open_it(place)


@pytest.mark.parametrize("count", [0, 2])
def test_a_new_store_is_refused_where_there_is_one(place, count):
    filled(place, count)

    with pytest.raises(UsageError, match="is there already"):
        new_journal_at(place, HEADER.__class__(created_at_ms=2, venue="", edition="", rulebook=""))
    with pytest.raises(UsageError, match="is there already"):
        new_journal_at(place, HEADER.__class__(**{**fields(HEADER), "created_at_ms": 7}))


def fields(one):
    return {name: getattr(one, name) for name in one.__struct_fields__}


@pytest.mark.parametrize(
    ("statement", "value", "words"),
    [
        ("DELETE FROM header", None, "header: is not there"),
        ("UPDATE header SET content = ?", b"{}", "header: "),
        ("DELETE FROM head", None, "head: "),
        ("UPDATE head SET sequence = ?", 3, "entry 4: only 3 were written"),
        ("UPDATE head SET sequence = ?", 5, "entry 5: is missing, 5 were written"),
    ],
)
def test_a_store_that_cannot_be_opened_says_why_and_is_let_go(place, statement, value, words):
    filled(place, 4)
    change(place, statement, *([] if value is None else [value]))

    for _ in range(2):  # A second time, because the first must have let go of the lock.
        with pytest.raises(StoreError, match=words):
            journal_at(place)


@pytest.mark.parametrize(
    ("there", "words"),
    [
        ({"venue": "x", "edition": "y", "rulebook": "z"}, "rulebook x y"),
        ({"settings": VenueSettings(sources_min=2)}, "other settings"),
    ],
)
def test_a_venue_of_other_rules_is_refused(place, there, words):
    journal_at(place, HEADER.__class__(**{**fields(HEADER), **there})).close()

    with pytest.raises(UsageError, match=words):
        journal_at(place, HEADER)


def breaks(journal, at):
    """Let the next transaction fail at a statement, once, and all be well ever after."""
    whole = journal._transaction
    error = sys.modules[journal._errors.__module__].OperationalError("disk I/O error")

    @contextmanager
    def failing():
        journal._transaction = whole
        with whole() as run:

            def faulty(statement, rows):
                if statement.startswith(at):
                    raise error
                return run(statement, rows)

            yield faulty
            if at == "COMMIT":
                raise error

    journal._transaction = failing


@pytest.mark.parametrize(
    "at", ["INSERT INTO entries", "INSERT INTO client_ids", "UPDATE head", "COMMIT"]
)
def test_the_first_failed_write_is_the_last(place, at):
    journal = journal_at(place, HEADER)
    records = decided(some_commands(6))
    journal.append(records[:2])
    breaks(journal, at)

    with pytest.raises(StoreError, match="were not written: disk I/O error"):
        journal.append(records[2:4])
    for _ in range(2):  # The disk is well again; what it kept is not known.
        with pytest.raises(StoreError, match=r"takes nothing more: .*disk I/O error"):
            journal.append(records[2:4])
    assert 2 == journal.sequence == len(list(journal.read()))
    journal.close()

    again = journal_at(place)
    assert 2 == again.sequence
    assert 4 == again.append(records[2:4])[-1].sequence
    again.close()


def snapshot(journal, sequence):
    state = fresh()
    return snapshot_of(state, state_hash(state), sequence, next(journal.read(sequence)).hash)


def test_the_last_two_snapshots_are_kept(place, journal):
    for sequence in (1, 2, 4):
        journal.keep(snapshot(journal, sequence))

    assert (4, 2) == journal.snapshots()
    assert snapshot(journal, 4) == journal.snapshot(4)
    with pytest.raises(StoreError, match="snapshot 1: is not there"):
        journal.snapshot(1)
    change(place, "UPDATE snapshots SET content = ? WHERE sequence = 2", b"other")
    with pytest.raises(StoreError, match="snapshot 2: its hash is not that of its content"):
        journal.snapshot(2)


@pytest.mark.parametrize("at", ["DELETE", "INSERT INTO snapshots", "COMMIT"])
def test_a_snapshot_that_is_not_written_ends_it_and_leaves_those_before(journal, at):
    kept = [snapshot(journal, sequence) for sequence in (1, 2)]
    for one in kept:
        journal.keep(one)
    breaks(journal, at)

    with pytest.raises(StoreError, match="a snapshot was not written: disk I/O error"):
        journal.keep(snapshot(journal, 4))
    with pytest.raises(StoreError, match="takes nothing more"):
        journal.append(decided([deposit(1)]))
    assert (2, 1) == journal.snapshots()
    assert kept[1] == journal.snapshot(2)


def test_a_head_that_somebody_else_moved_stops_the_writer(place, journal):
    # The lock should not let this happen; if it does, no record is written beside another's.
    change(place, "UPDATE head SET hash = ?", b"x" * 32)

    with pytest.raises(StoreError, match="another writer was here"):
        journal.append(decided([deposit(1)]))


@pytest.mark.parametrize("is_synced", [True, False])
def test_a_store_that_is_not_synced_reads_the_same(place, is_synced):
    journal = journal_at(place, HEADER, is_synced=is_synced)
    journal.append(decided(some_commands(3)))
    journal.close()

    assert [1, 2, 3] == [one.sequence for one in read_at(place)]
