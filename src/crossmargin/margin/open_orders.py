"""What an account's resting orders add to the pools' requirements."""

from decimal import Decimal

from crossmargin.errors import InvariantBroken
from crossmargin.margin.lookup import contract_of, leverage_of, leverage_setting
from crossmargin.margin.option_positions import assess_option
from crossmargin.margin.orders import Quote, assumed_price, exposure, open_loss
from crossmargin.margin.pnl import notional
from crossmargin.margin.requirement import (
    Exposure,
    fraction_with_open_interest,
    initial_margin,
    tier_number,
)
from crossmargin.margin.tally import Tally
from crossmargin.model.account import Account, Position
from crossmargin.model.instrument import Instrument
from crossmargin.model.market import Market
from crossmargin.model.order import Order, Side
from crossmargin.money import ZERO, quotient_up
from crossmargin.rulebooks.margin_rule import PLAIN, InitialMargin
from crossmargin.rulebooks.schema import Rulebook


def add_open_orders(
    tallies: dict[str, Tally],
    account: Account,
    market: Market,
    rulebook: Rulebook,
    remarks: dict[str, None],
) -> None:
    """Add the margin and open loss of resting orders to their settle assets' tallies.

    Orders that wait for a trigger hold no margin. Orders of an isolated symbol are held by the
    pool until they fill.
    """
    for (symbol, side), orders in resting_groups(account).items():
        instrument = contract_of(symbol, rulebook).instrument
        tally = tallies.get(instrument.settle) or tallies.setdefault(instrument.settle, Tally(ZERO))
        mark = market.marks.get(symbol)
        if mark is None:
            name = f"mark price of {symbol}"
            if name not in tally.missing:
                tally.missing.append(name)
            continue
        held = _signed_notional(account, symbol, side, mark, instrument)
        bids = asks = ZERO
        for order in orders:
            price = margin_price(order, mark, rulebook)
            if order.price is None:
                remarks[
                    f"No quote for {symbol} is given: its market order is margined as if bid, "
                    "ask and last price were the mark price."
                ] = None
            value = notional(order.size, price, instrument)
            if order.size > 0:
                bids += value
            else:
                asks += value
            if not order.reduce_only:
                tally.open_loss += open_loss(order.size, price, mark, instrument)
        if instrument.option is not None:
            asks_size = sum((order.size for order in orders if order.size < 0), ZERO)
            tally.orders += bids
            found = _short_options(symbol, side, asks_size, account, market, rulebook, remarks)
            _add(tally, found)
            continue
        values = (exposure(held, bids, asks), abs(held))
        if rulebook.margin == PLAIN and rulebook.leverage_default is not None:
            leverage = leverage_of(symbol, account, rulebook, remarks)
            asked, kept = (quotient_up(value, leverage) for value in values)
        else:
            found = [
                _initial_margin(value, mark, symbol, account, market, rulebook, remarks)
                for value in values
            ]
            _add(tally, found)
            continue
        tally.orders += asked - kept


def _add(tally: Tally, found: list[Decimal | str]) -> None:
    # What is asked with the orders less what is asked without, where both are known.
    asked, kept = found
    if isinstance(asked, Decimal) and isinstance(kept, Decimal):
        tally.orders += asked - kept
    else:
        tally.initial_missing.extend(one for one in found if isinstance(one, str))


def _short_options(
    symbol: str,
    side: Side | None,
    asks_size: Decimal,
    account: Account,
    market: Market,
    rulebook: Rulebook,
    remarks: dict[str, None],
) -> list[Decimal | str]:
    # What the short position would be asked for if all asks filled, and now. The premium they would
    # bring is not counted, which is dearer than any venue's own rule; bids hold their premium.
    contract, mark = contract_of(symbol, rulebook), market.marks[symbol]
    held = sum(
        (p.size for p in account.positions if p.symbol == symbol and side in (None, p.side)), ZERO
    )
    found: list[Decimal | str] = []
    for size in (held + asks_size, held):
        position = Position(symbol, min(size, ZERO), mark)
        judged = assess_option(position, mark, contract, market, remarks)
        known = judged.initial_margin
        found.append(known if known is not None else judged.missing or symbol)
    return found


def _initial_margin(
    value: Decimal,
    mark: Decimal,
    symbol: str,
    account: Account,
    market: Market,
    rulebook: Rulebook,
    remarks: dict[str, None],
) -> Decimal | str:
    # What a position of this notional would be asked for, or the name of what lacks for it.
    contract = contract_of(symbol, rulebook)
    exposed = Exposure.of_value(value, mark, contract.instrument)
    number = None if contract.tiers is None else tier_number(exposed, contract.tiers)
    leverage = leverage_setting(symbol, account, rulebook, remarks)
    if contract.tiers is None or number is None:
        if rulebook.margin.initial is InitialMargin.LEVERAGE and leverage is not None:
            return quotient_up(value, leverage)
        return f"margin tiers of {symbol}"
    tier = contract.tiers.pieces[number]
    fraction = fraction_with_open_interest(tier, contract, mark, market)
    if isinstance(fraction, str):
        return fraction
    by_size = contract.tiers.is_by_size
    return initial_margin(exposed, tier, rulebook.margin, leverage, fraction, is_by_size=by_size)


def resting_groups(account: Account) -> dict[tuple[str, Side | None], list[Order]]:
    """Return the orders that hold margin, those margined together side by side.

    Keys are the symbol and, in hedge mode, the side of the position they belong to.
    """
    groups: dict[tuple[str, Side | None], list[Order]] = {}
    for order in account.orders:
        if not order.type.is_conditional:
            groups.setdefault((order.symbol, order.side), []).append(order)
    return groups


def margin_price(order: Order, mark_price: Decimal, rulebook: Rulebook) -> Decimal:
    """Return the price a resting order is margined at, in the quote asset.

    Limit orders at their own; market orders as the rulebook assumes, with the mark in place of
    bid, ask and last price, which an account does not know.

    Raises
    ------
    InvariantBroken
        If the rulebook's rule needs a price that is not among these.
    """
    if order.price is not None:
        return order.price
    quote = Quote(mark_price, mark_price, mark_price, mark_price)
    price = assumed_price(rulebook.assumed_price, rulebook.market_buffer, order.size, None, quote)
    if price is None:
        raise InvariantBroken(f"{rulebook.assumed_price} gives {order.symbol} no price at mark")
    return price


def _signed_notional(
    account: Account, symbol: str, side: Side | None, mark: Decimal, instrument: Instrument
) -> Decimal:
    for position in account.positions:
        if position.symbol == symbol and side in (None, position.side):
            value = notional(position.size, mark, instrument)
            return value if position.size > 0 else -value
    return ZERO
