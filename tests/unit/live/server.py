"""A server on this machine that answers like a venue: a table of paths and replies."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Reply = Any
Request = dict[str, str]
Routes = dict[str, Reply | Callable[[Request], Reply]]
"""By path: what is answered, or a function of the request's parameters. An int is a status."""


class Venue:
    """A running server: its address and every request it got, as (path, parameters)."""

    def __init__(self, url: str, seen: list[tuple[str, Request]]) -> None:
        self.url = url
        self.seen = seen


@contextmanager
def serving(routes: Routes) -> Iterator[Venue]:
    """Run a server for `routes` on a free port, and stop it at the end."""
    seen: list[tuple[str, Request]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(b"")

        def do_POST(self) -> None:
            self.answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def answer(self, body: bytes) -> None:
            parts = urlsplit(self.path)
            request = dict(parse_qsl(parts.query)) | (json.loads(body) if body else {})
            seen.append((parts.path, request))
            reply = routes.get(parts.path, 404)
            if callable(reply):
                reply = reply(request)
            status = reply if isinstance(reply, int) else 200
            text = reply if isinstance(reply, str) else json.dumps(reply)
            content = b"" if isinstance(reply, int) else text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.005,), daemon=True)
        thread.start()
        try:
            yield Venue(f"http://127.0.0.1:{server.server_port}", seen)
        finally:
            server.shutdown()
            thread.join()
