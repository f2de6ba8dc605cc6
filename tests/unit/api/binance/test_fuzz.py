"""Whatever bytes come in: a named 4xx, never a 500, and a refusal leaves the venue as it was."""

import json
from urllib.parse import quote_from_bytes, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossmargin.api.binance.errors import STATUSES, TEXTS, TRANSLATED
from crossmargin.api.binance.routes import ROUTES, Security
from crossmargin.api.binance.ws_api import METHODS, PATH, signed_text
from crossmargin.api.signing import hmac_hex
from tests.unit.api.binance.booth import BTC, Booth

NAMES = (
    *("symbol", "pair", "side", "type", "quantity", "price", "timeInForce", "positionSide"),
    *("reduceOnly", "newClientOrderId", "orderId", "origClientOrderId", "limit", "startTime"),
    *("endTime", "fromId", "interval", "leverage", "marginType", "dualSidePosition", "amount"),
    *("multiAssetsMargin", "algoType", "triggerPrice", "activatePrice", "callbackRate", "algoId"),
    *("clientAlgoId", "closePosition", "workingType", "batchOrders", "orderIdList", "listenKey"),
    *("countdownTime", "incomeType", "autoCloseType", "recvWindow", "newOrderRespType"),
    "selfTradePreventionMode",
)
VALUES = st.one_of(
    st.sampled_from(
        (
            *(BTC, "ETHUSDT", "BUY", "SELL", "LIMIT", "MARKET", "STOP_MARKET", "GTC", "IOC", "FOK"),
            *("GTX", "BOTH", "LONG", "true", "false", "1", "2", "0", "0.01", "49000", "51000"),
            *("1m", "CONDITIONAL", "ISOLATED", "CROSSED", "RESULT", "MARK_PRICE", "20"),
            *("NaN", "Infinity", "-0", "-1", "1e400", "1" + "0" * 400, "0." + "0" * 60 + "1"),
            *("9" * 18, "9" * 20, "null", "[]", "{}", "[[[[[[[[[[]]]]]]]]]]", "[1,2]", '["a"]'),
            *('[{"symbol":"BTCUSDT"}]', '[{"price":1e400}]', '[{"quantity":NaN}]', "", " "),
        )
    ),
    st.text(max_size=20),
    st.decimals(allow_nan=True).map(str),
    st.integers().map(str),
)
PARAMS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=12)
RAW = st.binary(max_size=200)


@pytest.fixture(scope="module")
def venue(tmp_path_factory):
    booth = Booth(tmp_path_factory.mktemp("fuzz"))
    booth.order(quantity="0.05")
    booth.order(price="49000", newClientOrderId="resting")
    yield booth
    booth.close()


FUZZ = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def is_named(status, body):
    """Return whether an answer is an error as the dialect has them."""
    if not isinstance(body, dict) or set(body) != {"code", "msg"} or not body["msg"]:
        return False
    return status == STATUSES.get(body["code"], 400) and body["code"] < 0


def check(booth, before, status, body):
    if status != 200:
        assert is_named(status, body), (status, body)
        assert before == booth.hash()
    elif isinstance(body, dict) and "code" in body:
        assert int(body["code"]) == 200
    assert booth.service.halted is None


@FUZZ
@given(route=st.sampled_from(sorted(ROUTES)), params=PARAMS, is_form=st.booleans())
def test_signed_requests_of_any_parameters(venue, route, params, is_form):
    method, path = route
    before = venue.hash()
    values = {name: value.encode("utf-8", "surrogatepass") for name, value in params.items()}
    payload = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in values.items())
    payload += f"&timestamp={venue.wall.now_ms()}"
    signature = hmac_hex(venue.keys.secret(venue.trader.id), payload.encode())
    sent = f"{payload}&signature={signature}".encode()
    query, body = (b"", sent) if is_form else (sent, b"")
    reply = venue.ask(method, path, query, body, venue.header())

    check(venue, before, reply.status, reply.json)


@FUZZ
@given(route=st.sampled_from(sorted(ROUTES)), query=RAW, body=RAW, key=RAW)
def test_requests_of_any_bytes(venue, route, query, body, key):
    method, path = route
    before = venue.hash()
    reply = venue.ask(method, path, query, body, [(b"x-mbx-apikey", key)])

    check(venue, before, reply.status, reply.json)
    if ROUTES[route].security is not Security.NONE:
        assert reply.status != 200


@FUZZ
@given(method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH"]), path=st.text())
def test_any_path(venue, method, path):
    if (method, path) in ROUTES:
        return
    reply = venue.ask(method, path)

    assert (404, -5000) == (reply.status, reply.code)


@FUZZ
@given(
    text=st.one_of(
        st.text(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=10),
            lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
        ).map(lambda value: json.dumps(value)),
    )
)
def test_frames_of_any_text_are_answered(venue, text):
    for path in ("/ws", PATH):
        with venue.socket(path) as socket:
            socket.send(text)
            said = socket.read()

            assert "error" in said or "result" in said
            socket.say(method="LIST_SUBSCRIPTIONS", id=1)


@FUZZ
@given(method=st.sampled_from(sorted(METHODS)), params=PARAMS)
def test_requests_over_a_websocket(venue, method, params):
    before = venue.hash()
    values = {
        **params,
        "apiKey": venue.trader.id,
        "timestamp": venue.wall.now_ms(),
    }
    texts = {name: str(value) for name, value in values.items()}
    if any("\ud800" <= sign <= "\udfff" for text in texts.values() for sign in text):
        return
    values["signature"] = hmac_hex(venue.keys.secret(venue.trader.id), signed_text(texts))
    with venue.socket(PATH) as socket:
        said = socket.say(id="x", method=method, params=values)

    if said["status"] == 200:
        assert "result" in said
    else:
        assert is_named(said["status"], said["error"])
        assert before == venue.hash()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(urlencode({"symbol": BTC}) + "&symbol=ETHUSDT", "Duplicate", id="duplicate"),
        pytest.param("symbol=" + "A" * 70_000, "Too many", id="too long"),
    ],
)
def test_bodies_that_are_refused_before_they_are_read(venue, body, words):
    reply = venue.ask("POST", "/fapi/v1/order", "", body.encode(), venue.header())

    assert 400 == reply.status
    assert -1101 == reply.code
    assert reply.json["msg"].startswith(words)


def test_every_code_has_words():
    used = {*STATUSES, *TRANSLATED.values()}

    assert set() == used - TEXTS.keys()
