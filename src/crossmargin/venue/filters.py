"""What an order must look like before anybody asks whether it can be afforded.

Numbers, price and size steps, the smallest notional, how far from the mark a price may be, which
prices a type needs, which position a hedged order belongs to, and whether a trigger would fire at
once. Margin is not looked at here. Invariant: nothing is changed; what does not fit is refused
with the rule's name and the numbers.

Sources: Binance futures, "Symbol filters" (PRICE_FILTER, LOT_SIZE, MIN_NOTIONAL, PERCENT_PRICE) and
"Error codes" (-2021 order would immediately trigger, -2022 reduce-only rejected, -4061 position
side does not match).
"""

from decimal import Decimal

from crossmargin.errors import UnitError
from crossmargin.margin.pnl import notional
from crossmargin.model.account import PositionMode
from crossmargin.model.expiry import expiry_ms
from crossmargin.model.instrument import Instrument
from crossmargin.model.order import OrderType, Side
from crossmargin.money import ONE, ZERO, number, plain
from crossmargin.venue.command import PlaceOrder, TimeInForce, Trigger
from crossmargin.venue.decision import Decision
from crossmargin.venue.prices import is_trading_halted
from crossmargin.venue.refusal import Code
from crossmargin.venue.settings import Filters
from crossmargin.venue.state import AccountState, State, SymbolState

PRICED = (OrderType.LIMIT, OrderType.STOP, OrderType.TAKE_PROFIT)
"""Types that carry a limit price."""
TAKING_PROFIT = (OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_MARKET)


def instrument_to_trade(decision: Decision, symbol: str) -> Instrument:
    """Return the contract if orders in it are taken now.

    Raises
    ------
    Refusal
        UNKNOWN_SYMBOL if there is none or it has expired, HALTED if trading in it has stopped,
        PRICES_UNUSABLE if it has no mark price.
    """
    state = decision.state
    contract = state.rulebook.contracts.get(symbol)
    if contract is None:
        raise decision.refuse(Code.UNKNOWN_SYMBOL, f"{symbol} is not traded here.")
    expires_ms = expiry_ms(contract.instrument)
    if expires_ms is not None and expires_ms <= state.at_ms:
        raise decision.refuse(Code.UNKNOWN_SYMBOL, f"{symbol} has expired.")
    if is_trading_halted(state, symbol):
        raise decision.refuse(Code.HALTED, f"Trading in {symbol} is halted for want of prices.")
    if state.symbol(symbol).mark is None:
        raise decision.refuse(Code.PRICES_UNUSABLE, f"{symbol} has no mark price.")
    return contract.instrument


def check_numbers(decision: Decision, **numbers: Decimal | None) -> None:
    """Refuse what is not a finite number of at most 18 digits on each side of the point.

    Raises
    ------
    Refusal
        BAD_NUMBER; also for a price, trigger or callback that is not above zero.
    """
    for name, value in numbers.items():
        if value is None:
            continue
        try:
            number(value)
        except UnitError as error:
            raise decision.refuse(Code.BAD_NUMBER, f"The {name} of the order: {error}.") from None
        if name != "size" and value <= 0:
            raise decision.refuse(
                Code.BAD_NUMBER, f"The {name} of the order is {plain(value)}, must be above zero."
            )


