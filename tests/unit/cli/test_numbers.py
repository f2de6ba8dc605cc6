"""Numbers as people read them: grouped, directed, and zero only where they are zero."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.cli.numbers import asked, full, held, percent, price

D = Decimal

# Up to a product of two inputs: 36 digits before the point and 36 after it.
amounts = st.builds(
    lambda digits, places: D(digits).scaleb(-places),
    st.integers(-(10**36), 10**36),
    st.integers(0, 36),
)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        pytest.param(held(D("1234.567"), "USDT"), "1,234.56", id="held: down to cents"),
        pytest.param(held(D("-1234.561"), "USDT"), "-1,234.57", id="owed: away from zero"),
        pytest.param(asked(D("1234.561"), "USDT"), "1,234.57", id="asked: up to cents"),
        pytest.param(held(D("0.123456789"), "BTC"), "0.12345678", id="coins: down to 8 places"),
        pytest.param(asked(D("0.123456781"), "BTC"), "0.12345679", id="coins asked: up"),
        pytest.param(asked(D("1234.561"), "USDE"), "1,234.57", id="every dollar has cents: USDE"),
        pytest.param(asked(D("1234.561"), "USDt"), "1,234.57", id="every dollar has cents: USDt"),
        pytest.param(asked(D("1234.561"), "DAI"), "1,234.57", id="every dollar has cents: DAI"),
        pytest.param(asked(D("1234.561"), "U"), "1,234.57", id="every dollar has cents: U"),
        pytest.param(held(D("0.5"), "BTC"), "0.5", id="coins have the places they need"),
        pytest.param(held(D(0), "USDT"), "0.00", id="nothing"),
        pytest.param(held(D("0.000123"), "USDT"), "0.0001", id="less than a cent"),
        pytest.param(asked(D("0.000123"), "USDT"), "0.01", id="less than a cent asked"),
        pytest.param(asked(D("-0.000123"), "USDT"), "-0.0001", id="less than a cent owed"),
        pytest.param(held(None, "USDT"), "?", id="unknown, held"),
        pytest.param(asked(None, "USDT"), "?", id="unknown, asked"),
        pytest.param(percent(D("0.019999"), up=True), "2.00 %", id="a fraction, up"),
        pytest.param(percent(D("0.019999"), up=False), "1.99 %", id="a fraction, down"),
        pytest.param(percent(D("0.0000001"), up=False), "0.00001 %", id="a small fraction"),
        pytest.param(percent(D("10"), up=True), "1,000.00 %", id="ten times"),
        pytest.param(percent(D("10.01"), up=True), "over 1,000 %", id="more than ten times"),
        pytest.param(percent(None, up=True), "–", id="no fraction"),
        pytest.param(price(D("95710.50")), "95,710.5", id="a price"),
        pytest.param(price(D("0.000012345678")), "0.00001235", id="a price of many digits"),
        pytest.param(price(D("0.0000000012")), "0.000000001", id="a price below 8 places"),
        pytest.param(price(D(100)), "100", id="a round price"),
        pytest.param(price(None), "–", id="no price"),
        pytest.param(full(D("1234567.123456789012345")), "1,234,567.123456789012", id="in full"),
    ],
)
def test_a_number_is_shown(shown, expected):
    assert expected == shown


def read(shown):
    return D(shown.replace(",", ""))


@given(amounts, st.sampled_from(["USDT", "BTC"]))
def test_what_is_held_is_never_shown_as_more_and_what_is_asked_never_as_less(amount, asset):
    assert read(held(amount, asset)) <= amount <= read(asked(amount, asset))


@given(amounts.filter(bool), st.sampled_from(["USDT", "BTC"]))
def test_what_is_not_zero_is_never_shown_as_zero(amount, asset):
    fraction = amount / D(10**40)
    percents = [percent(fraction, up=up).removesuffix(" %") for up in (True, False)]

    assert all(
        map(
            read,
            [held(amount, asset), asked(amount, asset), full(amount), price(amount), *percents],
        )
    )


@given(amounts)
def test_a_percentage_rounds_the_way_it_is_told(amount):
    fraction = amount / D(10**40)
    down, up = (read(percent(fraction, up=up).removesuffix(" %")) for up in (False, True))

    assert down <= fraction * 100 <= up
