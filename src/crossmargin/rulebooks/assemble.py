"""From the two files of an edition to the rulebook that margin code asks.

Reading is `files`, judging single values is `bounds`, ladders are `ladder`; here tables are laid
over each other and symbols become contracts. Invariants: every table of the method is there,
every symbol has exactly one ladder, and its base asset follows from its name.
"""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from hashlib import sha256
from typing import NamedTuple, TypeVar

from crossmargin.errors import RulebookError
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.tiers import Tiers
from crossmargin.money import ONE
from crossmargin.rulebooks.bounds import check, check_source
from crossmargin.rulebooks.files import (
    AdlTable,
    CollateralTable,
    ContractsTable,
    DataFile,
    DebtsTable,
    EditionFile,
    FeesTable,
    FundingTable,
    InstrumentTable,
    LadderTable,
    LeverageTable,
    LiquidationTable,
    MarginTable,
    OptionsTable,
    OrdersTable,
    RulesFile,
    SwitchesTable,
    Tables,
    TiersTable,
    read,
)
from crossmargin.rulebooks.ladder import slices_of, tiers_of
from crossmargin.rulebooks.margin_rule import PLAIN, MarginRule
from crossmargin.rulebooks.options import families_of
from crossmargin.rulebooks.portfolio.rule import PortfolioRule
from crossmargin.rulebooks.procedure import Adl, Debts, Liquidation
from crossmargin.rulebooks.schema import (
    Collateral,
    Contract,
    Fees,
    Funding,
    OpenInterestCaps,
    Rulebook,
)
from crossmargin.rulebooks.sourced import Sourced

T = TypeVar("T", bound=Sourced | tuple[Sourced, ...])

RULES = "rules.toml"
"""The name of the file that holds what is the same for all editions."""

UNKNOWN = "unknown"
"""What stands instead of a ladder that was not found."""

MILLISECONDS_PER_HOUR = 3_600_000
KINDS = {
    ("linear", "perpetual"): Kind.LINEAR_PERPETUAL,
    ("linear", "future"): Kind.LINEAR_FUTURE,
    ("inverse", "perpetual"): Kind.INVERSE_PERPETUAL,
    ("inverse", "future"): Kind.INVERSE_FUTURE,
}


class Method(NamedTuple):
    """The tables every rulebook has, the edition's where it gives one."""

    leverage: LeverageTable
    tiers: TiersTable
    contracts: tuple[ContractsTable, ...]
    orders: OrdersTable
    fees: FeesTable
    funding: FundingTable
    liquidation: LiquidationTable
    switches: SwitchesTable
    options: tuple[OptionsTable, ...]
    margin: MarginTable | None
    adl: AdlTable | None
    debts: DebtsTable | None
    portfolio: PortfolioRule | None


def rulebook_from(rules_file: DataFile, edition_file: DataFile) -> Rulebook:
    """Return the rulebook that a venue's rules and one edition make together.

    Raises
    ------
    RulebookError
        If either file is invalid, or the two contradict each other: one sentence with file, key,
        value and bound.
    """
    rules = rules_of(rules_file)
    edition = read(edition_file, EditionFile)
    _check_names(rules_file.name, rules.venue, edition_file.name, edition.edition)
    sources = {**rules.sources, **edition.sources}
    check(rules_file.name, rules, sources)
    check(edition_file.name, edition, sources)
    check_source(edition_file.name, edition.source, sources)
    method = _method(rules_file.name, rules, edition)
    if ("portfolio" in rules.modes) != (method.portfolio is not None):
        raise RulebookError(
            f"{rules_file.name}: modes must name portfolio where there is a [portfolio] table, "
            "and only there"
        )
    instruments = {**rules.instruments, **edition.instruments}
    return Rulebook(
        venue=rules.venue,
        edition=edition.edition,
        sha256=sha256(rules_file.content + edition_file.content).hexdigest(),
        assets_modes=rules.assets_modes,
        ratio_convention=rules.ratio_convention,
        leverage_default=method.leverage.default,
        is_floor_included=method.tiers.is_floor_included,
        assumed_price=method.orders.assumed_price,
        market_buffer=method.orders.market_buffer,
        fees=Fees(method.fees.maker, method.fees.taker, method.fees.liquidation),
        funding=_funding(method.funding),
        liquidation=liquidation_of(method.liquidation),
        switches=method.switches.rules,
        contracts=_contracts(edition_file.name, edition.ladder, method, instruments),
        collateral=collateral_of(edition_file.name, {**rules.collateral, **edition.collateral}),
        sources=sources,
        assumptions=(*rules.assumptions, *edition.assumptions),
        notes=notes_of(method._asdict()),
        multiplier_default=method.contracts[0].multiplier,
        margin=_margin(method.margin),
        adl=_adl(method.adl),
        debts=None if method.debts is None else Debts(method.debts.exchange_above),
        position_modes=rules.position_modes,
        is_leverage_settable=method.leverage.is_settable,
        has_isolated=rules.has_isolated,
        is_single_isolated=rules.is_single_isolated,
        has_isolated_in_multi=rules.has_isolated_in_multi,
        is_whole_position=method.tiers.is_whole_position,
        is_by_size=method.tiers.unit == "size",
        options=families_of(method.options),
        portfolio=method.portfolio,
        modes=rules.modes,
    )