def check_shape(decision: Decision, command: PlaceOrder) -> None:
    """Refuse an order whose type and fields contradict each other.

    Raises
    ------
    Refusal
        MISSING_PRICE for a price that is needed, BAD_NUMBER for one that makes no sense.
    """
    kind = command.type
    is_trailing = kind is OrderType.TRAILING_STOP_MARKET
    if kind in PRICED and command.price is None:
        raise decision.refuse(Code.MISSING_PRICE, f"A {kind} order needs a price.")
    if kind not in PRICED and command.price is not None:
        raise decision.refuse(Code.BAD_NUMBER, f"A {kind} order has no price of its own.")
    if kind.is_conditional and not is_trailing and command.trigger_price is None:
        raise decision.refuse(Code.MISSING_PRICE, f"A {kind} order needs a trigger price.")
    if not kind.is_conditional and command.trigger_price is not None:
        raise decision.refuse(Code.BAD_NUMBER, f"A {kind} order has no trigger price.")
    callback = command.callback_fraction
    if is_trailing and callback is None:
        raise decision.refuse(Code.MISSING_PRICE, "A trailing stop needs a callback.")
    if callback is not None and (not is_trailing or callback >= ONE):
        raise decision.refuse(
            Code.BAD_NUMBER, f"A callback of {plain(callback)} does not go with a {kind} order."
        )
    if command.is_close_position and (command.size or is_trailing or kind in PRICED):
        raise decision.refuse(
            Code.BAD_NUMBER,
            "Only market orders, also stopped ones, close the position, without a size.",
        )
    if not command.size and not command.is_close_position:
        raise decision.refuse(Code.BAD_NUMBER, "The size of the order is zero.")
    if kind not in PRICED and command.time_in_force is TimeInForce.GTX:
        raise decision.refuse(Code.WOULD_TRADE_AT_ONCE, "A market order cannot be post-only.")


def check_side(decision: Decision, account: AccountState, command: PlaceOrder) -> None:
    """Refuse an order that does not say which position it belongs to, or reduces none.

    Raises
    ------
    Refusal
        WRONG_SIDE, REDUCE_ONLY_REJECTED.
    """
    is_hedge = account.position_mode is PositionMode.HEDGE
    if is_hedge and command.side is None:
        raise decision.refuse(
            Code.WRONG_SIDE, "In hedge mode an order names the position side it belongs to."
        )
    if not is_hedge and command.side is not None:
        raise decision.refuse(Code.WRONG_SIDE, "In one-way mode an order has no position side.")
    is_exit = command.reduce_only or command.is_close_position
    if is_exit and (command.stop_loss_price or command.take_profit_price):
        raise decision.refuse(
            Code.REDUCE_ONLY_REJECTED, "An order that only reduces cannot carry exits of its own."
        )
    is_closing = is_reducing(command)
    if is_hedge and command.size and not is_closing and command.reduce_only:
        raise decision.refuse(Code.REDUCE_ONLY_REJECTED, "ReduceOnly Order is rejected.")
    if not is_closing or (command.type.is_conditional and command.size):
        return
    held = account.position(command.symbol, command.side)
    if held is None or held.size * command.size > 0:
        raise decision.refuse(Code.REDUCE_ONLY_REJECTED, "ReduceOnly Order is rejected.")


def is_reducing(placed: PlaceOrder) -> bool:
    """Return whether an order may only ever make its position smaller.

    Because it says so or, in hedge mode, because it is against the side it belongs to.
    """
    if placed.is_close_position:
        return True
    if placed.side is None:
        return placed.reduce_only
    return (placed.size < 0) is (placed.side is Side.LONG)


def filters_of(state: State, instrument: Instrument) -> Filters:
    """Return a symbol's filters; the contract's own steps where the settings have none."""
    found = state.settings.filters_of(instrument.symbol)
    if found.tick is not None and found.lot is not None:
        return found
    return Filters(
        found.tick if found.tick is not None else instrument.tick,
        found.lot if found.lot is not None else instrument.lot,
        found.notional_min,
        found.band_fraction,
    )


def check_steps(
    decision: Decision, filters: Filters, size: Decimal, *prices: Decimal | None
) -> None:
    """Refuse prices off the tick and sizes off the lot.

    Raises
    ------
    Refusal
        BAD_PRICE_STEP, BAD_SIZE_STEP.
    """
    if filters.lot and size % filters.lot:
        raise decision.refuse(
            Code.BAD_SIZE_STEP,
            f"The size {plain(size)} is not a multiple of {plain(filters.lot)}.",
        )
    for price in prices:
        if price is not None and filters.tick and price % filters.tick:
            raise decision.refuse(
                Code.BAD_PRICE_STEP,
                f"The price {plain(price)} is not a multiple of {plain(filters.tick)}.",
            )


