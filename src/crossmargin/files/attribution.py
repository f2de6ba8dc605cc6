"""Attributions and contributions as other programs read them; docs/reference/explain.md.

Money is to 8 places: what the account gains rounded down, what is asked of it up. The sums are
those of the exact lines, so that rounded lines may differ from them in the last place.
"""

from decimal import Decimal

from crossmargin.files.answer import asked, held
from crossmargin.files.json_value import Json
from crossmargin.margin.assessment import Assessment
from crossmargin.money import exact, plain
from crossmargin.risk.causes.attribution import Attribution
from crossmargin.risk.causes.contribution import Contribution

SCHEMA = 1


@exact
def attribution_answer(found: Attribution, head: dict[str, Json]) -> dict[str, Json]:
    """Return the change of a buffer; `head` says whose, by which rules."""
    return {
        "schema": SCHEMA,
        **head,
        "unit": found.unit,
        "asset": found.asset,
        "buffer_before": held(found.before.buffer),
        "buffer_after": held(found.after.buffer),
        "change": held(found.change),
        "lines": [
            {
                "cause": one.cause.value,
                "name": one.name,
                "buffer": held(one.buffer),
                "equity": held(one.equity),
                "maintenance_margin": asked(one.maintenance),
                "initial_margin": asked(one.initial),
                "tier": asked(one.tier),
            }
            for one in found.lines
        ],
    }


@exact
def contribution_answer(assessment: Assessment, found: tuple[Contribution, ...]) -> dict[str, Json]:
    """Return what each position does to the account now."""
    rulebook = assessment.rulebook
    return {
        "schema": SCHEMA,
        "venue": rulebook.venue,
        "edition": rulebook.edition.isoformat(),
        "asset": assessment.pool.asset,
        "positions": [
            {
                "symbol": one.symbol,
                "side": one.side.value,
                "asset": one.asset,
                "maintenance_margin": asked(one.maintenance),
                "initial_margin": asked(one.initial),
                "distance": _plain(one.distance),
                "unbounded": one.is_unbounded,
                "fee": asked(one.fee),
                "freed_per_fee": _plain(one.freed_per_fee),
            }
            for one in found
        ],
        "assumptions": list(assessment.assumptions),
    }


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
