"""The prices inside candles, by hand."""

import numpy as np
import pytest

from crossmargin.errors import UnknownError, UsageError
from crossmargin.feeds.path import load_path, price_path, sampling
from crossmargin.feeds.series import Gap
from tests.unit.feeds.files import HOUR, MINUTE, T0, flat, series

NAN = float("nan")
CANDLE = (100.0, 110.0, 90.0, 105.0)
NEXT = (105.0, 108.0, 104.0, 106.0)


def points(path, column=0):
    """Return {milliseconds after T0: mark} of one symbol."""
    return dict(zip((path.at_ms - T0).tolist(), path.marks[:, column].tolist(), strict=True))


def same(expected, found):
    assert list(expected) == list(found)
    np.testing.assert_array_equal(list(expected.values()), list(found.values()))


@pytest.mark.parametrize(
    ("order", "directions", "extremes"),
    [
        pytest.param("ohlc", None, (110.0, 90.0), id="ohlc: high first"),
        pytest.param("olhc", None, (90.0, 110.0), id="olhc: low first"),
        pytest.param("worst", {"BTCUSDT": 1}, (90.0, 110.0), id="worst for a long: low first"),
        pytest.param("worst", {"BTCUSDT": -1}, (110.0, 90.0), id="worst for a short: high first"),
        pytest.param("worst", {"BTCUSDT": 0}, (110.0, 90.0), id="worst for nobody: high first"),
        pytest.param("worst", {}, (110.0, 90.0), id="worst without a direction: high first"),
        pytest.param("ohlc", {"BTCUSDT": 1}, (110.0, 90.0), id="ohlc does not ask who is long"),
    ],
)
def test_a_candle_is_four_points(order, directions, extremes):
    path = price_path(
        [series("BTCUSDT", 60, {0: CANDLE})], T0, T0 + HOUR, order=order, directions=directions
    )

    same({0: 100.0, 1_200_000: extremes[0], 2_400_000: extremes[1], 3_599_999: 105.0}, points(path))
    assert () == path.gaps
    assert ("BTCUSDT",) == path.symbols


def test_between_its_own_points_a_price_moves_in_straight_lines():
    path = price_path(
        [
            series("BTCUSDT", 5, {0: CANDLE, 5: NEXT, 10: NEXT}),
            series("ETHUSDT", 15, {0: (10.0, 11.0, 9.0, 10.5)}),
        ],
        T0,
        T0 + 15 * MINUTE,
    )

    times = [0, 100, 200, 299.999, 300, 400, 500, 599.999, 600, 700, 800, 899.999]
    # From 10 to 11 in 300 s, to 9 in 300 s more, to 10.5 in 299.999 s; 8 places.
    eth = [10.0, 10.33333333, 10.66666667, 10.99999667]
    eth += [11.0, 10.33333333, 9.66666667, 9.00000667]
    eth += [9.0, 9.50000167, 10.00000333, 10.5]
    same(
        {int(second * 1000): mark for second, mark in zip(times, eth, strict=True)}, points(path, 1)
    )
    assert [100.0, 110.0, 90.0, 105.0] == path.marks[:4, 0].tolist()


def test_the_lines_are_looked_at_every_sample():
    one = series("BTCUSDT", 15, {0: CANDLE, 15: NEXT})
    path = price_path([one], T0, T0 + 30 * MINUTE, sample_ms=2 * MINUTE)

    found = points(path)
    assert 104.0 == found[2 * MINUTE]  # two of five minutes from 100 to 110
    assert 98.0 == found[8 * MINUTE]  # three of five minutes from 110 to 90
    assert 105.0 == found[15 * MINUTE - 1]
    assert 105.0 == found[15 * MINUTE]
    assert 105.6 == found[16 * MINUTE]  # one of five minutes from 105 to 108


def test_a_missing_candle_is_nan_and_listed():
    path = price_path([series("BTCUSDT", 60, {0: CANDLE, 180: NEXT})], T0, T0 + 4 * HOUR)

    same(
        {
            0: 100.0,
            1_200_000: 110.0,
            2_400_000: 90.0,
            3_599_999: 105.0,
            3_600_000: NAN,
            10_800_000: 105.0,
            12_000_000: 108.0,
            13_200_000: 104.0,
            14_399_999: 106.0,
        },
        points(path),
    )
    assert (Gap("BTCUSDT", T0 + HOUR, T0 + 3 * HOUR, 2),) == path.gaps


def test_a_gap_of_one_symbol_leaves_the_others_alone():
    path = price_path(
        [
            series("BTCUSDT", 60, {0: CANDLE, 120: NEXT}),
            series("ETHUSDT", 60, {0: CANDLE, 60: NEXT, 120: NEXT}),
        ],
        T0,
        T0 + 3 * HOUR,
    )

    in_gap = (path.at_ms >= T0 + HOUR) & (path.at_ms < T0 + 2 * HOUR)
    assert np.isnan(path.marks[in_gap, 0]).all()
    assert not np.isnan(path.marks[:, 1]).any()


