"""Gate: futures positions, futures account, unified account, contracts, orders.

Shapes from the venue's API documentation, version 4 (List all positions of a user, Query futures
account, Get unified account information, List all futures contracts, List futures orders).

Rules: leverage 0 is cross, with the setting in `cross_leverage_limit`. An isolated bucket is
`margin`, a futures wallet `total`; both leave open profit out. In the unified account a wallet
is available + freeze − borrowed. Sizes are contracts.
"""

from crossmargin.imports.draft import Draft, Holding, OpenOrder, Worth
from crossmargin.imports.reply import Row, shape
from crossmargin.imports.venue import Venue, is_over, price_of, put_mark_row, side_of, signed
from crossmargin.model.account import AssetsMode, MarginMode, PositionMode
from crossmargin.model.order import OrderType, Side
from crossmargin.money import ZERO


def _position(row: Row, draft: Draft) -> None:
    symbol = row.name_of("contract")
    side = side_of(row.text("mode"))
    size = row.needed("size")
    if side is not None:
        size = signed(size, is_short=side is Side.SHORT)
    if size or side is not None:
        mode = PositionMode.ONE_WAY if side is None else PositionMode.HEDGE
        draft.set_position_mode(mode, row.where())
    holding = Holding(row.where(), symbol, size, side)
    holding.settle = symbol.rpartition("_")[2] if symbol.endswith(("_USDT", "_USDC")) else None
    holding.entry_price = price_of(row, "entry_price")
    holding.mark_price = price_of(row, "mark_price")
    holding.unrealised_pnl = row.number("unrealised_pnl")
    leverage, limit = row.number("leverage", "lever"), row.number("cross_leverage_limit")
    is_isolated = bool(leverage)
    holding.mode = MarginMode.ISOLATED if is_isolated else MarginMode.CROSS
    holding.leverage = leverage or limit
    margin = row.number("margin")
    holding.margin = margin if is_isolated else None
    draft.add(holding)


def _account(row: Row, draft: Draft) -> None:
    asset = row.name_of("currency")
    draft.balance(asset, row.needed("total"), row.where())
    draft.set_assets_mode(AssetsMode.SINGLE, row.where())
    is_dual = row.flag("in_dual_mode")
    if is_dual is not None:
        mode = PositionMode.HEDGE if is_dual else PositionMode.ONE_WAY
        draft.set_position_mode(mode, row.where("in_dual_mode"))
    if row.number("bonus"):
        why = "it counts for margin and cannot be withdrawn; the account file has no bonus"
        draft.say(Worth.LEFT_OUT, row.where("bonus"), f"bonus in {asset}", why)


def _unified(row: Row, draft: Draft) -> None:
    draft.set_assets_mode(AssetsMode.MULTI, row.where())
    for coin in row.rows("balances"):
        asset = coin.key
        debt = (coin.number("borrowed") or ZERO) + (coin.number("negative_liab") or ZERO)
        amount = (coin.number("available") or ZERO) + (coin.number("freeze") or ZERO) - debt
        note = "available + freeze − borrowed" if debt else ""
        draft.balance(asset, amount, coin.where(), note)
        if debt:
            why = "the account file holds it as a smaller balance, without its interest"
            draft.say(Worth.DERIVED, coin.where("borrowed"), f"debt in {asset}", why)


def _order(row: Row, draft: Draft) -> None:
    symbol = row.name_of("contract")
    if is_over(row):
        return
    if row.flag("is_close"):
        why = "it closes whatever is there, which the account file cannot say"
        draft.say(Worth.LEFT_OUT, row.where(), f"order of {symbol}", why)
        return
    size = row.needed("left", "size")
    if not size:
        return
    price = price_of(row, "price")
    kind = OrderType.MARKET if price is None else OrderType.LIMIT
    reduces = bool(row.flag("is_reduce_only", "reduce_only"))
    draft.orders.append(OpenOrder(row.where(), symbol, size, kind, price, None, reduces))


GATE = Venue(
    "gate",
    (
        shape("position", "contract size entry_price mark_price mode", _position),
        shape("unified account", "balances unified_account_total", _unified),
        shape("account", "currency total available", _account),
        shape("order", "contract id size price status", _order),
        shape("contract", "name mark_price", put_mark_row("name", "mark_price")),
    ),
    "GET /api/v4/futures/{settle}/positions",
    "GET /api/v4/futures/{settle}/accounts",
    assets_mode_from="GET /api/v4/unified/accounts",
)
