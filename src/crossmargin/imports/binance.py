"""Binance USDⓈ-M and COIN-M: replies of fapi, dapi and papi, and the account event.

Shapes from the venue's API documentation (USDⓈ-M Futures: Position Information V2 and V3,
Account Information V2 and V3, Futures Account Balance, Current All Open Orders, Mark Price,
Symbol Configuration, Multi-Assets Mode, Position Mode, Event: Balance and Position Update; the
COIN-M pages of the same names).

Rules: a wallet is `walletBalance` (`balance`), which includes isolated money. A bucket is
`isolatedWallet`; where that is not given, `isolatedMargin` less unrealised profit. Version 3
names no margin mode: a position with isolated money is isolated.
"""

import re
from decimal import Decimal

from crossmargin.errors import UsageError
from crossmargin.imports.draft import Draft, Holding, OpenOrder, Worth
from crossmargin.imports.reply import Row, shape
from crossmargin.imports.venue import (
    Venue,
    is_over,
    order_type,
    price_of,
    side_of,
    signed,
    with_note,
)
from crossmargin.model.account import AssetsMode, MarginMode, PositionMode
from crossmargin.model.instrument import Kind
from crossmargin.model.order import OrderType, Side
from crossmargin.money import EIGHT_PLACES, ONE, ZERO, plain, quotient_down

USDM, COINM = "binance-usdm", "binance-coinm"

_COIN_SYMBOL = re.compile(r"([A-Z0-9]+)USD_(PERP|\d{6})")
_LINEAR_SYMBOL = re.compile(r"[A-Z0-9]+?(USDT|USDC|BUSD|BTC|USD1)(_\d{6})?")


def _holding(row: Row, draft: Draft, symbol: str, size: Decimal, side: Side | None) -> Holding:
    mode = PositionMode.ONE_WAY if side is None else PositionMode.HEDGE
    coin = _COIN_SYMBOL.fullmatch(symbol)
    if (coin is not None) is not (draft.venue == COINM):
        there = USDM if coin is None else COINM
        raise UsageError(f"{row.where()}: {symbol} is a contract of {there}, not {draft.venue}")
    if size or side is not None:
        draft.set_position_mode(mode, row.where())
    holding = Holding(row.where(), symbol, size, side)
    is_future = symbol[-1].isdigit() and "_" in symbol
    if coin:
        holding.settle = coin[1]
        holding.kind = Kind.INVERSE_FUTURE if is_future else Kind.INVERSE_PERPETUAL
    else:
        linear = _LINEAR_SYMBOL.fullmatch(symbol)
        holding.settle = row.text("marginAsset") or (linear[1] if linear else None)
        holding.kind = Kind.LINEAR_FUTURE if is_future else Kind.LINEAR_PERPETUAL
        holding.per_unit = ONE
    return holding


def _position(row: Row, draft: Draft) -> None:
    symbol = row.name_of("symbol")
    side = side_of(row.text("positionSide"))
    size = row.needed("positionAmt")
    if side is not None:
        size = signed(size, is_short=side is Side.SHORT)
    holding = _holding(row, draft, symbol, size, side)
    holding.entry_price = price_of(row, "entryPrice")
    holding.mark_price = price_of(row, "markPrice")
    holding.leverage = row.number("leverage")
    holding.unrealised_pnl = row.number("unRealizedProfit", "unrealizedProfit")
    if draft.venue == USDM:
        holding.notional = row.number("notional")
        _leverage_from_margin(row, holding, draft)
    _mode_and_margin(row, holding, draft)
    draft.add(holding)


