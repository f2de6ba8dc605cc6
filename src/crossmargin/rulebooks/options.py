"""Options by their names: too many to list, so a symbol is read when somebody has one.

A venue's options are a few families that differ in how they are named, what they settle in and
how they are margined. A name spells base, expiry, strike and right; all the venues here settle at
08:00 UTC of the day.
"""

import re
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from crossmargin.model.instrument import Instrument, Kind, OptionTerms
from crossmargin.model.option import OptionRule, Right, RightRule
from crossmargin.rulebooks.files import OptionsTable, RightTable
from crossmargin.rulebooks.margin_rule import OptionFamily, OptionMethod
from crossmargin.rulebooks.schema import Contract, Rulebook

SETTLES_AT_HOUR = 8
DATES = {
    "{ddmmmyy}": (r"\d{1,2}[A-Z]{3}\d{2}", "%d%b%y"),
    "{yymmdd}": (r"\d{6}", "%y%m%d"),
    "{yyyymmdd}": (r"\d{8}", "%Y%m%d"),
}
"""How a day may be written in a symbol: as an expression, and for reading it."""


def families_of(tables: tuple[OptionsTable, ...]) -> tuple[OptionFamily, ...]:
    """Return the families of options that a rulebook's tables describe."""
    return tuple(_family(table) for table in tables)


def option_contract(symbol: str, rulebook: Rulebook) -> Contract | None:
    """Return the option that `symbol` names at the rulebook's venue; None if it names none."""
    for family in rulebook.options:
        expression, dates = _expression(family.pattern)
        match = expression.fullmatch(symbol)
        if match is None or match["base"] not in family.bases:
            continue
        try:
            day = datetime.strptime(f"{match['date'].title()} +0000", f"{dates} %z")
        except ValueError:
            return None
        expires = day.replace(hour=SETTLES_AT_HOUR)
        terms = OptionTerms(
            Right.CALL if match["right"] == "C" else Right.PUT,
            Decimal(match["strike"].replace("d", ".")),
            int(expires.timestamp() * 1000),
            symbol[: match.end("date")],
        )
        instrument = Instrument(
            symbol,
            family.kind,
            family.settle or match["base"],
            match["base"],
            family.multiplier,
            option=terms,
        )
        return Contract(instrument, None, option=family.method)
    return None


def impossible_day(symbol: str, rulebook: Rulebook) -> str | None:
    """Return the day in an option's name where the calendar has none such, as it is written there.

    None where the day exists, or `symbol` is no name of an option of the rulebook's venue.
    """
    for family in rulebook.options:
        expression, _ = _expression(family.pattern)
        match = expression.fullmatch(symbol)
        if match is not None and match["base"] in family.bases:
            return match["date"] if option_contract(symbol, rulebook) is None else None
    return None


def _family(table: OptionsTable) -> OptionFamily:
    rule = OptionRule(
        table.initial_fraction,
        table.initial_floor_fraction,
        _right(table.call),
        _right(table.put),
        table.fee_reserve_fraction,
        table.order_floor_fraction,
        table.is_entry_counted,
    )
    method = OptionMethod(
        rule, table.is_worst_payoff_enough, table.unpaired_initial, table.unpaired_maintenance
    )
    kind = Kind.INVERSE_OPTION if table.settle is None else Kind.LINEAR_OPTION
    bases = tuple(table.bases.split())
    return OptionFamily(table.symbol, bases, kind, table.settle, table.multiplier, method)


def _right(table: RightTable) -> RightRule:
    return RightRule(
        table.maintenance_fraction, table.maintenance_mark_fraction, table.initial_to_maintenance
    )


@lru_cache(maxsize=64)
def _expression(pattern: str) -> tuple[re.Pattern[str], str]:
    literal, format_ = re.escape(pattern), ""
    for word, (expression, dates) in DATES.items():
        if word in pattern:
            literal, format_ = literal.replace(re.escape(word), f"(?P<date>{expression})"), dates
    for word, expression in (
        ("{base}", "(?P<base>[A-Z0-9_]+?)"),
        ("{strike}", r"(?P<strike>\d+(?:[.d]\d+)?)"),
        ("{right}", "(?P<right>[CP])"),
    ):
        literal = literal.replace(re.escape(word), expression)
    return re.compile(literal), format_
