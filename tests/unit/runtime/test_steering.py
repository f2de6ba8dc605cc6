"""An operator's hand on a fed market: it goes where it is put, and the feed on from there."""

from decimal import Decimal

from crossmargin.feeds.moments import Moment
from crossmargin.files.story_tables import LiquidityTable
from crossmargin.runtime.market_maker import MarketMaker
from crossmargin.runtime.steering import Steering
from crossmargin.venue.command import Observe, Quote
from crossmargin.venue.decide import decide
from crossmargin.venue.settings import Filters, VenueSettings
from crossmargin.venue.state import State
from tests.unit.venue.stage import RULES

D = Decimal
BTC = "BTCUSDT"


def venue():
    """Return an empty venue with prices down to 0.1, and a hand on its market."""
    settings = VenueSettings(stale_ms=10**12, filters_default=Filters(tick=D("0.1"), lot=D("0.1")))
    state = State(RULES, settings)
    steering = Steering(MarketMaker(LiquidityTable()), {})
    for one in steering.maker.enter(state, 0, [BTC]):
        decide(state, one)
    return state, steering


def put(state, steering, price):
    """Put the market somewhere; return what was asked for."""
    asked = []
    for one in steering.put({BTC: D(price)}, lambda: state, 0):
        decide(state, one)
        asked.append(one)
    return asked


def fed(state, steering, *prices):
    """Return what is observed at a feed's moments."""
    found = []
    for price in prices:
        moment = Moment(0, {BTC: D(price)}, {BTC: D(price)}, {BTC: D(price)})
        for one in steering.commands(moment, lambda: state):
            decide(state, one)
            found += [one] if isinstance(one, Observe) else []
    return found


def test_a_moment_that_waits_for_its_time_follows_where_the_market_is_put_meanwhile():
    state, steering = venue()
    decide(state, Observe(at_ms=0, symbol=BTC, source="replay", index=D(100), mark=D(100)))
    waiting = steering.commands(Moment(0, {BTC: D(100)}), lambda: state)
    put(state, steering, "80")
    (seen,) = (one for one in waiting if isinstance(one, Observe))

    assert D(80) == seen.mark


def test_a_feed_that_nobody_touched_is_as_it_comes():
    state, steering = venue()
    decide(state, Observe(at_ms=0, symbol=BTC, source="replay", index=D(100), mark=D(100)))
    [seen] = fed(state, steering, "100.123")

    assert D("100.123") == seen.mark


def test_the_market_goes_where_it_is_put_the_maker_with_it():
    state, steering = venue()
    decide(state, Observe(at_ms=0, symbol=BTC, source="replay", index=D(100), mark=D(100)))
    asked = put(state, steering, "80")

    assert D(80) == state.symbol(BTC).mark
    assert any(isinstance(one, Quote) and one.levels for one in asked)
    assert state.symbol(BTC).book.best_bid < D(80) < state.symbol(BTC).book.best_ask


def test_the_feed_goes_on_from_there_by_its_own_moves():
    state, steering = venue()
    decide(state, Observe(at_ms=0, symbol=BTC, source="replay", index=D(100), mark=D(100)))
    put(state, steering, "80")
    # Up 10 % and then down to 99: 88 and 79.2 of 80 % of the feed.
    up, down = fed(state, steering, "110", "99")

    assert (D(88), D(88), D(88)) == (up.mark, up.last, up.index)
    assert D("79.2") == down.mark


def test_put_twice_it_is_where_it_was_put_last():
    state, steering = venue()
    decide(state, Observe(at_ms=0, symbol=BTC, source="replay", index=D(100), mark=D(100)))
    put(state, steering, "80")
    put(state, steering, "120")
    # 120 of what the feed has at 100; 101.06 × 1.2 = 121.272, down to the tick.
    assert [D(120), D("121.2")] == [one.mark for one in fed(state, steering, "100", "101.06")]


def test_a_symbol_without_a_price_is_left_alone():
    state, steering = venue()

    assert ["Tick"] == [type(one).__name__ for one in put(state, steering, "80")]
    assert {} == steering.factors
