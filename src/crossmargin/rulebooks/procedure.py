"""What a venue does, as data: how it liquidates, who bears a loss, which changes it refuses.

Records only; `venue` carries them out.
"""

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from crossmargin.money import ONE, ZERO


class LadderStep(StrEnum):
    """What a liquidation does, one after the other.

    REDUCE_TO_LOWER_TIER, REDUCE_BY_TWO_TIERS: close what brings a position into a lower tier.
    REDUCE_BY_FRACTION: close `Liquidation.fraction` of a position, all of it from
    `whole_below` down. CLOSE_POSITION: close one whole position in the market. TAKE_OVER: the
    venue takes everything at the bankruptcy price. AUCTION: slices of the whole account go to
    whoever bids (Derive).

    Of portfolios, which a smaller position may leave without its hedge: REDUCE_SLICE: close the
    smallest part of everything that is enough. REDUCE_DELTA: close `fraction` of a future that
    makes an underlying's delta larger. HEDGE_DELTA: trade a future against the delta that options
    make. REDUCE_NEUTRAL: close of both sides of a hedge what leaves the delta as it is.
    REDUCE_RISK: close of one position, the one that helps most, the smallest part that is enough.
    """

    CANCEL_ORDERS = "cancel-orders"
    REDUCE_TO_LOWER_TIER = "reduce-to-lower-tier"
    REDUCE_BY_TWO_TIERS = "reduce-by-two-tiers"
    REDUCE_BY_FRACTION = "reduce-by-fraction"
    CLOSE_POSITION = "close-position"
    TAKE_OVER = "take-over"
    AUCTION = "auction"
    REDUCE_SLICE = "reduce-slice"
    REDUCE_DELTA = "reduce-delta"
    HEDGE_DELTA = "hedge-delta"
    REDUCE_NEUTRAL = "reduce-neutral"
    REDUCE_RISK = "reduce-risk"


class PositionChoice(StrEnum):
    """Which position of a pool a liquidation reduces first."""

    LARGEST_MAINTENANCE_MARGIN = "largest-maintenance-margin"
    LARGEST_LOSS = "largest-loss"


class Liquidation(Struct, frozen=True):
    """When and how the venue liquidates.

    Attributes
    ----------
    is_trigger_strict : whether equity must be below maintenance margin (True) or may also be
        equal to it (False).
    fraction : how much of a position REDUCE_BY_FRACTION closes at once.
    whole_below : the notional up to which it closes all of it.
    stop_health : reductions go on until maintenance margin ÷ equity is at most this.
    backstop_health : maintenance margin ÷ equity above which the venue takes over at once.
    portfolio_steps : in place of `steps` for accounts in portfolio mode; none: the same.
    auction_price_fraction : of what a slice is worth, that an auction asks as it begins.
    auction_buffer_fraction : of maintenance margin, how far above it an auction aims.
    """

    is_trigger_strict: bool
    steps: tuple[LadderStep, ...]
    first_position: PositionChoice
    fraction: Decimal | None = None
    whole_below: Decimal | None = None
    stop_health: Decimal = ONE
    backstop_health: Decimal | None = None
    portfolio_steps: tuple[LadderStep, ...] = ()
    auction_price_fraction: Decimal = ONE
    auction_buffer_fraction: Decimal = ZERO


class AdlRanking(StrEnum):
    """Which winners are deleveraged first."""

    PROFIT_TIMES_LEVERAGE = "profit-times-leverage"
    PROFIT_RATIO = "profit-ratio"
    RANDOM = "random"
    NONE = "none"
    UNKNOWN = "unknown"


class AdlPrice(StrEnum):
    """The price at which a deleveraged position is closed."""

    BANKRUPTCY = "bankruptcy"
    MARK = "mark"
    PREVIOUS_MARK = "previous-mark"
    UNKNOWN = "unknown"


class Adl(Struct, frozen=True):
    """Who bears a loss that the insurance fund cannot.

    `is_loss_socialised`: whether what is left, or all of it where nobody is deleveraged
    (AdlRanking.NONE), is shared among the winners.
    """

    ranking: AdlRanking
    price: AdlPrice
    is_loss_socialised: bool


class Debts(Struct, frozen=True):
    """What is done about a wallet below zero in multi-assets mode.

    `exchange_above`: the worth in USD above which a debt of one asset is paid at once, by selling
    the others.
    """

    exchange_above: Decimal


class Change(StrEnum):
    """What an owner may ask of an account, and be refused."""

    MARGIN_MODE = "margin-mode"
    POSITION_MODE = "position-mode"
    LOWER_LEVERAGE = "lower-leverage"
    MULTI_ASSETS = "multi-assets"
    ISOLATED = "isolated"
    ADD_MARGIN = "add-margin"
    PORTFOLIO = "portfolio"
    ORDER = "order"


class Obstacle(StrEnum):
    """What stands in the way of a change.

    Words ending in `-of-symbol` look at the symbol that is asked about, the others at the whole
    account.
    """

    OPEN_ORDERS = "open-orders"
    OPEN_ORDERS_OF_SYMBOL = "open-orders-of-symbol"
    POSITIONS = "positions"
    POSITION_OF_SYMBOL = "position-of-symbol"
    ISOLATED_POSITION_OF_SYMBOL = "isolated-position-of-symbol"
    CROSS_MODE_OF_SYMBOL = "cross-mode-of-symbol"
    NO_POSITION_OF_SYMBOL = "no-position-of-symbol"
    ISOLATED_SYMBOLS = "isolated-symbols"
    MULTI_ASSETS_MODE = "multi-assets-mode"
    INSUFFICIENT_MARGIN_BALANCE = "insufficient-margin-balance"
    NEGATIVE_BALANCE = "negative-balance"
    SIDE_NOT_OF_POSITION_MODE = "side-not-of-position-mode"
    REDUCE_ONLY_IN_HEDGE_MODE = "reduce-only-in-hedge-mode"


class SwitchRule(Struct, frozen=True):
    """A change the venue refuses: its code and words, what is asked, what stands in the way.

    Any one of `blocked_by` is enough. `code` is 0 where the venue publishes none.
    """

    code: int
    change: Change
    blocked_by: tuple[Obstacle, ...]
    message: str
