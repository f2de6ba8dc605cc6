"""What an account's resting orders add to the pools' requirements."""

from decimal import Decimal

from crossmargin.errors import InvariantBroken
from crossmargin.margin.lookup import contract_of, leverage_of, leverage_setting
from crossmargin.margin.orders import Quote, assumed_price, exposure, open_loss
from crossmargin.margin.pnl import notional
from crossmargin.margin.requirement import (
    Exposure,
    fraction_with_open_interest,
    initial_margin,
    tier_number,
)
from crossmargin.margin.tally import Tally
from crossmargin.model.account import Account
from crossmargin.model.instrument import Instrument
from crossmargin.model.market import Market
from crossmargin.model.order import Order, Side
from crossmargin.money import ZERO, quotient_up
from crossmargin.rulebooks.margin_rule import PLAIN
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
        values = (exposure(held, bids, asks), abs(held))
        if rulebook.margin == PLAIN and rulebook.leverage_default is not None:
            leverage = leverage_of(symbol, account, rulebook, remarks)
            asked, kept = (quotient_up(value, leverage) for value in values)
        else:
            asked, kept = (
                _initial_margin(value, mark, symbol, account, market, rulebook, remarks)
                for value in values
            )
        tally.orders += asked - kept


def _initial_margin(
    value: Decimal,
    mark: Decimal,
    symbol: str,
    account: Account,
    market: Market,
    rulebook: Rulebook,
    remarks: dict[str, None],
) -> Decimal:
    # What a position of this notional would be asked for. Where no tier is known for it the
    # unit's health is unknown anyway, if there is a position; an order alone asks for all.
    contract = contract_of(symbol, rulebook)
    exposed = Exposure.of_value(value, mark, contract.instrument)
    number = None if contract.tiers is None else tier_number(exposed, contract.tiers)
    if contract.tiers is None or number is None:
        return value
    tier = contract.tiers.pieces[number]
    fraction = fraction_with_open_interest(tier, contract, mark, market)
    return initial_margin(
        exposed,
        tier,
        rulebook.margin,
        leverage_setting(symbol, account, rulebook, remarks),
        None if isinstance(fraction, str) else fraction,
        is_by_size=contract.tiers.is_by_size,
    )


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
