"""What a key may do beyond its scopes: which symbols, how large, how many, and after what losses.

Asked before an order becomes a command, by every dialect. What only takes away is never refused:
cancels, and orders that can but reduce a position, are how an account gets safer.
"""

from decimal import Decimal

from crossmargin.api.keys import Key
from crossmargin.durations import DAY_MS
from crossmargin.margin.pnl import notional
from crossmargin.money import ZERO, exact, plain
from crossmargin.store.entry import Entry
from crossmargin.venue.command import PlaceOrder
from crossmargin.venue.event import AnyEvent, MoneyMoved
from crossmargin.venue.state import State

WALLET = "account/"
"""How the purse of an account begins, which is in events that move its money and in no others."""
_BROUGHT = ("deposit", "withdraw", "transfer")
"""Money that came or went because somebody wanted it to, which is no profit or loss."""


class DayResults:
    """What accounts have won or lost today, in the venue's time, UTC.

    Realised profit, fees, funding, liquidation fees: whatever moved a wallet, but for money that
    was brought in or taken out. Taken from the published records; after a restart from those read
    back.
    """

    def __init__(self) -> None:
        """Start with nothing."""
        self._day = 0
        self._results: dict[tuple[str, str], Decimal] = {}

    @exact
    def take(self, entry: Entry, events: tuple[AnyEvent, ...]) -> None:
        """Take in one record of the journal and its events; records come in order."""
        day = entry.at_ms // DAY_MS
        if day != self._day:
            self._day, self._results = day, {}
        for one in events:
            if isinstance(one, MoneyMoved) and one.why in _BROUGHT:
                continue
            for posting in one.postings:
                self._add(posting.source, posting.asset, -posting.amount)
                self._add(posting.target, posting.asset, posting.amount)

    @exact
    def lost(self, account: str, state: State) -> Decimal:
        """Return what an account has lost today, in USD at the prices now; zero for a gain.

        An asset without a price counts as a dollar, as settle assets do.
        """
        if state.day != self._day:
            return ZERO
        total = sum(
            (
                amount * state.asset_prices.get(asset, Decimal(1))
                for (name, asset), amount in self._results.items()
                if name == account
            ),
            ZERO,
        )
        return max(ZERO, -total)

    def _add(self, purse: str, asset: str, amount: Decimal) -> None:
        if purse.startswith(WALLET):
            key = purse.removeprefix(WALLET), asset
            self._results[key] = self._results.get(key, ZERO) + amount


@exact
def denial(
    key: Key, order: PlaceOrder, state: State, results: DayResults, *, instead_of: int = 0
) -> str | None:
    """Return why a key may not place an order, in one sentence; None if it may.

    Parameters
    ----------
    instead_of : how many open orders it takes the place of.
    """
    if not key.may_trade(order.symbol):
        return f"The key may not trade {order.symbol}."
    if order.reduce_only or order.is_close_position:
        return None
    limits = key.limits
    if limits.order_notional_max is not None:
        size = _notional(order, state)
        if size is None:
            return f"There is no price of {order.symbol} to hold the key's limit against."
        if size > limits.order_notional_max:
            return (
                f"The order's notional {plain(size)} is above the key's limit "
                f"{plain(limits.order_notional_max)}."
            )
    account = state.accounts.get(order.account)
    if limits.open_orders_max is not None and account is not None:
        count = len(account.orders) - instead_of
        if count >= limits.open_orders_max:
            return f"The account has {count} open orders; the key's limit is reached."
    if limits.loss_per_day_max is not None:
        lost = results.lost(order.account, state)
        if lost >= limits.loss_per_day_max:
            return (
                f"The account has lost {plain(lost)} USD today; the key's limit is "
                f"{plain(limits.loss_per_day_max)}."
            )
    return None


def _notional(order: PlaceOrder, state: State) -> Decimal | None:
    # The most it can come to: who buys pays no more than the limit, who sells may get the mark.
    contract = state.rulebook.contracts.get(order.symbol)
    asked, mark = order.price or order.trigger_price, state.symbol(order.symbol).mark
    known = [price for price in (asked, mark) if price is not None]
    if contract is None or not known:
        return None
    price = asked if asked is not None and order.size > 0 else max(known)
    return notional(order.size, price, contract.instrument)
