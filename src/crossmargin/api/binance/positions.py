"""Positions with what is asked of them and where they end: `positionRisk`, in versions 2 and 3.

Listed are symbols with a position or an order that rests. The liquidation price is the margin
core's: the price of this symbol at which the pool or bucket that the position stands in fails, with
all else as it is. In a pool of several positions it is not worked out from this one alone, so it
need not be below the entry price of a long; where no price above zero ends it, it is 0.

The break-even price is the entry price and what leaving costs as a taker; what was paid before
(entry fees, funding) is not in it.
"""

from decimal import Decimal
from typing import Any

from msgspec import Struct

from crossmargin.api.binance.adl_rank import adl_rank
from crossmargin.api.binance.brackets import notional_max
from crossmargin.api.binance.desk import Desk, Request
from crossmargin.api.binance.portfolio import Portfolio, asked, bucket_of, given
from crossmargin.api.binance.shapes import held_side_name, side_name
from crossmargin.api.binance.symbols import contract_named, listed, steps_of
from crossmargin.margin.assessment import PositionAssessment
from crossmargin.margin.boundary import PositionBoundary
from crossmargin.margin.lookup import contract_of, leverage_of
from crossmargin.model.account import MarginMode
from crossmargin.model.order import Side
from crossmargin.money import ONE, ZERO, down_to, plain, quotient_up, up_to


class Row(Struct, frozen=True):
    """One line: a position, or the side of a symbol that orders rest for; money is the asset's.

    `bids` and `asks` are notionals of resting orders; None where none rest.
    """

    symbol: str
    side_name: str
    side: Side
    mode: MarginMode
    size: Decimal = ZERO
    entry_price: Decimal = ZERO
    break_even_price: Decimal = ZERO
    mark_price: Decimal | None = None
    pnl: Decimal | None = None
    notional: Decimal | None = None
    liquidation_price: Decimal | None = None
    isolated_margin: Decimal = ZERO
    isolated_wallet: Decimal = ZERO
    position_initial: Decimal = ZERO
    order_initial: Decimal = ZERO
    maintenance: Decimal = ZERO
    bids: Decimal | None = None
    asks: Decimal | None = None


def rows(portfolio: Portfolio, symbol: str | None = None) -> list[Row]:
    """Return the lines of an account, by symbol; of one symbol where one is given."""
    account, state = portfolio.account, portfolio.state
    boundaries = portfolio.assessment.boundaries.positions
    found: dict[tuple[str, str], Row] = {}
    for one, boundary in zip(portfolio.assessment.positions, boundaries, strict=True):
        if symbol in (None, one.symbol):
            row = _held(portfolio, one, boundary)
            found[row.symbol, row.side_name] = row
    for name, side in account.resting(state):
        key = name, side_name(side)
        if symbol in (None, name) and key not in found:
            found[key] = _resting(portfolio, name, side)
    return [found[key] for key in sorted(found)]


def signed_notional(row: Row) -> Decimal:
    """Return a position's notional, below zero for a short."""
    return (row.notional or ZERO).copy_sign(row.size)


async def position_risk_v3(desk: Desk, request: Request) -> list[dict[str, Any]]:
    """Answer `GET /fapi/v3/positionRisk`."""
    portfolio, held = _asked_rows(desk, request)
    return [_v3(desk, portfolio, one) for one in held]


async def position_risk_v2(desk: Desk, request: Request) -> list[dict[str, Any]]:
    """Answer `GET /fapi/v2/positionRisk`: every listed symbol, held or not."""
    portfolio, held = _asked_rows(desk, request)
    symbol = request.params.optional("symbol")
    there = {one.symbol for one in held}
    asked_symbols = listed(desk.state) if symbol is None else [symbol]
    empty = [_resting(portfolio, name, None) for name in asked_symbols if name not in there]
    return [_v2(desk, portfolio, one) for one in (*held, *empty)]


def _asked_rows(desk: Desk, request: Request) -> tuple[Portfolio, list[Row]]:
    symbol = request.params.optional("symbol")
    if symbol is not None:
        contract_named(desk.state, symbol)
    portfolio = Portfolio(desk.state, desk.account_of(request))
    return portfolio, rows(portfolio, symbol)


