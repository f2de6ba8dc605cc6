"""Who may come in at all, and how often: before anybody asks what they want.

Browsers are kept from using a venue on this machine behind their owner's back: the Host a request
names must be one of ours (DNS rebinding), and one that changes something must not come from
another site's page. There are no cookies and no CORS, so nothing that a page reads here is given.

Buckets are one for each key and each address; those of cancels are apart, so that who has used up
everything can still get out.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from math import ceil

from msgspec import Struct

from crossmargin.api.asgi import Asked
from crossmargin.api.audit import Audit
from crossmargin.api.problem import Problem

BODY_MAX = 64 * 1024
"""Bytes of a request's body."""
DEPTH_MAX = 8
"""How deep the JSON of a request is nested."""
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class Rate(Struct, frozen=True):
    """A token bucket: `burst` tokens at most, `per_second` new ones."""

    burst: int
    per_second: int


class Rates(Struct, frozen=True):
    """How often.

    Attributes
    ----------
    cancel : of one key, and of one address, for what only takes orders away.
    unknown : lines of the audit log about those who have shown no key.
    connections : WebSockets of one address at once.
    known_max : how many keys and addresses are remembered, the last seen of them.
    """

    key: Rate = Rate(5_000, 2_000)
    address: Rate = Rate(10_000, 4_000)
    cancel: Rate = Rate(5_000, 2_000)
    unknown: Rate = Rate(200, 10)
    connections: int = 64
    known_max: int = 10_000


class Gate:
    """The checks, and what they remember."""

    def __init__(
        self,
        hosts: Iterable[str],
        rates: Rates | None = None,
        audit: Audit | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Let in who names one of `hosts` (`name` or `name:port`, lower case)."""
        self.hosts, self.rates = frozenset(hosts), rates or Rates()
        self.audit = audit or Audit(None)
        self._monotonic = monotonic
        self._buckets: OrderedDict[tuple[str, str, bool], _Bucket] = OrderedDict()
        self._connections: dict[str, int] = {}

    def check_site(self, method: str, headers: Mapping[str, str], scheme: str = "http") -> None:
        """Refuse what a web page of another site may have sent.

        Parameters
        ----------
        headers : by lower-case name.
        method : of a WebSocket's handshake "WEBSOCKET", which is not safe.

        Raises
        ------
        Problem
            421 for a Host that is not ours, 403 for a foreign page.
        """
        host = headers.get("host", "").lower()
        if host not in self.hosts:
            raise Problem(421, "unknown-host", "this server does not go by that Host")
        if method in SAFE_METHODS:
            return
        site = headers.get("sec-fetch-site")
        origin = headers.get("origin")
        if site is not None and site not in ("same-origin", "none"):
            raise Problem(403, "foreign-site", "it comes from a page of another site")
        if origin is not None and origin.lower() != f"{scheme}://{host}":
            raise Problem(403, "foreign-site", "it comes from a page of another site")
        if "cookie" in headers and site is None and origin is None:
            raise Problem(403, "foreign-site", "it has cookies and does not say where it is from")

    def wait_s(
        self, key_id: str, address: str, weight: int = 1, *, is_cancel: bool = False
    ) -> float:
        """Take tokens; return in how many seconds there will be some, zero where there were.

        Parameters
        ----------
        key_id, address : whose buckets; empty for none. A key's are for who has shown to have it:
            nobody else can use them up.
        """
        rates = self.rates
        asked = [
            ("key", key_id, rates.cancel if is_cancel else rates.key),
            ("address", address, rates.cancel if is_cancel else rates.address),
        ]
        now = self._monotonic()
        buckets = [
            self._bucket((kind, whose, is_cancel), rate, now)
            for kind, whose, rate in asked
            if whose
        ]
        wait = max((one.wait_s(weight) for one in buckets), default=0.0)
        if not wait:
            for one in buckets:
                one.tokens -= weight
        return wait

    def take(self, key_id: str, address: str, weight: int = 1, *, is_cancel: bool = False) -> None:
        """Take tokens, as `wait_s`.

        Raises
        ------
        Problem
            429 if there are none.
        """
        wait = self.wait_s(key_id, address, weight, is_cancel=is_cancel)
        if wait:
            raise Problem(429, "too-many-requests", "too many requests", retry_after_s=ceil(wait))

    def note(self, at_ms: int, asked: Asked, what: str, status: int, address: str) -> None:
        """Write into the audit log what came of a request, where it belongs there.

        Everything that was asked with a key does, and what was refused to somebody unknown: of that
        a bounded number a second, or anybody who can send requests could fill the disk.
        """
        if not asked.key and (status < 400 or not self._may_note()):
            return
        self.audit.add(
            at_ms,
            what,
            status,
            key=asked.key,
            account=asked.account,
            address=address,
            why=asked.why,
            sequence=asked.sequence,
        )

    def enter(self, address: str) -> bool:
        """Count a WebSocket of an address; return whether there is room for it."""
        count = self._connections.get(address, 0)
        if count >= self.rates.connections:
            return False
        self._connections[address] = count + 1
        return True

    def leave(self, address: str) -> None:
        """Count one less."""
        count = self._connections.pop(address, 0) - 1
        if count > 0:
            self._connections[address] = count

    def _may_note(self) -> bool:
        bucket = self._bucket(("note", "", False), self.rates.unknown, self._monotonic())
        if bucket.wait_s(1):
            return False
        bucket.tokens -= 1
        return True

    def _bucket(self, key: tuple[str, str, bool], rate: Rate, now: float) -> "_Bucket":
        found = self._buckets.get(key)
        if found is None:
            found = self._buckets[key] = _Bucket(rate, now)
            if len(self._buckets) > self.rates.known_max:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(key)
        found.fill(now)
        return found


class _Bucket:
    """Tokens, and when they were last counted."""

    __slots__ = ("at", "rate", "tokens")

    def __init__(self, rate: Rate, now: float) -> None:
        self.rate, self.tokens, self.at = rate, float(rate.burst), now

    def fill(self, now: float) -> None:
        new = (now - self.at) * self.rate.per_second
        self.tokens, self.at = min(float(self.rate.burst), self.tokens + new), now

    def wait_s(self, weight: int) -> float:
        return max(0.0, (weight - self.tokens) / self.rate.per_second)


def is_deeper(body: bytes, depth_max: int) -> bool:
    """Return whether JSON is nested deeper than `depth_max`; what is no JSON has a depth too."""
    # What opens no more than that often need not be looked at.
    return body.count(b"{") + body.count(b"[") > depth_max and json_depth(body) > depth_max


def json_depth(body: bytes) -> int:
    """Return how deep JSON is nested; what is no JSON has a depth too."""
    deepest = depth = 0
    is_text = is_escaped = False
    for sign in body:
        if is_text:
            if is_escaped:
                is_escaped = False
            elif sign == 0x5C:  # backslash
                is_escaped = True
            elif sign == 0x22:  # quotation mark
                is_text = False
        elif sign == 0x22:
            is_text = True
        elif sign in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in b"]}":
            depth -= 1
    return deepest
