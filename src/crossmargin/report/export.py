"""A store as tables in files: what happened at a venue, for other programs.

The store may be in use: it is read as it is at one moment. Tables are put together in parts, so
that a long journal is in memory as columns and never as objects, and files are moved into place
once all are written.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from crossmargin.errors import UsageError
from crossmargin.report.export_equity import COLUMNS, EQUITY, Equity
from crossmargin.report.export_rows import AMOUNTS, FLAGS, TABLES, WHOLE, Row, Rows
from crossmargin.report.folder import whole_folder
from crossmargin.report.parts import unwritten
from crossmargin.store.sql import SqlReader
from crossmargin.venue.state import State

if TYPE_CHECKING:
    import polars as pl

FORMATS = ("parquet", "csv")
DIGITS, PLACES = 38, 18
"""What a decimal of a Parquet file holds; what is finer is rounded."""
PART_ROWS = 50_000
"""How many rows of a table are kept as objects before they become columns."""


class Exported(Struct, frozen=True):
    """What was written: each table's file and how many rows are in it."""

    entries: int
    files: dict[str, Path]
    rows: dict[str, int]


def export(
    store: SqlReader, out: Path, form: str, state: State | None, interval_ms: int
) -> Exported:
    """Write the tables of a store into the folder `out`, whole or not at all.

    Parameters
    ----------
    form : one of `FORMATS`. In CSV every digit of a number is there, as text; in Parquet numbers
        are decimals of 38 digits, 18 of them after the point.
    state : a fresh one of the store's rulebook, to fold into; None leaves equity out.
    interval_ms : how often equity is told.

    Raises
    ------
    StoreError
        If the store is damaged.
    UsageError
        If files cannot be written to `out`, or a number has no place in a Parquet file.
    """
    tables = {name: _Table(columns) for name, columns in TABLES.items()}
    rows, equity = Rows(), None
    if state is not None:
        tables[EQUITY] = _Table(COLUMNS)
        equity = Equity(state, interval_ms)
    entries = 0
    store.hold()
    for one in store.read():
        events = one.decoded_events()
        entries = one.sequence
        for name, row in rows.of(one, events):
            tables[name].add(row)
        for name, row in equity.of(one, events) if equity else ():
            tables[name].add(row)
    for name, row in (*rows.open_orders(), *(equity.at_end() if equity else ())):
        tables[name].add(row)
    frames = {name: table.frame() for name, table in tables.items()}
    frames["orders"] = frames["orders"].sort("order_id")
    return _written(out, form, frames, entries)


def _written(out: Path, form: str, frames: Mapping[str, "pl.DataFrame"], entries: int) -> Exported:
    files = {name: f"{name}.{form}" for name in frames}
    try:
        with whole_folder(out, tuple(files.values())) as folder:
            for name, frame in frames.items():
                _WRITERS[form](frame, folder / files[name], name)
    except OSError as error:
        raise UsageError(unwritten(out, error)) from None
    return Exported(
        entries,
        {name: out / file for name, file in files.items()},
        {name: len(frame) for name, frame in frames.items()},
    )


class _Table:
    """Rows that become columns, part by part."""

    def __init__(self, columns: Sequence[str]) -> None:
        import polars as pl

        kinds: dict[str, Any] = {
            **dict.fromkeys(WHOLE, pl.Int64),
            **dict.fromkeys(FLAGS, pl.Boolean),
        }
        self.schema = {name: kinds.get(name, pl.String) for name in columns}
        self.rows: list[Row] = []
        self.parts: list[pl.DataFrame] = []

    def add(self, row: Row) -> None:
        self.rows.append(row)
        if len(self.rows) >= PART_ROWS:
            self._close_part()

    def _close_part(self) -> None:
        import polars as pl

        self.parts.append(pl.DataFrame(self.rows, schema=self.schema, orient="row"))
        self.rows = []

    def frame(self) -> "pl.DataFrame":
        import polars as pl

        self._close_part()
        return pl.concat(self.parts)


def _write_csv(frame: "pl.DataFrame", path: Path, _: str) -> None:
    frame.write_csv(path)


def _write_parquet(frame: "pl.DataFrame", path: Path, name: str) -> None:
    import polars as pl

    try:
        numbers = pl.col(*(one for one in frame.columns if one in AMOUNTS))
        frame.with_columns(numbers.cast(pl.Decimal(DIGITS, PLACES))).write_parquet(path)
    except pl.exceptions.PolarsError as error:
        raise UsageError(
            f"{name}: a number has too many digits for Parquet, and a place in CSV: {error}"
        ) from error


_WRITERS: Mapping[str, Callable[["pl.DataFrame", Path, str], None]] = {
    "parquet": _write_parquet,
    "csv": _write_csv,
}
