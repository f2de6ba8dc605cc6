"""A probability as a person reads it: the number and its interval first, then what it rests on."""

from rich.console import Console

from crossmargin.cli.console import show_list, show_sentence, show_table
from crossmargin.cli.fitting import Column, table_of
from crossmargin.margin.assessment import Status
from crossmargin.report.chances import (
    chance,
    first_to_go,
    interval_words,
    loss_text,
    nearest_words,
    sampling_words,
    time_words,
)
from crossmargin.report.words import duration
from crossmargin.risk.chance.outlook import Outlook


def show_probability(out: Console, found: Outlook) -> None:
    """Print everything there is to know."""
    one, now = found.likelihood, found.situation.now
    rules = f"{now.rulebook.venue}, rules of {now.rulebook.edition}"
    within = duration(one.horizon_ms)
    if now.status is Status.LIQUIDATABLE:
        out.print(f"{rules}: {now.worst.name} is liquidatable where prices are now", style="red")
        return
    out.print(f"{rules}: liquidated within {within}?")
    out.print()
    show_sentence(out, f"{chance(one.value)}   {interval_words(one)}", "bold", indent=0)
    out.print()
    units = first_to_go(one)
    columns = [
        Column("First to go", tuple(f"{unit.kind} {unit.name}" for unit in units), is_words=True),
        Column("Chance", tuple(chance(unit.value) for unit in units)),
        Column("Has", tuple(loss_text(unit.equity, unit.asset) for unit in units)),
        Column("Loses on average", tuple(loss_text(unit.loss, unit.asset) for unit in units)),
    ]
    show_table(out, table_of(columns))
    told = [time_words(one), nearest_words(found), sampling_words(one)]
    out.print()
    for sentence in filter(None, told):
        show_sentence(out, sentence, indent=0)
    show_list(out, "Drawn from", found.drawn, "dim")
    show_list(out, "Prices and funding", found.sources, "dim")
    show_list(out, "Left out", found.left_out, "yellow")
    show_list(out, "Assumed", now.assumptions, "dim")
