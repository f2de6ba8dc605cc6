"""What tests of incoming orders share: funded accounts, an order with few words, a refusal."""

from decimal import Decimal

import pytest

from crossmargin.model.account import Position
from crossmargin.model.order import OrderType, Side
from crossmargin.venue import event
from crossmargin.venue.command import PlaceOrder
from crossmargin.venue.orders import place_order
from crossmargin.venue.refusal import Code, Refusal
from crossmargin.venue.settings import Filters, VenueSettings
from tests.unit.venue.stage import RULES, Stage

D = Decimal
BTC, ETH = "BTCUSDT", "ETHUSDT"
STRICT = VenueSettings(
    filters={
        BTC: Filters(tick=D("0.1"), lot=D("0.001"), notional_min=D(5), band_fraction=D("0.05"))
    }
)


def stage_with(*names, amount="1000", settings=None, rules=RULES):
    stage = Stage(rules, settings)
    stage.priced(BTC, "100")
    stage.priced(ETH, "10")
    for name in names:
        stage.funded(name, amount)
    return stage


def order(account="a", size="1", price="100", symbol=BTC, **more):
    limit = None if price is None else D(price)
    if price is None:
        more = {"type": OrderType.MARKET, **more}
    return PlaceOrder(at_ms=0, account=account, symbol=symbol, size=D(size), price=limit, **more)


def refused(stage, command, handler=place_order):
    before = (dict(stage.state.orders), len(stage.events), stage.state.next_order_id)
    with pytest.raises(Refusal) as found:
        stage.do(handler, command)
    assert (dict(stage.state.orders), len(stage.events), stage.state.next_order_id) == before
    return Code(found.value.code)


def hold(stage, name, size, side=Side.LONG, symbol=BTC, entry="100", **more):
    position = Position(symbol, D(size), D(entry), **more)
    stage.emit(event.PositionChanged(account=name, position=position, side=side, why="test"))


STOP = {"type": OrderType.STOP_MARKET, "price": None}
