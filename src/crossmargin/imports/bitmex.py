"""BitMEX: positions, margin, wallet, instruments, orders.

Shapes from the venue's API explorer (Position.get, User.getMargin, User.getWallet,
Instrument.get, Order.getOrders).

Rules: money is in the smallest unit of its currency (XBt 1e-8, USDt 1e-6) and is written in
whole ones. An isolated bucket is `posMargin`: `maintMargin` is the same with open profit in.
Sizes are contracts.
"""

from decimal import Decimal

from crossmargin.imports.draft import Draft, Holding, OpenOrder, Worth
from crossmargin.imports.reply import Row, shape
from crossmargin.imports.venue import (
    Venue,
    is_over,
    is_sell,
    order_type,
    price_of,
    put_mark_row,
    signed,
    with_note,
)
from crossmargin.model.account import AssetsMode, MarginMode, PositionMode
from crossmargin.model.order import OrderType

# Currency as replies write it: asset, and whole units in one of its smallest.
_UNITS = {
    "XBt": ("XBT", Decimal("1e-8")),
    "USDt": ("USDT", Decimal("1e-6")),
    "BMEx": ("BMEX", Decimal("1e-6")),
    "Gwei": ("ETH", Decimal("1e-9")),
}


def _unit(row: Row, draft: Draft) -> tuple[str, Decimal] | None:
    currency = row.text("currency")
    unit = _UNITS.get(currency)
    if unit is None:
        why = "how large its smallest unit is, is not known here"
        draft.say(Worth.LEFT_OUT, row.where("currency"), f"money in {currency or '?'}", why)
    return unit


def _position(row: Row, draft: Draft) -> None:
    symbol, size = row.name_of("symbol"), row.needed("currentQty")
    unit = _unit(row, draft) if size else None
    holding = Holding(row.where(), symbol, size)
    holding.entry_price = price_of(row, "avgEntryPrice")
    holding.mark_price = price_of(row, "markPrice")
    is_cross = row.flag("crossMargin")
    if is_cross is not None:
        holding.mode = MarginMode.CROSS if is_cross else MarginMode.ISOLATED
    leverage = row.number("leverage")
    holding.leverage = None if is_cross else leverage
    if unit is not None:
        holding.settle, scale = unit
        margin, profit = row.number("posMargin"), row.number("unrealisedPnl")
        holding.unrealised_pnl = None if profit is None else profit * scale
        if holding.mode is MarginMode.ISOLATED and margin is not None:
            holding.margin = margin * scale
            with_note(holding, "margin", "posMargin, in whole units", draft)
    draft.add(holding)


def _money(row: Row, draft: Draft) -> None:
    unit = _unit(row, draft)
    if unit is not None:
        asset, scale = unit
        draft.balance(asset, row.needed("walletBalance", "amount") * scale, row.where())


def _order(row: Row, draft: Draft) -> None:
    symbol = row.name_of("symbol")
    if is_over(row):
        return
    kind = order_type(row, row.text("ordType"), draft, symbol)
    if row.text("ordType") == "Stop":
        kind = OrderType.STOP_MARKET  # Here a stop that has a limit is called StopLimit.
    size = row.needed("leavesQty", "orderQty")
    if kind is None or not size:
        return
    size = signed(size, is_short=is_sell(row))
    trigger = price_of(row, "stopPx") if kind.is_conditional else None
    reduces = "ReduceOnly" in row.text("execInst") or "Close" in row.text("execInst")
    price = price_of(row, "price")
    draft.orders.append(OpenOrder(row.where(), symbol, size, kind, price, trigger, reduces))


def _finish(draft: Draft) -> None:
    draft.assets_mode, draft.position_mode = AssetsMode.SINGLE, PositionMode.ONE_WAY


BITMEX = Venue(
    "bitmex",
    (
        shape("position", "symbol currentQty", _position),
        shape("margin", "currency walletBalance", _money),
        shape("wallet", "currency amount", _money),
        shape("order", "symbol orderID orderQty side", _order),
        shape("instrument", "symbol markPrice", put_mark_row("symbol", "markPrice")),
    ),
    "GET /api/v1/position",
    "GET /api/v1/user/margin?currency=all",
    _finish,
)
