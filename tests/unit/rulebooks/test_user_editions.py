"""Editions of the user's data folder: found beside the packaged ones, added, never changed."""

from datetime import date

import pytest

from crossmargin.errors import RulebookError
from crossmargin.rulebooks.loader import (
    Origin,
    add_edition,
    editions,
    editions_with,
    load_rulebook,
    origin,
    user_folder,
    venues,
)
from tests.unit.live.samples import LAST, RULES

DAY = date(2026, 10, 5)
EDITION = b"""
schema = 1
edition = 2026-10-05
source = "mine"
sources.mine = { what = "Mine", address = "none", read_on = 2026-10-05, confidence = "official" }

[[ladder]]
settle = "USDT"
tiers = "0 1% 50x"
symbols = "BTCUSDT MINEUSDT"
"""


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    """Return the user's folder of rulebooks, which is not there yet."""
    monkeypatch.setenv("CROSSMARGIN_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "rulebooks"


def put(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_the_folder_is_named_by_the_environment(folder):
    assert folder == user_folder()


def test_else_it_is_where_the_system_keeps_a_users_data(monkeypatch, tmp_path):
    monkeypatch.delenv("CROSSMARGIN_DATA")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))  # what Linux goes by

    assert ("rulebooks", "crossmargin") == (user_folder().name, user_folder().parent.name)


def test_an_edition_that_is_added_is_the_newest(folder):
    path = add_edition("binance-usdm", DAY, EDITION)
    book = load_rulebook("binance-usdm")

    assert folder / "binance-usdm" / "2026-10-05.toml" == path
    assert EDITION == path.read_bytes()
    assert (DAY, {"BTCUSDT", "MINEUSDT"}) == (book.edition, set(book.contracts))
    assert (DAY,) == editions_with("binance-usdm", "MINEUSDT")
    assert (Origin.YOURS, Origin.PACKAGED) == (
        origin("binance-usdm", DAY),
        origin("binance-usdm", editions("binance-usdm")[0]),
    )
    # Nothing else is left behind.
    assert ["2026-10-05.toml"] == [one.name for one in path.parent.iterdir()]


def test_the_packaged_editions_are_what_they_were():
    before = load_rulebook("binance-usdm", edition="2026-09-29")
    add_edition("binance-usdm", DAY, EDITION)

    assert before is load_rulebook("binance-usdm", edition="2026-09-29")
    assert before is load_rulebook("binance-usdm", at=date(2026, 10, 4))


def test_an_edition_is_never_changed():
    path = add_edition("binance-usdm", DAY, EDITION)
    with pytest.raises(RulebookError) as refusal:
        add_edition("binance-usdm", DAY, EDITION.replace(b"1% 50x", b"2% 25x"))

    assert (
        "binance-usdm has an edition of 2026-10-05 already (yours); editions are never changed"
        == str(refusal.value)
    )
    assert EDITION == path.read_bytes()


def test_nor_is_a_packaged_one(folder):
    with pytest.raises(RulebookError, match=r"2026-09-29 already \(packaged\)"):
        add_edition("binance-usdm", date(2026, 9, 29), EDITION)

    assert not folder.exists()


def test_of_two_that_write_at_once_one_loses(folder, monkeypatch):
    monkeypatch.setattr("crossmargin.rulebooks.loader.check_is_new", lambda *_: None)
    path = add_edition("binance-usdm", DAY, EDITION)
    with pytest.raises(RulebookError, match="exists already; editions are never changed"):
        add_edition("binance-usdm", DAY, EDITION + b"\n")

    assert EDITION == path.read_bytes()
    assert [path] == list(path.parent.iterdir())


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(EDITION.replace(b"1% 50x", b"1% 200x"), id="a ladder that breaks a rule"),
        pytest.param(EDITION.replace(b"2026-10-05", b"2026-10-06", 1), id="another date"),
        pytest.param(b"\xff", id="no text"),
    ],
)
def test_what_makes_no_rulebook_is_not_written(folder, content):
    with pytest.raises(RulebookError):
        add_edition("binance-usdm", DAY, content)

    assert not folder.exists()


def test_a_date_that_is_packaged_and_yours_is_refused_by_name(folder):
    put(folder, "binance-usdm/2026-09-29.toml", EDITION.decode())
    with pytest.raises(RulebookError) as refusal:
        load_rulebook("binance-usdm")

    path = folder / "binance-usdm" / "2026-09-29.toml"
    assert f"{path} is packaged too: move yours away" == str(refusal.value)


def test_packaged_rules_cannot_be_replaced(folder):
    put(folder, "binance-usdm/rules.toml", RULES)
    with pytest.raises(RulebookError, match=r"rules\.toml is packaged too"):
        editions("binance-usdm")


def test_a_venue_of_your_own_is_a_folder_with_rules(folder):
    put(folder, "acme/rules.toml", RULES)
    put(folder, "empty/notes.txt", "")

    assert "acme" in venues()
    assert "empty" not in venues()
    with pytest.raises(RulebookError, match="there is no edition of acme"):
        load_rulebook("acme")

    add_edition("acme", date(2024, 1, 1), LAST.encode())

    assert {"BTCUSDT", "ETHUSDT", "OLDUSDT"} == set(load_rulebook("acme").contracts)


def test_an_edition_that_someone_edited_is_read_again():
    path = add_edition("binance-usdm", DAY, EDITION)
    before = load_rulebook("binance-usdm")
    path.write_bytes(EDITION.replace(b"MINE", b"YOUR"))
    after = load_rulebook("binance-usdm")

    assert "YOURUSDT" in after.contracts
    assert before.sha256 != after.sha256
