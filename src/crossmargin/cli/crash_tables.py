"""A crash at the paper venue as a person reads it on a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from crossmargin.cli.console import show_list, show_sentence, show_table
from crossmargin.money import plain
from crossmargin.report.crash_records import Adl, CrashSummary, Group
from crossmargin.report.crash_words import (
    POLICIES,
    books,
    fate,
    fund_words,
    funding_words,
    headline,
    market_words,
    minute,
    usd,
    ways_of,
    who_paid,
)
from crossmargin.report.words import moment, percent

SHOWN_MAX = 15
"""Liquidations in the table, the largest; JSON and the page have all."""


def show_crash(out: Console, summary: CrashSummary) -> None:
    """Print what happened, who lost, who paid, and whether the books balance."""
    out.print(
        f"{summary.venue}, rules of {summary.edition}, {moment(summary.from_ms)} to "
        f"{moment(summary.to_ms)}, seed {summary.seed}",
        style="dim",
    )
    show_sentence(out, headline(summary), "bold", indent=0)
    show_sentence(out, who_paid(summary), indent=0)
    show_sentence(out, books(summary), "bold red" if summary.broken else "", indent=0)
    show_list(out, "Prices and book", [market_words(one) for one in summary.markets], "")
    out.print()
    show_table(out, _groups(summary))
    if summary.liquidations:
        out.print()
        show_table(out, _liquidations(summary))
        if len(summary.liquidations) > SHOWN_MAX:
            left = len(summary.liquidations) - SHOWN_MAX
            out.print(f"and {left:,} smaller ones, all in --html and --json", style="dim")
    show_list(out, "The fund", fund_words(summary), "")
    if summary.adl[0].events or len(summary.adl) > 1:
        out.print()
        show_table(out, _policies(summary.adl))
    show_list(out, "Funding", [funding_words(one) for one in summary.fundings], "")
    refused = [f"{count:,} × {reason}" for reason, count in summary.refused.items()]
    show_list(out, "Refused", refused, "dim")
    show_list(out, "Prices", (*summary.prices, *summary.settings), "dim")
    show_list(out, "Assumed", summary.assumptions, "dim")


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column(columns[0])
    for name in columns[1:]:
        table.add_column(name, justify="right")
    return table


def _groups(summary: CrashSummary) -> Table:
    table = _table("", "accounts", "liquidated", "put in", "result", "of it")
    for groups in (summary.groups, summary.bands, summary.styles):
        for one in groups:
            table.add_row(*_group(one))
        table.add_section()
    return table


def _group(one: Group) -> Sequence[str]:
    return (
        one.name,
        f"{one.accounts:,}",
        f"{one.liquidated:,}",
        usd(one.put_in),
        usd(one.result, is_signed=True),
        percent(one.result_fraction, is_signed=True) if one.put_in else "–",
    )


def _liquidations(summary: CrashSummary) -> Table:
    table = _table("time", "account", "unit", "leverage", "steps", "closed by", "fund")
    for one in summary.largest(SHOWN_MAX):
        table.add_row(
            minute(one.first_ms),
            one.account,
            f"{one.kind} {one.name}",
            "–" if one.leverage is None else f"{plain(one.leverage)}x",
            fate(one),
            ways_of(one.closed_usd),
            usd(one.fund_gained - one.fund_paid, is_signed=True),
        )
    return table


def _policies(found: Sequence[Adl]) -> Table:
    table = _table(
        "auto-deleveraging", "times", "winners", "closed", "most by one", "given up", "missing",
        "overshoot", "fund left",
    )  # fmt: skip
    for one in found:
        table.add_row(
            POLICIES.get(one.policy, one.policy),
            f"{one.events:,}",
            f"{len(one.reduced):,}",
            usd(one.closed_usd),
            usd(one.reduced[0].closed_usd) if one.reduced else "–",
            usd(one.haircut),
            usd(one.shortfall),
            usd(one.overshoot),
            usd(one.fund_end),
        )
    return table
