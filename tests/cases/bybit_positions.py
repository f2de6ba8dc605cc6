"""What the cases of Bybit and its copies have in common: rulebooks, a position, its answers.

The method comes from the rulebook in force when the wording of a case was, which the case names
(`im_price_basis`, `formula_version`); ladder, fee and leverage are the case's own.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import replace

from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import PositionAssessment
from crossmargin.margin.boundary import PositionBoundary
from crossmargin.margin.requirement import closing_reserve
from crossmargin.model.account import Account, MarginMode, Position
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.market import Market
from crossmargin.money import ONE, ZERO, exact
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.margin_rule import ClosingFee
from crossmargin.rulebooks.schema import Contract, Rulebook
from tests.cases.accounts import NO_LADDER, is_short, ladder_of
from tests.cases.reader import (
    Answer,
    Case,
    Inputs,
    Unanswered,
    UnknownShape,
    canonical,
    unit_of,
)

Adapter = Callable[[Case, Inputs], Answer]
Finder = Callable[[Case, Inputs, bool], dict[str, object]]

NOW = load_rulebook("bybit")
CLASSIC = load_rulebook("bybit", edition="2022-12-29")
MOONXBT = load_rulebook("moonxbt")
TICK = Decimal("1e-18")
"""Of cases that do not round."""


def without_closing_fee(rulebook: Rulebook) -> Rulebook:
    """Return the rulebook of texts that leave the fee of closing out."""
    return replace(rulebook, margin=replace(rulebook.margin, closing_fee=ClosingFee.NONE))


BY_BASIS = {"mark": NOW, "entry": CLASSIC}
BY_FORMULA = {"mm_at_liquidation_price": NOW, "mm_at_entry": without_closing_fee(CLASSIC)}
ALIASES = {
    "initial_margin": ("im", "position_im"),
    "maintenance_margin": ("mm", "position_mm"),
    "closing_fee": ("fee_close", "fee_to_close", "estimated_fee_to_close"),
    "opening_fee": ("fee_open", "fee_to_open"),
    "bankruptcy_price": ("bust_price",),
    "cost": ("order_cost",),
    "liquidation_price": ("lp",),
}
"""What else an answer is called; a side may follow each name."""


class Given(NamedTuple):
    """One position of a case, and what it is judged by."""

    rulebook: Rulebook
    instrument: Instrument
    size: Decimal
    entry_price: Decimal
    mark_price: Decimal
    leverage: Decimal | None

    def assessed(
        self, mode: MarginMode, margin: Decimal
    ) -> tuple[PositionAssessment, PositionBoundary]:
        """Return the position with `margin` behind it: its bucket, or the pool it is alone in."""
        symbol, settle = self.instrument.symbol, self.instrument.settle
        of_bucket = margin if mode is MarginMode.ISOLATED else ZERO
        position = Position(symbol, self.size, self.entry_price, mode, of_bucket)
        leverage = {} if self.leverage is None else {symbol: self.leverage}
        account = Account({settle: margin}, (position,), leverage=leverage)
        assessment = assess(account, Market({symbol: self.mark_price}), self.rulebook)
        boundary = assessment.boundaries.positions[0]
        if boundary is None:
            raise UnknownShape(f"missing: {', '.join(assessment.missing)}")
        return assessment.positions[0], boundary

    def fee_kept(self) -> Decimal:
        """Return the fraction of notional that requirements keep back for closing."""
        rule = self.rulebook.margin
        return ZERO if rule.closing_fee is ClosingFee.NONE else rule.closing_fee_rate

    def closing_fee(self) -> Decimal:
        """Return the fee of closing that requirements of a cross position keep back."""
        position = Position(self.instrument.symbol, self.size, self.entry_price)
        leverage = self.rulebook.leverage_default if self.leverage is None else self.leverage
        return closing_reserve(position, self.instrument, leverage or ONE, self.rulebook.margin)


def by_side(find: Finder) -> Adapter:
    """Return the adapter that answers for the side given, or where none is for both."""

    @exact
    def adapt(case: Case, inputs: Inputs) -> Answer:
        short = is_short(inputs)
        if short is None and inputs.has("quantity"):
            short = True if inputs.number("quantity") < 0 else None
        if short is not None:
            return reply(named(find(case, inputs, short)))
        long_ones, short_ones = find(case, inputs, False), find(case, inputs, True)
        same = {key: long_ones[key] for key in long_ones if long_ones[key] == short_ones.get(key)}
        found = named(same)
        for side, ones in (("long", long_ones), ("short", short_ones)):
            for key, value in named(ones).items():
                found |= {f"{key}_{side}": value, f"{side}_{key}": value}
        return reply(found)

    return adapt


def reply(found: Mapping[str, object]) -> Answer:
    """Return the answers under these names, also with a unit after them that nobody knows."""

    def answer(key: str) -> object:
        for name in (key, canonical(key.rpartition("_")[0], frozenset())):
            if name in found:
                return found[name]
        raise Unanswered(key)

    return answer


def named(found: dict[str, object]) -> dict[str, object]:
    """Return answers under all their names."""
    others = {other: found[key] for key in found for other in ALIASES.get(key, ())}
    return {**others, **found}


def is_inverse(case: Case, inputs: Inputs) -> bool:
    """Return whether the contract is paid in the coin: by topic, mode, or a size in USD."""
    said = f"{case.topic} {case.mode}".lower()
    found = inputs.key("quantity")
    return "inverse" in said or (found is not None and unit_of(found[1]) == "usd")


def instrument_of(case: Case, inputs: Inputs) -> Instrument:
    """Return the contract the inputs are about; the tick as given."""
    name, tick = inputs.word("symbol").upper(), inputs.number("tick", TICK)
    if is_inverse(case, inputs):
        name = name or "BTCUSD"
        base = name.removesuffix("USD")
        return Instrument(name, Kind.INVERSE_PERPETUAL, base, base, ONE, tick)
    name = name or "BTCUSDT"
    return Instrument(name, Kind.LINEAR_PERPETUAL, "USDT", name.removesuffix("USDT"), ONE, tick)


def given(case: Case, inputs: Inputs, rulebook: Rulebook, *, short: bool) -> Given:
    """Return the position of a case under a rulebook that has the case's ladder and fee."""
    instrument = instrument_of(case, inputs)
    entry = inputs.number("entry_price", ONE if inputs.has("notional") else None)
    if entry is None:
        # A price that nothing depends on need not be said.
        entry = inputs.number("order_price")
    size = inputs.number("quantity", inputs.number("notional", ONE))
    rule = replace(rulebook.margin, closing_fee_rate=inputs.number("taker_fee", ZERO))
    contract = Contract(instrument, ladder_of(inputs) or NO_LADDER)
    return Given(
        replace(rulebook, margin=rule).with_contracts({instrument.symbol: contract}),
        instrument,
        abs(size).copy_sign(-1 if short else 1),
        entry,
        inputs.number("mark_price", entry),
        inputs.number("leverage", None),
    )


def by_word(inputs: Inputs, name: str, choices: Mapping[str, Rulebook]) -> Rulebook:
    """Return the rulebook that the switch `name` chooses; today's where it is not given."""
    word = inputs.word(name)
    if word and word not in choices:
        raise UnknownShape(f"{name} is {word!r}")
    return choices.get(word, NOW)
