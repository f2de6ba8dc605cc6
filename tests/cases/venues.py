"""Cases about one position under a packaged rulebook: the method is its, the numbers the case's.

Where a case gives no ladder, the rulebook's own holds; a fee of closing that a case gives replaces
the rulebook's.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from msgspec.structs import replace

from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment
from crossmargin.model.account import MarginMode, Position
from crossmargin.model.instrument import Instrument
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import ZERO, exact
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.schema import Rulebook
from tests.cases.accounts import (
    Held,
    held,
    instrument_of,
    is_said_short,
    ladder_of,
    parts,
    prices_of,
    signed_size,
)
from tests.cases.reader import Answer, Case, Inputs, Unanswered, UnknownShape

FEES = ("fee_rate", "taker", "taker_fee", "taker_fee_rate", "closing_fee_rate")
"""What the fee that requirements reserve is called."""


MARGINS = ("margin", "isolated_margin", "position_margin", "cross_balance")
"""What the money behind one position is called, of a bucket or of a pool it is alone in."""


def margin_key(inputs: Inputs) -> str | None:
    """Return the key of the money behind the position; None where it goes by another name."""
    found = [key for name in MARGINS for _, key in inputs.matching(name)]
    if len(found) > 1:
        raise UnknownShape(f"several margins: {', '.join(found)}")
    return found[0] if found else None


def on_its_margin(case: Case, inputs: Inputs, instrument: Instrument | None = None) -> Held:
    """Return the position with the margin that is given for it."""
    key = margin_key(inputs)
    if key is None:
        raise UnknownShape(f"no margin among {', '.join(sorted(inputs.values))}")
    for context in ("margin_mode", "position_side"):
        inputs.value(context, None)
    contract = instrument or instrument_of(case, inputs)
    entry, mark = prices_of(inputs)
    size = signed_size(inputs)
    if size > 0 and is_said_short(case, inputs):
        size = -size
    margin = inputs.at(key) + inputs.number("extra_margin", ZERO)
    position = Position(contract.symbol, size, entry, MarginMode.ISOLATED, margin)
    leverage = inputs.number("leverage", None)
    return Held(position, mark, leverage, contract, ladder_of(inputs, contract.symbol))


def at_whole_rates(tiers: Tiers) -> Tiers:
    """Return the ladder whose rates hold for all of a position, so that it jumps."""
    pieces = (Tier(one.floor, one.rate, ZERO, one.leverage_max) for one in tiers.pieces)
    return Tiers.of(tuple(pieces), tiers.cap, is_floor_included=tiers.is_floor_included)


def rulebook_of(venue: str, inputs: Inputs, edition: str | None = None) -> Rulebook:
    """Return a venue's rulebook with the fee of closing that a case gives."""
    rulebook = load_rulebook(venue, edition=edition)
    given = [name for name in FEES if inputs.has(name)]
    if not given:
        return rulebook
    fee = inputs.number(given[0])
    return replace(rulebook, margin=replace(rulebook.margin, closing_fee_rate=fee))


def under(rulebook: Rulebook, case: Case, position: Held, wallet: Decimal = ZERO) -> Assessment:
    """Return an account of one position and a cross wallet, judged by `rulebook`."""
    built = parts(case, [position], {position.instrument.settle: wallet})
    return assess(built.account, built.market, rulebook.with_contracts(built.rulebook.contracts))


def from_table(values: Mapping[str, object]) -> Answer:
    """Return the answer that looks a name up in `values`."""

    def answer(key: str) -> object:
        if key not in values:
            raise Unanswered(key)
        return values[key]

    return answer


@exact
def position(case: Case, inputs: Inputs) -> Answer:
    """Return what a venue asks of one position, and the prices at which it ends."""
    if margin_key(inputs) is not None:
        return judged(case, inputs, on_its_margin(case, inputs))
    is_bare = not inputs.has("wallet_balance") and not inputs.has("margin_mode")
    if is_bare and inputs.has("leverage") and not case.mode.lower().startswith("cross"):
        # No wallet is said: what opening the position bound is behind it.
        case = case._replace(mode=MarginMode.ISOLATED.value)
    found = held(case, inputs)
    if len(found) != 1:
        raise UnknownShape(f"{len(found)} positions, not one")
    return judged(case, inputs, found[0])


def judged(case: Case, inputs: Inputs, one: Held) -> Answer:
    """Return what a venue's rulebook says of a position."""
    rulebook = rulebook_of(case.venue, inputs)
    if one.tiers is None:
        contract = rulebook.contracts.get(one.position.symbol)
        if contract is None:
            raise UnknownShape(f"no mmr, and {one.position.symbol} is not in the rulebook")
        one = one._replace(tiers=contract.tiers)
    is_cross = one.position.mode is MarginMode.CROSS
    wallet = inputs.number("wallet_balance", ZERO) if is_cross else ZERO
    assessment = under(rulebook, case, one, wallet)
    [found], [bounds] = assessment.positions, assessment.boundaries.positions
    is_long = one.position.size > 0
    values: dict[str, object] = {
        "notional": found.notional,
        "unrealised_pnl": found.unrealised_pnl,
        "initial_margin": found.initial_margin,
        "maintenance_margin": found.maintenance_margin,
        "tier": found.tier and Decimal(found.tier),
    }
    # Nothing is not what an account holds whose wallet is not given.
    is_backed = not is_cross or inputs.has("wallet_balance")
    if bounds is not None and is_backed:
        values["liquidation_price"] = bounds.lower if is_long else bounds.upper
        values["bankruptcy_price"] = bounds.bankruptcy_price
    return from_table(values)


TOPICS: Mapping[str, Callable[[Case, Inputs], Answer]] = {
    "maintenance margin": position,
    "initial margin": position,
    "liquidation price": position,
    "bankruptcy price": position,
}
"""The topics that need nothing but a rulebook."""
