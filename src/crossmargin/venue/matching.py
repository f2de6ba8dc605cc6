"""Trades: who meets whom in the book, at what price, and what it does to both.

Price first, then time; the resting order sets the price. Every match is two `Filled` events, one a
side, each of which moves its money to or from `clearing/SYMBOL` (realised profit) and `fees` (a
liquidation's fee: `fund`). Orders that only reduce are cut to what they may reduce at the moment
they fill, whatever they asked for when they came.

Nothing here judges margin, but for orders that have waited for a trigger: an accepted order is
filled even where its own fills leave less than initial margin, as at the venues.

Invariants: what is bought is sold; money is conserved after every event; an order that only
reduces never makes a position larger or turns it round; each match costs the same however many
accounts, holders and finished orders there are.
"""

from collections.abc import Iterator
from decimal import Decimal

from crossmargin.errors import InvariantBroken
from crossmargin.model.order import OrderType, Side
from crossmargin.money import ZERO, quotient_down, quotient_up
from crossmargin.venue.command import PlaceOrder, SelfTrade, TimeInForce
from crossmargin.venue.decision import Decision
from crossmargin.venue.event import Filled, OrderStatus
from crossmargin.venue.exits import attach
from crossmargin.venue.fills import fill
from crossmargin.venue.filters import band_limit, is_reducing
from crossmargin.venue.margin_check import is_still_afforded, reducible, room
from crossmargin.venue.state import OpenOrder, State


def trade(decision: Decision, order_id: int, *, why: str = "trade") -> None:
    """Match an accepted order against the book, best price first, and end what may not rest.

    An order that has waited for its trigger is checked as it comes in: post-only, fill-or-kill and
    margin, which for others were looked at when they were placed; one that does not pass expires.

    Parameters
    ----------
    why : said in the fills.
    """
    state = decision.state
    order = state.orders[order_id]
    limit = limit_of(state, order.symbol, order.size, order.price)
    if order.placed.type.is_conditional:
        reason = _obstacle(state, order, limit)
        if reason:
            _expire(decision, order_id, reason)
            return
    book = state.symbol(order.symbol).book
    account = state.accounts[order.account]
    while order_id in state.orders:
        size = room(account, order)
        if not size:
            _expire(decision, order_id, "reduce-only")
            return
        met = next(book.opposite(order.size, limit), None)
        if met is None:
            break
        maker = state.orders[met[0]]
        if maker.account == order.account and order.placed.self_trade is not SelfTrade.NONE:
            _prevent(decision, order.placed.self_trade, taker=order_id, maker=maker.id)
            continue
        available = room(state.accounts[maker.account], maker)
        if not available:
            _expire(decision, maker.id, "reduce-only")
            continue
        _match(decision, order, maker, min(size, available), why)
    if order_id in state.orders and not _may_rest(order):
        _expire(decision, order_id, "nobody on the other side at its price")


def sweep(
    decision: Decision,
    account: str,
    symbol: str,
    size: Decimal,
    side: Side | None,
    *,
    limit: Decimal | None = None,
    fee_fraction: Decimal,
    is_liquidation: bool,
    why: str,
) -> Decimal:
    """Buy (size above zero) or sell at what the book has; return the signed size filled.

    There is no order of it, and no band. The account's own orders in the way are ended. What
    others' orders may not fill is not filled.

    Parameters
    ----------
    side : in hedge mode, the position it belongs to.
    limit : the worst price taken; None takes any.
    fee_fraction : of notional; paid to `fund` by liquidations, else to `fees`.
    """
    state = decision.state
    book = state.symbol(symbol).book
    left = size
    while left:
        met = next(book.opposite(left, limit), None)
        if met is None:
            break
        maker = state.orders[met[0]]
        if maker.account == account:
            _expire(decision, maker.id, "self-trade")
            continue
        available = room(state.accounts[maker.account], maker)
        if not available:
            _expire(decision, maker.id, "reduce-only")
            continue
        filled = min(abs(left), available).copy_sign(left)
        trade_id, price = state.next_trade_id, met[1]
        taken = fill(
            state,
            account,
            symbol,
            filled,
            price,
            side,
            why=why,
            trade_id=trade_id,
            fee_fraction=fee_fraction,
            fee_to="fund" if is_liquidation else "fees",
            is_liquidation=is_liquidation,
        )
        decision.emit(taken)
        _fill_maker(decision, trade_id, maker, -filled, price, why)
        left -= filled
    return size - left


def cross(
    decision: Decision,
    symbol: str,
    price: Decimal,
    size: Decimal,
    buyer: str,
    seller: str,
    *,
    why: str,
    buyer_side: Side | None,
    seller_side: Side | None,
    is_liquidation_of: str | None = None,
) -> None:
    """Let `buyer` have `size` (absolute) of `seller` off the book, at a given price, free of fees.

    Parameters
    ----------
    buyer_side, seller_side : in hedge mode, the position it belongs to.
    is_liquidation_of : whose isolated bucket bears the loss, if one of them is liquidated.
    """
    state = decision.state
    trade_id = state.next_trade_id
    for name, signed, side in ((buyer, size, buyer_side), (seller, -size, seller_side)):
        is_liquidated = is_liquidation_of == name
        decision.emit(
            fill(
                state,
                name,
                symbol,
                signed,
                price,
                side,
                why=why,
                trade_id=trade_id,
                is_liquidation=is_liquidated,
            )
        )


