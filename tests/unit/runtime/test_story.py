"""Stories played at the real venue: what moves, what is expected, what is said."""

from decimal import Decimal
from pathlib import Path

import pytest

from crossmargin.errors import UsageError
from crossmargin.files.story import parse_story, read_story
from crossmargin.runtime.story import play
from crossmargin.venue.decide import decide
from tests import source

D = Decimal
EXAMPLES = sorted((source.ROOT / "examples" / "stories").glob("*.toml"))
# 1,000 USDT, long 0.1 BTC from 100,000 at 20x; the first tier asks 0.4 %, fees are set aside.
STORY = """
schema = 1
venue = "binance-usdm"
edition = "2026-09-29"
fees = { maker = 0, taker = 0, liquidation = 0 }
fund = { USDT = 10000 }
marks = { BTCUSDT = 100000 }
filters = { BTCUSDT = { tick = "0.1" } }

[[accounts]]
name = "alice"
balances = { USDT = 1000 }
leverage = { BTCUSDT = 20 }

[[accounts.positions]]
symbol = "BTCUSDT"
size = "0.1"
"""


def played(*parts):
    """Return how the story goes with more tables."""
    return play(parse_story("\n".join((STORY, *parts)), "story"), decide)


def step(at, do, **words):
    """Return a [[step]] table."""
    lines = [f'{key} = "{value}"' for key, value in words.items()]
    return "\n".join(["[[step]]", f'at = "{at}"', f'do = "{do}"', *lines])


def expect(path, value, **words):
    """Return an [[expect]] table."""
    lines = [f'{key} = "{text}"' for key, text in words.items()]
    return "\n".join(["[[expect]]", f'path = "{path}"', f'value = "{value}"', *lines])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_go_as_they_say(path: Path):
    story = read_story(path)
    went = play(story, decide)

    assert [] == [outcome for outcome in went.outcomes if not outcome.is_met]
    assert () == went.broken
    assert went.moments == play(story, decide).moments


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("accounts.alice.status", "ok"),
        ("accounts.alice.wallet.USDT", "1000.00"),
        ("accounts.alice.wallet.BTC", "0"),
        ("accounts.alice.orders", "0"),
        ("accounts.alice.leverage.BTCUSDT", "20"),
        ("accounts.alice.positions.BTCUSDT.size", "0.1"),
        ("accounts.alice.positions.BTCUSDT-long.size", "0.1"),
        ("accounts.alice.positions.BTCUSDT.margin", "none"),
        ("accounts.alice.positions.ETHUSDT.size", "0"),
        ("accounts.alice.pools.USDT.initial_margin", "500"),
        ("accounts.alice.buckets.BTCUSDT.status", "none"),
        # (0.1 × 100,000 − 1,000) ÷ (0.1 × (1 − 0.004)) = 90,361.44…
        ("accounts.alice.positions.BTCUSDT.liquidation_price.lower", "90361.44578314"),
        ("symbols.BTCUSDT.mark", "100000"),
        ("symbols.BTCUSDT.best_ask", "100010"),
        ("fund.USDT", "10000"),
        ("events.deleveraged", "0"),
        ("venue.halted", "none"),
    ],
)
def test_facts(path, value):
    went = played(expect(path, value))

    assert went.is_as_expected, went.outcomes


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("accounts.bob.status", "there is no account bob"),
        ("accounts.alice.mood", "leads nowhere at mood"),
        ("accounts.alice.positions.BTCUSDT.colour", "leads nowhere at colour"),
        ("accounts.alice.pools.USDT", "is more than one value"),
        ("weather", "leads nowhere"),
        ("events.deleverage", "leads nowhere at deleverage; there is refused, "),
    ],
)
def test_a_path_that_leads_nowhere_is_bad_input(path, said):
    with pytest.raises(UsageError, match=rf"^story: expect\[0\].path: {path}: .*{said}"):
        played(expect(path, "1"))


@pytest.mark.parametrize(
    ("value", "words", "is_met"),
    [
        ("1000", {}, True),
        ("999.5", {"tolerance": "0.5"}, True),
        ("999.4", {"tolerance": "0.5"}, False),
        ("much", {}, False),
    ],
)
def test_expectations_have_a_tolerance(value, words, is_met):
    went = played(expect("accounts.alice.equity", value, **words))

    assert is_met is went.is_as_expected


def test_an_expectation_sees_all_that_happens_at_its_time_and_nothing_later():
    went = played(
        step("00:01:00", "mark", symbol="BTCUSDT", price="99000"),
        step("00:02:00", "mark", symbol="BTCUSDT", price="98000"),
        expect("symbols.BTCUSDT.mark", "100000", at="00:00:59"),
        expect("symbols.BTCUSDT.mark", "99000", at="00:01:00"),
        expect("symbols.BTCUSDT.mark", "98000", at="00:02:00"),
    )

    assert went.is_as_expected


