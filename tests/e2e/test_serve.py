"""`crossmargin serve`, started, stopped, killed and started again."""

import hmac
import json
import os
import re
import signal
import socket
import stat
import time
from decimal import Decimal
from hashlib import sha256

import pytest

from crossmargin import __version__
from crossmargin.api.audit import check
from tests.e2e.serving import ROOT, serving
from tests.e2e.test_command import run
from tests.shared import needs_shared

BUY = {"client_id": "buy-1", "symbol": "BTCUSDT", "size": "0.01", "type": "market"}
HEX = re.compile(r"[0-9a-f]{64}")


def size_of(server, name="alice"):
    [position] = server.ask(name, "GET", f"/accounts/{name}/positions").json()
    return Decimal(position["size"])


def wallet(server, name="alice"):
    return Decimal(server.ask(name, "GET", f"/accounts/{name}").json()["balances"]["USDT"])


def test_it_serves_says_how_stops_and_goes_on(tmp_path):
    with serving(tmp_path) as server:
        ready, mode = server.ready, stat.S_IMODE(server.ready_file.stat().st_mode)
        healthy = server.client.get("/healthz")
        bought = server.ask("alice", "POST", "/accounts/alice/orders", BUY)
        printed = server.output
        status = server.stop()

    assert 0o600 == mode
    assert ["schema", "pid", "version", "store", "base_url", "ws_url", "accounts", "admin"] == list(
        ready
    )
    assert (1, server.process.pid, __version__) == (
        ready["schema"],
        ready["pid"],
        ready["version"],
    )
    assert str(tmp_path / "venue.db") == ready["store"]
    port = int(ready["base_url"].removeprefix("http://127.0.0.1:"))
    assert f"ws://127.0.0.1:{port}" == ready["ws_url"]
    assert ["alice", "bob", "admin"] == [
        one["name"] for one in (*ready["accounts"], ready["admin"])
    ]
    assert (200, "ok") == (healthy.status_code, healthy.json()["status"])
    assert 200 == bought.status_code, bought.text
    handed = {one["api_secret"] for one in (*ready["accounts"], ready["admin"])}
    assert handed <= set(HEX.findall(printed))
    assert 0 == status
    assert not server.ready_file.exists()

    with serving(tmp_path) as again:
        keys, size = again.ready["accounts"], size_of(again)
        repeated = again.ask("alice", "POST", "/accounts/alice/orders", BUY).json()
        printed = again.output
        status = again.stop(signal.SIGINT)

    assert ready["accounts"] == keys
    assert Decimal("0.01") == size
    assert repeated["is_repeat"]
    assert [] == HEX.findall(printed)
    assert 0 == status
    # Four that were asked for with a key, and none that anybody may ask.
    assert (3, None) == check(tmp_path / "venue.db.audit.jsonl")

    shown = run_shown_keys(tmp_path)
    assert handed <= shown


def run_shown_keys(folder):
    """Return the secrets that are printed again, and check that they are derived as is said."""
    with serving(folder, "--show-keys") as server:
        master = bytes.fromhex((folder / "venue.db.master-key").read_text())
        for one in server.ready["accounts"]:
            message = b"crossmargin key 1:" + one["api_key"].encode()
            assert one["api_secret"] == hmac.new(master, message, sha256).hexdigest()
        return set(HEX.findall(server.output))


def test_what_was_answered_outlives_a_kill_and_happens_once(tmp_path):
    done, cycles = [], 2
    for cycle in range(cycles):
        with serving(tmp_path) as server:
            before = wallet(server)
            assert Decimal(100_000) + len(done) == before
            for number in range(10):
                body = {"client_id": f"{cycle}-{number}", "asset": "USDT", "amount": "1"}
                answer = server.ask("admin", "POST", "/accounts/alice/deposits", body)
                assert 200 == answer.status_code, answer.text
                done.append(body)
            # The ready file of a server that was killed is still there, and does not matter.
            server.process.kill()
            server.process.wait()
    with serving(tmp_path) as server:
        for body in done:
            answer = server.ask("admin", "POST", "/accounts/alice/deposits", body)
            assert answer.json()["is_repeat"]
        assert Decimal(100_000) + 10 * cycles == wallet(server)
        assert 0 == server.stop()
    checked = run("verify", tmp_path / "venue.db")
    assert 0 == checked.returncode, checked.stdout


