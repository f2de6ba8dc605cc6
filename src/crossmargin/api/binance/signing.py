"""Who sends a request, and that nobody else did: Binance's way of keys and signatures.

    signature = lower-case hex of HMAC-SHA256(secret, query + body without the signature's pair)

over the bytes as they were received, before anything is decoded. A signed request says when it was
made and how long that holds (`recvWindow`), judged by the machine's clock, because it is the
client's clock that is meant. There is no nonce: a request that is sent again within its window is
the same request again. See docs/reference/binance-dialect.md for how this differs from our own API.

Source: Binance, "SIGNED (TRADE and USER_DATA) Endpoint Security" and "Timing security".
"""

from crossmargin.api.binance.errors import DialectError
from crossmargin.api.binance.params import Params, required
from crossmargin.api.keys import Key, Keys, Scope
from crossmargin.api.signing import AHEAD_MS, hmac_hex, is_fresh, is_same

RECEIVE_WINDOW_MS = 5_000
RECEIVE_WINDOW_MAX_MS = 60_000
_PAIR = b"signature="


def signed_bytes(query: bytes, body: bytes) -> bytes:
    """Return what is signed of a request: its bytes without the signature's pair."""
    return _without_signature(query) + _without_signature(body)


def key_of(keys: Keys, key_id: str | None, scope: Scope, now_ms: int) -> Key:
    """Return the key a request names, if it may do what is asked.

    Parameters
    ----------
    now_ms : the machine's time.

    Raises
    ------
    DialectError
        -2014 without one, -2015 for one that is unknown, over, or may not.
    """
    if not key_id:
        raise DialectError(-2014)
    key = keys.valid(key_id, now_ms)
    if key is None or not key.account or not key.may(scope):
        raise DialectError(-2015)
    return key


def check_window(params: Params, now_ms: int) -> None:
    """Refuse a request that is too old, or of the future.

    Raises
    ------
    DialectError
        -1102 without a timestamp, -1131 for a window above 60 seconds, -1021.
    """
    window_ms = params.integer("recvWindow")
    window_ms = RECEIVE_WINDOW_MS if window_ms is None else window_ms
    if window_ms > RECEIVE_WINDOW_MAX_MS:
        raise DialectError(-1131)
    timestamp_ms = required(params.integer("timestamp"), "timestamp")
    if not is_fresh(timestamp_ms, now_ms, window_ms):
        text = f"Timestamp for this request was {AHEAD_MS}ms ahead of the server's time."
        raise DialectError(-1021, text=text if timestamp_ms > now_ms else None)


def check_signature(secret: str, signed: bytes, signature: str) -> None:
    """Refuse a signature that is not that of `signed`.

    Raises
    ------
    DialectError
        -1022.
    """
    if not is_same(signature, hmac_hex(secret, signed)):
        raise DialectError(-1022)


def _without_signature(part: bytes) -> bytes:
    if _PAIR not in part:
        return part
    return b"&".join(pair for pair in part.split(b"&") if not pair.startswith(_PAIR))
