"""Declaring a route: method, path and what it asks, in one line above the function that answers."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, TypeAlias

from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from msgspec import Struct

from crossmargin.api.keys import Scope
from crossmargin.api.native.answers import ErrorAnswer
from crossmargin.api.native.plain import PlainResponse
from crossmargin.api.signing import (
    KEY_HEADER,
    NONCE_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
)

Answering: TypeAlias = Callable[..., Awaitable[Any]]
Declaring: TypeAlias = Callable[[Answering], HTTPRouteHandler]
HttpMethod: TypeAlias = Literal["GET", "POST"]

SIGNING_HEADERS = (KEY_HEADER, TIMESTAMP_HEADER, NONCE_HEADER, SIGNATURE_HEADER)
SIGNED: list[dict[str, list[str]]] = [{name: [] for name in SIGNING_HEADERS}]
"""The security requirement of routes that ask for a key."""

WORDS = {
    400: "The request is malformed.",
    401: "It is not signed by a key that is valid now, not fresh, or was sent before.",
    403: "The key may not do this.",
    404: "It is not there.",
    409: "The client id was used for something else, or it is there already.",
    413: "The body is too large.",
    421: "The Host is not ours.",
    422: "The venue refuses; `code` is its own.",
    429: "Too many requests; see Retry-After.",
    503: "Nothing is taken now; send it again with the same client id.",
}
"""What statuses of answers that refuse mean."""


def _refusal(code: int | None, name: str, message: str, where: str) -> dict[str, object]:
    return {"error": {"code": code, "name": name, "message": message, "where": where}}


REFUSALS = {
    "400": _refusal(None, "malformed-body", "the body: Expected `str`, got `int`", "body.amount"),
    "401": _refusal(None, "not-authentic", "the key or the signature is not valid", ""),
    "403": _refusal(None, "scope-missing", "the key has no scope trade", ""),
    "404": _refusal(None, "unknown-account", "there is no account eve", "path"),
    "409": _refusal(
        1003,
        "duplicate-other-content",
        "client id a-1 was used for another command, entry 7",
        "body.client_id",
    ),
    "413": _refusal(None, "request-entity-too-large", "Request Entity Too Large", ""),
    "421": _refusal(None, "unknown-host", "this server does not go by that Host", ""),
    "422": _refusal(4001, "margin-insufficient", "Margin is insufficient.", ""),
    "429": _refusal(None, "too-many-requests", "too many requests", ""),
    "503": _refusal(5001, "halted", "the venue is halted: maintenance", ""),
}
"""An example of each."""
OF_ALL = (400, 421, 429)
OF_SIGNED = (401, 403, 413)
OF_CHANGES = (409, 422, 503)


def reads(
    path: str, scope: Scope | None, *query: str, weight: int = 1, finds: bool = False
) -> Declaring:
    """Declare a GET.

    Parameters
    ----------
    query : the names of its parameters.
    finds : whether what it is asked for may not be there.
    """
    statuses = set(OF_ALL) | (set(OF_SIGNED) if scope else set())
    if finds or "{" in path:
        statuses.add(404)
    asks = {"scope": scope, "weight": weight, "query": frozenset(query), "body": None}
    return _declared("GET", path, asks, statuses, 200)


def changes(
    path: str,
    scope: Scope,
    body: type[Struct],
    *,
    weight: int = 1,
    is_cancel: bool = False,
    status: int = 200,
) -> Declaring:
    """Declare a POST that is sent `body`."""
    statuses = {*OF_ALL, *OF_SIGNED, *OF_CHANGES, 404}
    asks = {
        "scope": scope,
        "weight": weight,
        "is_cancel": is_cancel,
        "query": frozenset[str](),
        "body": body,
    }
    return _declared("POST", path, asks, statuses, status)


def _declared(
    method: HttpMethod, path: str, asks: Mapping[str, object], statuses: set[int], status: int
) -> Declaring:
    return HTTPRouteHandler(
        path,
        http_method=method,
        status_code=status,
        opt=dict(asks),
        response_class=PlainResponse,
        responses={
            one: ResponseSpec(ErrorAnswer, generate_examples=False, description=WORDS[one])
            for one in sorted(statuses)
        },
        security=SIGNED if asks["scope"] is not None else None,
    )
