"""Sizings as other programs read them: the size, every limit, the account before and after.

The fields are described in docs/reference/planning.md; `SCHEMA` changes with them.
"""

from decimal import Decimal

from crossmargin.files.json_value import Json
from crossmargin.files.ticket import text_of, ticket_answer
from crossmargin.money import EIGHT_PLACES, down_to, exact, plain, up_to
from crossmargin.risk.plan.limits import Limit, Rule
from crossmargin.risk.plan.sizing import Sizing

SCHEMA = 1


@exact
def sizing_answer(sizing: Sizing) -> dict[str, Json]:
    """Return everything that is known about how large the trade may be."""
    now, intent = sizing.now, sizing.intent
    return {
        "schema": SCHEMA,
        "venue": now.rulebook.venue,
        "edition": now.rulebook.edition.isoformat(),
        "symbol": intent.symbol,
        "size": plain(intent.size),
        "entry": text_of(intent.entry),
        "stop": text_of(intent.stop),
        "take": text_of(intent.take),
        "lot": plain(sizing.lot),
        "binding": sizing.binding.rule.value,
        "limits": [_limit(one) for one in sizing.limits],
        "ticket": None if sizing.ticket is None else ticket_answer(sizing.ticket),
        "assumptions": [*sizing.said, *now.assumptions],
    }


def _limit(limit: Limit) -> Json:
    return {
        "rule": limit.rule.value,
        "group": list(limit.group),
        "bound": text_of(limit.bound),
        "size": text_of(limit.size),
        "reached": _reached(limit),
    }


def _reached(limit: Limit) -> str | None:
    reached: Decimal | None = limit.reached
    if reached is None or not reached.is_finite():
        return None
    # A distance is the account's, everything else is asked of it.
    return plain((down_to if limit.rule is Rule.DISTANCE else up_to)(EIGHT_PLACES, reached))
