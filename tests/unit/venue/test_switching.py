"""Every obstacle a rulebook can name, standing in the way and not."""

from decimal import Decimal

import pytest

from crossmargin.model.account import AssetsMode, MarginMode, Position, PositionMode
from crossmargin.model.order import Side
from crossmargin.rulebooks.loader import load_rulebook, venues
from crossmargin.rulebooks.procedure import Change, Obstacle, SwitchRule
from crossmargin.venue import event
from crossmargin.venue.command import PlaceOrder
from crossmargin.venue.switching import STANDS_IN_THE_WAY, Request, blocking_rule, is_any_isolated
from tests.unit.venue.stage import Stage

D = Decimal


def order(symbol="BTCUSDT", side=None, **fields):
    return PlaceOrder(
        at_ms=0, account="ann", symbol=symbol, size=D(1), price=D(1), side=side, **fields
    )


def position(symbol="BTCUSDT", mode=MarginMode.CROSS):
    held = Position(symbol, D(1), D(1), mode)
    return event.PositionChanged(account="ann", position=held, side=Side.LONG, why="test")


RESTING = event.OrderAccepted(order_id=1, order=order())
WAITING = event.OrderAccepted(order_id=1, order=order(), is_waiting=True)
ELSEWHERE = event.OrderAccepted(order_id=1, order=order("ETHUSDT"))
ISOLATED_SET = event.MarginModeSet(account="ann", symbol="BTCUSDT", mode=MarginMode.ISOLATED)
MULTI = event.AssetsModeSet(account="ann", mode=AssetsMode.MULTI)
HEDGE = event.PositionModeSet(account="ann", mode=PositionMode.HEDGE)
DEBT = event.MoneyMoved(
    why="test", postings=(event.Posting("account/ann", "outside", "USDT", D(10_001)),)
)
TABLE = [
    (Obstacle.OPEN_ORDERS, (), {}, False),
    (Obstacle.OPEN_ORDERS, (ELSEWHERE,), {}, True),
    (Obstacle.OPEN_ORDERS, (WAITING,), {}, True),
    (Obstacle.OPEN_ORDERS_OF_SYMBOL, (RESTING,), {}, True),
    (Obstacle.OPEN_ORDERS_OF_SYMBOL, (ELSEWHERE,), {}, False),
    (Obstacle.POSITIONS, (), {}, False),
    (Obstacle.POSITIONS, (position("ETHUSDT"),), {}, True),
    (Obstacle.POSITION_OF_SYMBOL, (position("ETHUSDT"),), {}, False),
    (Obstacle.POSITION_OF_SYMBOL, (position(),), {}, True),
    (Obstacle.ISOLATED_POSITION_OF_SYMBOL, (position(),), {}, False),
    (Obstacle.ISOLATED_POSITION_OF_SYMBOL, (position(mode=MarginMode.ISOLATED),), {}, True),
    (Obstacle.ISOLATED_POSITION_OF_SYMBOL, (ISOLATED_SET,), {}, False),
    (Obstacle.CROSS_MODE_OF_SYMBOL, (), {}, True),
    (Obstacle.CROSS_MODE_OF_SYMBOL, (ISOLATED_SET,), {}, False),
    (Obstacle.CROSS_MODE_OF_SYMBOL, (position(mode=MarginMode.ISOLATED),), {}, False),
    (Obstacle.NO_POSITION_OF_SYMBOL, (position("ETHUSDT"),), {}, True),
    (Obstacle.NO_POSITION_OF_SYMBOL, (position(),), {}, False),
    (Obstacle.ISOLATED_SYMBOLS, (position(),), {}, False),
    (Obstacle.ISOLATED_SYMBOLS, (ISOLATED_SET,), {}, True),
    (Obstacle.ISOLATED_SYMBOLS, (position(mode=MarginMode.ISOLATED),), {}, True),
    (Obstacle.MULTI_ASSETS_MODE, (), {}, False),
    (Obstacle.MULTI_ASSETS_MODE, (MULTI,), {}, True),
    (Obstacle.INSUFFICIENT_MARGIN_BALANCE, (), {"is_enough": True}, False),
    (Obstacle.INSUFFICIENT_MARGIN_BALANCE, (), {"is_enough": None}, False),
    (Obstacle.INSUFFICIENT_MARGIN_BALANCE, (), {"is_enough": False}, True),
    (Obstacle.NEGATIVE_BALANCE, (), {}, False),
    (Obstacle.NEGATIVE_BALANCE, (DEBT,), {}, True),
    (Obstacle.SIDE_NOT_OF_POSITION_MODE, (), {}, False),
    (Obstacle.SIDE_NOT_OF_POSITION_MODE, (), {"order": order()}, False),
    (Obstacle.SIDE_NOT_OF_POSITION_MODE, (), {"order": order(side=Side.LONG)}, True),
    (Obstacle.SIDE_NOT_OF_POSITION_MODE, (HEDGE,), {"order": order(side=Side.LONG)}, False),
    (Obstacle.SIDE_NOT_OF_POSITION_MODE, (HEDGE,), {"order": order()}, True),
    (Obstacle.REDUCE_ONLY_IN_HEDGE_MODE, (HEDGE,), {"order": order()}, False),
    (Obstacle.REDUCE_ONLY_IN_HEDGE_MODE, (HEDGE,), {"order": order(reduce_only=True)}, True),
    (Obstacle.REDUCE_ONLY_IN_HEDGE_MODE, (), {"order": order(reduce_only=True)}, False),
]


def request_of(events, change=Change.ORDER, **fields):
    stage = Stage()
    ann = stage.funded("ann")
    stage.emit(*events)
    return Request(change, ann, "BTCUSDT", **fields)


@pytest.mark.parametrize(("obstacle", "events", "fields", "stands"), TABLE)
def test_an_obstacle_stands_in_the_way(obstacle, events, fields, stands):
    request = request_of(events, **fields)
    rule = SwitchRule(-1, Change.ORDER, (obstacle,), "words")

    assert blocking_rule((rule,), request) == (rule if stands else None)


def test_every_obstacle_is_known_and_seen_both_ways():
    assert set(STANDS_IN_THE_WAY) == set(Obstacle)
    assert {(one, stands) for one in Obstacle for stands in (True, False)} == {
        (obstacle, stands) for obstacle, _, _, stands in TABLE
    }


def test_the_first_rule_about_the_change_answers_and_any_obstacle_is_enough():
    rules = (
        SwitchRule(-1, Change.MARGIN_MODE, (Obstacle.POSITIONS,), "of another change"),
        SwitchRule(-2, Change.ORDER, (Obstacle.NEGATIVE_BALANCE,), "not the case"),
        SwitchRule(-3, Change.ORDER, (Obstacle.NEGATIVE_BALANCE, Obstacle.POSITIONS), "this"),
        SwitchRule(-4, Change.ORDER, (Obstacle.POSITIONS,), "too late"),
    )

    assert blocking_rule(rules, request_of([position()])) is rules[2]


@pytest.mark.parametrize("venue", venues())
def test_an_idle_account_is_refused_no_mode_by_any_venue(venue):
    switches = load_rulebook(venue).switches
    changes = (Change.MARGIN_MODE, Change.POSITION_MODE, Change.MULTI_ASSETS, Change.ISOLATED)

    for change in changes:
        assert blocking_rule(switches, request_of((), change)) is None


def test_isolated_is_what_is_held_so_or_set_so():
    assert not is_any_isolated(request_of([position()]).account)
    assert is_any_isolated(request_of([ISOLATED_SET]).account)
