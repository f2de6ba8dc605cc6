"""What may be asked of the venue: one frozen record a request, time included.

Commands are the venue's only input. They carry the time as data (`at_ms`, milliseconds UTC), so
that the same commands give the same venue wherever and whenever they are run again. `client_id`
makes a command happen at most once: the same id with the same content is answered again, with
other content it is refused.

Sizes are signed, buying above zero. Money, prices and sizes are decimals and travel as strings.
"""

from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from crossmargin.model.account import AccountMode, AssetsMode, MarginMode, PositionMode
from crossmargin.model.order import OrderType, Side
from crossmargin.money import ZERO


class Command(Struct, frozen=True, kw_only=True, tag_field="do", forbid_unknown_fields=True):
    """What every command says: when, for whom, and under which id of the client's.

    `account` is empty for the venue's own commands (prices, clock, administration).
    """

    at_ms: int
    account: str = ""
    client_id: str = ""


class OpenAccount(Command, frozen=True, tag="open-account"):
    """Open an account, empty; a sub-account names its `parent`.

    `is_maker`: whether it quotes for the venue (its orders are replaced at every price).
    """

    parent: str = ""
    is_maker: bool = False


class Deposit(Command, frozen=True, tag="deposit"):
    """Bring money in from outside."""

    asset: str
    amount: Decimal


class Withdraw(Command, frozen=True, tag="withdraw"):
    """Take money out, never more than is free."""

    asset: str
    amount: Decimal


class Transfer(Command, frozen=True, tag="transfer"):
    """Move free money to another account of the same family."""

    to: str
    asset: str
    amount: Decimal


class Convert(Command, frozen=True, tag="convert"):
    """Exchange an amount of one asset of the wallet for another, `to`, at the index."""

    asset: str
    to: str
    amount: Decimal


class SetLeverage(Command, frozen=True, tag="set-leverage"):
    """Set a symbol's leverage."""

    symbol: str
    leverage: Decimal


class SetMarginMode(Command, frozen=True, tag="set-margin-mode"):
    """Make a symbol cross or isolated."""

    symbol: str
    mode: MarginMode


class SetPositionMode(Command, frozen=True, tag="set-position-mode"):
    """Hold one net position a symbol, or a long and a short."""

    mode: PositionMode


class SetAssetsMode(Command, frozen=True, tag="set-assets-mode"):
    """Make every settle asset a pool of its own, or all collateral one pool."""

    mode: AssetsMode


class SetAccountMode(Command, frozen=True, tag="set-account-mode"):
    """Let requirements add up by position, or follow from scenarios for the portfolio."""

    mode: AccountMode


class MoveMargin(Command, frozen=True, tag="move-margin"):
    """Add to an isolated position's bucket (amount above zero) or take from it."""

    symbol: str
    amount: Decimal
    side: Side | None = None


class TimeInForce(StrEnum):
    """How long an order waits.

    GTC until cancelled; IOC not at all; FOK only if it fills at once and whole; GTX (post-only)
    only if it does not fill at once.
    """

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTX = "GTX"


class Trigger(StrEnum):
    """The price a waiting order looks at."""

    MARK = "mark"
    LAST = "last"
    INDEX = "index"


class SelfTrade(StrEnum):
    """What happens where an account's own orders would meet."""

    NONE = "none"
    EXPIRE_TAKER = "expire-taker"
    EXPIRE_MAKER = "expire-maker"
    EXPIRE_BOTH = "expire-both"


class PlaceOrder(Command, frozen=True, tag="place-order"):
    """Place an order.

    Attributes
    ----------
    size : signed; zero with `is_close_position`, which closes whatever is held when triggered.
    price : limit price; None for market orders and those that become one.
    trigger_price, trigger : for stop and take-profit orders; activation of a trailing one.
    callback_fraction : how far a trailing stop follows behind the best price.
    side : in hedge mode, the position it opens or closes.
    stop_loss_price, take_profit_price : exits attached to the position the order opens; they are
        market orders at mark that close, are resized with the position and go with it.
    """

    symbol: str
    size: Decimal
    type: OrderType = OrderType.LIMIT
    price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    trigger_price: Decimal | None = None
    trigger: Trigger = Trigger.LAST
    callback_fraction: Decimal | None = None
    reduce_only: bool = False
    is_close_position: bool = False
    side: Side | None = None
    self_trade: SelfTrade = SelfTrade.EXPIRE_TAKER
    stop_loss_price: Decimal | None = None
    take_profit_price: Decimal | None = None


