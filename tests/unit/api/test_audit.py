"""The audit log: what was written is found to be so, and what was not, too."""

import json
import os
import stat

import pytest

from crossmargin.api import audit as module
from crossmargin.api.audit import Audit, check
from crossmargin.errors import StoreError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "venue.db.audit.jsonl"


def written(path, count):
    audit = Audit(path)
    for number in range(count):
        audit.add(1_000 + number, "POST /api/v1/orders", 200, key="k", sequence=number)
    audit.close()


def test_lines_are_chained_and_go_on_after_a_restart(path):
    written(path, 3)
    written(path, 2)

    assert (5, None) == check(path)
    lines = [json.loads(one) for one in path.read_text().splitlines()]
    assert [1, 2, 3, 4, 5] == [one["number"] for one in lines]
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_every_change_is_found(path):
    written(path, 4)
    lines = path.read_bytes().splitlines(keepends=True)
    changed = [
        [lines[0], lines[1].replace(b"200", b"403"), *lines[2:]],
        [lines[0], *lines[2:]],
        lines[1:],
        [lines[0], lines[2], lines[1], lines[3]],
        [lines[0], lines[0], *lines[1:]],
        [*lines[:2], b"{}\n", *lines[2:]],
        [*lines[:3], lines[3][:20]],
    ]

    for wrong in changed:
        path.write_bytes(b"".join(wrong))
        sound, damage = check(path)
        assert 0 <= sound < 4
        assert f"line {sound + 1}: " in damage


def test_words_of_clients_make_no_lines(path):
    audit = Audit(path)
    forged = '\n{"number":2,"what":"all is well"}\r\n\x1b[2J\u2028\x00'
    audit.add(1, f"GET /{forged}", 404, key=forged, account=forged, address=forged, why=forged)
    audit.close()
    content = path.read_bytes()

    assert (1, None) == check(path)
    assert 1 == content.count(b"\n")
    assert not any(byte < 0x20 for byte in content.rstrip(b"\n"))


def test_words_of_clients_are_cut(path):
    audit = Audit(path)
    audit.add(1, "x" * 100_000, 404)
    audit.close()

    assert path.stat().st_size < 1_000


def test_a_damaged_end_is_refused(path):
    written(path, 2)
    with path.open("ab") as file:
        file.write(b'{"number":3')

    with pytest.raises(StoreError, match="the last line is damaged"):
        Audit(path)


def test_what_cannot_be_written_is_said_and_stops_nothing(path, monkeypatch):
    audit = Audit(path)
    audit.add(1, "a", 200)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "write", full)
    audit.add(2, "b", 200)
    monkeypatch.undo()
    audit.add(3, "c", 200)
    audit.close()

    assert "No space left on device" == audit.lost
    assert (1, None) == check(path)


def test_a_line_that_is_cut_off_is_the_last(path, monkeypatch):
    audit, write = Audit(path), os.write
    monkeypatch.setattr(module.os, "write", lambda file, content: write(file, content[:9]))
    audit.add(1, "a", 200)

    assert "a line was cut off" == audit.lost


def test_without_a_file_nothing_is_kept():
    audit = Audit(None)
    audit.add(1, "a", 200)
    audit.close()

    assert audit.lost is None
