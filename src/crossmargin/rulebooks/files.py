"""The two files a rulebook is read from, as typed records.

A venue's folder holds `rules.toml`, what is the same at all dates, and one `<edition>.toml` per
date with that date's ladders. An edition may give any table of `rules.toml` again and so replace
it; of `sources`, `collateral` and `instruments` it replaces single entries. No number stands in
two places.

This module knows the files' shape, not what values make sense (`bounds`) nor what they mean
(`assemble`). Invariant: numbers are exact, none passes through a binary float; a key that is not
known here is an error, never ignored.
"""

import tomllib
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Literal, NamedTuple, TypeVar, get_args, get_type_hints

import msgspec
from msgspec import Struct

from crossmargin.errors import RulebookError
from crossmargin.money import ONE, ZERO
from crossmargin.rulebooks.margin_rule import ClosingFee, InitialMargin, Netting, PriceBasis
from crossmargin.rulebooks.portfolio.rule import PortfolioRule
from crossmargin.rulebooks.procedure import (
    AdlPrice,
    AdlRanking,
    LadderStep,
    PositionChoice,
    SwitchRule,
)
from crossmargin.rulebooks.schema import AssumedPrice, RatioConvention, Source
from crossmargin.rulebooks.sourced import Sourced

F = TypeVar("F", bound="Tables")

SCHEMA = 1
"""The version of the file format."""


class DataFile(NamedTuple):
    """A file as found: the name that messages call it by, and its bytes."""

    name: str
    content: bytes


class LeverageTable(Sourced, frozen=True):
    """The setting a symbol has until its owner chooses one; where absent, its ladder says.

    `is_settable`: whether there is anything to choose.
    """

    default: Decimal | None = None
    is_settable: bool = True


class TiersTable(Sourced, frozen=True):
    """How ladders are read: see `ladder`."""

    is_floor_included: bool
    is_whole_position: bool = False
    unit: Literal["notional", "size"] = "notional"


class MarginTable(Sourced, frozen=True):
    """How requirements follow from notional and ladder: see `margin_rule.MarginRule`."""

    initial: InitialMargin = InitialMargin.LEVERAGE
    initial_multiple: Decimal | None = None
    initial_price_cross: PriceBasis = PriceBasis.MARK
    initial_price_isolated: PriceBasis = PriceBasis.MARK
    maintenance_price: PriceBasis = PriceBasis.MARK
    closing_fee: ClosingFee = ClosingFee.NONE
    closing_fee_rate: Decimal = ZERO
    netting: Netting = Netting.NONE
    money_step: Decimal | None = None
    transfer_floor: Decimal = ZERO


class ContractsTable(Sourced, frozen=True):
    """What the contracts of one family have in common.

    `perpetual` and `future` are how symbols are named: literal text with `{base}`, `{settle}`,
    `{yymmdd}` and `{ddmmmyy}`.
    """

    payoff: Literal["linear", "inverse"]
    multiplier: Decimal
    perpetual: str
    future: str | None = None


class RightTable(Struct, frozen=True, forbid_unknown_fields=True):
    """The numbers calls or puts have of their own: see `model.option.RightRule`."""

    maintenance_fraction: Decimal
    maintenance_mark_fraction: Decimal = ZERO
    initial_to_maintenance: Decimal = ZERO


class OptionsTable(Sourced, frozen=True):
    """One family of options: see `margin_rule.OptionFamily` and `model.option.OptionRule`.

    `symbol` is how they are named: literal text with `{base}`, a date as in contracts or
    `{yyyymmdd}`, `{strike}` and `{right}` (C or P). `bases` are separated by white space. Without
    `settle` they settle in their base.
    """

    symbol: str
    bases: str
    multiplier: Decimal
    initial_fraction: Decimal
    initial_floor_fraction: Decimal
    call: RightTable
    put: RightTable
    settle: str | None = None
    fee_reserve_fraction: Decimal = ZERO
    order_floor_fraction: Decimal = ZERO
    is_entry_counted: bool = False
    is_worst_payoff_enough: bool = False
    unpaired_initial: Decimal = ZERO
    unpaired_maintenance: Decimal = ZERO


