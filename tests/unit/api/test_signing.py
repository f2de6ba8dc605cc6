"""Signed requests: from whom, just now, and for the first time; every other one has one answer."""

from hashlib import sha256

import pytest
from msgspec.structs import replace

from crossmargin.api.keys import Keys, Scope
from crossmargin.api.problem import Problem
from crossmargin.api.signing import (
    AHEAD_MS,
    NONCES_MAX,
    WINDOW_MAX_MS,
    WINDOW_MS,
    Request,
    Verifier,
    hmac_hex,
    is_fresh,
    is_same,
    request_of,
)

MASTER = bytes(range(32))
NOW_MS = 1_795_000_000_000
LATER_MS = NOW_MS + 86_400_000
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.fixture
def keys():
    return Keys(MASTER)


@pytest.fixture
def key(keys):
    return keys.issue("alice", LATER_MS, [Scope.TRADE])


def request(key_id, **other):
    told = Request(
        "POST",
        "/api/v1/orders",
        b"symbol=BTCUSDT&a=%5B1%5D",
        b'{"size":"1"}',
        str(NOW_MS),
        "n-1",
        key_id,
    )
    return replace(told, **other)


def signed(keys, told):
    return hmac_hex(keys.secret(told.key_id), told.canonical())


def fault(verifier, told, signature, now_ms=NOW_MS):
    """Return status and name of what is wrong with a request; None where nothing is."""
    try:
        verifier.verified(told, signature, now_ms)
    except Problem as problem:
        return problem.status, problem.name
    return None


def test_rfc_4231():
    # Test case 2: key "Jefe".
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"

    assert expected == hmac_hex("Jefe", b"what do ya want for nothing?")


def test_what_is_signed_is_written_out():
    told = Request("GET", "/a%20b", b"z=1&a=2&", b"", "17", "n", "k")

    assert f"CROSSMARGIN-1\nGET\n/a%20b\n&a=2&z=1\n{EMPTY}\n17\nn\nk".encode() == told.canonical()


def test_a_signed_request_is_its_keys(keys, key):
    told = request(key.id)

    assert key == Verifier(keys).verified(told, signed(keys, told), NOW_MS)


def test_the_order_of_parameters_does_not_matter_and_everything_else_does(keys, key):
    told = request(key.id)
    signature = signed(keys, told)
    other = keys.issue("bob", LATER_MS)
    tampered = [
        {"method": "GET"},
        {"path": "/api/v1/order"},
        {"query": b"symbol=ETHUSDT&a=%5B1%5D"},
        {"query": b"symbol=BTCUSDT"},
        {"query": b"symbol=BTCUSDT&a=[1]"},
        {"body": b'{"size":"2"}'},
        {"body": b""},
        {"timestamp": str(NOW_MS + 1)},
        {"nonce": "n-2"},
        {"key_id": other.id},
        {"key_id": "f" * 64},
        {"key_id": ""},
        {"key_id": "\ud800"},
    ]

    assert (
        fault(Verifier(keys), replace(told, query=b"a=%5B1%5D&symbol=BTCUSDT"), signature) is None
    )
    for change in tampered:
        assert (401, "not-authentic") == fault(Verifier(keys), replace(told, **change), signature)


def test_every_byte_of_a_signature_counts(keys, key):
    told = request(key.id)
    signature = signed(keys, told)
    wrong = [
        signature[:at] + ("0" if sign != "0" else "1") + signature[at + 1 :]
        for at, sign in enumerate(signature)
    ]

    assert {(401, "not-authentic")} == {
        fault(Verifier(keys), told, one)
        for one in [*wrong, "", signature.upper(), signature + "0", signature[:-1], "é" * 64]
    }


def test_an_unknown_key_a_wrong_signature_and_a_key_that_is_over_have_one_answer(keys, key):
    over = keys.issue("alice", NOW_MS)
    revoked = keys.issue("alice", LATER_MS)
    keys.revoke(revoked.id)
    problems = []
    for told in (request("nobody"), request(over.id), request(revoked.id)):
        with pytest.raises(Problem) as found:
            Verifier(keys).verified(told, signed(keys, told), NOW_MS)
        problems.append(found.value)
    with pytest.raises(Problem) as found:
        Verifier(keys).verified(request(key.id), "0" * 64, NOW_MS)
    problems.append(found.value)

    assert 1 == len({(one.status, one.body()) for one in problems})