def _mode_and_margin(row: Row, holding: Holding, draft: Draft) -> None:
    wallet, margin = row.number("isolatedWallet"), row.number("isolatedMargin")
    word, flag = row.text("marginType").lower(), row.flag("isolated")
    if word or flag is not None:
        is_isolated = word == "isolated" or flag is True
    elif row.has("isolatedWallet") or row.has("isolatedMargin"):
        is_isolated = bool(wallet or margin)
    else:
        return
    holding.mode = MarginMode.ISOLATED if is_isolated else MarginMode.CROSS
    if not is_isolated or not holding.size:
        return
    holding.margin = wallet
    if not wallet and margin and holding.unrealised_pnl is not None:
        holding.margin = margin - holding.unrealised_pnl
        with_note(holding, "margin", "isolatedMargin less unrealised profit", draft)


def _leverage_from_margin(row: Row, holding: Holding, draft: Draft) -> None:
    # Version 3 gives no leverage, but the initial margin is notional ÷ leverage, to 8 places.
    margin, value = row.number("positionInitialMargin", "initialMargin"), holding.notional
    if holding.leverage is not None or not margin or not value:
        return
    leverage = quotient_down(abs(value), margin).to_integral_value()
    if leverage >= 1 and abs(quotient_down(abs(value), leverage) - margin) <= EIGHT_PLACES:
        holding.leverage = leverage
        why = "notional ÷ initial margin, as the reply names no leverage"
        draft.say(Worth.DERIVED, row.where(), f"leverage of {holding.symbol}", why)
        draft.notes[f"leverage.{holding.symbol}"] = why


def _account(row: Row, draft: Draft) -> None:
    is_multi = row.flag("multiAssetsMargin")
    if is_multi is not None:
        mode = AssetsMode.MULTI if is_multi else AssetsMode.SINGLE
        draft.set_assets_mode(mode, row.where("multiAssetsMargin"))
    for asset in row.rows("assets"):
        draft.balance(asset.name_of("asset"), asset.needed("walletBalance"), asset.where())
    for position in row.rows("positions"):
        if position.has("symbol", "positionAmt"):
            _position(position, draft)


def _balance(row: Row, draft: Draft) -> None:
    amount = row.needed("walletBalance", "balance")
    draft.balance(row.name_of("asset"), amount, row.where())


def _papi_balance(row: Row, draft: Draft) -> None:
    key = "umWalletBalance" if draft.venue == USDM else "cmWalletBalance"
    asset = row.name_of("asset")
    draft.balance(asset, row.needed(key), row.where())
    others = [
        name for name in ("crossMarginAsset", "crossMarginBorrowed") if row.number(name) or ZERO
    ]
    if others:
        why = "a portfolio margin account; only the futures wallet is written"
        draft.say(Worth.LEFT_OUT, row.where(), f"{asset} in {', '.join(others)}", why)


def _event(row: Row, draft: Draft) -> None:
    change = row.row("a")
    if change is None:
        return
    for asset in change.rows("B"):
        draft.balance(asset.name_of("a"), asset.needed("wb"), asset.where())
    for part in change.rows("P"):
        side = side_of(part.text("ps"))
        size = part.needed("pa")
        if side is None and not size:
            continue  # In hedge mode the net row stands beside those of the sides, and is flat.
        if side is not None:
            size = signed(size, is_short=side is Side.SHORT)
        holding = _holding(part, draft, part.name_of("s"), size, side)
        holding.entry_price = price_of(part, "ep")
        holding.unrealised_pnl = part.number("up")
        is_isolated = part.text("mt") == "isolated"
        holding.mode = MarginMode.ISOLATED if is_isolated else MarginMode.CROSS
        holding.margin = part.number("iw") if is_isolated else None
        draft.add(holding)
    why = "an event tells of what changed, not of the whole account"
    draft.say(Worth.LEFT_OUT, row.where(), "everything that did not change", why)


