"""Where funding rates come from."""

import json
import re
from decimal import Decimal

import polars as pl
import pytest

from crossmargin.errors import FeedError
from crossmargin.feeds.funding import load_funding, no_funding, read_funding
from crossmargin.rulebooks.schema import Funding
from tests.unit.feeds.files import HOUR, T0, csv, flat

EIGHT = 8 * HOUR
MIDNIGHT = T0 + 4 * HOUR
RULES = Funding(
    interval_ms=EIGHT,
    interest_rate=Decimal("0.0001"),
    damper=Decimal("0.0005"),
    cap_multiple=Decimal("0.75"),
)
RATES = ("0.0001", "-0.0000071", "0.00302761")


def history(path, times=(MIDNIGHT, MIDNIGHT + EIGHT, MIDNIGHT + 2 * EIGHT), rates=RATES):
    rows = [f"{at_ms},{rate}" for at_ms, rate in zip(times, rates, strict=True)]
    return csv(path, "ts,rate", *rows)


def hours(path, first, last, price):
    return flat(path, list(range(first * 60, last * 60, 60)), price)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.csv", f"ts,rate\n{T0},0.0001\n{T0 + EIGHT + 2},-7.1e-06\n", id="CSV"),
        pytest.param(
            "a.csv",
            "calc_time,funding_interval_hours,last_funding_rate\n"
            f"{T0},8,0.00010000\n{T0 + EIGHT + 2},8,-0.00000710\n",
            id="the dump",
        ),
        pytest.param(
            "a.json",
            [
                {"symbol": "BTC/USDT:USDT", "timestamp": T0, "fundingRate": 0.0001, "info": {}},
                {"symbol": "ETH/USDT:USDT", "timestamp": T0, "fundingRate": 0.5, "info": {}},
                {"symbol": "BTC/USDT:USDT", "timestamp": T0 + EIGHT + 2, "fundingRate": -7.1e-06},
            ],
            id="ccxt, several symbols",
        ),
        pytest.param(
            "a.json",
            [
                {"symbol": "BTCUSDT", "fundingTime": T0, "fundingRate": "0.00010000"},
                {"symbol": "BTCUSDT", "fundingTime": T0 + EIGHT + 2, "fundingRate": "-0.00000710"},
            ],
            id="the venue's reply",
        ),
        pytest.param(
            "a.json",
            {"BTC/USDT:USDT": [[T0, 0.0001], [T0 + EIGHT + 2, -7.1e-06]]},
            id="rows by symbol",
        ),
    ],
)
def test_a_history_is_read_exactly_and_its_times_are_kept(tmp_path, name, content):
    text = content if isinstance(content, str) else json.dumps(content)
    (tmp_path / name).write_text(text)

    at_ms, rates = read_funding(tmp_path / name, "BTCUSDT")

    assert [T0, T0 + EIGHT + 2] == at_ms.tolist()
    assert (Decimal("0.0001"), Decimal("-0.0000071")) == rates


def test_a_parquet_history_is_read_exactly(tmp_path):
    path = tmp_path / "a.parquet"
    pl.DataFrame({"ts": [T0], "rate": [-7.1e-06]}).write_parquet(path)

    at_ms, rates = read_funding(path, "BTCUSDT")

    assert ([T0], (Decimal("-0.0000071"),)) == (at_ms.tolist(), rates)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.csv", f"ts,price\n{T0},1\n", "there is no column rate (it has ts, price)"),
        ("a.csv", f"ts,rate\n{T0},1\n", "line 2: rate 1.0 is not between -1 and 1"),
        ("a.csv", f"ts,rate\n{T0},nan\n", "line 2: rate nan is not between -1 and 1"),
        ("a.csv", f"ts,rate\n{T0},0\n{T0},0\n", "line 3: time 2025-10-10T20:00:00Z repeats"),
        ("a.json", "7", "not a list of funding rates"),
        ("a.json", '[{"timestamp": 1}]', "row 1: there is no timestamp and fundingRate"),
    ],
)
def test_a_bad_history_is_refused(tmp_path, name, text, reason):
    (tmp_path / name).write_text(text)

    with pytest.raises(FeedError, match=re.escape(reason)):
        read_funding(tmp_path / name, "BTCUSDT")


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("candles/binance_um_BTCUSDT_funding.csv", id="in the candle folder"),
        pytest.param("candles/funding/BTCUSDT_funding.csv", id="in its funding folder"),
        pytest.param("funding/BTCUSDT-fundingRate-2025-10.csv", id="in a folder beside it"),
    ],
)
@pytest.mark.parametrize("where", ["candles", "candles/BTCUSDT.csv"], ids=["folder", "file"])
def test_history_is_found_near_the_candles(tmp_path, place, where):
    flat(tmp_path / "candles" / "BTCUSDT.csv", [0, 60])
    path = history(tmp_path / place)

    (found,) = load_funding(tmp_path / where, ["BTCUSDT"], MIDNIGHT, MIDNIGHT + 2 * EIGHT)

    assert [MIDNIGHT, MIDNIGHT + EIGHT] == found.at_ms.tolist()
    assert (Decimal("0.0001"), Decimal("-0.0000071")) == found.rates
    assert "history" == found.origin
    assert (f"BTCUSDT: funding as the venue charged it, from {path.name}.",) == found.choice


