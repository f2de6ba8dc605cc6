"""Whether an account can afford the orders it asks for.

An order that may open exposure is judged together with the whole portfolio, open orders included:
the account is looked at as it would be with the order, by the margin core. Nothing is changed;
what is not known is refused as unknown, never let through.

It does not look at fees, as the venue's own order cost does not, nor at the prices a large taker
would really get: an accepted order fills even where that leaves less than initial margin.

Sources: Binance, "Cost required to open a position", "Margin requirement of open orders"; error
codes -2019 (margin is insufficient), -2027 (largest position at this leverage).
"""

from collections.abc import Mapping
from decimal import Decimal

from crossmargin.margin.lookup import contract_of, leverage_setting
from crossmargin.margin.open_orders import Resting, RestingKey
from crossmargin.margin.orders import Quote, assumed_price, is_opening
from crossmargin.margin.pnl import notional
from crossmargin.model.order import Order, OrderType
from crossmargin.money import ZERO, plain
from crossmargin.venue.account_mode import is_by_scenarios
from crossmargin.venue.command import PlaceOrder
from crossmargin.venue.decision import Decision
from crossmargin.venue.filters import is_reducing
from crossmargin.venue.judging import is_margin_enough, judged, judged_as
from crossmargin.venue.open_interest import is_room
from crossmargin.venue.refusal import Code
from crossmargin.venue.state import AccountState, OpenOrder, State


def room(account: AccountState, order: OpenOrder) -> Decimal:
    """Return how much of an order may fill now, absolute.

    All that is left of it; of one that only reduces, no more than the position it is against.
    """
    if not is_reducing(order.placed):
        return abs(order.size)
    held = account.position(order.symbol, order.placed.side)
    return reducible(held.size if held else ZERO, order.size)


def reducible(held: Decimal, size: Decimal) -> Decimal:
    """Return how much of an order of `size` makes a position of `held` smaller, absolute."""
    return min(abs(held), abs(size)) if held * size < 0 else ZERO


def may_open(
    account: AccountState, placed: PlaceOrder, instead_of: OpenOrder | None = None
) -> bool:
    """Return whether an order must be afforded: it may go past what is held.

    Parameters
    ----------
    instead_of : the order of the same side that it takes the place of.
    """
    if is_reducing(placed):
        return False
    return is_opening(account.held(placed), placed.size, abs(_beside(account, placed, instead_of)))


def margin_price(state: State, placed: PlaceOrder) -> Decimal | None:
    """Return the price an order not yet in is margined at; None without a mark.

    By the rulebook's rule. The mark stands where the book has no bid or ask, or there was no
    trade yet: nothing can fill at once then.
    """
    market = state.symbol(placed.symbol)
    if market.mark is None:
        return None
    quote = Quote(
        market.mark,
        market.last or market.mark,
        market.book.best_bid or market.mark,
        market.book.best_ask or market.mark,
    )
    rulebook = state.rulebook
    return assumed_price(
        rulebook.assumed_price, rulebook.market_buffer, placed.size, placed.price, quote
    )


def intended(state: State, placed: PlaceOrder) -> Order:
    """Return a new order as the margin core reads it."""
    price = margin_price(state, placed)
    reduces = placed.reduce_only or placed.is_close_position
    return Order(placed.symbol, placed.size, price, OrderType.LIMIT, None, reduces, placed.side)


def with_order(
    state: State, account: AccountState, order: Order, instead_of: OpenOrder | None = None
) -> dict[RestingKey, Resting]:
    """Return the sums of what rests of the account, as they would be with one more order.

    Parameters
    ----------
    instead_of : an order of the same position that would be gone.
    """
    resting = account.resting(state)
    key = order.symbol, order.side
    before = resting.get(key)
    sums = before.copy() if before else Resting(state.symbol(order.symbol).mark)
    instrument = contract_of(order.symbol, state.rulebook).instrument
    gone = None if instead_of is None else account.margined(instead_of)
    if gone is not None:
        sums.count(gone, instrument, state.rulebook, is_out=True)
    sums.count(order, instrument, state.rulebook)
    resting[key] = sums
    return resting