# A venue's rules stand for all its editions, and a draft is tried on them many times. Keyed by what
# the file holds: a file that changed is read again.
@cache
def rules_of(file: DataFile) -> RulesFile:
    """Return what a venue's `rules.toml` says.

    Raises
    ------
    RulebookError
        If it is not of that shape.
    """
    return read(file, RulesFile)


def symbols_of(ladder: LadderTable) -> list[str]:
    """Return the symbols that have `ladder`, as written."""
    return ladder.symbols.split()


def _check_names(rules_name: str, venue: str, edition_name: str, edition: date) -> None:
    if rules_name != f"{venue}/{RULES}":
        raise RulebookError(f"{rules_name}: venue is {venue!r}, must be the folder's name")
    if edition_name != f"{venue}/{edition}.toml":
        raise RulebookError(f"{edition_name}: edition is {edition}, must be the file's name")


def _method(rules_name: str, rules: Tables, edition: Tables) -> Method:
    def either(name: str, common: T | None, own: T | None) -> T:
        table = own or common
        if not table:
            raise RulebookError(f"{rules_name}: [{name}] is missing")
        return table

    return Method(
        either("leverage", rules.leverage, edition.leverage),
        either("tiers", rules.tiers, edition.tiers),
        either("contracts", rules.contracts, edition.contracts),
        either("orders", rules.orders, edition.orders),
        either("fees", rules.fees, edition.fees),
        either("funding", rules.funding, edition.funding),
        either("liquidation", rules.liquidation, edition.liquidation),
        either("switches", rules.switches, edition.switches),
        edition.options or rules.options or (),
        edition.margin or rules.margin,
        edition.adl or rules.adl,
        edition.debts or rules.debts,
        edition.portfolio or rules.portfolio,
    )


def notes_of(method: Mapping[str, object]) -> dict[str, str]:
    """Return what is assumed in each of a method's tables, by the table's name."""
    notes = {}
    for name, value in method.items():
        tables = value if isinstance(value, tuple) else (value,)
        said = [
            table.assumption for table in tables if isinstance(table, Sourced) and table.assumption
        ]
        if said:
            notes[name] = " ".join(said)
    return notes


def liquidation_of(table: LiquidationTable) -> Liquidation:
    """Return the table as the record that margin code asks."""
    return Liquidation(**{name: getattr(table, name) for name in Liquidation.__struct_fields__})


def _adl(table: AdlTable | None) -> Adl | None:
    return None if table is None else Adl(table.ranking, table.price, table.is_loss_socialised)


def _margin(table: MarginTable | None) -> MarginRule:
    if table is None:
        return PLAIN
    return MarginRule(
        **{name: getattr(table, name) for name in MarginRule.__struct_fields__},
    )


def _funding(table: FundingTable) -> Funding:
    return Funding(
        table.interval_hours * MILLISECONDS_PER_HOUR,
        table.interest_rate,
        table.damper,
        table.cap_multiple,
        table.cap_rate,
        None if table.period_hours is None else table.period_hours * MILLISECONDS_PER_HOUR,
    )


