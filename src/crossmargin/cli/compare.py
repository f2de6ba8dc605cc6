"""`crossmargin compare`: one portfolio under the rules of every venue that can hold it."""

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from crossmargin.risk.venues.comparison import Refusal
    from crossmargin.rulebooks.schema import Rulebook


def compare(
    account: Annotated[
        str, typer.Argument(metavar="ACCOUNT", help="An account file, or - for standard input.")
    ],
    venues: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Only these venues beside the account's own."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the comparison as JSON, numbers as strings.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a report that opens in a browser.")
    ] = None,
) -> None:
    """Show one portfolio under every venue's rules: margin, health, liquidation, capacity.

    Exit status: 0 an answer of any venue, 2 bad input, 3 unknown at all of them.
    """
    from msgspec.structs import replace

    from crossmargin.cli.source import account_file
    from crossmargin.risk.venues.comparison import compared

    file = account_file(account)
    books, unread = _rulebooks(file.rulebook.venue, venues, file.table.at)
    found = compared(file.account, file.market, file.rulebook, books)
    found = replace(found, refusals=(*found.refusals, *unread))
    if html is not None:
        from crossmargin.report.comparison import write_comparison

        write_comparison(html, found, title="" if account == "-" else Path(account).stem)
    if as_json:
        from crossmargin.cli.as_json import show_json
        from crossmargin.files.comparison import comparison_answer

        show_json(comparison_answer(found))
    else:
        from crossmargin.cli.compare_tables import show_comparison
        from crossmargin.cli.console import console

        show_comparison(console(), found)
        if html is not None:
            typer.echo(f"\nwrote {html}")
    if not found.is_known:
        sys.exit(3)


def _rulebooks(
    home: str, wanted: str | None, at: datetime | None
) -> "tuple[list[Rulebook], list[Refusal]]":
    # What is asked for by name must be there. Of all venues, one whose files are broken is left
    # out, so that it does not hide the others.
    from crossmargin.cli.listed import listed
    from crossmargin.errors import RulebookError
    from crossmargin.risk.venues.comparison import Refusal
    from crossmargin.rulebooks.loader import load_rulebook, venues

    if wanted is not None:
        others = [name for name in listed(wanted, "--venues") if name != home]
        return [load_rulebook(name, at=at) for name in others], []
    found, unread = [], []
    for name in venues():
        if name == home:
            continue
        try:
            found.append(load_rulebook(name, at=at))
        except RulebookError as error:
            unread.append(Refusal(name, f"its rulebook cannot be read: {error}"))
    return found, unread
