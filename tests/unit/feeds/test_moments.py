"""What a feed sees at each moment: marks, and what goes beside them on the same clock."""

from decimal import Decimal

import pytest

from crossmargin.errors import UnknownError, UsageError
from crossmargin.feeds.moments import Moment, load_feed, synthetic_feed
from crossmargin.feeds.path import load_path
from crossmargin.feeds.synthetic import Walk, synthetic_path
from tests.unit.feeds.files import HOUR, MINUTE, T0, csv, flat

D = Decimal
CANDLE = "ts,open,high,low,close"


def test_marks_last_prices_and_index_are_of_one_clock(tmp_path):
    csv(tmp_path / "binance_um_mark_BTCUSDT_1h.csv", CANDLE, "+0,100,110,90,105")
    csv(tmp_path / "binance_um_BTCUSDT_1h.csv", CANDLE, "+0,101,112,80,104")
    csv(tmp_path / "binance_spot_BTCUSDT_1h.csv", CANDLE, "+0,100.5,111,92,106")
    feed = load_feed(tmp_path, ["BTCUSDT"], T0, T0 + HOUR)
    by_time = {one.at_ms - T0: one for one in feed.moments}

    # A third into the candle is its high, two thirds its low; halfway between is the middle.
    assert (D(110), D(112), D(111)) == prices(by_time[20 * MINUTE])
    assert (D(100), D(96), D("101.5")) == prices(by_time[30 * MINUTE])
    assert (D(90), D(80), D(92)) == prices(by_time[40 * MINUTE])
    assert "Last prices of the same length: BTCUSDT." in feed.choice
    assert "Index, from spot candles of the same length: BTCUSDT." in feed.choice


def prices(moment):
    """Return mark, last and index of BTCUSDT."""
    return moment.marks["BTCUSDT"], moment.lasts["BTCUSDT"], moment.indexes["BTCUSDT"]


def test_last_prices_of_another_length_are_left_out_and_said(tmp_path):
    flat(tmp_path / "binance_um_mark_BTCUSDT_1h.csv", [0], 100.0)
    flat(tmp_path / "binance_um_BTCUSDT_5m.csv", list(range(0, 60, 5)), 90.0)
    feed = load_feed(tmp_path, ["BTCUSDT"], T0, T0 + HOUR)

    assert {D(100)} == {one.marks["BTCUSDT"] for one in feed.moments}
    assert all(not one.lasts and not one.indexes for one in feed.moments)
    assert [
        "Last prices: none of the marks' length for BTCUSDT; the mark stands in.",
        "Index, from spot candles: none of the marks' length for BTCUSDT; the mark stands in.",
    ] == list(feed.choice[-2:])


def test_funding_goes_with_the_moment_it_was_due(tmp_path):
    # Due on the hour, noted two milliseconds later: 30 minutes in, and at the end of the window.
    flat(tmp_path / "binance_um_mark_BTCUSDT_1h.csv", [0, 60], 100.0)
    half = T0 + 30 * MINUTE
    csv(
        tmp_path / "binance_um_BTCUSDT_funding.csv",
        "calc_time,last_funding_rate",
        f"{half + 2},0.0001",
        f"{T0 + 2 * HOUR + 2},0.0002",
    )
    feed = load_feed(tmp_path, ["BTCUSDT"], T0, T0 + 2 * HOUR)

    assert {half: {"BTCUSDT": D("0.0001")}} == {
        one.at_ms: one.fundings for one in feed.moments if one.fundings
    }
    assert any("funding as the venue charged it" in said for said in feed.choice)


def test_the_marks_are_those_of_a_replay(tmp_path):
    csv(tmp_path / "mark_BTCUSDT_1h.csv", CANDLE, "+0,100,110,90,105", "+60,105,106,104,105")
    path = load_path(tmp_path, ["BTCUSDT"], T0, T0 + 2 * HOUR, order="olhc")
    feed = load_feed(tmp_path, ["BTCUSDT"], T0, T0 + 2 * HOUR, order="olhc")

    assert path.at_ms.tolist() == [one.at_ms for one in feed.moments]
    assert path.marks[:, 0].tolist() == [float(one.marks["BTCUSDT"]) for one in feed.moments]


def test_in_a_gap_a_symbol_has_no_price(tmp_path):
    flat(tmp_path / "mark_BTCUSDT_5m.csv", [0, 10], 100.0)
    flat(tmp_path / "mark_ETHUSDT_5m.csv", [0, 5, 10], 10.0)
    feed = load_feed(tmp_path, ["BTCUSDT", "ETHUSDT"], T0, T0 + 15 * MINUTE)
    inside = [one for one in feed.moments if 5 * MINUTE <= one.at_ms - T0 < 10 * MINUTE]

    assert inside
    assert {("ETHUSDT",)} == {tuple(one.marks) for one in inside}
    assert [("BTCUSDT", T0 + 5 * MINUTE)] == [(gap.symbol, gap.from_ms) for gap in feed.gaps]


def test_the_worst_path_is_nobodys_where_many_look(tmp_path):
    flat(tmp_path / "mark_BTCUSDT_1h.csv", [0])

    with pytest.raises(UsageError, match="path worst needs the directions of one account"):
        load_feed(tmp_path, ["BTCUSDT"], T0, T0 + HOUR, order="worst")


def test_a_part_of_a_feed():
    feed = synthetic_feed([{"BTCUSDT": D(price)} for price in range(1, 6)], T0, MINUTE, ())

    assert T0 + 5 * MINUTE == feed.to_ms
    part = feed.between(T0 + MINUTE, T0 + 3 * MINUTE)
    assert [
        Moment(T0 + MINUTE, {"BTCUSDT": D(2)}),
        Moment(T0 + 2 * MINUTE, {"BTCUSDT": D(3)}),
    ] == list(part.moments)
    with pytest.raises(
        UnknownError, match=r"20:00:00Z to .*20:05:00Z, not of all from .*19:59:00Z"
    ):
        feed.between(T0 - MINUTE, T0 + MINUTE)


def test_a_synthetic_path_is_a_feed():
    starts = {"BTCUSDT": D(100), "ETHUSDT": D(10)}
    path = synthetic_path(starts, 3, MINUTE, Walk(), (7,))
    feed = synthetic_feed(path, T0, MINUTE, ("made up",))

    assert ("BTCUSDT", "ETHUSDT") == feed.symbols
    assert list(path) == [one.marks for one in feed.moments]
    assert [T0, T0 + MINUTE, T0 + 2 * MINUTE] == [one.at_ms for one in feed.moments]
