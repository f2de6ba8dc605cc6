"""What has happened to an account: its trades, its income, and what was closed by force."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from crossmargin.api.binance import shapes
from crossmargin.api.binance.desk import Desk, Request
from crossmargin.api.binance.symbols import contract_named
from crossmargin.api.binance.times import part
from crossmargin.history.records import (
    ClosedRecord,
    DeleveragingRecord,
    IncomeKind,
    LiquidationRecord,
)
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
    """Answer `GET /fapi/v1/forceOrders`: what a liquidation closed, and what one took from winners.

    There is no order behind either; each is shown as one that was filled at once.
    """
    symbol = request.params.optional("symbol")
    if symbol is not None:
        contract_named(desk.state, symbol)
    is_adl = request.params.choice("autoCloseType", FORCED)
    rows: list[dict[str, Any]] = []
    if is_adl is not True:
        for record in desk.history.liquidations(request.account):
            rows += _of_liquidation(record)
    if is_adl is not False:
        for one in desk.history.deleveragings():
            rows += _of_deleveraging(one, request.account)
    rows.sort(key=lambda row: (row["time"], row["orderId"]))
    rows = [row for row in rows if symbol in (None, row["symbol"])]
    return part(request.params, rows, lambda row: int(row["time"]), default=50, most=100)


def _of_liquidation(record: LiquidationRecord) -> Iterator[dict[str, Any]]:
    for one in record.closed:
        yield _forced(one, record.at_ms, f"autoclose-{one.trade_id}")


def _of_deleveraging(record: DeleveragingRecord, account: str) -> Iterator[dict[str, Any]]:
    closed = record.by_account.get(account)
    if closed:
        size = closed.copy_sign(record.size)
        yield _row(
            record.symbol, size, closed * record.price, record.id, record.at_ms, "adl_autoclose"
        )


def _forced(one: ClosedRecord, at_ms: int, client_id: str) -> dict[str, Any]:
    return _row(one.symbol, one.size, one.cost, one.trade_id, at_ms, client_id)


def _row(
    symbol: str, size: Decimal, cost: Decimal, order_id: int, at_ms: int, client_id: str
) -> dict[str, Any]:
    average = plain(shapes.average(cost, size))
    amount = plain(abs(size))
    return {
        "orderId": order_id,
        "symbol": symbol,
        "status": "FILLED",
        "clientOrderId": client_id,
        "price": average,
        "avgPrice": average,
        "origQty": amount,
        "executedQty": amount,
        "cumQuote": plain(cost),
        "timeInForce": "IOC",
        "type": "LIMIT",
        "reduceOnly": False,
        "closePosition": False,
        "side": shapes.side_of(size).name,
        "positionSide": "BOTH",
        "stopPrice": "0",
        "workingType": "CONTRACT_PRICE",
        "origType": "LIMIT",
        "time": at_ms,
        "updateTime": at_ms,
    }
