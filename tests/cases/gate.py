"""Cases of Gate: what a leverage allows, and maintenance margin before and since 2025-07."""

from collections.abc import Callable, Mapping

from crossmargin.margin.tiers import largest_notional, maintenance_by_tier, maintenance_margin
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import ZERO, exact
from tests.cases.accounts import ladder_of
from tests.cases.reader import Answer, Case, Inputs, UnknownShape, literal
from tests.cases.venues import from_table


@exact
def allowed_by_leverage(_case: Case, inputs: Inputs) -> Answer:
    """Return the largest position value for each of the leverages given, or for the one."""
    tiers = _limits(inputs.rows("tiers"))
    if inputs.has("leverages"):
        leverages = [literal(one) for one in inputs.value("leverages")]
        found: object = [largest_notional(leverage, tiers) for leverage in leverages]
    else:
        found = largest_notional(inputs.number("leverage"), tiers)
    return from_table(dict.fromkeys(("max_position", "max_notional", "cap", "notional"), found))


@exact
def gradient(_case: Case, inputs: Inputs) -> Answer:
    """Return the maintenance margin of a value with a fixed rate, and slice by slice."""
    tiers = ladder_of(inputs)
    if tiers is None:
        raise UnknownShape(f"no tiers among {', '.join(sorted(inputs.values))}")
    value = inputs.number("notional")
    for context in ("pair", "symbol"):
        inputs.value(context, None)
    whole = Tiers.of(
        tuple(Tier(piece.floor, piece.rate, ZERO, piece.leverage_max) for piece in tiers.pieces)
    )
    new = maintenance_margin(value, tiers)
    slices = enumerate(maintenance_by_tier(value, tiers), start=1)
    values: dict[str, object] = {f"tier{number}": asked for number, asked in slices}
    values |= {"mm_old": maintenance_margin(value, whole), "mm_new": new, "maintenance_margin": new}
    return from_table(values)


def _limits(rows: list[Inputs]) -> Tiers:
    # What a tier asks for may be given too, and does not matter here.
    pieces: list[Tier] = []
    cap = ZERO
    for row in rows:
        floor = row.number("floor", cap, is_own=True)
        cap = row.number("cap", None, is_own=True)
        rate = row.number("mmr", ZERO, is_own=True)
        for context in ("imr", "initial_rate", "tier", "level"):
            row.value(context, None, is_own=True)
        pieces.append(Tier(floor, rate, ZERO, row.number("max_leverage", is_own=True)))
    return Tiers.of(tuple(pieces), cap)


TOPICS: Mapping[str, Callable[[Case, Inputs], Answer]] = {
    "maximum position value allowed by the chosen leverage": allowed_by_leverage,
    "maintenance margin, fixed tier vs gradient (July 2025 change)": gradient,
}
