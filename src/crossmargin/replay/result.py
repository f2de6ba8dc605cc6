"""What a replay leaves behind: health along the path, and everything that happened."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from crossmargin.feeds.path import PricePath
from crossmargin.margin.health import Health
from crossmargin.model.account import Account
from crossmargin.model.market import Market
from crossmargin.model.order import Side
from crossmargin.money import ZERO
from crossmargin.replay.index import IndexPath, market_at
from crossmargin.rulebooks.schema import Rulebook
from crossmargin.venue.execution import Receipt


class EventKind(StrEnum):
    """What can happen to an account on the way."""

    FUNDING = "funding"
    FUNDING_UNKNOWN = "funding-unknown"
    FILL = "fill"
    TRIGGERED = "triggered"
    ORDER_REFUSED = "order-refused"
    CANCEL_ORDERS = "cancel-orders"
    REDUCE_TO_LOWER_TIER = "reduce-to-lower-tier"
    REDUCE_BY_TWO_TIERS = "reduce-by-two-tiers"
    REDUCE_BY_FRACTION = "reduce-by-fraction"
    CLOSE_POSITION = "close-position"
    TAKE_OVER = "take-over"


REDUCTIONS = (
    EventKind.REDUCE_TO_LOWER_TIER,
    EventKind.REDUCE_BY_TWO_TIERS,
    EventKind.REDUCE_BY_FRACTION,
    EventKind.CLOSE_POSITION,
)
"""The steps of a liquidation that close a part."""

LIQUIDATIONS = (EventKind.CANCEL_ORDERS, *REDUCTIONS, EventKind.TAKE_OVER)
"""All steps of a liquidation."""


class Event(Struct, frozen=True):
    """One thing that happened, with its receipt; money in `asset`.

    Attributes
    ----------
    unit : the pool or bucket a liquidation step is about; empty otherwise.
    size, price : signed trade size and its price, where something traded.
    realised_pnl, funding : signed from the account's view; `fee` is what it paid.
    fund_change : what the insurance fund gained; negative where it paid.
    before, after : the unit's health around a liquidation step.
    rule, text : why and what, in words.
    """

    at_ms: int
    kind: EventKind
    text: str
    asset: str = ""
    unit: str = ""
    symbol: str = ""
    size: Decimal | None = None
    price: Decimal | None = None
    realised_pnl: Decimal = ZERO
    fee: Decimal = ZERO
    funding: Decimal = ZERO
    fund_change: Decimal = ZERO
    before: Health | None = None
    after: Health | None = None
    rule: str = ""

    @property
    def is_liquidation(self) -> bool:
        """Return whether the event is a step of the liquidation ladder."""
        return self.kind in LIQUIDATIONS


CLOSED_RULE = "the position is closed"
"""The rule of a step that closes a part, where that part was all of it."""


def liquidation_events(account: Account, receipts: Iterable[Receipt], at_ms: int) -> list[Event]:
    """Return the events of a liquidation ladder that began with `account`, first step first."""
    left = {(position.symbol, position.side): position.size for position in account.positions}
    events = []
    for receipt in receipts:
        for trade in receipt.trades:
            key = trade.symbol, trade.side
            left[key] = left.get(key, ZERO) + trade.size
        events.append(_liquidation_event(receipt, at_ms, left))
    return events


def _liquidation_event(
    receipt: Receipt, at_ms: int, left: Mapping[tuple[str, Side], Decimal]
) -> Event:
    # `left` is what is still held after the step.
    only = receipt.trades[0] if len(receipt.trades) == 1 else None
    kind, rule, action = EventKind(receipt.step.value), receipt.rule, receipt.action
    if kind in REDUCTIONS and only is not None:
        if not left[only.symbol, only.side]:
            rule = CLOSED_RULE
        if not only.fee:
            action = action.partition("; liquidation fee ")[0]  # A fee of nothing is no news.
    return Event(
        at_ms,
        kind,
        action,
        asset=receipt.asset,
        unit=receipt.unit,
        symbol=" ".join(dict.fromkeys(trade.symbol for trade in receipt.trades)),
        size=only.size if only else None,
        price=only.price if only else None,
        realised_pnl=receipt.realised_pnl,
        fee=receipt.fee,
        fund_change=receipt.fund_change,
        before=receipt.before,
        after=receipt.after,
        rule=rule,
    )


@dataclass(frozen=True, eq=False)
class Track:
    """One pool or bucket along the path, each array of shape (n_points,).

    NaN where its health was unknown (a gap in prices) or it did not exist.
    """

    asset: str
    equity: NDArray[np.float64]
    initial_margin: NDArray[np.float64]
    maintenance_margin: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ReplayResult:
    """One account through one path.

    Attributes
    ----------
    accounts : the account in force from each point on, by position in the path, rising.
    tracks : by name of pool or bucket.
    decisions : how many points the exact core had to decide.
    assumptions : everything that was assumed, each sentence once.
    """

    start: Account
    rulebook: Rulebook
    path: PricePath
    index: IndexPath
    accounts: tuple[tuple[int, Account], ...]
    tracks: dict[str, Track]
    events: tuple[Event, ...]
    decisions: int
    assumptions: tuple[str, ...]

    @property
    def end(self) -> Account:
        """Return the account as it came out."""
        return self.accounts[-1][1]

    @property
    def liquidations(self) -> tuple[Event, ...]:
        """Return the steps of liquidation ladders, in order."""
        return tuple(event for event in self.events if event.is_liquidation)

    def market_at(self, point: int) -> Market:
        """Return the prices known at a point of the path."""
        return market_at(self.path, self.index, point)

    def account_at(self, point: int) -> Account:
        """Return the account in force at a point of the path."""
        return next(account for start, account in reversed(self.accounts) if start <= point)
