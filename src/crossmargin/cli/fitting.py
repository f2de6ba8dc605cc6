"""Tables that fit the terminal: the same columns, then closer together, then one over another.

A cut number is a wrong one, so nothing is ever cut: where even the narrowest layout is too wide
for the terminal, that one is printed, as wide as its numbers need.
"""

from collections.abc import Iterable

from msgspec import Struct
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from crossmargin.cli.console import WIDTH_MAX, show_table


class Column(Struct, frozen=True):
    """A heading and the cells under it; numbers stand to the right, words to the left."""

    heading: str
    cells: tuple[str | Text, ...]
    is_words: bool = False

    def over(self, other: "Column") -> "Column":
        """Return one column of two, each cell of this one above the other's, as the headings."""
        cells = tuple(f"{up}\n{down}" for up, down in zip(self.cells, other.cells, strict=True))
        return Column(f"{self.heading}\n{other.heading}", cells, self.is_words)


def table_of(columns: Iterable[Column], *, gap: int = 2) -> Table:
    """Return the table of `columns`, all of the same length, with `gap` spaces between."""
    shown = list(columns)
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, gap, 0, 0))
    for column in shown:
        # A folded table is narrower than its terminal or printed whole: nothing wraps.
        justify = "left" if column.is_words else "right"
        table.add_column(column.heading, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for cells in zip(*(column.cells for column in shown), strict=True):
        table.add_row(*cells)
    return table


def show_fitting(out: Console, layouts: Iterable[Table]) -> None:
    """Print the first of `layouts` (at least one, widest first) that fits, else the last."""
    wide = out.options.update(max_width=WIDTH_MAX)
    table = None
    for table in layouts:
        if Measurement.get(out, wide, table).maximum <= out.width:
            break
    if table is not None:
        show_table(out, table)
