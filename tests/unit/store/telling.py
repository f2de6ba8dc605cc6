"""A market told to a store by a process of its own, and what came of it.

    python telling.py STORE

Prints the last entry's hash, the state's hash, and those of the state that a second reading makes.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    root = Path(__file__).resolve().parents[3]
    sys.path[:0] = [str(root / "src"), str(root)]

from crossmargin.runtime.clock import ManualClock
from crossmargin.runtime.loop import Limits, Writer
from crossmargin.store.journal import Header
from crossmargin.store.places import journal_at
from crossmargin.store.recovery import recover
from crossmargin.store.state_hash import shown, state_hash
from crossmargin.venue.decide import decide
from tests.unit.store import markets

STEPS = 40


def tell(place: str) -> list[str]:
    """Play the market and return the hashes."""
    header = Header(created_at_ms=1, venue="toy", edition="", rulebook=markets.RULES.sha256)
    writer = Writer(
        journal_at(place, header), markets.fresh, decide, ManualClock(), Limits(snapshot_entries=99)
    )
    for command in markets.Market(11).commands(STEPS):
        writer.submit(command)
    while writer.run_once():
        pass
    assert writer.halted is None
    hashes = [shown(state_hash(writer.state))]
    writer.close()
    journal = journal_at(place)
    *_, last = journal.read()
    hashes += [last.hash.hex(), shown(recover(markets.fresh, journal).hash.current())]
    journal.close()
    return hashes


if __name__ == "__main__":
    sys.stdout.write("\n".join(tell(sys.argv[1])))
