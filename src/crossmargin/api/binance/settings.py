"""What an owner chooses: leverage, margin mode, position mode, assets mode; and money in buckets.

What would change nothing is refused where Binance refuses it ("No need to change …"), before the
venue is asked.
"""

from decimal import Decimal
from typing import Any

from crossmargin.api.binance.brackets import all_brackets, brackets_of, notional_max
from crossmargin.api.binance.desk import Desk, Request
from crossmargin.api.binance.errors import DialectError
from crossmargin.api.binance.order_entry import position_side
from crossmargin.api.binance.params import required
from crossmargin.api.binance.shapes import held_side_name
from crossmargin.api.binance.symbols import contract_named, leverage_max, listed
from crossmargin.api.binance.times import part
from crossmargin.margin.lookup import leverage_of
from crossmargin.model.account import AssetsMode, MarginMode, PositionMode
from crossmargin.money import plain
from crossmargin.venue.command import (
    MoveMargin,
    SetAssetsMode,
    SetLeverage,
    SetMarginMode,
    SetPositionMode,
)
from crossmargin.venue.refusal import Code

MARGIN_TYPES = {
    "CROSSED": MarginMode.CROSS,
    "CROSS": MarginMode.CROSS,
    "ISOLATED": MarginMode.ISOLATED,
}
DONE = {"code": 200, "msg": "success"}


async def set_leverage(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `POST /fapi/v1/leverage`."""
    contract = contract_named(desk.state, request.params.text("symbol"))
    symbol = contract.instrument.symbol
    leverage = required(request.params.integer("leverage"), "leverage")
    if not 1 <= leverage <= leverage_max(contract):
        raise DialectError(-4028, str(leverage))
    desk.check_may_trade(request, symbol)
    command = SetLeverage(
        at_ms=0, account=request.account, symbol=symbol, leverage=Decimal(leverage)
    )
    await desk.ask(request, command, instead={Code.MARGIN_INSUFFICIENT: -2028})
    return {
        "symbol": symbol,
        "leverage": leverage,
        "maxNotionalValue": plain(notional_max(contract, command.leverage)),
    }


async def set_margin_type(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `POST /fapi/v1/marginType`."""
    symbol = request.params.text("symbol")
    contract_named(desk.state, symbol)
    mode = required(request.params.choice("marginType", MARGIN_TYPES), "marginType")
    desk.check_may_trade(request, symbol)
    if desk.account_of(request).bare().mode_of(symbol) is mode:
        raise DialectError(-4046)
    await desk.ask(
        request, SetMarginMode(at_ms=0, account=request.account, symbol=symbol, mode=mode)
    )
    return dict(DONE)


async def position_mode(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `GET /fapi/v1/positionSide/dual`."""
    is_hedge = desk.account_of(request).position_mode is PositionMode.HEDGE
    return {"dualSidePosition": is_hedge}


async def set_position_mode(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `POST /fapi/v1/positionSide/dual`."""
    is_hedge = required(request.params.flag("dualSidePosition"), "dualSidePosition")
    mode = PositionMode.HEDGE if is_hedge else PositionMode.ONE_WAY
    if desk.account_of(request).position_mode is mode:
        raise DialectError(-4059)
    command = SetPositionMode(at_ms=0, account=request.account, mode=mode)
    await desk.ask(request, command, instead={Code.MODE_BLOCKED: -4068})
    return dict(DONE)


async def assets_mode(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `GET /fapi/v1/multiAssetsMargin`."""
    is_multi = desk.account_of(request).assets_mode is AssetsMode.MULTI
    return {"multiAssetsMargin": is_multi}


async def set_assets_mode(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `POST /fapi/v1/multiAssetsMargin`."""
    is_multi = required(request.params.flag("multiAssetsMargin"), "multiAssetsMargin")
    mode = AssetsMode.MULTI if is_multi else AssetsMode.SINGLE
    if desk.account_of(request).assets_mode is mode:
        raise DialectError(-4171)
    await desk.ask(request, SetAssetsMode(at_ms=0, account=request.account, mode=mode))
    return dict(DONE)


async def move_margin(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `POST /fapi/v1/positionMargin`: 1 adds, 2 takes."""
    params = request.params
    symbol = params.text("symbol")
    contract_named(desk.state, symbol)
    amount = required(params.decimal("amount"), "amount")
    direction = required(params.integer("type", 1, 2), "type")
    if not amount:
        raise DialectError(-4055)
    desk.check_may_trade(request, symbol)
    side = position_side(params, desk.account_of(request))
    short_of = -4050 if direction == 1 else -4051
    await desk.ask(
        request,
        MoveMargin(
            at_ms=0,
            account=request.account,
            symbol=symbol,
            amount=amount if direction == 1 else -amount,
            side=side,
        ),
        instead={Code.BALANCE_INSUFFICIENT: short_of, Code.MARGIN_INSUFFICIENT: short_of},
    )
    return {
        "code": 200,
        "msg": "Successfully modify position margin.",
        "amount": amount,
        "type": direction,
    }


async def margin_history(desk: Desk, request: Request) -> list[dict[str, Any]]:
    """Answer `GET /fapi/v1/positionMargin/history`."""
    symbol = request.params.text("symbol")
    contract_named(desk.state, symbol)
    mode = desk.account_of(request).position_mode
    direction = request.params.integer("type", 1, 2)
    records = [
        one
        for one in desk.history.margin_changes(request.account, symbol)
        if direction is None or (one.amount > 0) is (direction == 1)
    ]
    return [
        {
            "symbol": one.symbol,
            "type": 1 if one.amount > 0 else 2,
            "deltaType": "USER_ADJUST",
            "amount": plain(abs(one.amount)),
            "asset": one.asset,
            "time": one.at_ms,
            "positionSide": held_side_name(one.position_side, mode),
        }
        for one in part(request.params, records, lambda one: one.at_ms)
    ]


async def symbol_config(desk: Desk, request: Request) -> list[dict[str, Any]]:
    """Answer `GET /fapi/v1/symbolConfig`: where leverage and margin mode are since version 3."""
    wanted = request.params.optional("symbol")
    view = desk.account_of(request).bare()
    names = listed(desk.state) if wanted is None else [wanted]
    found = []
    for symbol in names:
        contract = contract_named(desk.state, symbol)
        leverage = leverage_of(symbol, view, desk.state.rulebook)
        is_isolated = view.mode_of(symbol) is MarginMode.ISOLATED
        found.append(
            {
                "symbol": symbol,
                "marginType": "ISOLATED" if is_isolated else "CROSSED",
                "isAutoAddMargin": False,
                "leverage": int(leverage),
                "maxNotionalValue": plain(notional_max(contract, leverage)),
            }
        )
    return found


async def leverage_bracket(desk: Desk, request: Request) -> list[dict[str, Any]]:
    """Answer `GET /fapi/v1/leverageBracket`."""
    symbol = request.params.optional("symbol")
    if symbol is None:
        return all_brackets(desk.state)
    return [brackets_of(contract_named(desk.state, symbol))]


async def commission_rate(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `GET /fapi/v1/commissionRate`."""
    symbol = request.params.text("symbol")
    contract_named(desk.state, symbol)
    fees = desk.state.rulebook.fees
    return {
        "symbol": symbol,
        "makerCommissionRate": plain(fees.maker),
        "takerCommissionRate": plain(fees.taker),
    }
