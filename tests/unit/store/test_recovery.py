"""From a snapshot or from the beginning: the same state, or a stop with the reason."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.errors import StoreError
from crossmargin.runtime.clock import ManualClock
from crossmargin.runtime.loop import Limits, Writer
from crossmargin.store.canonical import canonical_bytes
from crossmargin.store.recovery import recover
from crossmargin.store.snapshot import Snapshot, _sha256, snapshot_of
from crossmargin.store.sqlite import SqliteJournal
from crossmargin.store.state_hash import StateHash, state_hash
from crossmargin.store.verify import verify
from crossmargin.venue.decide import decide
from tests.unit.store import markets
from tests.unit.store import stores as small
from tests.unit.store.stores import HEADER


def played(path, commands, header, fresh, decide, **limits):
    """Return the state of a venue after commands, and close its store."""
    journal = SqliteJournal(path, header, is_synced=False)
    writer = Writer(journal, fresh, decide, ManualClock(), Limits(**limits))
    for command in commands:
        writer.submit(command)
    while writer.run_once():
        pass
    assert writer.halted is None
    writer.close()
    return writer.state


def expected():
    """Return what the store at `path` makes, without any store."""
    state = small.fresh()
    for command in small.some_commands(30):
        small.decide(state, command)
    return state


def richer(state):
    """Return a state in which somebody has more than the journal says."""
    small.decide(state, small.deposit(1000))
    return state


def change(path, statement, *values):
    with sqlite3.connect(path) as link:
        link.execute(statement, values)
    link.close()


@pytest.fixture
def path(tmp_path, monkeypatch):
    """Return a store of 30 entries with snapshots after 20 and 30, and hashes every fifth."""
    monkeypatch.setattr("crossmargin.store.state_hash.STATE_HASH_ENTRIES", 5)
    path = tmp_path / "venue.db"
    played(
        path,
        small.some_commands(30),
        HEADER,
        small.fresh,
        small.decide,
        batch_max=10,
        snapshot_entries=10,
    )
    return path


def recovered(path):
    """Return where recovery started, what it noted, and whether the state is the right one."""
    journal = SqliteJournal(path)
    try:
        found = recover(small.fresh, journal)
    finally:
        journal.close()
    assert found.hash.current() == state_hash(found.state)
    assert canonical_bytes(expected()) == canonical_bytes(found.state)
    return found.snapshot, found.notes


def damage(path):
    journal = SqliteJournal(path)
    try:
        return verify(journal, small.fresh()).damage
    finally:
        journal.close()


def test_recovery_starts_from_the_newest_snapshot(path):
    journal = SqliteJournal(path)
    kept, verdict = journal.snapshots(), verify(journal, small.fresh(), small.decide)
    journal.close()

    assert (30, 20) == kept
    assert (30, ()) == recovered(path)
    assert (None, 6, 2) == (verdict.damage, verdict.states_compared, verdict.snapshots)


def test_records_before_a_snapshot_are_not_read(path, monkeypatch):
    read = []
    journal = SqliteJournal(path)
    rows = journal._rows
    monkeypatch.setattr(
        journal, "_rows", lambda query, *values: read.append(values) or rows(query, *values)
    )
    recover(small.fresh, journal)
    journal.close()

    assert [(30,), (29, 1), (30, 1)] == [values for values in read if values]


DAMAGES = [
    ("UPDATE snapshots SET content = substr(content, 1, 40) WHERE sequence = 30", "content"),
    ("UPDATE snapshots SET content = x'' WHERE sequence = 30", "content"),
    ("UPDATE snapshots SET entry = zeroblob(32) WHERE sequence = 30", "content"),
    ("UPDATE snapshots SET state = zeroblob(33) WHERE sequence = 30", "content"),
    ("UPDATE snapshots SET sha256 = zeroblob(32) WHERE sequence = 30", "content"),
    ("UPDATE snapshots SET sequence = 29 WHERE sequence = 30", "content"),
    ("UPDATE snapshots SET sequence = 31 WHERE sequence = 30", "content"),
    ("UPDATE snapshots SET content = 'text' WHERE sequence = 30", "type"),
]


@pytest.mark.parametrize(("statement", "words"), DAMAGES)
def test_a_damaged_snapshot_is_noted_and_the_older_one_taken(path, statement, words):
    change(path, statement)
    snapshot, [note] = recovered(path)

    assert 20 == snapshot
    assert words in note
    assert damage(path) is not None


def made_by_another_version(sound, kind):
    """Return a snapshot whose own hash is right, as another version or a mistake might write it."""
    state, content = sound.state, sound.content
    if kind == "another rule":
        state = b"\x7f" + state[1:]
    elif kind == "parts unknown here":
        content += b'\n["planet","mars"]'
    else:
        content = content.replace(b'"USDT":"435"', b'"USDT":"436"')
        assert content != sound.content
    fields = (sound.sequence, sound.entry, state, content)
    return Snapshot(*fields, _sha256(*fields))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("another rule", "snapshot 30: its state was hashed by another rule"),
        ("parts unknown here", "snapshot 30: is no state of this version: "),
        ("another content", "snapshot 30: its content is not the state it names"),
    ],
)
def test_a_snapshot_that_means_something_else_here_is_noted(path, kind, words):
    journal = SqliteJournal(path)
    sound = journal.snapshot(30)
    change(path, "DELETE FROM snapshots WHERE sequence = 30")
    journal.keep(made_by_another_version(sound, kind))
    journal.close()
    snapshot, [note] = recovered(path)

    assert 20 == snapshot
    assert note.startswith(words)


def test_without_a_sound_snapshot_the_whole_journal_is_read(path):
    change(path, "UPDATE snapshots SET sha256 = zeroblob(32)")
    snapshot, notes = recovered(path)

    assert 0 == snapshot
    assert [f"snapshot {n}: its hash is not that of its content" for n in (30, 20)] == list(notes)
    change(path, "DELETE FROM snapshots")
    assert (0, ()) == recovered(path)
    assert damage(path) is None


def test_flipped_bits_of_a_snapshot_are_found(path):
    with sqlite3.connect(path) as link:
        [content] = link.execute("SELECT content FROM snapshots WHERE sequence = 30").fetchone()
    link.close()
    missed = []
    for bit in range(0, 8 * len(content), 13):
        flipped = (int.from_bytes(content) ^ (1 << bit)).to_bytes(len(content))
        change(path, "UPDATE snapshots SET content = ? WHERE sequence = 30", flipped)
        missed += [] if recovered(path)[0] == 20 else [bit]

    assert [] == missed


def put(path, snapshot):
    journal = SqliteJournal(path)
    journal.keep(snapshot)
    journal.close()


def forged(path, *, sequence=30, entry=None, state_of=None):
    """Return a snapshot whose own hash is right."""
    journal = SqliteJournal(path)
    state = state_of or recover(small.fresh, journal).state
    last = next(journal.read(30)).hash
    journal.close()
    change(path, "DELETE FROM snapshots WHERE sequence = 30")
    return snapshot_of(state, StateHash(state).current(), sequence, entry or last)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        pytest.param({"sequence": 31}, "snapshot 31: is of a later state", id="later"),
        pytest.param({"entry": b"x" * 32}, "snapshot 30: is of another journal", id="another"),
    ],
)
def test_a_sound_snapshot_that_does_not_fit_stops(path, more, words):
    put(path, forged(path, **more))

    with pytest.raises(StoreError, match=words):
        recovered(path)
    assert words in damage(path)


def test_a_snapshot_of_another_state_is_found_by_verify(path):
    put(path, forged(path, state_of=richer(expected())))

    assert "snapshot 30: is not of the state after that entry" == damage(path)


def test_a_snapshot_of_another_state_is_found_at_the_next_hash_recorded(path):
    change(path, "DELETE FROM snapshots")
    journal = SqliteJournal(path)
    entry = next(journal.read(20)).hash
    state = richer(expected())
    journal.keep(snapshot_of(state, state_hash(state), 20, entry))

    with pytest.raises(StoreError, match="entry 25: the state after it is not the one recorded"):
        recover(small.fresh, journal)
    journal.close()


def test_a_cut_journal_is_not_made_up_for_by_a_snapshot(path):
    change(path, "DELETE FROM entries WHERE sequence > 25")
    change(
        path, "UPDATE head SET sequence = 25, hash = (SELECT hash FROM entries WHERE sequence = 25)"
    )

    with pytest.raises(StoreError, match="snapshot 30: is of a later state than the journal's"):
        recovered(path)


@pytest.mark.parametrize("entry", [22, 30])
def test_a_damaged_journal_stops_whatever_snapshots_there_are(path, entry):
    change(path, "DELETE FROM snapshots WHERE sequence = 30")
    change(path, "UPDATE entries SET events = '[]' WHERE sequence = ?", entry)

    with pytest.raises(StoreError, match=f"entry {entry}: "):
        recovered(path)


def test_another_state_than_was_recorded_stops(tmp_path, monkeypatch):
    monkeypatch.setattr("crossmargin.store.state_hash.STATE_HASH_ENTRIES", 5)
    path = tmp_path / "venue.db"
    small.filled(path, 4)
    journal = SqliteJournal(path)
    state = recover(small.fresh, journal).state
    command = small.deposit(7)
    events = small.decide(state, command)
    journal.append([small.Decided(command, events, state_hash(small.fresh()))])

    with pytest.raises(StoreError, match="entry 5: the state after it is not the one recorded"):
        recover(small.fresh, journal)
    verdict = verify(journal, small.fresh(), small.decide)
    assert "entry 5: the state after it is not the one recorded" == verdict.damage
    journal.close()


def test_a_state_hash_is_part_of_what_the_chain_covers(path):
    change(path, "UPDATE entries SET state = NULL WHERE sequence = 25")

    assert "entry 25: its hash is not that of its content" == damage(path)


@given(seed=st.integers(0, 10_000), snapshot_entries=st.integers(1, 60))
def test_a_snapshot_anywhere_and_the_rest_is_the_whole(seed, snapshot_entries, tmp_path_factory):
    path = tmp_path_factory.mktemp("law") / "venue.db"
    commands = [*markets.Market(seed).commands(8)]
    header = HEADER.__class__(
        created_at_ms=1, venue="toy", edition="2026-01-01", rulebook=markets.RULES.sha256
    )
    state = played(
        path,
        commands,
        header,
        markets.fresh,
        decide,
        batch_max=1,
        snapshot_entries=snapshot_entries,
    )
    change(path, "DELETE FROM snapshots WHERE sequence = (SELECT sequence FROM head)")
    journal = SqliteJournal(path)
    found = recover(markets.fresh, journal)
    change(path, "DELETE FROM snapshots")
    whole = recover(markets.fresh, journal)

    assert (found.snapshot > 0) is (len(commands) > snapshot_entries)
    assert 0 == whole.snapshot
    assert canonical_bytes(state) == canonical_bytes(found.state) == canonical_bytes(whole.state)
    assert found.hash.current() == whole.hash.current() == state_hash(state)
    assert verify(journal, markets.fresh(), decide).damage is None
    journal.close()
