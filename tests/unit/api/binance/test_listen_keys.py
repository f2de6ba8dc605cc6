"""Listen keys: how long they hold, what they open, and that their use is noted."""

import json

import pytest

from crossmargin.api.audit import Audit
from crossmargin.api.binance.listen_keys import KEPT_MS


def test_a_listen_key_is_extended_closed_and_ends(booth):
    key, opened = booth.user_stream()
    path = "/fapi/v1/listenKey"

    assert {"listenKey": key} == booth.ask("POST", path, headers=booth.header()).json
    booth.wall.advance(KEPT_MS - 1)
    assert 200 == booth.ask("PUT", path, headers=booth.header()).status
    with opened as socket:
        booth.wall.advance(KEPT_MS)
        ended = socket.until(lambda one: one["e"] == "listenKeyExpired")
        assert key == ended["listenKey"]
    assert -1125 == booth.ask("PUT", path, headers=booth.header()).code
    again = booth.ask("POST", path, headers=booth.header()).json["listenKey"]
    assert again != key
    assert -1125 == booth.ask("PUT", path, f"listenKey={key}", headers=booth.header()).code
    assert {} == booth.ask("DELETE", path, f"listenKey={again}", headers=booth.header()).json
    assert -1125 == booth.ask("DELETE", path, headers=booth.header()).code


def test_a_stream_ends_with_the_key_that_asked_for_it(booth):
    key, opened = booth.user_stream()
    with opened as socket:
        booth.keys.revoke(booth.trader.id)

        assert key == socket.until(lambda one: one["e"] == "listenKeyExpired")["listenKey"]


def test_a_key_that_is_none_opens_no_socket(booth):
    with booth.socket("/private/ws", "listenKey=" + "0" * 64) as socket:
        assert "websocket.close" == socket.first["type"]


@pytest.mark.parametrize(
    ("path", "query"), [("/ws/{}", ""), ("/stream", "streams={}"), ("/private/ws", "listenKey={}")]
)
def test_who_listens_to_an_account_is_noted_without_the_listen_key(booth, tmp_path, path, query):
    key, _ = booth.user_stream()
    log = tmp_path / "audit.jsonl"
    booth.gate.audit = Audit(log)
    with booth.socket(path.format(key), query.format(key)) as socket:
        # It is heard already.
        socket.say(method="SUBSCRIBE", params=[key], id=1)
    with booth.socket("/stream") as socket:
        socket.say(method="SUBSCRIBE", params=["btcusdt@trade", key, "guessed"], id=1)
    content = log.read_text()
    lines = [json.loads(one) for one in content.splitlines()]

    assert [
        ("WEBSOCKET listenKey", 200, booth.trader.id, "ann", ""),
        ("WEBSOCKET listenKey", 200, booth.trader.id, "ann", ""),
        ("WEBSOCKET listenKey", 400, "", "", "unknown-stream"),
    ] == [tuple(one[name] for name in ("what", "result", "key", "account", "why")) for one in lines]
    assert key not in content
    assert "guessed" not in content
