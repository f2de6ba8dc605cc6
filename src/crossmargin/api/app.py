"""The one application: our own API, Binance's dialect and operations, behind one gate."""

import importlib
from http import HTTPStatus
from typing import Any, cast

from litestar import Litestar, Request, Response
from litestar.exceptions import HTTPException

from crossmargin.api import ops
from crossmargin.api.asgi import Application, Receive, Scope, Send, address_of, asked_of
from crossmargin.api.binance import dialect
from crossmargin.api.context import Context
from crossmargin.api.guard import check_routes, guard
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


def application(context: Context) -> Application:
    """Return the application, to be served."""
    native = _native(context)
    binance = dialect.app(context)

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await native(scope, receive, send)
            return
        try:
            _check_site(context, scope)
        except Problem as problem:
            await refuse(scope, send, problem)
            return
        chosen = binance if _is_under(scope["path"], BINANCE_PATHS) else native
        if scope["type"] == "websocket":
            await _connected(context, chosen, scope, receive, send)
        else:
            await chosen(scope, receive, send)

    return served


async def refuse(scope: Scope, send: Send, problem: Problem) -> None:
    """Answer a request, or a WebSocket's handshake, with what is wrong with it."""
    if scope["type"] == "websocket":
        # Before it is accepted: the server answers 403.
        await send({"type": "websocket.close", "code": 1008, "reason": problem.name})
        return
    named = {"Content-Type": "application/json", **problem.headers()}
    headers = [(name.lower().encode(), value.encode()) for name, value in named.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": problem.body()})


async def _connected(
    context: Context, chosen: Application, scope: Scope, receive: Receive, send: Send
) -> None:
    address = address_of(scope)
    if not context.gate.enter(address):
        await refuse(scope, send, Problem(429, "too-many-connections", "too many connections"))
        return
    try:
        await chosen(scope, receive, send)
    finally:
        context.gate.leave(address)


def _check_site(context: Context, scope: Scope) -> None:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    is_websocket = scope["type"] == "websocket"
    method = "WEBSOCKET" if is_websocket else scope["method"]
    context.gate.check_site(method, headers)


def _is_under(path: str, roots: tuple[str, ...]) -> bool:
    return any(path == root or path.startswith(f"{root}/") for root in roots)


def _native(context: Context) -> Application:
    handlers: list[Any] = [*ops.routes(context)]
    native = importlib.import_module("crossmargin.api.native")
    if hasattr(native, "routes"):
        handlers += native.routes(context)
    litestar = Litestar(
        handlers,
        openapi_config=None,
        logging_config=None,
        guards=[guard(context)],
        request_max_body_size=context.settings.body_max,
        exception_handlers={Problem: _problem, HTTPException: _http_problem},
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
