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

from crossmargin.model.instrument import Instrument
from crossmargin.model.tiers import Tiers
from crossmargin.money import ONE


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


class Source(Struct, frozen=True):
    """Where a value comes from: what was read, its address, when, and how sure it is."""

    what: str
    address: str
    read_on: date
    confidence: Confidence


class Contract(Struct, frozen=True):
    """A symbol as the rulebook knows it; `tiers` is None where the ladder is not known."""

    instrument: Instrument
    tiers: Tiers | None


class Collateral(Struct, frozen=True):
    """How a collateral asset counts in multi-assets mode; all buffers are fractions in [0, 1).

    Amounts held convert at index × (1 − bid_buffer), debts and requirements at
    index × (1 + ask_buffer). `assumption` is the sentence to show where the venue's buffer is
    not known for sure.
    """

    bid_buffer: Decimal
    ask_buffer: Decimal
    is_stable: bool = False
    exchange_bid_buffer: Decimal | None = None
    exchange_ask_buffer: Decimal | None = None
    assumption: str | None = None


class Fees(Struct, frozen=True):
    """Fractions of notional: resting and taking orders, and what a liquidation is charged."""

    maker: Decimal
    taker: Decimal
    liquidation: Decimal


class Funding(Struct, frozen=True):
    """The funding formula's numbers: rate = premium + clamp(interest − premium, ±damper).

    The result is capped at ± `cap_multiple` × the first tier's maintenance rate.
    """

    interval_ms: int
    interest_rate: Decimal
    damper: Decimal
    cap_multiple: Decimal


class LadderStep(StrEnum):
    """What a liquidation does, one after the other."""

    CANCEL_ORDERS = "cancel-orders"
    REDUCE_TO_LOWER_TIER = "reduce-to-lower-tier"
    TAKE_OVER = "take-over"


class PositionChoice(StrEnum):
    """Which position of a pool a liquidation reduces first."""

    LARGEST_MAINTENANCE_MARGIN = "largest-maintenance-margin"
    LARGEST_LOSS = "largest-loss"


class Liquidation(Struct, frozen=True):
    """When and how the venue liquidates.

    `is_trigger_strict`: whether equity must be below maintenance margin (True) or may also be
    equal to it (False).
    """

    is_trigger_strict: bool
    steps: tuple[LadderStep, ...]
    first_position: PositionChoice


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
    market_buffer : fraction added to the assumed price of a market order.
    sha256 : hash over the files it was read from.
    assumptions : sentences that hold for every answer from this rulebook.
    multiplier_default : what one unit of size stands for in contracts the rulebook does not list.
    notes : what is assumed in one section ("fees", "funding", …), a sentence each, for whoever
        uses or lists that section.
    """

    venue: str
    edition: date
    sha256: str
    assets_modes: tuple[str, ...]
    ratio_convention: RatioConvention
    leverage_default: Decimal
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

    def with_contracts(self, contracts: dict[str, Contract]) -> "Rulebook":
        """Return a rulebook in which `contracts` replace or join the venue's own."""
        return replace(self, contracts={**self.contracts, **contracts})

    def with_collateral(self, collateral: dict[str, Collateral]) -> "Rulebook":
        """Return a rulebook in which `collateral` replaces or joins the venue's own."""
        return replace(self, collateral={**self.collateral, **collateral})
