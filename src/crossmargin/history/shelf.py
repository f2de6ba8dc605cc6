"""Records by account or market, the newest so many of each and of all together.

Adding costs the same however many there are: what is too much is let go of at the other end.
"""

from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

Record = TypeVar("Record")


class Shelf(Generic[Record]):
    """The newest records of every key."""

    def __init__(self, each_max: int, all_max: int) -> None:
        """Start empty; keep `each_max` records of a key and `all_max` in all."""
        self._each_max, self._all_max = each_max, all_max
        self._by_key: dict[str, deque[Record]] = {}
        # In order of arrival, those included that their key has let go of already.
        self._all: deque[tuple[str, Record]] = deque()

    def add(self, key: str, record: Record) -> tuple[Record, ...]:
        """Keep a record, and return those that are let go of for it."""
        kept = self._by_key.setdefault(key, deque())
        kept.append(record)
        self._all.append((key, record))
        gone = [kept.popleft()] if len(kept) > self._each_max else []
        if len(self._all) > self._all_max:
            oldest_key, oldest = self._all.popleft()
            found = self._by_key.get(oldest_key)
            if found and found[0] is oldest:
                gone.append(found.popleft())
                if not found:
                    del self._by_key[oldest_key]
        return tuple(gone)

    def of(self, key: str) -> tuple[Record, ...]:
        """Return the records of a key, oldest first."""
        return tuple(self._by_key.get(key, ()))

    def __iter__(self) -> Iterator[Record]:
        """Yield the records of all keys, in order of arrival."""
        return (record for _, record in self._all)
