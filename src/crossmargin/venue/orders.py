"""Orders coming in and going: everything is looked at first, then something happens.

Placing checks in the order a venue does: is the symbol traded, does the order make sense, does it
keep to the filters, may it come in at all (post-only, fill-or-kill, reduce-only, trigger), and can
the whole portfolio afford it. Then it rests, trades, or waits for its trigger.

How orders meet is in `matching`, how waiting ones fire in `triggers`. A client's id that is used
again is refused while the order is open; answering the same request again is the runtime's task.

Invariants: a refused command has changed nothing; an order is in exactly one state; what a command
costs does not grow with the number of accounts or of finished orders.
"""

from collections.abc import Sequence
from decimal import Decimal

from msgspec.structs import replace

from crossmargin.margin.lookup import contract_of
from crossmargin.margin.open_orders import Resting, RestingKey
from crossmargin.model.account import PositionMode
from crossmargin.model.instrument import Instrument
from crossmargin.model.order import Order
from crossmargin.money import ONE, ZERO
from crossmargin.venue.checks import owned
from crossmargin.venue.command import (
    CancelAll,
    CancelOrder,
    PlaceOrder,
    Quote,
    TimeInForce,
)
from crossmargin.venue.decision import Decision
from crossmargin.venue.event import OrderAccepted, OrderStatus
from crossmargin.venue.filters import (
    check_band,
    check_exits,
    check_notional,
    check_numbers,
    check_shape,
    check_side,
    check_steps,
    check_trigger,
    filters_of,
    instrument_to_trade,
    is_reducing,
)
from crossmargin.venue.margin_check import (
    check_ladder,
    check_margin,
    intended,
    margin_price,
    may_open,
    size_after,
    with_order,
)
from crossmargin.venue.matching import fillable, limit_of, trade
from crossmargin.venue.open_interest import check_open_interest
from crossmargin.venue.refusal import Code
from crossmargin.venue.state import AccountState, OpenOrder, State


def place_order(decision: Decision, command: PlaceOrder) -> None:
    """Take an order in, and let it trade unless it waits.

    A market order that closes the position is taken in with the position's size.

    Raises
    ------
    Refusal
        With the code of the first rule it breaks; nothing has happened then.
    """
    command = checked(decision, command)
    is_waiting = command.type.is_conditional
    order_id = decision.state.next_order_id
    decision.emit(OrderAccepted(order_id=order_id, order=command, is_waiting=is_waiting))
    if not is_waiting:
        trade(decision, order_id)


def checked(
    decision: Decision, command: PlaceOrder, instead_of: OpenOrder | None = None
) -> PlaceOrder:
    """Return an order as it would come in, with its size, once nothing speaks against it.

    Nothing is changed.

    Parameters
    ----------
    instead_of : the order of the same side that it takes the place of.

    Raises
    ------
    Refusal
        With the code of the first rule it breaks.
    """
    account = owned(decision, command.account)
    if command.client_id and command.client_id in account.client_orders:
        raise decision.refuse(
            Code.DUPLICATE_CLIENT_ID,
            f"An open order has the client id {command.client_id} already.",
        )
    instrument = instrument_to_trade(decision, command.symbol)
    check_numbers(
        decision,
        size=command.size,
        price=command.price,
        trigger_price=command.trigger_price,
        callback_fraction=command.callback_fraction,
        stop_loss_price=command.stop_loss_price,
        take_profit_price=command.take_profit_price,
    )
    check_shape(decision, command)
    check_side(decision, account, command)
    closing = _closing_size(account, command)
    if command.is_close_position and not command.type.is_conditional:
        command = replace(command, size=closing)
    _check_filters(decision, command, instrument)
    check_exits(decision, command)
    if command.type.is_conditional:
        check_trigger(decision, command, command.size or closing)
    else:
        _check_book(decision, command)
        if may_open(account, command, instead_of):
            size = size_after(account, command, instead_of)
            check_ladder(decision, account, command.symbol, size)
            check_open_interest(decision, command.symbol, command.size)
            order = intended(decision.state, command)
            resting = with_order(decision.state, account, order, instead_of)
            check_margin(decision, account, resting)
    return command


def cancel_order(decision: Decision, command: CancelOrder) -> None:
    """Cancel one of the account's orders, by our id or by its own.

    Raises
    ------
    Refusal
        UNKNOWN_ORDER if it has no such order, or no longer.
    """
    account = owned(decision, command.account)
    order_id = command.order_id
    if order_id is None:
        order_id = account.client_orders.get(command.order_client_id)
    if order_id is None or order_id not in account.orders:
        raise decision.refuse(Code.UNKNOWN_ORDER, "There is no such open order.")
    decision.end(order_id, OrderStatus.CANCELLED, "asked for")


def cancel_all(decision: Decision, command: CancelAll) -> None:
    """Cancel all of the account's orders, or those of one symbol, oldest first.

    Raises
    ------
    Refusal
        UNKNOWN_ACCOUNT.
    """
    account = owned(decision, command.account)
    for order in list(account.orders.values()):
        if not command.symbol or order.symbol == command.symbol:
            decision.end(order.id, OrderStatus.CANCELLED, "asked for")


