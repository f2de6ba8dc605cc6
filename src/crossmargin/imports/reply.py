"""Replies as venues send them: JSON read exactly, and each part recognised by its shape.

People save what an API answers, whole or in part, alone or several in a list, from the venue or
from ccxt. So a file is walked from the outside in: an object that has the keys of a known shape
is a reply of that kind, everything around it is envelope. Nothing here knows what a field means.

Invariants: no number goes through a binary float; what no shape recognises is listed; every key
of a recognised row that nobody asks for is known afterwards (`Row.unread`).
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from msgspec import Struct

from crossmargin.errors import UsageError
from crossmargin.files.toml import decimal_of
from crossmargin.imports.ccxt_unified import info_of
from crossmargin.money import DIGITS_INTEGER_MAX

D = TypeVar("D")

_KEYS_SHOWN = 8
_TIME_KEYS = ("time", "requestTime", "serverTime", "isoTimestamp", "usOut")
# Where venues say that a reply is an error, and what they say when it is none.
_STATUS_KEYS = {
    "retCode": ("0",),
    "code": ("0", "00000", "200", "success"),
    "result": ("success",),
    "success": ("True",),
}
_MESSAGE_KEYS = ("retMsg", "msg", "message", "error", "label")


class Row:
    """One object of a reply, and which of its keys have been asked for.

    `name` is the file, `place` the path inside it; messages start with both. `key` is the name
    that the row stands under, where that says which asset or market it is; `envelope` is what the
    objects around it say in plain words.
    """

    def __init__(
        self,
        name: str,
        place: str,
        fields: dict[str, Any],
        key: str = "",
        envelope: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Wrap `fields`, none of which has been asked for; `key` is what they stand under."""
        self.name, self.place, self.fields, self.key = name, place, fields, key
        self.envelope = envelope
        self._asked: set[str] = set()
        self._inner: list[Row] = []

    def where(self, key: str = "") -> str:
        """Return file and place of this row, or of its `key`."""
        place = f"{self.place}.{key}".strip(".") if key else self.place
        return f"{self.name}: {place}" if place else self.name

    def has(self, *keys: str) -> bool:
        """Return whether all of `keys` say something: not absent, null or empty."""
        return all(self.fields.get(key) not in (None, "") for key in keys)

    def number(self, *keys: str) -> Decimal | None:
        """Return the first of `keys` that says something, as a number; None if none does.

        Raises
        ------
        UsageError
            If it is no finite number, or larger than an account file holds.
        """
        for key in keys:
            self._asked.add(key)
        for key in keys:
            if self.has(key):
                return self._number(key, self.fields[key])
        return None

    def _number(self, key: str, value: object) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise UsageError(f"{self.where(key)}: is not a number")
        try:
            found = Decimal(value)
        except InvalidOperation:
            raise UsageError(f"{self.where(key)}: {_short(value)} is not a number") from None
        if not found.is_finite():
            raise UsageError(f"{self.where(key)}: {_short(value)} is not a finite number")
        if found and not -100 < found.adjusted() < DIGITS_INTEGER_MAX:
            raise UsageError(f"{self.where(key)}: {_short(value)} is out of all bounds")
        return found

    def needed(self, *keys: str) -> Decimal:
        """Return the first of `keys` that says something, as a number.

        Raises
        ------
        UsageError
            If none says anything, or it is no number.
        """
        found = self.number(*keys)
        if found is None:
            raise UsageError(f"{self.where(keys[0])}: is missing or empty")
        return found

    def text(self, *keys: str) -> str:
        """Return the first of `keys` that says something, as text; empty if none does."""
        for key in keys:
            self._asked.add(key)
        for key in keys:
            value = self.fields.get(key)
            if value not in (None, "") and isinstance(value, str | int | Decimal):
                return str(value)
        return ""

    def name_of(self, *keys: str) -> str:
        """Return the first of `keys` that says something, as the name of a symbol or asset.

        Raises
        ------
        UsageError
            If there is none, or it is not text.
        """
        found = self.text(*keys)
        if not found or not found.isprintable():
            raise UsageError(f"{self.where(keys[0])}: is missing or is no name")
        return found

    def flag(self, *keys: str) -> bool | None:
        """Return the first of `keys` that says something, as yes or no; None if none does."""
        word = self.text(*keys).lower()
        return None if not word else word in ("true", "1", "yes")

    def row(self, key: str) -> "Row | None":
        """Return the object under `key`, or None if there is none."""
        self._asked.add(key)
        value = self.fields.get(key)
        return self._made(key, value) if isinstance(value, dict) else None

    def rows(self, key: str) -> list["Row"]:
        """Return the objects in the list, or among the named values, under `key`.

        Raises
        ------
        UsageError
            If something else is there.
        """
        self._asked.add(key)
        value = self.fields.get(key)
        if value in (None, ""):
            return []
        if isinstance(value, dict):
            parts = [(f"{key}.{name}", name, inner) for name, inner in value.items()]
        elif isinstance(value, list):
            parts = [(f"{key}[{at}]", "", inner) for at, inner in enumerate(value)]
        else:
            raise UsageError(f"{self.where(key)}: is neither a list nor an object")
        for place, name, inner in parts:
            if not isinstance(inner, dict) or not name.isprintable():
                raise UsageError(f"{self.where(place)}: is not an object with a name")
        return [self._made(place, inner, name) for place, name, inner in parts]

    def _made(self, place: str, fields: dict[str, Any], key: str = "") -> "Row":
        row = Row(self.name, f"{self.place}.{place}".strip("."), fields, key)
        self._inner.append(row)
        return row

    def ignore(self, *keys: str) -> None:
        """Count `keys` as asked for: what they say is said by others."""
        self._asked.update(keys)

    def unread(self) -> set[str]:
        """Return the keys, of this row and those below, that say something nobody asked for."""
        found = {
            key
            for key, value in self.fields.items()
            if key not in self._asked and not _is_nothing(value)
        }
        return found.union(*(row.unread() for row in self._inner))


