"""The one application: the gate comes first, errors have one shape, requests are counted."""

import json
import logging
import re

import pytest
from litestar import Litestar, get

from crossmargin.api import app as module
from crossmargin.api.audit import Audit, check
from crossmargin.api.binance.routes import ROUTES, Security
from crossmargin.api.guard import check_routes
from crossmargin.api.keys import Scope
from crossmargin.api.logs import NAME
from crossmargin.api.signing import hmac_hex
from crossmargin.durations import DAY_MS
from crossmargin.errors import InvariantBroken
from tests.unit.api.native_desk import HOST, WALL_MS, Desk

ORIGIN = "https://evil.example"
OURS = ("/healthz", "/metrics", "/api/v1/time", "/nowhere")
BINANCES = ("/fapi/v1/ping", "/futures/data/openInterestHist", "/sapi/v1/system/status")
PATHS = (*OURS, *BINANCES)


@pytest.fixture
def desk(tmp_path):
    found = Desk(tmp_path)
    yield found
    found.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Return a desk for what changes nothing."""
    found = Desk(tmp_path_factory.mktemp("shared"))
    yield found
    found.close()


def fetch(desk, method, path, **more):
    return desk.run(desk.client.request(method, path, **more))


def handshake(desk, path, headers):
    """Return what the application answers to a WebSocket's handshake first."""
    sent = []

    async def play():
        async def receive():
            return {"type": "websocket.connect"}

        async def send(message):
            sent.append(message)
            raise ConnectionError

        scope = {
            "type": "websocket",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "scheme": "ws",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 5),
            "server": ("127.0.0.1", 8000),
            "subprotocols": [],
            "extensions": {},
        }
        try:
            await desk.app(scope, receive, send)
        except ConnectionError:
            return

    desk.run(play())
    return sent[0]


