"""No single source moves a price, and what cannot be trusted is not acted upon."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.venue.command import Observe, Tick
from crossmargin.venue.event import Breaker, BreakerSet, PriceSet, SourceSeen
from crossmargin.venue.fold import fold
from crossmargin.venue.observations import agreed_price
from crossmargin.venue.prices import check_freshness, is_usable, observe, set_last_price
from crossmargin.venue.refusal import Code, Refusal
from crossmargin.venue.settings import VenueSettings
from crossmargin.venue.state import State
from tests.unit.venue.stage import RULES, Stage

D = Decimal
BTC = "BTCUSDT"
THREE = VenueSettings(sources_min=2)
USABLE, DEGRADED, HALTED = Breaker.USABLE, Breaker.DEGRADED, Breaker.HALTED


def saw(at_ms, source="a", index=None, mark=None, last=None, symbol=BTC):
    def price(value):
        return None if value is None else D(value)

    return Observe(
        at_ms=at_ms,
        symbol=symbol,
        source=source,
        index=price(index),
        mark=price(mark),
        last=price(last),
    )


def freshness(decision, _command):
    check_freshness(decision)


def staged(settings, *observations):
    stage = Stage(settings=settings)
    for one in observations:
        stage.do(freshness if isinstance(one, Tick) else observe, one)
    return stage


def prices(stage, symbol=BTC):
    market = stage.state.symbol(symbol)
    return market.index, market.mark, market.last


@pytest.mark.parametrize(
    ("said", "sources_min", "expected"),
    [
        ((), 1, None),
        (("100",), 1, "100"),
        (("100",), 2, None),
        (("100", "102"), 2, "101"),
        (("100", "102", "101"), 2, "101"),
        # 200 is further than 5 % from the median 102; the mean of the two others stays.
        (("100", "102", "200"), 2, "101"),
        # The median of two so far apart is near neither.
        (("100", "200"), 1, None),
        # At exactly 5 % a source still counts: 95 and 105 of the median 100.
        (("95", "100", "105"), 3, "100"),
        (("94.99", "100", "105"), 3, None),
    ],
)
def test_the_agreed_price_is_the_median_without_outliers(said, sources_min, expected):
    settings = VenueSettings(sources_min=sources_min)
    found = agreed_price([D(one) for one in said], settings)
    assert found == (None if expected is None else D(expected))


NEAR = st.decimals("990", "1010", places=2)


@given(
    good=st.lists(NEAR, min_size=2, max_size=5),
    bad=st.sampled_from(["x0.5", "x2", "0", "-1", "NaN", "Infinity", "frozen", "silent"]),
    at=st.integers(0, 5),
)
def test_one_bad_source_never_changes_the_price_the_others_give(good, bad, at):
    # The good ones are within 2 % of each other, well inside the outlier rule's 5 %.
    alone = staged(THREE)
    both = staged(THREE)
    for stage in (alone, both):
        # All begin 10 % below, where the frozen one stays.
        for name in (*(f"good{n}" for n in range(len(good))), *(("bad",) * (stage is both))):
            stage.do(observe, saw(0, name, index=900, mark=900))
    for place, price in enumerate(good):
        for stage in (alone, both):
            stage.do(observe, saw(1000, f"good{place}", index=price, mark=price))
        if place == min(at, len(good) - 1) and bad != "silent":
            value = {"x0.5": price / 2, "x2": price * 2, "frozen": D(900)}.get(bad)
            value = D(bad) if value is None else value
            both.do(observe, saw(1000, "bad", index=value, mark=value, last=value))
    assert prices(both)[:2] == prices(alone)[:2]
    assert is_usable(both.state, BTC)


@given(
    st.sampled_from(
        ["0", "-5", "NaN", "sNaN", "Infinity", "-Infinity", "1E+18", "1E-19", "1E+400", "1E-400"]
    )
)
def test_what_is_no_price_never_becomes_one_and_can_be_folded_again(value):
    stage = staged(VenueSettings(), saw(0, index=100, mark=101, last=102))
    stage.do(observe, saw(1, index=value, mark=value, last=value))
    assert prices(stage) == (D(100), D(101), D(102))
    assert not is_usable(stage.state, BTC)
    again = State(RULES, VenueSettings())
    for event in stage.events:
        fold(again, event)
    assert again.symbol(BTC).seen == stage.state.symbol(BTC).seen
    stage.do(observe, saw(2, index=100, mark=101))
    assert is_usable(stage.state, BTC)


JUMPY = VenueSettings(jump_fraction=D("0.1"), stale_ms=1000, degraded_ms=5000)


@pytest.mark.parametrize(
    ("then", "expected", "index"),
    [
        ([], USABLE, "100"),
        ([saw(1, index=105)], USABLE, "105"),
        # Once: waits. Seen again near there: so it is.
        ([saw(1, index=200)], DEGRADED, "100"),
        ([saw(1, index=200), saw(1, index=200)], DEGRADED, "100"),
        ([saw(1, index=200), saw(2, index=201)], USABLE, "201"),
        ([saw(1, index=200), saw(2, index=100)], USABLE, "100"),
        ([saw(1, index=200), saw(2, index=50)], DEGRADED, "100"),
        # A tick is no second sight of it.
        ([saw(1, index=200), Tick(at_ms=2)], DEGRADED, "100"),
        ([saw(1, index="NaN")], DEGRADED, "100"),
        ([Tick(at_ms=1000)], USABLE, "100"),
        ([Tick(at_ms=1001)], DEGRADED, "100"),
        ([Tick(at_ms=1001), Tick(at_ms=6000)], DEGRADED, "100"),
        ([Tick(at_ms=1001), Tick(at_ms=6001)], HALTED, None),
        ([Tick(at_ms=1001), saw(1002, index=101)], USABLE, "101"),
        # From halted straight back; there is no price left that it could have jumped from.
        ([Tick(at_ms=1001), Tick(at_ms=6001), saw(6002, index=300)], USABLE, "300"),
        ([Tick(at_ms=1001), Tick(at_ms=6001), saw(6002, index=0)], HALTED, None),
        # What was degraded before does not count once it has been usable again.
        (
            [Tick(at_ms=1001), saw(5000, index=100), Tick(at_ms=6001)],
            DEGRADED,
            "100",
        ),
    ],
)
def test_the_breaker_goes_by_this_table(then, expected, index):
    stage = staged(JUMPY, saw(0, index=100), *then)
    assert stage.state.symbol(BTC).breaker is expected
    assert prices(stage)[0] == (None if index is None else D(index))


def test_a_symbol_that_is_usable_again_is_looked_at_even_at_the_same_price():
    stage = staged(JUMPY, saw(0, index=100), Tick(at_ms=1001))
    events = stage.do(observe, saw(1002, index=100))
    assert [type(one) for one in events[-2:]] == [BreakerSet, PriceSet]


def test_nothing_that_has_grown_old_is_acted_upon_before_the_tick_says_so():
    stage = staged(JUMPY, saw(0, index=100))
    stage.state.advance(1001)
    assert stage.state.symbol(BTC).breaker is USABLE
    assert not is_usable(stage.state, BTC)


def test_the_mark_is_what_was_observed_else_the_index():
    stage = staged(VenueSettings(), saw(0, index=100))
    assert prices(stage) == (D(100), D(100), None)
    stage.do(observe, saw(1, mark=98, last=97))
    assert prices(stage) == (D(100), D(98), D(97))
    stage.do(observe, saw(2, index=101))
    assert prices(stage) == (D(101), D(98), D(97))


def test_a_single_mark_is_not_taken_where_an_index_takes_more_sources():
    stage = staged(THREE, saw(0, "a", index=100, mark=50), saw(0, "b", index=100))
    assert prices(stage)[:2] == (D(100), D(100))


def test_an_observed_mark_jumps_by_the_same_rule():
    stage = staged(JUMPY, saw(0, index=100, mark=100), saw(1, index=100, mark=50, last=50))
    assert prices(stage) == (D(100), D(100), None)
    assert not is_usable(stage.state, BTC)


def test_a_last_price_far_from_the_mark_is_not_taken():
    stage = staged(JUMPY, saw(0, index=100, last=100), saw(1, index=100, last=200))
    assert prices(stage) == (D(100), D(100), D(100))


def test_an_observation_without_a_last_price_leaves_that_of_the_last_trade():
    stage = staged(VenueSettings(), saw(0, index=100, last=99))
    stage.do(lambda decision, _: set_last_price(decision, BTC, D(105)), Tick(at_ms=1))
    stage.do(observe, saw(2, index=101))
    assert prices(stage) == (D(101), D(101), D(105))


@pytest.mark.parametrize(
    ("handler", "command", "code"),
    [
        (observe, saw(0, index=1, symbol="NOPE"), Code.UNKNOWN_SYMBOL),
        (observe, saw(0, source="", index=1), Code.MISSING_PRICE),
        (observe, saw(0), Code.MISSING_PRICE),
    ],
)
def test_what_says_nothing_is_refused(handler, command, code):
    with pytest.raises(Refusal) as refused:
        Stage().do(handler, command)
    assert refused.value.code == code


def test_a_bad_first_word_is_on_the_record():
    events = Stage().do(observe, saw(0, index="NaN"))
    assert events[0] == SourceSeen(name=BTC, is_symbol=True, source="index:a", price=None, at_ms=0)
