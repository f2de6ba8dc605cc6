"""Who may do what: keys with scopes, an end, an allow-list of symbols and limits.

A key's secret is derived from the master key and the key's id (HMAC-SHA256), so no secret is kept
anywhere but in the master key file. What is kept, in a file only its owner reads, is what the key
may do. There is no scope to withdraw from a real venue, because nothing here can.
"""

import hmac
import secrets
from collections.abc import Iterable, Iterator
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

import msgspec
from msgspec import Struct

from crossmargin.api.private_file import check_private, write_private
from crossmargin.errors import UsageError

SCHEMA = 1
KEYS_MAX = 1000
"""How many keys a venue has at most."""
KEY_ID_BYTES = 32
"""Ids are as long as Binance's: 64 hexadecimal digits."""
MASTER_KEY_BYTES = 32
_PURPOSE = b"crossmargin key 1:"


class Scope(StrEnum):
    """What a key may do; one does not include another."""

    READ = "read"
    TRADE = "trade"
    ADMIN = "admin"


class Limits(Struct, frozen=True, omit_defaults=True):
    """What a key may do at most; None where there is no limit.

    Attributes
    ----------
    order_notional_max : of one order, in the quote asset. What only reduces a position is free.
    open_orders_max : of the account, before the order.
    loss_per_day_max : what the account may have lost since midnight (UTC, the venue's time), in
        USD, until the key opens nothing any more.
    """

    order_notional_max: Decimal | None = None
    open_orders_max: int | None = None
    loss_per_day_max: Decimal | None = None


class Key(Struct, frozen=True, omit_defaults=True):
    """A key, but for its secret.

    Attributes
    ----------
    account : whose it is; empty for one that is nobody's (an admin's).
    expires_ms : milliseconds UTC of the machine's clock, from which on it is none.
    symbols : those it may trade; None is all.
    """

    id: str
    account: str
    scopes: frozenset[Scope]
    expires_ms: int
    symbols: frozenset[str] | None = None
    limits: Limits = Limits()
    label: str = ""

    def may(self, scope: Scope) -> bool:
        """Return whether it has a scope."""
        return scope in self.scopes

    def may_trade(self, symbol: str) -> bool:
        """Return whether it may trade a symbol at all."""
        return Scope.TRADE in self.scopes and (self.symbols is None or symbol in self.symbols)


class _File(Struct, frozen=True):
    schema: int
    keys: tuple[Key, ...]


class Keys:
    """All keys of a venue."""

    def __init__(self, master_key: bytes, path: Path | None = None) -> None:
        """Take the keys kept at `path`; without one they are forgotten with the process.

        Raises
        ------
        UsageError
            If the file is none of ours, or others may read or write it.
        """
        self._master_key, self._path = master_key, path
        self._keys: dict[str, Key] = {}
        if path is not None and path.exists():
            self._keys = {one.id: one for one in _read(path)}

    def __iter__(self) -> Iterator[Key]:
        """Return the keys, in the order they were issued."""
        return iter(tuple(self._keys.values()))

    def valid(self, key_id: str, now_ms: int) -> Key | None:
        """Return a key that is one at `now_ms`, the machine's time; None where there is none."""
        found = self._keys.get(key_id)
        return found if found is not None and now_ms < found.expires_ms else None

    def secret(self, key_id: str) -> str:
        """Return the secret that belongs to an id, whether there is such a key or not."""
        return hmac.digest(
            self._master_key, _PURPOSE + key_id.encode("utf-8", "replace"), "sha256"
        ).hex()

    def issue(
        self,
        account: str,
        expires_ms: int,
        scopes: Iterable[Scope] = (Scope.READ,),
        symbols: Iterable[str] | None = None,
        limits: Limits | None = None,
        label: str = "",
    ) -> Key:
        """Make a new key and keep it.

        Raises
        ------
        UsageError
            If there are too many.
        """
        if len(self._keys) >= KEYS_MAX:
            raise UsageError(f"keys: there are {KEYS_MAX} already; revoke one")
        key = Key(
            secrets.token_hex(KEY_ID_BYTES),
            account,
            frozenset(scopes),
            expires_ms,
            None if symbols is None else frozenset(symbols),
            limits or Limits(),
            label,
        )
        self._keep({**self._keys, key.id: key})
        return key

    def revoke(self, key_id: str) -> bool:
        """Forget a key; return whether there was one."""
        if key_id not in self._keys:
            return False
        self._keep({name: key for name, key in self._keys.items() if name != key_id})
        return True

    def _keep(self, keys: dict[str, Key]) -> None:
        if self._path is not None:
            content = msgspec.json.encode(_File(SCHEMA, tuple(keys.values())), order="sorted")
            write_private(self._path, msgspec.json.format(content) + b"\n")
        self._keys = keys


def master_key(path: Path) -> bytes:
    """Return the master key kept at `path`, made there if there is none.

    Raises
    ------
    UsageError
        If others than the owner may read it, it cannot be made, or it is no key.
    """
    if not path.exists():
        write_private(path, secrets.token_hex(MASTER_KEY_BYTES).encode() + b"\n")
    check_private(path)
    try:
        found = bytes.fromhex(path.read_text("ascii").strip())
    except ValueError:
        found = b""
    if len(found) < MASTER_KEY_BYTES:
        raise UsageError(f"{path}: is no master key: {2 * MASTER_KEY_BYTES} hexadecimal digits")
    return found


def _read(path: Path) -> tuple[Key, ...]:
    check_private(path)
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_File)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise UsageError(f"{path}: is no file of keys: {error}") from error
    if kept.schema != SCHEMA:
        raise UsageError(f"{path}: is of schema {kept.schema}, this version reads {SCHEMA}")
    return kept.keys
