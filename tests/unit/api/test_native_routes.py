"""Every route of our own API by its table: who may use it, and what it does with nonsense."""

import json

import msgspec
import pytest

from crossmargin.api.keys import Scope
from crossmargin.api.native import bodies
from crossmargin.api.native.router import ROOT, table
from tests.unit.api.native_desk import Desk

BODIES = {kind.__name__: kind for kind in bodies.EXAMPLES}
PLACES = {"account": "ann", "symbol": "BTCUSDT", "order_id": "1", "story": "none"}
HOLDERS = {
    "nobody": (),
    "read": (Scope.READ,),
    "trade": (Scope.TRADE,),
    "admin": (Scope.ADMIN,),
    "all": tuple(Scope),
}


@pytest.fixture(scope="module")
def routes(tmp_path_factory):
    desk = Desk(tmp_path_factory.mktemp("routes"))
    rows = table(desk.context)
    desk.close()
    return rows


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Return a venue for requests that are all refused, or change nothing that others look at."""
    desk = Desk(tmp_path_factory.mktemp("shared"))
    yield desk
    desk.close()


def place(route):
    return route.path.removeprefix(ROOT).format(**PLACES)


def body(route):
    return bodies.EXAMPLES[BODIES[route.body]] if route.body else None


def test_the_table_has_every_route_once_with_a_sentence(routes):
    assert len(routes) == len({(one.method, one.path) for one in routes})
    assert all(one.what.endswith(".") for one in routes)
    assert {"GET", "POST"} == {one.method for one in routes}
    # What changes something names an account's key or an operator's, and a client's id.
    assert all(one.scope and one.body for one in routes if one.method == "POST")


@pytest.mark.parametrize("holder", HOLDERS)
def test_each_scope_opens_its_routes_and_no_others(shared, routes, holder):
    desk, key = shared, None
    if holder != "nobody":
        key = desk.key("ann", *HOLDERS[holder])
    wrong = []
    for route in routes:
        # What is sent is nonsense where it would change something: the scope is asked for first.
        answer = desk.ask(route.method, place(route), key, {} if route.body else None)
        name = answer.json()["error"]["name"] if answer.status_code >= 400 else ""
        if route.scope is None:
            is_right = answer.status_code < 300
        elif key is None:
            is_right = (401, "not-authentic") == (answer.status_code, name) or name.startswith(
                "malformed-signature"
            )
        elif route.scope in HOLDERS[holder]:
            is_right = answer.status_code < 500 and answer.status_code not in (401, 403)
        else:
            is_right = (403, "scope-missing") == (answer.status_code, name)
        if not is_right:
            wrong.append((route.method, route.path, answer.status_code, name))

    assert [] == wrong


def test_an_account_is_open_to_its_own_keys_its_parents_and_an_admins_alone(desk):
    desk.post("/accounts", desk.admin, client_id="s", account="ann-2", parent="ann")
    paths = [one for one in table(desk.context) if "{account}" in one.path]
    whole = frozenset(Scope) - {Scope.ADMIN}
    keys = {
        "own": desk.key("ann-2", *whole),
        "parent": desk.key("ann", *whole),
        "admin": desk.key("", *Scope),
        "stranger": desk.key("bob", *whole),
        "nobody's": desk.key("", *whole),
    }
    for route in paths:
        if route.scope is Scope.ADMIN:
            continue
        path = route.path.removeprefix(ROOT).format(**{**PLACES, "account": "ann-2"})
        for name, key in keys.items():
            answer = desk.ask(route.method, path, key, {} if route.body else None)
            found = answer.json()
            is_out = answer.status_code == 404 and found["error"]["name"] == "unknown-account"

            assert is_out == (name in ("stranger", "nobody's")), (route.path, name, found)


def test_a_parent_is_not_open_to_its_sub_accounts(desk):
    desk.post("/accounts", desk.admin, client_id="s", account="ann-2", parent="ann")
    key = desk.key("ann-2", Scope.READ)

    assert (404, "unknown-account", "path") == desk.refused("GET", "/accounts/ann", key)
    assert ["ann-2"] == [one["account"] for one in desk.get("/accounts", key)]


@pytest.mark.parametrize("change", ["body", "query", "path", "method", "account"])
def test_what_was_signed_is_what_is_asked(shared, change):
    desk = shared
    path = "/accounts/ann/trades"
    headers = desk.signature("GET", path, desk.ann, b"", "limit=5")
    asked = {"method": "GET", "path": path, "query": "limit=5", "raw": b""}
    asked |= {
        "body": {"raw": b"{}"},
        "query": {"query": "limit=6"},
        "path": {"path": "/accounts/ann/income"},
        "method": {"method": "POST", "path": "/accounts/ann/orders"},
        "account": {"path": "/accounts/bob/trades"},
    }[change]
    method, path = asked.pop("method"), asked.pop("path")

    assert (401, "not-authentic", "") == desk.refused(method, path, headers=headers, **asked)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "body"),
        ("{", "body"),
        ("[]", "body"),
        ("null", "body"),
        ('{"client_id": "a"}', "body"),
        ('{"client_id": "a", "symbol": "BTCUSDT", "size": 1}', "body.size"),
        ('{"client_id": "a", "symbol": "BTCUSDT", "size": 1.5}', "body.size"),
        ('{"client_id": "a", "symbol": "BTCUSDT", "size": NaN}', "body"),
        ('{"client_id": "a", "symbol": "BTCUSDT", "size": "NaN"}', "body.size"),
        ('{"client_id": "a", "symbol": "BTCUSDT", "size": "Infinity"}', "body.size"),
        ('{"client_id": "a", "symbol": "BTCUSDT", "size": "1e3"}', "body.size"),
        ('{"client_id": "a", "symbol": "BTCUSDT", "size": "1_000"}', "body.size"),
        ('{"client_id": "a", "symbol": "BTCUSDT", "size": "\\uff11"}', "body.size"),
        ('{"client_id": "a", "symbol": "BTCUSDT", "size": "1\\n"}', "body.size"),
        ('{"client_id": "a", "symbol": "BTCUSDT", "size": " 1"}', "body.size"),
        ('{"client_id": "a", "symbol": "BTCUSDT", "size": "%s"}' % ("9" * 19), "body.size"),
        ('{"client_id": "a", "symbol": "BTCUSDT", "size": "0.%s"}' % ("1" * 19), "body.size"),
        ('{"client_id": "", "symbol": "BTCUSDT", "size": "1"}', "body.client_id"),
        ('{"client_id": "a\\n", "symbol": "BTCUSDT", "size": "1"}', "body.client_id"),
        ('{"client_id": "a b", "symbol": "BTCUSDT", "size": "1"}', "body.client_id"),
        ('{"client_id": "a", "symbol": "BTCUSDT", "size": "1", "sizee": "2"}', "body"),
        ('{"client_id": "a", "symbol": "BTCUSDT", "size": "1", "type": "magic"}', "body.type"),
        (
            '{"client_id": "a", "symbol": "BTCUSDT", "size": "1", "reduce_only": 1}',
            "body.reduce_only",
        ),
        (
            '{"client_id": "a", "symbol": "BTCUSDT", "size": "1", "reduce_only": "true"}',
            "body.reduce_only",
        ),
        ('{"client_id": "a", "symbol": {}, "size": "1"}', "body.symbol"),
        ('{"client_id": "a", "symbol": %s}' % ("[" * 7 + "]" * 7), "body.symbol"),
    ],
)
def test_a_body_that_is_not_what_it_should_be_is_refused_with_its_place(shared, text, where):
    assert (400, "malformed-body", where) == shared.refused(
        "POST", "/accounts/ann/orders", shared.ann, raw=text.encode()
    )


def test_bytes_that_are_no_text_are_refused(shared):
    raw = b'{"client_id": "\xff", "symbol": "BTCUSDT", "size": "1"}'

    assert (400, "malformed-body", "body") == shared.refused(
        "POST", "/accounts/ann/orders", shared.ann, raw=raw
    )


def test_a_body_that_is_nested_too_deeply_or_too_long_is_refused(shared):
    path = "/accounts/ann/orders"

    assert 400 == shared.ask("POST", path, shared.ann, raw=b"[" * 9 + b"]" * 9).status_code
    long = json.dumps({"client_id": "a", "symbol": "B" * 70_000, "size": "1"}).encode()

    assert 413 == shared.ask("POST", path, shared.ann, raw=long).status_code


@pytest.mark.parametrize(
    ("path", "query", "name"),
    [
        ("/symbols/BTCUSDT/book", "level=5", "unknown-parameter"),
        ("/symbols/BTCUSDT/book", "levels=5&levels=6", "duplicate-parameter"),
        ("/symbols/BTCUSDT/book", "levels=0", "bad-request"),
        ("/symbols/BTCUSDT/book", "levels=x", "bad-request"),
        ("/symbols/BTCUSDT/book", "levels=1001", "bad-request"),
        ("/symbols/BTCUSDT/candles", "interval=7m", "bad-request"),
        ("/symbols/BTCUSDT/candles", "source=guess", "bad-request"),
        ("/symbols/NOSUCH/prices", "", "unknown-symbol"),
        ("/symbols/ETHUSDT/prices", "", "unknown-symbol"),
    ],
)
def test_parameters_are_known_single_and_in_bounds(shared, path, query, name):
    answer = shared.ask("GET", path, query=query)

    assert 400 <= answer.status_code < 500
    assert name == answer.json()["error"]["name"]


def test_what_is_not_there_and_what_is_not_done_have_the_one_shape(shared):
    assert (404, "not-found", "") == shared.refused("GET", "/nothing")
    assert (405, "method-not-allowed", "") == shared.refused("DELETE", "/time")


def test_the_document_describes_every_route_and_every_error(shared, routes):
    document = shared.get("/openapi.json")
    described = {
        (method.upper(), path): operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }

    assert {(one.method, one.path) for one in routes} == set(described)
    for route in routes:
        operation = described[route.method, route.path]
        statuses = set(operation["responses"])

        assert {"400", "421", "429"} <= statuses, route.path
        assert route.scope is None or {"401", "403"} <= statuses, route.path
        assert route.method == "GET" or {"409", "422", "503"} <= statuses, route.path
        assert bool(operation.get("security")) is (route.scope is not None)
        for status in statuses:
            if status >= "400":
                content = operation["responses"][status]["content"]["application/json"]
                assert {"code", "name", "message", "where"} == set(
                    content["examples"]["example"]["value"]["error"]
                )
    for kind in bodies.EXAMPLES:
        schema = document["components"]["schemas"][kind.__name__]

        assert schema["additionalProperties"] is False
        assert schema["examples"]


@pytest.mark.parametrize("kind", bodies.EXAMPLES, ids=lambda kind: kind.__name__)
def test_the_examples_of_the_document_are_sound(kind):
    content = json.dumps(bodies.EXAMPLES[kind]).encode()

    assert isinstance(msgspec.json.decode(content, type=kind), kind)
