"""The log: one JSON object a line, whatever is said, and no more than is meant."""

import io
import json
import logging

import pytest

from crossmargin.api.logs import NAME, log, start_logs


@pytest.fixture
def stream():
    loggers = [logging.getLogger(name) for name in (NAME, "uvicorn", "litestar", "websockets")]
    before = [(one, one.handlers, one.propagate, one.level) for one in loggers]
    found = io.StringIO()
    start_logs(found)
    yield found
    for one, handlers, propagate, level in before:
        one.handlers, one.propagate = handlers, propagate
        one.setLevel(level)


def lines(stream):
    return [json.loads(one) for one in stream.getvalue().splitlines()]


def test_a_line_has_time_level_words_and_the_fields_that_were_named(stream):
    log("serving", base_url="http://127.0.0.1:1", pid=7)
    [line] = lines(stream)

    assert line.pop("at").endswith("+00:00")
    assert {
        "level": "info",
        "what": "serving",
        "base_url": "http://127.0.0.1:1",
        "pid": 7,
    } == line


def test_control_characters_forge_no_line(stream):
    log("a\nb", path='\r\n{"what":"all is well"}\x1b[2J')

    assert 1 == stream.getvalue().count("\n")
    assert "\x1b" not in stream.getvalue()
    assert ["a\nb"] == [one["what"] for one in lines(stream)]


def test_an_exception_is_said_by_its_kind_and_place_and_not_by_its_words(stream):
    def fails():
        raise ValueError("the secret is hunter2")

    try:
        fails()
    except ValueError:
        log("a handler failed", logging.ERROR, exc_info=True)
    [line] = lines(stream)

    assert "error" == line["level"]
    assert "ValueError" == line["error"][0]
    assert line["error"][-1].endswith(" fails")
    assert "hunter2" not in stream.getvalue()


def test_libraries_are_heard_when_they_warn(stream):
    logging.getLogger("uvicorn.error").info("not this")
    logging.getLogger("uvicorn.error").warning("but %s", "this")
    [line] = lines(stream)

    assert ("warning", "but this", "uvicorn.error") == (line["level"], line["what"], line["logger"])
