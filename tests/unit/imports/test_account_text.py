"""The file is TOML whatever venues call things, and its numbers are the draft's."""

import tomllib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.errors import UsageError
from crossmargin.imports.account_text import account_text, instant
from crossmargin.imports.draft import Draft, Holding, Worth
from crossmargin.money import exact

NAMES = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)


@given(NAMES, NAMES)
def test_no_name_breaks_the_file(symbol, note):
    draft = Draft("kraken")
    draft.balance(symbol, Decimal("1.5"), "here", note)
    draft.marks[symbol] = Decimal(2)
    draft.add(Holding("here", symbol, Decimal(-3), entry_price=Decimal(7), notes={"size": note}))
    draft.say(Worth.LEFT_OUT, "here", symbol, note)
    file = tomllib.loads(account_text(draft, f"crossmargin import {symbol}"))

    assert {symbol: "1.5"} == file["balances"]
    assert {symbol: "2"} == file["marks"]
    assert [{"symbol": symbol, "size": "-3", "entry_price": "7", "mode": "cross"}] == file[
        "positions"
    ]


LONG = "0.1234567890123456784"


@pytest.mark.parametrize(
    ("size", "entry_price", "balance"),
    [
        # 19 digits after the point: a long's entry rounds up, a short's down, what is owned down.
        ("1", "0.123456789012345679", "0.123456789012345678"),
        ("-1", "0.123456789012345678", "0.123456789012345678"),
    ],
)
def test_numbers_too_long_are_rounded_against_the_account_and_said(size, entry_price, balance):
    draft = Draft("kraken")
    draft.balance("USD", Decimal(LONG), "here")
    draft.add(Holding("here", "X", Decimal(size), entry_price=Decimal(LONG)))
    file = tomllib.loads(exact(account_text)(draft, "test"))

    assert entry_price == file["positions"][0]["entry_price"]
    assert balance == file["balances"]["USD"]
    assert ["balances.USD", "entry_price of X"] == [line.what for line in draft.lines]


def test_a_number_too_large_is_refused():
    draft = Draft("kraken")
    draft.balance("USD", Decimal(10) ** 18, "here")

    with pytest.raises(
        UsageError, match=r"balances\.USD: has more than 18 digits before the point"
    ):
        account_text(draft, "test")


def test_a_price_that_rounds_to_nothing_is_refused():
    draft = Draft("kraken")
    draft.add(Holding("here", "X", Decimal(-1), entry_price=Decimal("1e-30")))

    with pytest.raises(UsageError, match="entry_price of X: is nothing at 18 places"):
        account_text(draft, "test")


@pytest.mark.parametrize(
    ("at_ms", "text"),
    [(1760130000000, "2025-10-10T21:00:00Z"), (1760130000001, "2025-10-10T21:00:00.001Z")],
)
def test_moments(at_ms, text):
    assert text == instant(at_ms)