@pytest.mark.parametrize(
    ("words", "distance", "status"),
    [
        # liquidated at 90,361.45 and below
        ({"symbol": "BTCUSDT"}, "0.001", "ok"),
        ({"symbol": "BTCUSDT"}, "0", "liquidated"),
        ({}, "0.001", "ok"),
        ({}, "-0.001", "liquidated"),
    ],
)
def test_an_account_is_taken_to_the_edge(words, distance, status):
    went = played(
        step("00:01:00", "edge", account="alice", distance=distance, **words),
        expect("accounts.alice.status", status),
        expect("symbols.BTCUSDT.mark", str(D("90361.44578314") / (1 - D(distance))), tolerance="1"),
    )

    assert went.is_as_expected, went.outcomes


def test_an_account_that_rises_cannot_be_taken_to_an_edge_above():
    with pytest.raises(UsageError, match="alice cannot be liquidated by prices going up"):
        played(step("00:01:00", "edge", account="alice", distance="0", direction="up"))


def portfolio(*parts):
    """Return how the story of a hedged book goes with more tables."""
    text = (source.ROOT / "examples" / "stories" / "protective-put.toml").read_text()
    whole = text[: text.index("# BTC falls by 15 %")]
    return play(parse_story("\n".join((whole, *parts)), "story"), decide)


def test_a_portfolio_is_not_taken_to_an_edge():
    with pytest.raises(UsageError, match="hedged is in portfolio mode, where options do not move"):
        portfolio(step("00:01:00", "edge", account="hedged", distance="0.1"))


def test_an_underlying_takes_all_along_that_is_quoted_on_it():
    put = "BTC-20261225-95000-P"
    went = portfolio(
        step("00:01:00", "underlying", asset="BTC", price="50000"),
        expect("index.BTC", "50000"),
        expect("symbols.BTC-PERP.mark", "50000"),
        # So deep in the money that volatility is worth nothing: 95,000 - 50,000.
        expect(f"symbols.{put}.mark", "45000", tolerance="1"),
        expect(f"symbols.{put}.index", "none"),
    )

    assert went.is_as_expected, went.outcomes


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"asset": "ETH", "price": "1"}, r"step\[0\]: ETH has no index yet"),
        (
            {"asset": "BTC", "price": "90000", "volatility_shift": "-0.5"},
            r"step\[0\]: volatility -0.5 more: .* must not be below zero",
        ),
    ],
)
def test_an_underlying_that_cannot_move_is_bad_input(words, said):
    with pytest.raises(UsageError, match=said):
        portfolio(step("00:01:00", "underlying", **words))


def test_an_option_that_nothing_says_the_worth_of_is_bad_input():
    order = {"account": "hedged", "symbol": "BTC-20270326-95000-P", "size": "1"}
    with pytest.raises(
        UsageError, match=r"has neither a mark nor an expiry under \[\[surfaces.BTC"
    ):
        portfolio(step("00:01:00", "order", **order))


def test_a_mode_that_the_venue_lacks_ends_the_story():
    with pytest.raises(
        UsageError, match=r"accounts\[0\].mode: refused: binance-usdm has no portfolio"
    ):
        play(parse_story(STORY.replace('"alice"', '"alice"\nmode = "portfolio"'), "story"), decide)


def test_a_resting_order_is_met_by_the_makers_when_the_price_passes_it():
    order = {"symbol": "BTCUSDT", "size": "0.01", "price": "99000"}
    went = played(
        step("00:01:00", "order", account="alice", **order),
        step("00:02:00", "mark", symbol="BTCUSDT", price="99001"),
        expect("accounts.alice.orders", "1", at="00:02:00"),
        step("00:03:00", "mark", symbol="BTCUSDT", price="98900"),
        expect("accounts.alice.positions.BTCUSDT.size", "0.11"),
        # 1,000 − 0.1 × 1,100 − 0.01 × 100
        expect("accounts.alice.equity", "889", tolerance="0.00000001"),
    )

    assert went.is_as_expected, went.outcomes


def test_a_refused_step_is_in_the_log():
    went = played(step("00:01:00", "withdraw", account="alice", asset="USDT", amount="900"))

    assert "refused" in went.moments[-1].receipts[0]
    assert 1 == len(went.moments[-1].receipts)


@pytest.mark.parametrize(
    ("index", "wallet"),
    [
        # No premium: 0.01 % of interest on 10,000. A premium of 1 %: the cap of 0.4 %.
        ("100000", "999"),
        ("99000", "960"),
    ],
)
def test_funding_is_settled_on_the_way(index, wallet):
    went = played(
        step("00:00:00", "index", symbol="BTCUSDT", price=index),
        step("08:00:00", "funding"),
        expect("accounts.alice.wallet.USDT", wallet),
        expect("accounts.alice.wallet.USDT", "1000", at="07:59:59"),
    )

    assert went.is_as_expected, went.outcomes


def test_a_walk_is_the_seeds():
    walk = step("01:00:00", "walk").replace('"walk"', '"walk"\nsymbols = ["BTCUSDT"]')
    one, again = played(walk), played(walk)
    other = play(parse_story(f"seed = 8\n{STORY}\n{walk}", "story"), decide)

    assert one.moments == again.moments != other.moments
    assert "a walk of 60 moves" in one.moments[-1].what


def test_a_story_that_cannot_begin_says_why():
    with pytest.raises(UsageError, match=r"story: accounts\[0\]\.positions\[0\]: refused: "):
        play(parse_story(STORY.replace("USDT = 1000 ", "USDT = 1 "), "story"), decide)
