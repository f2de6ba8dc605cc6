"""`crossmargin rulebooks update`: what a venue publishes now, as a new edition of one's own."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from crossmargin.live.draft import Draft
    from crossmargin.live.records import Fetched
    from crossmargin.rulebooks.difference import Change, Difference

NAMES_SHOWN = 8
LINES_SHOWN = 8


def update(
    venue: Annotated[str, typer.Argument(help="Whose tables, by its name in rulebooks.")],
    is_dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what changed, write nothing.")
    ] = False,
    url: Annotated[
        str | None,
        typer.Option(help="Ask this server instead of the venue's: http://localhost:8080"),
    ] = None,
) -> None:
    """Fetch tiers, fees and haircuts into a new edition, and show what changed.

    Editions that exist are never changed. Most venues need no key.
    """
    from datetime import UTC, datetime

    from crossmargin.cli.console import console, show_sentence
    from crossmargin.live.draft import draft
    from crossmargin.live.tables import check_can_be_fetched, fetch
    from crossmargin.rulebooks.assemble import rulebook_from
    from crossmargin.rulebooks.difference import difference
    from crossmargin.rulebooks.files import DataFile
    from crossmargin.rulebooks.loader import (
        add_edition,
        check_is_new,
        edition_files,
        load_rulebook,
        origin,
    )

    today = datetime.now(UTC).date()
    last = load_rulebook(venue, at=today)
    check_can_be_fetched(venue)
    if not is_dry_run:
        check_is_new(venue, today)
    base = edition_files(venue, last.edition)
    fetched = fetch(venue, url=url)
    drafted = draft(fetched, base, today)
    new = rulebook_from(base.rules, DataFile(f"{venue}/{today}.toml", drafted.content))
    path = None if is_dry_run else add_edition(venue, today, drafted.content)

    out = console()
    out.print(f"{venue}, edition {today}", style="bold")
    show_sentence(out, f"Asked {fetched.address} through {fetched.program}.", "dim")
    out.print(f"  Compared with {last.edition} ({origin(venue, last.edition)}):", style="dim")
    _show_difference(out, difference(last, new))
    _show_rest(out, fetched, drafted)
    if path is None:
        out.print("Nothing was written (--dry-run).")
    else:
        out.print(f"wrote {path}", soft_wrap=True, markup=False)


def _show_difference(out: "Console", found: "Difference") -> None:
    from crossmargin.cli.console import show_sentence

    if found.is_empty:
        out.print("    nothing changed")
    for title, names in (("New", found.added), ("Gone", found.removed)):
        if names:
            show_sentence(out, f"{title} ({len(names)}): {_some(names)}")
    for title, changes in (
        ("Ladders, first tier that differs", found.ladders),
        ("Contracts", found.contracts),
        ("Fees", found.fees),
        ("Haircuts", found.collateral),
    ):
        if changes:
            count = len({name for change in changes for name in change.names})
            out.print(f"  {title} ({count}):")
            _show_changes(out, changes)


def _show_changes(out: "Console", changes: "Iterable[Change]") -> None:
    from crossmargin.cli.console import show_sentence

    # What most names share first: one screen holds what matters.
    ordered = sorted(changes, key=lambda change: -len(change.names))
    for change in ordered[:LINES_SHOWN]:
        line = f"{_some(change.names)}: {change.what} {change.before} → {change.after}"
        show_sentence(out, line, indent=4)
    if len(ordered) > LINES_SHOWN:
        out.print(f"    and {len(ordered) - LINES_SHOWN} more changes")


def _show_rest(out: "Console", fetched: "Fetched", drafted: "Draft") -> None:
    from crossmargin.cli.console import show_sentence

    if drafted.refused:
        count = len(drafted.refused)
        out.print(f"  Refused, what the last edition has is kept ({count}):", style="yellow")
        for name, why in list(drafted.refused.items())[:LINES_SHOWN]:
            show_sentence(out, f"{name}: {why}", "yellow", indent=4)
        if len(drafted.refused) > LINES_SHOWN:
            rest = tuple(drafted.refused)[LINES_SHOWN:]
            show_sentence(out, f"and {_some(rest)}", "yellow", indent=4)
    if fetched.missing:
        out.print("  Not fetched, what the last edition has is kept:", style="yellow")
        for sentence in fetched.missing:
            show_sentence(out, sentence, "yellow", indent=4)
    if drafted.foreign:
        line = f"Listed by the venue, but no contracts of this rulebook: {_some(drafted.foreign)}"
        show_sentence(out, line, "dim")


def _some(names: tuple[str, ...]) -> str:
    shown = " ".join(names[:NAMES_SHOWN])
    rest = len(names) - NAMES_SHOWN
    return f"{shown} and {rest} more" if rest > 0 else shown
