"""What keeping a large venue costs: its snapshot, its start, and the hash of its state.

10,000 accounts with money and two resting orders each, put there by commands, so that the journal
holds them too. Rounds alternate where two things are compared; the best of each counts.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from unittest.mock import patch

from benchmarks.timing import line
from benchmarks.venue import LOT, RULEBOOK, SETTINGS, Venue, entry, order
from crossmargin.store.places import journal_at
from crossmargin.store.recovery import recover
from crossmargin.store.snapshot import snapshot_of
from crossmargin.store.sql import SqlJournal
from crossmargin.store.state_hash import state_hash
from crossmargin.venue.state import State

ACCOUNTS = 10_000
CHANGED = 1_000
ROUNDS = 3


def bench() -> Iterator[str]:
    """Yield the lines."""
    with TemporaryDirectory() as folder:
        venue = Venue(folder)
        names = [f"a{number}" for number in range(ACCOUNTS)]
        venue.do([one for name in names for one in entry(name)])
        for bid in (45_000, 44_000):
            venue.do([order(bid, LOT, bid, name) for name in names])
        venue.close()  # Which takes a snapshot.
        journal = journal_at(str(Path(folder) / "store"))
        kept = _least(lambda: recover(_fresh, journal))
        with patch.object(SqlJournal, "snapshots", lambda _: ()):
            folded = _least(lambda: recover(_fresh, journal))
        found, entries = recover(_fresh, journal), journal.sequence
        journal.close()
    state, whole = found.state, found.hash

    def touch() -> None:
        assert state.unhashed is not None
        state.unhashed.accounts.update(names[:CHANGED])

    partly, fully = _least(whole.current, touch), _least(lambda: state_hash(state))
    snapshot = _least(lambda: snapshot_of(state, whole.current(), entries, b""))
    about = f"{ACCOUNTS:,} accounts with two resting orders each"
    yield line(
        "store-hash",
        partly * 1e3,
        "ms",
        "hashing the whole state",
        partly / fully,
        f"{about}, {CHANGED:,} of them changed",
        better="lower",
    )
    yield line("store-snapshot", snapshot * 1e3, "ms", None, None, f"{about}, made", better="lower")
    yield line(
        "store-start",
        kept * 1e3,
        "ms",
        f"folding all {entries:,} entries",
        kept / folded,
        f"{about}, from a snapshot",
        better="lower",
    )


def _fresh() -> State:
    return State(RULEBOOK, SETTINGS)


def _least(work: Callable[[], object], before: Callable[[], None] | None = None) -> float:
    least = float("inf")
    for _ in range(ROUNDS):
        if before is not None:
            before()
        start = perf_counter()
        work()
        least = min(least, perf_counter() - start)
    return least