class Shape(Struct, Generic[D], frozen=True):
    """A kind of reply: what it is called, the keys that tell it, and who reads it."""

    kind: str
    keys: frozenset[str]
    read: Callable[[Row, D], None]


class Reply(Struct, Generic[D], frozen=True):
    """One recognised part of a file."""

    shape: Shape[D]
    row: Row


class Found(Struct, Generic[D]):
    """What a walk through the files found.

    `times` are (where, what the envelope says the time is); `unknown` are (where, its keys).
    """

    replies: list[Reply[D]] = []
    times: list[tuple[str, object]] = []
    unknown: list[tuple[str, str]] = []


def shape(kind: str, keys: str, read: Callable[[Row, D], None]) -> Shape[D]:
    """Return the shape of `kind` that the blank-separated `keys` tell."""
    return Shape(kind, frozenset(keys.split()), read)


def parsed(text: str, name: str) -> object:
    """Return the JSON value that `text` is; fractions are decimals.

    Raises
    ------
    UsageError
        One sentence with file and reason; also for a key that is there twice.
    """
    try:
        return json.loads(
            text.removeprefix("\ufeff"),
            parse_float=decimal_of,
            parse_constant=str,
            object_pairs_hook=_without_twins,
        )
    except json.JSONDecodeError as error:
        reason = f"{error.msg.lower()} at line {error.lineno}" if text.strip() else "it is empty"
        raise UsageError(f"{name}: is not JSON: {reason}") from None
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from None
    except ValueError:
        raise UsageError(f"{name}: holds a whole number of thousands of digits") from None
    except RecursionError:
        raise UsageError(f"{name}: is nested too deeply") from None


def recognised(
    documents: Sequence[tuple[str, object]], shapes: Sequence[Shape[D]], venue: str
) -> Found[D]:
    """Return the replies in `documents`, pairs of name and JSON value, in order.

    Raises
    ------
    UsageError
        If a reply says that it is an error.
    """
    found: Found[D] = Found()
    for name, tree in documents:
        try:
            walk = _Walk(name, shapes, found, venue)
            if walk.into(tree, "", {}) is _What.UNKNOWN:
                found.unknown.append((name, _outline(tree)))
        except RecursionError:
            raise UsageError(f"{name}: is nested too deeply") from None
    return found


