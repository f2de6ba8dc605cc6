"""Pages on joint moves and correlations: what they say first, and that names are escaped."""

import json
import re
from decimal import Decimal

import numpy as np

from crossmargin.durations import DAY_MS
from crossmargin.model.account import Account, Position
from crossmargin.report.correlation import correlation_page
from crossmargin.report.joint import joint_page
from crossmargin.risk.estimates.bets import bets
from crossmargin.risk.estimates.exposure import exposure
from crossmargin.risk.joint.answer import joint
from crossmargin.risk.situation import situation
from tests.toys import book, linear, one_tier
from tests.unit.risk.estimates import covariance
from tests.unit.risk.venues import at

D = Decimal
FREE = one_tier("0")
EVIL = "<b>&USDT"
VENUE = book((linear("BTCUSDT"), FREE), (linear("ETHUSDT"), FREE), (linear(EVIL), FREE))
MARKS = at(**{"BTCUSDT": "100", "ETHUSDT": "100", EVIL: "100"})


def asked(wallet, **sizes):
    """Return an account of positions entered at 100."""
    positions = tuple(Position(symbol, D(size), D(100)) for symbol, size in sizes.items())
    return situation(Account({"USDT": D(wallet)}, positions), MARKS, VENUE)


def spec(html):
    """Return the charts of a page."""
    found = re.search(r'<script type="application/json" id="spec">(.*?)</script>', html, re.DOTALL)
    return json.loads(found[1])["charts"]


def test_the_page_says_first_how_far_everything_may_fall():
    two = asked("50", BTCUSDT="1", ETHUSDT="1")
    estimate = covariance(("BTC", "ETH"), (0.04, 0.04), 0.5)
    html = joint_page(joint(two, DAY_MS, covariance=estimate, region=("BTC", "ETH")), title="mine")
    text = html.replace("&nbsp;", " ")

    assert "<h1>Liquidated once all prices fall 25.0 %.</h1>" in text
    assert "The nearest way there is " in text
    region, heat = spec(html)
    # The edge is exact: 100 a + 100 b = −50, in percent.
    line = next(one for one in region["data"] if one.get("name") == "liquidation")
    sums = [x + y for x, y in zip(line["x"], line["y"], strict=True) if x is not None]
    assert np.allclose(sums, -50, atol=1e-5)
    assert [[1, 0.5], [0.5, 1]] == heat["data"][0]["z"]


def test_without_candles_likelihood_remains_open():
    html = joint_page(joint(asked("50", BTCUSDT="1"), DAY_MS))

    assert "Without candles, how likely that is remains open." in html
    assert [] == spec(html)


def test_who_never_falls_is_told_so():
    assert "No common move of all prices" in joint_page(joint(asked("500", BTCUSDT="1"), DAY_MS))


def test_stacks_are_counted_in_the_headline():
    two = asked("50", BTCUSDT="1", ETHUSDT="1")
    estimate = covariance(("BTC", "ETH"), (0.04, 0.04), 0.5)
    exposed = exposure(two)
    html = correlation_page(two, exposed, estimate, bets(exposed, estimate, DAY_MS, "BTC"))

    # 2 ÷ (1 + 0.5)
    assert "<h1>Two holdings, 1.3 effective bets.</h1>" in html
    assert "stack" in html


def test_names_are_escaped():
    evil = asked("50", BTCUSDT="1", **{EVIL: "1"})
    estimate = covariance(("BTC", "<b>&"), (0.04, 0.04), 0.6)
    exposed = exposure(evil)
    pages = (
        joint_page(joint(evil, DAY_MS, covariance=estimate, region=evil.assets), title="<script>"),
        correlation_page(
            evil, exposed, estimate, bets(exposed, estimate, DAY_MS, "BTC"), title="<script>"
        ),
    )

    for html in pages:
        shown = html.partition("<noscript>")[0] + html.partition("</noscript>")[2]
        body = shown.partition('<script type="application/json"')[0]
        assert "<script>" not in body
        assert "<b>" not in body
        assert "<b>" not in json.dumps(spec(html)).replace("&lt;b&gt;", "")
