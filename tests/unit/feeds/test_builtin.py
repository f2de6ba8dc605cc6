"""The built-in crash: the facts it is made of, and that it is always the same."""

import numpy as np
import pytest

from crossmargin.errors import UnknownError
from crossmargin.feeds.builtin import SYMBOLS, builtin_path
from crossmargin.feeds.series import exact
from tests.unit.feeds.files import MINUTE, T0


def mark(symbol, minutes):
    path = builtin_path()
    row = int(np.flatnonzero(path.at_ms == T0 + minutes * MINUTE)[0])
    return path.marks[row, path.symbols.index(symbol)]


def test_it_is_a_point_a_minute_for_a_day():
    path = builtin_path()

    assert SYMBOLS == path.symbols
    assert (1440, 3) == path.marks.shape
    assert {MINUTE} == set(np.diff(path.at_ms).tolist())
    assert (path.from_ms, path.to_ms) == (path.at_ms[0], path.at_ms[-1] + MINUTE)
    assert np.isfinite(path.marks).all()
    assert () == path.gaps


@pytest.mark.parametrize(
    ("symbol", "before", "low", "after"),
    [
        ("BTCUSDT", 114_250.0, 101_900.0, 113_200.0),
        ("ETHUSDT", 3_862.0, 3_425.0, 3_932.0),
        ("SOLUSDT", 196.6, 143.8, 190.8),
    ],
)
def test_the_fall_is_that_of_the_day(symbol, before, low, after):
    path = builtin_path([symbol])

    assert [before, low, after] == [mark(symbol, minutes) for minutes in (60, 80, 120)]
    assert low == path.marks.min()


def test_between_way_points_it_is_a_straight_line():
    # BTC from 112,150 at 21:15 to 101,900 at 21:20: 2,050 a minute.
    assert [110_100.0, 108_050.0, 106_000.0, 103_950.0] == [
        mark("BTCUSDT", minutes) for minutes in (76, 77, 78, 79)
    ]


def test_its_prices_are_whole_ticks():
    path = builtin_path()

    for column, places in enumerate((1, 2, 2)):
        assert all(-exact(price).as_tuple().exponent <= places for price in path.marks[:, column])


def test_it_is_the_same_every_time_and_in_any_order():
    assert builtin_path().marks.tobytes() == builtin_path().marks.tobytes()
    assert np.array_equal(
        builtin_path(["SOLUSDT", "BTCUSDT"]).marks, builtin_path().marks[:, [2, 0]]
    )


def test_it_says_what_it_is():
    said = " ".join(builtin_path().choice)

    assert "built-in path whose size and speed are the published facts" in said
    assert "not recorded market data" in said


def test_it_has_no_other_symbol():
    with pytest.raises(UnknownError, match="has no XRPUSDT, only BTCUSDT, ETHUSDT, SOLUSDT"):
        builtin_path(["BTCUSDT", "XRPUSDT"])
