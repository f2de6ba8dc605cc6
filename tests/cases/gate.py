"""Cases of Gate: one position, what a leverage allows, maintenance margin before and since 2025-07.

Sources of the liquidation price: Gate, posts 3870211 and 20181113, as in the rulebook.
"""

from collections.abc import Callable, Mapping

from crossmargin.margin.tiers import largest_notional, maintenance_by_tier, maintenance_margin
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import ONE, ZERO, exact
from tests.cases import venues
from tests.cases.accounts import TICK, instrument_of, ladder_of
from tests.cases.reader import Answer, Case, Inputs, UnknownShape, literal, unit_of
from tests.cases.venues import at_whole_rates, from_table, margin_key, on_its_margin


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
    whole = at_whole_rates(tiers)
    new = maintenance_margin(value, tiers)
    slices = enumerate(maintenance_by_tier(value, tiers), start=1)
    values: dict[str, object] = {f"tier{number}": asked for number, asked in slices}
    values |= {"mm_old": maintenance_margin(value, whole), "mm_new": new, "maintenance_margin": new}
    return from_table(values)


@exact
def position(case: Case, inputs: Inputs) -> Answer:
    """Return what is asked of one position, and where it ends; inverse where the case says so."""
    margin = margin_key(inputs)
    if margin is None:
        return venues.position(case, inputs)
    contract = instrument_of(case, inputs)
    if _is_inverse(case, inputs, unit_of(margin)):
        symbol = inputs.word("symbol").upper() or "BTC_USD"
        base = symbol.partition("_")[0]
        multiplier = inputs.number("contract_multiplier", ONE)
        contract = Instrument(symbol, Kind.INVERSE_PERPETUAL, base, base, multiplier, TICK)
    return venues.judged(case, inputs, on_its_margin(case, inputs, contract))


def _is_inverse(case: Case, inputs: Inputs, unit: str) -> bool:
    # By what the case says of the payoff, else by its wording, or a margin in the coin.
    payoff = inputs.word("payoff")
    if payoff not in ("", "linear", "inverse"):
        raise UnknownShape(f"payoff is {payoff!r}")
    said = f"{case.topic} {case.mode}".lower()
    is_said = "inverse" in said or "btc-m" in said or "coin-m" in said
    return payoff == "inverse" or (not payoff and (is_said or unit in ("btc", "coin")))


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
    **dict.fromkeys(venues.TOPICS, position),
    "liquidation price (inverse)": position,
    "bankruptcy price (inverse)": position,
    "maximum position value allowed by the chosen leverage": allowed_by_leverage,
    "maintenance margin, fixed tier vs gradient (July 2025 change)": gradient,
}
