"""The one application: our own API, Binance's dialect and operations, behind one gate."""

import importlib
import importlib.util
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any, TypeAlias, cast

from litestar import Litestar, Request, Response
from litestar.exceptions import HTTPException

from crossmargin.api import ops
from crossmargin.api.context import Context
from crossmargin.api.problem import Problem

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

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
    binance = _binance(context)

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await native(scope, receive, send)
            return
        try:
            _check_site(context, scope)
        except Problem as problem:
            await refuse(scope, send, problem)
            return
        is_binance = _is_under(scope["path"], BINANCE_PATHS)
        chosen = binance if binance is not None and is_binance else native
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


def address_of(scope: Scope) -> str:
    """Return the address a request comes from."""
    client = scope.get("client")
    return client[0] if client else ""


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
    if importlib.util.find_spec("crossmargin.api.native") is not None:
        handlers += importlib.import_module("crossmargin.api.native").routes(context)
    litestar = Litestar(
        handlers,
        openapi_config=None,
        logging_config=None,
        request_max_body_size=context.settings.body_max,
        exception_handlers={Problem: _problem, HTTPException: _http_problem},
    )
    return cast("Application", litestar)


def _problem(_: Request[Any, Any, Any], problem: Problem) -> Response[bytes]:
    return Response(
        problem.body(),
        status_code=problem.status,
        headers=dict(problem.headers()),
        media_type="application/json",
    )


def _http_problem(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    name = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    return _problem(request, Problem(error.status_code, name, error.detail))


def _binance(context: Context) -> Application | None:
    try:
        found = importlib.import_module("crossmargin.api.binance")
        app: Application = found.app(context)
    except (ImportError, AttributeError):
        return None
    return app
