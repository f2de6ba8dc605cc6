"""`crossmargin rulebooks`: which venues' rules there are, from when, and what they rest on.

A family of two commands, of which `list` is the one meant where none is named.
"""

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from crossmargin.cli.update import update

if TYPE_CHECKING:
    from rich.console import Console
    from typer._click.core import Context

    from crossmargin.rulebooks.describe import VenueSummary

NO_ADDRESS = "none"
"""What data files write for a source that nobody can open."""


class ListUnlessNamed(TyperGroup):
    """A family in which `rulebooks VENUE` is `rulebooks list VENUE`."""

    def parse_args(self, ctx: "Context", args: list[str]) -> list[str]:
        """Return what is left of `args` after the family's own, `list` put in where it is meant."""
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = ["list", *args]
        return super().parse_args(ctx, args)


rulebooks = typer.Typer(
    cls=ListUnlessNamed,
    help="List venues' rulebooks, or fetch new tables; `rulebooks VENUE` lists one.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
rulebooks.command()(update)


@rulebooks.command("list")
def list_rulebooks(
    venue: Annotated[
        str | None,
        typer.Argument(metavar="[VENUE]", help="Only this venue, with assumptions and sources."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """List venues; with one named its editions, what in them is assumed, and the sources."""
    from crossmargin.rulebooks.describe import summaries, summary

    found = summaries() if venue is None else (summary(venue),)
    if as_json:
        from crossmargin.cli.as_json import show_json

        show_json({"schema": 1, "venues": found})
        return
    from crossmargin.cli.console import console

    out = console()
    if venue is None:
        _show_all(out, found)
        out.print("\nEditions, assumptions, sources: crossmargin rulebooks VENUE", style="dim")
    else:
        _show(out, found[0])


def _show_all(out: "Console", found: "tuple[VenueSummary, ...]") -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 3, 0, 0))
    table.add_column("Venue", no_wrap=True)
    table.add_column("Editions", justify="right")
    table.add_column("Newest")
    table.add_column("Symbols", justify="right")
    table.add_column("From")
    for venue in found:
        newest = venue.editions[-1]
        origins = dict.fromkeys(edition.origin.value for edition in venue.editions)
        table.add_row(
            venue.venue,
            str(len(venue.editions)),
            newest.edition.isoformat(),
            str(newest.symbols),
            ", ".join(origins),
        )
    out.print(table)


def _show(out: "Console", venue: "VenueSummary") -> None:
    from rich.table import Table

    from crossmargin.cli.console import show_sentence

    out.print(venue.venue, style="bold")
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 3, 0, 2))
    table.add_column("In force from")
    table.add_column("Symbols", justify="right")
    table.add_column("Ladders", justify="right")
    table.add_column("Hash")
    table.add_column("From")
    for edition in venue.editions:
        table.add_row(
            edition.edition.isoformat(),
            str(edition.symbols),
            str(edition.ladders),
            edition.hash_short,
            edition.origin,
        )
    out.print(table)
    if venue.assumed:
        out.print("  Assumed:", style="dim")
        for sentence in venue.assumed:
            show_sentence(out, sentence, indent=4)
    counts = Counter(source.confidence.value for source in venue.sources.values())
    how_sure = ", ".join(f"{count} {confidence}" for confidence, count in counts.most_common())
    show_sentence(out, f"Sources: {len(venue.sources)} ({how_sure})", "dim")
    for source in venue.sources.values():
        read = f"{source.confidence}, read {source.read_on}"
        show_sentence(out, f"{source.what} ({read})", indent=4)
        if source.address != NO_ADDRESS:
            out.print(f"      {source.address}", style="dim", markup=False)