def test_history_is_taken_from_the_file_that_is_given(tmp_path):
    history(tmp_path / "BTCUSDT_funding.csv", rates=("0.5", "0.5", "0.5"))
    given = history(tmp_path / "elsewhere" / "mine.csv")

    (found,) = load_funding(tmp_path, ["BTCUSDT"], MIDNIGHT, MIDNIGHT + EIGHT, history=given)

    assert (Decimal("0.0001"),) == found.rates


def test_history_is_taken_from_the_folder_that_is_given(tmp_path):
    given = history(tmp_path / "elsewhere" / "BTCUSDT_funding.csv").parent

    (found,) = load_funding(
        tmp_path / "none", ["BTCUSDT"], MIDNIGHT, MIDNIGHT + EIGHT, history=given
    )

    assert (Decimal("0.0001"),) == found.rates


def test_a_history_that_is_given_and_not_there_is_refused(tmp_path):
    with pytest.raises(FeedError, match="gone: no such file or folder"):
        load_funding(tmp_path, ["BTCUSDT"], T0, T0 + 1, history=tmp_path / "gone")


def test_monthly_files_are_one_history(tmp_path):
    history(tmp_path / "BTCUSDT-fundingRate-2025-09.csv", (MIDNIGHT - EIGHT, MIDNIGHT), RATES[:2])
    history(tmp_path / "BTCUSDT-fundingRate-2025-10.csv", (MIDNIGHT, MIDNIGHT + EIGHT), RATES[1:])

    (found,) = load_funding(tmp_path, ["BTCUSDT"], MIDNIGHT - EIGHT, MIDNIGHT + 2 * EIGHT)

    assert tuple(map(Decimal, RATES)) == found.rates


def test_histories_that_disagree_are_refused(tmp_path):
    history(tmp_path / "BTCUSDT-fundingRate-2025-09.csv", (MIDNIGHT,), RATES[:1])
    history(tmp_path / "BTCUSDT-fundingRate-2025-10.csv", (MIDNIGHT,), RATES[1:2])

    with pytest.raises(FeedError, match="disagree about the rate of 2025-10-11T00:00:00Z"):
        load_funding(tmp_path, ["BTCUSDT"], MIDNIGHT, MIDNIGHT + EIGHT)


@pytest.mark.parametrize(
    ("window", "origin"),
    [
        pytest.param((0, 3), "history", id="from its first time to one step after its last"),
        pytest.param((-0.9, 1), "history", id="from just after the time before its first"),
        pytest.param((-1, 1), "none", id="from the time before its first"),
        pytest.param((0, 3.1), "none", id="to later than the time after its last"),
    ],
)
def test_a_history_covers_a_window_where_no_time_can_be_missing(tmp_path, window, origin):
    times = [MIDNIGHT + 2, MIDNIGHT + EIGHT - 1, MIDNIGHT + 2 * EIGHT]
    history(tmp_path / "BTCUSDT_funding.csv", times)
    from_ms, to_ms = (MIDNIGHT + int(steps * EIGHT) for steps in window)

    (found,) = load_funding(tmp_path, ["BTCUSDT"], from_ms, to_ms)

    assert origin == found.origin


def test_one_time_covers_the_eight_hours_after_it(tmp_path):
    folder = history(tmp_path / "funding" / "BTCUSDT_funding.csv", [MIDNIGHT], RATES[:1]).parent

    (found,) = load_funding(folder, ["BTCUSDT"], MIDNIGHT, MIDNIGHT + EIGHT)

    assert (Decimal("0.0001"),) == found.rates


