"""A report in a folder, whole or not at all.

A report is looked at while the next one is written, and a disk may fill up in between. So all of
it is made in a hidden folder beside the target first, on the same disk, and then moved into
place. If any move fails, those before it are taken back: what was there stays there.

Files of the folder that are not ours are left alone.
"""

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

from crossmargin.errors import UsageError
from crossmargin.replay.result import ReplayResult
from crossmargin.report.page import page
from crossmargin.report.parts import unwritten
from crossmargin.report.plain_summary import plain_summary
from crossmargin.report.summary import summarise
from crossmargin.report.tables import events_table, path_table

PAGE, PATH, EVENTS, SUMMARY = "report.html", "path.parquet", "events.parquet", "summary.json"
NAMES = (PAGE, PATH, EVENTS, SUMMARY)


def write_report(
    out: Path,
    results: Mapping[str, ReplayResult],
    *,
    title: str = "",
) -> tuple[Path, ...]:
    """Write a report on replays of one path into the folder `out`, which is made if missing.

    Parameters
    ----------
    results : by the name of the mode, such as "cross" and "isolated".
    title : what the account or the story is called.

    Returns
    -------
    tuple of Path
        report.html, path.parquet, events.parquet and summary.json, in `out`. Files of these
        names are replaced.

    Raises
    ------
    UsageError
        If `out` cannot be made or written to, or the results are not of one path. Nothing is
        changed then.
    """
    try:
        is_file = out.exists() and not out.is_dir()
    except OSError as error:
        raise UsageError(unwritten(out, error)) from None
    if is_file:
        raise UsageError(f"{out}: a file is where the report's folder should be")
    html = page(results, title=title)
    summary = plain_summary(summarise(results))
    path, events = path_table(results), events_table(results)
    made: list[Path] = []
    try:
        _make_parents(out, made)
        hidden = Path(mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        try:
            new = hidden / "new"
            new.mkdir()
            (new / PAGE).write_text(html, encoding="utf-8")
            path.write_parquet(new / PATH)
            events.write_parquet(new / EVENTS)
            text = json.dumps(summary, indent=2, ensure_ascii=False)
            (new / SUMMARY).write_text(f"{text}\n", encoding="utf-8")
            _move_in(new, out, hidden / "old")
        finally:
            shutil.rmtree(hidden, ignore_errors=True)
    except OSError as error:
        for folder in made:
            with suppress(OSError):
                folder.rmdir()
        raise UsageError(unwritten(out, error)) from None
    return tuple(out / name for name in NAMES)


def _make_parents(out: Path, made: list[Path]) -> None:
    # Innermost first in `made`, so that they can be removed again in that order.
    missing = [folder for folder in out.absolute().parents if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir()
        made.insert(0, folder)


def _move_in(new: Path, out: Path, old: Path) -> None:
    if not out.exists():
        new.rename(out)
        return
    old.mkdir()
    moved: list[str] = []
    try:
        for name in NAMES:
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
