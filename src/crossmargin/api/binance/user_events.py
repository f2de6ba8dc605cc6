"""What an owner is told, in Binance's words: one message a fact, times are the venue's."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crossmargin.api.binance import shapes
from crossmargin.api.binance.mirror import Effect, Mirror
from crossmargin.history.records import OrderRecord
from crossmargin.margin.assessment import Assessment
from crossmargin.margin.pnl import unrealised_pnl
from crossmargin.model.account import MarginMode, Position, PositionMode
from crossmargin.model.order import OrderType, Side
from crossmargin.money import ZERO, plain
from crossmargin.venue.event import (
    AnyEvent,
    Filled,
    FundingSettled,
    LossShared,
    MoneyMoved,
    PositionChanged,
)
from crossmargin.venue.state import State

MONEY_REASONS = {
    "deposit": "DEPOSIT",
    "withdraw": "WITHDRAW",
    "transfer": "ASSET_TRANSFER",
    "exchange": "AUTO_EXCHANGE",
}
POSITION_REASONS = {"margin": "MARGIN_TRANSFER", "funding": "FUNDING_FEE"}


def reason(event: AnyEvent) -> str:
    """Return why an account is different, as Binance calls it."""
    if isinstance(event, FundingSettled):
        return "FUNDING_FEE"
    if isinstance(event, MoneyMoved):
        return MONEY_REASONS.get(event.why, "INSURANCE_CLEAR")
    if isinstance(event, PositionChanged):
        return POSITION_REASONS.get(event.why, "ADJUSTMENT")
    if isinstance(event, Filled):
        return "INSURANCE_CLEAR" if event.why == "takeover" else "ORDER"
    return "INSURANCE_CLEAR" if isinstance(event, LossShared) else "ADJUSTMENT"


def account_update(
    state: State, mirror: Mirror, effect: Effect, why: str, at_ms: int
) -> dict[str, Any]:
    """Return what an account's money and position are now."""
    position = effect.position
    positions = [] if position is None else [_position(state, position, effect.side)]
    return {
        "e": "ACCOUNT_UPDATE",
        "E": at_ms,
        "T": at_ms,
        "a": {
            "m": why,
            "B": [
                {
                    "a": asset,
                    "wb": plain(mirror.wallets.get(asset, ZERO)),
                    "cw": plain(mirror.cross_wallet(asset)),
                    "bc": plain(change),
                }
                for asset, change in effect.changes.items()
            ],
            "P": positions,
        },
    }


def order_update(
    record: OrderRecord, what: str, at_ms: int, fill: Filled | None = None, fee_asset: str = ""
) -> dict[str, Any]:
    """Return what an order is now, and the fill that made it so.

    Parameters
    ----------
    what : NEW, AMENDMENT, TRADE, CANCELED, EXPIRED or CALCULATED.
    """
    filled = _filled(fill, fee_asset)
    return {
        "e": "ORDER_TRADE_UPDATE",
        "E": at_ms,
        "T": at_ms,
        "o": {
            "s": record.symbol,
            "c": shapes.client_id(record),
            "S": record.side.name,
            "o": shapes.type_of(record),
            "f": record.time_in_force.name,
            "q": plain(abs(record.size)),
            "p": plain(record.price or ZERO),
            "ap": plain(shapes.average_price(record)),
            "sp": plain(record.trigger_price or ZERO),
            "x": what,
            "X": shapes.status_of(record),
            "i": record.id,
            "z": plain(abs(record.filled)),
            **filled,
            "T": at_ms,
            "b": "0",
            "a": "0",
            "R": record.reduce_only,
            "wt": shapes.working_type(record.trigger),
            "ot": record.type.name,
            "ps": shapes.side_name(record.position_side),
            "cp": record.is_close_position,
            "pP": False,
            "si": 0,
            "ss": 0,
            "V": record.self_trade.name,
            "pm": "NONE",
            "gtd": 0,
            "er": "0",
        },
    }


