"""Whatever is changed in a store is found, with the entry and the reason."""

import shutil
import sqlite3

import pytest

from crossmargin.errors import InvariantBroken, StoreError, UsageError
from crossmargin.store.entry import Decided, content_hash
from crossmargin.store.places import reader_at
from crossmargin.store.recovery import recover
from crossmargin.store.sqlite import SqliteJournal, SqliteReader
from crossmargin.store.state_hash import shown, state_hash
from crossmargin.store.verify import verify
from crossmargin.venue.event import MoneyMoved
from tests.postgres import change as change_at
from tests.unit.store.stores import HEADER, decide, deposit, filled, fresh, some_commands

ENTRIES = 8
COLUMNS = {
    "entries": (
        *("sequence", "at_ms", "command", "events", "engine", "rulebook"),
        *("previous", "hash"),
    ),
    "client_ids": ("account", "client_id", "sequence", "content"),
    "head": ("sequence", "hash"),
    "header": ("content",),
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    path = tmp_path_factory.mktemp("sound") / "venue.db"
    filled(path, ENTRIES)
    return path


@pytest.fixture
def path(sound, tmp_path):
    return shutil.copy(sound, tmp_path / "venue.db")


def change(path, *statements):
    with sqlite3.connect(path) as link:
        link.execute("PRAGMA synchronous = OFF")
        for statement in statements:
            link.execute(*statement) if isinstance(statement, tuple) else link.execute(statement)
    link.close()


def damage(path, again=None):
    """Return what is wrong, and how many entries are sound before it."""
    try:
        reader = reader_at(str(path))
    except StoreError as error:
        return str(error), 0
    try:
        verdict = verify(reader, fresh(), again)
    finally:
        reader.close()
    return verdict.damage, verdict.entries


def test_a_sound_store(sound):
    reader = SqliteReader(sound)
    verdict = verify(reader, fresh(), decide)

    assert verdict.damage is None
    assert (ENTRIES, ENTRIES) == (verdict.entries, verdict.decided_again)
    assert shown(state_hash(recover(fresh, reader).state)) == verdict.state
    assert [*reader.read()][-1].hash.hex() == verdict.hash


def test_an_empty_store_is_sound(tmp_path):
    SqliteJournal(tmp_path / "venue.db", HEADER).close()

    assert (None, 0) == damage(tmp_path / "venue.db", decide)


@pytest.mark.parametrize(
    ("table", "name"), [(table, name) for table, names in COLUMNS.items() for name in names]
)
def test_flipped_bits_of_every_column_are_found(path, table, name):
    query = f"SELECT {name} FROM {table} ORDER BY 1 DESC"  # noqa: S608 - names from above.
    update = f"UPDATE {table} SET {name} = ? WHERE {name} = ?"  # noqa: S608
    with sqlite3.connect(path) as link:
        value = link.execute(query).fetchone()[0]
    link.close()
    is_number = isinstance(value, int)
    content = value.to_bytes(8) if is_number else value if isinstance(value, bytes) else None
    content = value.encode() if content is None else content
    missed = []
    bits = range(0, 8 * len(content), 1 if len(content) <= 8 else 11)
    for bit in bits:
        flipped = (int.from_bytes(content) ^ (1 << bit)).to_bytes(len(content))
        new = flipped
        if is_number:
            new = int.from_bytes(flipped, signed=True)
        change(path, (update, (new, value)))
        missed += [bit] if damage(path)[0] is None else []
        change(path, (update, (value, new)))

    assert [] == missed
    assert (None, ENTRIES) == damage(path)


DOUBLE = (
    "INSERT INTO entries SELECT 9, at_ms, command, events, engine, rulebook, previous, hash, state "
    "FROM entries WHERE sequence = 8"
)


@pytest.mark.parametrize(
    ("statements", "words", "entries"),
    [
        pytest.param(
            ["DELETE FROM entries WHERE sequence = 3"], "entry 3: is missing", 2, id="removed"
        ),
        pytest.param(
            ["DELETE FROM entries WHERE sequence = 8"], "entry 8: is missing", 0, id="tail cut"
        ),
        pytest.param(["DELETE FROM entries"], "entry 1: is missing", 0, id="all removed"),
        pytest.param(
            [
                "DELETE FROM entries WHERE sequence = 3",
                *(
                    ("UPDATE entries SET sequence = ? WHERE sequence = ?", n - 1, n)
                    for n in range(4, 9)
                ),
                "UPDATE head SET sequence = 7",
            ],
            "entry 3: does not follow the one before it",
            2,
            id="removed and closed up",
        ),
        pytest.param(
            [
                "UPDATE entries SET sequence = 99 WHERE sequence = 3",
                "UPDATE entries SET sequence = 3 WHERE sequence = 4",
                "UPDATE entries SET sequence = 4 WHERE sequence = 99",
            ],
            "entry 3: does not follow the one before it",
            2,
            id="swapped",
        ),
        pytest.param(
            [DOUBLE],
            "entry 9: only 8 were written",
            0,
            id="duplicated",
        ),
        pytest.param(
            [
                DOUBLE,
                "UPDATE head SET sequence = 9",
            ],
            "entry 9: does not follow the one before it",
            8,
            id="duplicated, the head too",
        ),
        pytest.param(
            ["DELETE FROM client_ids WHERE sequence = 4"],
            "entry 4: its client id is not remembered as written",
            3,
            id="a client id forgotten",
        ),
        pytest.param(
            [("INSERT INTO client_ids VALUES (?, ?, 2, ?)", b"ann", b"x", b"\x00")],
            "client ids: there are some that no entry has",
            8,
            id="a client id made up",
        ),
        pytest.param(
            ["DELETE FROM client_ids"],
            "entry 1: its client id is not remembered as written",
            0,
            id="all client ids forgotten",
        ),
        pytest.param(["DROP TABLE entries"], "entries", 0, id="no table"),
    ],
)
def test_what_is_done_to_a_store_is_named(place, statements, words, entries):
    filled(place, ENTRIES)
    for one in statements:
        change_at(place, *((one,) if isinstance(one, str) else one))
    found, sound_entries = damage(place)

    assert words in found
    assert entries == sound_entries


def test_an_entry_of_another_store_is_found(path, tmp_path):
    other = tmp_path / "other.db"
    journal, state = SqliteJournal(other, HEADER), fresh()
    commands = some_commands(ENTRIES)
    commands[4] = deposit(1000, at_ms=5)
    journal.append([Decided(one, decide(state, one)) for one in commands])
    journal.close()
    change(
        path,
        f"ATTACH '{other}' AS other",
        "DELETE FROM entries WHERE sequence = 5",
        "INSERT INTO entries SELECT * FROM other.entries WHERE sequence = 5",
    )

    # Both stores are the same up to there, so the stranger fits, and its successor does not.
    assert ("entry 6: does not follow the one before it", 5) == damage(path)


def test_bytes_changed_in_the_file_never_pass_as_something_else(path):
    """Flip a bit in every 61st byte: the verdict is damage, or nothing that counts was hit."""
    content = path.read_bytes()
    expected = shown(state_hash(filled(path.with_name("again.db"), ENTRIES)))
    found = 0
    for at in range(0, len(content), 61):
        path.write_bytes(content[:at] + bytes([content[at] ^ 16]) + content[at + 1 :])
        for ending in ("-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        try:
            reader = SqliteReader(path)
        except (StoreError, UsageError):
            found += 1
            continue
        verdict = verify(reader, fresh())
        reader.close()
        found += verdict.damage is not None
        assert verdict.damage or expected == verdict.state

    assert found > 20


def test_what_would_be_decided_otherwise_is_found(path):
    def generous(state, command):
        events = decide(state, command)
        if command.at_ms == 5:
            return tuple(MoneyMoved(why="gift", postings=e.postings) for e in events)
        return events

    assert ("entry 5: decided again, its events differ", 4) == damage(path, generous)


def test_a_law_that_fails_when_deciding_again_is_found(path):
    def broken(state, command):
        if command.at_ms == 5:
            raise InvariantBroken("two is three")
        return decide(state, command)

    assert ("entry 5: cannot be decided again: two is three", 4) == damage(path, broken)


def test_another_engine_is_believed(tmp_path, monkeypatch):
    path = tmp_path / "venue.db"
    monkeypatch.setattr("crossmargin.store.sql.__version__", "0.0.1")
    state = filled(path, 4)

    verdict = verify(SqliteReader(path), fresh(), lambda *_: ())
    assert (None, 4, 0) == (verdict.damage, verdict.entries, verdict.decided_again)
    assert shown(state_hash(state)) == verdict.state


def test_a_store_in_use_is_verified_as_it_is(tmp_path):
    journal, state = SqliteJournal(tmp_path / "venue.db", HEADER), fresh()
    for number, command in enumerate(some_commands(5), 1):
        journal.append([Decided(command, decide(state, command))])

        assert (None, number) == damage(tmp_path / "venue.db", decide)


def test_when_a_command_is_sent_again_does_not_matter():
    assert content_hash(deposit(5, at_ms=1)) == content_hash(deposit(5, at_ms=2))
    assert content_hash(deposit(5)) != content_hash(deposit(6))
