"""Cases of Bitget: maintenance margin with a tier's rate for all of a position, and for a slice."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from crossmargin.margin.tiers import maintenance_by_tier, tier_of
from crossmargin.model.account import Position
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import ONE, ZERO, exact
from tests.cases.accounts import Held, instrument_of, ladder_of, prices_of, signed_size
from tests.cases.reader import Answer, Case, Inputs, UnknownShape
from tests.cases.venues import at_whole_rates, from_table, rulebook_of, under
from tests.toys import LEVERAGE_MAX

VENUE = "bitget"
WHOLE_POSITION = "2025-09-26"
"""The last edition in which a tier's rate holds for the whole position."""


@exact
def whole_position(case: Case, inputs: Inputs) -> Answer:
    """Return the maintenance margin where the whole position is at its tier's rate."""
    tiers = _one_rate(inputs)
    if tiers is None:
        tiers = _table(inputs, is_whole_position=True)
    judged = under(rulebook_of(VENUE, inputs, WHOLE_POSITION), case, _held(case, inputs, tiers))
    [one] = judged.positions
    return from_table({"maintenance_margin": one.maintenance_margin, "notional": one.notional})


@exact
def marginal(case: Case, inputs: Inputs) -> Answer:
    """Return the maintenance margin where each tier's rate holds for its slice."""
    tiers = _table(inputs, is_whole_position=False)
    rulebook = rulebook_of(VENUE, inputs)
    [one] = under(rulebook, case, _held(case, inputs, tiers)).positions
    slices = maintenance_by_tier(one.notional, tiers, rulebook.margin.closing_fee_rate)
    values: dict[str, object] = {
        f"tier{number}": asked for number, asked in enumerate(slices, start=1)
    }
    values |= {
        "maintenance_margin": one.maintenance_margin,
        "notional": one.notional,
        "maintenance_amount": tier_of(one.notional, tiers).deduction,
        "tier": Decimal(one.tier),
    }
    values |= {"deduction": values["maintenance_amount"], "value": one.notional}
    return from_table(values)


def _held(case: Case, inputs: Inputs, tiers: Tiers) -> Held:
    instrument = instrument_of(case, inputs)
    if inputs.has("quantity"):
        size, (entry, mark) = signed_size(inputs), prices_of(inputs)
    else:
        # Only what it is worth: as many coins of one USDT.
        size, entry, mark = signed_size(inputs, "notional"), ONE, ONE
    return Held(Position(instrument.symbol, size, entry), mark, None, instrument, tiers)


def _one_rate(inputs: Inputs) -> Tiers | None:
    for name in ("tier_rate", "mmr"):
        if inputs.has(name):
            return Tiers.of((Tier(ZERO, inputs.number(name), ZERO, LEVERAGE_MAX),))
    return None


def _table(inputs: Inputs, *, is_whole_position: bool) -> Tiers:
    # As rows, or as tier1_upper, tier1_rate, tier2_rate.
    if inputs.has("tiers"):
        tiers = ladder_of(inputs)
    else:
        rows: dict[int, dict[str, Decimal]] = {}
        for match, key in list(inputs.matching(r"tier_?(\d+)_(upper|rate|mmr)")):
            name = "cap" if match[2] == "upper" else "mmr"
            rows.setdefault(int(match[1]), {})[name] = inputs.at(key)
        if not rows:
            raise UnknownShape(f"no tiers among {', '.join(sorted(inputs.values))}")
        tiers = ladder_of(inputs.child({"tiers": [row for _, row in sorted(rows.items())]}))
    if tiers is None:
        raise UnknownShape("no tiers")
    return at_whole_rates(tiers) if is_whole_position else tiers


TOPICS: Mapping[str, Callable[[Case, Inputs], Answer]] = {
    "maintenance margin, whole position at its tier": whole_position,
    "maintenance margin, marginal tiers": marginal,
}