class InstrumentTable(Sourced, frozen=True):
    """What one contract has of its own."""

    multiplier: Decimal | None = None
    tick: Decimal | None = None
    lot: Decimal | None = None


class OrdersTable(Sourced, frozen=True):
    """What orders are margined at."""

    assumed_price: AssumedPrice
    market_buffer: Decimal


class FeesTable(Sourced, frozen=True):
    """Fractions of notional."""

    maker: Decimal
    taker: Decimal
    liquidation: Decimal


class FundingTable(Sourced, frozen=True):
    """The numbers of the funding formula."""

    interval_hours: int
    interest_rate: Decimal
    damper: Decimal
    cap_multiple: Decimal | None = None
    cap_rate: Decimal | None = None
    period_hours: int | None = None


class LiquidationTable(Sourced, frozen=True):
    """When and how the venue liquidates."""

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


class AdlTable(Sourced, frozen=True):
    """Who bears a loss that the insurance fund cannot."""

    ranking: AdlRanking
    price: AdlPrice
    is_loss_socialised: bool


class DebtsTable(Sourced, frozen=True):
    """What is done about a wallet below zero."""

    exchange_above: Decimal


class SwitchesTable(Sourced, frozen=True):
    """Changes the venue refuses."""

    rules: tuple[SwitchRule, ...]


class CollateralTable(Sourced, frozen=True):
    """How one asset counts in multi-assets mode.

    `slices` is text such as "0 98% | 10 95% | 20 0%": from which amount on which part counts;
    it stands instead of `bid_buffer`.
    """

    bid_buffer: Decimal | None = None
    ask_buffer: Decimal = ZERO
    is_stable: bool = False
    exchange_bid_buffer: Decimal | None = None
    exchange_ask_buffer: Decimal | None = None
    slices: str | None = None
    initial_scale: Decimal = ONE
    borrow_initial: Decimal = ZERO
    borrow_maintenance: Decimal = ZERO


class LadderTable(Struct, frozen=True, forbid_unknown_fields=True):
    """One ladder and the symbols that have it, separated by white space.

    Attributes
    ----------
    tiers : see `ladder`; "unknown" for symbols whose ladder was not found.
    growth : what each coin of a position adds to all rates, as a percentage ("0.005%").
    unit : what its floors count, where it is not what [tiers] says.
    multiplier : what one unit of size stands for, where it is not the family's.
    open_interest_caps : lower and upper, see `schema.OpenInterestCaps`.
    """

    settle: str
    tiers: str
    symbols: str
    growth: str | None = None
    unit: Literal["notional", "size"] | None = None
    multiplier: Decimal | None = None
    open_interest_caps: tuple[Decimal, Decimal] | None = None


ENTRIES = {"instruments": InstrumentTable, "collateral": CollateralTable, "sources": Source}
"""The shape of entries of the tables that are keyed by a name."""


