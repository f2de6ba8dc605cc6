"""The terminal everything is printed to."""

import os
import sys
from collections.abc import Sequence
from textwrap import fill
from typing import NoReturn

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

WIDTH_PLAIN = 100
"""Columns where there is no terminal to ask, and so the same in every log and document."""
WIDTH_MIN = 20
WIDTH_MAX = 1000


def console(*, is_error: bool = False) -> Console:
    """Return a console as wide as the terminal; colours only where there is one."""
    stream = sys.stderr if is_error else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else WIDTH_PLAIN
    return _Console(file=stream, width=width, highlight=False, soft_wrap=False)


def show_table(out: Console, table: Table) -> None:
    """Print a table as wide as its numbers need: a cut number is a wrong one."""
    needed = Measurement.get(out, out.options.update(max_width=WIDTH_MAX), table).maximum
    wide = _Console(file=out.file, width=max(needed, out.width), highlight=False)
    wide.print(table)


def show_sentence(out: Console, sentence: str, style: str = "", indent: int = 2) -> None:
    """Print a sentence, indented as a whole where it wraps; nothing in it is markup."""
    room = " " * indent
    wrapped = fill(
        sentence,
        max(out.width, indent + WIDTH_MIN),
        initial_indent=room,
        subsequent_indent=room,
        break_long_words=False,
        break_on_hyphens=False,
    )
    out.print(wrapped, style=style, markup=False, soft_wrap=True)


def show_list(out: Console, title: str, sentences: Sequence[str], style: str) -> None:
    """Print sentences under a title, after an empty line; nothing at all where there are none."""
    if not sentences:
        return
    out.print()
    out.print(f"{title}:", style=style)
    for sentence in sentences:
        show_sentence(out, sentence, style)


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Leave it to the command line, which knows that this is no failure."""
        raise BrokenPipeError
