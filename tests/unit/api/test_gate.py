"""Who comes in, and how often."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.api.asgi import Asked
from crossmargin.api.audit import Audit
from crossmargin.api.gate import Gate, Rate, Rates, is_deeper, json_depth
from crossmargin.api.problem import Problem

HOSTS = ("127.0.0.1:8480", "localhost:8480", "[::1]:8480")
OURS = "127.0.0.1:8480"


class Machine:
    """A monotonic clock that is told what it says."""

    def __init__(self):
        self.seconds = 100.0

    def __call__(self):
        return self.seconds


def gate(machine=None, **rates):
    return Gate(HOSTS, Rates(**rates), monotonic=machine or Machine())


def status(method, headers):
    """Return the status a request is refused with; None where it is let in."""
    try:
        gate().check_site(method, headers)
    except Problem as problem:
        return problem.status
    return None


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "WEBSOCKET"])
@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1:8480", None),
        ("localhost:8480", None),
        ("LOCALHOST:8480", None),
        ("[::1]:8480", None),
        ("127.0.0.1", 421),
        ("127.0.0.1:80", 421),
        ("evil.example:8480", 421),
        ("127.0.0.1:8480.evil.example", 421),
        ("127.0.0.1:8480@evil.example", 421),
        ("", 421),
        (None, 421),
    ],
)
def test_a_host_that_is_not_ours_is_refused(method, host, expected):
    assert expected == status(method, {} if host is None else {"host": host})


# What browsers send: from our own page, typed in, from another site, from a sandboxed frame; what
# an old browser sends (no Sec-Fetch-Site); and what bots send (none of these).
@pytest.mark.parametrize(
    ("headers", "unsafe"),
    [
        ({}, None),
        ({"sec-fetch-site": "same-origin"}, None),
        ({"sec-fetch-site": "same-origin", "origin": f"http://{OURS}"}, None),
        ({"sec-fetch-site": "none"}, None),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": ""}, 403),
        ({"sec-fetch-site": "cross-site", "origin": f"http://{OURS}"}, 403),
        ({"origin": f"http://{OURS}"}, None),
        ({"origin": f"HTTP://{OURS}"}, None),
        ({"origin": f"https://{OURS}"}, 403),
        ({"origin": "http://localhost:8480"}, 403),
        ({"origin": "http://127.0.0.1:3000"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"sec-fetch-site": "same-origin", "origin": "https://evil.example"}, 403),
        ({"cookie": "a=b"}, 403),
        ({"cookie": "a=b", "sec-fetch-site": "same-origin"}, None),
        ({"cookie": "a=b", "origin": f"http://{OURS}"}, None),
        ({"cookie": "a=b", "origin": "https://evil.example"}, 403),
    ],
)
def test_what_changes_something_does_not_come_from_another_site(headers, unsafe):
    told = {"host": OURS, **headers}

    for method in ("POST", "PUT", "DELETE", "PATCH", "WEBSOCKET", "post", "BREW"):
        assert unsafe == status(method, told)
    for method in ("GET", "HEAD", "OPTIONS"):
        assert status(method, told) is None


def test_a_bucket_lets_a_burst_through_and_then_so_many_a_second():
    machine = Machine()
    at = gate(machine, address=Rate(3, 2))

    assert [0.0, 0.0, 0.0, 0.5] == [at.wait_s("", "a") for _ in range(4)]
    machine.seconds += 0.5
    assert [0.0, 0.5] == [at.wait_s("", "a") for _ in range(2)]
    machine.seconds += 1_000
    assert [0.0, 0.0, 0.0, 0.5] == [at.wait_s("", "a") for _ in range(4)]


def test_weights_are_tokens_and_a_refusal_costs_none():
    at = gate(address=Rate(10, 5))

    assert 0.0 == at.wait_s("", "a", 7)
    assert 0.8 == pytest.approx(at.wait_s("", "a", 7))
    assert 0.0 == at.wait_s("", "a", 3)


def test_the_fuller_of_two_buckets_is_not_emptied_by_the_other():
    at = gate(key=Rate(1, 1), address=Rate(2, 1))

    assert 0.0 == at.wait_s("k", "a")
    assert 1.0 == at.wait_s("k", "a")
    assert 0.0 == at.wait_s("l", "a")


def test_who_has_used_up_everything_can_still_cancel():
    at = gate(key=Rate(1, 1), address=Rate(1, 1), cancel=Rate(2, 1))
    at.wait_s("k", "a")

    assert at.wait_s("k", "a") > 0
    assert [0.0, 0.0, 1.0] == [at.wait_s("k", "a", is_cancel=True) for _ in range(3)]


def test_what_is_refused_says_when_to_come_again():
    at = gate(address=Rate(1, 4))
    at.take("", "a")

    with pytest.raises(Problem) as found:
        at.take("", "a", 10)
    assert (429, {"Retry-After": "3"}) == (found.value.status, found.value.headers())


def test_buckets_are_forgotten_in_the_order_they_were_last_used():
    at = gate(address=Rate(1, 1), known_max=2)
    at.wait_s("", "a")
    at.wait_s("", "b")
    assert at.wait_s("", "a") > 0
    at.wait_s("", "c")

    assert at.wait_s("", "a") > 0  # b was forgotten, a was not
    assert 0.0 == at.wait_s("", "b")


def test_websockets_of_an_address_are_counted():
    at = gate(connections=2)

    assert [True, True, False] == [at.enter("a") for _ in range(3)]
    assert at.enter("b")
    at.leave("a")
    assert at.enter("a")
    for _ in range(5):
        at.leave("a")
    assert [True, True, False] == [at.enter("a") for _ in range(3)]


def noted(at, path, *what):
    for asked, status in what:
        at.note(1, asked, "GET /x", status, "127.0.0.1")
    return [(one["key"], one["result"]) for one in map(json.loads, path.read_text().splitlines())]


def test_what_belongs_into_the_audit_log_and_what_does_not(tmp_path):
    path = tmp_path / "audit"
    at = Gate(HOSTS, audit=Audit(path))
    known, unknown = Asked(key="k", account="ann"), Asked()

    assert [("k", 200), ("k", 429), ("", 401)] == noted(
        at, path, (known, 200), (unknown, 200), (known, 429), (unknown, 401)
    )


def test_who_shows_no_key_fills_no_disk(tmp_path):
    machine, path = Machine(), tmp_path / "audit"
    at = Gate(HOSTS, Rates(unknown=Rate(2, 1)), Audit(path), machine)

    assert 2 == len(noted(at, path, *[(Asked(), 401)] * 9))
    assert 4 == len(noted(at, path, *[(Asked(key="k"), 401)] * 2))
    machine.seconds += 1
    assert 5 == len(noted(at, path, *[(Asked(), 401)] * 9))


@pytest.mark.parametrize(
    ("body", "depth"),
    [
        (b"", 0),
        (b"1", 0),
        (b"{}", 1),
        (b'{"a":[{}]}', 3),
        (b'{"a":"[[[["}', 1),
        (b'{"a":"\\"[[[["}', 1),
        (b'{"a":"\\\\"},[]', 1),
        (b"[" * 60_000, 60_000),
        (b"]]]][[", 0),
    ],
)
def test_depth(body, depth):
    assert depth == json_depth(body)
    assert is_deeper(body, depth - 1)
    assert not is_deeper(body, depth)


JSON = st.recursive(
    st.none() | st.text() | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def depth_of(value):
    inner = value.values() if isinstance(value, dict) else value
    if not isinstance(value, list | dict):
        return 0
    return 1 + max(map(depth_of, inner), default=0)


@given(JSON)
def test_depth_is_that_of_what_is_read(value):
    assert depth_of(value) == json_depth(json.dumps(value).encode())
