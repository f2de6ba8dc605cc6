"""Cases about one position under a packaged rulebook: the method is its, the numbers the case's.

Where a case gives no ladder, the rulebook's own holds; a fee of closing that a case gives replaces
the rulebook's.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from msgspec.structs import replace

from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment
from crossmargin.model.account import MarginMode
from crossmargin.money import ZERO, exact
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.schema import Rulebook
from tests.cases.accounts import Held, held, parts
from tests.cases.reader import Answer, Case, Inputs, Unanswered, UnknownShape

FEES = ("fee_rate", "taker_fee", "taker_fee_rate", "closing_fee_rate")
"""What the fee that requirements reserve is called."""


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
    rulebook = rulebook_of(case.venue, inputs)
    found = held(case, inputs)
    if len(found) != 1:
        raise UnknownShape(f"{len(found)} positions, not one")
    [one] = found
    if one.tiers is None:
        contract = rulebook.contracts.get(one.position.symbol)
        if contract is None:
            raise UnknownShape(f"no mmr, and {one.position.symbol} is not in the rulebook")
        one = one._replace(tiers=contract.tiers)
    is_cross = one.position.mode is MarginMode.CROSS
    wallet = inputs.number("wallet_balance", ZERO) if is_cross else ZERO
    assessment = under(rulebook, case, one, wallet)
    [judged], [bounds] = assessment.positions, assessment.boundaries.positions
    is_long = one.position.size > 0
    values: dict[str, object] = {
        "notional": judged.notional,
        "unrealised_pnl": judged.unrealised_pnl,
        "initial_margin": judged.initial_margin,
        "maintenance_margin": judged.maintenance_margin,
        "tier": judged.tier and Decimal(judged.tier),
    }
    if bounds is not None:
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
