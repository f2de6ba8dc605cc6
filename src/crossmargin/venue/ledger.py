"""The books: every asset sums to zero, and everything that is promised has its other side.

`audit` looks at a whole state and needs no price, so that no choice of price can hide a hole;
`event_audit` looks at the money in one event. Both say in words what is broken and mend nothing.

Whether a payment was right is not looked at: that is for the rules that made it.
"""

from decimal import Decimal

from crossmargin.margin.pnl import notional
from crossmargin.model.instrument import Instrument
from crossmargin.money import EIGHT_PLACES, ZERO, down_to, exact, plain
from crossmargin.venue import event as happened
from crossmargin.venue.event import AnyEvent, OrderStatus
from crossmargin.venue.state import OpenOrder, State, SymbolState

FUND = "fund"
"""The account that holds what the insurance fund took over, and the purse of its money."""
PURSES = (FUND, "outside", "fees", "interest", "exchange", "rounding")
PURSES_OF_ONE = ("account/", "clearing/", "funding/")
"""Purses there is one of for each account or symbol."""
FUND_EVENTS = (
    happened.MoneyMoved,
    happened.Filled,
    happened.LiquidationStep,
    happened.Deleveraged,
    happened.LossShared,
)
"""Events that may touch the insurance fund."""
NOT_OF_FUND = (
    *("deposit", "withdraw", "transfer", "trade"),
    *("convert", "auto-exchange", "interest"),
)
"""Why the first two of them happen where the fund has nothing to do with it."""
_ROUNDINGS_PER_TRADE = 2


@exact
def balances(state: State) -> dict[tuple[str, str], Decimal]:
    """Return what is in every purse of every asset, wallets included, sorted by name; exact."""
    found = {
        (f"account/{account.name}", asset): amount
        for account in state.accounts.values()
        for asset, amount in account.balances.items()
    }
    return dict(sorted((found | state.purses).items()))


@exact
def audit(state: State) -> list[str]:
    """Return which laws the state breaks, a sentence each; empty if the books balance.

    Every asset sums to zero over all purses. The fund is not below zero. Longs are shorts and what
    is counted as open. What was realised is in line with what is open. The books hold exactly the
    open orders.
    """
    found = balances(state)
    return [
        *_money_broken(found),
        *_positions_broken(state, found),
        *_orders_broken(state),
    ]


@exact
def event_audit(event: AnyEvent) -> list[str]:
    """Return which laws the money in one event breaks, a sentence each.

    Amounts are above zero and posted at 8 places, between two purses that there are, so that every
    asset's sum is kept. The fund is touched only by events that say why.
    """
    name, broken = type(event).__name__, []
    for posting in event.postings:
        amount = posting.amount
        if not amount.is_finite() or amount <= 0 or down_to(EIGHT_PLACES, amount) != amount:
            broken.append(f"{name} posts {amount} {posting.asset}")
        if posting.source == posting.target:
            broken.append(f"{name} posts from {posting.source} to itself")
        purses = (posting.source, posting.target)
        broken += [
            f"{name} posts to {purse!r}, which is no purse"
            for purse in purses
            if purse not in PURSES and not purse.startswith(PURSES_OF_ONE)
        ]
        if FUND in purses and not _may_touch_fund(event):
            broken.append(f"{name} touches the insurance fund")
    return broken


def _may_touch_fund(event: AnyEvent) -> bool:
    if isinstance(event, (happened.MoneyMoved, happened.Filled)):
        return event.why not in NOT_OF_FUND
    return isinstance(event, FUND_EVENTS)


def _money_broken(found: dict[tuple[str, str], Decimal]) -> list[str]:
    sums: dict[str, Decimal] = {}
    broken = []
    for (purse, asset), amount in found.items():
        sums[asset] = sums.get(asset, ZERO) + amount
        if purse == FUND and amount < 0:
            broken.append(f"the insurance fund is at {plain(amount)} {asset}")
    return broken + [
        f"{asset} sums to {plain(total)} over all purses" for asset, total in sums.items() if total
    ]


