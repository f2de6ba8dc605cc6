"""Laws 24 to 27: the venue is what its journal makes of it, however that is read.

Folded from the beginning, from every snapshot, decided again, decided again in batches of another
size with another store: one state, one chain of hashes. Refusals and what was asked twice are in
the journal as they were answered, so deciding again would show if they had left anything.
"""

from crossmargin.runtime.loop import Limits, Writer
from crossmargin.store.recovery import fold_entry
from crossmargin.store.snapshot import restored
from crossmargin.store.sqlite import SqliteJournal, SqliteReader
from crossmargin.store.state_hash import shown, state_hash
from crossmargin.store.verify import verify
from crossmargin.venue.decide import decide


def same_however_read(world):
    """Yield ways of reading the journal that give another state than the one that is shown."""
    live, reader = world.hash(), SqliteReader(world.store)
    verdict = verify(reader, world.fresh(), decide)
    if verdict.damage is not None:
        yield f"law 25: {verdict.damage}"
    elif verdict.state != shown(live):
        yield "law 25: the journal, decided again, makes another state"
    reader.close()
    reader = SqliteReader(world.store)
    if _folded(world, reader) != live:
        yield "law 25: the journal, folded, makes another state"
    for sequence in reader.snapshots():
        state = world.fresh()
        restored(state, reader.snapshot(sequence))
        for entry in reader.read(sequence + 1):
            fold_entry(state, entry)
        if state_hash(state) != live:
            yield f"law 26: the snapshot {sequence} and what came after make another state"
    head = reader.head()
    reader.close()
    if _rebatched(world) != (head, live):
        yield "law 24: batches of another size make another journal or state"


def _folded(world, reader):
    state = world.fresh()
    for entry in reader.read():
        fold_entry(state, entry)
    return state_hash(state)


def _rebatched(world):
    # The same commands at a venue of its own, in batches of another size.
    sizes = [2, 7, 64]
    size = sizes[world.seed % 3] if world.swarm.batch_max != 2 else 5
    path = world.store.with_name("rebatched.db")
    journal = SqliteJournal(path, world.header, is_synced=False)
    writer = Writer(journal, world.fresh, decide, world, Limits(batch_max=size))
    for command in world.auditor.commands.values():
        writer.submit(command)
        if writer.waiting > 1000:
            _work_off(writer)
    _work_off(writer)
    found = journal.head(), state_hash(writer.state)
    writer.close()
    return found


def _work_off(writer):
    while writer.waiting:
        writer.run_once()
