"""What is open in a market is counted, capped, and raises initial margin where the rules say so."""

from decimal import Decimal

import pytest

from crossmargin.model.order import Side
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.venue import event
from crossmargin.venue.judging import judged
from crossmargin.venue.orders import place_order
from crossmargin.venue.refusal import Code
from crossmargin.venue.settings import Limits, VenueSettings
from crossmargin.venue.triggers import look_at
from tests.unit.venue.order_desk import BTC, STOP, hold, order, refused, stage_with
from tests.unit.venue.stage import Stage

D = Decimal
CAPPED = VenueSettings(limits={BTC: Limits(open_interest_max=D(500))})


def crowd(settings=CAPPED, size="3"):
    """Return a stage where 3 BTC at 100 are open between two others, and a maker sells 5."""
    stage = stage_with("a", "maker", "long", "short", settings=settings)
    hold(stage, "long", size)
    hold(stage, "short", f"-{size}", side=Side.SHORT)
    rests(stage, "-5", "100")
    return stage


def rests(stage, size, price):
    """Let an order of the maker rest, whatever the cap."""
    order_id = stage.state.next_order_id
    stage.emit(event.OrderAccepted(order_id=order_id, order=order("maker", size, price)))


@pytest.mark.parametrize(
    ("changes", "is_open"),
    [
        pytest.param([("long", "3"), ("short", "-3")], "3", id="opened"),
        pytest.param([("long", "3"), ("short", "-3"), ("long", "1")], "1", id="made smaller"),
        pytest.param([("long", "3"), ("long", "-2"), ("short", "2")], "2", id="turned round"),
        pytest.param([("long", "3"), ("short", "-3"), ("long", "0")], "0", id="closed"),
    ],
)
def test_what_is_open_is_what_is_long(changes, is_open):
    stage = stage_with("long", "short")
    for name, size in changes:
        hold(stage, name, size, side=Side.SHORT if D(size) < 0 else Side.LONG)

    assert D(is_open) == stage.state.symbol(BTC).open_interest


def test_orders_open_up_to_the_cap_and_not_beyond():
    # 3 × 100 are open, 500 may be: 2 more, no 3.
    stage = crowd()

    assert Code.OPEN_INTEREST_TOO_LARGE is refused(stage, order("a", "2.001"))

    stage.do(place_order, order("a", "2"))

    assert D(5) == stage.state.symbol(BTC).open_interest
    assert Code.OPEN_INTEREST_TOO_LARGE is refused(stage, order("a", "0.001"))


def test_without_a_cap_there_is_none():
    stage = crowd(VenueSettings())
    stage.do(place_order, order("a", "5"))

    assert D(8) == stage.state.symbol(BTC).open_interest


def test_at_the_cap_positions_can_still_be_closed():
    stage = crowd(size="5")
    rests(stage, "5", "99")

    stage.do(place_order, order("long", "-5", "99"))

    # The maker's bid is filled: what one closed the other opened.
    assert "long" not in stage.state.symbol(BTC).holders
    assert D(5) == stage.state.symbol(BTC).open_interest


def test_a_mark_that_rises_leaves_no_room():
    stage = crowd()
    stage.priced(BTC, "170")

    assert Code.OPEN_INTEREST_TOO_LARGE is refused(stage, order("a", "0.001", "170"))


def test_a_stop_that_finds_no_room_is_cancelled():
    stage = crowd()
    stop = order("a", "2", trigger_price=D(101), **STOP)
    stage.do(place_order, stop)
    hold(stage, "long", "5")
    stage.priced(BTC, "101")

    gone = [
        one
        for one in stage.do(lambda decision, _: look_at(decision, BTC), stop)
        if isinstance(one, event.OrderGone)
    ]

    assert ["margin is insufficient"] == [one.why for one in gone]
    assert "a" not in stage.state.symbol(BTC).holders


@pytest.mark.parametrize(
    ("coins", "fraction"),
    [
        # SOL-USD asks 5 % up to 40 M open, all from 100 M; at 100: half way is 52.5 %.
        pytest.param("400000", "0.05", id="at the lower cap"),
        pytest.param("700000", "0.525", id="half way"),
        pytest.param("1000000", "1", id="at the upper cap"),
    ],
)
def test_initial_margin_grows_with_the_venues_own_open_interest(coins, fraction):
    stage = Stage(load_rulebook("dydx-v4"))
    for name in ("long", "short", "a"):
        stage.funded(name, "100000000", "USDC")
    stage.priced("SOL-USD", "100")
    for name, size in (("long", D(coins) - 1), ("a", D(1)), ("short", -D(coins))):
        side = Side.LONG if size > 0 else Side.SHORT
        hold(stage, name, size, side=side, symbol="SOL-USD")

    assert D(fraction) * 100 == judged(stage.state, "a").pool.initial_margin
