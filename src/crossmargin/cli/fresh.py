"""The empty venue that a store began with, for commands that fold its events."""

from typing import TYPE_CHECKING

from crossmargin.errors import UsageError

if TYPE_CHECKING:
    from crossmargin.store.journal import Header
    from crossmargin.venue.state import State


def fresh_state(header: "Header") -> "State | None":
    """Return an empty venue to fold into; None if the rulebook is not to be had."""
    from crossmargin.rulebooks.loader import load_rulebook
    from crossmargin.venue.state import State

    try:
        return State(load_rulebook(header.venue, edition=header.edition), header.settings)
    except UsageError:
        return None
