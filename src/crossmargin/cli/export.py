"""`crossmargin export`: what happened at a paper venue, as tables for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from crossmargin.cli.fresh import fresh_state
from crossmargin.errors import UsageError


def export(
    store: Annotated[
        str,
        typer.Argument(
            metavar="STORE", help="The store of a paper venue: a file, or a postgresql:// address."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder to write to.")],
    form: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="What files: parquet or csv.")
    ] = "parquet",
    interval: Annotated[
        str, typer.Option("--interval", metavar="TIME", help="How often equity is told, as in 1h.")
    ] = "1m",
) -> None:
    """Write a store as tables: fills, orders, funding, liquidations, equity, postings.

    The store may be in use. Files are all written or none.

    Raises
    ------
    UsageError
        If the format is none of these.
    """
    from crossmargin.feeds.series import interval_of
    from crossmargin.report.export import FORMATS
    from crossmargin.report.export import export as exported
    from crossmargin.store.places import reader_at

    if form not in FORMATS:
        raise UsageError(f"--format: {form!r} is none of {', '.join(FORMATS)}")
    interval_ms = interval_of(interval)
    reader = reader_at(store)
    try:
        state = fresh_state(reader.header)
        done = exported(reader, out, form, state, interval_ms)
    finally:
        reader.close()
    typer.echo(f"{done.entries:,} entries")
    for name, file in done.files.items():
        typer.echo(f"{file}  {done.rows[name]:,}")
    if state is None:
        typer.echo("no equity: there is no such rulebook here")
    elif state.rulebook.sha256 != reader.header.rulebook:
        typer.echo("equity is by the rulebook here, which is not the one of the store")
