"""From the two files of an edition to the rulebook that margin code asks.

Reading is `files`, judging single values is `bounds`, ladders are `ladder`; here tables are laid
over each other and symbols become contracts. Invariants: every table of the method is there,
every symbol has exactly one ladder, and its base asset follows from its name.
"""

import re
from datetime import date
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple, TypeVar

from crossmargin.errors import RulebookError
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.rulebooks.bounds import check, check_source
from crossmargin.rulebooks.files import (
    CollateralTable,
    ContractsTable,
    DataFile,
    EditionFile,
    FeesTable,
    FundingTable,
    InstrumentTable,
    LadderTable,
    LeverageTable,
    LiquidationTable,
    OrdersTable,
    RulesFile,
    Sourced,
    SwitchesTable,
    Tables,
    TiersTable,
    read,
)
from crossmargin.rulebooks.ladder import tiers_of
from crossmargin.rulebooks.schema import Collateral, Contract, Fees, Funding, Liquidation, Rulebook

T = TypeVar("T", bound=Sourced)

RULES = "rules.toml"
"""The name of the file that holds what is the same for all editions."""

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
    contracts: ContractsTable
    orders: OrdersTable
    fees: FeesTable
    funding: FundingTable
    liquidation: LiquidationTable
    switches: SwitchesTable


def rulebook_from(rules_file: DataFile, edition_file: DataFile) -> Rulebook:
    """Return the rulebook that a venue's rules and one edition make together.

    Raises
    ------
    RulebookError
        If either file is invalid, or the two contradict each other: one sentence with file, key,
        value and bound.
    """
    rules = read(rules_file, RulesFile)
    edition = read(edition_file, EditionFile)
    _check_names(rules_file.name, rules.venue, edition_file.name, edition.edition)
    sources = {**rules.sources, **edition.sources}
    check(rules_file.name, rules, sources)
    check(edition_file.name, edition, sources)
    check_source(edition_file.name, edition.source, sources)
    method = _method(rules_file.name, rules, edition)
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
        liquidation=Liquidation(
            method.liquidation.is_trigger_strict,
            method.liquidation.steps,
            method.liquidation.first_position,
        ),
        switches=method.switches.rules,
        contracts=_contracts(edition_file.name, edition.ladder, method, instruments),
        collateral=_collateral({**rules.collateral, **edition.collateral}),
        sources=sources,
        assumptions=(*rules.assumptions, *edition.assumptions),
        notes={
            name: table.assumption for name, table in method._asdict().items() if table.assumption
        },
        multiplier_default=method.contracts.multiplier,
    )


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
        if table is None:
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
    )


def _funding(table: FundingTable) -> Funding:
    return Funding(
        table.interval_hours * MILLISECONDS_PER_HOUR,
        table.interest_rate,
        table.damper,
        table.cap_multiple,
    )


def _collateral(tables: dict[str, CollateralTable]) -> dict[str, Collateral]:
    return {
        asset: Collateral(
            table.bid_buffer,
            table.ask_buffer,
            table.is_stable,
            table.exchange_bid_buffer,
            table.exchange_ask_buffer,
            table.assumption,
        )
        for asset, table in tables.items()
    }


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
            tiers = tiers_of(
                ladder.tiers,
                is_floor_included=method.tiers.is_floor_included,
                is_whole_position=method.tiers.is_whole_position,
            )
            for symbol in symbols:
                if symbol in contracts:
                    raise RulebookError(f"{symbol} must be in one ladder only")
                instrument = _instrument(
                    symbol, ladder.settle, method.contracts, instruments.get(symbol)
                )
                contracts[symbol] = Contract(instrument, tiers)
        except RulebookError as error:
            raise RulebookError(f"{where}: {error}") from None
    return contracts


def _instrument(
    symbol: str, settle: str, contracts: ContractsTable, own: InstrumentTable | None
) -> Instrument:
    for term, pattern in (("perpetual", contracts.perpetual), ("future", contracts.future)):
        match = pattern and _name(pattern, settle).fullmatch(symbol)
        if not match:
            continue
        base = match["base"]
        if contracts.payoff == "inverse" and base != settle:
            raise RulebookError(f"settle of {symbol} is {settle}, must be {base}")
        return Instrument(
            symbol,
            KINDS[contracts.payoff, term],
            settle,
            base,
            own.multiplier if own and own.multiplier else contracts.multiplier,
            own.tick if own else None,
            own.lot if own else None,
        )
    raise RulebookError(
        f"symbol {symbol} must be named like {contracts.perpetual}"
        + (f" or {contracts.future}" if contracts.future else "")
        + f" with settle {settle}"
    )


@lru_cache(maxsize=256)
def _name(pattern: str, settle: str) -> re.Pattern[str]:
    literal = re.escape(pattern)
    for word, expression in (
        ("{base}", "(?P<base>.+)"),
        ("{settle}", re.escape(settle)),
        ("{yymmdd}", r"\d{6}"),
    ):
        literal = literal.replace(re.escape(word), expression)
    return re.compile(literal)
