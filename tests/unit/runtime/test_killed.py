"""A venue that is killed at any moment has all that it acknowledged, each of it once."""

import random
import subprocess
import sys
import time
from pathlib import Path

from hypothesis import settings

from crossmargin.store.places import journal_at
from crossmargin.store.recovery import recover
from crossmargin.store.verify import verify
from tests.unit.runtime import writing
from tests.unit.store.stores import decide, fresh


def cycles(place):
    """Return how often a venue is killed: here for minutes in a soak."""
    few = 6 if place.startswith("postgresql:") else 20
    return 50 * few if settings.get_current_profile_name() == "soak" else few


def test_what_was_acknowledged_survives_being_killed(place, tmp_path):
    """A child deposits and says so; it is killed at any moment, started again, retries."""
    chance = random.Random(7)  # noqa: S311 - a seed, so that a failure comes again.
    log = tmp_path / "acknowledged"
    log.touch()
    for _ in range(cycles(place)):
        child = subprocess.Popen(
            [sys.executable, writing.__file__, place, log], stdout=subprocess.PIPE, cwd=Path.cwd()
        )
        try:
            child.stdout.readline()  # It has begun to write.
            time.sleep(chance.uniform(0, 0.05))
        finally:
            child.kill()
            child.communicate()
        acknowledged = [int(line) for line in log.read_text().split("\n")[:-1]]
        look_after_kill(journal_at(place), acknowledged)

    assert len(acknowledged) > cycles(place)


def look_after_kill(journal, acknowledged):
    """Every deposit acknowledged is there, once, and at most one batch more."""
    state = recover(fresh, journal).state
    happened = int(state.accounts[writing.ACCOUNT].balances.get("USDT", 0))

    # Each deposit is of 1 under its own client id.
    assert [*range(len(acknowledged))] == acknowledged
    assert len(acknowledged) <= happened <= len(acknowledged) + writing.BATCH
    assert all(journal.known(writing.ACCOUNT, f"d{n}") for n in acknowledged)
    assert verify(journal, fresh(), decide).damage is None
    journal.close()
