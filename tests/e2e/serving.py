"""`crossmargin serve` as a process, and a client that signs its requests."""

import contextlib
import itertools
import json
import signal
import subprocess
import time
from pathlib import Path

import httpx

from crossmargin.api.signing import (
    KEY_HEADER,
    NONCE_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    Request,
    hmac_hex,
)
from tests.e2e.test_command import COMMAND

START_S = 60
END_S = 20
ROOT = "/api/v1"


class Server:
    """A server; `output` and `log` are what it has said when it is over."""

    def __init__(self, folder: Path, *options: str, store: str = "venue.db"):
        """Start it and wait until it serves."""
        self.folder, self.ready_file = folder, folder / "ready.json"
        self.ready_file.unlink(missing_ok=True)
        self._out, self._log = folder / "out.txt", folder / "log.txt"
        with self._out.open("w") as out, self._log.open("w") as log:
            self.process = subprocess.Popen(
                [
                    *(COMMAND, "serve", "--port", "0", "--ready-file", self.ready_file),
                    *("--store", folder / store, *options),
                ],
                stdout=out,
                stderr=log,
                cwd=folder,
            )
        end_s = time.monotonic() + START_S
        while not self.ready_file.exists():
            assert self.process.poll() is None, self.log
            assert time.monotonic() < end_s, "it does not start"
            time.sleep(0.02)
        self.ready = json.loads(self.ready_file.read_text())
        self.client = httpx.Client(base_url=self.ready["base_url"], timeout=30, trust_env=False)
        self._nonces = itertools.count()

    @property
    def output(self) -> str:
        """Return what it has printed."""
        return self._out.read_text()

    @property
    def log(self) -> str:
        """Return what it has logged."""
        return self._log.read_text()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        self.client.close()
        self.process.send_signal(number)
        return self.process.wait(END_S)

    def key(self, name: str) -> dict[str, str]:
        """Return what the ready file says of an account or the admin."""
        handed = [*self.ready["accounts"], self.ready["admin"]]
        return next(one for one in handed if one["name"] == name)

    def signed(self, name: str, method: str, path: str, body: object = None):
        """Return method, path, content and headers of a request signed with the key of `name`."""
        key, content = self.key(name), b"" if body is None else json.dumps(body).encode()
        at_ms, nonce = str(time.time_ns() // 1_000_000), f"{time.time_ns()}-{next(self._nonces)}"
        told = Request(method, f"{ROOT}{path}", b"", content, at_ms, nonce, key["api_key"])
        headers = {
            KEY_HEADER: key["api_key"],
            TIMESTAMP_HEADER: at_ms,
            NONCE_HEADER: nonce,
            SIGNATURE_HEADER: hmac_hex(key["api_secret"], told.canonical()),
        }
        return method, f"{ROOT}{path}", content, headers

    def ask(self, name: str, method: str, path: str, body: object = None) -> httpx.Response:
        """Return the answer to a signed request."""
        method, target, content, headers = self.signed(name, method, path, body)
        return self.client.request(method, target, content=content, headers=headers)


@contextlib.contextmanager
def serving(folder: Path, *options: str, **more: str):
    """Serve, and end it however the test ends."""
    server = Server(folder, *options, **more)
    try:
        yield server
    finally:
        server.client.close()
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
