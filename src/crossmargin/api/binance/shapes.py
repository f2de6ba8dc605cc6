"""Orders and trades in Binance's words. Decimals are strings, times are integers, truth is JSON's.

An order that waited for its trigger goes on under the same id: it is an algo order by that id, and
once triggered an order by it too (`actualOrderId`).
"""

from decimal import Decimal
from typing import Any

from crossmargin.history.records import OrderRecord, OrderSide, TradeRecord
from crossmargin.model.account import PositionMode
from crossmargin.model.order import OrderType, Side
from crossmargin.money import EIGHT_PLACES, ZERO, down_to, plain, quotient_down
from crossmargin.venue.command import Trigger
from crossmargin.venue.event import OrderStatus

STATUSES = {
    OrderStatus.WAITING: "NEW",
    OrderStatus.OPEN: "NEW",
    OrderStatus.PARTLY_FILLED: "PARTIALLY_FILLED",
    OrderStatus.FILLED: "FILLED",
    OrderStatus.CANCELLED: "CANCELED",
    OrderStatus.EXPIRED: "EXPIRED",
}
IN_MATCH = "EXPIRED_IN_MATCH"
"""What an order that self-trade prevention has ended is."""
OPEN = (OrderStatus.WAITING, OrderStatus.OPEN, OrderStatus.PARTLY_FILLED)
FORCED_IDS = 1 << 52
"""Where ids of what was forced begin: orders are counted from one, and clients round above 2^53."""
REJECTIONS = ("margin is insufficient", "post-only", "cannot fill whole", "reduce-only")
"""Why a triggered order may be over before it has come in, in the venue's words."""


def is_order(record: OrderRecord) -> bool:
    """Return whether Binance would list it among orders: it needs no trigger any more."""
    return not record.type.is_conditional or record.triggered_ms is not None


def status_of(record: OrderRecord) -> str:
    """Return an order's status."""
    if record.status is OrderStatus.EXPIRED and record.why == "self-trade":
        return IN_MATCH
    return STATUSES[record.status]


def type_of(record: OrderRecord) -> str:
    """Return what an order is once it needs no trigger: LIMIT or MARKET."""
    return OrderType.MARKET.name if record.price is None else OrderType.LIMIT.name


def average_price(record: OrderRecord) -> Decimal:
    """Return the average price of an order's fills, cut at 8 places; zero without one."""
    if not record.filled:
        return ZERO
    return average(record.cost, record.filled)


def average(cost: Decimal, size: Decimal) -> Decimal:
    """Return the average price of a signed size, cut at 8 places."""
    return down_to(EIGHT_PLACES, quotient_down(cost, abs(size)))


def side_name(side: Side | None) -> str:
    """Return what a position's side is called; BOTH in one-way mode."""
    return "BOTH" if side is None else side.name


def held_side_name(side: Side, mode: PositionMode) -> str:
    """Return what the side of a position that is held is called."""
    return side_name(side if mode is PositionMode.HEDGE else None)


def working_type(trigger: Trigger) -> str:
    """Return which price an order waits for."""
    return "MARK_PRICE" if trigger is Trigger.MARK else "CONTRACT_PRICE"


def order(record: OrderRecord, *, is_acknowledgement: bool = False) -> dict[str, Any]:
    """Return an order; as an acknowledgement it says that it is in, and not what came of it."""
    filled = ZERO if is_acknowledgement else abs(record.filled)
    return {
        "orderId": record.id,
        "symbol": record.symbol,
        "status": "NEW" if is_acknowledgement else status_of(record),
        "clientOrderId": client_id(record),
        "price": plain(record.price or ZERO),
        "avgPrice": plain(ZERO if is_acknowledgement else average_price(record)),
        "origQty": plain(abs(record.size)),
        "executedQty": plain(filled),
        "cumQty": plain(filled),
        "cumQuote": plain(ZERO if is_acknowledgement else record.cost),
        "timeInForce": record.time_in_force.name,
        "type": type_of(record),
        "reduceOnly": record.reduce_only,
        "closePosition": record.is_close_position,
        "side": record.side.name,
        "positionSide": side_name(record.position_side),
        "stopPrice": plain(record.trigger_price or ZERO),
        "workingType": working_type(record.trigger),
        "priceProtect": False,
        "origType": record.type.name,
        "priceMatch": "NONE",
        "selfTradePreventionMode": record.self_trade.name,
        "goodTillDate": 0,
        "time": record.created_ms,
        "updateTime": record.updated_ms,
    }


