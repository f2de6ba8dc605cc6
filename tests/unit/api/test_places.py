"""Where the things of a served venue are kept."""

from pathlib import Path

from crossmargin.api.places import places_of


def test_things_are_kept_beside_the_store():
    found = places_of("data/venue.db", Path("elsewhere/default.db"), None)

    assert ("data/venue.db", Path("data/venue.db.master-key")) == (found.store, found.master_key)
    assert Path("data/venue.db.keys.json") == found.keys
    assert Path("data/venue.db.audit.jsonl") == found.audit


def test_without_a_name_there_is_a_default():
    found = places_of(None, Path("elsewhere/default.db"), Path("my-key"))

    assert ("elsewhere/default.db", Path("my-key")) == (found.store, found.master_key)
    assert Path("elsewhere/default.db.keys.json") == found.keys


def test_the_address_of_a_database_names_no_file():
    found = places_of("postgresql://me:hunter2@host/venue", Path("elsewhere/default.db"), None)

    assert "hunter2" not in f"{found.master_key}{found.keys}{found.audit}"
    assert Path("elsewhere") == found.keys.parent
