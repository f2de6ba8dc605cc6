"""Deribit: positions, account summaries, open orders, tickers.

Shapes from the venue's API documentation (private/get_positions, private/get_account_summary and
get_account_summaries, private/get_open_orders, public/ticker).

Rules: the venue pays open profit into `balance` at each daily settlement and counts the next
day's from there; equity is `balance` plus `floating_profit_loss`. So the entry price written is
the one this session's floating profit implies, not `average_price`, whose profit is in the
balance already. `leverage` is
the largest allowed and no setting. Sizes are USD for inverse contracts and coins for linear ones.
"""

import re
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
    signed,
    with_note,
)
from crossmargin.model.account import AssetsMode, MarginMode, PositionMode
from crossmargin.model.order import OrderType
from crossmargin.money import ONE, ZERO, plain, quotient_down, quotient_up

_SETTLEMENT = "from floating_profit_loss since the last settlement; average_price is {}"


def _is_inverse(symbol: str) -> bool:
    return "_" not in symbol


def _position(row: Row, draft: Draft) -> None:
    symbol = row.name_of("instrument_name")
    size = signed(row.needed("size"), is_short=is_sell(row, "direction"))
    kind = row.text("kind")
    if kind.startswith("option") or re.search(r"-[CP]$", symbol):
        leave_out_option(row, symbol, draft, size)
        return
    draft.set_position_mode(PositionMode.ONE_WAY, row.where())
    is_inverse = _is_inverse(symbol)
    holding = Holding(row.where(), symbol, size, mode=MarginMode.CROSS)
    holding.settle = (
        symbol.partition("-")[0] if is_inverse else symbol.partition("-")[0].rpartition("_")[2]
    )
    holding.per_unit = None if is_inverse else ONE
    holding.mark_price = price_of(row, "mark_price")
    average, floating = price_of(row, "average_price"), row.number("floating_profit_loss")
    holding.entry_price = average
    mark = holding.mark_price
    if size and mark is not None and floating is not None:
        entry = _session_entry(size, mark, floating, is_inverse=is_inverse)
        if entry > 0:
            holding.entry_price = entry
            shown = plain(average) if average is not None else "not given"
            with_note(holding, "entry_price", _SETTLEMENT.format(shown), draft)
    base = re.split(r"[-_]", symbol)[0]
    draft.put_index(base, row.number("index_price"), row.where())
    draft.add(holding)


def _session_entry(size: Decimal, mark: Decimal, floating: Decimal, *, is_inverse: bool) -> Decimal:
    # Inverse: floating = size × (1/entry − 1/mark). Linear: floating = size × (mark − entry).
    against = quotient_up if size > 0 else quotient_down
    if not is_inverse:
        return mark - quotient_down(floating, size) if floating else mark
    denominator = floating * mark + size
    return against(size * mark, denominator) if floating and denominator else mark


def _summary(row: Row, draft: Draft) -> None:
    asset = row.name_of("currency")
    if asset == "ALL":
        return
    draft.balance(asset, row.needed("balance"), row.where())
    model = row.text("margin_model")
    if model:
        is_pooled = model.startswith("cross")
        mode = AssetsMode.MULTI if is_pooled else AssetsMode.SINGLE
        draft.set_assets_mode(mode, row.where("margin_model"))
    if model.endswith("_pm") or row.flag("portfolio_margining_enabled"):
        why = "the file is judged by standard margin"
        draft.say(Worth.LEFT_OUT, row.where(), f"portfolio margin of {asset}", why)
    if row.number("options_value"):
        why = "options are worth this much, and the account file has none yet"
        value = row.text("options_value")
        draft.say(Worth.LEFT_OUT, row.where("options_value"), f"{value} {asset}", why)
    row.ignore("fees", "limits", "delta_total_map", "options_gamma_map", "options_vega_map")


def _ticker(row: Row, draft: Draft) -> None:
    symbol = row.name_of("instrument_name")
    draft.put_mark(symbol, row.number("mark_price"))
    draft.put_index(re.split(r"[-_]", symbol)[0], row.number("index_price"), row.where())
    row.ignore(*row.fields)


def _order(row: Row, draft: Draft) -> None:
    symbol = row.name_of("instrument_name")
    if is_over(row):
        return
    if re.search(r"-[CP]$", symbol):
        why = "the account file has no options yet"
        draft.say(Worth.LEFT_OUT, row.where(), f"order of {symbol}", why)
        return
    kind = order_type(row, row.text("order_type"), draft, symbol)
    size = left(row, "amount", "filled_amount")
    if kind is None or not size:
        return
    size = signed(size, is_short=is_sell(row, "direction"))
    trigger = price_of(row, "trigger_price") if kind.is_conditional else None
    price = price_of(row, "price") if kind in (OrderType.LIMIT, OrderType.STOP) else None
    reduces = bool(row.flag("reduce_only"))
    draft.orders.append(OpenOrder(row.where(), symbol, size, kind, price, trigger, reduces))


def _finish(draft: Draft) -> None:
    pooled = [asset for asset, amount in draft.balances.items() if amount != ZERO]
    if draft.assets_mode is AssetsMode.MULTI:
        for asset in pooled:
            if asset not in draft.index:
                why = "cross collateral needs it; add the reply of public/ticker"
                draft.say(Worth.MISSING, "all replies", f"index of {asset}", why)


DERIBIT = Venue(
    "deribit",
    (
        shape("position", "instrument_name size direction average_price", _position),
        shape("account summary", "currency balance equity", _summary),
        shape("order", "instrument_name order_id amount direction", _order),
        shape("ticker", "instrument_name mark_price index_price", _ticker),
    ),
    "private/get_positions",
    "private/get_account_summaries",
    _finish,
    "private/get_account_summaries",
)
