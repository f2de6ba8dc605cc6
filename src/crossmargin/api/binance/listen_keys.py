"""Listen keys: names that let a WebSocket hear what happens to an account, for an hour.

An account has one at a time; asking for another gives the same again, for another hour. Time is the
machine's: it is the client's patience that is measured. Kept in memory alone, so a restart ends
them all, as Binance's ends of 60 minutes do.

A key is part of the address of a WebSocket here, as Binance has it. It is 64 random letters and
digits and opens reading alone.

Source: Binance, "Start / Keepalive / Close User Data Stream".
"""

import secrets
from collections.abc import Callable

from msgspec import Struct

KEPT_MS = 60 * 60_000
KEY_BYTES = 32


class ListenKey(Struct, frozen=True):
    """A listen key: what it opens, whose key asked for it, and until when."""

    name: str
    account: str
    key_id: str
    expires_ms: int


class ListenKeys:
    """All listen keys that hold."""

    def __init__(self) -> None:
        """Start without any."""
        self._by_account: dict[str, ListenKey] = {}
        self._by_name: dict[str, ListenKey] = {}

    def start(self, account: str, key_id: str, now_ms: int) -> ListenKey:
        """Return the account's listen key, good for an hour from now."""
        before = self.of_account(account, now_ms)
        name = before.name if before is not None else secrets.token_hex(KEY_BYTES)
        return self._keep(ListenKey(name, account, key_id, now_ms + KEPT_MS))

    def of_account(self, account: str, now_ms: int) -> ListenKey | None:
        """Return the account's listen key; None where it has none that holds."""
        return _holding(self._by_account.get(account), now_ms)

    def named(self, name: str, now_ms: int) -> ListenKey | None:
        """Return a listen key by its name; None where there is none that holds."""
        return _holding(self._by_name.get(name), now_ms)

    def extend(self, one: ListenKey, now_ms: int) -> ListenKey:
        """Let a listen key hold for an hour from now."""
        return self._keep(ListenKey(one.name, one.account, one.key_id, now_ms + KEPT_MS))

    def close(self, one: ListenKey) -> None:
        """End a listen key."""
        self._by_account.pop(one.account, None)
        self._by_name.pop(one.name, None)

    def expired(self, now_ms: int, is_held: Callable[[str], bool]) -> tuple[ListenKey, ...]:
        """Return the listen keys that are over, and forget them.

        Parameters
        ----------
        is_held : whether a key (by its id) still holds; what it has asked for ends with it.
        """
        over = tuple(
            one
            for one in self._by_name.values()
            if one.expires_ms <= now_ms or not is_held(one.key_id)
        )
        for one in over:
            self.close(one)
        return over

    def _keep(self, one: ListenKey) -> ListenKey:
        self._by_account[one.account] = self._by_name[one.name] = one
        return one


def _holding(one: ListenKey | None, now_ms: int) -> ListenKey | None:
    return one if one is not None and now_ms < one.expires_ms else None
