"""A venue's entrance that also keeps a journal, for those who play without a writer's loop.

What is decided is written in batches and at the latest by `flush`: a story that is cut off may be
missing its end in the store, never its middle. A store that is there already is refused, because
a story begins with an empty one. Serving is the loop's business (`runtime.loop`), which answers
nobody before the record is safe.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from crossmargin.errors import UsageError
from crossmargin.files.story_tables import Story
from crossmargin.store.entry import Decided
from crossmargin.store.journal import Header
from crossmargin.store.sqlite import SqliteJournal
from crossmargin.venue.command import AnyCommand
from crossmargin.venue.event import AnyEvent
from crossmargin.venue.state import State

BATCH = 1000
"""How many records are written at once."""

Decide: TypeAlias = Callable[[State, AnyCommand], tuple[AnyEvent, ...]]


class Recorder:
    """Decides as `decide` does, and writes it down in a new store at `path`.

    Raises
    ------
    UsageError
        If something is at the path already, or no store can be made there.
    """

    def __init__(self, path: Path, story: Story, decide: Decide) -> None:
        """Make a new store for `story`."""
        rulebook = story.rulebook
        header = Header(
            created_at_ms=story.start_ms,
            venue=rulebook.venue,
            edition=rulebook.edition.isoformat(),
            rulebook=rulebook.sha256,
            settings=story.settings,
            note=f"story {story.title}".strip(),
        )
        if path.exists():
            raise UsageError(f"{path}: is there already; a story begins with an empty store")
        self._journal = SqliteJournal(path, header)
        self._decide = decide
        self._pending: list[Decided] = []

    def decide(self, state: State, asked: AnyCommand) -> tuple[AnyEvent, ...]:
        """Return what comes of a command, and remember to write it."""
        events = self._decide(state, asked)
        self._pending.append(Decided(asked, events))
        if len(self._pending) >= BATCH:
            self.flush()
        return events

    def flush(self) -> None:
        """Write what is not written yet."""
        pending, self._pending = self._pending, []
        if pending:
            self._journal.append(pending)

    def close(self) -> None:
        """Write the rest and let others have the store."""
        try:
            self.flush()
        finally:
            self._journal.close()
