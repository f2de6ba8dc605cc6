"""What a replay leaves behind: health along the path, and everything that happened."""

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


def liquidation_event(receipt: Receipt, at_ms: int) -> Event:
    """Return the event of one step of the liquidation ladder."""
    only = receipt.trades[0] if len(receipt.trades) == 1 else None
    return Event(
        at_ms,
        EventKind(receipt.step.value),
        receipt.action,
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
        rule=receipt.rule,
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
