"""What every page of a report is put together from, and what is said when it cannot be kept."""

from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path


@cache
def part(name: str) -> str:
    """Return the text of a file that comes with the reports: a template, a style, a script."""
    return files("crossmargin.report").joinpath(name).read_text(encoding="utf-8")


def kept(text: str) -> str:
    """Return `text` escaped, with every number and its percent sign on one line."""
    return escape(text).replace(" %", "&nbsp;%")


def unwritten(out: Path, error: OSError) -> str:
    """Return the sentence that says why a report is not at `out`."""
    reason = (error.strerror or str(error)).lower()
    return f"{out}: the report cannot be written there: {reason}"
