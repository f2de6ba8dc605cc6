"""What is wrong with the shape of a file, in the words of those who write it.

msgspec checks shapes, and complains in its own words: "Expected `decimal`, got `bool` - at
`$.leverage[...]`". People write numbers and tables, and want to know which entry it is.
"""

import re
from typing import Any

import msgspec

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


def in_words(error: msgspec.ValidationError, tree: dict[str, Any], shape: object) -> str:
    """Return `error` as a sentence: the place, then the reason.

    Parameters
    ----------
    tree : what could not be converted to `shape`, tables within tables or lists.
    """
    what, _, where = str(error).partition(" - at `$")
    place = where.rstrip("`").lstrip(".")
    table, is_any_key, rest = place.partition("[...]")
    if is_any_key:
        place = f"{_named(error, tree, table, shape)}{rest}"
    for theirs, ours in _WORDS:
        what = what.replace(theirs, ours)
    what = what[:1].lower() + what[1:].replace("`", "")
    return f"{place}: {what}" if place else what


def _named(error: msgspec.ValidationError, tree: dict[str, Any], table: str, shape: object) -> str:
    # "leverage[...]" stands for any key of [leverage]: it is the first that is refused in the same
    # words with no other beside it.
    *above, last = (
        int(word) if word.isdigit() else word for word in re.findall(r"[^.\[\]]+", table)
    )
    holder: Any = tree.copy()
    tried = holder
    for step in above:
        holder[step] = holder[step].copy()
        holder = holder[step]
    for name, value in holder[last].items():
        holder[last] = {name: value}
        try:
            msgspec.convert(tried, shape)
        except msgspec.ValidationError as again:
            if str(again) == str(error):
                return f"{table}.{name}"
    return table