class _What(StrEnum):
    """What a walk finds somewhere: replies, nothing at all, or things nobody knows."""

    KNOWN = "known"
    EMPTY = "empty"
    UNKNOWN = "unknown"


class _Walk(Generic[D]):
    """A walk through one file; what it meets goes into `found`."""

    def __init__(self, name: str, shapes: Sequence[Shape[D]], found: Found[D], venue: str) -> None:
        self.name, self.shapes, self.found, self.venue = name, shapes, found, venue

    def into(self, node: object, place: str, envelope: Mapping[str, str]) -> _What:
        # What is unknown is listed only beside what is known: else all of `node` is unknown.
        if isinstance(node, dict):
            words = {key: value for key, value in node.items() if isinstance(value, str)}
            info = info_of(node)
            if info is not None:
                return self.into(info, f"{place}.info".strip("."), {**envelope, **words})
            for one in self.shapes:
                if one.keys <= node.keys():
                    row = Row(self.name, place, node, envelope=envelope)
                    self.found.replies.append(Reply(one, row))
                    return _What.KNOWN
            envelope = {**envelope, **words}
            _refuse_errors(node, self.name, place, self.venue)
            self.found.times += [
                (f"{self.name}: {place}.{key}".replace(": .", ": "), node[key])
                for key in _TIME_KEYS
                if node.get(key)
            ]
        inner = [
            (at, self.into(child, at, envelope), child) for at, child in _children(node, place)
        ]
        whats = {what for _, what, _ in inner}
        if _What.KNOWN in whats:
            self.found.unknown += [
                (f"{self.name}: {at}", _outline(child))
                for at, what, child in inner
                if what is _What.UNKNOWN
            ]
            return _What.KNOWN
        # An object in a list is a thing, whatever is in it; elsewhere it is an envelope.
        is_thing = isinstance(node, dict) and place.endswith("]")
        is_empty = whats <= {_What.EMPTY} and (inner or isinstance(node, list) or not node)
        return _What.EMPTY if is_empty and not is_thing else _What.UNKNOWN


def _children(node: object, place: str) -> Iterator[tuple[str, object]]:
    # Bare values of an object are its envelope; those of a list are what it is made of.
    if isinstance(node, dict):
        for key, inner in node.items():
            if isinstance(inner, dict | list):
                yield f"{place}.{key}".strip("."), inner
    elif isinstance(node, list):
        yield from ((f"{place}[{at}]", inner) for at, inner in enumerate(node))


def _refuse_errors(node: dict[str, Any], name: str, place: str, venue: str) -> None:
    for key, good in _STATUS_KEYS.items():
        value = node.get(key)
        if isinstance(value, str | int) and str(value) not in good:
            said = next((str(node[word]) for word in _MESSAGE_KEYS if node.get(word)), "")
            where = f"{name}: {place}.{key}".replace(": .", ": ")
            raise UsageError(f"{where}: {venue} answered with error {_short(value)} {said}".strip())
    if isinstance(node.get("error"), dict):
        said = node["error"].get("message", "")
        raise UsageError(f"{name}: error: {venue} answered with an error: {said}")


def _outline(node: object) -> str:
    if isinstance(node, dict):
        shown = ", ".join(list(map(str, node))[:_KEYS_SHOWN])
        return f"an object with {shown}{', …' if len(node) > _KEYS_SHOWN else ''}"
    if isinstance(node, list):
        return f"a list of {_outline(node[0])}" if node else "an empty list"
    return f"the bare value {_short(node)}"


def _is_nothing(value: object) -> bool:
    if isinstance(value, dict | list):
        return not value
    if isinstance(value, str):
        return not value.strip("0.-+") or value.lower() == "false"
    return not value


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [key for key, _ in pairs]
        twin = next(key for at, key in enumerate(names) if key in names[:at])
        raise UsageError(f"an object has the key {twin} twice")
    return found
