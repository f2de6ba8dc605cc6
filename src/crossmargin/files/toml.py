"""What readers of files that people write share: text, tables, and numbers within bounds.

Numbers are read exactly, never through a binary float. Anything wrong is one sentence with the
place and the reason; what a table means, and what the file is called, only its reader knows
(`account`, `story`).
"""

import tomllib
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeAlias

from msgspec import Struct

from crossmargin.errors import UnitError, UsageError
from crossmargin.money import number, plain

Bound: TypeAlias = tuple[str, Callable[[Decimal], bool]]
"""What a number may be: in words, and as a test."""

POSITIVE: Bound = ("must be above zero", lambda value: value > 0)
NOT_NEGATIVE: Bound = ("must not be negative", lambda value: value >= 0)


def text_of(path: str | Path) -> str:
    """Return the text of the file at `path`.

    Raises
    ------
    UsageError
        If it cannot be read or is not UTF-8; the sentence begins with `path`.
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is not UTF-8 text") from None


def tree_of(text: str) -> dict[str, Any]:
    """Return the tables that TOML `text` is; fractions are decimals.

    Raises
    ------
    UsageError
        If it is empty or not TOML.
    """
    if not text.strip():
        raise UsageError("is empty")
    try:
        return tomllib.loads(text, parse_float=decimal_of)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"is not TOML: {error}") from None
    except ValueError:
        raise UsageError("holds a whole number of thousands of digits") from None
    except RecursionError:
        raise UsageError("is nested too deeply") from None


def decimal_of(text: str) -> Decimal | str:
    """Return the number that a file spells, exactly, or the text itself where it is no number.

    An exponent beyond all bounds is none; whoever needs a number there says where it is.
    """
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def check_head(schema: int, known: int, at: datetime | None) -> None:
    """Refuse a format that is not `known` here, and a moment without a time zone.

    Raises
    ------
    UsageError
        If either is so.
    """
    if schema != known:
        raise UsageError(f"schema: {schema} is not known here, only {known} is")
    if at is not None and at.tzinfo is None:
        raise UsageError("at: has no time zone; write it with a Z")


def check_numbers(node: object, where: str, bounds: Mapping[str, Bound], key: str = "") -> None:
    """Refuse a number anywhere in `node` that has too many digits or is out of its bounds.

    Parameters
    ----------
    where : the place of `node` in the file.
    bounds : by key; numbers in a list or under names have the bound of what holds them, `key`.

    Raises
    ------
    UnitError
        For the first such number; the sentence begins with its place.
    """
    if isinstance(node, Decimal):
        try:
            value = number(node)
        except UnitError as error:
            raise UnitError(f"{where}: {error}") from None
        words, holds = bounds.get(key, ("", lambda _: True))
        if not holds(value):
            raise UnitError(f"{where}: {words}, not {plain(value)}")
    elif isinstance(node, int) and key in bounds:
        words, holds = bounds[key]
        if not holds(Decimal(node)):
            raise UnitError(f"{where}: {words}, not {node}")
    elif isinstance(node, Struct):
        for name in node.__struct_fields__:
            inner = f"{where}.{name}" if where else name
            check_numbers(getattr(node, name), inner, bounds, name)
    elif isinstance(node, dict):
        for name, value in node.items():
            check_numbers(value, f"{where}.{name}", bounds, key)
    elif isinstance(node, list | tuple):
        for place, value in enumerate(node):
            check_numbers(value, f"{where}[{place}]", bounds, key)
