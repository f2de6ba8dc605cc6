"""Every command and event comes back from its bytes, and a hash covers every field."""

from decimal import Decimal
from enum import Enum
from typing import get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.errors import StoreError
from crossmargin.model.account import Position
from crossmargin.store.entry import Decided, entry, fault_of
from crossmargin.venue.command import AnyCommand, Tick
from crossmargin.venue.event import AnyEvent, Refused

KINDS = [*get_args(AnyCommand), *get_args(AnyEvent)]
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=8)


def values(kind):
    """Return a strategy for whatever a field of type `kind` may hold."""
    simple = {Decimal: DECIMALS, str: st.text(max_size=9), bool: st.booleans()}
    if kind in simple:
        return simple[kind]
    if kind is int:
        return st.integers(-(2**53), 2**53)
    if kind is type(None):
        return st.none()
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return records(kind)
    inner = get_args(kind)
    if get_origin(kind) is tuple:
        return st.lists(values(inner[0]), max_size=2).map(tuple)
    if get_origin(kind) is dict:
        return st.dictionaries(values(inner[0]), values(inner[1]), max_size=2)
    return st.one_of(*map(values, inner))


def records(kind):
    """Return a strategy for records of a kind."""
    hints = get_type_hints(kind)
    return st.fixed_dictionaries(
        {name: values(hints[name]) for name in kind.__struct_fields__}
    ).map(lambda fields: kind(**fields))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_what_was_written_is_read(kind, data):
    one = data.draw(records(kind))
    is_event = kind in get_args(AnyEvent)
    command = Tick(at_ms=1) if is_event else one
    events = (one, one) if is_event else ()
    written = entry(1, Decided(command, events), "1", "2", b"")

    assert command == written.decoded_command()
    assert events == written.decoded_events()


WRITTEN = entry(3, Decided(Tick(at_ms=5), (Refused(code=1, reason="no"),)), "1", "ab", b"before")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at_ms", 6),
        ("command", b"{}"),
        ("events", b"[]"),
        ("engine", "2"),
        ("rulebook", "ac"),
        ("hash", b"x"),
    ],
)
def test_a_changed_field_does_not_fit_its_hash(field, value):
    changed = msgspec.structs.replace(WRITTEN, **{field: value})

    assert fault_of(WRITTEN, 3, b"before") is None
    assert "entry 3: its hash is not that of its content" == fault_of(changed, 3, b"before")


def test_what_is_in_one_field_cannot_move_to_the_next():
    moved = msgspec.structs.replace(WRITTEN, engine="1a", rulebook="b")

    assert fault_of(moved, 3, b"before") is not None


@pytest.mark.parametrize("content", [b"{", b'{"do":"fly"}', b'{"do":"tick"}', b"\xff"])
def test_what_this_version_does_not_know_is_named(content):
    strange = msgspec.structs.replace(WRITTEN, command=content, events=b"[" + content + b"]")

    with pytest.raises(StoreError, match="entry 3: command: "):
        strange.decoded_command()
    with pytest.raises(StoreError, match="entry 3: events: "):
        strange.decoded_events()


def test_positions_are_among_what_is_tried():
    assert any(Position in get_type_hints(kind).values() for kind in KINDS)
