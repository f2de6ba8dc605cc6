import json
from pathlib import Path

import polars as pl
import pytest

from crossmargin.errors import UsageError
from crossmargin.report.write import NAMES, write_report
from tests.unit.report.stories import fall


@pytest.fixture(scope="module")
def results():
    return fall()


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_report_is_four_files_in_a_new_folder(tmp_path, results):
    out = tmp_path / "not" / "yet" / "there"

    written = write_report(out, results, title="Two longs")

    assert tuple(out / name for name in NAMES) == written
    assert sorted(NAMES) == names_in(out)
    assert ["there"] == names_in(out.parent)
    assert 8 == pl.read_parquet(out / "path.parquet").height
    assert 3 == pl.read_parquet(out / "events.parquet").height
    assert 1 == json.loads((out / "summary.json").read_text(encoding="utf-8"))["schema"]
    assert "Two longs" in (out / "report.html").read_text(encoding="utf-8")


def test_a_report_replaces_the_last_one_and_leaves_other_files_alone(tmp_path, results):
    (tmp_path / "summary.json").write_text("old")
    (tmp_path / "mine.txt").write_text("mine")

    write_report(tmp_path, results)

    assert sorted([*NAMES, "mine.txt"]) == names_in(tmp_path)
    assert "mine" == (tmp_path / "mine.txt").read_text()
    assert "old" != (tmp_path / "summary.json").read_text()


def test_a_relative_folder_will_do(tmp_path, results, monkeypatch):
    monkeypatch.chdir(tmp_path)

    write_report(Path("out"), results)

    assert ["out"] == names_in(tmp_path)


def test_a_file_in_the_place_of_the_folder_is_kept(tmp_path, results):
    out = tmp_path / "out"
    out.write_text("a file")

    with pytest.raises(UsageError, match="out: a file is where the report's folder should be"):
        write_report(out, results)

    assert "a file" == out.read_text()


def test_a_file_on_the_way_to_the_folder_is_one_sentence(tmp_path, results):
    (tmp_path / "file").write_text("a file")

    with pytest.raises(UsageError, match=r"out: the report cannot be written there: .+"):
        write_report(tmp_path / "file" / "out", results)

    assert ["file"] == names_in(tmp_path)


def test_if_the_last_file_cannot_be_moved_the_old_report_stays(tmp_path, results):
    out = tmp_path / "out"
    (out / "summary.json").mkdir(parents=True)
    (out / "report.html").write_text("old")

    with pytest.raises(UsageError, match=r"summary\.json is a folder"):
        write_report(out, results)

    assert ["out"] == names_in(tmp_path)
    assert ["report.html", "summary.json"] == names_in(out)
    assert "old" == (out / "report.html").read_text()
    assert (out / "summary.json").is_dir()


def test_if_the_disk_fills_up_nothing_is_left(tmp_path, results, monkeypatch):
    def fail(self, *_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", fail)
    out = tmp_path / "not" / "there"

    with pytest.raises(UsageError, match="there: the report cannot be written there: no space"):
        write_report(out, results)

    assert [] == names_in(tmp_path)


def test_a_report_on_nothing_is_refused_before_anything_is_made(tmp_path):
    with pytest.raises(UsageError, match="no replay to report on"):
        write_report(tmp_path / "out", {})

    assert [] == names_in(tmp_path)
