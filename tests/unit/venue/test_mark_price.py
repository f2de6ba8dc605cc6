"""The mark price that a last price made."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.errors import UsageError
from crossmargin.money import exact
from crossmargin.venue.mark_price import clamped_mark_price

D = Decimal
PRICE = st.decimals(D(1), D(1000), places=2)


@pytest.mark.parametrize(
    ("last", "band", "mark"),
    [
        pytest.param("871.70", None, "871.50", id="Deribit: above the ask"),
        pytest.param("870.10", None, "871", id="below the bid"),
        pytest.param("871.20", None, "871.20", id="in the spread"),
        # 870 × 1.001 = 870.87.
        pytest.param("871.20", "0.001", "870.87", id="above the band around the index"),
        pytest.param("871.20", "0.005", "871.20", id="within the band"),
    ],
)
def test_the_last_price_within_the_spread_and_the_band(last, band, mark):
    width = None if band is None else D(band)

    assert D(mark) == clamped_mark_price(D(last), D(871), D("871.50"), D(870), width)


def test_a_crossed_book_is_refused():
    with pytest.raises(UsageError, match="the bid 2 is above the ask 1"):
        clamped_mark_price(D(1), D(2), D(1), D(1))


@given(PRICE, PRICE, PRICE, PRICE, st.decimals(D(0), D("0.5"), places=3))
@exact
def test_it_is_always_near_the_index(last, one, other, index, band):
    bid, ask = sorted((one, other))
    mark = clamped_mark_price(last, bid, ask, index, band)

    assert bid <= clamped_mark_price(last, bid, ask, index) <= ask
    assert abs(mark - index) <= index * band