def collateral_of(file_name: str, tables: dict[str, CollateralTable]) -> dict[str, Collateral]:
    """Return how each asset counts.

    Raises
    ------
    RulebookError
        If an entry has neither a buffer nor slices, or both, or its slices make no sense.
    """
    found = {}
    for asset, table in tables.items():
        where = f"{file_name}: collateral.{asset}"
        if (table.bid_buffer is None) == (table.slices is None):
            raise RulebookError(f"{where}: must have either bid_buffer or slices")
        try:
            slices, known_to = slices_of(table.slices) if table.slices else ((), None)
        except RulebookError as error:
            raise RulebookError(f"{where}: {error}") from None
        found[asset] = Collateral(
            ONE - slices[0].rate if table.bid_buffer is None else table.bid_buffer,
            table.ask_buffer,
            table.is_stable,
            table.exchange_bid_buffer,
            table.exchange_ask_buffer,
            table.assumption,
            slices if len(slices) > 1 else (),
            known_to,
            table.initial_scale,
            table.borrow_initial,
            table.borrow_maintenance,
        )
    return found


def _contracts(
    file_name: str,
    ladders: tuple[LadderTable, ...],
    method: Method,
    instruments: dict[str, InstrumentTable],
) -> dict[str, Contract]:
    contracts: dict[str, Contract] = {}
    for position, ladder in enumerate(ladders, start=1):
        symbols = symbols_of(ladder)
        where = f"{file_name}: ladder {position} ({symbols[0] if symbols else 'no symbols'})"
        if not symbols:
            raise RulebookError(f"{where}: symbols must name at least one")
        try:
            tiers = _tiers(ladder, method.tiers)
            for symbol in symbols:
                if symbol in contracts:
                    raise RulebookError(f"{symbol} must be in one ladder only")
                instrument = _instrument(symbol, ladder, method.contracts, instruments.get(symbol))
                caps = ladder.open_interest_caps
                contracts[symbol] = Contract(
                    instrument, tiers, None if caps is None else OpenInterestCaps(*caps)
                )
        except RulebookError as error:
            raise RulebookError(f"{where}: {error}") from None
    return contracts


def _tiers(ladder: LadderTable, table: TiersTable) -> Tiers | None:
    if ladder.tiers == UNKNOWN:
        return None
    return tiers_of(
        ladder.tiers,
        is_floor_included=table.is_floor_included,
        is_whole_position=table.is_whole_position,
        is_by_size=(ladder.unit or table.unit) == "size",
        growth=ladder.growth,
    )


def _instrument(
    symbol: str,
    ladder: LadderTable,
    families: tuple[ContractsTable, ...],
    own: InstrumentTable | None,
) -> Instrument:
    settle = ladder.settle
    for family in families:
        for term, pattern in (("perpetual", family.perpetual), ("future", family.future)):
            match = pattern and _name(pattern, settle).fullmatch(symbol)
            if not match or (family.payoff == "inverse" and match["base"] != settle):
                continue
            given = own.multiplier if own else None
            return Instrument(
                symbol,
                KINDS[family.payoff, term],
                settle,
                match["base"],
                given or ladder.multiplier or family.multiplier,
                own.tick if own else None,
                own.lot if own else None,
            )
    patterns = [p for family in families for p in (family.perpetual, family.future) if p]
    raise RulebookError(
        f"symbol {symbol} must be named like {' or '.join(patterns)} with settle {settle}"
        + (" (inverse ones settle in their base)" if families[0].payoff == "inverse" else "")
    )


@lru_cache(maxsize=256)
def _name(pattern: str, settle: str) -> re.Pattern[str]:
    literal = re.escape(pattern)
    for word, expression in (
        ("{base}", "(?P<base>.+)"),
        ("{settle}", re.escape(settle)),
        ("{yymmdd}", r"\d{6}"),
        ("{ddmmmyy}", r"\d{1,2}[A-Z]{3}\d{2}"),
    ):
        literal = literal.replace(re.escape(word), expression)
    return re.compile(literal)
