"""`crossmargin check`: what an account is worth, what is asked of it, how far it may fall."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from crossmargin.cli.intended import With

if TYPE_CHECKING:
    from rich.console import Console

    from crossmargin.margin.assessment import Assessment


def check(
    account: Annotated[
        str, typer.Argument(metavar="ACCOUNT", help="An account file, or - for standard input.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the answer as JSON, numbers as exact strings.")
    ] = False,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Show each formula with the numbers in, with --json as a list of lines.",
        ),
    ] = False,
    trades: With = None,
) -> None:
    """Say what the account is worth, what is asked of it, and how far it is from liquidation.

    Exit status: 0 an answer, 2 bad input, 3 unknown for lack of data (the output names it).
    """
    from crossmargin.cli.intended import after_trades, show_before_and_after
    from crossmargin.cli.source import account_file
    from crossmargin.margin.assess import assess

    before = account_file(account)
    file = after_trades(before, trades)
    assessment = assess(file.account, file.market, file.rulebook)
    if as_json:
        from crossmargin.cli.as_json import show_json
        from crossmargin.files.answer import answer

        found = answer(assessment)
        if explain:
            from crossmargin.cli.explain import explanation

            found["explanation"] = [*explanation(assessment)]
        show_json(found)
    else:
        if trades:
            show_before_and_after(before, trades)
            typer.echo()
        _show(assessment, is_explained=explain)
    if assessment.missing:
        sys.exit(3)


def _show(assessment: "Assessment", *, is_explained: bool) -> None:
    from crossmargin.cli.console import console
    from crossmargin.cli.tables import show_assessment

    out: Console = console()
    show_assessment(out, assessment)
    if is_explained:
        from crossmargin.cli.explain import explanation

        typer.echo()
        for line in explanation(assessment):
            typer.echo(line)  # a formula is not wrapped: its numbers are copied from here
