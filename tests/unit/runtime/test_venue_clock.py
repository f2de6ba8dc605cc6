"""Time at a venue that is fed: as fast as asked for, and never ahead of the feed."""

from decimal import Decimal

import pytest

from crossmargin.runtime.venue_clock import VenueClock

START_MS = 1_760_126_400_000


class Machine:
    """A monotonic clock that is told what it says."""

    def __init__(self):
        self.ns = 5_000_000_000

    def pass_s(self, seconds):
        self.ns += int(Decimal(seconds) * 10**9)

    def __call__(self):
        return self.ns


@pytest.mark.parametrize(
    ("speed", "seconds", "passed_ms"),
    [
        ("1", "0.25", 250),
        ("60", "0.25", 15_000),
        ("0.5", "3", 1_500),
        ("1000000", "0.000001", 1_000),
    ],
)
def test_so_many_simulated_seconds_a_second(speed, seconds, passed_ms):
    machine = Machine()
    clock = VenueClock(START_MS, Decimal(speed), machine)
    machine.pass_s(seconds)

    assert START_MS + passed_ms == clock.now_ms()


def test_time_waits_for_the_moment_that_is_due():
    machine = Machine()
    clock = VenueClock(START_MS, Decimal(1), machine)

    assert 2.0 == clock.wait_for(START_MS + 2_000)
    machine.pass_s(1)
    assert START_MS + 1_000 == clock.now_ms()
    machine.pass_s(8)
    assert START_MS + 2_000 == clock.now_ms()
    assert 0.0 == clock.wait_for(START_MS + 2_000)
    clock.reached(START_MS + 2_000)
    assert START_MS + 9_000 == clock.now_ms()


def test_at_most_speed_time_is_the_feeds():
    machine = Machine()
    clock = VenueClock(START_MS, None, machine)
    machine.pass_s(100)

    assert START_MS == clock.now_ms()
    assert 0.0 == clock.wait_for(START_MS + 60_000)
    assert START_MS == clock.now_ms()
    clock.reached(START_MS + 60_000)
    assert START_MS + 60_000 == clock.now_ms()


def test_time_never_goes_back():
    machine = Machine()
    clock = VenueClock(START_MS, Decimal(1), machine)
    machine.pass_s(10)
    later = clock.now_ms()
    clock.wait_for(START_MS + 1_000)

    assert later == clock.now_ms()
    clock.reached(START_MS + 1_000)
    assert later == clock.now_ms()


def test_it_goes_on_from_where_a_venue_was_recovered():
    machine = Machine()
    clock = VenueClock(START_MS, Decimal(10), machine)
    machine.pass_s(1)
    clock.start(START_MS + 3_600_000)
    machine.pass_s(1)

    assert START_MS + 3_610_000 == clock.now_ms()


def test_it_does_not_start_before_now():
    machine = Machine()
    clock = VenueClock(START_MS, Decimal(1), machine)
    clock.start(START_MS - 1)

    assert START_MS == clock.now_ms()