def _positions_broken(state: State, found: dict[tuple[str, str], Decimal]) -> list[str]:
    open_sizes: dict[str, Decimal] = {}
    longs: dict[str, Decimal] = {}
    open_costs: dict[str, Decimal] = {}
    for account in state.accounts.values():
        for position in account.positions.values():
            symbol = position.symbol
            instrument = state.rulebook.contracts[symbol].instrument
            cost = _cost(position.size, position.entry_price, instrument)
            open_sizes[symbol] = open_sizes.get(symbol, ZERO) + position.size
            longs[symbol] = longs.get(symbol, ZERO) + max(ZERO, position.size)
            open_costs[symbol] = open_costs.get(symbol, ZERO) + cost
    broken = [
        f"longs of {symbol} are {plain(size)} more than shorts"
        for symbol, size in open_sizes.items()
        if size
    ]
    broken += [
        f"{plain(one.open_interest)} of {symbol} are counted as open, which is not what is long"
        for symbol, one in state.symbols.items()
        if one.open_interest != longs.get(symbol, ZERO)
    ]
    # A realised profit is rounded once for each side of a trade.
    tolerance = EIGHT_PLACES * _ROUNDINGS_PER_TRADE * state.next_trade_id
    cleared_symbols = {
        purse.removeprefix("clearing/") for purse, _ in found if purse.startswith("clearing/")
    }
    # A venue has hundreds of contracts, of which few have ever traded.
    for symbol in sorted(cleared_symbols | open_costs.keys()):
        instrument = state.rulebook.contracts[symbol].instrument
        cleared = found.get((f"clearing/{symbol}", instrument.settle), ZERO)
        # What was paid for an option the seller has had: nothing is open of it.
        open_cost = ZERO if instrument.option else open_costs.get(symbol, ZERO)
        residue = cleared + open_cost
        if abs(residue) > tolerance:
            broken.append(
                f"what was realised in {symbol} and what is open differ by {plain(residue)} "
                f"{instrument.settle}"
            )
    return broken


def _cost(size: Decimal, price: Decimal, instrument: Instrument) -> Decimal:
    """Return what a size was opened for, so that profit at any price is worth − cost.

    Linear: size × price. Inverse: −contracts × multiplier ÷ price. In the settle asset; a quotient
    is rounded at 50 digits, far below what is posted.
    """
    sign = -size if instrument.kind.is_inverse else size
    return notional(size, price, instrument).copy_sign(sign)


def _orders_broken(state: State) -> list[str]:
    broken = []
    resting: dict[str, dict[int, tuple[Decimal, Decimal]]] = {}
    waiting: dict[str, set[int]] = {}
    for order in state.orders.values():
        account = state.accounts.get(order.account)
        if account is None or account.orders.get(order.id) is not order:
            broken.append(f"the order {order.id} is not known to the account {order.account}")
        if order.status is OrderStatus.WAITING:
            waiting.setdefault(order.symbol, set()).add(order.id)
        elif order.price is not None:
            resting.setdefault(order.symbol, {})[order.id] = (order.price, order.size)
        if _is_over(order):
            broken.append(f"the order {order.id} is {order.status} and still there")
    broken += [
        f"the account {account.name} has the order {order_id}, which is not there"
        for account in state.accounts.values()
        for order_id in account.orders
        if order_id not in state.orders
    ]
    for name, symbol in state.symbols.items():
        if _in_book(symbol) != resting.get(name, {}):
            broken.append(f"the book of {name} does not hold exactly its open orders")
        if set(symbol.waiting) != waiting.get(name, set()):
            broken.append(f"the orders that wait in {name} are not exactly those waiting")
    return broken


def _is_over(order: OpenOrder) -> bool:
    alive = (OrderStatus.WAITING, OrderStatus.OPEN, OrderStatus.PARTLY_FILLED)
    return order.status not in alive


def _in_book(symbol: SymbolState) -> dict[int, tuple[Decimal, Decimal]]:
    sides = (Decimal(1), Decimal(-1))
    return {
        order_id: (price, size)
        for side in sides
        for order_id, price, size in symbol.book.opposite(side, None)
    }
