"""What has happened at the venue: one frozen record a fact, enough to rebuild the state from.

Events say what is now true in full (the position after a fill, not how to work it out), so that
folding them needs no margin formula and a mended one does not rewrite history. Money moves by
postings alone, each from one purse to another, so that every asset sums to zero after every event.
"""

from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from crossmargin.margin.health import Health
from crossmargin.model.account import (
    AccountMode,
    AssetsMode,
    MarginMode,
    Position,
    PositionMode,
)
from crossmargin.model.order import Side
from crossmargin.model.surface import Smile
from crossmargin.venue.command import PlaceOrder


class Posting(Struct, frozen=True, array_like=True):
    """Money that moved from one purse to another; `amount` above zero.

    Purses: `account/NAME` (an account's wallet), `outside`, `fund` (insurance), `fees`,
    `clearing/SYMBOL` (the other side of realised profit), `funding/SYMBOL`, `interest`,
    `exchange` (the venue's own conversion desk), `rounding`.
    """

    source: str
    target: str
    asset: str
    amount: Decimal


class Event(Struct, frozen=True, kw_only=True, tag_field="event"):
    """What every event may carry: the money that moved with it."""

    postings: tuple[Posting, ...] = ()


class Refused(Event, frozen=True, tag="refused"):
    """The command changes nothing: the venue's code and words."""

    code: int
    reason: str


class AccountOpened(Event, frozen=True, tag="account-opened"):
    """An account is there, in the first of the venue's modes."""

    account: str
    parent: str = ""
    is_maker: bool = False


class MoneyMoved(Event, frozen=True, tag="money-moved"):
    """A deposit, withdrawal, transfer, payment into the fund; `why` in one word.

    `symbol` is the market that the insurance fund pays a loss of; empty for all else.
    """

    why: str
    symbol: str = ""


class LeverageSet(Event, frozen=True, tag="leverage-set"):
    """A symbol's leverage is this now."""

    account: str
    symbol: str
    leverage: Decimal


class MarginModeSet(Event, frozen=True, tag="margin-mode-set"):
    """A symbol is in this mode now."""

    account: str
    symbol: str
    mode: MarginMode


class PositionModeSet(Event, frozen=True, tag="position-mode-set"):
    """The account is in this mode now."""

    account: str
    mode: PositionMode


class AssetsModeSet(Event, frozen=True, tag="assets-mode-set"):
    """The account is in this mode now."""

    account: str
    mode: AssetsMode


class AccountModeSet(Event, frozen=True, tag="account-mode-set"):
    """The account is margined in this mode now."""

    account: str
    mode: AccountMode


class PositionChanged(Event, frozen=True, tag="position-changed"):
    """A position is this now; size zero means it is gone. For what is no fill."""

    account: str
    position: Position
    side: Side
    why: str


class OrderStatus(StrEnum):
    """Where an order is."""

    WAITING = "waiting"
    OPEN = "open"
    PARTLY_FILLED = "partly-filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class OrderAccepted(Event, frozen=True, tag="order-accepted"):
    """An order is in: resting, about to trade, or waiting for its trigger.

    `parent_id` is the order whose position an attached exit belongs to.
    """

    order_id: int
    order: PlaceOrder
    is_waiting: bool = False
    parent_id: int | None = None


class OrderTriggered(Event, frozen=True, tag="order-triggered"):
    """A waiting order's price was reached: it is a limit or market order now, of this size."""

    order_id: int
    price: Decimal
    size: Decimal


class OrderTrailed(Event, frozen=True, tag="order-trailed"):
    """The best price a trailing stop has seen since it was activated."""

    order_id: int
    best_price: Decimal


class OrderResized(Event, frozen=True, tag="order-resized"):
    """What is left of an order is this now (an exit that follows its position)."""

    order_id: int
    size: Decimal


class OrderAmended(Event, frozen=True, tag="order-amended"):
    """An order has another size left and another price now, and the last place at that."""

    order_id: int
    size: Decimal
    price: Decimal


class OrderGone(Event, frozen=True, tag="order-gone"):
    """An order is over without (all of) its fill."""

    order_id: int
    status: OrderStatus
    why: str


class Filled(Event, frozen=True, tag="filled"):
    """One side of a trade.

    Attributes
    ----------
    order_id : None for trades without an order (takeover, deleveraging, settlement).
    size : signed, from the account's view.
    position : what it holds after it; size zero means nothing.
    side : of the position, which matters where it is closed.
    realised_pnl : of what was closed; what moved with an option is its premium.
    fee : paid by the account (below zero: a rebate), in the settle asset.
    """

    trade_id: int
    account: str
    symbol: str
    size: Decimal
    price: Decimal
    position: Position
    side: Side
    realised_pnl: Decimal
    fee: Decimal
    why: str
    is_maker: bool = False
    order_id: int | None = None


