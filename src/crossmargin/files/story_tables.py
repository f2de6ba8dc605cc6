"""The records of a story: the tables as people write them, and a story as it is read.

What the numbers may be is checked where they are read (`files.story`), because only there the
place in the file is known. Fractions are fractions (0.01 is 1 %), money is in the settle asset,
prices and notionals are in the quote asset, sizes are signed.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from msgspec import Struct

from crossmargin.durations import DAY_MS
from crossmargin.files.tables import CollateralTable, InstrumentTable, SmileTable, TierRow
from crossmargin.model.account import AccountMode, AssetsMode, MarginMode, PositionMode
from crossmargin.model.order import Side
from crossmargin.model.surface import Surface
from crossmargin.money import ZERO
from crossmargin.rulebooks.schema import Rulebook
from crossmargin.venue.command import AnyCommand
from crossmargin.venue.settings import AssetRules, Limits, VenueSettings

HOLDS_MS = 10_000 * DAY_MS
"""A story's price holds until the next one, unless its settings say how long."""


class FeesTable(Struct, frozen=True, forbid_unknown_fields=True):
    """[fees]: fractions of notional in place of the rulebook's; a rebate is below zero."""

    maker: Decimal | None = None
    taker: Decimal | None = None
    liquidation: Decimal | None = None


class FiltersTable(Struct, frozen=True, forbid_unknown_fields=True):
    """One [filters.SYMBOL]: the steps and bounds of orders."""

    tick: Decimal | None = None
    lot: Decimal | None = None
    notional_min: Decimal | None = None
    band_fraction: Decimal | None = None


class SettingsTable(Struct, frozen=True, forbid_unknown_fields=True):
    """[settings]: what the operator of the venue chooses."""

    outlier_fraction: Decimal = VenueSettings().outlier_fraction
    jump_fraction: Decimal | None = None
    stale_ms: int = HOLDS_MS
    degraded_ms: int = 300_000
    premium_sample_ms: int = 60_000
    warn_fraction: Decimal = VenueSettings().warn_fraction
    adl_policy: str = VenueSettings().adl_policy
    conversion_fee_fraction: Decimal = VenueSettings().conversion_fee_fraction
    interest_hourly: dict[str, Decimal] = {}
    profit_leaves_fraction: Decimal = VenueSettings().profit_leaves_fraction


class LimitsTable(Struct, frozen=True, forbid_unknown_fields=True):
    """One [limits.SYMBOL]: what the venue risks in a market, see `venue.settings.Limits`."""

    open_interest_max: Decimal | None = None
    fund_capital: Decimal | None = None
    fund_adl_fraction: Decimal = Limits().fund_adl_fraction


class AssetRulesTable(Struct, frozen=True, forbid_unknown_fields=True):
    """One [assets.ASSET]: how its index is found, see `venue.settings.AssetRules`."""

    sources: tuple[str, ...] = ()
    sources_min: int | None = None
    stale_ms: int | None = None
    floor_fraction: Decimal | None = None
    move_max_fraction: Decimal | None = None
    move_ms: int = AssetRules().move_ms


class LiquidityTable(Struct, frozen=True, forbid_unknown_fields=True):
    """[liquidity]: the market makers, the same in every symbol.

    Attributes
    ----------
    spread : between the best bid and the best ask, a fraction of the price.
    step : between two levels, a fraction of the price.
    depth : notional on each side, over all levels together.
    levels : on each side.
    capital : the money they have, in every settle asset.
    leverage : how many times their equity they hold at most, and their setting.
    impact : how much of a trade's distance from the price the price follows, from 0 to 1.
    """

    spread: Decimal = Decimal("0.0002")
    step: Decimal = Decimal("0.0005")
    depth: Decimal = Decimal(1_000_000)
    levels: int = 10
    capital: Decimal = Decimal(1_000_000_000)
    leverage: Decimal = Decimal(5)
    impact: Decimal = ZERO


class HoldingRow(Struct, frozen=True, forbid_unknown_fields=True):
    """One [[accounts.positions]]: bought from the makers before the story begins."""

    symbol: str
    size: Decimal
    entry_price: Decimal | None = None
    mode: MarginMode = MarginMode.CROSS
    margin: Decimal | None = None
    side: Side | None = None


class AccountRow(Struct, frozen=True, forbid_unknown_fields=True):
    """One [[accounts]]."""

    name: str
    balances: dict[str, Decimal] = {}
    leverage: dict[str, Decimal] = {}
    margin_mode: dict[str, MarginMode] = {}
    position_mode: PositionMode = PositionMode.ONE_WAY
    assets_mode: AssetsMode | None = None
    mode: AccountMode | None = None
    positions: tuple[HoldingRow, ...] = ()