FOREIGN = [{"Origin": ORIGIN}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
# Binance's "You are not authorized to execute this request", with words of ours.
UNAUTHORIZED = -1002


@pytest.mark.parametrize("path", OURS)
def test_a_foreign_host_sees_nothing(shared, path):
    answer = fetch(shared, "GET", path, headers={"Host": "evil.example"})

    assert (421, "unknown-host") == (answer.status_code, answer.json()["error"]["name"])


@pytest.mark.parametrize("path", BINANCES)
def test_a_foreign_host_is_told_so_in_binances_shape(shared, path):
    answer = fetch(shared, "GET", path, headers={"Host": "evil.example"})

    said = {"code": UNAUTHORIZED, "msg": "this server does not go by that Host"}
    assert (421, said) == (answer.status_code, answer.json())


@pytest.mark.parametrize("path", ["/api/v1/accounts", "/nowhere"])
@pytest.mark.parametrize("headers", FOREIGN)
def test_a_foreign_page_changes_nothing(shared, path, headers):
    answer = fetch(shared, "POST", path, headers=headers, content=b"{}")

    assert (403, "foreign-site") == (answer.status_code, answer.json()["error"]["name"])


@pytest.mark.parametrize("path", ["/fapi/v1/order", "/fapi/v1/listenKey", "/sapi/v1/nowhere"])
@pytest.mark.parametrize("headers", FOREIGN)
def test_a_foreign_page_is_told_so_in_binances_shape(shared, path, headers):
    answer = fetch(shared, "POST", path, headers=headers, content=b"{}")

    said = {"code": UNAUTHORIZED, "msg": "it comes from a page of another site"}
    assert (403, said) == (answer.status_code, answer.json())


@pytest.mark.parametrize("path", ["/api/v1/stream", "/ws", "/ws-fapi/v1", "/private/ws"])
@pytest.mark.parametrize(
    ("headers", "is_closed"),
    [
        ({"host": HOST, "origin": ORIGIN}, True),
        ({"host": HOST, "origin": "null"}, True),
        ({"host": "evil.example"}, True),
        ({"host": HOST, "sec-fetch-site": "same-site"}, True),
    ],
)
def test_a_foreign_page_opens_no_stream(shared, path, headers, is_closed):
    first = handshake(shared, path, headers)

    # Closed before it was accepted, which a server answers with 403.
    assert is_closed == (first["type"] == "websocket.close")


def test_no_other_site_is_told_that_it_may_read(shared):
    for path in PATHS:
        for method in ("GET", "OPTIONS"):
            asks = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
            answer = fetch(shared, method, path, headers=asks)
            named = [one for one in answer.headers if one.lower().startswith("access-control")]

            assert [] == named


def test_answers_are_in_no_cache_and_no_page(shared):
    for path in PATHS:
        headers = fetch(shared, "GET", path).headers

        assert ("no-store", "nosniff") == (
            headers["cache-control"],
            headers["x-content-type-options"],
        )


@pytest.mark.parametrize("path", ["/api/v1/accounts", "/fapi/v1/order"])
def test_a_body_that_is_too_large_is_a_4xx(shared, path):
    answer = fetch(shared, "POST", path, content=b"x" * (64 * 1024 + 1))

    assert 400 <= answer.status_code < 500


def test_json_that_is_too_deep_is_named(shared):
    admin = shared.admin
    deep = b'{"client_id":' + b"[" * 8 + b"]" * 8 + b"}"

    answer = shared.ask("POST", "/accounts", admin, raw=deep)
    assert (400, "too-deep") == (answer.status_code, answer.json()["error"]["name"])


def test_what_is_not_there_has_the_one_shape(shared):
    answer = fetch(shared, "GET", "/nowhere")

    assert 404 == answer.status_code
    assert {"code", "name", "message", "where"} == answer.json()["error"].keys()
    assert 405 == fetch(shared, "DELETE", "/healthz").status_code


def test_a_bug_is_one_failed_request_and_is_said_without_its_words(desk, monkeypatch, caplog):
    async def fails(*_):
        raise RuntimeError("the secret is hunter2")

    monkeypatch.setattr(module.dialect, "app", lambda context: fails)
    desk.client._transport.app = module.application(desk.context)
    with caplog.at_level(logging.ERROR, NAME):
        answer = fetch(desk, "GET", "/fapi/v1/ping")

    unknown = "An unknown error occurred while processing the request."
    assert (500, {"code": -1000, "msg": unknown}) == (answer.status_code, answer.json())
    assert "hunter2" not in answer.text
    assert 1 == len(caplog.records)
    assert 200 == fetch(desk, "GET", "/api/v1/time").status_code


def test_a_route_that_does_not_say_whom_it_is_for_is_refused():
    @get("/forgotten", sync_to_thread=False)
    def forgotten() -> str:
        return "open"

    with pytest.raises(InvariantBroken, match="/forgotten"):
        check_routes(Litestar([forgotten], openapi_config=None, logging_config=None))


def test_health_says_whether_orders_are_taken(desk):
    healthy = fetch(desk, "GET", "/healthz")
    desk.service.is_fed = False
    unfed = fetch(desk, "GET", "/healthz")
    desk.service.is_fed = True
    desk.service.writer.halt("the disk is full")
    halted = fetch(desk, "GET", "/healthz")

    assert (200, "ok", None) == (
        healthy.status_code,
        healthy.json()["status"],
        healthy.json()["why"],
    )
    assert (503, "there are no prices yet") == (unfed.status_code, unfed.json()["why"])
    assert (503, "the disk is full") == (halted.status_code, halted.json()["why"])


def test_metrics_are_prometheus_text_and_name_nobody(desk):
    for path in ("/api/v1/time", "/fapi/v1/ping", "/nowhere", "/fapi/v1/ping"):
        fetch(desk, "GET", path)
    fetch(desk, "BREW", "/nowhere")
    answer = fetch(desk, "GET", "/metrics")
    lines = answer.text.splitlines()
    values = dict(one.rsplit(" ", 1) for one in lines if not one.startswith("#"))

    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "2" == values['crossmargin_requests_total{surface="binance",method="GET",status="200"}']
    assert "1" == values['crossmargin_requests_total{surface="native",method="GET",status="404"}']
    assert "1" == values['crossmargin_requests_total{surface="native",method="other",status="404"}']
    assert "2" == values['crossmargin_request_seconds_bucket{surface="binance",le="+Inf"}']
    assert "0" == values["crossmargin_halted"]
    assert str(desk.history.sequence) == values["crossmargin_records_total"]
    named = {one.split()[2] for one in lines if one.startswith("# TYPE")}
    assert all(any(key.startswith(name) for name in named) for key in values)
    assert re.search(rf"\b(ann|bob|{desk.ann.id})\b", answer.text) is None


def test_who_asked_for_what_is_noted_and_what_is_public_is_not(desk, tmp_path):
    path = tmp_path / "audit.jsonl"
    desk.context.gate.audit = Audit(path)
    fetch(desk, "GET", "/healthz")
    fetch(desk, "GET", "/fapi/v1/ping")
    desk.ask("GET", "/accounts/ann", desk.ann)
    desk.ask("POST", "/accounts", desk.ann, {"client_id": "a", "account": "eve"})
    fetch(desk, "POST", "/api/v1/accounts", content=b"{}", headers={"Origin": ORIGIN})
    fetch(desk, "GET", "/nowhere")
    lines = [json.loads(one) for one in path.read_text().splitlines()]

    assert (4, None) == check(path)
    assert [
        ("GET /api/v1/accounts/ann", 200, "ann", ""),
        ("POST /api/v1/accounts", 403, "ann", "scope-missing"),
        ("POST /api/v1/accounts", 403, "", "foreign-site"),
        ("GET /nowhere", 404, "", "not-found"),
    ] == [(one["what"], one["result"], one["account"], one["why"]) for one in lines]
    assert [desk.ann.id, desk.ann.id, "", ""] == [one["key"] for one in lines]


def test_a_record_is_named_by_who_asked_for_it(desk, tmp_path):
    path = tmp_path / "audit.jsonl"
    desk.context.gate.audit = Audit(path)
    body = {"client_id": "d", "asset": "USDT", "amount": "5"}
    done = desk.ask("POST", "/accounts/ann/deposits", desk.admin, body)
    line = json.loads(path.read_text())

    assert done.json()["sequence"] == line["sequence"] == desk.history.sequence


def native_routes(desk):
    """Return method, path and scope of every native route that is answered."""
    litestar = module._native(desk.context, module.Meter())
    for route in litestar.routes:
        for handler in getattr(route, "route_handlers", ()):
            for method in handler.http_methods - {"OPTIONS", "HEAD"}:
                yield method, route.path, handler.opt["scope"]


def test_every_route_takes_its_scope_and_no_other(desk):
    keys = {scope: desk.keys.issue("ann", WALL_MS + DAY_MS, [scope]) for scope in Scope}
    wrong, cells = [], 0
    for method, path, scope in native_routes(desk):
        filled = path.replace("{account:str}", "ann")
        filled = re.sub(r"{\w+:int}", "1", filled)
        filled = re.sub(r"{\w+:str}", "x", filled)
        if not filled.startswith("/api/v1"):
            continue
        short = filled.removeprefix("/api/v1")
        for held in (None, *Scope):
            answer = desk.ask(method, short, keys.get(held), {} if method == "POST" else None)
            name = answer.json().get("error", {}).get("name") if answer.status_code >= 400 else None
            if scope is None:
                is_right = answer.status_code not in (401, 403)
            elif held is None:
                is_right = answer.status_code in (400, 401)
            elif held is scope:
                is_right = answer.status_code != 401 and name != "scope-missing"
            else:
                is_right = (answer.status_code, name) == (403, "scope-missing")
            cells += 1
            if not is_right:
                wrong.append((method, path, scope, held, answer.status_code, name))

    assert [] == wrong
    assert cells >= 4 * 20


def dialect_asked(desk, method, path, key):
    """Return the answer to a request of the dialect, signed where there is a key."""
    query, headers = f"timestamp={WALL_MS}", {}
    if key is not None:
        headers = {"X-MBX-APIKEY": key.id}
        query += f"&signature={hmac_hex(desk.keys.secret(key.id), query.encode())}"
    return fetch(desk, method, f"{path}?{query}", headers=headers)


# Binance's words for: no such key or it may not, the signature is wrong, there is no key.
NOT_ALLOWED, NO_KEY = -2015, -2014


@pytest.mark.parametrize(("method", "path"), sorted(ROUTES))
def test_every_request_of_the_dialect_takes_its_scope_and_no_other(shared, method, path):
    route = ROUTES[method, path]
    for held in (None, *Scope):
        key = None if held is None else shared.key("ann", held)
        answer = dialect_asked(shared, method, path, key)
        found = answer.json()
        code = found.get("code") if answer.status_code != 200 else None

        assert answer.status_code < 500
        if route.security is Security.NONE:
            assert code not in (NOT_ALLOWED, NO_KEY, -1022)
        elif held is None:
            assert NO_KEY == code
        elif held is route.scope:
            assert code not in (NOT_ALLOWED, NO_KEY, -1022)
        else:
            assert (401, NOT_ALLOWED) == (answer.status_code, code)


@pytest.mark.parametrize("change", ["signature", "timestamp", "body", "key"])
def test_a_tampered_request_of_the_dialect_is_refused(shared, change):
    query = f"symbol=BTCUSDT&timestamp={WALL_MS}"
    signature = hmac_hex(shared.keys.secret(shared.ann.id), query.encode())
    key, body = shared.ann.id, b""
    if change == "signature":
        signature = signature[:-1] + ("0" if signature[-1] != "0" else "1")
    elif change == "timestamp":
        query = query.replace(str(WALL_MS), str(WALL_MS + 1))
    elif change == "body":
        body = b"orderId=1"
    else:
        key = shared.bob.id
    answer = fetch(
        shared,
        "GET",
        f"/fapi/v1/openOrders?{query}&signature={signature}",
        headers={"X-MBX-APIKEY": key},
        content=body,
    )

    assert (400, -1022) == (answer.status_code, answer.json()["code"])


@pytest.mark.parametrize(
    ("window_ms", "after_ms", "is_in"),
    [
        *((5_000, after, is_in) for after, is_in in ((-5_001, False), (-5_000, True))),
        *((5_000, after, is_in) for after, is_in in ((999, True), (1_000, False))),
        *((60_000, after, is_in) for after, is_in in ((-60_001, False), (-60_000, True))),
        (60_001, 0, False),
    ],
)
def test_the_ends_of_the_dialects_receive_window(shared, window_ms, after_ms, is_in):
    query = f"timestamp={WALL_MS + after_ms}&recvWindow={window_ms}"
    signature = hmac_hex(shared.keys.secret(shared.ann.id), query.encode())
    answer = fetch(
        shared,
        "GET",
        f"/fapi/v1/openOrders?{query}&signature={signature}",
        headers={"X-MBX-APIKEY": shared.ann.id},
    )

    assert is_in == (answer.status_code == 200)
    if not is_in:
        assert answer.json()["code"] in (-1021, -1131)
