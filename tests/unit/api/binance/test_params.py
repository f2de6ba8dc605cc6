from decimal import Decimal

import pytest

from crossmargin.api.binance.errors import DialectError
from crossmargin.api.binance.params import Params


def code_of(call):
    with pytest.raises(DialectError) as raised:
        call()
    return raised.value.code


def test_query_and_body_are_one():
    params = Params.read(b"symbol=BTCUSDT&side=BUY", b"quantity=0.5&note=a%20b+c")

    assert "BTCUSDT" == params.text("symbol")
    assert Decimal("0.5") == params.decimal("quantity")
    assert "a b c" == params.text("note")


def test_what_is_quoted_beside_it_changes_no_parameter():
    sent = "&name=Zoë&id=a=b&empty=&&bare".encode()

    for query in (sent, sent + b"&more=%20"):
        params = Params.read(query)
        assert ["Zoë", "a=b"] == [params.text("name"), params.text("id")]
        assert [True, True, False] == [name in params for name in ("empty", "bare", "")]


@pytest.mark.parametrize(
    ("query", "body", "code"),
    [
        pytest.param(b"a=1&a=1", b"", -1101, id="twice in the query"),
        pytest.param(b"a=1", b"a=2", -1101, id="in query and body"),
        pytest.param(b"%61=1", b"a=1", -1101, id="twice once decoded"),
        pytest.param(b"a=%ff", b"", -1100, id="no UTF-8"),
        pytest.param(b"\xff=1", b"", -1100, id="a name that is no UTF-8"),
        pytest.param(b"a=%00", b"", -1100, id="a control character"),
        pytest.param(b"a=x%0Ay", b"", -1100, id="a line feed"),
        pytest.param(b"a=x\ny", b"", -1100, id="a line feed as it is"),
        pytest.param(b"&".join(b"n%d=1" % n for n in range(101)), b"", -1101, id="too many"),
    ],
)
def test_bytes_that_are_refused(query, body, code):
    assert code == code_of(lambda: Params.read(query, body))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("NaN", -1100),
        ("Infinity", -1100),
        ("1e5", -1100),
        ("-1", -1100),
        ("+1", -1100),
        ("1,5", -1100),
        ("0x10", -1100),
        ("1_000", -1100),
        ("٣", -1100),  # a digit, but none of ASCII
        ("1" + "0" * 400, -1100),
        ("0." + "1" * 21, -1100),
        ("1" * 19, -1111),
        ("0." + "1" * 19, -1111),
        ("", -1105),
    ],
)
def test_what_is_no_decimal(text, code):
    assert code == code_of(lambda: Params({"price": text}).decimal("price"))


@pytest.mark.parametrize(
    ("text", "code"), [("1.0", -1100), ("-1", -1100), ("11", -1130), ("0", -1130), ("", -1105)]
)
def test_what_is_no_whole_number_within_bounds(text, code):
    assert code == code_of(lambda: Params({"limit": text}).integer("limit", 1, 10))


@pytest.mark.parametrize(("text", "flag"), [("true", True), ("TRUE", True), ("false", False)])
def test_truth_is_in_any_case(text, flag):
    assert flag is Params({"reduceOnly": text}).flag("reduceOnly")


def test_what_is_missing_has_its_name():
    with pytest.raises(DialectError) as raised:
        Params({}).text("symbol")

    assert -1102 == raised.value.code
    assert "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed." == (
        raised.value.text
    )
