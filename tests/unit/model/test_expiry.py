"""The moment a contract ends is in its terms or its name."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.model.expiry import expiry_ms, symbol_expiry_ms
from crossmargin.model.instrument import Instrument, Kind, OptionTerms
from crossmargin.model.option import Right

MOMENT = 1_766_736_000_000
"""26 December 2025, 08:00 UTC."""


@pytest.mark.parametrize(
    ("symbol", "moment"),
    [
        ("BTCUSDT_251226", MOMENT),
        ("BTC-USD-251226", MOMENT),
        ("BTC-26DEC25", MOMENT),
        ("BTCUSDT-26DEC25", MOMENT),
        ("BTC-1JAN27", datetime(2027, 1, 1, 8, tzinfo=UTC).timestamp() * 1000),
        ("BTC-29FEB28", datetime(2028, 2, 29, 8, tzinfo=UTC).timestamp() * 1000),
        ("BTC-29FEB27", None),
        ("BTCUSDT_251301", None),
        ("BTCUSDT_250230", None),
        ("BTCUSDT_250200", None),
        ("BTCUSD_PERP", None),
        ("BTCUSDT", None),
        ("BTC-26XXX25", None),
        ("BTC-٢٥١٢٢٦", None),
        ("", None),
    ],
)
def test_the_date_is_in_the_symbol(symbol, moment):
    assert symbol_expiry_ms(symbol) == moment


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_every_day_of_the_century_is_read_as_the_calendar_has_it(day):
    moment = datetime(day.year, day.month, day.day, 8, tzinfo=UTC).timestamp() * 1000
    assert symbol_expiry_ms(f"X_{day:%y%m%d}") == moment
    assert symbol_expiry_ms(f"X-{day.day}{day:%b%y}".upper()) == moment


def test_perpetuals_never_expire_and_options_say_when():
    terms = OptionTerms(Right.CALL, Decimal(50000), MOMENT, "BTC-26DEC25")
    option = Instrument("BTC-C", Kind.INVERSE_OPTION, "BTC", "BTC", option=terms)

    assert MOMENT == expiry_ms(option)
    assert MOMENT == expiry_ms(Instrument("BTC-26DEC25", Kind.INVERSE_FUTURE, "BTC", "BTC"))
    assert expiry_ms(Instrument("BTC-26DEC25", Kind.INVERSE_PERPETUAL, "BTC", "BTC")) is None