class Tables(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What either file may hold."""

    schema: int
    leverage: LeverageTable | None = None
    tiers: TiersTable | None = None
    margin: MarginTable | None = None
    contracts: tuple[ContractsTable, ...] | None = None
    options: tuple[OptionsTable, ...] | None = None
    orders: OrdersTable | None = None
    fees: FeesTable | None = None
    funding: FundingTable | None = None
    liquidation: LiquidationTable | None = None
    adl: AdlTable | None = None
    debts: DebtsTable | None = None
    switches: SwitchesTable | None = None
    portfolio: PortfolioRule | None = None
    instruments: dict[str, InstrumentTable] = {}
    collateral: dict[str, CollateralTable] = {}
    sources: dict[str, Source] = {}
    assumptions: tuple[str, ...] = ()

    def sourced(self) -> dict[str, Sourced]:
        """Return every table that names sources, by its dotted key."""
        found: dict[str, Sourced] = {}
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, Sourced):
                found[name] = value
            elif isinstance(value, tuple):
                found |= {
                    f"{name}[{place}]": entry
                    for place, entry in enumerate(value)
                    if isinstance(entry, Sourced)
                }
            elif name in ENTRIES:
                entries = {f"{name}.{key}": entry for key, entry in value.items()}
                found.update({k: v for k, v in entries.items() if isinstance(v, Sourced)})
        return found


class RulesFile(Tables, frozen=True):
    """What is the same for all editions of a venue.

    `contracts_from`: the venues whose contracts it holds (see `compose`); empty where it has its
    own, in editions.
    """

    venue: str
    assets_modes: tuple[Literal["single", "multi"], ...]
    ratio_convention: RatioConvention
    contracts_from: tuple[str, ...] = ()
    modes: tuple[Literal["standard", "portfolio"], ...] = ("standard",)
    position_modes: tuple[Literal["one-way", "hedge"], ...] = ("one-way", "hedge")
    has_isolated: bool = True
    is_single_isolated: bool = False
    has_isolated_in_multi: bool = False


class EditionFile(Tables, frozen=True):
    """One date's ladders, all from `source`, and what else that date replaces."""

    edition: date
    source: str
    ladder: tuple[LadderTable, ...]


def document(file: DataFile) -> dict[str, object]:
    """Return what `file` holds as plain TOML values, fractions as `Decimal`.

    Raises
    ------
    RulebookError
        If it is not UTF-8 or not TOML.
    """
    try:
        return tomllib.loads(file.content.decode(), parse_float=Decimal)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RulebookError(f"{file.name} is not TOML: {error}") from None


def read(file: DataFile, shape: type[F]) -> F:
    """Return `file` as a record of `shape`.

    Raises
    ------
    RulebookError
        If it is not TOML, a key is missing, unknown or of the wrong type, or the schema is not
        the one this package reads.
    """
    values = document(file)
    try:
        tables = msgspec.convert(values, shape)
    except msgspec.ValidationError as error:
        # msgspec writes `Expected …, got … - at `$.fees.maker``: the key first reads better.
        what, _, where = str(error).partition(" - at `$.")
        key = _named(where.rstrip("`"), values)
        what += _nearest(what, where.rstrip("`"), shape)
        raise RulebookError(
            f"{file.name}: {key + ': ' if key else ''}{what[:1].lower()}{what[1:]}"
        ) from None
    if tables.schema != SCHEMA:
        raise RulebookError(f"{file.name}: schema is {tables.schema}, must be {SCHEMA}")
    return tables


def _nearest(what: str, where: str, shape: type[Tables]) -> str:
    # The key that was meant where msgspec names one that it does not know.
    _, is_unknown, key = what.partition("unknown field `")
    if not is_unknown:
        return ""
    table: type = shape
    for name in where.split(".") if where else ():
        table = _struct_in(get_type_hints(table).get(name.partition("[")[0]))
    close = get_close_matches(key.rstrip("`"), getattr(table, "__struct_fields__", ()), n=1)
    return f"; did you mean `{close[0]}`?" if close else ""


def _struct_in(hint: object) -> type:
    # The record within `Table | None`, `tuple[Table, ...]` or `dict[str, Table]`.
    if isinstance(hint, type) and issubclass(hint, Struct):
        return hint
    found = (_struct_in(part) for part in get_args(hint))
    return next((one for one in found if one is not object), object)


def _named(where: str, values: dict[str, object]) -> str:
    # msgspec writes `sources[...]` for any entry of a mapping: find which one it is.
    table, mark, rest = where.partition("[...]")
    entries = values.get(table)
    if not mark or table not in ENTRIES or not isinstance(entries, dict):
        return where
    for name, entry in entries.items():
        try:
            msgspec.convert(entry, ENTRIES[table])
        except msgspec.ValidationError:
            return f"{table}.{name}{rest}"
    return where
