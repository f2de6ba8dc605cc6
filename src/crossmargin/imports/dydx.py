"""dYdX v4: subaccounts, perpetual positions, markets, orders of the indexer.

Shapes from the venue's indexer documentation (Get Subaccount, List Positions, Get Perpetual
Markets, List Orders).

Rules: a subaccount is USDC and positions at the oracle price: equity = USDC + Σ size × oracle.
The account file counts profit from entry prices instead, so the wallet is USDC + Σ size × entry,
which makes the same equity. Without the markets' reply, oracle prices are those that the
reported profit implies. Open interest scales initial margin and is taken along.
"""

from crossmargin.errors import UsageError
from crossmargin.imports.draft import Draft, Holding, OpenOrder, Worth
from crossmargin.imports.reply import Row, shape
from crossmargin.imports.venue import Venue, is_over, is_sell, left, order_type, price_of, signed
from crossmargin.model.account import MarginMode, PositionMode
from crossmargin.model.instrument import Kind
from crossmargin.money import ONE, ZERO

ASSET = "USDC"


def _position(row: Row, draft: Draft) -> None:
    if row.text("status") not in ("", "OPEN"):
        return
    symbol = row.name_of("market")
    size = signed(row.needed("size"), is_short=is_sell(row))
    holding = Holding(row.where(), symbol, size, settle=ASSET, per_unit=ONE)
    holding.mode = MarginMode.CROSS
    holding.kind, holding.base = Kind.LINEAR_PERPETUAL, symbol.partition("-")[0]
    holding.entry_price = price_of(row, "entryPrice")
    holding.unrealised_pnl = row.number("unrealizedPnl")
    draft.add(holding)


def _subaccount(row: Row, draft: Draft) -> None:
    assets, positions = row.rows("assetPositions"), row.rows("openPerpetualPositions")
    number = row.number("subaccountNumber") or ZERO
    if assets or positions:
        known = draft.facts.setdefault("subaccount", number)
        if known != number:
            raise UsageError(
                f"{row.where('subaccountNumber')}: is {number}, but another reply is of {known}; "
                "each subaccount has margin of its own, so give one"
            )
    for position in positions:
        _position(position, draft)
    for asset in assets:
        _asset(asset, draft)
    draft.facts.setdefault("quote", ZERO)


def _asset(row: Row, draft: Draft) -> None:
    symbol = row.name_of("symbol")
    amount = signed(row.needed("size"), is_short=is_sell(row))
    row.ignore("assetId", "subaccountNumber")
    if symbol == ASSET:
        draft.fact("quote", amount, row.where())
    elif amount:
        why = "only USDC is margin"
        draft.say(Worth.LEFT_OUT, row.where(), f"{amount} {symbol}", why)


def _market(row: Row, draft: Draft) -> None:
    symbol = row.name_of("ticker")
    draft.put_mark(symbol, row.number("oraclePrice"))
    interest = row.number("openInterest")
    if interest is not None and interest >= 0:
        draft.open_interest.setdefault(symbol, interest)
    row.ignore(*row.fields)


def _order(row: Row, draft: Draft) -> None:
    symbol = row.name_of("ticker")
    if is_over(row):
        return
    kind = order_type(row, row.text("type"), draft, symbol)
    size = left(row, "size", "totalFilled")
    if kind is None or not size:
        return
    size = signed(size, is_short=is_sell(row))
    trigger = price_of(row, "triggerPrice") if kind.is_conditional else None
    price, reduces = price_of(row, "price"), bool(row.flag("reduceOnly"))
    draft.orders.append(OpenOrder(row.where(), symbol, size, kind, price, trigger, reduces))


def _finish(draft: Draft) -> None:
    draft.position_mode = PositionMode.ONE_WAY
    quote = draft.facts.get("quote")
    if quote is None:
        return
    paid = sum(
        (one.size * one.entry_price for one in draft.holdings.values() if one.entry_price), ZERO
    )
    note = "USDC + Σ size × entry, so that equity is USDC + Σ size × oracle" if paid else ""
    if note:
        draft.say(Worth.DERIVED, "all replies", f"balance of {ASSET}", note)
    draft.balance(ASSET, quote + paid, "assetPositions.USDC", note)


DYDX = Venue(
    "dydx-v4",
    (
        shape("subaccount", "openPerpetualPositions assetPositions", _subaccount),
        shape("position", "market size entryPrice side", _position),
        shape("market", "ticker oraclePrice", _market),
        shape("order", "ticker size side type status", _order),
    ),
    "GET /v4/addresses/{address}/subaccountNumber/{number}",
    "GET /v4/addresses/{address}/subaccountNumber/{number}",
    _finish,
)
