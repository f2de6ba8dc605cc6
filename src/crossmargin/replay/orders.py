"""When a resting order meets the path, and what it does to the account then.

A limit order fills at its limit, as a maker, at the first point on its far side; one that is
there already when it is placed trades at market, as a taker, no worse than its limit. A stop or
take-profit is triggered by the mark and then trades at market by the liquidity model, from the
mark of that point: a gap that jumps over a stop fills where the price is, not at the stop.
Reduce-only orders are cut to the position and vanish with it.
"""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from crossmargin.errors import UsageError
from crossmargin.margin.assess import assess
from crossmargin.margin.lookup import contract_of, leverage_of
from crossmargin.margin.orders import is_opening
from crossmargin.model.account import Account, PositionMode
from crossmargin.model.liquidity import Liquidity
from crossmargin.model.market import Market
from crossmargin.model.order import Order, OrderType
from crossmargin.money import EIGHT_PLACES, ZERO, down_to, plain
from crossmargin.replay.result import Event, EventKind
from crossmargin.rulebooks.schema import Rulebook
from crossmargin.venue.posting import post_fill


@dataclass(frozen=True)
class Traded:
    """The account after an order met its price, and the event that says so."""

    account: Account
    event: Event


def first_touch(order: Order, marks: NDArray[np.float64]) -> int | None:
    """Return the first point at which `order` fills or triggers; marks of shape (n_points,)."""
    level = order.trigger_price if order.type.is_conditional else order.price
    if level is None:
        touched = np.isfinite(marks)  # a market order, at the first price there is
    elif _fires_above(order):
        touched = marks >= float(level)
    else:
        touched = marks <= float(level)
    found = np.flatnonzero(touched)
    return int(found[0]) if len(found) else None


def level_of(order: Order, mark_price: Decimal) -> Decimal:
    """Return the price at which the order comes alive."""
    level = order.trigger_price if order.type.is_conditional else order.price
    return mark_price if level is None else level


def trade(
    account: Account,
    order: Order,
    market: Market,
    rulebook: Rulebook,
    liquidity: Liquidity,
    at_ms: int,
    *,
    is_new: bool = False,
) -> Traded:
    """Return what the touched order does: fill, wait as a limit order, or vanish.

    `is_new`: whether it is placed at this very moment, and has not been resting.
    """
    rest = replace(account, orders=tuple(o for o in account.orders if o is not order))
    mark = market.marks[order.symbol]
    if order.type.is_conditional and order.price is not None:
        limit = replace(order, type=OrderType.LIMIT, trigger_price=None)
        event = Event(
            at_ms,
            EventKind.TRIGGERED,
            f"{order.type} on {order.symbol} triggered at {plain(mark)}; "
            f"rests as a limit order at {plain(order.price)}",
            symbol=order.symbol,
        )
        return Traded(replace(rest, orders=(*rest.orders, limit)), event)
    size = _tradable_size(account, order)
    instrument = contract_of(order.symbol, rulebook).instrument
    if not size:
        text = f"reduce-only order on {order.symbol} vanishes: nothing is left to reduce"
        return Traded(rest, Event(at_ms, EventKind.ORDER_REFUSED, text, symbol=order.symbol))
    price = liquidity.fill_price(size, mark, instrument)
    is_maker = order.price is not None and not is_new
    if order.price is not None:
        better = min if size > 0 else max
        price = order.price if is_maker else better(price, order.price)
    posted = post_fill(
        rest,
        instrument,
        size,
        price,
        fee_fraction=rulebook.fees.maker if is_maker else rulebook.fees.taker,
        leverage=leverage_of(order.symbol, account, rulebook),
        side=order.side,
    )
    verb = "bought" if size > 0 else "sold"
    event = Event(
        at_ms,
        EventKind.FILL,
        f"{verb} {plain(abs(size))} {order.symbol} at {plain(down_to(EIGHT_PLACES, price))} "
        f"({order.type} order); fee {plain(posted.fee)} {instrument.settle}",
        asset=instrument.settle,
        symbol=order.symbol,
        size=size,
        price=price,
        realised_pnl=posted.realised_pnl,
        fee=posted.fee,
    )
    return Traded(posted.account, event)


def refusal(account: Account, order: Order, market: Market, rulebook: Rulebook) -> str | None:
    """Return why a new order is not accepted, or None if it is.

    Raises
    ------
    UsageError
        If it is of a kind that replays do not have.
    """
    if order.type is OrderType.TRAILING_STOP_MARKET:
        raise UsageError("trailing orders are not replayed")
    if order.type.is_conditional or not _is_opening(account, order):
        return None
    with_it = replace(account, orders=(*account.orders, order))
    assessment = assess(with_it, market, rulebook)
    for unit in assessment.pools:
        if unit.health is None or unit.open_loss is None or unit.initial_missing:
            lacking = (*unit.missing, *unit.initial_missing)
            return f"margin is unknown without {', '.join(lacking)}"
        short = unit.health.initial_margin + unit.open_loss - unit.health.equity
        if short > 0 and unit.order_initial_margin:
            return f"margin is insufficient by {plain(down_to(EIGHT_PLACES, short))} {unit.asset}"
    return None


def _is_opening(account: Account, order: Order) -> bool:
    # Only orders that may open exposure need the margin check, as at the venue; a reduce-only one
    # without a position will vanish.
    held = _held_size(account, order)
    if order.reduce_only and not held:
        return False
    resting = sum(
        (
            abs(other.size)
            for other in account.orders
            if (other.symbol, other.side) == (order.symbol, order.side)
            and other.size * order.size > 0
            and not other.type.is_conditional
        ),
        ZERO,
    )
    return is_opening(held, order.size, resting)


def _held_size(account: Account, order: Order) -> Decimal:
    is_hedge = account.position_mode is PositionMode.HEDGE
    for position in account.positions:
        if position.symbol == order.symbol and (not is_hedge or position.side is order.side):
            return position.size
    return ZERO


def _fires_above(order: Order) -> bool:
    # A limit sell, a buy stop and a take-profit sell wait for higher prices.
    is_sell = order.size < 0
    if order.type in (OrderType.STOP, OrderType.STOP_MARKET):
        return not is_sell
    return is_sell


def _tradable_size(account: Account, order: Order) -> Decimal:
    is_hedge = account.position_mode is PositionMode.HEDGE
    held = _held_size(account, order)
    is_closing = held * order.size < 0
    if order.reduce_only and not is_closing:
        return ZERO
    is_opening_side = is_hedge and (order.size > 0) == (order.side == "long")
    if order.reduce_only or (is_hedge and not is_opening_side):
        return min(abs(order.size), abs(held)).copy_sign(order.size) if is_closing else ZERO
    return order.size
