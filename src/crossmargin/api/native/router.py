"""All of our own routes, under one path, and the table of them."""

from typing import Any

from litestar import Router
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from msgspec import Struct

from crossmargin.api import stream
from crossmargin.api.context import Context
from crossmargin.api.keys import Scope
from crossmargin.api.native import accounts, admin, market, orders, stories
from crossmargin.api.native.form import form_guard
from crossmargin.api.openapi import document_route

ROOT = "/api/v1"


class Route(Struct, frozen=True):
    """One row of the table of routes.

    Attributes
    ----------
    scope : that a key must have; None is open to everybody.
    body : what is sent, by name; empty where nothing is.
    query : names of parameters.
    what : what it does, in a sentence.
    """

    method: str
    path: str
    scope: Scope | None
    body: str
    query: tuple[str, ...]
    what: str


def routes(context: Context) -> list[Any]:
    """Return the handlers of our own API."""
    handlers = resources(context)
    return [
        Router(
            ROOT,
            route_handlers=[*handlers, document_route(ROOT, handlers)],
            guards=[form_guard(context)],
        ),
        stream.route(context, f"{ROOT}/stream"),
    ]


def resources(context: Context) -> list[HTTPRouteHandler]:
    """Return what can be asked over HTTP, without the document that describes it."""
    return [
        *accounts.readers(context),
        *accounts.opening(context),
        *accounts.money(context),
        *accounts.settings(context),
        *accounts.modes(context),
        *orders.commands(context),
        *orders.records(context),
        *orders.money(context),
        *market.now(context),
        *market.past(context),
        *admin.venue(context),
        *admin.keys(context),
        *stories.stories(context),
        *stories.steering(context),
    ]


def table(context: Context) -> tuple[Route, ...]:
    """Return all routes over HTTP, sorted by path."""
    rows = [_row(one) for one in resources(context)]
    return tuple(sorted(rows, key=lambda row: (row.path, row.method)))


def _row(handler: BaseRouteHandler) -> Route:
    [path], [method] = handler.paths, getattr(handler, "http_methods", ["GET"])
    body = handler.opt["body"]
    return Route(
        method=method,
        path=ROOT + path.replace(":str", "").replace(":int", ""),
        scope=handler.opt["scope"],
        body="" if body is None else body.__name__,
        query=tuple(sorted(handler.opt["query"])),
        what=(handler.fn.__doc__ or "").split("\n")[0],
    )
