"""Running an account in both margin modes and showing what became of it; shared by commands."""

import sys
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from crossmargin.cli.console import console, show_sentence
from crossmargin.errors import UnknownError
from crossmargin.feeds.series import utc
from crossmargin.money import ZERO, plain
from crossmargin.replay.engine import Setup, replay
from crossmargin.replay.modes import both_modes, why_not_isolated
from crossmargin.replay.result import EventKind
from crossmargin.report.headline import headline, market_move, verdict
from crossmargin.report.summary import Outcome, Summary, summarise

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from crossmargin.feeds.funding import FundingRates
    from crossmargin.feeds.path import PricePath
    from crossmargin.files.account import AccountFile
    from crossmargin.replay.result import Event, ReplayResult

SLOW_POINTS = 100_000
"""Paths of more points than this take over a second and get a progress bar."""
EVENTS_SHOWN = 12


def run_and_show(
    file: "AccountFile",
    prices: "PricePath",
    funding: "tuple[FundingRates, ...]",
    *,
    out: Path | None,
    as_json: bool,
) -> None:
    """Replay the account as cross and as isolated, print the summary, write the report.

    Raises
    ------
    UnknownError
        If prices or margin tiers of something the account has are missing.
    UsageError
        If the report cannot be written to `out`.
    """
    results = _run(file, prices, funding)
    summary = summarise(results)
    written: tuple[Path, ...] = ()
    if out is not None:
        from crossmargin.report.write import write_report

        written = write_report(out, results)
    if as_json:
        from crossmargin.cli.as_json import show_json
        from crossmargin.report.plain_summary import plain_summary

        show_json(plain_summary(summary))
    else:
        screen = console()
        _show(screen, summary, results)
        reason = why_not_isolated(file.account, file.rulebook)
        if reason is not None:
            show_sentence(screen, f"Isolated is left out: {reason}.", indent=0)
        for place in written:
            typer.echo(f"wrote {place}")
    if any(mode.outcome is Outcome.UNKNOWN for mode in summary.modes):
        sys.exit(UnknownError.exit_status)


def _show_events(out: "Console", name: str, events: "tuple[Event, ...]") -> None:
    # What traded, triggered, failed or was refused, one by one; funding as sums.
    told = [event for event in events if event.kind is not EventKind.FUNDING]
    sums: dict[tuple[str, str], list[Decimal]] = {}
    for event in events:
        if event.kind is EventKind.FUNDING:
            sums.setdefault((event.symbol, event.asset), []).append(event.funding)
    if not events:
        return
    out.print()
    out.print(f"What happened, {name}:")
    for event in told[:EVENTS_SHOWN]:
        show_sentence(out, f"{utc(event.at_ms)}  {event.unit or event.symbol}: {event.text}")
    if len(told) > EVENTS_SHOWN:
        out.print(f"  and {len(told) - EVENTS_SHOWN} more, all in the report (--out)")
    for (symbol, asset), amounts in sums.items():
        total = sum(amounts, ZERO)
        verb = "received" if total >= 0 else "paid"
        show_sentence(
            out, f"{symbol}: {verb} {plain(abs(total))} {asset} of funding in {len(amounts)} times"
        )


def _run(
    file: "AccountFile", prices: "PricePath", funding: "tuple[FundingRates, ...]"
) -> "dict[str, ReplayResult]":
    accounts = both_modes(file.account, file.rulebook)
    is_slow = len(prices.at_ms) * len(accounts) > SLOW_POINTS
    from rich.progress import Progress

    results = {}
    with Progress(console=console(is_error=True), disable=not is_slow, transient=True) as bars:
        for name, account in accounts.items():
            bar = bars.add_task(name, total=len(prices.at_ms))
            setup = Setup(
                prices,
                file.rulebook,
                funding,
                index=file.market.index,
                progress=partial(_tell, bars, bar),
            )
            results[name] = replay(account, setup)
    return results


def _tell(bars: "Progress", bar: "TaskID", done: int, total: int) -> None:
    bars.update(bar, completed=done, total=total)


def _show(out: "Console", summary: Summary, results: "dict[str, ReplayResult]") -> None:
    out.print(
        f"{summary.venue}, rules of {summary.edition}, {utc(summary.from_ms)} to "
        f"{utc(summary.to_ms)}",
        style="dim",
    )
    out.print(market_move(summary.symbols))
    out.print()
    for mode in summary.modes:
        out.print(headline(mode), style="bold")
    compared = verdict(summary.modes)
    if compared:
        out.print(compared)
    for mode in summary.modes:
        _show_events(out, mode.name, results[mode.name].events)
    for gap in summary.gaps:
        out.print(
            f"No prices of {gap.symbol} from {utc(gap.from_ms)} to {utc(gap.to_ms)}: "
            "what needs it was unknown, and no liquidation of that was decided.",
            style="yellow",
        )
    out.print()
    out.print("Prices and assumptions:", style="dim")
    for sentence in (*summary.prices, *summary.assumptions):
        show_sentence(out, sentence, "dim")
