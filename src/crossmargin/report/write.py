"""A report in a folder, whole or not at all."""

import json
from collections.abc import Mapping
from pathlib import Path

from crossmargin.errors import UsageError
from crossmargin.replay.result import ReplayResult
from crossmargin.report.folder import whole_folder
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
    try:
        with whole_folder(out, NAMES) as new:
            (new / PAGE).write_text(html, encoding="utf-8")
            path.write_parquet(new / PATH)
            events.write_parquet(new / EVENTS)
            text = json.dumps(summary, indent=2, ensure_ascii=False)
            (new / SUMMARY).write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(unwritten(out, error)) from None
    return tuple(out / name for name in NAMES)
