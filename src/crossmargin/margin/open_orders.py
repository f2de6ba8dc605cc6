"""What an account's resting orders add to the pools' requirements."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeAlias

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


class Resting:
    """The orders of one symbol (in hedge mode, of one side) that hold margin, summed at a mark.

    Sums are exact, so whoever keeps them may count orders in and out one by one and has what a
    sum over all would give.

    Attributes
    ----------
    mark : the price the sums are of; None where there is none: they are of nothing then.
    bids, asks : notional at the prices they are margined at, absolute, in the settle asset.
    asks_size : signed size of the sells.
    open_loss : what filling at their prices would lose at the mark, in the settle asset.
    unpriced : how many market orders are among them.
    buys, sells : signed sizes of those that may open, also without a mark.
    """

    __slots__ = ("asks", "asks_size", "bids", "buys", "mark", "open_loss", "sells", "unpriced")

    def __init__(self, mark: Decimal | None) -> None:
        """Start without orders."""
        self.mark = mark
        self.bids = self.asks = self.asks_size = self.open_loss = ZERO
        self.buys = self.sells = ZERO
        self.unpriced = 0

    def count(
        self, order: Order, instrument: Instrument, rulebook: Rulebook, *, is_out: bool = False
    ) -> None:
        """Count an order in, or out as it was counted in."""
        if not order.reduce_only:
            opened = -order.size if is_out else order.size
            if order.size > 0:
                self.buys += opened
            else:
                self.sells += opened
        if self.mark is None:
            return
        price = margin_price(order, self.mark, rulebook)
        value, size = notional(order.size, price, instrument), order.size
        loss = ZERO
        if not order.reduce_only:
            loss = open_loss(size, price, self.mark, instrument)
        sign = 1
        if is_out:
            sign, value, size, loss = -1, -value, -size, -loss
        if order.size > 0:
            self.bids += value
        else:
            self.asks += value
            self.asks_size += size
        self.open_loss += loss
        if order.price is None:
            self.unpriced += sign

    def copy(self) -> "Resting":
        """Return the same sums, to count further orders into."""
        made = Resting(self.mark)
        for name in Resting.__slots__:
            setattr(made, name, getattr(self, name))
        return made


RestingKey: TypeAlias = tuple[str, Side | None]
"""A symbol and, in hedge mode, the side of the position its orders belong to."""


def resting_of(account: Account, market: Market, rulebook: Rulebook) -> dict[RestingKey, Resting]:
    """Return the sums of all orders that hold margin; those that wait for a trigger do not."""
    found = {}
    for key, orders in resting_groups(account).items():
        found[key] = sums = Resting(market.marks.get(key[0]))
        instrument = contract_of(key[0], rulebook).instrument
        for order in orders:
            sums.count(order, instrument, rulebook)
    return found


def add_open_orders(
    tallies: dict[str, Tally],
    resting: Mapping[RestingKey, Resting],
    account: Account,
    market: Market,
    rulebook: Rulebook,
    remarks: dict[str, None],
) -> None:
    """Add the margin and open loss of resting orders to their settle assets' tallies.

    Orders of an isolated symbol are held by the pool until they fill.
    """
    for (symbol, side), sums in resting.items():
        instrument = contract_of(symbol, rulebook).instrument
        tally = tallies.get(instrument.settle) or tallies.setdefault(instrument.settle, Tally(ZERO))
        mark = sums.mark
        if mark is None:
            # What the orders would open is not known; what is held is worth what it is worth.
            name = f"mark price of {symbol}"
            if name not in tally.missing:
                tally.initial_missing.append(name)
            continue
        held = _signed_notional(account, symbol, side, mark, instrument)
        tally.open_loss += sums.open_loss
        if sums.unpriced:
            remarks[
                f"No quote for {symbol} is given: its market order is margined as if bid, "
                "ask and last price were the mark price."
            ] = None
        if instrument.option is not None:
            tally.orders += sums.bids
            found = _short_options(symbol, side, sums.asks_size, account, market, rulebook, remarks)
            _add(tally, found)
            continue
        values = (exposure(held, sums.bids, sums.asks), abs(held))
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


def resting_groups(account: Account) -> dict[RestingKey, list[Order]]:
    """Return the orders that hold margin, those margined together side by side."""
    groups: dict[RestingKey, list[Order]] = {}
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
