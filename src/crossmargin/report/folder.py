"""Files in a folder, all of them or none.

What is there is looked at while the next is written, and a disk may fill up in between. So all of
it is made in a hidden folder beside the target first, on the same disk, and then moved into place.
If any move fails, those before it are taken back: what was there stays there.

Files of the folder that are not ours are left alone.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp


@contextmanager
def whole_folder(out: Path, names: Sequence[str]) -> Iterator[Path]:
    """Yield an empty folder; what is in it under `names` is in `out` afterwards.

    `out` is made if missing, and files of these names are replaced. Whatever raises, `OSError` of
    the moves included, leaves all as it was.
    """
    made: list[Path] = []
    try:
        _make_parents(out, made)
        hidden = Path(mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        try:
            new = hidden / "new"
            new.mkdir()
            yield new
            _move_in(new, out, hidden / "old", names)
        finally:
            shutil.rmtree(hidden, ignore_errors=True)
    except BaseException:
        for folder in made:
            with suppress(OSError):
                folder.rmdir()
        raise


def _make_parents(out: Path, made: list[Path]) -> None:
    # Innermost first in `made`, so that they can be removed again in that order.
    missing = [folder for folder in out.absolute().parents if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir()
        made.insert(0, folder)


def _move_in(new: Path, out: Path, old: Path, names: Sequence[str]) -> None:
    if not out.exists():
        new.rename(out)
        return
    old.mkdir()
    moved: list[str] = []
    try:
        for name in names:
            if (out / name).is_dir():
                raise IsADirectoryError(0, f"{name} is a folder")
            if (out / name).exists():
                (out / name).rename(old / name)
            moved.append(name)
            (new / name).rename(out / name)
    except OSError:
        for name in moved:
            (out / name).unlink(missing_ok=True)
            if (old / name).exists():
                (old / name).rename(out / name)
        raise
