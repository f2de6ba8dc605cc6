"""What the server says while it runs: one JSON object a line on standard error.

What is logged are named fields that the code chooses, never a request's headers or body, so that no
secret and no signature gets in. JSON escapes control characters: a client's words forge no line.
"""

import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

import msgspec

NAME = "crossmargin.serve"
_LIBRARIES = ("uvicorn", "litestar", "websockets")
_FIELDS = "fields"


def start_logs(stream: TextIO | None = None) -> None:
    """Send the server's log, and warnings of the libraries it stands on, to `stream`."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_JsonLines())
    for name in (NAME, *_LIBRARIES):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO if name == NAME else logging.WARNING)


def log(what: str, level: int = logging.INFO, *, exc_info: bool = False, **fields: object) -> None:
    """Say that something has happened; with `exc_info` where the exception at hand comes from."""
    logging.getLogger(NAME).log(level, what, exc_info=exc_info, extra={_FIELDS: fields})


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        said: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "what": record.getMessage(),
            **getattr(record, _FIELDS, {}),
        }
        if record.name != NAME:
            said["logger"] = record.name
        if record.exc_info:
            # Where it happened and of what kind; an exception's words may quote a request.
            said["error"] = self._place(record)
        return msgspec.json.encode(said, enc_hook=str).decode()

    @staticmethod
    def _place(record: logging.LogRecord) -> list[str]:
        kind, _, trace = record.exc_info or (None, None, None)
        places = [] if kind is None else [kind.__name__]
        while trace is not None:
            code = trace.tb_frame.f_code
            places.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
            trace = trace.tb_next
        return places
