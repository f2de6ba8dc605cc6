"""Files that nobody but their owner reads: the master key, what keys may do, the ready file."""

import os
from pathlib import Path

from crossmargin.errors import UsageError


def check_private(path: Path) -> None:
    """Refuse a file that others than its owner may read or write.

    Raises
    ------
    UsageError
        If they may.
    """
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise UsageError(f"{path}: others may read it (mode {mode:03o}); chmod 600 it")


def write_private(path: Path, content: bytes) -> None:
    """Write a file that its owner alone may read, whole or not at all, and durably."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    place = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(place, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
