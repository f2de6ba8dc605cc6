"""`crossmargin export`: files, and what is said of them."""

import pytest

from tests.source import ROOT
from tests.unit.cli.command import call

STORY = ROOT / "examples/stories/brief-dip.toml"


@pytest.fixture
def store(tmp_path, monkeypatch):
    place = tmp_path / "venue.db"
    assert 0 == call(monkeypatch, "story", STORY, "--quiet", "--store", place).status
    return place


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_files_and_their_rows_are_named(monkeypatch, tmp_path, store, form):
    out = tmp_path / "out"
    answer = call(monkeypatch, "export", store, "--out", out, "--format", form)

    assert (0, "") == (answer.status, answer.err)
    assert answer.out.startswith("22 entries\n")
    assert f"{out / f'fills.{form}'}  2\n" in answer.out
    assert "equity is by the rulebook here, which is not the one of the store\n" in answer.out
    assert 9 == len([*out.iterdir()])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format", "xlsx"], "'xlsx' is none of parquet, csv"),
        (["--interval", "often"], "interval 'often' is not a number with"),
    ],
)
def test_what_is_not_understood_is_named(monkeypatch, tmp_path, store, words, said):
    answer = call(monkeypatch, "export", store, "--out", tmp_path / "out", *words)

    assert 2 == answer.status
    assert said in answer.err
    assert not (tmp_path / "out").exists()


def test_no_store_is_bad_input(monkeypatch, tmp_path):
    answer = call(monkeypatch, "export", tmp_path / "none.db", "--out", tmp_path / "out")

    assert 2 == answer.status
    assert "there is no such store" in answer.err
