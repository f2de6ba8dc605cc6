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
from crossmargin.model.surface import Smile
from crossmargin.store.entry import Decided, entry, fault_of
from crossmargin.venue.command import AnyCommand, Tick
from crossmargin.venue.event import AnyEvent, Refused

KINDS = [*get_args(AnyCommand), *get_args(AnyEvent)]
POINTS = ((Decimal(90), Decimal("0.5")), (Decimal("100.5"), Decimal("0.25")))
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
    if kind is Smile:
        return st.builds(Smile, values(int), st.just(POINTS), forward=st.none(), rate=DECIMALS)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return records(kind)
    inner = get_args(kind)
    if get_origin(kind) is tuple and Ellipsis not in inner:
        return st.tuples(*map(values, inner))
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


def flips(value):
    """Yield a field with one bit changed, for every bit of it."""
    if isinstance(value, int):
        yield from (value ^ (1 << bit) for bit in range(63))
        return
    content = value if isinstance(value, bytes) else value.encode()
    for bit in range(8 * len(content)):
        flipped = (int.from_bytes(content) ^ (1 << bit)).to_bytes(len(content))
        yield flipped if isinstance(value, bytes) else flipped.decode("latin-1")


HASHED = entry(
    3, Decided(Tick(at_ms=5), (Refused(code=1, reason="no"),), b"S" * 33), "1", "ab", b""
)


@pytest.mark.parametrize("written", [WRITTEN, HASHED], ids=["rule 1", "rule 2"])
def test_any_bit_of_a_record_is_found(written):
    fields = {name: getattr(written, name) for name in written.__struct_fields__}
    missed = [
        (name, flipped)
        for name, value in fields.items()
        if value is not None
        for flipped in flips(value)
        if fault_of(msgspec.structs.replace(written, **{name: flipped}), 3, written.previous)
        is None
    ]

    assert fault_of(written, 3, written.previous) is None
    assert [] == missed


def test_a_hash_of_the_state_cannot_be_put_on_or_taken_off():
    bare = msgspec.structs.replace(HASHED, state=None)
    dressed = msgspec.structs.replace(WRITTEN, state=b"S" * 33)

    assert "entry 3: its hash is not that of its content" == fault_of(bare, 3, b"")
    assert "entry 3: its hash is not that of its content" == fault_of(dressed, 3, b"before")


# By sha256sum, of the mark and the fields, each after its length in 8 bytes.
HASH_RULE_1 = "ba461dc9e097932df54692f0f97b5dea3e6695df6c6d9dcf898a8d2e21841d93"


def test_a_record_of_the_first_rule_has_the_hash_it_always_had():
    one = entry(1, Decided(Tick(at_ms=5), ()), "0.1.0", "ab", b"\x00")

    assert b'{"do":"tick","at_ms":5,"account":"","client_id":""}' == one.command
    assert HASH_RULE_1 == one.hash.hex()


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
