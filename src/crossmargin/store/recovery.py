"""A state from a journal: events folded in order, nothing decided.

Deciding again would let a mended formula rewrite what happened; folding cannot. Every record is
checked on the way, so a damaged journal stops here and never becomes a state.

Recovery reads the whole journal; there are no snapshots yet.
"""

from crossmargin.store.entry import Entry
from crossmargin.store.journal import Journal
from crossmargin.venue.fold import fold
from crossmargin.venue.state import State


def recover(state: State, journal: Journal) -> State:
    """Fold everything in `journal` into the fresh `state` and return it.

    Raises
    ------
    StoreError
        If the journal is damaged.
    """
    for one in journal.read():
        fold_entry(state, one)
    return state


def fold_entry(state: State, one: Entry) -> None:
    """Let time be the record's, then its events have happened.

    Raises
    ------
    StoreError
        If this version knows no such event.
    """
    state.advance(one.at_ms)
    for event in one.decoded_events():
        fold(state, event)
