"""The page of a comparison: what it says first, that it is whole, and that it escapes."""

import re
from decimal import Decimal

import pytest
from msgspec.structs import replace

from crossmargin.errors import UsageError
from crossmargin.model.account import Account
from crossmargin.report.comparison import comparison_page, write_comparison
from crossmargin.risk.venues.comparison import compared
from tests.toys import linear, one_tier
from tests.unit.risk.venues import HOME, at, contract, held, isolated, other

D = Decimal
LONG = held(("BTCUSDT", "1", "100"), usdt="50", leverage={"BTCUSDT": D(10)})
SHORT = held(("BTCUSDT", "-1", "100"), usdt="50")
MARKS = at(BTCUSDT="100")


def venue(name, rate):
    tiers = None if rate is None else one_tier(rate)
    return other((contract("BTC-PERP", "BTC", "USDC"), tiers), name=name)


def page(account=LONG, *rates, home=HOME, title=""):
    books = [venue(f"v{number}", rate) for number, rate in enumerate(rates)]
    return comparison_page(compared(account, MARKS, home, books), title=title)


def first(html):
    """Return the headline as text."""
    return re.search(r"<h1>(.*)</h1>", html)[1].replace("&nbsp;", " ")


@pytest.mark.parametrize(
    ("account", "rates", "said"),
    [
        # Equity 50 + p − 100 meets rate × p.
        (
            LONG,
            ("0.2",),
            "Liquidated once all prices fall 37.5 % at v0; at toy only once they fall 49.4 %.",
        ),
        (LONG, (), "Liquidated once all prices fall 49.4 % at toy."),
        (
            LONG,
            ("0.01",),
            "Liquidated once all prices fall 49.4 %, at every venue where that is known.",
        ),
        # Equity 50 − p + 100 meets 0.01 p at 148.51….
        (SHORT, (), "Liquidated once all prices rise 48.5 % at toy."),
        (LONG, ("0.6",), "Lives at toy; liquidatable at v0."),
        (held(("BTCUSDT", "1", "200"), usdt="1"), ("0.2",), "Liquidatable at every venue."),
        (
            held(("BTCUSDT", "1", "200"), usdt="1"),
            (None,),
            "Liquidatable at every venue where that is known.",
        ),
        (
            held(("BTCUSDT", "1", "50"), usdt="1000"),
            (),
            "No common move of all prices liquidates it, at any venue where that is known.",
        ),
    ],
)
def test_the_headline_says_between_which_venues_the_answer_lies(account, rates, said):
    assert said == first(page(account, *rates))


def test_nothing_known_is_said():
    dark = other((linear("BTCUSDT"), None))

    assert "Unknown at every venue that could hold it." == first(page(LONG, home=dark))


def test_the_page_fetches_nothing_and_runs_nothing():
    html = page(LONG, "0.2", None)

    assert not re.search(r"<script|<link|<img|src=|href=|url\(|@import", html)
    assert "$" not in html


def test_the_numbers_are_there():
    html = page(LONG, "0.2", None, title="three").replace("&nbsp;", " ")

    for part in (
        '<p class="kicker">three · toy, rules of 2025-01-01 · BTCUSDT long</p>',
        "Three venues can hold it; 1 of them cannot be judged with the tables at hand.",
        # 50 of equity at 20 a coin: at 2.5 of them it is liquidatable, so the step below.
        "It could carry from 2.49× its positions (at v0) to 5.00× (at toy).",
        "<td>50.00</td><td>10.00</td><td>1.00</td><td>49.00</td><td>2.00 %</td>",
        "BTC-PERP 1",
        "v1: margin tiers of BTC-PERP",
        "<h3>Everywhere</h3>",
    ):
        assert part in html


def test_a_side_that_a_ladder_does_not_reach_is_unknown_and_not_never():
    # The ladder is known up to 150 of notional, where it may jump, and a long may gain more.
    partly = (contract("BTC-PERP", "BTC", "USDC"), replace(one_tier("0.2"), known_to=D(150)))
    books = [other(partly, name="partly", is_whole_position=True)]
    html = comparison_page(compared(LONG, MARKS, HOME, books)).replace("&nbsp;", " ")

    assert '<td class="end">37.50 %</td><td class="end">?</td>' in html
    assert "−37.5 %, +?" in html
    assert "↓ 62.5<br>↑ ?<br>" in html
    assert "Liquidated once all prices fall 49.4 % at toy." == first(html)


def test_where_no_move_is_known_that_is_the_headline():
    partly = replace(one_tier("0.01"), known_to=D(150))
    html = page(LONG, home=other((linear("BTCUSDT"), partly), is_whole_position=True))

    assert "How far prices may move is unknown at every venue." == first(html)


def test_the_page_rounds_as_the_command_line_does():
    # Notional 100.005: 10.0005 initial, 1.00005 maintenance, 50.005 of equity, 49.00495 of buffer.
    html = comparison_page(compared(LONG, at(BTCUSDT="100.005"), HOME, []))

    row = "<td>50.00</td><td>10.01</td><td>1.01</td><td>49.00</td><td>2.00&nbsp;%</td>"
    assert row in html


def test_names_are_escaped():
    evil = other((contract("BTC<b>", "BTC", "USDC"), one_tier("0.1")), name="<i>&")
    html = comparison_page(compared(LONG, MARKS, HOME, [evil]), title="<script>")

    assert "<script>" not in html
    assert "BTC<b>" not in html
    assert "&lt;i&gt;&amp;" in html


def test_buckets_and_equity_that_is_gone_are_drawn():
    account = Account({"USDT": D(5)}, (isolated("BTCUSDT", "1", "110", "5"),))
    html = page(account, "0.1")

    assert "no equity" in html
    assert "<td>BTCUSDT</td>" in html
    assert '<tr class="own gone">' in html


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    found = compared(LONG, MARKS, replace(HOME), [])
    (tmp_path / "taken").mkdir()

    for place in ("taken", "none/x.html"):
        with pytest.raises(UsageError, match="the report cannot be written there"):
            write_comparison(tmp_path / place, found)
    assert ["taken"] == [path.name for path in tmp_path.iterdir()]


def test_what_was_there_is_replaced_and_nothing_else_is_left(tmp_path):
    place = tmp_path / "compared.html"
    place.write_text("old", encoding="utf-8")
    found = compared(LONG, MARKS, replace(HOME), [])

    write_comparison(place, found)

    assert comparison_page(found) == place.read_text(encoding="utf-8")
    assert [place] == [*tmp_path.iterdir()]
