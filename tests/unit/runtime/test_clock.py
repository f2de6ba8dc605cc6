"""Time goes forward, or stands still."""

import time

import pytest

from crossmargin.errors import UsageError
from crossmargin.runtime.clock import ManualClock, SystemClock


def test_a_manual_clock_passes_when_it_is_told():
    clock = ManualClock(5)

    assert (5, 12, 12) == (clock.now_ms(), clock.advance(7), clock.now_ms())
    with pytest.raises(UsageError, match="does not go back by 1 ms"):
        clock.advance(-1)


def test_a_machine_set_back_does_not_set_the_venue_back(monkeypatch):
    seen = iter([5_000_000, 3_999_999, 7_000_000])
    monkeypatch.setattr(time, "time_ns", lambda: next(seen))
    clock = SystemClock()

    assert [5, 5, 7] == [clock.now_ms() for _ in range(3)]
