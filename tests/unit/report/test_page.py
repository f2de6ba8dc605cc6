import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from crossmargin.model.account import Account, Position, PositionMode
from crossmargin.model.order import Order, OrderType
from crossmargin.replay.engine import Setup, replay
from crossmargin.replay.modes import as_isolated
from crossmargin.report.page import page
from crossmargin.report.parts import script_json
from crossmargin.rulebooks.loader import load_rulebook
from tests.unit.report.stories import (
    MINUTE,
    NAUGHTY,
    T0,
    dec,
    fall,
    funding,
    long,
    of_symbols,
    path,
    rulebook,
    run,
)


class Elements(HTMLParser):
    """The elements of a page, with their attributes, and the text of its header."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def named(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


def spec_of(html):
    return json.loads(re.search(r'id="spec">(.*?)</script>', html, re.DOTALL)[1])


def text_of(html):
    """Return the words of a page without scripts, styles and elements."""
    body = re.sub(r"<(script|style).*?</\1>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


@pytest.fixture(scope="module")
def html():
    return page(fall(), title="Two longs")


def test_the_page_fetches_nothing(html):
    elements = Elements(html)

    assert [] == [one for one in elements.named("script") if "src" in one]
    assert [] == elements.named("link")
    assert [] == elements.named("img") + elements.named("iframe")
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style


def test_the_page_begins_with_what_happened(html):
    words = text_of(html)

    assert "Cross: survived, 999 of 1,000 USDT left" in words
    assert "Isolated: one of two buckets (AUSDT) gone on 10 Oct 2025 20:02 UTC" in words
    assert "Cross ends 99.08 USDT ahead of isolated." in words
    assert words.index("Cross:") < words.index("Equity at the start")


def test_each_liquidation_has_its_receipt(html):
    words = text_of(html)

    assert "Before Equity −50.92 Maintenance 8.50 Buffer −59.42" in words
    assert "Rule Nothing smaller restores health" in words
    assert "Action Took over 10 AUSDT at 90.0915; the insurance fund pays 50.915 USDT." in words
    assert "After Nothing of it is left." in words
    assert "Funding made up by hand." in words.replace("funding", "Funding")


def test_the_charts_share_one_axis_in_which_a_liquidation_comes_twice(html):
    spec = spec_of(html)

    assert [T0, T0 + MINUTE, T0 + 2 * MINUTE, T0 + 2 * MINUTE, T0 + 3 * MINUTE] == spec["x"]
    titles = [chart["title"] for chart in spec["charts"]]
    assert [
        *("Equity in USDT", "AUSDT in USDT", "BUSDT in USDT"),
        *("Buffer in USDT", "Health in %"),
    ] == titles
    for chart in spec["charts"]:
        for line in chart["data"]:
            assert len(line["y"]) == len(line.get("x", spec["x"]))


def test_the_buffer_is_drawn_down_to_what_condemned_the_bucket(html):
    buffer = next(chart for chart in spec_of(html)["charts"] if "Buffer" in chart["title"])
    lines = {line["name"]: line["y"] for line in buffer["data"]}

    assert [90.0, 4.935, -59.415, None, None] == lines["Isolated: AUSDT bucket"]
    assert "Isolated: USDT pool" not in lines


def test_health_is_clipped_at_liquidation(html):
    health = next(chart for chart in spec_of(html)["charts"] if "Health" in chart["title"])
    line = next(one for one in health["data"] if "AUSDT" in one["name"])

    assert [10.0, 100.0, None, None] == [line["y"][0], *line["y"][2:]]


def test_every_chart_has_a_place_and_a_name(html):
    plots = [one for one in Elements(html).named("div") if "plot" in one.get("class", "")]

    assert [f"plot-{number}" for number in range(5)] == [plot["id"] for plot in plots]
    assert "Equity in USDT" == plots[0]["aria-label"]


def test_names_from_files_cannot_become_elements_or_end_the_data():
    account = Account(
        {"USDT": dec("100")},
        (long(NAUGHTY, "10", "100", "50"),),
        (Order(NAUGHTY, dec("-1"), None, OrderType.STOP_MARKET, dec("99")),),
        leverage={NAUGHTY: dec("20")},
    )
    result = run(account, of_symbols((NAUGHTY,), [[100.0, 98.0, 90.0]]))

    html = page({NAUGHTY: result}, title=NAUGHTY)

    assert NAUGHTY not in html
    assert "<script>alert" not in html
    assert 3 == len(Elements(html).named("script"))
    names = [line["name"] for chart in spec_of(html)["charts"] for line in chart["data"]]
    assert not [name for name in names if "<" in name]


def test_json_inside_a_script_cannot_end_it():
    text = script_json({"a": "</script><!--", "b": "\u2028&"})

    assert not set("<>&\u2028") & set(text)
    assert {"a": "</script><!--", "b": "\u2028&"} == json.loads(text)


def test_a_long_path_is_thinned_and_says_so():
    wave = (100 + np.sin(np.arange(20_000) / 50)).tolist()
    account = Account({"USDT": dec("1000")}, (long("AUSDT", "1", "100"),))

    html = page({"cross": run(account, of_symbols(("AUSDT",), [wave]))})

    assert len(spec_of(html)["x"]) < 6_000
    assert "20,000 points from 10 Oct 2025 to 24 Oct 2025, of which" in text_of(html)


def test_gaps_are_shaded_and_listed():
    html = page(fall(has_gap=True))

    bands = {tuple(band) for chart in spec_of(html)["charts"] for band in chart["bands"]}
    assert {(T0 + 3 * MINUTE, T0 + 4 * MINUTE)} == bands
    assert "BUSDT: no price from 10 Oct 2025 20:03 UTC for 1 min (one candle missing)." in text_of(
        html
    )
    assert "what is left at the end is unknown" in text_of(html)


def test_a_liquidation_price_out_of_sight_is_named_so():
    account = Account({"USDT": dec("990")}, (long("AUSDT", "10", "100"),))
    html = page({"cross": run(account, path(AUSDT=[100, 101, 100]))})

    chart = next(one for one in spec_of(html)["charts"] if "AUSDT" in one["title"])
    assert "Cross: liquidation (off the chart)" in [line["name"] for line in chart["data"]]
    assert chart["y"]["range"][0] > 95


def test_nothing_to_tell_is_a_page_too():
    html = page({"cross": run(Account({"USDT": dec("5")}), path(AUSDT=[1, 2]))})

    assert "Cross: survived, nothing was at stake; 5.00 of 5.00 USDT left." in text_of(html)
    assert "Nothing was liquidated." in text_of(html)


def test_coins_have_a_chart_and_a_line_each_where_something_happens():
    book = load_rulebook("binance-coinm")
    account = Account(
        {"BTC": dec("0.5"), "ETH": dec("3")},
        (Position("BTCUSD_PERP", dec("100"), dec("50000")),),
        leverage={"BTCUSD_PERP": dec("20")},
    )
    prices = of_symbols(("BTCUSD_PERP",), [[50000.0, 40000.0, 62500.0]])

    html = page({"cross": replay(account, Setup(prices, book))})

    # 100 contracts of 100 USD: 10,000 ÷ 50,000 − 10,000 ÷ 62,500 = 0.04 BTC
    assert "0.54 BTC and 3 ETH left" in text_of(html)
    assert "0.50000000 BTC 3.00000000 ETH" in text_of(html)
    titles = [chart["title"] for chart in spec_of(html)["charts"]]
    assert ["Equity in BTC", "BTCUSD_PERP in USD", "Buffer in BTC", "Health in %"] == titles


def test_both_sides_of_a_hedged_symbol_have_their_lines():
    account = Account(
        {"USDT": dec("1000")},
        (long("AUSDT", "2", "100"), long("AUSDT", "-1", "98")),
        leverage={"AUSDT": dec("10")},
        position_mode=PositionMode.HEDGE,
    )
    marks = path(AUSDT=[100, 95, 96])
    isolated = run(as_isolated(account, rulebook()), marks)

    html = page({"cross": run(account, marks), "isolated": isolated})

    chart = next(one for one in spec_of(html)["charts"] if "AUSDT" in one["title"])
    names = [line["name"].removesuffix(" (off the chart)") for line in chart["data"]]
    assert {"Entry long", "Entry short"} <= set(names)
    assert {"Isolated long: liquidation", "Isolated short: liquidation"} <= set(names)


def test_orders_and_funding_are_tables():
    order = Order("AUSDT", dec("-1"), dec("104"), OrderType.LIMIT)
    account = Account({"USDT": dec("1000")}, (long("AUSDT", "2", "100"),), (order,))
    rates = (funding("AUSDT", "0.01", 1), funding("AUSDT", "-0.02", 3))
    result = run(account, path(AUSDT=[100, 100, 105, None]), rates)

    words = text_of(page({"cross": result}))

    assert "sold 1 AUSDT at 104 (limit order)" in words
    assert "+4.00 USDT" in words
    assert "Cross AUSDT 1 −2.00 0.00 −2.00 USDT" in words
    assert "20:03 UTC: funding of AUSDT is unknown: it had no price then." in words
