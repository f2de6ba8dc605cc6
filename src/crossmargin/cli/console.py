"""The terminal everything is printed to."""

import os
import sys
from typing import NoReturn

from rich.console import Console

WIDTH_PLAIN = 100
"""Columns where there is no terminal to ask, and so the same in every log and document."""


def console(*, is_error: bool = False) -> Console:
    """Return a console as wide as the terminal; colours only where there is one."""
    stream = sys.stderr if is_error else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else WIDTH_PLAIN
    return _Console(file=stream, width=width, highlight=False, soft_wrap=False)


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Leave it to the command line, which knows that this is no failure."""
        raise BrokenPipeError
