"""Who asked for what, when, and what came of it: lines that are only ever added.

Each line is JSON and holds the hash of the line before, so that a line that is changed or taken
out is found (`check`). What clients say is escaped by JSON: a line feed in it makes no new line.
Secrets and signatures are never given to it.
"""

import os
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import Struct

from crossmargin.errors import StoreError

TEXT_MAX = 200
"""Longer words of clients are cut."""
_ENCODER = msgspec.json.Encoder(order="deterministic")


class Line(Struct, frozen=True):
    """One line.

    Attributes
    ----------
    number : from 1, without gaps.
    at_ms : the machine's time, milliseconds UTC.
    key, account, address : who; empty where it is not known.
    what : method and path, or what was done.
    result : HTTP status.
    why : the name of what was wrong; empty where nothing was.
    sequence : the journal's record, where there is one.
    previous : SHA-256 of the line before, hexadecimal.
    """

    number: int
    at_ms: int
    key: str
    account: str
    address: str
    what: str
    result: int
    why: str
    sequence: int | None
    previous: str


class Audit:
    """The one who adds lines.

    Attributes
    ----------
    lost : why nothing is written any more; None while it is.

    Raises
    ------
    StoreError
        If the last line of the file is none of ours.
    """

    def __init__(self, path: Path | None) -> None:
        """Go on where the file at `path` ends; without one nothing is kept."""
        self.lost: str | None = None
        self._file: int | None = None
        self._number, self._previous = 0, ""
        if path is None:
            return
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        last = _last_line(self._file)
        if last:
            try:
                self._number = msgspec.json.decode(last, type=Line).number
            except (msgspec.MsgspecError, UnicodeError) as error:
                raise StoreError(
                    f"{path}: the last line is damaged, keep the file elsewhere: {error}"
                ) from error
            self._previous = sha256(last).hexdigest()

    def add(
        self,
        at_ms: int,
        what: str,
        result: int,
        *,
        key: str = "",
        account: str = "",
        address: str = "",
        why: str = "",
        sequence: int | None = None,
    ) -> None:
        """Write a line; a write that fails is remembered in `lost` and is the last."""
        if self._file is None or self.lost is not None:
            return
        line = Line(
            self._number + 1,
            at_ms,
            key[:TEXT_MAX],
            account[:TEXT_MAX],
            address[:TEXT_MAX],
            what[:TEXT_MAX],
            result,
            why[:TEXT_MAX],
            sequence,
            self._previous,
        )
        content = _ENCODER.encode(line)
        try:
            # One write, so that a line is there whole or not at all when the process is killed.
            written = os.write(self._file, content + b"\n")
        except OSError as error:
            self.lost = f"{error.strerror}"
            return
        if written <= len(content):
            self.lost = "a line was cut off"
            return
        self._number, self._previous = line.number, sha256(content).hexdigest()

    def close(self) -> None:
        """Write no more."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def check(path: Path) -> tuple[int, str | None]:
    """Return how many sound lines there are from the first on, and what is wrong with the next."""
    number, previous = 0, ""
    with path.open("rb") as file:
        for number, content in enumerate(file, 1):
            try:
                line = msgspec.json.decode(content, type=Line)
            except (msgspec.MsgspecError, UnicodeError) as error:
                return number - 1, f"audit log: line {number}: {error}"
            if (line.number, line.previous) != (number, previous):
                return number - 1, f"audit log: line {number}: does not follow the one before"
            previous = sha256(content.rstrip(b"\n")).hexdigest()
    return number, None


def _last_line(file: int) -> bytes:
    size = os.fstat(file).st_size
    tail = os.pread(file, 4096, max(0, size - 4096))
    return tail.rstrip(b"\n").rpartition(b"\n")[2]
