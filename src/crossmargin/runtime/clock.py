"""The time, from whoever is asked for it: the machine, or a test.

The venue itself reads no clock; times are put into commands where they come in.
"""

import time
from typing import Protocol

from crossmargin.errors import UsageError


class Clock(Protocol):
    """Something that tells the time."""

    def now_ms(self) -> int:
        """Return milliseconds UTC, never fewer than before."""


class SystemClock:
    """The machine's time; if it is set back, time stands still until it has caught up."""

    def __init__(self) -> None:
        """Start with the time as it is."""
        self._last_ms = 0

    def now_ms(self) -> int:
        """Return milliseconds UTC, never fewer than before."""
        self._last_ms = max(self._last_ms, time.time_ns() // 1_000_000)
        return self._last_ms


class ManualClock:
    """Time that passes when it is told to."""

    def __init__(self, at_ms: int = 0) -> None:
        """Start at `at_ms`, milliseconds UTC."""
        self._at_ms = at_ms

    def now_ms(self) -> int:
        """Return milliseconds UTC."""
        return self._at_ms

    def advance(self, by_ms: int) -> int:
        """Let `by_ms` milliseconds pass and return the time.

        Raises
        ------
        UsageError
            If time would go back.
        """
        if by_ms < 0:
            raise UsageError(f"clock: time does not go back by {-by_ms} ms")
        self._at_ms += by_ms
        return self._at_ms
