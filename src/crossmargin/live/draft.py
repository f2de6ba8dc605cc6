"""A new edition made of what was fetched, on top of the last one.

Fetched ladders replace all of the last edition's, fetched fees and haircuts replace theirs; what
was not fetched stays as the last edition has it, with its own source. A ladder or haircut that a
rulebook refuses (rates that fall, floors that do not rise, …) is left out by name, the last
edition's stays in its place, and the new edition says so. Invariant: the loader itself judged
everything in a draft, so the draft is a rulebook.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple, TypeVar

from msgspec import NODEFAULT
from msgspec.structs import asdict, fields, replace

from crossmargin.errors import RulebookError, UnitError
from crossmargin.live.records import FeeRates, Fetched, Haircut, Ladder, Rung
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import ONE, ZERO, exact, quotient_down
from crossmargin.rulebooks.assemble import UNKNOWN, rulebook_from, symbols_of
from crossmargin.rulebooks.bounds import NOT_SOURCED
from crossmargin.rulebooks.encode import (
    amount_text,
    edition_text,
    rate_text,
    symbols_text,
    tiers_text,
)
from crossmargin.rulebooks.files import (
    CollateralTable,
    DataFile,
    EditionFile,
    InstrumentTable,
    LadderTable,
    RulesFile,
    TiersTable,
    read,
)
from crossmargin.rulebooks.loader import EditionFiles
from crossmargin.rulebooks.schema import Confidence, Source
from crossmargin.rulebooks.sourced import Sourced

S = TypeVar("S", bound=Sourced)

FEES = ("maker", "taker", "liquidation")
COMMENT = (
    "Written by `crossmargin rulebooks update`. Editions are never changed: "
    "what was fetched later is in a later one."
)


class Draft(NamedTuple):
    """An edition that is not written yet.

    Attributes
    ----------
    content : the file.
    refused : why, by symbol or asset; the last edition's values stay.
    foreign : symbols the venue lists that are no contracts of this rulebook.
    """

    content: bytes
    refused: dict[str, str]
    foreign: tuple[str, ...]


def draft(fetched: Fetched, base: EditionFiles, day: date) -> Draft:
    """Return the edition of `day` that `fetched` makes on top of `base`, the last edition's files.

    Raises
    ------
    RulebookError
        If the last edition's files are invalid.
    """
    return _Drafting(fetched, base, day).draft()


class _Drafting:
    def __init__(self, fetched: Fetched, base: EditionFiles, day: date) -> None:
        self.fetched = fetched
        self.rules_file = base.rules
        self.rules = read(base.rules, RulesFile)
        self.last = read(base.edition, EditionFile)
        self.day = day
        self.key = f"{fetched.venue}-{day}"
        self.refused: dict[str, str] = {}
        self.foreign: list[str] = []
        source = Source(
            f"Replies of the venue's API, through {fetched.program}",
            fetched.address,
            day,
            Confidence.OFFICIAL if fetched.is_official else Confidence.COMMUNITY,
        )
        self.blank = replace(
            self.last,
            edition=day,
            source=self.key,
            ladder=(),
            assumptions=(),
            sources={**self.last.sources, self.key: source},
        )
        # What single ladders, fees and haircuts are tried on.
        self.trial = replace(self.blank, instruments={}, collateral={})

    def draft(self) -> Draft:
        file = self._with_ladders() if self.fetched.ladders is not None else self._as_before()
        file = self._with_fees(file)
        file = self._with_haircuts(file)
        content = edition_text(file, COMMENT).encode()
        rulebook_from(self.rules_file, self._named(content))
        return Draft(content, self.refused, tuple(sorted(self.foreign)))

    def _as_before(self) -> EditionFile:
        last = self.last
        sentence = f"Margin tiers are those of {last.edition}: they could not be fetched."
        return replace(
            self.blank,
            source=last.source,
            ladder=last.ladder,
            assumptions=tuple(dict.fromkeys([*last.assumptions, sentence])),
        )

    def _with_ladders(self) -> EditionFile:
        groups: dict[LadderTable, list[Ladder]] = {}
        for ladder in self.fetched.ladders or ():
            try:
                groups.setdefault(self._table(ladder), []).append(ladder)
            except (RulebookError, UnitError) as error:
                self._refuse(ladder, str(error))
        tables: list[LadderTable] = []
        for table, ladders in groups.items():
            good = self._accepted(table, ladders)
            if good:
                tables.append(replace(table, symbols=symbols_text([one.symbol for one in good])))
        kept = self._kept(tables)
        assumptions: tuple[str, ...] = ()
        if kept:
            names = " ".join(symbol for table in kept for symbol in symbols_of(table))
            assumptions = (
                f"The venue published no ladders of {names} that a rulebook can hold: "
                f"those of {self.last.edition} are used.",
            )
        return replace(
            self.blank,
            ladder=(*sorted(tables, key=_order), *kept),
            assumptions=assumptions,
            instruments={**self.last.instruments, **self._instruments(tables)},
        )

    def _table(self, ladder: Ladder) -> LadderTable:
        how = self._tiers_table()
        if ladder.unit != how.unit:
            raise RulebookError(
                f"its floors are a {ladder.unit}, those of this rulebook a {how.unit}"
            )
        if not ladder.rungs:
            raise RulebookError("the venue lists no tiers of it")
        tiers = _tiers(ladder, is_whole_position=how.is_whole_position)
        return LadderTable(
            settle=ladder.settle or self._only_settle(),
            tiers=tiers_text(tiers, is_whole_position=how.is_whole_position),
            symbols="",
            multiplier=ladder.multiplier,
            open_interest_caps=ladder.open_interest_caps,
        )

    def _tiers_table(self) -> TiersTable:
        table = self.last.tiers or self.rules.tiers
        if table is None:
            raise RulebookError(f"{self.rules_file.name}: [tiers] is missing")
        return table

    def _only_settle(self) -> str:
        settles = sorted({table.settle for table in self.last.ladder})
        if len(settles) != 1:
            raise RulebookError(f"the venue does not say which of {settles} it settles in")
        return settles[0]

    def _accepted(self, table: LadderTable, ladders: Sequence[Ladder]) -> list[Ladder]:
        symbols = symbols_text([one.symbol for one in ladders])
        if self._fault(ladder=(replace(table, symbols=symbols),)) is None:
            return list(ladders)
        good = []
        for one in ladders:
            alone = replace(table, symbols=one.symbol)
            fault = self._fault(ladder=(alone,))
            if fault is None:
                good.append(one)
            elif self._fault(ladder=(replace(alone, tiers=UNKNOWN),)) is None:
                self.refused[one.symbol] = fault
            else:
                # Not its tiers: no contract of this rulebook has such a name and settle asset.
                self.foreign.append(one.symbol)
        return good

    def _refuse(self, ladder: Ladder, fault: str) -> None:
        table = LadderTable(ladder.settle or "", UNKNOWN, ladder.symbol)
        if not ladder.settle or self._fault(ladder=(table,)) is None:
            self.refused[ladder.symbol] = fault
        else:
            self.foreign.append(ladder.symbol)

    def _kept(self, tables: Iterable[LadderTable]) -> list[LadderTable]:
        known = {symbol for table in tables for symbol in symbols_of(table)}
        kept = []
        for table in self.last.ladder:
            symbols = [s for s in symbols_of(table) if s in self.refused and s not in known]
            if symbols:
                kept.append(replace(table, symbols=symbols_text(symbols)))
        return kept

    def _instruments(self, tables: Iterable[LadderTable]) -> dict[str, InstrumentTable]:
        known = {symbol for table in tables for symbol in symbols_of(table)}
        before = {**self.rules.instruments, **self.last.instruments}
        found = {}
        for ladder in self.fetched.ladders or ():
            if ladder.symbol not in known or not (ladder.tick or ladder.lot):
                continue
            old = before.get(ladder.symbol) or InstrumentTable(source=self.key)
            new = {"tick": ladder.tick, "lot": ladder.lot}
            if old.multiplier is not None:
                new["multiplier"] = ladder.multiplier
            entry = _updated(old, {name: v for name, v in new.items() if v is not None}, self.key)
            if asdict(entry) | {"source": None} != asdict(old) | {"source": None}:
                found[ladder.symbol] = entry
        return found

    def _with_fees(self, file: EditionFile) -> EditionFile:
        fees, old = self.fetched.fees, self.last.fees or self.rules.fees
        if fees is None or old is None:
            return file
        new = {name: value for name in FEES if (value := getattr(fees, name)) is not None}
        entry = _updated(old, new, self.key)
        entry = replace(entry, assumption=_said_of_fees(fees, sorted(new), old.assumption))
        fault = self._fault(fees=entry)
        if fault is not None:
            self.refused["fees"] = fault
            return file
        return replace(file, fees=entry)

    def _with_haircuts(self, file: EditionFile) -> EditionFile:
        before = {**self.rules.collateral, **self.last.collateral}
        entries = {}
        for haircut in self.fetched.haircuts or ():
            entry = self._collateral(haircut, before.get(haircut.asset))
            fault = self._fault(collateral={haircut.asset: entry})
            if fault is None:
                entries[haircut.asset] = entry
            else:
                self.refused[haircut.asset] = fault
        return replace(file, collateral={**file.collateral, **dict(sorted(entries.items()))})

    def _collateral(self, haircut: Haircut, old: CollateralTable | None) -> CollateralTable:
        new: dict[str, object] = {
            name: value
            for name in ("ask_buffer", "exchange_bid_buffer", "exchange_ask_buffer")
            if (value := getattr(haircut, name)) is not None
        }
        start = old or CollateralTable(source=self.key)
        start = replace(start, bid_buffer=None, slices=None)
        flat = haircut.slices[0][1] if len(haircut.slices) == 1 else ZERO
        if flat > 0:
            new["bid_buffer"] = ONE - flat
        else:
            new["slices"] = _slices_text(haircut.slices)
        entry = _updated(start, new, self.key)
        return replace(entry, assumption=None) if "ask_buffer" in new else entry

    def _fault(self, **tables: object) -> str | None:
        """Return what the loader says against these tables alone; None if nothing."""
        try:
            text = edition_text(replace(self.trial, **tables))
            rulebook_from(self.rules_file, self._named(text.encode()))
        except (RulebookError, UnitError) as error:
            # Without the file's name, which nobody has seen yet.
            return str(error).removeprefix(f"{self.fetched.venue}/{self.day}.toml: ")
        return None

    def _named(self, content: bytes) -> DataFile:
        return DataFile(f"{self.fetched.venue}/{self.day}.toml", content)


@exact
def _tiers(ladder: Ladder, *, is_whole_position: bool) -> Tiers:
    pieces: list[Tier] = []
    for rung in ladder.rungs:
        deduction = ZERO
        if pieces and not is_whole_position:
            deduction = pieces[-1].deduction_above(rung.floor, rung.rate)
        if rung.deduction is not None and not is_whole_position and rung.deduction != deduction:
            raise RulebookError(
                f"the venue prints the deduction {rung.deduction} from {rung.floor} on, "
                f"where {deduction.normalize():f} would let the tiers meet"
            )
        leverage, initial = _top(rung)
        pieces.append(Tier(rung.floor, rung.rate, deduction, leverage, initial))
    return Tiers.of(tuple(pieces), ladder.cap, is_by_size=ladder.unit == "size")


# A whole leverage is what venues speak of; where theirs is rounded (33.33x), the rate is exact.
def _top(rung: Rung) -> tuple[Decimal, Decimal | None]:
    leverage, initial = rung.leverage, rung.initial_rate
    if leverage is not None and (initial is None or leverage == leverage.to_integral_value()):
        return leverage, None
    if not initial:
        raise RulebookError(f"the tier from {rung.floor} has neither leverage nor initial rate")
    whole = quotient_down(ONE, initial)
    if whole == whole.to_integral_value():
        return whole, None
    return whole, initial


def _updated(table: S, values: dict[str, object], key: str) -> S:
    """Return `table` with `values` from the source `key`, the others from where they were."""
    changed = replace(table, **values)
    old = table.source
    claims = {}
    for field in fields(changed):
        name, value = field.name, getattr(changed, field.name)
        if name in values:
            claims[name] = key
        elif name in NOT_SOURCED or value is None:
            continue
        elif isinstance(old, dict) and name in old:
            claims[name] = old[name]
        elif field.default is NODEFAULT or value != field.default:
            claims[name] = old if isinstance(old, str) else key
    source = key if set(claims.values()) <= {key} else claims
    return replace(changed, source=source)


# What the last edition said may be about a fee that is replaced: so it is quoted.
def _said_of_fees(fees: FeeRates, fetched: Sequence[str], before: str | None) -> str | None:
    sentences = [fees.note] if fees.note else []
    if before and len(fetched) < len(FEES):
        listed = " and ".join(fetched)
        sentences.append(f"Only the {listed} fee was fetched; before, it said: {before}")
    return " ".join(sentences) or None


def _slices_text(slices: Sequence[tuple[Decimal, Decimal]]) -> str:
    return " | ".join(f"{amount_text(floor)} {rate_text(rate)}" for floor, rate in slices)


# Largest groups first, so that a person meets what matters most at the top.
def _order(table: LadderTable) -> tuple[str, int, str]:
    return table.settle, -len(symbols_of(table)), table.tiers
