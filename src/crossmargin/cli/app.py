"""The command line: one command a file, errors as one sentence, exit status by contract.

Exit status: 0 an answer (also "liquidatable"), 1 an expectation or check failed, 2 bad input,
3 the answer is unknown for lack of data. Nothing heavy is imported until a command needs it, so
that `--help` answers at once.
"""

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from crossmargin import __version__
from crossmargin.cli.check import check
from crossmargin.cli.compare import compare
from crossmargin.cli.correlate import correlate
from crossmargin.cli.crash import crash
from crossmargin.cli.demo import demo
from crossmargin.cli.derisk import derisk
from crossmargin.cli.explain_buffer import explain
from crossmargin.cli.export import export
from crossmargin.cli.import_account import import_account
from crossmargin.cli.joint import joint
from crossmargin.cli.probability import probability
from crossmargin.cli.replay import replay
from crossmargin.cli.rulebooks import rulebooks
from crossmargin.cli.serve import serve
from crossmargin.cli.size import size
from crossmargin.cli.story import story
from crossmargin.cli.stress import stress
from crossmargin.cli.verify import verify
from crossmargin.errors import CrossmarginError, InvariantBroken

if TYPE_CHECKING:
    from typer._click.core import Context


class Commands(TyperGroup):
    """The commands; a reader of their output that goes away early is no failure."""

    def invoke(self, ctx: "Context") -> object:
        """Run the command that `ctx` holds, quietly to the end if nobody reads any more."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # What is still buffered goes nowhere, or Python would complain when it leaves.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit from None


app = typer.Typer(
    name="crossmargin",
    cls=Commands,
    help="Exact cross-margin arithmetic for crypto derivatives accounts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(check)
app.command()(compare)
app.command()(joint)
app.command()(stress)
app.command()(size)
app.command()(derisk)
app.command()(correlate)
app.command()(probability)
app.command()(explain)
app.command()(replay)
app.command()(demo)
app.command()(story)
app.command()(crash)
app.command()(serve)
app.command()(verify)
app.command()(export)
app.add_typer(rulebooks, name="rulebooks")
app.command("import")(import_account)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"crossmargin {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Say the version and stop."
        ),
    ] = False,
) -> None:
    """Exact cross-margin arithmetic for crypto derivatives accounts."""


def main() -> None:
    """Run the command line; exit by contract."""
    try:
        app()
    except InvariantBroken:
        raise
    except CrossmarginError as error:
        typer.echo(f"crossmargin: {error}", err=True)
        sys.exit(error.exit_status)
    except OSError as error:
        place = error.filename or "the output"
        typer.echo(f"crossmargin: {place}: cannot be used: {error.strerror}", err=True)
        sys.exit(CrossmarginError.exit_status)
