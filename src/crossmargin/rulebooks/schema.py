"""What a rulebook is: one venue's margin methodology at one date, as typed data.

A rulebook holds numbers and choices, no formulas: those live in `margin`, which is written
against these records alone. Where a venue's documents are silent, the data file carries the
value we assume together with a sentence that says so; whoever uses the value shows the sentence.

`rulebooks.loader` reads the files and checks every bound named here.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.option import OptionRule
from crossmargin.model.tiers import Tiers
from crossmargin.money import ONE, ZERO


class Confidence(StrEnum):
    """How a value is known, best first."""

    OFFICIAL = "official"
    REPOSITORY = "repository"
    COMMUNITY = "community"
    MEMORY = "memory"
    ASSUMED = "assumed"


class AssumedPrice(StrEnum):
    """The price an order is margined at before it trades (order cost).

    ORDER: limit orders at their own price; market buys at ask × (1 + buffer), market sells at
    max(bid, mark). HIGHEST_FOR_SELLS: buys at the order's price; sells at
    max(last × (1 + buffer), mark, order price).
    """

    ORDER = "order"
    HIGHEST_FOR_SELLS = "highest-for-sells"


class RatioConvention(StrEnum):
    """Which way the venue's own margin ratio points; both are at 100 % when it liquidates.

    MAINTENANCE_OVER_EQUITY rises to it (Binance, Bybit), EQUITY_OVER_MAINTENANCE falls to it
    (OKX).
    """

    MAINTENANCE_OVER_EQUITY = "maintenance-over-equity"
    EQUITY_OVER_MAINTENANCE = "equity-over-maintenance"


class InitialMargin(StrEnum):
    """What the initial margin of a position follows from.

    LEVERAGE: notional ÷ the leverage set. LADDER: the ladder's own initial rate, or notional ÷
    the leverage set where that is more. MULTIPLE: `initial_multiple` × maintenance margin.
    """

    LEVERAGE = "leverage"
    LADDER = "ladder"
    MULTIPLE = "multiple"


class PriceBasis(StrEnum):
    """The price a requirement is computed at."""

    MARK = "mark"
    INDEX = "index"
    ENTRY = "entry"


class ClosingFee(StrEnum):
    """At which price the fee of closing a position is reserved within its requirements.

    MARK: within maintenance margin, on the notional at the mark. BANKRUPTCY: within both, on the
    notional at the price at which the position's own margin would be used up, so it does not move
    with the mark.
    """

    NONE = "none"
    MARK = "mark"
    BANKRUPTCY = "bankruptcy"


class Netting(StrEnum):
    """Which requirements of opposite positions are not added up.

    LARGER_SIDE: of the cross positions in contracts of one underlying and settle asset, only the
    longs or the shorts are charged, whichever come to more. LARGER_SIDE_OF_SYMBOL: the same
    between the two sides of one hedged symbol.
    """

    NONE = "none"
    LARGER_SIDE = "larger-side"
    LARGER_SIDE_OF_SYMBOL = "larger-side-of-symbol"


class MarginRule(Struct, frozen=True):
    """How requirements follow from notional and ladder.

    Attributes
    ----------
    initial_price_cross, initial_price_isolated : what initial margin is computed at.
    maintenance_price : what notional is taken at for the ladder: mark, or index (of the base
        asset; the mark where the account gives none).
    closing_fee_rate : fraction of notional that `closing_fee` reserves.
    money_step : the unit requirements are rounded up and notionals cut to; None: not rounded.
    """

    initial: InitialMargin = InitialMargin.LEVERAGE
    initial_multiple: Decimal | None = None
    initial_price_cross: PriceBasis = PriceBasis.MARK
    initial_price_isolated: PriceBasis = PriceBasis.MARK
    maintenance_price: PriceBasis = PriceBasis.MARK
    closing_fee: ClosingFee = ClosingFee.NONE
    closing_fee_rate: Decimal = ZERO
    netting: Netting = Netting.NONE
    money_step: Decimal | None = None


PLAIN = MarginRule()
"""Initial margin is notional ÷ leverage, maintenance margin the ladder's; both at the mark."""


