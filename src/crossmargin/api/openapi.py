"""The document that describes our own API, made from its routes."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from litestar import Litestar, Response, Router, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, Reference, SecurityScheme

from crossmargin import __version__
from crossmargin.api.native import bodies
from crossmargin.api.native.route import REFUSALS, SIGNING_HEADERS

ABOUT = """\
Numbers are decimal strings both ways; a JSON number is refused where a decimal is meant. Sizes are
signed, buying above zero. Times are milliseconds UTC of the venue. Each request that changes
something has a client_id: the same id with the same body has the same answer and one effect, with
another body it is refused. Requests that ask for a key are signed; the signature is HMAC-SHA256 of
the method, the path, the sorted query, the body's SHA-256, the timestamp, the nonce and the key's
id, in lines that begin with CROSSMARGIN-1."""


def document(root: str, handlers: Sequence[HTTPRouteHandler]) -> bytes:
    """Return the OpenAPI document of handlers under `root`, JSON."""
    schemes: dict[str, SecurityScheme | Reference] = {
        name: SecurityScheme(type="apiKey", name=name, security_scheme_in="header")
        for name in SIGNING_HEADERS
    }
    config = OpenAPIConfig(
        title="crossmargin",
        version=__version__,
        description=ABOUT,
        components=Components(security_schemes=schemes),
        use_handler_docstrings=True,
        operation_id_creator=_name_of,
    )
    # An application of its own, so that the one that is served has no pages of the framework's.
    described = Litestar(
        [Router(root, route_handlers=[*handlers])], openapi_config=config, logging_config=None
    )
    return msgspec.json.encode(_finished(described.openapi_schema.to_schema()))


def document_route(root: str, handlers: Sequence[HTTPRouteHandler]) -> HTTPRouteHandler:
    """Return the handler that gives the document, which is made when it is first asked for."""
    made = cache(lambda: document(root, handlers))
    asks = {"scope": None, "query": frozenset[str](), "body": None}

    @get("/openapi.json", opt=asks, sync_to_thread=False, include_in_schema=False)
    def openapi() -> Response[bytes]:
        """Return what describes this API."""
        return Response(made(), media_type="application/json")

    return openapi


def _name_of(handler: HTTPRouteHandler, _method: object, _path: object) -> str:
    return handler.fn.__name__.replace("_", "-")


def _finished(found: dict[str, Any]) -> dict[str, Any]:
    # What the framework does not say: that bodies know no other fields, and what they look like.
    schemas = found["components"]["schemas"]
    for kind, example in bodies.EXAMPLES.items():
        schemas[kind.__name__] |= {"additionalProperties": False, "examples": [example]}
    schemas[bodies.KeyLimits.__name__]["additionalProperties"] = False
    for operation in (one for path in found["paths"].values() for one in path.values()):
        for status, answer in operation["responses"].items():
            if status in REFUSALS:
                answer["content"]["application/json"]["examples"] = {
                    "example": {"value": REFUSALS[status]}
                }
    return found
