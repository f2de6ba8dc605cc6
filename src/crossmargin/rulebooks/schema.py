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
from crossmargin.money import ONE, ZERO
from crossmargin.rulebooks.margin_rule import PLAIN, MarginRule, OptionFamily, OptionMethod
from crossmargin.rulebooks.portfolio.rule import PortfolioRule
from crossmargin.rulebooks.procedure import Adl, Debts, Liquidation, SwitchRule


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
    known_to : the largest amount whose slices are known, where they were published only in part.
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
    known_to: Decimal | None = None
    initial_scale: Decimal = ONE
    borrow_initial: Decimal = ZERO
    borrow_maintenance: Decimal = ZERO

    def at_worst(self) -> "Collateral":
        """Return it with all that is not known to count counting for nothing."""
        if self.known_to is None:
            return self
        slices = self.slices or (Slice(ZERO, ONE - self.bid_buffer),)
        return replace(self, slices=(*slices, Slice(self.known_to, ZERO)), known_to=None)


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
    modes : standard, portfolio or both, what an account is in first.
    position_modes : one-way, hedge or both.
    is_leverage_settable : whether an owner can choose a leverage at all.
    is_single_isolated : whether single-asset mode has isolated positions only (Bybit).
    has_isolated, has_isolated_in_multi : whether there are isolated positions, and in multi-assets
        mode.
    options : families of options; their symbols are too many to be listed in `contracts`.
    portfolio : how accounts in portfolio mode are margined; None where the venue has no such mode.
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
    debts: Debts | None = None
    position_modes: tuple[str, ...] = ("one-way", "hedge")
    is_leverage_settable: bool = True
    has_isolated: bool = True
    is_single_isolated: bool = False
    has_isolated_in_multi: bool = False
    is_whole_position: bool = False
    is_by_size: bool = False
    options: tuple[OptionFamily, ...] = ()
    portfolio: PortfolioRule | None = None
    modes: tuple[str, ...] = ("standard",)

    def with_contracts(self, contracts: dict[str, Contract]) -> "Rulebook":
        """Return a rulebook in which `contracts` replace or join the venue's own."""
        return replace(self, contracts={**self.contracts, **contracts})

    def with_collateral(self, collateral: dict[str, Collateral]) -> "Rulebook":
        """Return a rulebook in which `collateral` replaces or joins the venue's own."""
        return replace(self, collateral={**self.collateral, **collateral})