def _order(row: Row, draft: Draft) -> None:
    symbol = row.name_of("symbol")
    if is_over(row):
        return
    if row.flag("closePosition"):
        why = "it closes whatever is there, which the account file cannot say"
        draft.say(Worth.LEFT_OUT, row.where(), f"order of {symbol}", why)
        return
    kind = order_type(row, row.text("type", "origType"), draft, symbol)
    size = row.needed("origQty") - (row.number("executedQty") or ZERO)
    if kind is None or size <= 0:
        return
    price = price_of(row, "price")
    trigger = price_of(row, "stopPrice", "activatePrice")
    if kind.is_conditional and trigger is None:
        draft.say(Worth.LEFT_OUT, row.where(), f"order of {symbol}", "it names no trigger price")
        return
    size = signed(size, is_short=row.text("side").upper() == "SELL")
    side = side_of(row.text("positionSide"))
    mode = PositionMode.ONE_WAY if side is None else PositionMode.HEDGE
    draft.set_position_mode(mode, row.where())
    if not kind.is_conditional:
        trigger = None
    price = None if kind is OrderType.MARKET else price
    reduces = bool(row.flag("reduceOnly"))
    draft.orders.append(OpenOrder(row.where(), symbol, size, kind, price, trigger, reduces, side))


def _mark(row: Row, draft: Draft) -> None:
    symbol = row.name_of("symbol")
    draft.put_mark(symbol, row.number("markPrice"))
    draft.take_time(row.number("time"))
    row.ignore(*row.fields)


def _asset_index(row: Row, draft: Draft) -> None:
    symbol = row.name_of("symbol")
    draft.put_index(symbol.removesuffix("USD"), row.number("index"), row.where())


def _setting(row: Row, draft: Draft) -> None:
    symbol = row.name_of("symbol")
    draft.put_leverage(symbol, row.number("leverage"), row.where())
    is_isolated = row.text("marginType").lower() == "isolated"
    draft.put_margin_mode(symbol, MarginMode.ISOLATED if is_isolated else MarginMode.CROSS)


def _assets_mode(row: Row, draft: Draft) -> None:
    is_multi = bool(row.flag("multiAssetsMargin"))
    draft.set_assets_mode(AssetsMode.MULTI if is_multi else AssetsMode.SINGLE, row.where())


def _position_mode(row: Row, draft: Draft) -> None:
    is_hedge = bool(row.flag("dualSidePosition"))
    draft.set_position_mode(PositionMode.HEDGE if is_hedge else PositionMode.ONE_WAY, row.where())


def _finish(draft: Draft) -> None:
    if draft.venue == COINM:
        draft.assets_mode = AssetsMode.SINGLE
    for holding in draft.holdings.values():
        if holding.mode is None and holding.symbol in draft.margin_mode:
            holding.mode = draft.margin_mode[holding.symbol]
        if holding.mode is MarginMode.ISOLATED and not holding.margin:
            margin = plain(holding.margin) if holding.margin is not None else "not given"
            raise UsageError(
                f"{holding.where}: isolatedWallet of {holding.symbol} is {margin}, though the "
                "position is isolated; add the reply of positionRisk"
            )


_SHAPES = (
    shape("account", "assets positions totalWalletBalance", _account),
    shape("account", "assets positions canTrade", _account),
    shape("account event", "e a E", _event),
    shape("position", "symbol positionAmt", _position),
    shape("portfolio margin balance", "asset umWalletBalance cmWalletBalance", _papi_balance),
    shape("balance", "asset walletBalance", _balance),
    shape("balance", "asset balance crossWalletBalance", _balance),
    shape("order", "symbol orderId origQty side", _order),
    shape("mark price", "symbol markPrice", _mark),
    shape("asset index", "symbol index", _asset_index),
    shape("symbol setting", "symbol marginType leverage", _setting),
    shape("assets mode", "multiAssetsMargin", _assets_mode),
    shape("position mode", "dualSidePosition", _position_mode),
)

BINANCE_USDM = Venue(
    USDM,
    _SHAPES,
    "GET /fapi/v3/positionRisk",
    "GET /fapi/v3/account",
    _finish,
    "GET /fapi/v1/multiAssetsMargin",
)
BINANCE_COINM = Venue(COINM, _SHAPES, "GET /dapi/v1/positionRisk", "GET /dapi/v1/account", _finish)
