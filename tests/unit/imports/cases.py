"""What a case of an import is: replies of one venue, and the file they should make.

The replies are typed after the venues' API documentation; the docstring of each venue's module
names the pages. Numbers are made up and round, so that what should come out can be worked out by
hand; where it is more than a copy, the arithmetic stands beside it.
"""

import json
from typing import Any, NamedTuple

from crossmargin.imports.convert import import_account


class Case(NamedTuple):
    """Replies of one venue, and the tables of the file they should make."""

    name: str
    venue: str
    replies: list[Any]
    file: dict[str, Any]

    def documents(self) -> list[tuple[str, str]]:
        """Return the replies as files."""
        return [(f"{at}.json", json.dumps(reply)) for at, reply in enumerate(self.replies)]


def position(symbol, size, entry_price, mode="cross", **more):
    """Return one [[positions]] table."""
    return {"symbol": symbol, "size": size, "entry_price": entry_price, "mode": mode, **more}


def imported(venue, *given):
    """Return what the JSON values `given` make."""
    return import_account(venue, [(f"{at}.json", json.dumps(one)) for at, one in enumerate(given)])


def said(found, worth):
    """Return what an import says of `worth`."""
    return [line.what for line in found.lines if line.worth is worth]