def check_notional(
    decision: Decision, filters: Filters, size: Decimal, price: Decimal, instrument: Instrument
) -> None:
    """Refuse an order worth less than the smallest notional, in the settle asset.

    Raises
    ------
    Refusal
        NOTIONAL_TOO_SMALL.
    """
    value = notional(size, price, instrument)
    if filters.notional_min is not None and value < filters.notional_min:
        raise decision.refuse(
            Code.NOTIONAL_TOO_SMALL,
            f"The order's notional {plain(value)} is below {plain(filters.notional_min)}.",
        )


def band_limit(state: State, symbol: str, size: Decimal) -> Decimal | None:
    """Return the worst price an order may ask for: mark × (1 ± band), + for buys.

    None where the symbol has no band or no mark. Market orders fill no further than this either.
    """
    band, mark = state.settings.filters_of(symbol).band_fraction, state.symbol(symbol).mark
    if band is None or mark is None:
        return None
    return mark * (ONE + band.copy_sign(size))


def check_band(decision: Decision, symbol: str, size: Decimal, price: Decimal | None) -> None:
    """Refuse a limit price beyond the band.

    Raises
    ------
    Refusal
        PRICE_OUT_OF_BAND.
    """
    limit = band_limit(decision.state, symbol, size)
    if price is None or limit is None:
        return
    if (price > limit) if size > 0 else (price < limit):
        raise decision.refuse(
            Code.PRICE_OUT_OF_BAND,
            f"The price {plain(price)} is beyond {plain(limit)}, the limit at this mark.",
        )


def watched_price(market: SymbolState, trigger: Trigger) -> Decimal | None:
    """Return the price a waiting order looks at; None where there is none."""
    if trigger is Trigger.MARK:
        return market.mark
    return market.last if trigger is Trigger.LAST else market.index


def check_trigger(decision: Decision, command: PlaceOrder, size: Decimal) -> None:
    """Refuse a waiting order that would not wait.

    Stops wait for the price to go with the order (up for buys), take-profits and a trailing
    stop's activation for it to go against. A trailing stop without activation follows at once.

    Parameters
    ----------
    size : which way the order will go, where the command does not say because it closes.

    Raises
    ------
    Refusal
        PRICES_UNUSABLE if the price it looks at is not known, WOULD_TRIGGER_AT_ONCE.
    """
    watched = watched_price(decision.state.symbol(command.symbol), command.trigger)
    if watched is None:
        raise decision.refuse(
            Code.PRICES_UNUSABLE, f"{command.symbol} has no {command.trigger} price to wait for."
        )
    if command.trigger_price is None:
        return
    kind = command.type
    goes_with = kind not in TAKING_PROFIT and kind is not OrderType.TRAILING_STOP_MARKET
    waits_above = (size > 0) is goes_with
    distance = command.trigger_price - watched
    if (distance <= ZERO) if waits_above else (distance >= ZERO):
        raise decision.refuse(Code.WOULD_TRIGGER_AT_ONCE, "Order would immediately trigger.")


def check_exits(decision: Decision, command: PlaceOrder) -> None:
    """Refuse attached exits on the wrong side of where the order opens.

    That is its price, else its trigger, else the mark.

    Raises
    ------
    Refusal
        WOULD_TRIGGER_AT_ONCE.
    """
    entry = command.price or command.trigger_price or decision.state.symbol(command.symbol).mark
    if entry is None:
        return
    below, above = command.stop_loss_price, command.take_profit_price
    if command.size < 0:
        below, above = above, below
    if (below is not None and below >= entry) or (above is not None and above <= entry):
        raise decision.refuse(
            Code.WOULD_TRIGGER_AT_ONCE,
            f"The exits are on the wrong side of the entry at {plain(entry)}.",
        )