def test_a_hole_outside_the_window_is_not_said(tmp_path):
    times = [MIDNIGHT + step * EIGHT for step in (0, 1, 2, 5)]
    history(tmp_path / "BTCUSDT_funding.csv", times, (*RATES, "0.0001"))

    (found,) = load_funding(tmp_path, ["BTCUSDT"], MIDNIGHT, MIDNIGHT + 2 * EIGHT)

    assert 1 == len(found.choice)


def test_a_hole_in_a_history_is_said(tmp_path):
    times = [MIDNIGHT + step * EIGHT for step in (0, 1, 2, 5)]
    history(tmp_path / "BTCUSDT_funding.csv", times, (*RATES, "0.0001"))

    (found,) = load_funding(tmp_path, ["BTCUSDT"], MIDNIGHT, MIDNIGHT + 6 * EIGHT)

    assert (
        "BTCUSDT: the history has no rate between 2025-10-11T16:00:00Z and 2025-10-12T16:00:00Z; "
        "none is charged there."
    ) == found.choice[1]


def test_without_history_the_rate_is_estimated_and_says_that_it_is(tmp_path):
    hours(tmp_path / "mark_BTCUSDT_1h.csv", -4, 12, 100.01)
    hours(tmp_path / "spot_BTCUSDT_1h.csv", -4, 12, 100.0)

    (found,) = load_funding(
        tmp_path,
        ["BTCUSDT"],
        T0,
        T0 + 12 * HOUR,
        rules=RULES,
        first_tier_rates={"BTCUSDT": Decimal("0.004")},
    )

    assert "estimate" == found.origin
    assert [MIDNIGHT] == found.at_ms.tolist()
    assert (Decimal("0.0001"),) == found.rates
    assert "BTCUSDT: funding is estimated, for there is no history of it" in found.choice[0]
    assert "approximation, because the venue averages its impact bid and ask" in found.choice[1]


def test_an_estimate_says_what_it_could_not_do(tmp_path):
    hours(tmp_path / "mark_BTCUSDT_1h.csv", 0, 13, 100.01)
    hours(tmp_path / "spot_BTCUSDT_1h.csv", 0, 13, 100.0)

    (found,) = load_funding(tmp_path, ["BTCUSDT"], T0, T0 + 13 * HOUR, rules=RULES)

    assert [MIDNIGHT + EIGHT] == found.at_ms.tolist()
    assert "are not capped: the first tier is not known." in found.choice[2]
    assert "no funding at 2025-10-11T00:00:00Z: candles before it are missing." in found.choice[3]


@pytest.mark.parametrize(
    ("rules", "where", "reason"),
    [
        (None, "", "there is no history of it, and no rules to estimate it by."),
        (RULES, "", "and no mark and spot series cover the window to estimate it from."),
        (RULES, "mark_BTCUSDT_1h.csv", "no mark and spot series cover the window"),
    ],
)
def test_where_nothing_is_known_no_funding_is_charged_and_that_is_said(
    tmp_path, rules, where, reason
):
    hours(tmp_path / "mark_BTCUSDT_1h.csv", 0, 12, 100.0)

    (found,) = load_funding(tmp_path / where, ["BTCUSDT"], T0, T0 + 12 * HOUR, rules=rules)

    assert ("none", 0, ()) == (found.origin, len(found.at_ms), found.rates)
    assert reason in found.choice[0]


def test_an_estimate_without_enough_candles_is_none(tmp_path):
    hours(tmp_path / "mark_BTCUSDT_1h.csv", 0, 6, 100.01)
    hours(tmp_path / "spot_BTCUSDT_1h.csv", 0, 6, 100.0)

    (found,) = load_funding(tmp_path, ["BTCUSDT"], T0, T0 + 6 * HOUR, rules=RULES)

    assert "none" == found.origin
    assert "the mark and spot candles before its times are not all there" in found.choice[0]


def test_a_json_history_of_other_symbols_is_no_history(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps([{"symbol": "ETHUSDT", "fundingTime": T0, "fundingRate": "0"}]))

    (found,) = load_funding(tmp_path, ["BTCUSDT"], T0, T0 + HOUR, history=path)

    assert "its history (mine.json) is empty" in found.choice[0]


def test_the_absence_of_funding_has_a_reason():
    assert ("BTCUSDT: no funding is charged: it was not asked for.",) == no_funding(
        "BTCUSDT", "it was not asked for"
    ).choice
