"""What values of a rulebook file make sense, before anything is computed from them.

A mistyped fee or buffer would give answers that look right. So every number has a range, every
table a source that exists, and what breaks one is refused with its file, key, value and bound.
Ladders have their own rules, in `ladder`.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import fields

from crossmargin.errors import RulebookError
from crossmargin.rulebooks.files import Tables
from crossmargin.rulebooks.portfolio.table import PortfolioTable
from crossmargin.rulebooks.ranges import (
    AMOUNT,
    FEE,
    FRACTION,
    LEVERAGE,
    MAKER_FEE,
    SHARE,
    STEP,
    Range,
)
from crossmargin.rulebooks.sourced import Sourced

RANGES = {
    ("leverage", "default"): LEVERAGE,
    ("contracts", "multiplier"): STEP,
    ("instruments", "multiplier"): STEP,
    ("instruments", "tick"): STEP,
    ("instruments", "lot"): STEP,
    ("orders", "market_buffer"): FRACTION,
    ("margin", "initial_multiple"): Range(Decimal(1), Decimal(10)),
    ("margin", "closing_fee_rate"): FEE,
    ("margin", "money_step"): SHARE,
    ("margin", "transfer_floor"): FRACTION,
    ("fees", "maker"): MAKER_FEE,
    ("fees", "taker"): FEE,
    ("fees", "liquidation"): FEE,
    ("funding", "interval_hours"): Range(Decimal(1), Decimal(24)),
    ("funding", "interest_rate"): FRACTION,
    ("funding", "damper"): FRACTION,
    ("funding", "cap_multiple"): Range(Decimal(0), Decimal(100), "(]"),
    ("funding", "cap_rate"): Range(Decimal(0), Decimal(1), "(]"),
    ("funding", "period_hours"): Range(Decimal(1), Decimal(24)),
    ("options", "multiplier"): STEP,
    ("options", "initial_fraction"): FRACTION,
    ("options", "initial_floor_fraction"): FRACTION,
    ("options", "fee_reserve_fraction"): FEE,
    ("options", "order_floor_fraction"): FRACTION,
    ("options", "maintenance_fraction"): FRACTION,
    ("options", "maintenance_mark_fraction"): FRACTION,
    ("options", "initial_to_maintenance"): Range(Decimal(0), Decimal(10)),
    ("options", "unpaired_initial"): Range(Decimal(0), Decimal(10)),
    ("options", "unpaired_maintenance"): Range(Decimal(0), Decimal(10)),
    ("liquidation", "fraction"): SHARE,
    ("liquidation", "whole_below"): AMOUNT,
    ("liquidation", "stop_health"): SHARE,
    ("liquidation", "backstop_health"): Range(Decimal(1), Decimal(10)),
    ("liquidation", "auction_price_fraction"): SHARE,
    ("liquidation", "auction_buffer_fraction"): FRACTION,
    ("debts", "exchange_above"): AMOUNT,
    ("collateral", "initial_scale"): Range(Decimal(0), Decimal(1)),
    ("collateral", "borrow_initial"): FRACTION,
    ("collateral", "borrow_maintenance"): FRACTION,
    ("collateral", "bid_buffer"): FRACTION,
    ("collateral", "ask_buffer"): FRACTION,
    ("collateral", "exchange_bid_buffer"): FRACTION,
    ("collateral", "exchange_ask_buffer"): FRACTION,
}
"""The range of every number, by its table and its own key."""

TABLE = re.compile(r"[.\[]")
"""What ends the name of a table in the key of an entry: `collateral.BTC`, `contracts[0]`."""

NOT_SOURCED = ("source", "assumption", "is_stable")
"""Keys that are no claim about the venue, or too plain to need a source."""


def check(file_name: str, tables: Tables, sources: Collection[str]) -> None:
    """Refuse values outside their range and sources that are not among `sources`.

    Raises
    ------
    RulebookError
        One sentence with file, key, value and bound.
    """
    for key, table in tables.sourced().items():
        for name, value in _numbers(table):
            bound = _range(key, table, name)
            if not bound.holds(value):
                raise RulebookError(f"{file_name}: {key}.{name} is {value}, must be in {bound}")
        for where, named in _sourced(f"{file_name}: {key}", table):
            for source in _sources_of(where, named):
                check_source(where, source, sources)
    for key, entry in tables.sources.items():
        for name in ("what", "address"):
            if not getattr(entry, name).strip():
                raise RulebookError(f"{file_name}: sources.{key}.{name} is empty, must say it")


def check_source(where: str, source: str, sources: Collection[str]) -> None:
    """Refuse a source that is not among `sources`.

    Raises
    ------
    RulebookError
        One sentence that begins with `where`.
    """
    if source not in sources:
        raise RulebookError(f"{where}: source is {source!r}, must be a key of [sources]")


def _range(key: str, table: Sourced, name: str) -> Range:
    if isinstance(table, PortfolioTable):
        return table.ranges[name]
    return RANGES[TABLE.split(key)[0], name]


def _numbers(table: Struct, *, has_rows: bool = False) -> Iterator[tuple[str, Decimal]]:
    # Rows within a table are numbers of the venue only where the table is one of portfolio margin.
    has_rows = has_rows or isinstance(table, PortfolioTable)
    for name in table.__struct_fields__:
        value = getattr(table, name)
        for one in value if has_rows and isinstance(value, tuple) else (value,):
            if isinstance(one, Decimal) or (isinstance(one, int) and not isinstance(one, bool)):
                yield name, Decimal(one)
            elif isinstance(one, Struct):
                yield from _numbers(one, has_rows=has_rows)


def _sourced(where: str, table: Sourced) -> Iterator[tuple[str, Sourced]]:
    # Rows of a table of portfolio margin may have sources of their own.
    yield where, table
    for name in table.__struct_fields__ if isinstance(table, PortfolioTable) else ():
        value = getattr(table, name)
        for place, row in enumerate(value if isinstance(value, tuple) else ()):
            if isinstance(row, Sourced):
                yield f"{where}.{name}[{place}]", row


def _sources_of(where: str, table: Sourced) -> Collection[str]:
    if isinstance(table.source, str):
        return (table.source,)
    possible = {field.name for field in fields(table)} - set(NOT_SOURCED)
    claims = {
        field.name
        for field in fields(table)
        if field.name in possible and getattr(table, field.name) != field.default
    }
    # What keeps its default may be sourced, what is said must be.
    if not claims <= table.source.keys() <= possible:
        raise RulebookError(
            f"{where}: source is given for {_list(table.source)}, must be for {_list(claims)}"
        )
    return table.source.values()


def _list(words: Iterable[str]) -> str:
    return ", ".join(sorted(words)) or "nothing"
