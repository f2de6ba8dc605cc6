"""Which part of a list a request asks for: `startTime`, `endTime`, `fromId`, `limit`."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from crossmargin.api.binance.errors import DialectError
from crossmargin.api.binance.params import Params

T = TypeVar("T")


def part(
    params: Params,
    records: Iterable[T],
    at_ms: Callable[[T], int],
    number: Callable[[T], int] | None = None,
    *,
    default: int = 500,
    most: int = 1000,
) -> list[T]:
    """Return the records a request asks for, oldest first.

    The first of them from `fromId` or `startTime` on where one is given, else the last.

    Parameters
    ----------
    at_ms, number : a record's time, and its id where `fromId` is taken.
    default, most : how many without a `limit`, and at most.

    Raises
    ------
    DialectError
        -1130 for a limit that is too large or zero, -1023 where the end is before the start.
    """
    limit = params.integer("limit", 1, most) or default
    start, end = params.integer("startTime"), params.integer("endTime")
    first = params.integer("fromId") if number is not None else None
    if start is not None and end is not None and start > end:
        raise DialectError(-1023)
    found = [
        one
        for one in records
        if (start is None or at_ms(one) >= start)
        and (end is None or at_ms(one) <= end)
        and (first is None or number is None or number(one) >= first)
    ]
    is_from_start = start is not None or first is not None
    return found[:limit] if is_from_start else found[-limit:]