def quote(decision: Decision, command: Quote) -> None:
    """Replace all orders of a maker in a symbol by post-only ones.

    Levels that would trade at once with somebody else are left out. The others are margin-checked
    together; if they cannot be afforded, the old quotes stay.

    Raises
    ------
    Refusal
        NOT_A_MAKER, WOULD_TRADE_AT_ONCE if the maker's own levels cross, and whatever a single
        order could be refused for.
    """
    account = owned(decision, command.account)
    if not account.is_maker:
        raise decision.refuse(Code.NOT_A_MAKER, f"{account.name} is not a market maker.")
    if account.position_mode is PositionMode.HEDGE:
        raise decision.refuse(Code.WRONG_SIDE, "A market maker quotes in one-way mode.")
    instrument = instrument_to_trade(decision, command.symbol)
    _check_levels(decision, command, instrument)
    placed = _that_rest(decision, command)
    symbol = command.symbol
    # A maker's stops are no quotes.
    old = [one for one in account.orders.values() if one.symbol == symbol and not one.is_waiting]
    held = account.position(symbol, None)
    opened = _sizes_that_open(held.size if held else ZERO, placed)
    for size in opened:
        check_ladder(decision, account, symbol, size)
    if opened:
        check_margin(decision, account, _with_quotes(decision.state, account, symbol, placed))
    for order in old:
        decision.end(order.id, OrderStatus.CANCELLED, "replaced")
    for one in placed:
        order_id = decision.state.next_order_id
        decision.emit(OrderAccepted(order_id=order_id, order=one))


def _with_quotes(
    state: State, account: AccountState, symbol: str, placed: Sequence[PlaceOrder]
) -> dict[RestingKey, Resting]:
    # What would rest of a maker with these quotes in place of all it has in the symbol.
    resting = {key: sums for key, sums in account.resting(state).items() if key[0] != symbol}
    sums = resting[symbol, None] = Resting(state.symbol(symbol).mark)
    instrument = contract_of(symbol, state.rulebook).instrument
    for one in placed:
        sums.count(Order(symbol, one.size, one.price), instrument, state.rulebook)
    return resting


def _closing_size(account: AccountState, command: PlaceOrder) -> Decimal:
    # What would close all that is held, signed; zero where the command has a size of its own.
    if not command.is_close_position:
        return ZERO
    held = account.position(command.symbol, command.side)
    return -held.size if held else ZERO


def _check_filters(decision: Decision, command: PlaceOrder, instrument: Instrument) -> None:
    filters = filters_of(decision.state, instrument)
    check_steps(
        decision,
        filters,
        command.size,
        command.price,
        command.trigger_price,
        command.stop_loss_price,
        command.take_profit_price,
    )
    # What is left of a position may be smaller than any order may be, and must be able to go.
    if not is_reducing(command):
        price = command.price or command.trigger_price or margin_price(decision.state, command)
        if price is not None:
            check_notional(decision, filters, command.size, price, instrument)
    # The band keeps customers from bad prices. Makers are who brings the market to a new one,
    # before the mark has followed.
    if not command.type.is_conditional and not decision.account(command.account).is_maker:
        check_band(decision, command.symbol, command.size, command.price)


def _check_book(decision: Decision, command: PlaceOrder) -> None:
    # What the book alone decides: post-only, and fill-or-kill.
    state = decision.state
    limit = limit_of(state, command.symbol, command.size, command.price)
    if command.time_in_force is TimeInForce.GTX:
        book = state.symbol(command.symbol).book
        if next(book.opposite(command.size, limit), None) is not None:
            raise decision.refuse(
                Code.WOULD_TRADE_AT_ONCE, "A post-only order would trade at once."
            )
    is_whole = command.time_in_force is TimeInForce.FOK
    if is_whole and fillable(state, command, limit) < abs(command.size):
        raise decision.refuse(
            Code.CANNOT_FILL_WHOLE, "A fill-or-kill order cannot be filled whole."
        )


def _check_levels(decision: Decision, command: Quote, instrument: Instrument) -> None:
    filters = filters_of(decision.state, instrument)
    bid, ask = None, None
    for level in command.levels:
        check_numbers(decision, size=level.size, price=level.price)
        if not level.size:
            raise decision.refuse(Code.BAD_NUMBER, "The size of a quote is zero.")
        check_steps(decision, filters, level.size, level.price)
        check_notional(decision, filters, level.size, level.price, instrument)
        if level.size > 0:
            bid = level.price if bid is None else max(bid, level.price)
        else:
            ask = level.price if ask is None else min(ask, level.price)
    if bid is not None and ask is not None and bid >= ask:
        raise decision.refuse(Code.WOULD_TRADE_AT_ONCE, "The quotes would trade with one another.")


def _that_rest(decision: Decision, command: Quote) -> list[PlaceOrder]:
    # The levels that nobody else's order meets, as orders.
    state = decision.state
    lowest_ask, highest_bid = (
        _best_of_others(decision, command.symbol, command.account, sign) for sign in (ONE, -ONE)
    )
    placed = []
    for level in command.levels:
        best = lowest_ask if level.size > 0 else highest_bid
        if best is not None and (level.price - best) * level.size >= 0:
            continue
        placed.append(
            PlaceOrder(
                at_ms=state.at_ms,
                account=command.account,
                symbol=command.symbol,
                size=level.size,
                price=level.price,
                time_in_force=TimeInForce.GTX,
            )
        )
    return placed


def _best_of_others(decision: Decision, symbol: str, account: str, sign: Decimal) -> Decimal | None:
    # The first price an order of `sign` would meet that is not the maker's own.
    state = decision.state
    for order_id, price, _ in state.symbol(symbol).book.opposite(sign, None):
        if state.orders[order_id].account != account:
            return price
    return None


def _sizes_that_open(held: Decimal, placed: list[PlaceOrder]) -> list[Decimal]:
    # What would be held if all bids filled, and if all asks did, where that is past what is held.
    bids = held + sum((one.size for one in placed if one.size > 0), ZERO)
    asks = held + sum((one.size for one in placed if one.size < 0), ZERO)
    return [
        size for size in (bids, asks) if size != held and (held * size < 0 or abs(size) > abs(held))
    ]