def client_id(record: OrderRecord) -> str:
    """Return an order's client id; one that the venue has made itself has its number."""
    return record.client_id or f"venue_{record.id}"


def algo_status(record: OrderRecord) -> str:
    """Return where a conditional order is."""
    if record.triggered_ms is None:
        return "NEW" if record.status is OrderStatus.WAITING else STATUSES[record.status]
    if record.status in OPEN:
        return "TRIGGERED"
    return "REJECTED" if is_rejected(record) else "FINISHED"


def is_rejected(record: OrderRecord) -> bool:
    """Return whether a triggered order was over before it had come in."""
    is_over = record.status is OrderStatus.EXPIRED and not record.filled
    return is_over and record.why in REJECTIONS


def algo_order(record: OrderRecord) -> dict[str, Any]:
    """Return a conditional order."""
    is_trailing = record.type is OrderType.TRAILING_STOP_MARKET
    is_triggered = record.triggered_ms is not None
    trigger_price = plain(record.trigger_price or ZERO)
    return {
        "algoId": record.id,
        "clientAlgoId": client_id(record),
        "algoType": "CONDITIONAL",
        "orderType": record.type.name,
        "symbol": record.symbol,
        "side": record.side.name,
        "positionSide": side_name(record.position_side),
        "timeInForce": record.time_in_force.name,
        "quantity": plain(abs(record.size)),
        "algoStatus": algo_status(record),
        "actualOrderId": str(record.id) if is_triggered else "",
        "actualPrice": plain(average_price(record)),
        "triggerPrice": "0" if is_trailing else trigger_price,
        "price": plain(record.price or ZERO),
        "icebergQuantity": None,
        "selfTradePreventionMode": record.self_trade.name,
        "workingType": working_type(record.trigger),
        "priceMatch": "NONE",
        "closePosition": record.is_close_position,
        "priceProtect": False,
        "reduceOnly": record.reduce_only,
        "activatePrice": trigger_price if is_trailing else "",
        "callbackRate": plain((record.callback_fraction or ZERO) * 100) if is_trailing else "",
        "createTime": record.created_ms,
        "updateTime": record.updated_ms,
        "triggerTime": record.triggered_ms or 0,
        "goodTillDate": 0,
    }


def user_trade(record: TradeRecord, mode: PositionMode) -> dict[str, Any]:
    """Return one side of a trade, as the account it belongs to reads it."""
    is_buyer = record.size > 0
    return {
        "symbol": record.symbol,
        "id": record.id,
        "orderId": order_id_of(record),
        "side": "BUY" if is_buyer else "SELL",
        "price": plain(record.price),
        "qty": plain(abs(record.size)),
        "realizedPnl": plain(record.realised_pnl),
        "marginAsset": record.fee_asset,
        "quoteQty": plain(record.quote),
        "commission": plain(record.fee),
        "commissionAsset": record.fee_asset,
        "time": record.at_ms,
        "positionSide": held_side_name(record.position_side, mode),
        "maker": record.is_maker,
        "buyer": is_buyer,
    }


def order_id_of(trade: TradeRecord) -> int:
    """Return the id of the order that a trade is of; one that was forced has its own."""
    if trade.order_id is not None:
        return trade.order_id
    # In hedge mode both sides of a trade may be one account's.
    return FORCED_IDS + 2 * trade.id + (trade.size > 0)


def side_of(size: Decimal) -> OrderSide:
    """Return what a signed size does."""
    return OrderSide.BUY if size > 0 else OrderSide.SELL
