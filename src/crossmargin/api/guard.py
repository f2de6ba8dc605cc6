"""What every route of our own API goes through: who asks, may they, and how often.

A route says in its `opt` what it takes:

    scope : a `Scope`, or None for what anybody may ask
    weight : tokens it costs; 1 where it does not say
    is_cancel : whether it only takes orders away, and so has the bucket of those

A route that does not name its scope is refused when the application is made, so that none is open
by being forgotten. Handlers find the key with `key_of`.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, cast

from litestar import Litestar, Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.routes import HTTPRoute

from crossmargin.api.asgi import Scope as AsgiScope
from crossmargin.api.asgi import address_of, asked_of
from crossmargin.api.context import Context
from crossmargin.api.gate import is_deeper
from crossmargin.api.keys import Key, Scope
from crossmargin.api.problem import Problem
from crossmargin.api.signing import request_of
from crossmargin.errors import InvariantBroken

Connection: TypeAlias = ASGIConnection[Any, Any, Any, Any]
Guard: TypeAlias = Callable[[Connection, BaseRouteHandler], Awaitable[None]]

KEY = "crossmargin-key"
"""Under this name a connection's scope keeps the key."""


def guard(context: Context) -> Guard:
    """Return the guard of all routes."""

    async def check(connection: Connection, handler: BaseRouteHandler) -> None:
        scope: Scope | None = handler.opt.get("scope")
        weight, is_cancel = handler.opt.get("weight", 1), handler.opt.get("is_cancel", False)
        asgi = cast(AsgiScope, connection.scope)
        # An address that guesses is slowed down before anything is worked out for it.
        context.gate.take("", address_of(asgi), weight, is_cancel=is_cancel)
        # A WebSocket says who it is in its first message, not in its handshake.
        if scope is not None and isinstance(connection, Request):
            asgi[KEY] = await _authenticated(context, connection, scope)
            context.gate.take(asgi[KEY].id, "", weight, is_cancel=is_cancel)

    return check


def check_routes(application: Litestar) -> None:
    """Refuse an application with a route that does not name its scope.

    Raises
    ------
    InvariantBroken
        Naming the route.
    """
    for route in application.routes:
        handlers = route.route_handlers if isinstance(route, HTTPRoute) else [route.route_handler]
        for handler in handlers:
            # OPTIONS is answered by the framework, and tells which methods there are.
            is_options = getattr(handler, "http_methods", None) == {"OPTIONS"}
            if not is_options and "scope" not in handler.opt:
                raise InvariantBroken(f"the route {route.path} does not say whom it is for")


def key_of(connection: Connection) -> Key:
    """Return the key a request was signed with, of a route that asks for a scope."""
    key: Key = cast(AsgiScope, connection.scope)[KEY]
    return key


async def _authenticated(context: Context, connection: Request[Any, Any, Any], scope: Scope) -> Key:
    body = await connection.body()
    request, signature = request_of(
        connection.method,
        connection.scope["raw_path"].decode("latin-1"),
        connection.scope["query_string"],
        body,
        connection.headers,
    )
    key = context.verifier.verified(request, signature, context.service.wall_ms())
    asked = asked_of(cast(AsgiScope, connection.scope))
    asked.key, asked.account = key.id, key.account
    if not key.may(scope):
        raise Problem(403, "scope-missing", f"the key has no scope {scope}")
    if is_deeper(body, context.settings.depth_max):
        raise Problem(400, "too-deep", f"nested deeper than {context.settings.depth_max}")
    return key