def check_margin(
    decision: Decision, account: AccountState, resting: Mapping[RestingKey, Resting]
) -> None:
    """Refuse orders that the account cannot afford together with all it has.

    Parameters
    ----------
    resting : the sums of all that would rest, the new orders included.

    Raises
    ------
    Refusal
        HEALTH_UNKNOWN if a price or ladder is missing, MARGIN_INSUFFICIENT.
    """
    assessment = judged_as(decision.state, account.bare(), resting)
    is_enough = is_margin_enough(assessment)
    if is_enough is None:
        missing = ", ".join((*assessment.missing, *assessment.initial_missing))
        raise decision.refuse(
            Code.HEALTH_UNKNOWN, f"The margin cannot be worked out: {missing} not known."
        )
    if not is_enough:
        raise decision.refuse(Code.MARGIN_INSUFFICIENT, "Margin is insufficient.")


def size_after(
    account: AccountState, placed: PlaceOrder, instead_of: OpenOrder | None = None
) -> Decimal:
    """Return what would be held if the order and everything resting on its side filled.

    Parameters
    ----------
    instead_of : the order of the same side that it takes the place of.
    """
    return account.held(placed) + _beside(account, placed, instead_of) + placed.size


def check_ladder(decision: Decision, account: AccountState, symbol: str, size: Decimal) -> None:
    """Refuse a position that would be larger than the ladder allows at its leverage, at mark.

    Parameters
    ----------
    size : of the whole position as it would be, signed. Options have no ladder, and no position
        has where scenarios say what is asked.

    Raises
    ------
    Refusal
        HEALTH_UNKNOWN if the ladder is not known that far, NOTIONAL_TOO_LARGE.
    """
    state = decision.state
    mark = state.symbol(symbol).mark
    contract = contract_of(symbol, state.rulebook)
    tiers = contract.tiers
    if contract.option is not None or is_by_scenarios(state, account):
        return
    if tiers is None or mark is None:
        raise decision.refuse(Code.HEALTH_UNKNOWN, f"The margin tiers of {symbol} are not known.")
    value = abs(size) if tiers.is_by_size else notional(size, mark, contract.instrument)
    if tiers.known_to is not None and value > tiers.known_to:
        raise decision.refuse(
            Code.HEALTH_UNKNOWN,
            f"The margin tiers of {symbol} are known to {plain(tiers.known_to)} only.",
        )
    leverage = leverage_setting(symbol, account.bare(), state.rulebook)
    allowed = tiers.pieces[tiers.index(value)].leverage_max
    is_past_cap = tiers.cap is not None and value > tiers.cap
    if is_past_cap or (leverage is not None and leverage > allowed):
        raise decision.refuse(
            Code.NOTIONAL_TOO_LARGE,
            "Exceeded the maximum allowable position at current leverage.",
        )


def is_still_afforded(state: State, order: OpenOrder) -> bool:
    """Return whether an order that has waited, and is in now, can be afforded as it comes in.

    What is not known does not count as afforded.
    """
    account = state.accounts[order.account]
    if room(account, order) and is_reducing(order.placed):
        return True
    held = account.position(order.symbol, order.placed.side)
    others = account.resting_size(order.symbol, order.placed.side, order.size) - order.size
    if not is_opening(held.size if held else ZERO, order.size, abs(others)):
        return True
    if not is_room(state, order.symbol, order.size):
        return False
    return is_margin_enough(judged(state, order.account)) is True


def _beside(account: AccountState, placed: PlaceOrder, instead_of: OpenOrder | None) -> Decimal:
    # The signed size of what else rests on an order's side.
    resting = account.resting_size(placed.symbol, placed.side, placed.size)
    return resting if instead_of is None else resting - instead_of.size