def test_a_replay_of_a_signed_request_is_refused_even_after_a_restart(tmp_path):
    with serving(tmp_path) as server:
        answer = server.ask("alice", "GET", "/accounts/alice")
        replay = answer.request
        again = server.client.send(replay)
        server.stop()
    with serving(tmp_path) as server:
        content, headers = replay.content, dict(replay.headers)
        headers["host"] = server.ready["base_url"].removeprefix("http://")
        later = server.client.request(
            replay.method, f"{ROOT}/accounts/alice", content=content, headers=headers
        )

    assert 200 == answer.status_code
    assert (401, "replayed") == (again.status_code, again.json()["error"]["name"])
    assert (401, "not-fresh") == (later.status_code, later.json()["error"]["name"])


def test_a_second_signal_ends_it_at_once(tmp_path):
    with serving(tmp_path) as server:
        port = int(server.ready["base_url"].rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as slow:
            # Half a request keeps it waiting.
            head = (
                f"POST {ROOT}/halt HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 9\r\n\r\n"
            )
            slow.sendall(head.encode())
            time.sleep(0.2)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            assert server.process.poll() is None
            assert not server.ready_file.exists()
            start_s = time.monotonic()
            status = server.stop(signal.SIGTERM)

    assert 128 + signal.SIGTERM == status
    assert time.monotonic() - start_s < 2


def test_it_stops_within_its_limit_whoever_is_slow(tmp_path):
    with serving(tmp_path) as server:
        port = int(server.ready["base_url"].rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as slow:
            head = (
                f"POST {ROOT}/halt HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 9\r\n\r\n"
            )
            slow.sendall(head.encode())
            time.sleep(0.2)
            start_s = time.monotonic()
            status = server.stop()

    assert 0 == status
    assert time.monotonic() - start_s < 10


def test_a_second_server_is_refused_the_store(tmp_path):
    with serving(tmp_path) as server:
        other = run("serve", "--port", "0", "--store", tmp_path / "venue.db")
        healthy = server.client.get("/healthz").status_code

    assert (2, "") == (other.returncode, other.stdout)
    assert "venue.db" in other.stderr
    assert 1 == other.stderr.count("\n")
    assert 200 == healthy


def test_a_port_that_is_taken_is_one_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", "--port", port, "--store", tmp_path / "venue.db")

    assert 2 == done.returncode
    assert f"crossmargin: 127.0.0.1 port {port}: cannot be served: Address already in use\n" == (
        done.stderr
    )
    assert [] == list(tmp_path.iterdir())


def test_secrets_are_nowhere_but_where_they_belong(tmp_path):
    canaries = ("canary-signature-1f2e", "canary-body-3d4c", "canary-query-5b6a")
    with serving(tmp_path) as server:
        secrets = {one["api_secret"] for one in (*server.ready["accounts"], server.ready["admin"])}
        server.stop()
    master = (tmp_path / "venue.db.master-key").read_text().strip()
    with serving(tmp_path) as server:
        answers = [
            server.ask("alice", "POST", "/accounts/alice/orders", BUY),
            server.ask("alice", "POST", "/accounts", {"client_id": "a", "account": "eve"}),
            server.client.post(
                f"{ROOT}/accounts/alice/orders",
                content=json.dumps({"token": canaries[1]}),
                headers={
                    "X-Crossmargin-Key": server.key("alice")["api_key"],
                    "X-Crossmargin-Signature": canaries[0],
                },
            ),
            server.client.get(f"/fapi/v1/order?signature={canaries[2]}"),
            server.client.get(f"/nowhere?secret={canaries[2]}"),
            server.client.get("/metrics"),
            server.client.get("/healthz"),
        ]
        said = [answer.text for answer in answers]
        said += [str(dict(answer.headers)) for answer in answers]
        server.stop()
    said += [server.output, server.log]
    owned = {"venue.db.master-key"}
    said += [
        path.read_bytes().decode("latin-1") for path in tmp_path.iterdir() if path.name not in owned
    ]

    for secret in (*secrets, master, *canaries):
        assert [] == [one[:80] for one in said if secret in one], secret
    assert json.loads(server.log.splitlines()[0])["what"] == "serving"


def test_a_replayed_feed_goes_on_where_it_was(tmp_path):
    feed = f"candles:{needs_shared('data/candles')}@2025-10-10T20:00"
    options = ("--feed", feed, "--symbols", "BTCUSDT", "--speed", "600")
    start_ms = 1_760_126_400_000
    times = []
    for _ in range(2):
        with serving(tmp_path, *options) as server:
            times.append(server.client.get(f"{ROOT}/time").json()["at_ms"])
            time.sleep(0.5)
            times.append(server.client.get(f"{ROOT}/time").json()["at_ms"])
            assert 0 == server.stop()

    assert sorted(times) == times
    assert start_ms <= times[0]
    assert times[1] - times[0] >= 60_000  # 0.5 s at 600 a second, but for how slow a machine is
    assert times[3] < start_ms + 86_400_000


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--speed", "0"], "--speed 0: is no number above zero up to a million, nor max"),
        (["--speed", "nan"], "--speed nan: is no number above zero up to a million, nor max"),
        (["--feed", "real"], "--feed real: is neither synthetic nor candles:FOLDER@TIME"),
        (["--feed", "candles:x"], "--feed candles:x: is neither synthetic nor"),
        (["--feed", "candles:x@noon"], "--feed noon: is not a time such as"),
        (["--symbols", ","], "--symbols: names none"),
        (["--symbols", "NOUSDT"], "NOUSDT: not in the rulebook of binance-usdm"),
        (["--venue", "nowhere"], "nowhere"),
        (
            ["--store", "nowhere/venue.db"],
            "nowhere/venue.db.master-key: cannot be written: No such",
        ),
        (["--store", "."], ".: is a folder; name a file in it for the store"),
        (["--host", "192.0.2.1"], "--host 192.0.2.1: others can reach that; add --allow-remote"),
        (["--host", "192.0.2.1", "--allow-remote"], "name the master key with --master-key-file"),
    ],
)
def test_what_cannot_be_served_is_one_sentence(tmp_path, words, said):
    store = [] if "--store" in words else ["--store", "venue.db"]
    done = run("serve", "--port", "0", *store, *words, cwd=tmp_path)

    assert done.returncode in (2, 3)
    assert said in done.stderr
    assert 1 == done.stderr.count("\n")
    assert [] == list(tmp_path.iterdir())


def test_a_ready_file_that_cannot_be_written_ends_it(tmp_path):
    ready = tmp_path / "nowhere" / "ready.json"
    store = tmp_path / "venue.db"
    done = run("serve", "--port", "0", "--store", store, "--ready-file", ready)

    assert 2 == done.returncode
    assert (
        f"crossmargin: {ready}: cannot be written: No such file or directory"
        == (done.stderr.splitlines()[-1])
    )


def test_files_that_others_may_read_are_refused(tmp_path):
    path = tmp_path / "master"
    path.write_text("ab" * 32)
    os.chmod(path, 0o644)
    done = run("serve", "--port", "0", "--store", tmp_path / "venue.db", "--master-key-file", path)

    assert (2, f"crossmargin: {path}: others may read it (mode 644); chmod 600 it\n") == (
        done.returncode,
        done.stderr,
    )
