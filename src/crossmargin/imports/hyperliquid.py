"""Hyperliquid: the perpetuals' account state, open orders.

Shapes from the venue's API documentation (info endpoint: clearinghouseState, openOrders,
frontendOpenOrders, spotClearinghouseState).

Rules: account value and margin used are given with open profit in them, so a wallet is
`accountValue` − Σ profit and an isolated bucket is `marginUsed` − profit, with profit
size × (mark − entry) of the prices written, so that equity is the venue's to the digit although
the entry prices shown are rounded. Marks are `positionValue` ÷ size, which is how they are made.
"""

from decimal import Decimal

from crossmargin.errors import UsageError
from crossmargin.imports.draft import Draft, Holding, OpenOrder, Worth
from crossmargin.imports.reply import Row, shape
from crossmargin.imports.venue import Venue, is_sell, order_type, price_of, signed, with_note
from crossmargin.model.account import MarginMode, PositionMode
from crossmargin.model.instrument import Kind
from crossmargin.model.order import OrderType
from crossmargin.money import ONE, ZERO, plain, quotient_up

ASSET = "USDC"
_SLACK = Decimal("0.01")  # Totals are rounded in other places than their parts.


def _holding(row: Row) -> Holding:
    position = row.row("position")
    row.ignore("type")
    if position is None:
        raise UsageError(f"{row.where('position')}: is no object")
    symbol = position.name_of("coin")
    size = position.needed("szi")
    leverage = position.row("leverage")
    holding = Holding(position.where(), symbol, size, settle=ASSET, per_unit=ONE)
    holding.entry_price = price_of(position, "entryPx")
    holding.kind = Kind.LINEAR_PERPETUAL
    holding.notional = position.number("positionValue")
    holding.unrealised_pnl = position.number("unrealizedPnl")
    used = position.number("marginUsed")
    if size and holding.notional:
        holding.mark_price = quotient_up(abs(holding.notional), abs(size))
        holding.notes["mark_price"] = "positionValue ÷ size"
    if leverage is not None:
        is_isolated = leverage.text("type") == "isolated"
        holding.mode = MarginMode.ISOLATED if is_isolated else MarginMode.CROSS
        holding.leverage = leverage.number("value")
        leverage.ignore("rawUsd")
        if is_isolated:
            holding.margin = used  # With open profit, until all is known: `_finish`.
    return holding


def _position(row: Row, draft: Draft) -> None:
    draft.add(_holding(row))


def _state(row: Row, draft: Draft) -> None:
    holdings = [_holding(position) for position in row.rows("assetPositions")]
    for holding in holdings:
        draft.add(holding)
    whole, cross = row.row("marginSummary"), row.row("crossMarginSummary")
    total = whole or cross
    if total is None:
        raise UsageError(f"{row.where()}: has neither marginSummary nor crossMarginSummary")
    _refuse_parts(total, holdings, is_whole=whole is not None)
    draft.facts["isolated_in_value"] = ONE if whole is not None else ZERO
    draft.fact("accountValue", total.needed("accountValue"), total.where())
    if whole is not None and cross is not None:
        # Some saved replies show the cross value twice: then the buckets come on top.
        if cross.number("accountValue") == draft.facts["accountValue"]:
            draft.facts["isolated_in_value"] = ZERO
        cross.ignore(*cross.fields)
    total.ignore(*total.fields)
    draft.take_time(row.number("time"))


def _refuse_parts(total: Row, holdings: list[Holding], *, is_whole: bool) -> None:
    stated = total.number("totalNtlPos")
    values = (
        one.notional or ZERO for one in holdings if is_whole or one.mode is not MarginMode.ISOLATED
    )
    held = sum(values, ZERO)
    # A reply that says zero beside isolated positions has its totals of cross positions twice.
    if stated and abs(stated - held) > _SLACK:
        raise UsageError(
            f"{total.where('totalNtlPos')}: is {plain(stated)}, but the positions in the reply are "
            f"worth {plain(held)}; give the whole reply"
        )


def _spot(row: Row, draft: Draft) -> None:
    for coin in row.rows("balances"):
        if coin.number("total"):
            what = f"{coin.text('total')} {coin.text('coin')} on the spot side"
            draft.say(
                Worth.UNUSED, coin.where(), what, "it is no margin of the perpetuals' account"
            )
        coin.ignore(*coin.fields)


def _order(row: Row, draft: Draft) -> None:
    symbol = row.name_of("coin")
    kind = order_type(row, row.text("orderType") or "Limit", draft, symbol)
    size = row.needed("sz")
    if kind is None or not size:
        return
    size = signed(size, is_short=is_sell(row))
    trigger = price_of(row, "triggerPx") if kind.is_conditional else None
    has_price = kind in (OrderType.LIMIT, OrderType.STOP, OrderType.TAKE_PROFIT)
    price = price_of(row, "limitPx") if has_price else None
    reduces = bool(row.flag("reduceOnly"))
    draft.orders.append(OpenOrder(row.where(), symbol, size, kind, price, trigger, reduces))


def _profit(holding: Holding) -> Decimal:
    if holding.mark_price is None or holding.entry_price is None:
        return holding.unrealised_pnl or ZERO
    return holding.size * (holding.mark_price - holding.entry_price)


def _finish(draft: Draft) -> None:
    draft.position_mode = PositionMode.ONE_WAY
    holdings = draft.holdings.values()
    used_isolated = draft.money_in_buckets(holdings)
    for holding in holdings:
        if holding.margin is not None:
            holding.margin -= _profit(holding)
            with_note(holding, "margin", "marginUsed − size × (mark − entry)", draft)
    value = draft.facts.get("accountValue")
    if value is None:
        return
    if not draft.facts["isolated_in_value"] and used_isolated:
        value += used_isolated
        why = "accountValue is the cross account's, so what buckets hold is added"
        draft.say(Worth.DERIVED, "all replies", f"balance of {ASSET}", why)
    profit = sum(map(_profit, holdings), ZERO)
    note = "accountValue − Σ size × (mark − entry)" if profit else ""
    if note:
        draft.say(Worth.DERIVED, "all replies", f"balance of {ASSET}", note)
    draft.balance(ASSET, value - profit, "accountValue", note)


HYPERLIQUID = Venue(
    "hyperliquid",
    (
        shape("account state", "assetPositions withdrawable", _state),
        shape("position", "position type", _position),
        shape("spot state", "balances", _spot),
        shape("order", "coin oid sz side", _order),
    ),
    "clearinghouseState",
    "clearinghouseState",
    _finish,
)