class AmendOrder(Command, frozen=True, tag="amend-order"):
    """Let an open limit order be of another size and price; it keeps its ids and its side.

    `size` is signed and of the whole order, what is filled of it included.
    """

    order_id: int
    size: Decimal
    price: Decimal


class CancelOrder(Command, frozen=True, tag="cancel-order"):
    """Cancel one order, by the venue's id or the client's id of the order."""

    order_id: int | None = None
    order_client_id: str = ""


class CancelAll(Command, frozen=True, tag="cancel-all"):
    """Cancel all orders of an account, or those of one symbol."""

    symbol: str = ""


class Level(Struct, frozen=True, array_like=True):
    """One quote: signed size (bids above zero) at a price."""

    price: Decimal
    size: Decimal


class Quote(Command, frozen=True, tag="quote"):
    """Replace all resting orders of a maker account in a symbol by these post-only ones."""

    symbol: str
    levels: tuple[Level, ...]


class Observe(Command, frozen=True, tag="observe"):
    """What one source saw of a symbol; None where it does not say.

    `mark` is given by sources whose mark is taken as observed (a replay of mark candles).
    """

    symbol: str
    source: str
    index: Decimal | None = None
    mark: Decimal | None = None
    last: Decimal | None = None


class ObserveAsset(Command, frozen=True, tag="observe-asset"):
    """What one source saw of a collateral asset's price in USD.

    `is_redemption`: whether it is what the issuer pays for a unit, which is no market's price.
    """

    asset: str
    source: str
    price: Decimal
    is_redemption: bool = False


class ObserveSurface(Command, frozen=True, tag="observe-surface"):
    """What was seen of an underlying's implied volatility at one expiry.

    Attributes
    ----------
    points : strike and volatility (a year's, as a fraction), strikes ascending.
    forward : the price for that day; None where the future's mark, or the index, is to be taken.
    rate : of interest a year, continuously, as a fraction.
    """

    asset: str
    expires_ms: int
    points: tuple[tuple[Decimal, Decimal], ...]
    forward: Decimal | None = None
    rate: Decimal = ZERO


class ObserveTogether(Command, frozen=True, tag="observe-together"):
    """Several observations of this moment; accounts are looked at once all of them are in."""

    seen: tuple[Observe | ObserveAsset | ObserveSurface, ...]


class Tick(Command, frozen=True, tag="tick"):
    """Time has come to `at_ms`: funding, expiry, interest and staleness are looked at."""


class SettleFunding(Command, frozen=True, tag="settle-funding"):
    """Let funding be paid now at a rate that is known from elsewhere (a feed's own record).

    It stands for what the venue would have settled for this interval out of its samples.
    `rate` is a fraction of notional for the interval; above zero longs pay shorts.
    """

    symbol: str
    rate: Decimal


class FeedFund(Command, frozen=True, tag="feed-fund"):
    """Bring money into the insurance fund from outside."""

    asset: str
    amount: Decimal


class Halt(Command, frozen=True, tag="halt"):
    """Stop everything but reading; `is_cancel_only` still lets orders be cancelled."""

    reason: str
    is_cancel_only: bool = False


class Resume(Command, frozen=True, tag="resume"):
    """Go on, if prices are fresh and the books balance."""


AnyCommand: TypeAlias = (
    OpenAccount
    | Deposit
    | Withdraw
    | Transfer
    | Convert
    | SetLeverage
    | SetMarginMode
    | SetPositionMode
    | SetAssetsMode
    | SetAccountMode
    | MoveMargin
    | PlaceOrder
    | AmendOrder
    | CancelOrder
    | CancelAll
    | Quote
    | Observe
    | ObserveAsset
    | ObserveSurface
    | ObserveTogether
    | Tick
    | SettleFunding
    | FeedFund
    | Halt
    | Resume
)