def test_a_symbol_is_nan_before_its_first_and_after_its_last_candle():
    path = price_path(
        [
            series("BTCUSDT", 60, {0: CANDLE, 60: CANDLE, 120: CANDLE}),
            series("ETHUSDT", 60, {60: NEXT}),
        ],
        T0,
        T0 + 3 * HOUR,
    )

    inside = (path.at_ms >= T0 + HOUR) & (path.at_ms < T0 + 2 * HOUR)
    assert (~np.isnan(path.marks[:, 1])).tolist() == inside.tolist()
    assert (
        Gap("ETHUSDT", T0, T0 + HOUR, 1),
        Gap("ETHUSDT", T0 + 2 * HOUR, T0 + 3 * HOUR, 1),
    ) == path.gaps


def test_a_window_that_cuts_candles_has_no_point_outside_it():
    rows = dict.fromkeys([0, 60, 120], CANDLE)
    path = price_path([series("BTCUSDT", 60, rows)], T0 + 30 * MINUTE, T0 + 130 * MINUTE)

    assert T0 + HOUR == path.at_ms[0]
    assert T0 + 2 * HOUR == path.at_ms[-1]
    assert (Gap("BTCUSDT", T0 + 30 * MINUTE, T0 + HOUR, 0),) == path.gaps


def test_closes_count_from_the_end_of_their_candles():
    one = series("BTCUSDT", 60, {0: (90.0,) * 4, 60: (95.0,) * 4}, is_close_only=True)
    path = price_path([one], T0, T0 + 2 * HOUR)

    same({3_599_999: 90.0, 7_199_999: 95.0}, points(path))
    assert "BTCUSDT: the file has closes only" in path.choice[-1]


def test_a_close_beyond_the_window_is_not_seen():
    late = series("LATEUSDT", 60, {60: (90.0,) * 4}, is_close_only=True)
    rows = dict.fromkeys([0, 60], CANDLE)
    path = price_path([late, series("BTCUSDT", 60, rows)], T0, T0 + 90 * MINUTE)

    assert np.isnan(path.marks[:, 0]).all()
    assert not np.isnan(path.marks[:, 1]).any()


def test_the_arrays_cannot_be_written():
    path = price_path([series("BTCUSDT", 60, {0: CANDLE})], T0, T0 + HOUR)

    with pytest.raises(ValueError, match="read-only"):
        path.marks[0, 0] = 1.0


@pytest.mark.parametrize(
    ("options", "symbols", "error", "reason"),
    [
        ({"order": "hloc"}, ["BTCUSDT"], UsageError, "path 'hloc' is not ohlc, olhc or worst"),
        ({"order": "worst"}, ["BTCUSDT"], UsageError, "path worst needs the directions"),
        ({}, ["BTCUSDT", "BTCUSDT"], UsageError, "a symbol has two series: BTCUSDT, BTCUSDT"),
        ({}, ["ETHUSDT", "LATE"], UnknownError, "LATE: no candle opens from 2025-10-10T20:00:00Z"),
    ],
)
def test_a_path_that_cannot_be_made_is_refused(options, symbols, error, reason):
    given = [series(name, 60, {600 if name == "LATE" else 0: CANDLE}) for name in symbols]

    with pytest.raises(error, match=reason):
        price_path(given, T0, T0 + HOUR, **options)


def test_a_path_is_loaded_from_a_folder(tmp_path):
    flat(tmp_path / "mark_BTCUSDT_1h.csv", [0, 60], 100.0)
    flat(tmp_path / "ETHUSDT_5m.csv", list(range(0, 120, 5)), 10.0)

    path = load_path(tmp_path, ["ETHUSDT", "BTCUSDT"], T0, T0 + 2 * HOUR, order="olhc")

    assert ("ETHUSDT", "BTCUSDT") == path.symbols
    assert {10.0} == set(path.marks[:, 0])
    assert {100.0} == set(path.marks[:, 1])
    assert ["ETHUSDT:", "BTCUSDT:", "Inside"] == [text.split()[0] for text in path.choice]


@pytest.mark.parametrize(
    ("days", "minutes"),
    [
        pytest.param(1, 1, id="a day"),
        pytest.param(138, 1, id="200,000 minutes are 138.9 days"),
        pytest.param(139, 5, id="a day more"),
        pytest.param(2_000, 15, id="years"),
        pytest.param(100_000, 240, id="centuries"),
    ],
)
def test_how_often_a_window_is_looked_at(days, minutes):
    assert minutes * MINUTE == sampling(T0, T0 + days * 24 * HOUR)