def _held(portfolio: Portfolio, one: PositionAssessment, boundary: PositionBoundary | None) -> Row:
    position, account = one.position, portfolio.account
    bucket = bucket_of(portfolio, one)
    is_isolated = one.mode is MarginMode.ISOLATED
    equity = bucket.health.equity if bucket is not None and bucket.health is not None else ZERO
    key = account.key(one.symbol, one.side)[1]
    resting = portfolio.resting(one.symbol, key)
    return Row(
        symbol=one.symbol,
        side_name=held_side_name(one.side, account.position_mode),
        side=one.side,
        mode=one.mode,
        size=one.size,
        entry_price=one.entry_price,
        break_even_price=_break_even(portfolio, one),
        mark_price=one.mark_price,
        pnl=one.unrealised_pnl,
        notional=one.notional,
        liquidation_price=_end(portfolio, one, boundary),
        isolated_margin=equity if is_isolated else ZERO,
        isolated_wallet=position.margin,
        position_initial=one.initial_margin or ZERO,
        order_initial=portfolio.order_margin(one.symbol, key),
        maintenance=one.maintenance_margin or ZERO,
        bids=resting.bids if resting is not None else None,
        asks=resting.asks if resting is not None else None,
    )


def _resting(portfolio: Portfolio, symbol: str, side: Side | None) -> Row:
    resting = portfolio.resting(symbol, side)
    return Row(
        symbol=symbol,
        side_name=side_name(side),
        side=side or Side.LONG,
        mode=portfolio.view.mode_of(symbol),
        mark_price=portfolio.state.symbol(symbol).mark,
        order_initial=portfolio.order_margin(symbol, side),
        bids=resting.bids if resting is not None else None,
        asks=resting.asks if resting is not None else None,
    )


def _end(
    portfolio: Portfolio, one: PositionAssessment, boundary: PositionBoundary | None
) -> Decimal | None:
    # To the venue's own steps, which rulebooks need not know; never beyond where it ends.
    if boundary is None:
        return None
    tick = steps_of(portfolio.state, contract_of(one.symbol, portfolio.state.rulebook)).tick
    lower, upper = boundary.lower, boundary.upper
    lower = up_to(tick, lower) if tick is not None and lower is not None else lower
    upper = down_to(tick, upper) if tick is not None and upper is not None else upper
    near, far = (lower, upper) if one.side is Side.LONG else (upper, lower)
    return near if near is not None else far


def _break_even(portfolio: Portfolio, one: PositionAssessment) -> Decimal:
    taker = portfolio.state.rulebook.fees.taker
    if one.side is Side.LONG:
        return quotient_up(one.entry_price, ONE - taker)
    return one.entry_price / (ONE + taker)


def _v3(desk: Desk, portfolio: Portfolio, row: Row) -> dict[str, Any]:
    settle = contract_of(row.symbol, desk.state.rulebook).instrument.settle
    return {
        "symbol": row.symbol,
        "positionSide": row.side_name,
        "positionAmt": plain(row.size),
        "entryPrice": plain(row.entry_price),
        "breakEvenPrice": given(row.break_even_price),
        "markPrice": plain(row.mark_price or ZERO),
        "unRealizedProfit": given(row.pnl),
        "liquidationPrice": plain(row.liquidation_price or ZERO),
        "isolatedMargin": given(row.isolated_margin),
        "notional": given(signed_notional(row)),
        "marginAsset": settle,
        "isolatedWallet": given(row.isolated_wallet),
        "initialMargin": asked(row.position_initial + row.order_initial),
        "maintMargin": asked(row.maintenance),
        "positionInitialMargin": asked(row.position_initial),
        "openOrderInitialMargin": asked(row.order_initial),
        "adl": adl_rank(desk.state, portfolio.account.name, row.symbol, row.size),
        "bidNotional": given(row.bids),
        "askNotional": given(row.asks),
        "updateTime": desk.service.now_ms() if row.size else 0,
    }


def _v2(desk: Desk, portfolio: Portfolio, row: Row) -> dict[str, Any]:
    rulebook = desk.state.rulebook
    leverage = leverage_of(row.symbol, portfolio.view, rulebook)
    contract = contract_of(row.symbol, rulebook)
    is_isolated = row.mode is MarginMode.ISOLATED
    return {
        **_v3(desk, portfolio, row),
        "leverage": plain(leverage),
        "maxNotionalValue": plain(notional_max(contract, leverage)),
        "marginType": "isolated" if is_isolated else "cross",
        "isAutoAddMargin": "false",
    }
