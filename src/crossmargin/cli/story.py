"""`crossmargin story`: plays a story at the paper venue and checks what it expects."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from crossmargin.runtime.story import Moment, Outcome, Played


def story(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A story file.")],
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print expectations alone, not what happened.")
    ] = False,
    store: Annotated[
        str | None,
        typer.Option(metavar="STORE", help="Keep the venue's journal in this new store."),
    ] = None,
) -> None:
    """Play a story at the paper venue and check what it expects.

    Exit status: 0 as expected, 1 an expectation failed or the books do not balance, 2 bad input.
    """
    from crossmargin.cli.console import console
    from crossmargin.files.story import read_story
    from crossmargin.runtime.story import play
    from crossmargin.venue.decide import decide

    told = read_story(file)
    if store is None:
        played = play(told, decide)
    else:
        from crossmargin.runtime.recording import Recorder, header_of
        from crossmargin.venue.state import State

        note = f"story {told.title}".strip()
        header = header_of(told.rulebook, told.settings, told.start_ms, note)
        recorder = Recorder(store, header, lambda: State(told.rulebook, told.settings), decide)
        try:
            played = play(told, recorder.decide, recorder.state)
        finally:
            recorder.close()
    _show(console(), played, is_quiet=quiet)
    if not played.is_as_expected:
        sys.exit(1)


def _show(out: "Console", played: "Played", *, is_quiet: bool) -> None:
    from crossmargin.cli.console import show_sentence

    told = played.story
    if told.title:
        show_sentence(out, told.title, indent=0)
    show_sentence(out, f"{told.rulebook.venue}, rules of {told.rulebook.edition}", indent=0)
    if not is_quiet:
        for moment in played.moments:
            _show_moment(out, moment)
    for outcome in played.outcomes:
        style = "" if outcome.is_met else "bold red"
        show_sentence(out, _outcome(outcome, played), style=style, indent=0)
    for law in played.broken:
        show_sentence(out, f"FAILED the books: {law}", style="bold red", indent=0)
    met = sum(outcome.is_met for outcome in played.outcomes)
    show_sentence(out, f"{met} of {len(played.outcomes)} expectations met", indent=0)


def _show_moment(out: "Console", moment: "Moment") -> None:
    from crossmargin.cli.console import show_sentence

    show_sentence(out, f"{_time(moment.after_ms)} {moment.what}", indent=0)
    for receipt in moment.receipts:
        show_sentence(out, receipt, indent=9)


def _outcome(outcome: "Outcome", played: "Played") -> str:
    expect = outcome.expect
    at = "at the end"
    if expect.at_ms is not None:
        at = f"at {_time(expect.at_ms - played.story.start_ms)}"
    if outcome.is_met:
        return f"ok     {at} {expect.path} is {outcome.found}"
    within = "" if expect.tolerance is None else f" ± {expect.tolerance}"
    return f"FAILED {at} {expect.path} is {outcome.found}, not {expect.value}{within}"


def _time(after_ms: int) -> str:
    seconds, rest_ms = divmod(after_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours:02}:{minutes:02}:{seconds:02}"
    return f"{text}.{rest_ms:03}" if rest_ms else text
