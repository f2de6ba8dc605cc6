"""A price file as columns of numbers, or one sentence about the line that is not numbers.

Three formats carry the same table: Parquet, CSV (with or without a header) and JSON lists. Only
here is it known which is which. Text is read as text and converted here, so that a word in a
column of prices is found with its line instead of turning the column into something else.

Times come out as whole milliseconds UTC whatever the file used: public dumps of spot candles
count microseconds since 2025. Prices are not judged here; `series` does that.

Invariant: a table has every row of its file. Only blank lines at the end are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from crossmargin.errors import FeedError
from crossmargin.feeds.series import Prices, Times

if TYPE_CHECKING:
    import polars as pl

MS_MIN = 10**11
"""Smaller times are seconds, or not times: 10^11 ms is March 1973."""
US_MIN = 10**14
"""Times from here on are microseconds: 10^14 ms is the year 5138."""

TIME_NAMES = ("ts", "open_time", "opentime", "timestamp", "time", "calc_time", "fundingtime")


@dataclass(frozen=True, eq=False)
class Table:
    """A file's rows: `at_ms` int64 and each of `columns` float64, all of shape (n_rows,).

    A value may be NaN only where the file says NaN. `names` are the columns the file has;
    `first_line` is the line of row 0 in a file of lines, None in one of rows.
    """

    path: Path
    at_ms: Times
    columns: dict[str, Prices]
    names: tuple[str, ...]
    first_line: int | None

    def place(self, row: int) -> str:
        """Name a row as a person finds it: its line, or its number counted from 1."""
        return f"row {row + 1}" if self.first_line is None else f"line {row + self.first_line}"


def read_table(path: Path, columns: Mapping[str, Sequence[str]], bare: Sequence[str]) -> Table:
    """Return the columns of a Parquet or CSV file that are asked for and present.

    Parameters
    ----------
    path : the file.
    columns : for each column wanted, the names (lower case) it may have in the file.
    bare : the columns of a CSV file without a header, in order; "" for one that is not wanted.

    Raises
    ------
    FeedError
        If the file is missing, empty, truncated, has no time column, or a value that is no number.
    """
    first_line: int | None = None
    if path.suffix == ".parquet":
        frame, names = _parquet(path, {*TIME_NAMES, *chain.from_iterable(columns.values())})
    elif path.suffix == ".csv":
        frame, first_line = _csv(path, bare)
        names = frame.columns
    else:
        raise FeedError(f"{path}: not a .parquet, .csv or .json file")
    present = {name.lower(): name for name in frame.columns}
    time = next((present[name] for name in TIME_NAMES if name in present), None)
    if time is None:
        raise FeedError(f"{path}: there is no time column (it has {', '.join(names)})")
    if not frame.height:
        raise FeedError(f"{path}: the file has no rows")
    found = {
        column: present[name]
        for column, aliases in columns.items()
        for name in aliases
        if name in present
    }
    # Conversion names rows through a table that does not have its columns yet.
    rows = Table(path, np.empty(0, np.int64), {}, tuple(names), first_line)
    return Table(
        path=path,
        at_ms=whole_ms(_times(frame[time], rows), rows),
        columns={column: _numbers(frame[name], rows) for column, name in found.items()},
        names=rows.names,
        first_line=first_line,
    )


def whole_ms(times: Times, rows: Table) -> Times:
    """Return times, shape (n,), as milliseconds, whether they count milli- or microseconds.

    Raises
    ------
    FeedError
        If one is too small to be either, or falls between milliseconds.
    """
    small = np.flatnonzero(times < MS_MIN)
    if len(small):
        row = int(small[0])
        raise FeedError(
            f"{rows.path}, {rows.place(row)}: time {int(times[row])} is not in milliseconds UTC"
        )
    is_us = times >= US_MIN
    between = np.flatnonzero(is_us & (times % 1000 != 0))
    if len(between):
        row = int(between[0])
        raise FeedError(
            f"{rows.path}, {rows.place(row)}: time {int(times[row])} µs is between milliseconds"
        )
    return np.where(is_us, times // 1000, times)


def json_table(path: Path, rows: object, names: Sequence[str]) -> Table:
    """Return a list of lists of numbers as a table: the time first, then `names` in order.

    Rows may be longer than that; numbers may be written as text, as Binance does.

    Raises
    ------
    FeedError
        If `rows` is not such a list, is empty, or holds a value that is no number.
    """
    if not isinstance(rows, list):
        raise FeedError(f"{path}: not a list of rows [time, {', '.join(names)}, ...]")
    if not rows:
        raise FeedError(f"{path}: the file has no rows")
    table = np.empty((len(rows), len(names) + 1))
    for number, row in enumerate(rows):
        if not isinstance(row, list) or len(row) <= len(names):
            raise FeedError(f"{path}, row {number + 1}: not a list [time, {', '.join(names)}, ...]")
        for column, name in enumerate(("time", *names)):
            table[number, column] = _json_number(row[column], name, f"{path}, row {number + 1}")
    at = table[:, 0]
    frame = Table(path, np.empty(0, np.int64), {}, ("time", *names), None)
    broken = np.flatnonzero(~np.isfinite(at) | (at != np.floor(at)))
    if len(broken):
        raise FeedError(f"{path}, {frame.place(int(broken[0]))}: time is not a whole number")
    return Table(
        path=path,
        at_ms=whole_ms(at.astype(np.int64), frame),
        columns={name: table[:, column + 1].copy() for column, name in enumerate(names)},
        names=frame.names,
        first_line=None,
    )


def _json_number(value: object, name: str, place: str) -> float:
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            return float(value)
        except ValueError:
            pass
    raise FeedError(f"{place}: {name} {value!r} is not a number")


def read_json(path: Path) -> object:
    """Return what a JSON file holds.

    Raises
    ------
    FeedError
        If it cannot be opened or is not JSON; NaN is not JSON.
    """
    try:
        return msgspec.json.decode(_bytes(path))
    except msgspec.DecodeError as error:
        raise FeedError(f"{path}: not JSON: {str(error).rstrip('.')}") from None


def _bytes(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FeedError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    if not content.strip():
        raise FeedError(f"{path}: the file is empty")
    return content


def _parquet(path: Path, wanted: set[str]) -> tuple["pl.DataFrame", list[str]]:
    import polars as pl

    try:
        if not path.stat().st_size:
            raise FeedError(f"{path}: the file is empty")
        names = list(pl.read_parquet_schema(path))
        columns = [name for name in names if name.lower() in wanted]
        return pl.read_parquet(path, columns=columns, glob=False), names
    except OSError as error:
        raise FeedError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise FeedError(f"{path}: not a whole Parquet file: {reason}") from None


def _csv(path: Path, bare: Sequence[str]) -> tuple["pl.DataFrame", int]:
    import polars as pl

    content = _bytes(path)
    try:
        frame = pl.read_csv(content, has_header=False, infer_schema=False, quote_char=None)
    except pl.exceptions.PolarsError as error:
        raise FeedError(f"{path}{_ragged(content)}: {_csv_reason(error)}") from None
    frame = frame.with_columns(pl.all().str.strip_chars().str.strip_chars('"'))
    while frame.height and not any(frame.row(-1)):
        frame = frame.head(-1)
    header = frame.row(0)
    if _is_number(header[0]):
        names = list(bare) + [""] * max(0, frame.width - len(bare))
        if frame.width < len(bare):
            raise FeedError(
                f"{path}: {frame.width} columns and no header, where {', '.join(bare)} are needed"
            )
        first_line = 1
    else:
        names = [str(name or "") for name in header]
        frame, first_line = frame.slice(1), 2
    labels = [name or f"column {number + 1}" for number, name in enumerate(names)]
    if len(set(labels)) < len(labels):
        raise FeedError(f"{path}, line 1: two columns have the same name ({', '.join(labels)})")
    return frame.rename(dict(zip(frame.columns, labels, strict=True))), first_line


def _ragged(content: bytes) -> str:
    # The reader does not say which line has too many fields; this runs only to say it.
    lines = content.splitlines()
    width = lines[0].count(b",")
    for number, line in enumerate(lines, start=1):
        if line.count(b",") > width:
            return f", line {number}"
    return ""


def _csv_reason(error: Exception) -> str:
    if "more fields" in str(error):
        return "it has more columns than the first line"
    return f"not a CSV file: {str(error).splitlines()[0].rstrip('.')}"


def _is_number(text: str | None) -> bool:
    try:
        float(text or "")
    except ValueError:
        return False
    return True


def _times(column: "pl.Series", rows: Table) -> Times:
    import polars as pl

    if isinstance(column.dtype, pl.Datetime):
        column = column.dt.timestamp("ms" if column.dtype.time_unit == "ms" else "us")
    if column.dtype.is_float():
        raise FeedError(f"{rows.path}: column {column.name!r} holds no whole milliseconds")
    numbers = column.cast(pl.Int64, strict=False)
    _refuse_null(column, numbers, rows, "not a time in whole milliseconds")
    return numbers.to_numpy()


def _numbers(column: "pl.Series", rows: Table) -> Prices:
    import polars as pl

    numbers = column.cast(pl.Float64, strict=False)
    _refuse_null(column, numbers, rows, "not a number")
    return numbers.to_numpy()


def _refuse_null(column: "pl.Series", numbers: "pl.Series", rows: Table, reason: str) -> None:
    if numbers.null_count():
        row = int(numbers.is_null().arg_max() or 0)
        value = column[row]
        said = "is missing" if value is None or value == "" else f"{value!r} is {reason}"
        raise FeedError(f"{rows.path}, {rows.place(row)}: {column.name} {said}")
