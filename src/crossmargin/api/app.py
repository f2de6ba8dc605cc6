"""The one application: our own API, Binance's dialect and operations, behind one gate."""

import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

import msgspec
from litestar import Litestar, Request, Response
from litestar.exceptions import HTTPException
from msgspec import Struct

from crossmargin.api import ops
from crossmargin.api.asgi import (
    Application,
    Message,
    Receive,
    Scope,
    Send,
    address_of,
    asked_of,
)
from crossmargin.api.binance import dialect
from crossmargin.api.binance.errors import at_the_gate
from crossmargin.api.context import Context
from crossmargin.api.guard import check_routes, guard
from crossmargin.api.logs import log
from crossmargin.api.metrics import Meter
from crossmargin.api.native import router
from crossmargin.api.problem import Problem

BINANCE_PATHS = (
    "/fapi",
    "/futures/data",
    "/sapi",
    "/ws",
    "/ws-fapi",
    "/stream",
    "/market",
    "/public",
    "/private",
)
"""Where Binance's dialect is; all else is ours."""


FAILED = Problem(500, "failed", "the request could not be answered")
HEADERS = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
"""On every answer: what is of an account is in no cache, and nothing is taken for a page."""


class Surface(Struct, frozen=True):
    """One of the two APIs: its name, who answers, and how what the gate refuses is said in it."""

    name: str
    answer: Application
    said: Callable[[Problem], bytes]


def application(context: Context) -> Application:
    """Return the application, to be served."""
    meter = Meter()
    native = Surface("native", _native(context, meter), Problem.body)
    binance = Surface("binance", dialect.app(context), _said_by_binance)

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await native.answer(scope, receive, send)
            return
        chosen = binance if _is_under(scope["path"], BINANCE_PATHS) else native
        if scope["type"] == "websocket":
            meter.streams[chosen.name] += 1
            try:
                await _connect(context, chosen.answer, scope, receive, send)
            finally:
                meter.streams[chosen.name] -= 1
            return
        start_s = time.perf_counter()
        status = await _answer(context, chosen, scope, receive, send)
        meter.add(chosen.name, scope["method"], status, time.perf_counter() - start_s)
        _note(context, scope, status)

    return served


async def _refuse(send: Send, problem: Problem, body: bytes) -> None:
    named = {"Content-Type": "application/json", **problem.headers()}
    headers = [(name.lower().encode(), value.encode()) for name, value in named.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _answer(
    context: Context, chosen: Surface, scope: Scope, receive: Receive, send: Send
) -> int:
    # Returns the status; zero where the client has gone before there was one.
    status = 0

    async def noted(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            message["headers"] = [*message.get("headers", ()), *HEADERS]
        await send(message)

    try:
        _check_site(context, scope, scope["method"])
        await chosen.answer(scope, receive, noted)
    except Problem as problem:
        asked_of(scope).why = problem.name
        await _refuse(noted, problem, chosen.said(problem))
    except Exception:  # A bug in one handler is one failed request, and is said.
        log("a handler failed", logging.ERROR, path=scope["path"], exc_info=True)
        if not status:
            await _refuse(noted, FAILED, chosen.said(FAILED))
    return status


async def _connect(
    context: Context, chosen: Application, scope: Scope, receive: Receive, send: Send
) -> None:
    address = address_of(scope)
    try:
        _check_site(context, scope, "WEBSOCKET")
        if not context.gate.enter(address):
            raise Problem(429, "too-many-connections", "too many connections")
    except Problem as problem:
        asked_of(scope).why = problem.name
        # Before it is accepted: the server answers 403.
        await send({"type": "websocket.close", "code": 1008, "reason": problem.name})
        _note(context, scope, 403)
        return
    try:
        await chosen(scope, receive, send)
    finally:
        context.gate.leave(address)


def _note(context: Context, scope: Scope, status: int) -> None:
    # Without the query, which may hold a signature, and of a WebSocket's path what comes first: the
    # rest may be a listen key.
    path = scope["path"]
    if scope["type"] == "websocket":
        path = "/".join(path.split("/")[:2])
    what = f"{scope.get('method', 'WEBSOCKET')} {path}"
    wall_ms = context.service.wall_ms()
    context.gate.note(wall_ms, asked_of(scope), what, status, address_of(scope))


def _check_site(context: Context, scope: Scope, method: str) -> None:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    context.gate.check_site(method, headers)


def _said_by_binance(problem: Problem) -> bytes:
    return msgspec.json.encode(at_the_gate(problem).body())


def _is_under(path: str, roots: tuple[str, ...]) -> bool:
    return any(path == root or path.startswith(f"{root}/") for root in roots)


def _native(context: Context, meter: Meter) -> Application:
    handlers: list[Any] = [*ops.routes(context, meter)]
    handlers += router.routes(context)
    litestar = Litestar(
        handlers,
        openapi_config=None,
        logging_config=None,
        guards=[guard(context)],
        request_max_body_size=context.settings.body_max,
        exception_handlers={
            Problem: _problem,
            HTTPException: _http_problem,
            Exception: _bug,
        },
    )
    check_routes(litestar)
    return cast("Application", litestar)


def _problem(request: Request[Any, Any, Any], problem: Problem) -> Response[bytes]:
    asked_of(cast("Scope", request.scope)).why = problem.name
    return Response(
        problem.body(),
        status_code=problem.status,
        headers=dict(problem.headers()),
        media_type="application/json",
    )


def _http_problem(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    name = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    return _problem(request, Problem(error.status_code, name, error.detail))


def _bug(request: Request[Any, Any, Any], _: Exception) -> Response[bytes]:
    log("a handler failed", logging.ERROR, path=request.url.path, exc_info=True)
    return _problem(request, FAILED)