class Source(Struct, frozen=True):
    """Where a value comes from: what was read, its address, when, and how sure it is."""

    what: str
    address: str
    read_on: date
    confidence: Confidence


class OptionMethod(Struct, frozen=True):
    """How a family of options is margined, position by position or an expiry at once.

    Attributes
    ----------
    rule : the numbers for short ones alone.
    is_worst_payoff_enough : whether an expiry's options together are asked for no more than their
        worst payoff at settlement and what follows for unpaired calls (Derive).
    unpaired_initial, unpaired_maintenance : multiples of the forward price per call sold without
        one bought, in that case.
    """

    rule: OptionRule
    is_worst_payoff_enough: bool = False
    unpaired_initial: Decimal = ZERO
    unpaired_maintenance: Decimal = ZERO


class OptionFamily(Struct, frozen=True):
    """How a family's symbols are read, and how it is margined; see `rulebooks.options`.

    `settle` is None where an option settles in its base.
    """

    pattern: str
    bases: tuple[str, ...]
    kind: Kind
    settle: str | None
    multiplier: Decimal
    method: OptionMethod


class OpenInterestCaps(Struct, frozen=True):
    """Open notional of a market from which initial margin rises, and at which it is all of it."""

    lower: Decimal
    upper: Decimal


class Contract(Struct, frozen=True):
    """A symbol as the rulebook knows it; `tiers` is None where the ladder is not known."""

    instrument: Instrument
    tiers: Tiers | None
    open_interest: OpenInterestCaps | None = None
    option: OptionMethod | None = None


class Slice(Struct, frozen=True):
    """Collateral from `floor` (an amount of the asset) on counts by `rate`, up to the next."""

    floor: Decimal
    rate: Decimal


class Collateral(Struct, frozen=True):
    """How a collateral asset counts in multi-assets mode; all buffers are fractions in [0, 1).

    Amounts held convert at index × (1 − bid_buffer), debts and requirements at
    index × (1 + ask_buffer).

    Attributes
    ----------
    slices : where the haircut grows with the amount held, what counts of each slice, marginally;
        instead of `bid_buffer`, which is then that of the first.
    initial_scale : what of the worth of an amount held counts against initial margin.
    borrow_initial, borrow_maintenance : what is asked for a debt, as fractions of it.
    assumption : the sentence to show where the venue's buffer is not known for sure.
    """

    bid_buffer: Decimal
    ask_buffer: Decimal
    is_stable: bool = False
    exchange_bid_buffer: Decimal | None = None
    exchange_ask_buffer: Decimal | None = None
    assumption: str | None = None
    slices: tuple[Slice, ...] = ()
    initial_scale: Decimal = ONE
    borrow_initial: Decimal = ZERO
    borrow_maintenance: Decimal = ZERO


class Fees(Struct, frozen=True):
    """Fractions of notional: resting and taking orders, and what a liquidation is charged.

    A rebate is a fee below zero.
    """

    maker: Decimal
    taker: Decimal
    liquidation: Decimal


class Funding(Struct, frozen=True):
    """The funding formula's numbers: rate = premium + clamp(interest − premium, ±damper).

    The result is capped at ± `cap_multiple` × the first tier's maintenance rate and at
    ± `cap_rate`, whichever are given. It is a rate per `period_ms`, paid every `interval_ms` in
    proportion; `period_ms` is the interval where it is not given.
    """

    interval_ms: int
    interest_rate: Decimal
    damper: Decimal
    cap_multiple: Decimal | None = None
    cap_rate: Decimal | None = None
    period_ms: int | None = None


