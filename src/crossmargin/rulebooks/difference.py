"""What changed from one rulebook to another: for people who fetched new tables.

Values are compared, not texts: a leverage of 50x and an initial rate of 2 % say the same. Of a
ladder only the first tier that differs is told, since one new tier moves all above it. Symbols
with the same change share a line. Invariant: nothing is listed between two rulebooks of the same
values, and something is wherever contracts, ladders, fees or collateral differ.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from itertools import zip_longest

from msgspec import Struct

from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import ONE, exact, plain, quotient_up
from crossmargin.rulebooks.encode import amount_text, rate_text, tier_text
from crossmargin.rulebooks.schema import Collateral, Contract, Rulebook

NOTHING = "none"
Words = tuple[str, str, str]


class Change(Struct, frozen=True):
    """One value that changed, and for which names: symbols, assets or kinds of fee, sorted."""

    names: tuple[str, ...]
    what: str
    before: str
    after: str


class Difference(Struct, frozen=True):
    """What changed from the edition `before` to the edition `after`.

    Attributes
    ----------
    added, removed : symbols that only one of the two knows, sorted.
    ladders : by the first tier that differs, counted from 1.
    contracts : of symbols both know: multiplier, tick, lot, settle asset, open interest caps.
    fees, collateral : fractions as percentages; assets that only one of the two knows included.
    """

    before: date
    after: date
    added: tuple[str, ...]
    removed: tuple[str, ...]
    ladders: tuple[Change, ...]
    contracts: tuple[Change, ...]
    fees: tuple[Change, ...]
    collateral: tuple[Change, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return not (
            self.added
            or self.removed
            or self.ladders
            or self.contracts
            or self.fees
            or self.collateral
        )


@exact
def difference(before: Rulebook, after: Rulebook) -> Difference:
    """Return what changed from `before` to `after`, two rulebooks of one venue."""
    old, new = before.contracts, after.contracts
    both = sorted(old.keys() & new.keys())
    assets = sorted(before.collateral.keys() | after.collateral.keys())
    fees = before.fees.__struct_fields__
    return Difference(
        before.edition,
        after.edition,
        tuple(sorted(new.keys() - old.keys())),
        tuple(sorted(old.keys() - new.keys())),
        _grouped(
            (symbol, words)
            for symbol in both
            for words in _ladder_words(old[symbol].tiers, new[symbol].tiers)
        ),
        _grouped(
            (symbol, words)
            for symbol in both
            for words in _changed(_contract_words(old[symbol]), _contract_words(new[symbol]))
        ),
        _grouped(
            (name, words)
            for name in fees
            for words in _changed(
                {"fee": _text(getattr(before.fees, name))},
                {"fee": _text(getattr(after.fees, name))},
            )
        ),
        _grouped(
            (asset, words)
            for asset in assets
            for words in _collateral_changes(
                before.collateral.get(asset), after.collateral.get(asset)
            )
        ),
    )


def _grouped(found: Iterable[tuple[str, Words]]) -> tuple[Change, ...]:
    names: dict[Words, list[str]] = {}
    for name, words in found:
        names.setdefault(words, []).append(name)
    return tuple(Change(tuple(sorted(group)), *words) for words, group in names.items())


def _changed(old: dict[str, str], new: dict[str, str]) -> Iterator[Words]:
    for what in dict.fromkeys([*old, *new]):
        before, after = old.get(what, NOTHING), new.get(what, NOTHING)
        if before != after:
            yield what, before, after


def _ladder_words(old: Tiers | None, new: Tiers | None) -> Iterator[Words]:
    if old is None or new is None:
        if old is not new:
            yield "tier 1", _tier_words(old, 0), _tier_words(new, 0)
        return
    for place, (low, high) in enumerate(zip_longest(old.pieces, new.pieces)):
        if low is None or high is None or _numbers(low) != _numbers(high):
            yield f"tier {place + 1}", _tier_words(old, place), _tier_words(new, place)
            return
    yield from _changed(_end_words(old), _end_words(new))


def _numbers(piece: Tier) -> tuple[Decimal, ...]:
    initial = piece.initial_rate
    if initial is None:
        initial = quotient_up(ONE, piece.leverage_max)
    return piece.floor, piece.rate, piece.deduction, initial, piece.growth


def _tier_words(tiers: Tiers | None, place: int) -> str:
    if tiers is None:
        return "unknown"
    if place >= len(tiers.pieces):
        return NOTHING
    return f"from {tier_text(tiers.pieces[place])}"


def _end_words(tiers: Tiers) -> dict[str, str]:
    ends = {"cap": tiers.cap, "published up to": tiers.known_to}
    words = {what: amount_text(end) for what, end in ends.items() if end is not None}
    return {
        **words,
        "unit of floors": "size" if tiers.is_by_size else "notional",
        "floor belongs to": "the tier above" if tiers.is_floor_included else "the tier below",
    }


def _contract_words(contract: Contract) -> dict[str, str]:
    instrument, caps = contract.instrument, contract.open_interest
    words = {
        "multiplier": _text(instrument.multiplier, is_fraction=False),
        "tick": _text(instrument.tick, is_fraction=False),
        "lot": _text(instrument.lot, is_fraction=False),
        "settle": instrument.settle,
        "kind": str(instrument.kind),
    }
    if caps is not None:
        words["open interest"] = f"{amount_text(caps.lower)} to {amount_text(caps.upper)}"
    return words


# Of an asset that is new or gone it is enough to say what counts of it.
def _collateral_changes(old: Collateral | None, new: Collateral | None) -> Iterator[Words]:
    before = _collateral_words(old) if old else {}
    after = _collateral_words(new) if new else {}
    for words in _changed(before, after):
        if words[0] == "counts" or (old and new):
            yield words


def _collateral_words(collateral: Collateral) -> dict[str, str]:
    if collateral.slices:
        counts = ", ".join(
            f"{_text(part.rate)} from {amount_text(part.floor)}" for part in collateral.slices
        )
    else:
        counts = _text(ONE - collateral.bid_buffer)
    return {
        "counts": counts,
        "debts cost on top": _text(collateral.ask_buffer),
        **{
            name.replace("_", " "): _text(getattr(collateral, name))
            for name in collateral.__struct_fields__
            if isinstance(getattr(collateral, name), Decimal)
            and name not in ("bid_buffer", "ask_buffer")
        },
    }


def _text(value: Decimal | None, *, is_fraction: bool = True) -> str:
    if value is None:
        return NOTHING
    return rate_text(value) if is_fraction else plain(value)