class PriceSet(Event, frozen=True, tag="price-set"):
    """The symbol's prices are these now; None where there is none that can be trusted."""

    symbol: str
    index: Decimal | None
    mark: Decimal | None
    last: Decimal | None


class SourceSeen(Event, frozen=True, tag="source-seen"):
    """What a source said, kept for the index; `name` is a symbol's or an asset's.

    `price` is None where the source has nothing to say any more.
    """

    name: str
    is_symbol: bool
    source: str
    price: Decimal | None
    at_ms: int


class AssetPriceSet(Event, frozen=True, tag="asset-price-set"):
    """The index price of a collateral asset, in USD; None where none can be trusted."""

    asset: str
    price: Decimal | None


class SurfaceSet(Event, frozen=True, tag="surface-set"):
    """What is known of an expiry's volatility is this, as seen at `at_ms`."""

    asset: str
    smile: Smile
    at_ms: int


class Breaker(StrEnum):
    """Whether prices may be acted upon.

    USABLE: yes. DEGRADED: no trigger and no liquidation. HALTED: nor any trading in the symbol.
    """

    USABLE = "usable"
    DEGRADED = "degraded"
    HALTED = "halted"


class BreakerSet(Event, frozen=True, tag="breaker-set"):
    """A symbol's prices are (not) to be acted upon now."""

    symbol: str
    state: Breaker
    why: str


class PremiumSampled(Event, frozen=True, tag="premium-sampled"):
    """One sample of a perpetual's premium over its index, a fraction."""

    symbol: str
    premium: Decimal


class FundingSettled(Event, frozen=True, tag="funding-settled"):
    """Longs have paid shorts `rate` of their notional at `mark`; positions follow apart.

    `rate` is None where samples or prices were missing and nothing was paid.
    """

    symbol: str
    at_ms: int
    rate: Decimal | None
    mark: Decimal | None


class Warned(Event, frozen=True, tag="warned"):
    """A pool or bucket has come near its liquidation: its owner is told, once until it is over."""

    account: str
    unit: str
    health: Health


class WarningOver(Event, frozen=True, tag="warning-over"):
    """A pool or bucket of which its owner was warned is near its liquidation no more."""

    account: str
    unit: str


class LiquidationStep(Event, frozen=True, tag="liquidation-step"):
    """One step of the ladder, readable: what was true, which rule applied, what was done.

    `after` is the health once the step is done; None where nothing of the unit is left.
    """

    account: str
    unit: str
    step: str
    rule: str
    action: str
    before: Health
    after: Health | None = None


class Deleveraged(Event, frozen=True, tag="deleveraged"):
    """Winners were made to close against a bankrupt position.

    Attributes
    ----------
    size : of the bankrupt position, signed; `price` the bankruptcy price it was closed at.
    by_account : what each of them closed, absolute.
    shortfall : what was missing, in the settle asset.
    haircut : what the winners gave up against the mark.
    overshoot : how much more that is than the shortfall.
    """

    symbol: str
    size: Decimal
    price: Decimal
    by_account: dict[str, Decimal]
    shortfall: Decimal
    haircut: Decimal
    overshoot: Decimal
    policy: str


class LossShared(Event, frozen=True, tag="loss-shared"):
    """What nobody else could bear was taken from everybody with a profit, in proportion."""

    asset: str
    amount: Decimal
    by_account: dict[str, Decimal]


class ClockSet(Event, frozen=True, tag="clock-set"):
    """Time is this now."""

    at_ms: int


class Halted(Event, frozen=True, tag="halted"):
    """Nothing goes on until somebody resumes it."""

    reason: str
    is_cancel_only: bool = False


class Resumed(Event, frozen=True, tag="resumed"):
    """It goes on."""


AnyEvent: TypeAlias = (
    Refused
    | AccountOpened
    | MoneyMoved
    | LeverageSet
    | MarginModeSet
    | PositionModeSet
    | AssetsModeSet
    | AccountModeSet
    | PositionChanged
    | OrderAccepted
    | OrderTriggered
    | OrderTrailed
    | OrderResized
    | OrderAmended
    | OrderGone
    | Filled
    | PriceSet
    | SourceSeen
    | AssetPriceSet
    | SurfaceSet
    | BreakerSet
    | PremiumSampled
    | FundingSettled
    | Warned
    | WarningOver
    | LiquidationStep
    | Deleveraged
    | LossShared
    | ClockSet
    | Halted
    | Resumed
)