class LadderStep(StrEnum):
    """What a liquidation does, one after the other.

    REDUCE_TO_LOWER_TIER, REDUCE_BY_TWO_TIERS: close what brings a position into a lower tier.
    REDUCE_BY_FRACTION: close `Liquidation.fraction` of a position, all of it from
    `whole_below` down. CLOSE_POSITION: close one whole position in the market. TAKE_OVER: the
    venue takes everything at the bankruptcy price. AUCTION: slices of the whole account go to
    whoever bids (Derive).
    """

    CANCEL_ORDERS = "cancel-orders"
    REDUCE_TO_LOWER_TIER = "reduce-to-lower-tier"
    REDUCE_BY_TWO_TIERS = "reduce-by-two-tiers"
    REDUCE_BY_FRACTION = "reduce-by-fraction"
    CLOSE_POSITION = "close-position"
    TAKE_OVER = "take-over"
    AUCTION = "auction"


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
    """

    is_trigger_strict: bool
    steps: tuple[LadderStep, ...]
    first_position: PositionChoice
    fraction: Decimal | None = None
    whole_below: Decimal | None = None
    stop_health: Decimal = ONE
    backstop_health: Decimal | None = None


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


class Change(StrEnum):
    """What an owner may ask of an account, and be refused."""

    MARGIN_MODE = "margin-mode"
    POSITION_MODE = "position-mode"
    LOWER_LEVERAGE = "lower-leverage"
    MULTI_ASSETS = "multi-assets"
    ISOLATED = "isolated"
    ADD_MARGIN = "add-margin"
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


class Rulebook(Struct, frozen=True):
    """One venue's methodology, in force from `edition` on.

    Attributes
    ----------
    assets_modes : the assets modes the venue has.
    ratio_convention : which way the venue's own margin ratio points.
    is_floor_included : whether a notional exactly on a tier floor belongs to the upper tier.
    is_whole_position : whether a tier's rate holds for all of a position, so that ladders jump.
    is_by_size : whether tier floors are sizes and not notionals.
    market_buffer : fraction added to the assumed price of a market order.
    sha256 : hash over the files it was read from.
    assumptions : sentences that hold for every answer from this rulebook.
    leverage_default : the setting until an owner chooses one; None where the venue has none to
        start with, or none at all, and the ladder alone says what is asked.
    position_modes : one-way, hedge or both.
    has_isolated_in_multi : whether there are isolated positions in multi-assets mode.
    options : families of options; their symbols are too many to be listed in `contracts`.
    multiplier_default : what one unit of size stands for in contracts the rulebook does not list.
    notes : what is assumed in one section ("fees", "funding", …), a sentence each, for whoever
        uses or lists that section.
    """

    venue: str
    edition: date
    sha256: str
    assets_modes: tuple[str, ...]
    ratio_convention: RatioConvention
    leverage_default: Decimal | None
    is_floor_included: bool
    assumed_price: AssumedPrice
    market_buffer: Decimal
    fees: Fees
    funding: Funding
    liquidation: Liquidation
    switches: tuple[SwitchRule, ...]
    contracts: dict[str, Contract]
    collateral: dict[str, Collateral]
    sources: dict[str, Source]
    assumptions: tuple[str, ...] = ()
    notes: dict[str, str] = {}
    multiplier_default: Decimal = ONE
    margin: MarginRule = PLAIN
    adl: Adl | None = None
    position_modes: tuple[str, ...] = ("one-way", "hedge")
    has_isolated_in_multi: bool = False
    is_whole_position: bool = False
    is_by_size: bool = False
    options: tuple[OptionFamily, ...] = ()

    def with_contracts(self, contracts: dict[str, Contract]) -> "Rulebook":
        """Return a rulebook in which `contracts` replace or join the venue's own."""
        return replace(self, contracts={**self.contracts, **contracts})

    def with_collateral(self, collateral: dict[str, Collateral]) -> "Rulebook":
        """Return a rulebook in which `collateral` replaces or joins the venue's own."""
        return replace(self, collateral={**self.collateral, **collateral})
