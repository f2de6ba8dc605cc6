"""Traders on the small stage: orders in one symbol, and what came of them."""

from decimal import Decimal

from crossmargin.model.order import OrderType
from crossmargin.venue.command import PlaceOrder
from crossmargin.venue.event import Filled, OrderGone
from crossmargin.venue.orders import place_order
from tests.unit.venue.stage import Stage

D = Decimal
BTC = "BTCUSDT"


def stage_with(*names, amount="1000000"):
    stage = Stage()
    stage.priced(BTC, "100")
    for name in names:
        stage.funded(name, amount)
    return stage


def order(account, size, price=None, **more):
    kind = OrderType.MARKET if price is None else OrderType.LIMIT
    limit = None if price is None else D(price)
    return PlaceOrder(
        at_ms=0, account=account, symbol=BTC, size=D(size), price=limit, type=kind, **more
    )


def place(stage, *args, **more):
    return stage.do(place_order, order(*args, **more))


def fills(events):
    return [(one.account, one.size, one.price) for one in events if isinstance(one, Filled)]


def gone(events):
    return [(one.order_id, one.status, one.why) for one in events if isinstance(one, OrderGone)]


def held(stage, name, side=None):
    position = stage.state.accounts[name].position(BTC, side)
    return position.size if position else D(0)


def total(stage, asset="USDT"):
    wallets = sum(one.balances.get(asset, D(0)) for one in stage.state.accounts.values())
    return wallets + sum(
        amount for (_, name), amount in stage.state.purses.items() if name == asset
    )
