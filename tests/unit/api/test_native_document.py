"""The document, held to the server by schemathesis: what it allows, and what it does not.

No answer is undocumented or a failure of the server, none has another shape than is said, nothing
that the document forbids is taken, and what is refused has changed nothing.
"""

from urllib.parse import urlsplit

import httpx
import pytest
import requests
from hypothesis import HealthCheck, given, seed, settings

from crossmargin.api.context import Settings
from crossmargin.api.gate import Rate, Rates
from crossmargin.api.native.router import table
from crossmargin.store.state_hash import state_hash
from tests.unit.api.native_desk import HOST, ROOT, Desk

schemathesis = pytest.importorskip("schemathesis")

from schemathesis import GenerationMode  # noqa: E402
from schemathesis.checks import not_a_server_error  # noqa: E402
from schemathesis.specs.openapi import checks  # noqa: E402

EXAMPLES = 6
"""Of each route, of what the document allows and of what it does not."""
CHECKS = (
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
)
PLACES = {"account": "ann", "symbol": "BTCUSDT"}


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    """Return a venue with room for many requests."""
    desk = Desk(tmp_path_factory.mktemp("fuzzed"), Settings())
    much = Rate(10**9, 10**9)
    desk.context.gate.rates = Rates(key=much, address=much, cancel=much)
    desk.schema = schemathesis.openapi.from_dict(unsigned(desk.get("/openapi.json")))
    yield desk
    desk.close()


def unsigned(document):
    """Return the document without signatures, which the desk sees to."""
    for operations_of_path in document["paths"].values():
        for operation in operations_of_path.values():
            operation.pop("security", None)
    return document


def operations():
    """Return (method, path, mode) of all that the document will describe."""

    class Nothing:
        settings, keys = Settings(), ()
        service = history = steering = None

    rows = table(Nothing)
    good = [(one.method, one.path, GenerationMode.POSITIVE) for one in rows]
    # Without parameters and body there is nothing that could be wrong.
    bad = [(one.method, one.path, GenerationMode.NEGATIVE) for one in rows if one.query or one.body]
    return good + bad


def answer_to(desk, case):
    """Return the answer to a generated case, asked of things that are there."""
    known = {name: PLACES[name] for name in case.path_parameters or {} if name in PLACES}
    case.path_parameters = {**(case.path_parameters or {}), **known}
    named = case.as_transport_kwargs(base_url=f"http://{HOST}")
    named.pop("cookies", None)
    asked = requests.Request(**named).prepare()
    target = urlsplit(asked.url)
    content = asked.body or b""
    content = content.encode() if isinstance(content, str) else content
    signed = desk.signature(
        asked.method, target.path.removeprefix(ROOT), desk.admin, content, target.query
    )
    headers = {"content-type": "application/json", **signed}
    request = httpx.Request(asked.method, asked.url, content=content, headers=headers)
    return desk.run(desk.client.send(request))


def look(desk):
    """Return what the venue is, but for how far its journal goes."""
    return state_hash(desk.service.state)


@pytest.mark.parametrize(("method", "path", "mode"), operations())
def test_the_server_does_what_the_document_says(fuzzed, method, path, mode):
    operation = fuzzed.schema[path][method]
    is_bad = mode is GenerationMode.NEGATIVE
    held = (*CHECKS, checks.negative_data_rejection) if is_bad else CHECKS

    @seed(7)
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=[*HealthCheck]
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def hold(case):
        before = look(fuzzed)
        answer = answer_to(fuzzed, case)
        case.validate_response(answer, checks=held)
        if answer.status_code >= 400:
            assert before == look(fuzzed)
        if fuzzed.service.state.halted:
            fuzzed.post("/resume", fuzzed.admin, client_id=f"r{fuzzed.history.sequence}")

    hold()
