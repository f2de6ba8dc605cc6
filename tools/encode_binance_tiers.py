"""Write the ladders of Binance USDⓈ-M into `rulebooks/data/binance-usdm/<date>.toml`.

The venue publishes its leverage brackets behind a login only; six dated copies, packed in the
releases of freqtrade, were collected in a Parquet file outside this repository (its folder is
`$CROSSMARGIN_SHARED`, else `../shared`). That file repeats a ladder for every symbol that has it.
Here each ladder is written once, with its symbols below it, so that a person can read an edition
and the difference of two editions is what the venue changed.

Nothing is rounded: the Parquet file's floats are taken as the shortest decimals that name them.
Nothing is stored that follows from the rest: caps between tiers are the next floors, deductions
follow from continuity. Both are checked on every row, and a row that disagrees stops the run.

Run `python tools/encode_binance_tiers.py` from anywhere. The output depends on the input alone.
"""

import os
import textwrap
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import polars as pl

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "src/crossmargin/rulebooks/data/binance-usdm"
READ_ON = "2026-11-22"
COLUMNS = 100
NO_CAP = Decimal(2**63)
"""What the venue answers for "no cap"."""

HEAD = """\
# Leverage brackets of Binance USDⓈ-M. Written by tools/encode_binance_tiers.py: do not edit.
#
# A ladder is one line: floor of notional (in the settle asset), maintenance rate, largest leverage
# of each tier, and the cap of the last tier where there is one. k and M are thousands and millions.
# Deductions follow from continuity. What is the same for all editions is in rules.toml.

schema = 1
edition = {date}
source = "freqtrade-{version}"

[sources."freqtrade-{version}"]
what = "Binance leverage brackets, some days older, in freqtrade {version}, packed {date}"
address = "https://pypi.org/project/freqtrade/{version}/"
read_on = {read_on}
confidence = "repository"
"""


class Bracket(NamedTuple):
    """One row of the venue's table."""

    floor: Decimal
    cap: Decimal
    rate: Decimal
    deduction: Decimal
    leverage: Decimal


def shortest(value: float) -> Decimal:
    """Return the shortest decimal that names `value`."""
    return Decimal(repr(value))


def plain(value: Decimal) -> str:
    """Return `value` as digits without exponent or trailing zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def amount(value: Decimal) -> str:
    """Return `value` with M or k where that leaves a whole number."""
    for unit, letter in ((10**6, "M"), (10**3, "k")):
        if value and value % unit == 0:
            return plain(value / unit) + letter
    return plain(value)


def checked(brackets: list[Bracket], name: str) -> list[Bracket]:
    """Return `brackets` if caps are the next floors and deductions make the tiers meet."""
    if brackets[0].floor or brackets[0].deduction:
        raise SystemExit(f"{name}: the first bracket does not start at zero")
    for low, high in pairwise(brackets):
        if low.cap != high.floor:
            raise SystemExit(f"{name}: {low.cap} is followed by {high.floor}")
        if high.deduction != low.deduction + high.floor * (high.rate - low.rate):
            raise SystemExit(f"{name}: deduction {high.deduction} does not follow from continuity")
    return brackets


def order_of(ladder: list[Bracket]) -> tuple[Decimal, ...]:
    """Return what a ladder is sorted by: highest leverage first, then its numbers."""
    numbers = [n for tier in ladder for n in (-tier.leverage, tier.rate, tier.floor)]
    return (*numbers, ladder[-1].cap)


def ladder_text(ladder: list[Bracket]) -> str:
    """Return a ladder as the loader reads it."""
    parts = [
        f"{amount(tier.floor)} {plain(tier.rate * 100)}% {plain(tier.leverage)}x" for tier in ladder
    ]
    cap = ladder[-1].cap
    return " | ".join(parts if cap >= NO_CAP else [*parts, amount(cap)])


def edition_text(rows: pl.DataFrame) -> Iterator[str]:
    """Yield the parts of one edition's file."""
    date, version = rows["file_date"][0], rows["freqtrade_version"][0]
    yield HEAD.format(date=date, version=version, read_on=READ_ON)
    ladders: dict[tuple[str, tuple[Bracket, ...]], list[str]] = defaultdict(list)
    for (symbol, settle), table in rows.group_by("venue_symbol", "currency", maintain_order=True):
        brackets = [
            Bracket(*map(shortest, row))
            for row in table.sort("bracket")
            .select("notional_floor", "notional_cap", "maint_margin_rate", "cum", "max_leverage")
            .iter_rows()
        ]
        ladders[str(settle), tuple(checked(brackets, f"{date} {symbol}"))].append(str(symbol))
    for settle, ladder in sorted(ladders, key=lambda key: (key[0], order_of(list(key[1])))):
        symbols = textwrap.fill(
            " ".join(sorted(ladders[settle, ladder])),
            COLUMNS,
            break_long_words=False,
            break_on_hyphens=False,
        )
        yield (
            f'\n[[ladder]]\nsettle = "{settle}"\ntiers = "{ladder_text(list(ladder))}"\n'
            f'symbols = """\n{symbols}\n"""\n'
        )


def main() -> None:
    """Write one file per date of the Parquet file."""
    shared = Path(os.environ.get("CROSSMARGIN_SHARED", ROOT.parent / "shared"))
    history = pl.read_parquet(shared / "data/tiers/binance_um_brackets_history.parquet")
    for (date,), rows in history.group_by("file_date", maintain_order=True):
        text = "".join(edition_text(rows))
        (TARGET / f"{date}.toml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
