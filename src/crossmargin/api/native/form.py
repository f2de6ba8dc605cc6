"""What a route asks of a request beside the key: known parameters, its own account, a sound body.

Looked at after the signature and before anything else, so that what a handler is given is what it
says it takes. An account that a key may not act for looks as if it were not there.
"""

from typing import Any, TypeVar

import msgspec
from litestar.connection import ASGIConnection, Request
from litestar.handlers import BaseRouteHandler
from msgspec import Struct

from crossmargin.api.context import Context
from crossmargin.api.guard import Guard, key_of
from crossmargin.api.keys import Key, Scope
from crossmargin.api.problem import Problem
from crossmargin.venue.state import State

Said = TypeVar("Said", bound=Struct)
ACCOUNT = "account"
"""The part of a path that names an account."""


def form_guard(context: Context) -> Guard:
    """Return the guard of our own routes; it comes after the one that knows the key."""

    async def check(
        connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
    ) -> None:
        if not isinstance(connection, Request):
            return
        _check_query(connection, handler.opt["query"])
        name = connection.path_params.get(ACCOUNT)
        if name is not None and not may_act(context.service.state, key_of(connection), name):
            raise Problem(404, "unknown-account", f"there is no account {name}", where="path")
        body: type[Struct] | None = handler.opt["body"]
        if body is not None:
            decoded(await connection.body(), body)

    return check


def may_act(state: State, key: Key, name: str) -> bool:
    """Return whether a key may act for an account: its own, its sub-accounts, an admin's any."""
    account = state.accounts.get(name)
    if account is None:
        return False
    if Scope.ADMIN in key.scopes:
        return True
    return bool(key.account) and key.account in (account.name, account.parent)


def decoded(body: bytes, wanted: type[Said]) -> Said:
    """Return what JSON says, strictly as `wanted`.

    Raises
    ------
    Problem
        If it is anything else; `where` is the place in it.
    """
    try:
        return msgspec.json.decode(body, type=wanted)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        words, _, place = str(error).partition(" - at `$")
        where = "body" + place.rstrip("`")
        raise Problem(400, "malformed-body", f"the body: {words}", where=where) from None


def _check_query(request: Request[Any, Any, Any], known: frozenset[str]) -> None:
    seen: set[str] = set()
    for name, _ in request.query_params.multi_items():
        if name not in known:
            raise Problem(400, "unknown-parameter", "there is no such parameter", where="query")
        if name in seen:
            raise Problem(400, "duplicate-parameter", f"{name} is given twice", where=name)
        seen.add(name)