def fill_price(state: State, symbol: str, size: Decimal) -> Decimal | None:
    """Return the average price the book would give for a signed size; None if it has not as much.

    50 digits, rounded against whoever asks. Orders that only reduce count in full.
    """
    left, cost = abs(size), ZERO
    for _, price, resting in state.symbol(symbol).book.opposite(size, None):
        taken = min(left, abs(resting))
        cost += taken * price
        left -= taken
        if not left:
            return (quotient_up if size > 0 else quotient_down)(cost, abs(size))
    return None


def fillable(state: State, placed: PlaceOrder, limit: Decimal | None) -> Decimal:
    """Return how much of an order not yet in would fill at once, absolute.

    Own orders in its way, and what the reducing orders it meets may still reduce after one
    another, are counted as `trade` would treat them.
    """
    held: dict[tuple[str, Side | None], Decimal] = {}
    left = abs(placed.size)
    if is_reducing(placed):
        left = reducible(_held(state, placed.account, placed.symbol, placed.side), placed.size)
    total = ZERO
    for maker, resting in _resting(state, placed, limit):
        reduces = is_reducing(maker.placed)
        if maker.account == placed.account and (reduces or is_reducing(placed)):
            # An own trade moves what both may still reduce; no more is promised than is sure.
            break
        key = (maker.account, maker.placed.side)
        before = held.get(key, _held(state, maker.account, placed.symbol, maker.placed.side))
        available = reducible(before, resting) if reduces else abs(resting)
        taken = min(left - total, available)
        held[key] = before + taken.copy_sign(resting)
        total += taken
        if total == left:
            break
    return total


def limit_of(state: State, symbol: str, size: Decimal, price: Decimal | None) -> Decimal | None:
    """Return the worst price an order takes; the band of one without a price, None without any."""
    return price if price is not None else band_limit(state, symbol, size)


def _resting(
    state: State, placed: PlaceOrder, limit: Decimal | None
) -> Iterator[tuple[OpenOrder, Decimal]]:
    # What an order would meet until self-trade prevention ends it.
    for order_id, _, resting in state.symbol(placed.symbol).book.opposite(placed.size, limit):
        maker = state.orders[order_id]
        if maker.account == placed.account and placed.self_trade is not SelfTrade.NONE:
            if placed.self_trade is not SelfTrade.EXPIRE_MAKER:
                return
            continue
        yield maker, resting


def _held(state: State, name: str, symbol: str, side: Side | None) -> Decimal:
    held = state.accounts[name].position(symbol, side)
    return held.size if held else ZERO


def _may_rest(order: OpenOrder) -> bool:
    return order.type is OrderType.LIMIT and order.placed.time_in_force in (
        TimeInForce.GTC,
        TimeInForce.GTX,
    )


def _obstacle(state: State, order: OpenOrder, limit: Decimal | None) -> str | None:
    # Why an order that has waited cannot come in, in a few words. Its size now may be another
    # than the one it was placed with.
    book = state.symbol(order.symbol).book
    wanted = order.placed.time_in_force
    if wanted is TimeInForce.GTX and next(book.opposite(order.size, limit), None) is not None:
        return "post-only"
    if wanted is TimeInForce.FOK:
        placed = _as_now(order)
        if fillable(state, placed, limit) < abs(order.size):
            return "cannot fill whole"
    return None if is_still_afforded(state, order) else "margin is insufficient"


def _as_now(order: OpenOrder) -> PlaceOrder:
    placed = order.placed
    return PlaceOrder(
        at_ms=placed.at_ms,
        account=placed.account,
        symbol=placed.symbol,
        size=order.size,
        reduce_only=is_reducing(placed),
        side=placed.side,
        self_trade=placed.self_trade,
    )


def _prevent(decision: Decision, mode: SelfTrade, *, taker: int, maker: int) -> None:
    if mode is not SelfTrade.EXPIRE_TAKER:
        _expire(decision, maker, "self-trade")
    if mode is not SelfTrade.EXPIRE_MAKER:
        _expire(decision, taker, "self-trade")


def _expire(decision: Decision, order_id: int, why: str) -> None:
    decision.end(order_id, OrderStatus.EXPIRED, why)


def _match(decision: Decision, order: OpenOrder, maker: OpenOrder, size: Decimal, why: str) -> None:
    state = decision.state
    trade_id = state.next_trade_id
    price = maker.price
    if price is None:
        raise InvariantBroken(f"order {maker.id} rests without a price")
    signed = size.copy_sign(order.size)
    filled = fill(
        state,
        order.account,
        order.symbol,
        signed,
        price,
        order.placed.side,
        why=why,
        trade_id=trade_id,
        order_id=order.id,
        fee_fraction=state.rulebook.fees.taker,
    )
    _emit_fill(decision, order, filled)
    _fill_maker(decision, trade_id, maker, -signed, price, why)


def _fill_maker(
    decision: Decision, trade_id: int, maker: OpenOrder, size: Decimal, price: Decimal, why: str
) -> None:
    state = decision.state
    filled = fill(
        state,
        maker.account,
        maker.symbol,
        size,
        price,
        maker.placed.side,
        why=why,
        trade_id=trade_id,
        order_id=maker.id,
        fee_fraction=state.rulebook.fees.maker,
        is_maker=True,
    )
    _emit_fill(decision, maker, filled)


def _emit_fill(decision: Decision, order: OpenOrder, filled: Filled) -> None:
    placed = order.placed
    if not order.filled and (placed.stop_loss_price or placed.take_profit_price):
        # Before the first fill, because an order that is filled whole is forgotten with it.
        attach(decision, order.id)
    decision.emit(filled)
