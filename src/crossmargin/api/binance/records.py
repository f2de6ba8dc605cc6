"""What has happened to an account: its trades, its income, and what was closed by force."""

from typing import Any

from crossmargin.api.binance import shapes
from crossmargin.api.binance.desk import Desk, Request
from crossmargin.api.binance.forced import forced_orders
from crossmargin.api.binance.symbols import contract_named
from crossmargin.api.binance.times import part
from crossmargin.history.records import IncomeKind
from crossmargin.money import plain

INCOME_NAMES = {
    IncomeKind.REALISED_PNL: "REALIZED_PNL",
    IncomeKind.FEE: "COMMISSION",
    IncomeKind.LIQUIDATION_FEE: "INSURANCE_CLEAR",
    IncomeKind.FUNDING: "FUNDING_FEE",
    IncomeKind.DEPOSIT: "TRANSFER",
    IncomeKind.WITHDRAWAL: "TRANSFER",
    IncomeKind.TRANSFER: "INTERNAL_TRANSFER",
    IncomeKind.INSURANCE: "INSURANCE_CLEAR",
    IncomeKind.LOSS_SHARED: "INSURANCE_CLEAR",
    IncomeKind.SETTLEMENT: "DELIVERED_SETTELMENT",
    IncomeKind.INTEREST: "COMMISSION",
    IncomeKind.EXCHANGE: "AUTO_EXCHANGE",
    IncomeKind.ROUNDING: "INSURANCE_CLEAR",
}
"""Binance's name of each kind of income (the settlement's is spelled as it spells it)."""
FORCED = {"LIQUIDATION": False, "ADL": True}
INCOME_DEFAULT = 100


async def user_trades(desk: Desk, request: Request) -> list[dict[str, Any]]:
    """Answer `GET /fapi/v1/userTrades`."""
    symbol = request.params.text("symbol")
    contract_named(desk.state, symbol)
    mode = desk.account_of(request).position_mode
    order_id = request.params.integer("orderId")
    records = [
        one
        for one in desk.history.trades(request.account, symbol)
        if order_id is None or one.order_id == order_id
    ]
    found = part(request.params, records, lambda one: one.at_ms, lambda one: one.id)
    return [shapes.user_trade(one, mode) for one in found]


async def income(desk: Desk, request: Request) -> list[dict[str, Any]]:
    """Answer `GET /fapi/v1/income`."""
    symbol = request.params.optional("symbol")
    if symbol is not None:
        contract_named(desk.state, symbol)
    wanted = request.params.optional("incomeType")
    records = [
        one
        for one in desk.history.income(request.account, symbol)
        if wanted in (None, INCOME_NAMES[one.kind])
    ]
    found = part(request.params, records, lambda one: one.at_ms, default=INCOME_DEFAULT)
    return [
        {
            "symbol": one.symbol,
            "incomeType": INCOME_NAMES[one.kind],
            "income": plain(one.amount),
            "asset": one.asset,
            "info": one.info,
            "time": one.at_ms,
            "tranId": one.id,
            "tradeId": "" if one.trade_id is None else str(one.trade_id),
        }
        for one in found
    ]


async def force_orders(desk: Desk, request: Request) -> list[dict[str, Any]]:
    """Answer `GET /fapi/v1/forceOrders`: what liquidations closed, and took from winners."""
    symbol = request.params.optional("symbol")
    if symbol is not None:
        contract_named(desk.state, symbol)
    is_adl = request.params.choice("autoCloseType", FORCED)
    found = forced_orders(desk.history, desk.account_of(request), symbol, is_adl=is_adl)
    chosen = part(request.params, found, lambda one: one.created_ms, default=50, most=100)
    return [shapes.order(one) for one in chosen]