class Own(Struct, frozen=True, kw_only=True, tag_field="do", forbid_unknown_fields=True):
    """What a step of the story's own says, beside the venue's commands; `at_ms` is its time."""

    at_ms: int


class Mark(Own, frozen=True, tag="mark"):
    """Prices move: to `price` in `symbol`, or to each of `prices` by symbol.

    The makers quote around the new price, and who rests beyond it is traded with.
    """

    symbol: str = ""
    price: Decimal | None = None
    prices: dict[str, Decimal] = {}


class Index(Own, frozen=True, tag="index"):
    """An index moves and nothing else: of a `symbol`, or of a collateral `asset` in USD."""

    price: Decimal
    symbol: str = ""
    asset: str = ""


class Underlying(Own, frozen=True, tag="underlying"):
    """An asset moves, and with it all that is quoted on it, at one moment.

    Its index and the marks of its futures and perpetuals go by the same percentage, and so do the
    forwards of its surface; options are worth what the surface then says.

    Attributes
    ----------
    volatility_shift : added to every volatility of the surface, as a fraction (0.1 is 10 points).
    """

    asset: str
    price: Decimal
    volatility_shift: Decimal = ZERO


class Edge(Own, frozen=True, tag="edge"):
    """Prices move until the account is `distance` (a fraction) from liquidation.

    With a `symbol` its price alone moves, else all the account holds by one percentage. Below
    zero is beyond.
    """

    account: str
    distance: Decimal
    direction: str = "down"
    symbol: str = ""


class FundingUntil(Own, frozen=True, tag="funding"):
    """The clock runs to this moment, sampling premiums and settling funding on its way."""


class Walk(Own, frozen=True, tag="walk"):
    """Prices walk at random from the last step to this one, from the story's seed.

    Attributes
    ----------
    symbols : those that move.
    every : the time of one move.
    volatility : a year, as a fraction (0.6 is 60 %).
    correlation : of any two symbols.
    jumps_per_day, jump : how often all jump together, and the scale of that, a fraction.
    """

    symbols: tuple[str, ...]
    every: str = "00:01:00"
    volatility: Decimal = Decimal("0.6")
    correlation: Decimal = Decimal("0.8")
    jumps_per_day: Decimal = ZERO
    jump: Decimal = Decimal("0.05")


OwnStep: TypeAlias = Mark | Index | Underlying | Edge | FundingUntil | Walk
Step: TypeAlias = OwnStep | AnyCommand


class ExpectRow(Struct, frozen=True, forbid_unknown_fields=True):
    """One [[expect]] as written."""

    path: str
    value: Any
    at: str | None = None
    tolerance: Decimal | None = None


class StoryTable(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file as written; steps and expectations are read one by one."""

    venue: str
    schema: int
    title: str = ""
    edition: date | None = None
    at: datetime | None = None
    seed: int = 0
    fees: FeesTable = FeesTable()
    instruments: dict[str, InstrumentTable] = {}
    tiers: dict[str, list[TierRow]] = {}
    collateral: dict[str, CollateralTable] = {}
    filters: dict[str, FiltersTable] = {}
    limits: dict[str, LimitsTable] = {}
    assets: dict[str, AssetRulesTable] = {}
    settings: SettingsTable = SettingsTable()
    liquidity: LiquidityTable = LiquidityTable()
    fund: dict[str, Decimal] = {}
    marks: dict[str, Decimal] = {}
    index: dict[str, Decimal] = {}
    surfaces: dict[str, list[SmileTable]] = {}
    accounts: tuple[AccountRow, ...] = ()
    step: tuple[dict[str, Any], ...] = ()
    expect: tuple[dict[str, Any], ...] = ()


class Expect(Struct, frozen=True):
    """One [[expect]]: what must be at `path`, after everything up to `at_ms` (None: at the end)."""

    path: str
    value: str
    at_ms: int | None
    tolerance: Decimal | None


class Story(Struct, frozen=True):
    """A story, read: the venue's rules and settings, who is there, what happens, what must be.

    `options` are those it names without a mark: their surface says what they are worth.
    """

    name: str
    title: str
    rulebook: Rulebook
    settings: VenueSettings
    seed: int
    start_ms: int
    liquidity: LiquidityTable
    fund: dict[str, Decimal]
    marks: dict[str, Decimal]
    index: dict[str, Decimal]
    surfaces: dict[str, Surface]
    options: tuple[str, ...]
    accounts: tuple[AccountRow, ...]
    steps: tuple[Step, ...]
    expects: tuple[Expect, ...]
