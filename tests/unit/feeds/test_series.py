"""The words and numbers of series: intervals, moments, exact decimals, gaps."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from crossmargin.durations import interval_text
from crossmargin.errors import FeedError, UsageError
from crossmargin.feeds.series import Gap, exact, interval_in, interval_of, utc
from tests.unit.feeds.files import HOUR, MINUTE, T0, series

FLAT = (100.0, 100.0, 100.0, 100.0)


@pytest.mark.parametrize(
    ("text", "interval_ms"),
    [("1s", 1_000), ("5m", 300_000), ("1h", 3_600_000), ("1d", 86_400_000), ("1w", 604_800_000)],
)
def test_an_interval_is_a_number_and_a_unit(text, interval_ms):
    assert interval_ms == interval_of(text)
    assert text == interval_text(interval_ms)


@pytest.mark.parametrize("text", ["", "5", "m", "0m", "1M", "1.5h", "-5m", "five", "5 m"])
def test_what_is_no_interval_is_refused(text):
    with pytest.raises(UsageError, match="is not a number with s, m, h, d or w"):
        interval_of(text)


def test_an_interval_without_a_unit_of_its_own_is_told_in_milliseconds():
    assert "1500ms" == interval_text(1_500)


@pytest.mark.parametrize(
    ("at_ms", "text"),
    [
        (T0, "2025-10-10T20:00:00Z"),
        (T0 + 5, "2025-10-10T20:00:00.005Z"),
        (0, "1970-01-01T00:00:00Z"),
    ],
)
def test_a_moment_is_told_in_utc(at_ms, text):
    assert text == utc(at_ms)


@pytest.mark.parametrize("text", ["0.1", "101877.689817", "-0.0000071", "0.00000001", "200000"])
def test_a_price_that_went_through_a_float_comes_back_exactly(text):
    assert Decimal(text) == exact(np.float64(text))


@pytest.mark.parametrize(
    ("minutes", "named", "interval"),
    [
        pytest.param([0, 5, 10, 20], None, 5, id="the most common step"),
        pytest.param([0, 5, 15, 20, 30], None, 5, id="the smaller of two equally common ones"),
        pytest.param([0, 10, 20, 25], 5, 5, id="the name, where most candles are missing"),
        pytest.param([0], 60, 60, id="the name, where there is one candle"),
        pytest.param([0, 10], 5, 5, id="the name, where two candles have one missing between them"),
    ],
)
def test_the_interval_of_candles(minutes, named, interval):
    times = T0 + np.array(minutes, dtype=np.int64) * MINUTE
    named_ms = None if named is None else named * MINUTE

    assert interval * MINUTE == interval_in(times, named_ms, Path("a.csv"))


@pytest.mark.parametrize(
    ("minutes", "named", "reason"),
    [
        pytest.param([0], None, "one candle does not tell its interval", id="one candle"),
        pytest.param([0, 60, 120], 5, "says 5m, but its candles are 1h apart", id="another name"),
    ],
)
def test_an_interval_that_cannot_be_told_is_refused(minutes, named, reason):
    times = T0 + np.array(minutes, dtype=np.int64) * MINUTE
    with pytest.raises(FeedError, match=reason):
        interval_in(times, None if named is None else named * MINUTE, Path("a.csv"))


def test_steps_larger_than_the_interval_are_gaps():
    one = series("BTCUSDT", 60, dict.fromkeys([0, 60, 240, 300], FLAT))

    assert (Gap("BTCUSDT", T0 + 2 * HOUR, T0 + 4 * HOUR, 2),) == one.gaps()


def test_a_window_holds_the_candles_that_open_in_it():
    one = series("BTCUSDT", 60, dict.fromkeys([0, 60, 120, 180], FLAT))

    inside = one.between(T0 + 1, T0 + 3 * HOUR)

    assert [T0 + HOUR, T0 + 2 * HOUR] == inside.ts_ms.tolist()
    assert (T0 + HOUR, T0 + 3 * HOUR) == (inside.start_ms, inside.end_ms)
