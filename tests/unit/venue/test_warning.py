"""Owners are warned once when they come near, and again only after it was over."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from crossmargin.model.account import Position
from crossmargin.venue import command, event
from crossmargin.venue.decide import decide
from crossmargin.venue.fold import fold
from crossmargin.venue.settings import VenueSettings
from crossmargin.venue.state import State
from tests.unit.venue.stage import RULES

D = Decimal
BTC = "BTCUSDT"
SETTINGS = VenueSettings(sources_min=1)


class Room:
    """Ann is long 1 BTC from 50,000 with 5,000; maintenance is 1 % of the value at mark."""

    def __init__(self, settings=SETTINGS, *, is_maker=False):
        self.state, self.at_ms = State(RULES, settings), 0
        self.mark(50_000)
        self.do(command.OpenAccount(at_ms=1000, account="ann", is_maker=is_maker))
        self.do(command.Deposit(at_ms=1000, account="ann", asset="USDT", amount=D(5000)))
        held = Position(BTC, D(1), D(50_000))
        fold(
            self.state,
            event.PositionChanged(account="ann", position=held, side=held.side, why="given"),
        )

    def do(self, asked):
        told = decide(self.state, asked)
        return [one for one in told if isinstance(one, (event.Warned, event.WarningOver))]

    def mark(self, price, later_ms=1000):
        self.at_ms += later_ms
        return self.do(
            command.Observe(
                at_ms=self.at_ms, symbol=BTC, source="feed", index=D(price), mark=D(price)
            )
        )


def test_once_when_it_comes_near_and_again_after_it_was_over():
    # 1 % of the value is 80 % of 5,000 - (50,000 - mark) at 45,569.62: 455.6962 and 569.62.
    room = Room()
    assert room.mark(45_570) == []
    [warned] = room.mark(45_569)
    assert ("ann", "USDT", D(569), D("455.69")) == (
        warned.account,
        warned.unit,
        warned.health.equity,
        warned.health.maintenance_margin,
    )
    assert room.mark(45_560) == []
    [over] = room.mark(45_600)
    assert event.WarningOver(account="ann", unit="USDT") == over
    assert len(room.mark(45_569)) == 1


def test_more_money_ends_it():
    room = Room()
    room.mark(45_569)
    more = command.Deposit(at_ms=room.at_ms, account="ann", asset="USDT", amount=D(100))
    assert [event.WarningOver] == [type(one) for one in room.do(more)]


def test_at_a_price_that_is_not_to_be_acted_upon_nobody_is_warned():
    room = Room(replace(SETTINGS, jump_fraction=D("0.01")))
    assert room.mark(45_569) == []
    # Seen again, it is believed.
    assert [event.Warned] == [type(one) for one in room.mark(45_569)]


@pytest.mark.parametrize(("fraction", "is_warned"), [("0.5", True), ("0.9", False)])
def test_where_the_line_is_drawn_is_a_setting(fraction, is_warned):
    # At 45,569 maintenance is 455.69 of 569: 0.80.
    room = Room(replace(SETTINGS, warn_fraction=D(fraction)))
    assert bool(room.mark(45_569)) is is_warned


def test_makers_look_after_themselves():
    assert Room(is_maker=True).mark(45_569) == []


def test_a_warning_is_part_of_the_state():
    room = Room()
    room.mark(45_569)
    assert ["USDT"] == list(room.state.accounts["ann"].warned)
    room.mark(45_600)
    assert not room.state.accounts["ann"].warned
