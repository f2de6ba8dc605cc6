"""What a crash's report says: sentences, JSON, and one page that fetches nothing."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec.structs import replace

from crossmargin.feeds.builtin import builtin_path
from crossmargin.feeds.moments import feed_of
from crossmargin.report.crash_page import crash_page
from crossmargin.report.crash_plain import plain_crash
from crossmargin.report.crash_records import FundingPaid
from crossmargin.report.crash_summary import summarise_crash
from crossmargin.report.crash_words import (
    books,
    fate,
    funding_words,
    headline,
    usd,
    ways_of,
    who_paid,
)
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.runtime.crash import LEAD_MS, crash_of, run
from crossmargin.runtime.population import population
from crossmargin.venue.decide import decide

D = Decimal
START = datetime(2025, 10, 10, 21, tzinfo=UTC)
START_MS = int(START.timestamp()) * 1000
HALF_HOUR_MS = 1_800_000
SYMBOLS = ("BTCUSDT", "SOLUSDT")


@pytest.fixture(scope="module")
def ran():
    rulebook = load_rulebook("binance-usdm", at=START)
    feed = feed_of(builtin_path(SYMBOLS)).between(START_MS - LEAD_MS, START_MS + HALF_HOUR_MS)
    people = population(7, 120, SYMBOLS, rulebook)
    return run(crash_of(rulebook, feed, START_MS, people, "profit-times-leverage"), decide)


@pytest.fixture(scope="module")
def summary(ran):
    return summarise_crash(ran, 7)


@pytest.mark.parametrize(
    ("amount", "is_signed", "said"),
    [
        ("1234.56", False, "1,235"),
        ("-1234.56", True, "−1,235"),
        ("99.994", True, "+99.99"),
        ("0.006", False, "0.01"),
        ("0.0049", True, "0"),
        ("-0.00000001", True, "0"),
    ],
)
def test_amounts_are_read_in_dollars(amount, is_signed, said):
    assert said == usd(D(amount), is_signed=is_signed)


def test_the_sentences(summary):
    count = summary.groups[-1].liquidated

    assert re.fullmatch(
        rf"Of 120 accounts {count} were liquidated, from 2\d:\d\d to 21:\d\d UTC: traders lost "
        r"\d+ % of [\d,]+ USDT\.",
        headline(summary),
    )
    assert who_paid(summary).startswith("The insurance fund went from ")
    assert books(summary).startswith("Money is conserved: the books balanced throughout ")


def test_a_quiet_venue_and_broken_books_are_said_as_such(summary):
    quiet = replace(summary, liquidations=(), adl=(replace(summary.adl[0], events=0, shared=D(0)),))
    broken = replace(summary, broken=("USDT sums to 1 over all purses",))

    assert "Of 120 accounts none was liquidated." == headline(quiet)
    assert who_paid(quiet).endswith("; nobody was auto-deleveraged; no loss was shared.")
    assert "The books do NOT balance: USDT sums to 1 over all purses." == books(broken)


def test_where_positions_went_and_by_which_steps(summary):
    one = replace(
        summary.liquidations[0],
        steps=("cancel-orders", "reduce-to-lower-tier", "take-over"),
        closed_usd={"winners": D(300), "book": D("1200.4")},
    )

    assert "book 1,200, winners 300" == ways_of(one.closed_usd)
    assert "cancel orders, reduce to lower tier, take over" == fate(one)
    assert "–" == ways_of({})


@pytest.mark.parametrize(
    ("rate", "is_recorded", "said"),
    [
        (D("0.0001"), True, "0.0100 %, as recorded."),
        (D("-0.0002"), False, "−0.0200 %, out of the venue's own samples."),
        (None, False, "not settled."),
    ],
)
def test_a_funding_says_where_its_rate_is_from(rate, is_recorded, said):
    paid = FundingPaid("BTCUSDT", START_MS, rate, is_recorded=is_recorded)
    assert funding_words(paid).endswith(said)


def test_json_has_decimals_as_strings_and_times_twice(summary):
    found = json.loads(json.dumps(plain_crash(summary)))

    assert 1 == found["schema"]
    assert "2025-10-10T21:00:00Z" == found["from"]
    assert START_MS == found["from_ms"]
    market = found["markets"][0]
    assert ("BTCUSDT", "114250", "101900") == (market["symbol"], market["first"], market["low"])
    assert all(re.fullmatch(r"-?\d+(\.\d{1,8})?", one["result"]) for one in found["groups"])
    assert len(summary.liquidations) == len(found["liquidations"])
    assert "postings" not in found["deleveragings"][0]["said"]
    assert {"0"} == {
        str(sum(map(D, purses.values())).normalize() + 0) for purses in found["money"].values()
    }


def test_the_page_is_one_file_that_fetches_nothing(ran, summary):
    page = crash_page(ran, summary)
    outside = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    spec = json.loads(re.search(r'id="spec">(.*?)</script>', page, re.DOTALL)[1])

    assert not re.findall(r"(?:src|href)\s*=", outside)
    assert "$" not in re.sub(r"<style>.*?</style>", "", outside, flags=re.DOTALL)
    assert len(spec["charts"]) == page.count('class="plot ')
    assert spec["x"] == [one.at_ms for one in ran.log.looks if one.at_ms >= START_MS]
    lines = [line for chart in spec["charts"] for line in chart["data"] if "isBar" not in line]
    assert {len(spec["x"])} == {len(line["y"]) for line in lines}
    for one in summary.liquidations:
        assert one.account in outside
    for sentence in (
        "Who lost",
        "How auto-deleveraging fell",
        "Where the money is",
        "sources_min 1",
    ):
        assert sentence in outside


def test_bars_of_the_page_are_what_was_closed(ran, summary):
    page = crash_page(ran, summary)
    spec = json.loads(re.search(r'id="spec">(.*?)</script>', page, re.DOTALL)[1])
    (chart,) = [one for one in spec["charts"] if {"the fund", "winners"} <= names(one)]
    drawn = sum(sum(line["y"]) for line in chart["data"])
    closed = sum(sum(one.closed_usd.values()) for one in summary.liquidations)

    assert drawn == pytest.approx(float(closed))


def names(chart):
    return {line["name"] for line in chart["data"]}


def test_what_comes_from_data_is_escaped(ran, summary):
    bad = "<b>&"
    one = replace(summary.liquidations[0], account=bad)
    page = crash_page(ran, replace(summary, liquidations=(one,), prices=(bad,), broken=(bad,)))

    assert bad not in page
    assert 3 <= page.count("&lt;b&gt;&amp;")
