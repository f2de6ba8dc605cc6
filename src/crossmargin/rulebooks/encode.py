"""An edition as text, for programs that write one: the way back of `files` and `ladder`.

Only spelling happens here; what the values mean, and whether they make sense, is for the modules
that read. Defaults are left out, so that a person can read what is written. Invariant: what is
written reads back as the same record, to the last digit; what cannot be written so is refused.
"""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction

from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo, fields

from crossmargin.errors import RulebookError
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import ZERO, exact, plain
from crossmargin.rulebooks.files import EditionFile
from crossmargin.rulebooks.ladder import UNITS, tiers_of

COLUMNS = 100
DIGITS_MAX = 18
DENOMINATOR_MAX = 100_000
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
ONE_LINE_EACH = ("instruments",)
"""Tables of many small entries: one line an entry reads better than one table."""
FIRST, LAST = ("schema", "edition", "source", "assumptions", "sources"), ("ladder",)


def edition_text(file: EditionFile, comment: str = "") -> str:
    """Return the TOML that reads back as `file`, under `comment`, one sentence or several.

    Raises
    ------
    RulebookError
        If it holds something an edition cannot hold.
    """
    head = textwrap.wrap(comment, COLUMNS - 2)
    lines = [*(f"# {line}" for line in head), *([""] if head else [])]
    tables: list[str] = []
    for field in sorted(fields(file), key=_place):
        value = getattr(file, field.name)
        if _is_default(field, value):
            continue
        if isinstance(value, Struct):
            tables += ["", f"[{field.name}]", *_entries(value)]
        elif isinstance(value, dict):
            tables += _named_tables(field.name, value)
        elif isinstance(value, tuple) and value and isinstance(value[0], Struct):
            for entry in value:
                tables += ["", f"[[{field.name}]]", *_entries(entry)]
        else:
            lines.append(f"{field.name} = {_value(value)}")
    return "\n".join([*lines, *tables, ""])


@exact
def tiers_text(tiers: Tiers, *, is_whole_position: bool = False) -> str:
    """Return the text that spells `tiers` in a ladder; its `growth` is written beside it.

    Parameters
    ----------
    is_whole_position
        Whether the venue's ladders are; then deductions are written, not derived.

    Raises
    ------
    RulebookError
        If no text spells exactly these tiers.
    """
    parts = []
    below: Tier | None = None
    for piece in tiers.pieces:
        derived = ZERO
        if below is not None and not is_whole_position:
            derived = below.deduction_above(piece.floor, piece.rate)
        parts.append(
            tier_text(piece)
            + ("" if piece.deduction == derived else f" {amount_text(piece.deduction)}")
        )
        below = piece
    if tiers.cap is not None:
        parts.append(amount_text(tiers.cap))
    elif tiers.known_to is not None:
        parts.append(f"{amount_text(tiers.known_to)} ...")
    text = " | ".join(parts)
    again = tiers_of(
        text,
        is_floor_included=tiers.is_floor_included,
        is_whole_position=is_whole_position,
        is_by_size=tiers.is_by_size,
        growth=growth_text(tiers),
    )
    if again != tiers:
        raise RulebookError(f"the ladder {text!r} cannot be written exactly")
    return text


def tier_text(piece: Tier) -> str:
    """Return one tier as a ladder has it: floor, rate, and leverage or initial rate."""
    top = (
        f"{plain(piece.leverage_max)}x"
        if piece.initial_rate is None
        else rate_text(piece.initial_rate)
    )
    return f"{amount_text(piece.floor)} {rate_text(piece.rate)} {top}"


def growth_text(tiers: Tiers) -> str | None:
    """Return what each coin adds to the rates of `tiers`, as text; None where nothing does."""
    growth = tiers.pieces[0].growth
    return rate_text(growth) if growth else None


@exact
def amount_text(value: Decimal) -> str:
    """Return an amount as a ladder has it: with M or k where that leaves a whole number."""
    for letter in sorted(UNITS, key=UNITS.__getitem__, reverse=True):
        if value and value % UNITS[letter] == 0:
            return plain(value / UNITS[letter]) + letter
    return plain(value)


@exact
def rate_text(rate: Decimal) -> str:
    """Return a fraction as a percentage, or as a quotient where it has no end."""
    percentage = plain(rate.scaleb(2))
    if len(percentage.partition(".")[2]) <= DIGITS_MAX:
        return f"{percentage}%"
    near = Fraction(rate).limit_denominator(DENOMINATOR_MAX)
    return f"{near.numerator}/{near.denominator}"


def symbols_text(symbols: Iterator[str] | list[str] | tuple[str, ...]) -> str:
    """Return symbols sorted, in lines where they do not fit into one."""
    words = " ".join(sorted(symbols))
    if len(words) < COLUMNS - len('symbols = ""'):
        return words
    return textwrap.fill(words, COLUMNS, break_long_words=False, break_on_hyphens=False) + "\n"


def quoted(text: str) -> str:
    """Return `text` as a TOML string of one line."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def key_text(name: str) -> str:
    """Return `name` as a TOML key, quoted only where it must be."""
    return name if BARE_KEY.fullmatch(name) else quoted(name)


def _place(field: FieldInfo) -> int:
    if field.name in FIRST:
        return FIRST.index(field.name)
    return len(FIRST) + (field.name in LAST)


def _named_tables(name: str, entries: Mapping[str, Struct]) -> Iterator[str]:
    if name in ONE_LINE_EACH:
        yield ""
        yield f"[{name}]"
        for key, entry in entries.items():
            yield f"{key_text(key)} = {_value(entry)}"
        return
    for key, entry in entries.items():
        yield ""
        yield f"[{name}.{key_text(key)}]"
        yield from _entries(entry)


def _entries(table: Struct) -> Iterator[str]:
    for name, value in _given(table):
        yield f"{key_text(name)} = {_value(value)}"


def _given(table: Struct) -> Iterator[tuple[str, object]]:
    for field in fields(table):
        value = getattr(table, field.name)
        if not _is_default(field, value):
            yield field.encode_name, value


def _is_default(field: FieldInfo, value: object) -> bool:
    if field.default_factory is not NODEFAULT:
        return bool(value == field.default_factory())
    return field.default is not NODEFAULT and bool(value == field.default)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    items = value.items() if isinstance(value, dict) else None
    if isinstance(value, Struct):
        items = _given(value)  # type: ignore[assignment]
    if items is None:
        raise RulebookError(f"{value!r} cannot be written into an edition")
    return "{ " + ", ".join(f"{key_text(name)} = {_value(one)}" for name, one in items) + " }"


def _string(text: str) -> str:
    escaped = quoted(text)
    if not text.endswith("\n"):
        return escaped
    lines = escaped[1:-1].replace("\\n", "\n")
    return f'"""\n{lines}"""'
