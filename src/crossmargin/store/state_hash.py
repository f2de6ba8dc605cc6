"""The hash of a state, brought up to date by what has changed.

The hash is the sum of the SHA-256 of the state's parts (`canonical`) and of a fixed text, modulo
2 ** 256. A sum does not depend on the order of what is added, and what is in it can be taken out
again: so a part that changes costs two hashes, however large the venue is.

It finds what is damaged or forgotten, here or in what others made of the same journal. It is no
proof against somebody who chooses the parts: sums of many hashes can be forged with less work than
one hash. That the journal is the one that was written is what its chain says.

What is written down is the number of the rule before the hash. A version that gives parts another
form, or makes another state of the same events, gives the rule another number: what was recorded
under an older one is not compared, and a snapshot of an older one is not used.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import TypeAlias

from crossmargin.store.canonical import (
    account_part,
    is_untouched,
    order_part,
    parts,
    purse_part,
    symbol_part,
    venue_part,
)
from crossmargin.venue.state import State, Unhashed

STATE_HASH_ENTRIES = 1000
"""Every record whose number this divides holds the hash of the state after it."""

RULE = b"\x02"
"""The rule that this version hashes by; the first byte of every hash of a state."""

_MODULUS = 2**256
_FIXED = int.from_bytes(sha256(b"crossmargin state 1").digest())

_Key: TypeAlias = tuple[str, object]


def state_hash(state: State) -> bytes:
    """Return the hash of a state, from all of its parts."""
    return hash_of(parts(state))


def hash_of(lines: Iterable[bytes]) -> bytes:
    """Return the hash of the state whose parts these are."""
    return RULE + ((_FIXED + sum(map(_number, lines))) % _MODULUS).to_bytes(32)


def shown(state_hash: bytes) -> str:
    """Return a hash as people see it: hexadecimal, without the number of its rule."""
    return state_hash.removeprefix(RULE).hex()


def is_comparable(recorded: bytes | None) -> bool:
    """Return whether a hash was recorded, under the rule of this version."""
    return recorded is not None and recorded.startswith(RULE)


def is_due(sequence: int) -> bool:
    """Return whether the record of this number holds the hash of the state after it."""
    return sequence % STATE_HASH_ENTRIES == 0


class StateHash:
    """The hash of one state that goes on changing.

    It owns the state's notes of what has changed (`State.unhashed`): one at a time.
    """

    def __init__(self, state: State) -> None:
        """Hash all there is."""
        self._state = state
        self._sum = _FIXED
        self._numbers: dict[_Key, int] = {}
        state.unhashed = Unhashed(
            accounts={*state.accounts},
            orders={*state.orders},
            symbols={*state.symbols},
            purses={*state.purses},
        )
        self.current()

    def current(self) -> bytes:
        """Return the hash of the state as it is now."""
        state = self._state
        for key, part in _changed(state, state.unhashed or Unhashed()):
            before = self._numbers.pop(key, 0)
            if part is not None:
                self._numbers[key] = _number(part)
            self._sum += self._numbers.get(key, 0) - before
        self._sum %= _MODULUS
        state.unhashed = Unhashed()
        return RULE + self._sum.to_bytes(32)


def _changed(state: State, changed: Unhashed) -> Iterator[tuple[_Key, bytes | None]]:
    # Each part that may be another one now; None where it is not there any more.
    yield ("venue", ""), venue_part(state)
    for name in changed.accounts:
        yield ("account", name), account_part(state.accounts[name])
    for order_id in changed.orders:
        order = state.orders.get(order_id)
        yield ("order", order_id), None if order is None else order_part(order)
    for name in changed.symbols:
        part = symbol_part(name, state.symbol(name))
        yield ("symbol", name), None if is_untouched(name, part) else part
    for purse in changed.purses:
        yield ("purse", purse), purse_part(*purse, state.purses[purse])


def _number(part: bytes) -> int:
    return int.from_bytes(sha256(part).digest())
