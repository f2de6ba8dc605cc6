"""Every worked example, through the public functions: `pytest tests/cases --cases DIR`.

One test a case, its id the case's. Skipped: venues and topics that there is no adapter for, by
name, and cases marked as not verified. A case of a known topic whose inputs or expected values
its adapter does not know fails and names them.
"""

from decimal import Decimal
from typing import Any

import pytest

from crossmargin.errors import CrossmarginError
from crossmargin.money import plain
from tests.cases.adapters import ADAPTERS, adapter_of
from tests.cases.files import read_cases
from tests.cases.formula import spelled_out
from tests.cases.plugin import PROPERTY, folders
from tests.cases.reader import (
    Answer,
    Case,
    Inputs,
    Unanswered,
    UnknownShape,
    agrees,
    canonical,
    is_percentage,
    tolerance_of,
    units_of,
)

NOT_UNDERSTOOD = (
    UnknownShape,
    CrossmarginError,
    LookupError,
    ValueError,
    TypeError,
    ArithmeticError,
    AttributeError,
)
"""What adapters stumble with over inputs of another shape than they know."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    places = folders(metafunc.config)
    cases = [case for folder in places for case in read_cases(folder)]
    if not cases:
        raise pytest.UsageError(f"no cases in {', '.join(map(str, places))}")
    metafunc.parametrize("case", cases, ids=[case.id for case in cases])


def test_case(case: Case, record_property: Any) -> None:
    row = {
        "id": case.id,
        "status": "",
        "expected": _in_words(case.expect),
        "got": None,
        "tolerance": {key: tolerance_of(case, key) for key in case.expect},
    }
    record_property(PROPERTY, row)
    reason = reason_to_skip(case)
    if reason:
        pytest.skip(reason)
    wrong = check(case, row)
    if wrong:
        pytest.fail(f"{case.id} ({case.topic or 'no case'}): " + "; ".join(wrong), pytrace=False)


def reason_to_skip(case: Case) -> str:
    """Return why the case is not run; empty if it is."""
    if case.broken:
        return ""
    if not case.is_verified:
        return "not verified"
    if case.venue not in ADAPTERS:
        return f"venue:{case.venue}"
    return "" if adapter_of(case.venue, case.topic) else f"topic:{case.topic}"


def check(case: Case, row: dict[str, Any]) -> list[str]:
    """Return what is wrong with our answers to the case; puts them into the report's row."""
    if case.broken:
        return [case.broken]
    units = units_of(case.given)
    inputs = Inputs(spelled_out(case.given, case.topic, units), units)
    adapter = adapter_of(case.venue, case.topic)
    if adapter is None:
        return [f"no adapter for {case.venue}, {case.topic}"]
    try:
        answer = adapter(case, inputs)
    except NOT_UNDERSTOOD as error:
        return [f"unknown shape: {_said(error)}; given are {', '.join(sorted(case.given))}"]
    got: dict[str, object] = {}
    row["got"] = {}
    wrong = []
    for key, printed in {**case.derived, **case.expect}.items():
        try:
            got[key] = _ask(answer, key, printed, inputs)
        except (Unanswered, *NOT_UNDERSTOOD) as error:
            if key in case.expect:
                wrong.append(f"no answer for {key}: {_said(error)}")
            continue
        is_percent = is_percentage(key, printed)
        row["got"][key] = _in_words(got[key], is_percent=is_percent)
        if key in case.derived and printed is None:
            continue
        width = tolerance_of(case, key)
        if not agrees(printed, got[key], width, is_percent=is_percent):
            wrong.append(f"{key} is {_in_words(printed)} ± {width}, got {row['got'][key]}")
    if unread := inputs.unread():
        wrong.append(f"unknown shape: nobody reads {', '.join(unread)}")
    return wrong


def _ask(answer: Answer, key: str, printed: object, inputs: Inputs) -> object:
    # Some sources print the notional of a short below zero; only they get it so.
    name = canonical(key, inputs.units)
    if str(printed).startswith("-"):
        try:
            return answer(f"signed_{name}")
        except Unanswered:
            pass
    return answer(name)


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, UnknownShape | Unanswered) else repr(error)


def _in_words(value: object, *, is_percent: bool = False) -> Any:
    if isinstance(value, list | tuple):
        return [_in_words(one, is_percent=is_percent) for one in value]
    if isinstance(value, dict):
        return {key: _in_words(one, is_percent=is_percent) for key, one in value.items()}
    if isinstance(value, Decimal):
        return plain(value.scaleb(2) if is_percent else value)
    # A word of an enumeration becomes a plain string: reports travel between processes.
    return value if value is None or isinstance(value, bool) else str(value)
