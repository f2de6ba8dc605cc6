"""A venue's entrance that also keeps a journal, for those who play instead of serving.

A story asks for one thing after another and looks at what came of each, so there is one command to
a batch of the writer's. Nobody waits for an answer that must survive the loss of power, so batches
are not synced: what is cut off may be missing its end in the store, never its middle.
"""

from collections.abc import Callable

from crossmargin.errors import InvariantBroken
from crossmargin.rulebooks.schema import Rulebook
from crossmargin.runtime.clock import ManualClock
from crossmargin.runtime.loop import Writer
from crossmargin.store.journal import Header
from crossmargin.store.places import new_journal_at
from crossmargin.venue.command import AnyCommand
from crossmargin.venue.decide import Decide
from crossmargin.venue.event import AnyEvent
from crossmargin.venue.settings import VenueSettings
from crossmargin.venue.state import State


def header_of(rulebook: Rulebook, settings: VenueSettings, at_ms: int, note: str) -> Header:
    """Return what a store says of a venue that begins at `at_ms`; `note` is for people."""
    return Header(
        created_at_ms=at_ms,
        venue=rulebook.venue,
        edition=rulebook.edition.isoformat(),
        rulebook=rulebook.sha256,
        settings=settings,
        note=note,
    )


class Recorder:
    """Decides as `decide` does, and writes it down in a new store."""

    def __init__(
        self, place: str, header: Header, fresh: Callable[[], State], decide: Decide
    ) -> None:
        """Make a new store at `place` that begins with `header`, for the venue that `fresh` makes.

        Raises
        ------
        UsageError
            If something is at the place already, or no store can be made there.
        StoreError
            If it cannot be written.
        """
        journal = new_journal_at(place, header, is_synced=False)
        self._clock = ManualClock(header.created_at_ms)
        self._writer = Writer(journal, fresh, decide, self._clock)

    @property
    def state(self) -> State:
        """Return the venue."""
        return self._writer.state

    def decide(self, _: State, asked: AnyCommand) -> tuple[AnyEvent, ...]:
        """Return what comes of a command, once it is written; the state is the recorder's own.

        Raises
        ------
        StoreError
            If it could not be written.
        InvariantBroken
            If the venue contradicted itself.
        """
        self._clock.advance(max(0, asked.at_ms - self._clock.now_ms()))
        answer = self._writer.submit(asked)
        self._writer.run_once()
        events = answer.result(0).events
        if self._writer.halted is not None:
            raise InvariantBroken(self._writer.halted)
        return events

    def close(self) -> None:
        """Let others have the store."""
        self._writer.close()
