"""Bybit unified account: position list, wallet balance, open orders, tickers, account info.

Shapes from the venue's API documentation, version 5 (Get Position Info, Get Wallet Balance, Get
Open Orders, Get Tickers, Get Account Info).

Rules: what a coin's wallet holds is `walletBalance` less `spotBorrow`, as in the page's formula
of equity. An isolated bucket is `positionBalance`. A position that names no entry price in
`avgPrice` has it in `entryPrice`. Inverse sizes are contracts of 1 USD.
"""

from decimal import Decimal

from crossmargin.imports.draft import Draft, Holding, OpenOrder, Worth
from crossmargin.imports.reply import Row, shape
from crossmargin.imports.venue import (
    Venue,
    is_over,
    is_sell,
    leave_out_option,
    left,
    order_type,
    price_of,
    put_mark_row,
    signed,
    with_note,
)
from crossmargin.model.account import AssetsMode, MarginMode, PositionMode
from crossmargin.model.instrument import Kind
from crossmargin.model.order import OrderType, Side
from crossmargin.money import ONE, ZERO, quotient_down

_SIDES = {"1": Side.LONG, "2": Side.SHORT}
_MODES = {
    "ISOLATED_MARGIN": AssetsMode.SINGLE,
    "REGULAR_MARGIN": AssetsMode.MULTI,
    "PORTFOLIO_MARGIN": AssetsMode.MULTI,
}


def _settle(symbol: str) -> str | None:
    if symbol.endswith("USDT"):
        return "USDT"
    if symbol.endswith("PERP"):
        return "USDC"
    return symbol[:-3] if symbol.endswith("USD") else None


def _position(row: Row, draft: Draft) -> None:
    symbol = row.name_of("symbol")
    size = signed(row.needed("size"), is_short=is_sell(row))
    if symbol.count("-") >= 3:
        leave_out_option(row, symbol, draft, size)
        return
    index = row.text("positionIdx")
    side = _SIDES.get(index)
    if index and (size or side):
        mode = PositionMode.HEDGE if side else PositionMode.ONE_WAY
        draft.set_position_mode(mode, row.where())
    settle = _settle(symbol)
    holding = Holding(row.where(), symbol, size, side, settle=settle)
    holding.per_unit = ONE if settle in ("USDT", "USDC") else None
    if holding.per_unit is not None:
        holding.kind = Kind.LINEAR_FUTURE if "-" in symbol else Kind.LINEAR_PERPETUAL
        holding.base = symbol.removesuffix("PERP") if symbol.endswith("PERP") else None
    holding.entry_price = price_of(row, "avgPrice", "entryPrice")
    holding.mark_price = price_of(row, "markPrice")
    holding.leverage = row.number("leverage")
    holding.unrealised_pnl = row.number("unrealisedPnl")
    if row.has("tradeMode"):
        is_isolated = row.text("tradeMode") == "1"
        holding.mode = MarginMode.ISOLATED if is_isolated else MarginMode.CROSS
    margin = row.number("positionBalance") or row.number("positionIM")
    draft.add(holding)
    if holding.size:
        draft.facts[f"margin.{symbol}.{side}"] = margin or ZERO


def _wallet(row: Row, draft: Draft) -> None:
    # Only the unified account pools its coins; isolated margin is told by the account's info.
    if row.text("accountType") == "UNIFIED":
        draft.facts["unified"] = ONE
    for coin in row.rows("coin"):
        asset = coin.name_of("coin")
        borrowed = coin.number("spotBorrow") or ZERO
        note = ""
        if borrowed:
            note = "walletBalance less spotBorrow"
            draft.say(Worth.DERIVED, coin.where(), f"balance of {asset}", note)
            why = "the account file holds a debt as a smaller balance, without its interest"
            draft.say(Worth.DERIVED, coin.where("spotBorrow"), f"spot borrow of {asset}", why)
        draft.balance(asset, coin.needed("walletBalance") - borrowed, coin.where(), note)
        equity, value = coin.number("equity"), coin.number("usdValue")
        if equity and value and equity * value > 0:
            draft.put_index(
                asset, quotient_down(value, equity), coin.where("usdValue"), "usdValue ÷ equity"
            )
        if coin.number("bonus"):
            why = "bonus counts for margin and cannot be withdrawn; the account file has no bonus"
            draft.say(Worth.LEFT_OUT, coin.where("bonus"), f"bonus in {asset}", why)


def _order(row: Row, draft: Draft) -> None:
    symbol = row.name_of("symbol")
    if is_over(row):
        return
    kind = order_type(row, row.text("orderType"), draft, symbol)
    size = row.number("leavesQty")
    size = left(row, "qty", "cumExecQty") if size is None else size
    if kind is None or not size:
        return
    trigger = price_of(row, "triggerPrice")
    if trigger is not None:
        kind = OrderType.STOP if kind is OrderType.LIMIT else OrderType.STOP_MARKET
    price = price_of(row, "price") if kind in (OrderType.LIMIT, OrderType.STOP) else None
    size = signed(size, is_short=is_sell(row))
    side = _SIDES.get(row.text("positionIdx"))
    reduces = bool(row.flag("reduceOnly"))
    draft.orders.append(OpenOrder(row.where(), symbol, size, kind, price, trigger, reduces, side))


def _info(row: Row, draft: Draft) -> None:
    word = row.text("marginMode")
    if word == "PORTFOLIO_MARGIN":
        why = "the file is judged by regular margin"
        draft.say(Worth.LEFT_OUT, row.where("marginMode"), "portfolio margin", why)
    if word in _MODES:
        draft.set_assets_mode(_MODES[word], row.where("marginMode"))
        draft.facts["isolated"] = Decimal(int(word == "ISOLATED_MARGIN"))


def _finish(draft: Draft) -> None:
    is_account_isolated = bool(draft.facts.get("isolated"))
    for holding in draft.holdings.values():
        if is_account_isolated:
            holding.mode = MarginMode.ISOLATED
        if holding.mode is MarginMode.ISOLATED:
            holding.margin = draft.facts[f"margin.{holding.symbol}.{holding.side}"]
            note = "positionBalance, else positionIM: with the estimated closing fee in it"
            with_note(holding, "margin", note, draft)
    has_buckets = any(one.mode is MarginMode.ISOLATED for one in draft.holdings.values())
    if draft.assets_mode is None and ("unified" in draft.facts or has_buckets):
        draft.assets_mode = AssetsMode.SINGLE if has_buckets else AssetsMode.MULTI
        why = "no reply names the account's margin mode; GET /v5/account/info does"
        draft.say(Worth.DERIVED, "all replies", f"assets_mode {draft.assets_mode}", why)
        draft.notes["assets_mode"] = "assumed: no reply names the margin mode"


BYBIT = Venue(
    "bybit",
    (
        shape("position", "symbol size side positionValue", _position),
        shape("wallet", "coin accountType", _wallet),
        shape("order", "symbol orderId qty side", _order),
        shape("ticker", "symbol markPrice indexPrice", put_mark_row("symbol", "markPrice")),
        shape("account info", "marginMode unifiedMarginStatus", _info),
    ),
    "GET /v5/position/list",
    "GET /v5/account/wallet-balance",
    _finish,
    "GET /v5/account/info",
)
