"""Kraken Futures: open positions, accounts, open orders, tickers.

Shapes from the venue's API documentation (derivatives: openpositions, accounts, openorders,
tickers).

Rules: positions in `PF_` contracts have the multi-collateral wallet, whose `quantity` per
currency leaves open profit out; those in `PI_` and `FI_` contracts have the single-collateral
wallet of their pair. A position with `maxFixedLeverage` is isolated; its bucket is the margin at
opening, size × price ÷ leverage, because the venue does not say what is in it now.
"""

from decimal import Decimal

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
    signed,
    with_note,
)
from crossmargin.model.account import AssetsMode, MarginMode, PositionMode
from crossmargin.model.instrument import Kind
from crossmargin.money import ONE, quotient_down

_MULTI, _SINGLE, _CASH = "multiCollateralMarginAccount", "marginAccount", "cashAccount"


def _position(row: Row, draft: Draft) -> None:
    symbol = row.name_of("symbol")
    size = signed(row.needed("size"), is_short=is_sell(row))
    is_linear = symbol.upper().startswith(("PF_", "FF_"))
    holding = Holding(row.where(), symbol, size, per_unit=ONE if is_linear else None)
    if symbol.upper().startswith("PF_"):
        holding.kind, holding.settle = Kind.LINEAR_PERPETUAL, "USD"
        holding.base = symbol[3:].removesuffix("USD")
    holding.entry_price = price_of(row, "price")
    holding.leverage = row.number("maxFixedLeverage")
    holding.mode = MarginMode.ISOLATED if holding.leverage else MarginMode.CROSS
    if holding.leverage and holding.entry_price is not None:
        holding.margin = quotient_down(abs(size) * holding.entry_price, holding.leverage)
        with_note(holding, "margin", "size × price ÷ leverage, the margin at opening", draft)
    draft.facts["linear" if is_linear else "inverse"] = ONE
    draft.add(holding)


def _account(row: Row, draft: Draft) -> None:
    kind = row.text("type")
    if kind == _MULTI:
        for currency in row.rows("currencies"):
            asset = currency.key.upper()
            quantity, value = currency.needed("quantity"), currency.number("value")
            draft.fact(f"flex.{asset}", quantity, currency.where())
            if value and quantity * value > 0:
                price = quotient_down(value, quantity)
                draft.put_index(asset, price, currency.where("value"), "value ÷ quantity")
    elif kind == _SINGLE:
        balances = row.row("balances")
        for name in balances.fields if balances is not None else ():
            amount = balances.number(name) if balances is not None else None
            if amount:
                draft.fact(f"single.{name.upper()}", amount, row.where())
    elif kind == _CASH:
        cash = row.row("balances")
        for name in cash.fields if cash is not None else ():
            amount = cash.number(name) if cash is not None else None
            if amount:
                why = "the holding wallet is no margin; move it to a margin wallet first"
                draft.say(Worth.UNUSED, row.where("balances"), f"{_text(amount)} {name}", why)
    row.ignore(*row.fields)


def _order(row: Row, draft: Draft) -> None:
    symbol = row.name_of("symbol")
    if is_over(row):
        return
    kind = order_type(row, row.text("orderType"), draft, symbol)
    size = row.number("unfilledSize")
    size = left(row, "quantity", "filled", "filledSize") if size is None else size
    if kind is None or not size:
        return
    size = signed(size, is_short=is_sell(row))
    trigger = price_of(row, "stopPrice") if kind.is_conditional else None
    price, reduces = price_of(row, "limitPrice"), bool(row.flag("reduceOnly"))
    draft.orders.append(OpenOrder(row.where(), symbol, size, kind, price, trigger, reduces))


def _finish(draft: Draft) -> None:
    draft.position_mode = PositionMode.ONE_WAY
    is_inverse = "inverse" in draft.facts and "linear" not in draft.facts
    wanted, other = ("single.", "flex.") if is_inverse else ("flex.", "single.")
    draft.assets_mode = AssetsMode.SINGLE if is_inverse else AssetsMode.MULTI
    if "inverse" in draft.facts and "linear" in draft.facts:
        for key, holding in list(draft.holdings.items()):
            if holding.per_unit is None:
                why = "it has a wallet of its own; import single-collateral positions apart"
                draft.say(Worth.LEFT_OUT, holding.where, f"position {holding.symbol}", why)
                del draft.holdings[key]
    for name, amount in draft.facts.items():
        asset = name.partition(".")[2]
        if name.startswith(wanted):
            draft.balance(asset, amount, "accounts")
        elif name.startswith(other) and amount:
            why = "these positions are margined by the other kind of wallet"
            draft.say(Worth.UNUSED, "accounts", f"{_text(amount)} {asset}", why)


def _text(amount: Decimal) -> str:
    return format(amount.normalize(), "f")


KRAKEN = Venue(
    "kraken",
    (
        shape("position", "symbol side size price", _position),
        shape("account", "type balances", _account),
        shape("account", "type currencies", _account),
        shape("order", "symbol side order_id limitPrice", _order),
        shape("order", "symbol side order_id orderType", _order),
        shape("ticker", "symbol markPrice", put_mark_row("symbol", "markPrice")),
    ),
    "GET /derivatives/api/v3/openpositions",
    "GET /derivatives/api/v3/accounts",
    _finish,
)
