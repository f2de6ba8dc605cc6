"""OKX: account positions, balance, configuration, pending orders, mark prices.

Shapes from the venue's API documentation, version 5 (Get positions, Get balance, Get account
configuration, Order List, Get mark price, Get index tickers).

Rules: `cashBal` leaves isolated money out (`eq` = `cashBal` + `isoEq` + cross profit + `stgyEq`),
so a wallet is `cashBal` + `isoEq` − `isoUpl`. An isolated bucket is `margin`. Sizes are
contracts. `adjEq` is said of accounts that pool their coins, and of no others.
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
    side_of,
    signed,
)
from crossmargin.model.account import AssetsMode, MarginMode, PositionMode
from crossmargin.model.order import Side
from crossmargin.money import ZERO, quotient_down

_LEVELS = {"2": AssetsMode.SINGLE, "3": AssetsMode.MULTI, "4": AssetsMode.MULTI}
_ELSEWHERE = {
    "stgyEq": "money of trading bots is no margin of this account",
    "spotCopyTradingEq": "money of copy trading is no margin of this account",
    "fixedBal": "money that a dip order has set aside",
    "spotIsoBal": "money of copy trading is no margin of this account",
}


def _position(row: Row, draft: Draft) -> None:
    symbol, kind = row.name_of("instId"), row.text("instType")
    side = side_of(row.text("posSide"))
    size = row.needed("pos")
    if side is not None:
        size = signed(size, is_short=side is Side.SHORT)
    if kind == "OPTION":
        leave_out_option(row, symbol, draft, size)
        return
    if kind not in ("SWAP", "FUTURES"):
        if size:
            why = "the account file has no spot margin trades"
            draft.say(Worth.LEFT_OUT, row.where(), f"{kind.lower()} position {symbol}", why)
        return
    mode = PositionMode.ONE_WAY if side is None else PositionMode.HEDGE
    draft.set_position_mode(mode, row.where())
    is_isolated = row.text("mgnMode") == "isolated"
    holding = Holding(row.where(), symbol, size, side)
    holding.settle = row.text("ccy") or None
    holding.entry_price = price_of(row, "avgPx")
    holding.mark_price = price_of(row, "markPx")
    holding.leverage = row.number("lever")
    holding.unrealised_pnl = row.number("upl")
    holding.mode = MarginMode.ISOLATED if is_isolated else MarginMode.CROSS
    holding.margin = row.number("margin") if is_isolated else None
    draft.add(holding)


def _balance(row: Row, draft: Draft) -> None:
    for detail in row.rows("details"):
        _detail(detail, draft)
    draft.facts["pooled"] = Decimal(int(row.has("adjEq")))
    row.ignore("adjEq")
    draft.take_time(row.number("uTime"))


def _detail(row: Row, draft: Draft) -> None:
    asset = row.name_of("ccy")
    isolated = (row.number("isoEq") or ZERO) - (row.number("isoUpl") or ZERO)
    note = "cashBal + isoEq − isoUpl" if isolated else ""
    if note:
        draft.say(Worth.DERIVED, row.where(), f"balance of {asset}", note)
    draft.balance(asset, row.needed("cashBal") + isolated, row.where(), note)
    price = row.number("coinUsdPrice")
    if price:
        draft.put_index(asset, price, row.where())
    equity, value = row.number("eq"), row.number("eqUsd")
    if equity and value and equity * value > 0:
        draft.put_index(asset, quotient_down(value, equity), row.where("eqUsd"), "eqUsd ÷ eq")
    for key, why in _ELSEWHERE.items():
        if row.number(key):
            draft.say(Worth.UNUSED, row.where(key), f"{row.text(key)} {asset}", why)
    _debt(row, asset, draft)


def _debt(row: Row, asset: str, draft: Draft) -> None:
    # Money owed by the cross account is cash or equity below zero, so the balance has it; what an
    # isolated margin trade owes is not there.
    debt = abs(row.number("liab") or ZERO)
    if not debt:
        return
    interest = row.number("interest") or ZERO
    below_zero = -min(row.needed("cashBal"), row.number("eq") or ZERO)
    what = f"debt of {row.text('liab')} {asset}"
    if below_zero + interest >= debt:
        why = "it is within the balance and open losses; only its interest is not modelled"
        draft.say(Worth.UNUSED, row.where("liab"), what, why)
    else:
        why = "interest and limits of a loan have no place in the account file"
        draft.say(Worth.LEFT_OUT, row.where("liab"), what, why)


def _order(row: Row, draft: Draft) -> None:
    symbol = row.name_of("instId")
    if is_over(row):
        return
    if row.text("instType") in ("SPOT", "MARGIN", "OPTION"):
        why = f"the account file has no {row.text('instType').lower()} orders"
        draft.say(Worth.LEFT_OUT, row.where(), f"order of {symbol}", why)
        return
    kind = order_type(row, row.text("ordType"), draft, symbol)
    size = left(row, "sz", "accFillSz")
    if kind is None or not size:
        return
    size = signed(size, is_short=is_sell(row))
    side = side_of(row.text("posSide"))
    price = price_of(row, "px")
    reduces = bool(row.flag("reduceOnly"))
    draft.orders.append(OpenOrder(row.where(), symbol, size, kind, price, None, reduces, side))


def _config(row: Row, draft: Draft) -> None:
    level = row.text("acctLv")
    if level in _LEVELS:
        draft.set_assets_mode(_LEVELS[level], row.where("acctLv"))
    if level == "4":
        why = "the file is judged by multi-currency margin"
        draft.say(Worth.LEFT_OUT, row.where("acctLv"), "portfolio margin", why)
    is_hedge = row.text("posMode") == "long_short_mode"
    draft.set_position_mode(PositionMode.HEDGE if is_hedge else PositionMode.ONE_WAY, row.where())


def _index(row: Row, draft: Draft) -> None:
    base, _, quote = row.name_of("instId").partition("-")
    if quote == "USD":
        draft.put_index(base, row.number("idxPx"), row.where())
    row.ignore(*row.fields)


def _finish(draft: Draft) -> None:
    if draft.assets_mode is None and "pooled" in draft.facts:
        is_pooled = bool(draft.facts["pooled"])
        draft.assets_mode = AssetsMode.MULTI if is_pooled else AssetsMode.SINGLE
        why = "from adjEq being there or not; GET /api/v5/account/config names the mode"
        draft.say(Worth.DERIVED, "all replies", f"assets_mode {draft.assets_mode}", why)
        draft.notes["assets_mode"] = "derived: adjEq is said of accounts that pool, only"


OKX = Venue(
    "okx",
    (
        shape("position", "instId instType pos mgnMode avgPx", _position),
        shape("balance", "details totalEq", _balance),
        shape("balance", "ccy cashBal", _detail),
        shape("order", "instId ordId sz side", _order),
        shape("mark price", "instId markPx", put_mark_row("instId", "markPx")),
        shape("index price", "instId idxPx", _index),
        shape("configuration", "acctLv posMode", _config),
    ),
    "GET /api/v5/account/positions",
    "GET /api/v5/account/balance",
    _finish,
    "GET /api/v5/account/config",
)
