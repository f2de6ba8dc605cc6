"""docs/reference/binance-dialect.md says what there is, and shows code that is run."""

import inspect
import re

from crossmargin.api.binance.errors import TEXTS, TRANSLATED
from crossmargin.api.binance.routes import ROUTES, Security
from crossmargin.api.binance.stream_names import OF_ALL, Kind, stream_named
from crossmargin.api.binance.ws_api import METHODS
from crossmargin.venue.refusal import Code
from tests import source
from tests.clients.ccxt_client import connect

PAGE = source.text("docs/reference/binance-dialect.md")


def who(route):
    if route.security is Security.NONE:
        return "anybody"
    return f"{'key' if route.security is Security.KEY else 'signed'}, {route.scope}"


def test_the_table_of_requests_is_the_routes():
    rows = re.findall(r"^\| ([A-Z]+) \| `(\S+)` \| (.+) \| (\d+) \|$", PAGE, re.MULTILINE)

    assert [
        (method, path, who(route), str(route.weight)) for (method, path), route in ROUTES.items()
    ] == rows


def test_the_table_of_requests_over_a_websocket_is_theirs():
    section = PAGE.partition("## Requests over a WebSocket")[2]
    rows = re.findall(r"^\| `(\S+)` \| (.+) \|$", section, re.MULTILINE)

    assert [(name, who(route)) for name, route in METHODS.items()] == rows


def test_every_stream_that_is_shown_is_one_and_every_kind_is_shown():
    section = PAGE.partition("## Streams")[2].partition("## ")[0]
    rows = re.findall(r"^\| (`.+`) \| `", section, re.MULTILINE)
    names = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    shown = {
        stream_named(f"btcusdt{name}" if name[0] == "@" else name.replace("<symbol>", "btcusdt"))
        for name in (one.replace("<interval>", "1m") for one in names)
    }

    assert None not in shown
    assert set(Kind) == {one.kind for one in shown}
    assert {name for name in OF_ALL if "@1s" not in name} <= {one.name.lower() for one in shown}


def test_the_table_of_refusals_is_the_translation():
    section = PAGE.partition("## Refusals")[2]
    rows = re.findall(r"^\| (\d+) (\w+) \| (-\d+) \| (.+) \|$", section, re.MULTILINE)

    assert [
        (str(int(ours)), Code(ours).name, str(theirs), TEXTS[theirs].replace("{}", "…"))
        for ours, theirs in TRANSLATED.items()
    ] == rows


def test_the_client_it_shows_is_the_one_that_is_tested():
    assert inspect.getsource(connect).strip() in PAGE
