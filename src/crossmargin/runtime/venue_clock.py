"""The time at a venue that is fed: so many simulated seconds a second, or the feed's own.

It never runs ahead of the feed. Until the moment that is due has been handed over, time waits for
it; a machine that is too slow for the speed asked for makes time slower, not prices stale.
"""

import time
from collections.abc import Callable
from decimal import Decimal

NS_PER_MS = 1_000_000


class VenueClock:
    """Time that starts at a moment of the venue's and is driven by the machine or by the feed.

    Attributes
    ----------
    speed : simulated seconds a second; None is as fast as the feed goes, and then it stands still
        between two of the feed's moments.
    """

    def __init__(
        self,
        start_ms: int,
        speed: Decimal | None = None,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Start at `start_ms`, milliseconds UTC."""
        self.speed, self._monotonic_ns = speed, monotonic_ns
        self._due_ms: int | None = None
        self._last_ms = start_ms
        self.start(start_ms)

    def start(self, at_ms: int) -> None:
        """Go on from `at_ms`, or from now if that is later."""
        self._start_ms = self._last_ms = max(self._last_ms, at_ms)
        self._start_ns = self._monotonic_ns()

    def now_ms(self) -> int:
        """Return milliseconds UTC, never fewer than before."""
        if self.speed is not None:
            now_ms = self._start_ms + int(self._passed_ns() * self.speed) // NS_PER_MS
            if self._due_ms is not None:
                now_ms = min(now_ms, self._due_ms)
            self._last_ms = max(self._last_ms, now_ms)
        return self._last_ms

    def wait_for(self, at_ms: int) -> float:
        """Return how many seconds it is until `at_ms`, which the feed has next.

        Time stays at it until `reached`.
        """
        self._due_ms = at_ms
        if self.speed is None:
            return 0.0
        due_ns = (at_ms - self._start_ms) * NS_PER_MS / self.speed
        return max(0.0, float(due_ns - self._passed_ns()) / 1e9)

    def reached(self, at_ms: int) -> None:
        """Let it be `at_ms`, or later if it is: the feed's moment has come."""
        self._last_ms, self._due_ms = max(self._last_ms, at_ms), None

    def _passed_ns(self) -> int:
        return self._monotonic_ns() - self._start_ns
