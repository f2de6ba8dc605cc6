"""Comparisons as other programs read them: one account under many venues' rules, as plain JSON.

Each venue's object is an answer (`files.answer`) with a few more fields, so that whoever reads one
reads them all. Rounding is that of answers. What is assumed about comparing at all stands once, at
the top; what is assumed at a venue stands with it.

The fields are described in docs/reference/comparison.md; `SCHEMA` changes with them.
"""

from crossmargin.files.answer import answer, asked, health_text, held, venue_ratio
from crossmargin.files.json_value import Json
from crossmargin.money import exact, plain
from crossmargin.risk.venues.capacity import Capacity
from crossmargin.risk.venues.comparison import Answer, Comparison, Total
from crossmargin.rulebooks.schema import Rulebook

SCHEMA = 1


@exact
def comparison_answer(comparison: Comparison) -> dict[str, Json]:
    """Return everything that is known about the account at each venue."""
    home = comparison.home.rulebook
    return {
        "schema": SCHEMA,
        "venue": home.venue,
        "edition": home.edition.isoformat(),
        "venues": [_venue(one) for one in comparison.answers],
        "left_out": [
            {"venue": one.venue, "mode": one.mode.value, "reason": one.reason}
            for one in comparison.refusals
        ],
        "assumptions": list(comparison.common),
    }


def _venue(one: Answer) -> dict[str, Json]:
    symbols: dict[str, Json] = dict(one.symbols)
    return {
        **answer(one.assessment),
        "symbols": symbols,
        "totals": [_total(total, one.rulebook) for total in one.totals],
        "capacity": _capacity(one.capacity),
        "assumptions": list(one.said),
    }


def _total(total: Total, rulebook: Rulebook) -> Json:
    health, weakest = total.health, total.weakest
    ratio = venue_ratio(weakest.health, rulebook)
    return {
        "asset": total.asset,
        "equity": held(health.equity if health else None),
        "initial_margin": asked(total.initial_margin),
        "maintenance_margin": asked(health.maintenance_margin if health else None),
        "weakest": {
            "kind": weakest.kind.value,
            "name": weakest.name,
            "buffer": held(weakest.health.buffer if weakest.health else None),
            "health": health_text(weakest),
            "venue_ratio": None if ratio is None else plain(ratio),
        },
    }


def _capacity(found: Capacity | None) -> Json:
    if found is None:
        return None
    return {"multiple": plain(found.multiple), "limit": found.limit.value}
