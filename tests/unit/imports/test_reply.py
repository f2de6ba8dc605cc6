"""Replies are read exactly, recognised by shape, and no key is overlooked."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.errors import UsageError
from crossmargin.imports.ccxt_unified import info_of
from crossmargin.imports.reply import Row, parsed, recognised, shape


def test_numbers_never_go_through_a_float():
    tree = parsed('{"a": 0.1000000000000000055511151231257827, "b": 1e-8, "c": 5}', "x.json")

    assert {
        "a": Decimal("0.1000000000000000055511151231257827"),
        "b": Decimal("1e-8"),
        "c": 5,
    } == tree


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**17), max_value=10**17))
def test_a_number_reads_the_same_as_text_and_bare(value):
    text = parsed(f'{{"a": "{value}", "b": {value:f}}}', "x.json")
    row = Row("x.json", "", text)

    assert row.number("a") == row.number("b") == value


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "x.json: is not JSON: it is empty"),
        ("{", "x.json: is not JSON: expecting property name enclosed in double quotes at line 1"),
        ('{"a": 1, "b": 2, "a": 3}', "x.json: an object has the key a twice"),
        ("[" * 100_000, "x.json: is nested too deeply"),
        ("9" * 5000, "x.json: holds a whole number of thousands of digits"),
    ],
)
def test_what_is_no_json_is_refused_in_a_sentence(text, sentence):
    with pytest.raises(UsageError) as caught:
        parsed(text, "x.json")

    assert sentence == str(caught.value)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("ten", "x.json: a[0].n: ten is not a number"),
        ("1e400", "x.json: a[0].n: 1e400 is out of all bounds"),
        ("1e-400", "x.json: a[0].n: 1e-400 is out of all bounds"),
        ("Infinity", "x.json: a[0].n: Infinity is not a finite number"),
        ([1], "x.json: a[0].n: is not a number"),
        (False, "x.json: a[0].n: is not a number"),
    ],
)
def test_what_is_no_number_is_refused_with_its_place(value, sentence):
    (row,) = Row("x.json", "", {"a": [{"n": value}]}).rows("a")
    with pytest.raises(UsageError) as caught:
        row.number("n")

    assert sentence == str(caught.value)


def test_unread_keys_are_those_that_say_something():
    row = Row("x", "", {"a": "1", "b": "0.000", "c": "", "d": None, "e": [], "f": False, "g": "x"})
    row.number("a")

    assert {"g"} == row.unread()


def test_unread_keys_are_found_below_rows_that_were_asked_for():
    row = Row("x", "", {"list": [{"a": 1, "b": 2}], "named": {"n": {"c": 3}}})
    (inner,) = row.rows("list")
    inner.number("a")
    (named,) = row.rows("named")

    assert "n" == named.key
    assert {"b", "c"} == row.unread()


SHAPES = [shape("thing", "size name", lambda row, seen: None)]
THING = {"size": 1, "name": "a"}


@pytest.mark.parametrize(
    ("tree", "places", "unknown"),
    [
        (THING, [""], []),
        ([THING, THING], ["[0]", "[1]"], []),
        ({"code": "0", "data": {"list": [THING]}, "extra": {}}, ["data.list[0]"], []),
        ([{"info": THING, "symbol": "A/B:B"}], ["[0].info"], []),
        ([THING, {"other": 1}], ["[0]"], [("x: [1]", "an object with other")]),
        ({"other": 1}, [], [("x", "an object with other")]),
        ([{"other": []}], [], [("x", "a list of an object with other")]),
        ([1, 2], [], [("x", "a list of the bare value 1")]),
        ([], [], []),
        ({"code": "0", "data": []}, [], []),
    ],
)
def test_replies_are_found_wherever_they_are(tree, places, unknown):
    found = recognised([("x", tree)], SHAPES, "venue")

    assert places == [reply.row.place for reply in found.replies]
    assert unknown == found.unknown


@pytest.mark.parametrize(
    "error",
    [
        {"code": -2015, "msg": "Invalid"},
        {"retCode": 10003, "retMsg": "Invalid"},
        {"result": "error", "error": "Invalid"},
        {"jsonrpc": "2.0", "error": {"code": 13009, "message": "Invalid"}},
        {"error": {"message": "Invalid", "name": "HTTPError"}},
        {"label": "Invalid", "code": "INVALID_KEY"},
    ],
)
def test_a_reply_that_is_an_error_is_not_an_empty_account(error):
    with pytest.raises(UsageError, match=r"x: .*answered with .*error.*Invalid"):
        recognised([("x", error)], SHAPES, "venue")


@pytest.mark.parametrize(
    ("node", "is_ccxt"),
    [
        ({"info": {"a": 1}, "symbol": "BTC/USDT:USDT", "contracts": 1.0}, True),
        ({"info": {"a": 1}, "free": {}, "total": {}}, True),
        ({"info": {"a": 1}}, True),
        ({"info": "text", "symbol": "a"}, False),
        ({"info": {"a": 1}, "else": 2}, False),
        ({"a": 1}, False),
    ],
)
def test_ccxt_records_are_told_by_what_stands_beside_info(node, is_ccxt):
    assert is_ccxt is (info_of(node) is not None)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(ANYTHING)
def test_no_json_makes_it_fall_over(tree):
    try:
        found = recognised([("x", parsed(json.dumps(tree), "x"))], SHAPES, "venue")
    except UsageError:
        return
    assert not (found.replies and found.replies[0].row.place is None)
