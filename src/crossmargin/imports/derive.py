"""Derive v2: positions, subaccounts with their collaterals, open orders.

Shapes from the venue's API documentation (private/get_positions, private/get_subaccount,
private/get_open_orders).

Rules: perpetual profit is settled into cash as it goes, and a position adds `mark_value` to the
subaccount's value. So the entry price written is mark − `mark_value` ÷ amount, not
`average_price`, whose profit has been paid in part. Each collateral's mark price is its index.
"""

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
from crossmargin.model.account import MarginMode, PositionMode
from crossmargin.model.instrument import Kind
from crossmargin.money import ONE, plain, quotient_down


def _position(row: Row, draft: Draft) -> None:
    symbol, size = row.name_of("instrument_name"), row.needed("amount")
    if row.text("instrument_type") != "perp":
        leave_out_option(row, symbol, draft, size)
        return
    holding = Holding(row.where(), symbol, size, settle="USDC", per_unit=ONE)
    holding.mode = MarginMode.CROSS
    holding.kind, holding.base = Kind.LINEAR_PERPETUAL, symbol.partition("-")[0]
    holding.mark_price = mark = price_of(row, "mark_price")
    holding.entry_price = average = price_of(row, "average_price")
    value = row.number("mark_value")
    if size and mark is not None and value is not None:
        holding.entry_price = mark - quotient_down(value, size)
        shown = plain(average) if average is not None else "not given"
        note = f"mark − mark_value ÷ amount; average_price is {shown}"
        with_note(holding, "entry_price", note, draft)
    draft.put_index(symbol.partition("-")[0], row.number("index_price"), row.where())
    draft.add(holding)


def _subaccount(row: Row, draft: Draft) -> None:
    if row.has("subaccount_id"):
        draft.same("subaccount_id", row.text("subaccount_id"), row.where())
    for collateral in row.rows("collaterals"):
        _collateral(collateral, draft)
    for position in row.rows("positions"):
        _position(position, draft)
    for order in row.rows("open_orders"):
        _order(order, draft)
    if row.text("margin_type") not in ("", "SM"):
        why = "the file is judged by the standard manager"
        draft.say(Worth.LEFT_OUT, row.where("margin_type"), "portfolio margin", why)


def _collateral(row: Row, draft: Draft) -> None:
    asset = row.name_of("asset_name", "currency")
    row.ignore("currency", "asset_type")
    draft.balance(asset, row.needed("amount"), row.where())
    draft.put_index(asset, row.number("mark_price"), row.where())


def _order(row: Row, draft: Draft) -> None:
    symbol = row.name_of("instrument_name")
    if is_over(row):
        return
    if symbol.endswith(("-C", "-P")):
        why = "the account file has no options yet"
        draft.say(Worth.LEFT_OUT, row.where(), f"order of {symbol}", why)
        return
    kind = order_type(row, row.text("order_type"), draft, symbol)
    size = left(row, "amount", "filled_amount")
    if kind is None or not size:
        return
    size, price = signed(size, is_short=is_sell(row, "direction")), price_of(row, "limit_price")
    draft.orders.append(OpenOrder(row.where(), symbol, size, kind, price))


def _finish(draft: Draft) -> None:
    draft.position_mode = PositionMode.ONE_WAY


DERIVE = Venue(
    "derive-v2",
    (
        shape("subaccount", "collaterals positions", _subaccount),
        shape("collateral", "asset_name amount", _collateral),
        shape("position", "instrument_type instrument_name amount", _position),
        shape("order", "instrument_name order_id amount direction", _order),
    ),
    "private/get_subaccount",
    "private/get_subaccount",
    _finish,
)
