"""Prices: what is missing is missing, and what is no price is refused."""

import pytest

from crossmargin.errors import UnitError
from crossmargin.model.market import Market
from tests.toys import D


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "sNaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("table", ["marks", "index"])
def test_what_is_no_price_is_refused(table, price):
    with pytest.raises(UnitError, match=f"the price of A is {price}, must be above zero"):
        Market(**{table: {"A": D(price)}})


def test_nothing_need_be_known():
    assert ({}, {}, None) == (Market().marks, Market().index, Market().at_ms)
