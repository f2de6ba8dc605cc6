"""Expected signatures are those Binance publishes.

Source: github.com/binance/binance-spot-api-docs, rest-api.md, "SIGNED Endpoint Examples for POST
/api/v3/order": the same scheme, with its example key.
"""

import pytest

from crossmargin.api.binance.errors import DialectError
from crossmargin.api.binance.params import Params
from crossmargin.api.binance.signing import check_signature, check_window, key_of, signed_bytes
from crossmargin.api.keys import Keys, Scope

PUBLISHED = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
ALL = (
    b"symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000"
    b"&timestamp=1499827319559"
)
SIGNATURE = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
QUERY = b"symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC"
BODY = b"quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
MIXED = "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77"
NOW_MS = 1_700_000_000_000


def pair(signature):
    return b"&signature=" + signature.encode()


@pytest.mark.parametrize(
    ("query", "body", "signature"),
    [
        pytest.param(ALL + pair(SIGNATURE), b"", SIGNATURE, id="all in the query"),
        pytest.param(b"", ALL + pair(SIGNATURE), SIGNATURE, id="all in the body"),
        pytest.param(QUERY, BODY + pair(MIXED), MIXED, id="in both, joined by nothing"),
        pytest.param(QUERY + pair(MIXED), BODY, MIXED, id="the signature in the query"),
    ],
)
def test_published_signatures_are_right(query, body, signature):
    check_signature(PUBLISHED, signed_bytes(query, body), signature)


@pytest.mark.parametrize("place", range(0, len(ALL), 7))
def test_a_changed_byte_is_found(place):
    changed = bytearray(ALL)
    changed[place] ^= 1

    with pytest.raises(DialectError) as raised:
        check_signature(PUBLISHED, signed_bytes(bytes(changed), b""), SIGNATURE)

    assert -1022 == raised.value.code


def test_bytes_are_signed_as_they_were_sent():
    assert b"orderidlist=%5B1%2C2%5D" == signed_bytes(b"orderidlist=%5B1%2C2%5D&signature=ab", b"")


@pytest.mark.parametrize(
    ("age_ms", "window", "code"),
    [
        (-1_000, None, -1021),
        (-999, None, None),
        (5_000, None, None),
        (5_001, None, -1021),
        (60_000, "60000", None),
        (60_001, "60000", -1021),
        (0, "60001", -1131),
        (1, "0", -1021),
        (0, "0", None),
    ],
)
def test_the_receive_window(age_ms, window, code):
    sent = {"timestamp": str(NOW_MS - age_ms)} | ({"recvWindow": window} if window else {})
    if code is None:
        check_window(Params(sent), NOW_MS)
        return
    with pytest.raises(DialectError) as raised:
        check_window(Params(sent), NOW_MS)

    assert code == raised.value.code


def test_keys_that_do_not_open():
    keys = Keys(b"m" * 32)
    reading = keys.issue("ann", NOW_MS + 1)
    nobodys = keys.issue("", NOW_MS + 1)

    assert reading == key_of(keys, reading.id, Scope.READ, NOW_MS)
    for key_id, scope, now_ms, code in (
        (None, Scope.READ, NOW_MS, -2014),
        ("", Scope.READ, NOW_MS, -2014),
        ("0" * 64, Scope.READ, NOW_MS, -2015),
        (reading.id, Scope.TRADE, NOW_MS, -2015),
        (reading.id, Scope.READ, NOW_MS + 1, -2015),
        (nobodys.id, Scope.READ, NOW_MS, -2015),
    ):
        with pytest.raises(DialectError) as raised:
            key_of(keys, key_id, scope, now_ms)

        assert (code, 401) == (raised.value.code, raised.value.status)
