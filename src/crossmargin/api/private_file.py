"""Files that nobody but their owner reads: the master key, what keys may do, the ready file."""

import os
from contextlib import suppress
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
    """Write a file that its owner alone may read, whole or not at all, and durably.

    Raises
    ------
    UsageError
        If it cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.unlink(missing_ok=True)
        _write(beside, content)
        beside.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error


def _write(path: Path, content: bytes) -> None:
    place = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(place, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
