"""The page of our own API is true: its table is the routes', and it names every error."""

import re

from crossmargin.api.native.route import WORDS
from crossmargin.api.native.router import ROOT, table
from tests import source

PAGE = "docs/reference/native-api.md"
NAMES = re.compile(r'Problem\(\s*\d{3},\s*"([a-z-]+)"')


def rows(context):
    """Yield the lines the page's table must have."""
    for one in table(context):
        scope = one.scope.value if one.scope is not None else "-"
        asks = f"`{one.body}`" if one.body else ", ".join(f"`{name}`" for name in one.query)
        path = one.path.removeprefix(ROOT)
        yield f"| {one.method} | `{path}` | {scope} | {asks or '-'} | {one.what[:-1]} |"


def test_the_table_of_routes_is_the_routes(desk):
    lines = re.findall(r"^\| (?:GET|POST) .*$", source.text(PAGE), flags=re.MULTILINE)

    assert [*rows(desk.context)] == lines


def test_every_name_of_an_error_is_on_the_page():
    page = source.text(PAGE)
    named = {
        name
        for path in source.modules().values()
        if path.startswith("src/crossmargin/api/") and "/binance/" not in path
        for name in NAMES.findall(source.text(path))
    }

    assert {"scope-missing", "malformed-body", "unknown-channel"} <= named
    assert [] == sorted(name for name in named if f"`{name}`" not in page)
    assert all(f"| {status} |" in page for status in WORDS)
