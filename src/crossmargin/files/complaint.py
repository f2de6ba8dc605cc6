"""What is wrong with the shape of a file, in the words of those who write it.

msgspec checks shapes, and complains in its own words: "Expected `decimal`, got `bool` - at
`$.leverage[...]`". People write numbers and tables, and want to know which entry it is.
"""

from typing import Any

import msgspec
from msgspec import Struct

_WORDS = (
    ("Object contains unknown field", "unknown key"),
    ("Object missing required field", "missing key"),
    ("Invalid decimal string", "is not a number"),
    ("`decimal", "`number"),
    ("`datetime", "`time"),
    ("`object`", "`table`"),
    (" | null", ""),
    ("Invalid enum value", "unknown word"),
    ("Invalid RFC3339 encoded datetime", "is not a time such as 2025-10-10T21:00:00Z"),
    ("Invalid RFC3339 encoded date", "is not a date such as 2025-09-29"),
)


def in_words(
    error: msgspec.ValidationError,
    tree: dict[str, Any],
    shape: type[Struct],
    required: dict[str, Any],
) -> str:
    """Return `error` as a sentence: the place, then the reason.

    Parameters
    ----------
    tree : what was converted to `shape`.
    required : what `shape` cannot do without, so that parts of `tree` can be tried alone.
    """
    what, _, where = str(error).partition(" - at `$")
    place = _named(where.rstrip("`").lstrip("."), tree, shape, required)
    for theirs, ours in _WORDS:
        what = what.replace(theirs, ours)
    what = what[:1].lower() + what[1:].replace("`", "")
    return f"{place}: {what}" if place else what


def _named(place: str, tree: dict[str, Any], shape: type[Struct], required: dict[str, Any]) -> str:
    # "leverage[...]" stands for any key of [leverage]: it is the first that fails alone.
    table, is_any_key, rest = place.partition("[...]")
    if not is_any_key:
        return place
    for name, value in tree[table].items():
        try:
            msgspec.convert({**required, table: {name: value}}, shape)
        except msgspec.ValidationError:
            return f"{table}.{name}{rest}"
    return place
