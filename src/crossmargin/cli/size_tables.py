"""A sizing as a person reads it: the size, every limit with its number, the ticket."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from rich.console import Console
from rich.text import Text

from crossmargin.cli.console import show_list, show_table
from crossmargin.cli.fitting import Column, table_of
from crossmargin.cli.numbers import NONE, UNKNOWN, percent
from crossmargin.cli.numbers import price as price_text
from crossmargin.cli.ticket_tables import leverage_text, show_ticket
from crossmargin.margin.lookup import leverage_setting
from crossmargin.money import plain
from crossmargin.risk.plan.limits import Limit, Rule
from crossmargin.risk.plan.sizing import Sizing


def show_sizing(out: Console, sizing: Sizing) -> None:
    """Print how large the trade may be and why, and the account before and after it."""
    now = sizing.now
    rules = f"{now.rulebook.venue}, rules of {now.rulebook.edition}"
    out.print(f"{rules}: how large a trade may be", style="dim")
    out.print(_headline(sizing))
    out.print()
    marks = tuple("← binds" if one.size == sizing.binding.size else "" for one in sizing.limits)
    columns = [
        Column("Limit", tuple(_name(one, sizing) for one in sizing.limits), is_words=True),
        Column("Allows", tuple(_size(one) for one in sizing.limits)),
        Column("At this size", tuple(_reached(one) for one in sizing.limits)),
        Column("", marks, is_words=True),
    ]
    show_table(out, table_of(columns))
    if sizing.ticket is not None:
        out.print()
        show_ticket(out, sizing.ticket)
    show_list(out, "Assumed", (*sizing.said, *now.assumptions), "dim")


def _headline(sizing: Sizing) -> Text:
    intent = sizing.intent
    at = "market" if intent.entry is None else price_text(intent.entry)
    exits = f"stop {price_text(intent.stop)}"
    exits += f", target {price_text(intent.take)}" if intent.take is not None else ""
    if not intent.size:
        text = Text(" NO SIZE FITS ", style="reverse bold red")
        return text.append(f"  {intent.symbol} at {at}, {exits}", style="bold")
    verb = "BUY" if intent.size > 0 else "SELL"
    text = Text(f" {verb} {plain(abs(intent.size))} ", style="reverse bold green")
    return text.append(f"  {intent.symbol} at {at}, {exits}", style="bold")


def _name(limit: Limit, sizing: Sizing) -> str:
    bound, symbol = limit.bound or Decimal(0), sizing.intent.symbol
    if limit.rule is Rule.RISK:
        return f"risk to the stop, at most {_short(100 * bound)} % of equity"
    if limit.rule is Rule.LEVERAGE:
        return f"effective leverage, at most {_short(bound)}x"
    if limit.rule is Rule.DISTANCE:
        return f"joint distance, at least {_short(100 * bound)} %"
    if limit.rule is Rule.GROUP:
        return f"{', '.join(limit.group)}, at most {price_text(bound)} USD"
    if limit.rule is Rule.BRACKET:
        setting = leverage_setting(symbol, sizing.now.account, sizing.now.rulebook)
        at = "" if setting is None else f" at {_short(setting)}x"
        return f"bracket of {symbol}{at}"
    return "initial margin, all of equity"


def _short(value: Decimal) -> str:
    return plain(value.normalize())


def _size(limit: Limit) -> str:
    return "any" if limit.size is None else plain(limit.size)


def _reached(limit: Limit) -> str:
    reached = limit.reached
    if reached is None:
        return UNKNOWN
    if limit.rule is Rule.LEVERAGE:
        return leverage_text(reached)
    if limit.rule is Rule.GROUP:
        return f"{price_text(reached.quantize(Decimal('0.01'), ROUND_CEILING))} USD"
    if limit.rule is Rule.DISTANCE:
        if not reached.is_finite():
            return "without end"
        return f"{plain((100 * reached).quantize(Decimal('0.01'), ROUND_FLOOR))} %"
    return percent(reached, up=True) if reached else NONE
