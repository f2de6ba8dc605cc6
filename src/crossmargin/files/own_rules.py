"""What a file adds to a rulebook: contracts, ladders and collateral of its own.

Account files and story files share these tables. Whoever adds something plays by another rulebook
than the venue's; saying so is for the reader of the file.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from crossmargin.errors import UnitError, UsageError
from crossmargin.files.tables import CollateralTable, InstrumentTable, TierRow
from crossmargin.files.toml import NOT_NEGATIVE, POSITIVE, Bound
from crossmargin.files.unknown import unknown_symbol
from crossmargin.model.instrument import Instrument
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import ZERO, plain
from crossmargin.rulebooks.loader import editions_with, load_rulebook
from crossmargin.rulebooks.options import option_contract
from crossmargin.rulebooks.schema import Collateral, Contract, OpenInterestCaps, Rulebook

LEVERAGE: Bound = ("must be at least 1", lambda value: value >= 1)
_BUFFER: Bound = ("must be at least 0 and below 1", lambda value: 0 <= value < 1)
RULE_BOUNDS: dict[str, Bound] = {
    "max_leverage": LEVERAGE,
    "floor": NOT_NEGATIVE,
    "deduction": NOT_NEGATIVE,
    "rate": ("must be above 0 and below 1", lambda value: 0 < value < 1),
    "initial_rate": ("must be above 0 and at most 1", lambda value: 0 < value <= 1),
    "multiplier": POSITIVE,
    "tick": POSITIVE,
    "lot": POSITIVE,
    "open_interest_caps": NOT_NEGATIVE,
    "bid_buffer": _BUFFER,
    "ask_buffer": _BUFFER,
}
"""What the numbers of these tables may be, by key."""


def with_own_rules(
    rulebook: Rulebook,
    instruments: Mapping[str, InstrumentTable],
    tiers: Mapping[str, Sequence[TierRow]],
    collateral: Mapping[str, CollateralTable],
    named: Iterable[str],
) -> Rulebook:
    """Return the rulebook with a file's own tables in it.

    Parameters
    ----------
    named : the symbols that the file speaks of. Options, and contracts that the venue had at
        another date, are added; the ladder of the latter is not known.

    Raises
    ------
    UsageError
        If a ladder is of a symbol nobody knows, or makes no sense; place and reason.
    """
    own: dict[str, Contract] = {}
    said: list[str] = []
    for symbol, given in instruments.items():
        known = rulebook.contracts.get(symbol)
        instrument = _instrument(symbol, given, rulebook)
        if given.multiplier is None and given.kind.is_inverse:
            said.append(
                f"The multiplier of {symbol} is not given: {plain(instrument.multiplier)} is used."
            )
        own[symbol] = Contract(
            instrument, known.tiers if known else None, _caps(symbol, given, known)
        )
    for symbol in sorted({*named, *tiers}):
        if symbol not in own and symbol not in rulebook.contracts:
            option = option_contract(symbol, rulebook)
            if option is not None:
                own[symbol] = option
                continue
            elsewhere = editions_with(rulebook.venue, symbol)
            if elsewhere:
                # Known at another date: its ladder at this one is what is missing.
                other = load_rulebook(rulebook.venue, edition=elsewhere[-1])
                own[symbol] = Contract(other.contracts[symbol].instrument, None)
    for symbol, rows in tiers.items():
        base = own.get(symbol) or rulebook.contracts.get(symbol)
        if base is None:
            raise UsageError(f"tiers.{symbol}: {unknown_symbol(symbol, rulebook)}")
        ladder = _tiers(symbol, rows, rulebook)
        own[symbol] = Contract(base.instrument, ladder, base.open_interest)
    counted = {
        asset: Collateral(given.bid_buffer, given.ask_buffer, given.stable)
        for asset, given in collateral.items()
    }
    rulebook = replace(rulebook, assumptions=(*rulebook.assumptions, *said))
    return rulebook.with_contracts(own).with_collateral(counted)


def _caps(symbol: str, given: InstrumentTable, known: Contract | None) -> OpenInterestCaps | None:
    if given.open_interest_caps is None:
        return known.open_interest if known else None
    caps = OpenInterestCaps(*given.open_interest_caps)
    if caps.lower > caps.upper:
        raise UsageError(f"instruments.{symbol}.open_interest_caps: the lower one is first")
    return caps


def _instrument(symbol: str, given: InstrumentTable, rulebook: Rulebook) -> Instrument:
    # A multiplier that is not given is that of the coin's other contracts, else the venue's usual
    # one; a linear contract elsewhere counts coins.
    multiplier = given.multiplier
    if multiplier is None:
        others = (
            contract.instrument.multiplier
            for contract in rulebook.contracts.values()
            if contract.instrument.settle == given.settle
            and contract.instrument.kind.is_inverse == given.kind.is_inverse
        )
        multiplier = next(others, rulebook.multiplier_default)
    base = given.settle if given.kind.is_inverse else symbol.removesuffix(given.settle)
    return Instrument(
        symbol, given.kind, given.settle, given.base or base, multiplier, given.tick, given.lot
    )


def _tiers(symbol: str, rows: Sequence[TierRow], rulebook: Rulebook) -> Tiers:
    pieces: list[Tier] = []
    for i, row in enumerate(rows):
        deduction = row.deduction
        if deduction is None:
            deduction = ZERO
            if pieces and not rulebook.is_whole_position:
                deduction = pieces[-1].deduction_above(row.floor, row.rate)
        if deduction > row.floor * row.rate and not rulebook.is_by_size:
            raise UsageError(
                f"tiers.{symbol}[{i}].deduction: {plain(deduction)} is more than floor × rate, "
                "which would make the margin negative"
            )
        pieces.append(Tier(row.floor, row.rate, deduction, row.max_leverage, row.initial_rate))
    try:
        return Tiers.of(
            tuple(pieces),
            is_floor_included=rulebook.is_floor_included,
            is_by_size=rulebook.is_by_size,
        )
    except UnitError as error:
        raise UnitError(f"tiers.{symbol}: {error}") from None
