"""What values of a rulebook file make sense, before anything is computed from them.

A mistyped fee or buffer would give answers that look right. So every number has a range, every
table a source that exists, and what breaks one is refused with its file, key, value and bound.
Ladders have their own rules, in `ladder`.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import fields

from crossmargin.errors import RulebookError
from crossmargin.money import plain
from crossmargin.rulebooks.files import Sourced, Tables

LEVERAGE_MIN = Decimal(1)
LEVERAGE_MAX = Decimal(250)


class Range(NamedTuple):
    """Finite numbers from `low` to `high`; the brackets in `shape` say which ends belong."""

    low: Decimal
    high: Decimal
    shape: str = "[]"

    def holds(self, value: Decimal) -> bool:
        """Return whether `value` is finite and within."""
        if not value.is_finite():
            return False
        is_above = value >= self.low if self.shape[0] == "[" else value > self.low
        is_below = value <= self.high if self.shape[1] == "]" else value < self.high
        return is_above and is_below

    def __str__(self) -> str:
        return f"{self.shape[0]}{plain(self.low)}, {plain(self.high)}{self.shape[1]}"


LEVERAGE = Range(LEVERAGE_MIN, LEVERAGE_MAX)
FRACTION = Range(Decimal(0), Decimal(1), "[)")
FEE = Range(Decimal(0), Decimal("0.1"), "[)")
MAKER_FEE = Range(Decimal("-0.01"), Decimal("0.1"), "[)")
SHARE = Range(Decimal(0), Decimal(1), "(]")
AMOUNT = Range(Decimal(0), Decimal(10**12), "[]")
STEP = Range(Decimal(0), Decimal(10**12), "(]")

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
            bound = RANGES[TABLE.split(key)[0], name]
            if not bound.holds(value):
                raise RulebookError(f"{file_name}: {key}.{name} is {value}, must be in {bound}")
        for source in _sources_of(f"{file_name}: {key}", table):
            check_source(f"{file_name}: {key}", source, sources)
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


def _numbers(table: Struct) -> Iterator[tuple[str, Decimal]]:
    for name in table.__struct_fields__:
        value = getattr(table, name)
        if isinstance(value, Decimal) or (isinstance(value, int) and not isinstance(value, bool)):
            yield name, Decimal(value)
        elif isinstance(value, Struct):
            yield from _numbers(value)


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
