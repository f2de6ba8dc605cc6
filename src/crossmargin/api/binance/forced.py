"""What the venue closed of an account by force, as the orders that Binance lists for it.

The venue has no orders for it, so each trade is one that was filled at once, by the same ids
wherever it is told of: `allOrders`, `order`, `forceOrders`, `userTrades`, the owner's stream.

That they are among all orders: JKorf/Binance.Net, issue 1456; their names: Binance's documentation
of `forceOrders`.
"""

from crossmargin.api.binance.shapes import order_id_of, side_of
from crossmargin.history.history import History
from crossmargin.history.records import OrderRecord, TradeRecord
from crossmargin.model.account import PositionMode
from crossmargin.model.order import OrderType
from crossmargin.money import EIGHT_PLACES, down_to
from crossmargin.venue.command import SelfTrade, TimeInForce, Trigger
from crossmargin.venue.event import OrderStatus
from crossmargin.venue.state import AccountState

LIQUIDATION_NAME = "autoclose-"
ADL_NAME = "adl_autoclose"


def forced_orders(
    history: History, account: AccountState, symbol: str | None, *, is_adl: bool | None = None
) -> list[OrderRecord]:
    """Return what was closed of an account by force, oldest first; None asks for either kind."""
    is_hedge = account.position_mode is PositionMode.HEDGE
    return [
        as_order(one.trade, is_hedge=is_hedge, is_deleveraging=one.is_deleveraging)
        for one in history.forced(account.name, symbol)
        if is_adl in (None, one.is_deleveraging)
    ]


def as_order(trade: TradeRecord, *, is_hedge: bool, is_deleveraging: bool) -> OrderRecord:
    """Return a forced trade as an order of its own."""
    number = order_id_of(trade)
    return OrderRecord(
        id=number,
        client_id=ADL_NAME if is_deleveraging else f"{LIQUIDATION_NAME}{number}",
        account=trade.account,
        symbol=trade.symbol,
        side=side_of(trade.size),
        size=trade.size,
        filled=trade.size,
        cost=down_to(EIGHT_PLACES, abs(trade.size) * trade.price),
        type=OrderType.LIMIT,
        price=down_to(EIGHT_PLACES, trade.price),
        trigger_price=None,
        trigger=Trigger.LAST,
        callback_fraction=None,
        time_in_force=TimeInForce.IOC,
        reduce_only=False,
        is_close_position=False,
        position_side=trade.position_side if is_hedge else None,
        status=OrderStatus.FILLED,
        parent_id=None,
        triggered_ms=None,
        created_ms=trade.at_ms,
        updated_ms=trade.at_ms,
        why=trade.why,
        self_trade=SelfTrade.NONE,
        stop_loss_price=None,
        take_profit_price=None,
    )
