"""Whether a request is from who it says, just now, and for the first time.

Our own scheme (version 1). The signature is HMAC-SHA256, in lower-case hexadecimal, of these lines
joined by line feeds, with the secret's characters as the key:

    CROSSMARGIN-1
    METHOD
    /path                   as sent, percent signs and all
    a=1&b=2                 the query's pairs as sent, sorted by their bytes
    SHA-256 of the body, hexadecimal
    timestamp               milliseconds UTC
    nonce                   1 to 64 letters, digits, - or _, never used before with this key
    key id

A request is fresh where server − window ≤ timestamp < server + 1000 ms. Nonces are remembered for
longer than a request stays fresh; what was signed before the start is refused, because the nonces
of then are forgotten.

Other dialects sign other bytes, and use the same comparison and the same freshness.
"""

import hmac
import re
from collections import deque
from collections.abc import Mapping
from hashlib import sha256

from msgspec import Struct

from crossmargin.api.keys import Key, Keys
from crossmargin.api.problem import Problem

VERSION = "CROSSMARGIN-1"
WINDOW_MS = 5_000
WINDOW_MAX_MS = 10_000
AHEAD_MS = 1_000
"""A timestamp is this much ahead of the server's clock at most, and not quite."""
NONCES_MAX = 20_000
"""How many nonces of one key are remembered; more requests in twice the window are too many."""

KEY_HEADER = "x-crossmargin-key"
TIMESTAMP_HEADER = "x-crossmargin-timestamp"
NONCE_HEADER = "x-crossmargin-nonce"
SIGNATURE_HEADER = "x-crossmargin-signature"

_NONCE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TIMESTAMP = re.compile(r"[0-9]{1,16}")


def hmac_hex(secret: str, payload: bytes) -> str:
    """Return HMAC-SHA256 of `payload` in lower-case hexadecimal."""
    return hmac.digest(secret.encode(), payload, "sha256").hex()


def is_same(given: str, expected: str) -> bool:
    """Return whether two texts are the same, in a time that does not say how much of them is."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def is_fresh(timestamp_ms: int, now_ms: int, window_ms: int) -> bool:
    """Return whether now − window ≤ timestamp < now + 1000, in milliseconds."""
    return now_ms - window_ms <= timestamp_ms < now_ms + AHEAD_MS


class Request(Struct, frozen=True):
    """What is signed of a request, all as it was sent."""

    method: str
    path: str
    query: bytes
    body: bytes
    timestamp: str
    nonce: str
    key_id: str

    def canonical(self) -> bytes:
        """Return the bytes that are signed."""
        pairs = b"&".join(sorted(self.query.split(b"&")))
        head = f"{VERSION}\n{self.method}\n{self.path}\n".encode()
        tail = f"{sha256(self.body).hexdigest()}\n{self.timestamp}\n{self.nonce}\n{self.key_id}"
        return head + pairs + b"\n" + tail.encode("utf-8", "replace")


class Verifier:
    """Says whose a signed request is."""

    def __init__(self, keys: Keys, window_ms: int = WINDOW_MS, not_before_ms: int = 0) -> None:
        """Accept requests signed at most `window_ms` ago and not before `not_before_ms`."""
        self._keys, self._window_ms, self._not_before_ms = keys, window_ms, not_before_ms
        self._nonces: dict[str, _Nonces] = {}

    def verified(self, request: Request, signature: str, now_ms: int) -> Key:
        """Return the key a request is signed with; its nonce is used up then.

        An unknown key, one that has ended and a wrong signature take the same way and have the
        same answer.

        Raises
        ------
        Problem
            401 if it is not signed by a key that is valid now, is not fresh, or was sent before;
            400 if it is malformed; 429 if the key has sent too many.
        """
        if not _NONCE.fullmatch(request.nonce) or not _TIMESTAMP.fullmatch(request.timestamp):
            raise Problem(400, "malformed-signature", "a timestamp or nonce is malformed")
        names = [pair.partition(b"=")[0] for pair in request.query.split(b"&") if pair]
        if len(set(names)) != len(names):
            raise Problem(400, "duplicate-parameter", "a parameter is given twice")
        timestamp_ms = int(request.timestamp)
        if not is_fresh(timestamp_ms, now_ms, self._window_ms):
            raise Problem(
                401,
                "not-fresh",
                f"the timestamp is not within {self._window_ms} ms before and {AHEAD_MS} ms after "
                f"the server's time {now_ms}",
            )
        if timestamp_ms < self._not_before_ms:
            raise Problem(401, "not-fresh", "it was signed before the server started")
        key = authentic(self._keys, request.key_id, request.canonical(), signature, now_ms)
        if key is None:
            raise Problem(401, "not-authentic", "the key or the signature is not valid")
        nonces = self._nonces.setdefault(key.id, _Nonces())
        nonces.use(request.nonce, now_ms, 2 * self._window_ms + AHEAD_MS)
        return key


def authentic(keys: Keys, key_id: str, payload: bytes, signature: str, now_ms: int) -> Key | None:
    """Return the key that `payload` is signed with; None where that is none that is valid now."""
    # The secret is worked out and compared whether there is such a key or not.
    is_signed = is_same(signature, hmac_hex(keys.secret(key_id), payload))
    key = keys.valid(key_id, now_ms)
    return key if is_signed else None


def request_of(
    method: str, path: str, query: bytes, body: bytes, headers: Mapping[str, str]
) -> tuple[Request, str]:
    """Return what is signed of a request, and its signature; empty where a header is missing."""
    request = Request(
        method,
        path,
        query,
        body,
        headers.get(TIMESTAMP_HEADER, ""),
        headers.get(NONCE_HEADER, ""),
        headers.get(KEY_HEADER, ""),
    )
    return request, headers.get(SIGNATURE_HEADER, "")


class _Nonces:
    """The nonces one key has used, the oldest forgotten."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._order: deque[tuple[int, str]] = deque()

    def use(self, nonce: str, now_ms: int, keep_ms: int) -> None:
        while self._order and self._order[0][0] < now_ms - keep_ms:
            self._used.discard(self._order.popleft()[1])
        if nonce in self._used:
            raise Problem(401, "replayed", "the nonce was used before")
        if len(self._used) >= NONCES_MAX:
            raise Problem(429, "too-many-requests", "too many nonces", retry_after_s=1)
        self._used.add(nonce)
        self._order.append((now_ms, nonce))
