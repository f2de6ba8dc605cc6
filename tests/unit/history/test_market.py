"""Candles, tickers and public trades: what a market shows of what has happened."""

from datetime import UTC, datetime

import pytest

from crossmargin.history.candles import (
    DAY_MS,
    HOUR_MS,
    INTERVALS,
    MINUTE_MS,
    CandleSeries,
    closed_ms,
    opened_ms,
)
from crossmargin.history.horizon import Horizon
from crossmargin.history.market import PriceSource
from tests.unit.history.teller import BTC, START_MS, D, market


def ms(*when):
    return int(datetime(*when, tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    ("interval", "opened", "closed"),
    [
        # Friday 29 February 2024, 13:47:31.
        ("1m", (2024, 2, 29, 13, 47), (2024, 2, 29, 13, 48)),
        ("15m", (2024, 2, 29, 13, 45), (2024, 2, 29, 14, 0)),
        ("4h", (2024, 2, 29, 12), (2024, 2, 29, 16)),
        ("1d", (2024, 2, 29), (2024, 3, 1)),
        ("1w", (2024, 2, 26), (2024, 3, 4)),
        ("1M", (2024, 2, 1), (2024, 3, 1)),
    ],
)
def test_intervals_begin_where_the_calendar_says(interval, opened, closed):
    at_ms = ms(2024, 2, 29, 13, 47, 31)

    assert ms(*opened) == opened_ms(interval, at_ms)
    assert ms(*closed) - 1 == closed_ms(interval, ms(*opened))


def test_december_ends_with_the_year():
    assert ms(2025, 1, 1) - 1 == closed_ms("1M", opened_ms("1M", ms(2024, 12, 31, 23)))


def test_candles_from_a_time_on_are_the_last_of_all():
    series, start = CandleSeries(10_000), ms(2024, 2, 26)
    for n, price in enumerate((100, 101, 102)):
        series.see(start + n * MINUTE_MS, D(price))

    for interval in ("1m", "1h"):
        whole = series.records(interval)
        for from_ms in (start, start + 1, start + 2 * MINUTE_MS, start + 2 * MINUTE_MS + 1):
            later = tuple(one for one in whole if one.open_ms >= from_ms)
            assert later == series.records(interval, from_ms)


@pytest.mark.parametrize("interval", INTERVALS)
def test_the_longer_interval_is_made_of_minutes(interval):
    series, start = CandleSeries(10_000), ms(2024, 2, 26)
    prices = [100, 103, 98, 101, 99]
    for n, price in enumerate(prices):
        series.see(start + n * 20_000, D(price))
    [*_, last] = series.records(interval)
    whole = series.records("1d")[0]

    assert (D(100), D(103), D(98), D(99)) == (whole.open, whole.high, whole.low, whole.close)
    assert D(99) == last.close
    # 0 s, 20 s and 40 s are of the first minute.
    assert [(D(100), D(103), D(98), D(98)), (D(101), D(101), D(99), D(99))] == [
        (one.open, one.high, one.low, one.close) for one in series.records("1m")
    ]


def test_an_interval_without_an_observation_has_no_candle_and_old_ones_are_let_go_of():
    series, start = CandleSeries(2), ms(2024, 2, 26)
    for minute in (0, 1, 5, 6):
        series.see(start + minute * MINUTE_MS, D(100 + minute))

    assert [start + 60_000, start + 300_000, start + 360_000] == [
        one.open_ms for one in series.records("1m")
    ]
    with pytest.raises(KeyError):
        series.records("7m")


def test_each_source_has_candles_of_its_own():
    told = market()
    told.price("110", index="109")
    told.at_ms += 1
    [index] = told.history.candles(BTC, "1h", PriceSource.INDEX)
    [last] = told.history.candles(BTC, "1h")

    assert (D(100), D(109)) == (index.open, index.close)
    assert D(110) == last.high
    assert () == told.history.candles("ETHUSDT", "1h")


def test_trades_in_the_book_make_volume_by_who_took():
    told = market("ann", "bob", "carl")
    told.order("ann", "1", "100")
    told.order("carl", "1", "100")
    told.order("ann", "1", "99")
    told.order("bob", "-2.5")
    told.order("ann", "-0.5", "101")
    told.order("carl", "0.25", "101")
    # 1 and 1 at 100, 0.5 at 99 sold; 0.25 at 101 bought.
    trades = told.history.market_trades(BTC)

    assert [("-1", "100"), ("-1", "100"), ("-0.5", "99"), ("0.25", "101")] == [
        (str(one.size), str(one.price)) for one in trades
    ]
    assert [True, True, True, False] == [one.is_buyer_maker for one in trades]
    both = told.history.aggregate_trades(BTC)

    assert [("-2", 1, 2), ("-0.5", 3, 3), ("0.25", 4, 4)] == [
        (str(one.size), one.first_id, one.last_id) for one in both
    ]
    [candle] = told.history.candles(BTC, "1d")

    assert (D("2.75"), D("274.75"), 4) == (candle.volume, candle.quote_volume, candle.trades)
    assert (D("0.25"), D("25.25")) == (candle.taker_buy_volume, candle.taker_buy_quote)
    assert (D(100), D(101), D(99), D(101)) == (candle.open, candle.high, candle.low, candle.close)


def test_two_orders_at_one_price_are_two_aggregates():
    told = market("ann", "bob")
    told.order("ann", "2", "100")
    told.order("bob", "-1")
    told.order("bob", "-1")

    assert [D(-1), D(-1)] == [one.size for one in told.history.aggregate_trades(BTC)]


def test_a_ticker_is_of_the_last_24_hours():
    told = market("ann", "bob")
    told.price("130")
    told.at_ms = START_MS + 30 * MINUTE_MS
    told.price("90")
    told.order("ann", "1", "80")
    told.order("bob", "-1")
    told.price("95")
    ticker = told.history.ticker(BTC)

    assert (D(100), D(130), D(80), D(95)) == (ticker.open, ticker.high, ticker.low, ticker.last)
    assert (1, D(1), D(80), D(1)) == (
        ticker.trades,
        ticker.volume,
        ticker.quote_volume,
        ticker.last_size,
    )
    assert (1, 1) == (ticker.first_id, ticker.last_id)
    # A day and ten minutes after the beginning, 130 is out and 80 is not.
    told.at_ms = START_MS + DAY_MS + 10 * MINUTE_MS
    told.price("97")
    ticker = told.history.ticker(BTC)

    assert (D(90), D(97), D(80), D(97)) == (ticker.open, ticker.high, ticker.low, ticker.last)
    told.at_ms = START_MS + DAY_MS + HOUR_MS
    told.price("98")
    ticker = told.history.ticker(BTC)

    assert (D(97), 0, None) == (ticker.open, ticker.trades, ticker.first_id)
    assert told.history.ticker("ETHUSDT") is None


def test_a_ticker_over_many_hours_counts_every_trade_once():
    told = market("ann", "bob", horizon=Horizon(market_max=5))
    for n in range(30):
        told.at_ms = START_MS + n * HOUR_MS
        told.price("100")
        told.order("ann", "1", "100")
        told.order("bob", "-1")
        told.order("bob", "1", "100")
        told.order("ann", "-1")
    # At the start of the 30th hour: the hours 5 to 29 have begun within 24 hours.
    ticker = told.history.ticker(BTC)

    assert (50, D(50)) == (ticker.trades, ticker.volume)
    assert 5 == len(told.history.market_trades(BTC))