def algo_update(record: OrderRecord, at_ms: int) -> dict[str, Any]:
    """Return what a conditional order is now."""
    is_triggered = record.triggered_ms is not None
    is_trailing = record.type is OrderType.TRAILING_STOP_MARKET
    trigger_price = plain(record.trigger_price or ZERO)
    return {
        "e": "ALGO_UPDATE",
        "E": at_ms,
        "T": at_ms,
        "o": {
            "caid": shapes.client_id(record),
            "aid": record.id,
            "at": "CONDITIONAL",
            "o": record.type.name,
            "s": record.symbol,
            "S": record.side.name,
            "ps": shapes.side_name(record.position_side),
            "f": record.time_in_force.name,
            "q": plain(abs(record.size)),
            "X": shapes.algo_status(record),
            "ai": str(record.id) if is_triggered else "",
            "ap": plain(shapes.average_price(record)),
            "aq": plain(abs(record.filled)),
            "act": shapes.type_of(record) if is_triggered else "",
            "tp": "0" if is_trailing else trigger_price,
            "p": plain(record.price or ZERO),
            "V": record.self_trade.name,
            "wt": shapes.working_type(record.trigger),
            "pm": "NONE",
            "cp": record.is_close_position,
            "pP": False,
            "R": record.reduce_only,
            "tt": record.triggered_ms or 0,
            "gtd": 0,
            "rm": record.why,
        },
    }


def trigger_rejected(record: OrderRecord, at_ms: int) -> dict[str, Any]:
    """Return that a triggered order did not come in, and why."""
    return {
        "e": "CONDITIONAL_ORDER_TRIGGER_REJECT",
        "E": at_ms,
        "T": at_ms,
        "or": {"s": record.symbol, "i": record.id, "r": record.why},
    }


def config_update(at_ms: int, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return a setting that has changed: `ac` of a symbol, or `ai` of the account."""
    return {"e": "ACCOUNT_CONFIG_UPDATE", "E": at_ms, "T": at_ms, **chosen}


def margin_call(assessment: Assessment, cross_wallet: Decimal, at_ms: int) -> dict[str, Any]:
    """Return that an account is near its liquidation, with all its positions."""
    is_hedge = assessment.account.position_mode is PositionMode.HEDGE
    return {
        "e": "MARGIN_CALL",
        "E": at_ms,
        "cw": plain(cross_wallet),
        "p": [
            {
                "s": one.symbol,
                "ps": shapes.side_name(one.side if is_hedge else None),
                "pa": plain(one.size),
                "mt": "ISOLATED" if one.mode is MarginMode.ISOLATED else "CROSSED",
                "iw": plain(one.position.margin),
                "mp": plain(one.mark_price or ZERO),
                "up": plain(one.unrealised_pnl or ZERO),
                "mm": plain(one.maintenance_margin or ZERO),
            }
            for one in assessment.positions
        ],
    }


def listen_key_expired(name: str, at_ms: int) -> dict[str, Any]:
    """Return that a listen key's hour is over."""
    return {"e": "listenKeyExpired", "E": at_ms, "listenKey": name}


def _position(state: State, one: Position, side: Side | None) -> dict[str, Any]:
    return {
        "s": one.symbol,
        "pa": plain(one.size),
        "ep": plain(one.entry_price if one.size else ZERO),
        "bep": plain(one.entry_price if one.size else ZERO),
        "cr": "0",
        "up": plain(_open_profit(state, one)),
        "mt": "isolated" if one.mode is MarginMode.ISOLATED else "cross",
        "iw": plain(one.margin),
        "ps": shapes.side_name(side),
        "ma": state.rulebook.contracts[one.symbol].instrument.settle,
    }


def _open_profit(state: State, one: Position) -> Decimal:
    mark = state.symbol(one.symbol).mark
    if mark is None or not one.size:
        return ZERO
    instrument = state.rulebook.contracts[one.symbol].instrument
    return unrealised_pnl(one.size, one.entry_price, mark, instrument)


def _filled(fill: Filled | None, fee_asset: str) -> dict[str, Any]:
    if fill is None:
        return {"l": "0", "L": "0", "N": None, "n": "0", "t": 0, "m": False, "rp": "0"}
    return {
        "l": plain(abs(fill.size)),
        "L": plain(fill.price),
        "N": fee_asset,
        "n": plain(fill.fee),
        "t": fill.trade_id,
        "m": fill.is_maker,
        "rp": plain(fill.realised_pnl),
    }
