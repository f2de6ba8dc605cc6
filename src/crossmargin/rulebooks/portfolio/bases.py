"""Rows of numbers that hold for some underlyings each."""

from collections.abc import Sequence
from typing import TypeVar

from crossmargin.rulebooks.sourced import Sourced

OTHERS = "others"
"""What a row's `bases` says where it holds for all that no other row names."""


class OfBases(Sourced, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row of numbers; `bases` are the underlyings' assets separated by blanks, or "others"."""

    bases: str


R = TypeVar("R", bound=OfBases)


def row_of(base: str, rows: Sequence[R]) -> R | None:
    """Return the row that names `base`, else the one of all others; None without either."""
    named = [row for row in rows if base in row.bases.split()]
    others = [row for row in rows if row.bases == OTHERS]
    return next(iter((*named, *others)), None)
