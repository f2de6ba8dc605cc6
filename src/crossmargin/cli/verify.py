"""`crossmargin verify`: whether a store is what was written, and would be decided so again.

The store may be in use meanwhile. Nothing is mended: there is one copy, and what it should have
said is nowhere else.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from crossmargin.cli.fresh import fresh_state
from crossmargin.errors import StoreError

if TYPE_CHECKING:
    from crossmargin.store.journal import Header
    from crossmargin.store.verify import Verdict
    from crossmargin.venue.state import State


def verify(
    store: Annotated[
        str,
        typer.Argument(
            metavar="STORE", help="The store of a paper venue: a file, or a postgresql:// address."
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
) -> None:
    """Check every entry of a store: hashes, order, what it makes of the venue.

    Of a store that was served, the audit log beside it too.
    """
    from crossmargin.store.places import reader_at
    from crossmargin.store.verify import verify as verdict_of
    from crossmargin.venue.decide import decide

    reader = reader_at(store)
    try:
        header = reader.header
        state = fresh_state(header)
        verdict = verdict_of(reader, state, decide)
    finally:
        reader.close()
    audit = _audited(store)
    if as_json:
        from crossmargin.cli.as_json import show_json

        told = {"store": reader.name, "header": header, "verdict": verdict, "audit": audit}
        show_json({"schema": 1, **told})
    else:
        typer.echo("\n".join(_lines(header, verdict, state)))
        if audit is not None:
            typer.echo(f"audit log      {audit['lines']} lines; {audit['damage'] or 'no damage'}")
    if verdict.damage:
        raise _damaged(reader.name, verdict.damage)
    if audit is not None and audit["damage"]:
        raise _damaged(reader.name, str(audit["damage"]))


def _audited(store: str) -> dict[str, object] | None:
    """Return how many sound lines the audit log beside a store has; None where there is none."""
    from crossmargin.api.audit import check
    from crossmargin.api.places import places_of
    from crossmargin.cli.serve import stores_folder

    # The store has a name; the folder is that of the files beside a database.
    path = places_of(store, stores_folder() / "venue.db", None).audit
    if not path.is_file():
        return None
    lines, damage = check(path)
    return {"lines": lines, "damage": damage}


def _damaged(store: str, damage: str) -> StoreError:
    """Return what becomes status 1, and the sentence on standard error."""
    return StoreError(f"{store}: {damage}")


def _lines(header: "Header", verdict: "Verdict", state: "State | None") -> list[str]:
    """Return the verdict in words."""
    why = "" if state and state.rulebook.sha256 == header.rulebook else "; no such rulebook here"
    lines = [
        f"rulebook       {header.venue} {header.edition} ({header.rulebook[:12]})",
        f"entries sound  {verdict.entries:,}",
        f"decided again  {verdict.decided_again:,}{why}",
        f"states alike   {verdict.states_compared:,}",
        f"snapshots      {verdict.snapshots:,}",
        f"last hash      {verdict.hash or '–'}",
        f"state          {verdict.state or 'not made'}",
    ]
    return [*lines, "damage         " + (verdict.damage or "none")]