@pytest.mark.parametrize("window_ms", [WINDOW_MS, WINDOW_MAX_MS, 60_000])
def test_the_ends_of_the_receive_window(window_ms):
    ends = [(-window_ms - 1, False), (-window_ms, True), (AHEAD_MS - 1, True), (AHEAD_MS, False)]

    assert 1000 == AHEAD_MS
    assert [is_in for _, is_in in ends] == [
        is_fresh(NOW_MS + after, NOW_MS, window_ms) for after, _ in ends
    ]


@pytest.mark.parametrize(
    ("after_ms", "expected"),
    [(-5001, (401, "not-fresh")), (-5000, None), (999, None), (1000, (401, "not-fresh"))],
)
def test_early_and_late_requests(keys, key, after_ms, expected):
    told = request(key.id, timestamp=str(NOW_MS + after_ms))

    assert expected == fault(Verifier(keys), told, signed(keys, told))


def test_a_request_is_taken_once_as_long_as_it_is_fresh(keys, key):
    verifier = Verifier(keys)
    told = request(key.id, timestamp=str(NOW_MS + 999))
    signature = signed(keys, told)

    assert fault(verifier, told, signature) is None
    # From the first moment it is fresh to the last.
    for now_ms in (NOW_MS, NOW_MS + 1, NOW_MS + 999 + WINDOW_MS):
        assert (401, "replayed") == fault(verifier, told, signature, now_ms)
    assert (401, "not-fresh") == fault(verifier, told, signature, NOW_MS + 1000 + WINDOW_MS)


def test_nonces_are_of_one_key_and_forgotten_when_they_cannot_matter(keys, key):
    verifier, other = Verifier(keys), keys.issue("bob", LATER_MS)
    for told in (request(key.id), request(other.id)):
        assert fault(verifier, told, signed(keys, told)) is None
    again = request(key.id, timestamp=str(NOW_MS + 60_000))

    assert fault(verifier, again, signed(keys, again), NOW_MS + 60_000) is None


def test_a_wrong_signature_uses_up_no_nonce(keys, key):
    verifier, told = Verifier(keys), request(key.id)
    fault(verifier, told, "0" * 64)

    assert fault(verifier, told, signed(keys, told)) is None


def test_what_was_signed_before_the_start_is_refused(keys, key):
    verifier = Verifier(keys, not_before_ms=NOW_MS)
    before, after = request(key.id, timestamp=str(NOW_MS - 1)), request(key.id)

    assert (401, "not-fresh") == fault(verifier, before, signed(keys, before))
    assert fault(verifier, after, signed(keys, after)) is None


def test_memory_is_bounded(keys, key):
    verifier = Verifier(keys)
    for number in range(NONCES_MAX):
        told = request(key.id, nonce=str(number), query=b"", body=b"")
        verifier.verified(told, signed(keys, told), NOW_MS)
    told = request(key.id, nonce="one-more")

    assert (429, "too-many-requests") == fault(verifier, told, signed(keys, told))


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"nonce": ""}, "malformed-signature"),
        ({"nonce": "a" * 65}, "malformed-signature"),
        ({"nonce": "a\nb"}, "malformed-signature"),
        ({"nonce": "ä"}, "malformed-signature"),
        ({"timestamp": ""}, "malformed-signature"),
        ({"timestamp": "-1"}, "malformed-signature"),
        ({"timestamp": "1e3"}, "malformed-signature"),
        ({"timestamp": "\uff11\uff17"}, "malformed-signature"),
        ({"timestamp": "9" * 17}, "malformed-signature"),
        ({"query": b"a=1&a=1"}, "duplicate-parameter"),
        ({"query": b"a=1&b=2&a"}, "duplicate-parameter"),
    ],
)
def test_malformed_requests_are_named(keys, key, change, name):
    told = request(key.id, **change)

    assert (400, name) == fault(Verifier(keys), told, signed(keys, told))


def test_headers_are_read(keys, key):
    headers = {
        "x-crossmargin-key": key.id,
        "x-crossmargin-timestamp": "17",
        "x-crossmargin-nonce": "n",
        "x-crossmargin-signature": "s",
    }
    told, signature = request_of("GET", "/x", b"", b"{}", headers)

    assert (Request("GET", "/x", b"", b"{}", "17", "n", key.id), "s") == (told, signature)
    assert ("", "") == (request_of("GET", "/x", b"", b"", {})[0].key_id, signature[:0])
    assert sha256(b"{}").hexdigest().encode() in told.canonical()


@pytest.mark.parametrize(
    ("given", "expected", "same"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("", "a", False),
        ("ä", "a", False),
        ("\udc80", "a", False),
    ],
)
def test_comparison(given, expected, same):
    assert same == is_same(given, expected)
