"""Bitget: futures positions and accounts of version 2, unified account of version 3.

Shapes from the venue's API documentation (v2: Get All Positions, Get Account List, Get Pending
Orders, Get Mark/Index/Market Prices; v3: Get Position Info, Get Account Assets).

Rules: version 2 gives a wallet's equity with open profit, so the wallet is `accountEquity` −
`unrealizedPL`; version 3 gives `balance` and `debt`. An isolated bucket is `marginSize`
(version 3 `positionBalance`).
"""

from crossmargin.imports.draft import Draft, Holding, OpenOrder, Worth
from crossmargin.imports.reply import Row, shape
from crossmargin.imports.venue import (
    Venue,
    is_over,
    is_sell,
    left,
    order_type,
    price_of,
    put_mark_row,
    side_of,
    signed,
)
from crossmargin.model.account import AssetsMode, MarginMode, PositionMode
from crossmargin.model.instrument import Kind
from crossmargin.model.order import Side
from crossmargin.money import ONE, ZERO, quotient_down


def _position(row: Row, draft: Draft) -> None:
    symbol = row.name_of("symbol")
    word = side_of(row.text("holdSide", "posSide"))
    size = signed(row.needed("total"), is_short=word is Side.SHORT)
    is_hedge = row.text("posMode", "holdMode") == "hedge_mode"
    mode = PositionMode.HEDGE if is_hedge else PositionMode.ONE_WAY
    draft.set_position_mode(mode, row.where())
    is_isolated = row.text("marginMode") == "isolated"
    holding = Holding(row.where(), symbol, size, word if is_hedge else None)
    holding.settle = row.text("marginCoin") or None
    holding.per_unit = ONE if holding.settle in ("USDT", "USDC") else None
    holding.kind = Kind.LINEAR_PERPETUAL if holding.per_unit is not None else None
    holding.base = symbol.removesuffix("PERP") if symbol.endswith("PERP") else None
    holding.entry_price = price_of(row, "openPriceAvg", "avgPrice")
    holding.mark_price = price_of(row, "markPrice")
    holding.leverage = row.number("leverage")
    holding.unrealised_pnl = row.number("unrealizedPL", "unrealisedPnl")
    holding.mode = MarginMode.ISOLATED if is_isolated else MarginMode.CROSS
    margin = row.number("marginSize", "positionBalance")
    holding.margin = margin if is_isolated else None
    draft.add(holding)


def _account(row: Row, draft: Draft) -> None:
    asset = row.name_of("marginCoin")
    profit = row.number("unrealizedPL") or ZERO
    note = "accountEquity − unrealizedPL" if profit else ""
    if note:
        draft.say(Worth.DERIVED, row.where(), f"balance of {asset}", note)
    draft.balance(asset, row.needed("accountEquity") - profit, row.where(), note)
    if row.has("assetMode"):
        is_multi = row.text("assetMode") == "union"
        mode = AssetsMode.MULTI if is_multi else AssetsMode.SINGLE
        draft.set_assets_mode(mode, row.where("assetMode"))
    if row.number("coupon", "grant"):
        why = "it counts for margin and cannot be withdrawn; the account file has no bonus"
        draft.say(Worth.LEFT_OUT, row.where("coupon"), f"bonus in {asset}", why)


def _unified(row: Row, draft: Draft) -> None:
    draft.set_assets_mode(AssetsMode.MULTI, row.where())
    for coin in row.rows("assets"):
        asset = coin.name_of("coin")
        debt = coin.number("debt", "debts") or ZERO
        note = "balance less debt" if debt else ""
        draft.balance(asset, coin.needed("balance") - debt, coin.where(), note)
        if debt:
            why = "the account file holds it as a smaller balance, without its interest"
            draft.say(Worth.DERIVED, coin.where("debt"), f"debt in {asset}", why)
        equity, value = coin.number("equity"), coin.number("usdValue")
        if equity and value and equity * value > 0:
            price = quotient_down(value, equity)
            draft.put_index(asset, price, coin.where("usdValue"), "usdValue ÷ equity")


def _order(row: Row, draft: Draft) -> None:
    symbol = row.name_of("symbol")
    if is_over(row):
        return
    kind = order_type(row, row.text("orderType"), draft, symbol)
    size = left(row, "size" if row.has("size") else "qty", "baseVolume", "cumExecQty")
    if kind is None or not size:
        return
    side = side_of(row.text("posSide"))
    size = signed(size, is_short=is_sell(row))
    price, reduces = price_of(row, "price"), bool(row.flag("reduceOnly"))
    draft.orders.append(OpenOrder(row.where(), symbol, size, kind, price, None, reduces, side))


BITGET = Venue(
    "bitget",
    (
        shape("position", "symbol total marginMode holdSide", _position),
        shape("position", "symbol total marginMode posSide", _position),
        shape("account", "marginCoin accountEquity", _account),
        shape("unified account", "assets accountEquity", _unified),
        shape("order", "symbol orderId side orderType", _order),
        shape("mark price", "symbol markPrice", put_mark_row("symbol", "markPrice")),
    ),
    "GET /api/v2/mix/position/all-position",
    "GET /api/v2/mix/account/accounts",
    assets_mode_from="GET /api/v2/mix/account/accounts",
)
