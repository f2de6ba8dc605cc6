"""A crash's summary as other programs read it: plain JSON values.

Numbers are decimal strings at 8 places, half to even: sums over many accounts, for reading; what
was posted is in the store. Times are milliseconds UTC with ISO 8601 beside them. The fields are
those of `crash_records`, described in docs/reference/crash-output.md.
"""

from decimal import Decimal

from msgspec import Struct

from crossmargin.errors import InvariantBroken
from crossmargin.feeds.series import utc
from crossmargin.files.json_value import Json
from crossmargin.money import EIGHT_PLACES, exact, plain
from crossmargin.report.crash_records import CrashSummary
from crossmargin.report.crash_words import books, headline, who_paid

SCHEMA = 1
_OF_EVENTS = ("postings",)
"""What the venue's own records carry and nobody asks a summary for."""


@exact
def plain_crash(summary: CrashSummary) -> dict[str, Json]:
    """Return everything in `summary`, ready for `json.dumps`."""
    return {
        "schema": SCHEMA,
        "headline": headline(summary),
        "who_paid": who_paid(summary),
        "books": books(summary),
        **_fields(summary),
    }


def _fields(record: Struct) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name in record.__struct_fields__:
        if name in _OF_EVENTS:
            continue
        value = getattr(record, name)
        found[name] = _plain(value)
        if name.endswith("_ms"):
            found[name.removesuffix("_ms")] = None if value is None else utc(value)
    return found


def _plain(value: object) -> Json:
    if isinstance(value, Decimal):
        return plain(value.quantize(EIGHT_PLACES))
    if isinstance(value, Struct):
        return _fields(value)
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, str | int):
        return value
    raise InvariantBroken(f"a summary holds a {type(value).__name__}")
