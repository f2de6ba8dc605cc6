"""`crossmargin verify`: 0 for a sound store, 1 for damage with entry and reason, 2 for no store."""

import json
import sqlite3

import pytest

from crossmargin.api.audit import Audit
from crossmargin.api.places import places_of
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.store.entry import Decided
from crossmargin.store.journal import Header
from crossmargin.store.places import journal_at
from crossmargin.store.sqlite import SqliteJournal
from crossmargin.venue.settings import VenueSettings
from crossmargin.venue.state import State
from tests.unit.cli.command import call
from tests.unit.store.stores import HEADER, decide, some_commands

RULES = load_rulebook("binance-usdm")


def made(path, *, rulebook=RULES.sha256, venue=RULES.venue):
    header = Header(created_at_ms=1, venue=venue, edition=str(RULES.edition), rulebook=rulebook)
    journal, state = SqliteJournal(path, header), State(RULES, VenueSettings())
    journal.append([Decided(one, decide(state, one)) for one in some_commands(5)])
    journal.close()
    return path


@pytest.fixture
def store(tmp_path, monkeypatch):
    # The toy engine that decided is not the one that would decide again.
    with monkeypatch.context() as patch:
        patch.setattr("crossmargin.store.sql.__version__", "0.0.1")
        return made(tmp_path / "venue.db")


def test_a_sound_store_is_an_answer(monkeypatch, store):
    answer = call(monkeypatch, "verify", store)

    assert (0, "") == (answer.status, answer.err)
    assert f"rulebook       binance-usdm {RULES.edition} ({RULES.sha256[:12]})\n" in answer.out
    assert "entries sound  5\ndecided again  0\n" in answer.out
    assert "damage         none\n" in answer.out


def test_the_verdict_as_json(monkeypatch, store):
    answer = call(monkeypatch, "verify", store, "--json")
    said = json.loads(answer.out)

    assert (0, "") == (answer.status, answer.err)
    assert (1, str(store), "binance-usdm") == (
        said["schema"],
        said["store"],
        said["header"]["venue"],
    )
    verdict = said["verdict"]
    assert (5, 0, None) == (verdict["entries"], verdict["decided_again"], verdict["damage"])
    assert [64, 64] == [len(verdict["hash"]), len(verdict["state"])]


@pytest.mark.parametrize("more", [[], ["--json"]])
@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            "UPDATE entries SET events = replace(events, '\"1\"', '\"9\"') WHERE sequence = 2",
            "entry 2: a field is not of its type",
        ),
        (
            "UPDATE entries SET events = x'5b5d' WHERE sequence = 2",
            "entry 2: its hash is not that of its content",
        ),
        ("DELETE FROM entries WHERE sequence = 3", "entry 3: is missing, the next one is 4"),
        ("DELETE FROM header", "header: is not there"),
    ],
)
def test_damage_is_status_1_with_entry_and_reason(monkeypatch, store, statement, words, more):
    with sqlite3.connect(store) as link:
        link.execute(statement)
    link.close()
    answer = call(monkeypatch, "verify", store, *more)

    assert (1, f"crossmargin: {store}: {words}\n") == (answer.status, answer.err)


def test_what_this_engine_would_decide_otherwise_is_damage(monkeypatch, tmp_path):
    store = made(tmp_path / "venue.db")
    monkeypatch.setattr("crossmargin.venue.decide.decide", lambda state, command: ())
    answer = call(monkeypatch, "verify", store)

    assert 1 == answer.status
    assert f"crossmargin: {store}: entry 1: decided again, its events differ\n" == answer.err


@pytest.mark.parametrize("other", [{"rulebook": "0" * 64}, {"venue": "nowhere", "rulebook": "00"}])
def test_without_its_rulebook_a_store_is_not_decided_again(monkeypatch, tmp_path, other):
    store = made(tmp_path / "venue.db", **other)
    monkeypatch.setattr("crossmargin.venue.decide.decide", lambda state, command: ())
    answer = call(monkeypatch, "verify", store)

    assert (0, "") == (answer.status, answer.err)
    assert "decided again  0; no such rulebook here\n" in answer.out
    assert ("not made" in answer.out) == ("venue" in other)


@pytest.mark.parametrize(
    ("content", "words"), [(None, "there is no such store"), (b"text\n" * 99, "is not a store")]
)
def test_no_store_is_bad_input(monkeypatch, tmp_path, content, words):
    path = tmp_path / "none.db"
    if content:
        path.write_bytes(content)
    answer = call(monkeypatch, "verify", path)

    assert (2, "", f"crossmargin: {path}: {words}\n") == answer


def test_the_audit_log_beside_a_store_that_was_served_is_checked_too(monkeypatch, store):
    path = store.with_name("venue.db.audit.jsonl")
    audit = Audit(path)
    for number in range(3):
        audit.add(number, "GET /api/v1/accounts", 200)
    audit.close()
    sound = call(monkeypatch, "verify", store)
    path.write_bytes(path.read_bytes().replace(b'"result":200', b'"result":401', 2))
    forged = call(monkeypatch, "verify", store)
    verdict = json.loads(call(monkeypatch, "verify", store, "--json").out)

    assert (0, "") == (sound.status, sound.err)
    assert sound.out.endswith("audit log      3 lines; no damage\n")
    assert (1, f"crossmargin: {store}: audit log: line 2: does not follow the one before\n") == (
        forged.status,
        forged.err,
    )
    assert 1 == verdict["audit"]["lines"]


def test_the_audit_log_is_found_where_a_server_keeps_it(monkeypatch, tmp_path, place):
    monkeypatch.setenv("CROSSMARGIN_DATA", str(tmp_path / "data"))
    folder = tmp_path / "data" / "venues"
    folder.mkdir(parents=True)
    journal_at(place, HEADER).close()
    path = places_of(place, folder / "binance-usdm-synthetic.db", None).audit
    assert path.parent == (folder if "://" in place else tmp_path)
    audit = Audit(path)
    audit.add(1, "GET /api/v1/accounts", 200)
    audit.close()

    assert call(monkeypatch, "verify", place).out.endswith("audit log      1 lines; no damage\n")
