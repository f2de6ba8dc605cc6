"""Files for their owner alone: whole or not at all, whatever was there before."""

import os
import stat

import pytest

from crossmargin.api.private_file import write_private
from crossmargin.errors import UsageError


@pytest.fixture(autouse=True)
def _loose_mask():
    before = os.umask(0)
    yield
    os.umask(before)


def test_it_is_written_whole_and_for_the_owner_alone(tmp_path):
    path = tmp_path / "ready"
    path.write_text("old and readable")
    path.chmod(0o644)
    write_private(path, b"new")

    assert b"new" == path.read_bytes()
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert [path] == list(tmp_path.iterdir())


def test_a_link_is_replaced_and_not_followed(tmp_path):
    target, path = tmp_path / "elsewhere", tmp_path / "ready"
    target.write_text("theirs")
    path.symlink_to(target)
    write_private(path, b"ours")

    assert "theirs" == target.read_text()
    assert not path.is_symlink()


def test_nothing_is_left_where_it_cannot_be_written(tmp_path):
    path = tmp_path / "ready"
    path.mkdir()

    with pytest.raises(UsageError, match=f"{path}: cannot be written: Is a directory"):
        write_private(path, b"new")
    with pytest.raises(UsageError, match="cannot be written: No such file or directory"):
        write_private(tmp_path / "nowhere" / "ready", b"new")
    assert [path] == list(tmp_path.iterdir())
