"""A state as bytes that are the same on every platform, and their hash.

Two states are equal if their bytes are. Mappings are sorted by key, so that how a state came about
does not show; lists and books keep their order, which is part of what they say. Left out are what
is only remembered to save work (names with an underscore), what does not change (rulebook,
settings), and mappings and markets that are there only because somebody looked for them.
"""

from decimal import Decimal
from enum import Enum
from hashlib import sha256
from typing import Any

import msgspec

from crossmargin.errors import InvariantBroken
from crossmargin.money import ONE
from crossmargin.venue.book import Book
from crossmargin.venue.state import State, SymbolState

_CONSTANT = ("rulebook", "settings")
_untouched: list[Any] = []


def canonical_bytes(state: State) -> bytes:
    """Return the state as JSON."""
    return msgspec.json.encode(_plain(state))


def state_hash(state: State) -> str:
    """Return the SHA-256 of the state, hexadecimal."""
    return sha256(canonical_bytes(state)).hexdigest()


def _plain(value: Any) -> Any:  # noqa: ANN401 - any part of a state.
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Book):
        return [_plain([*value.opposite(size, None)]) for size in (-ONE, ONE)]
    if isinstance(value, dict):
        pairs = [[_plain(key), _plain(one)] for key, one in value.items() if one != {}]
        pairs = [pair for pair in pairs if pair[1] not in _untouched]
        return sorted(pairs, key=lambda pair: msgspec.json.encode(pair[0]))
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    names = _names(value)
    if not names:
        raise InvariantBroken(f"a state holds a {type(value).__name__}, which has no bytes")
    return [[name, _plain(getattr(value, name))] for name in names]


def _names(value: object) -> list[str]:
    names = getattr(value, "__struct_fields__", None) or getattr(value, "__slots__", None)
    return sorted(
        name
        for name in (getattr(value, "__dict__", ()) if names is None else names)
        if not name.startswith("_") and name not in _CONSTANT
    )


_untouched.append(_plain(SymbolState()))
