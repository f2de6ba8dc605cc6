"""Ways back to a target health as other programs read them.

The fields are described in docs/reference/planning.md; `SCHEMA` changes with them.
"""

from collections.abc import Sequence

from crossmargin.files.answer import answer, asked, health_text, held
from crossmargin.files.json_value import Json
from crossmargin.files.ticket import text_of
from crossmargin.money import exact, plain
from crossmargin.risk.derisk.hedges import Hedge
from crossmargin.risk.derisk.program import Derisking, Rescue
from crossmargin.risk.derisk.reductions import Cut, Plan

SCHEMA = 1


@exact
def derisking_answer(found: Derisking, hedges: Sequence[Hedge] = ()) -> dict[str, Json]:
    """Return the plans, their rivals, the hedges, and the account before and after."""
    rulebook = found.before.rulebook
    return {
        "schema": SCHEMA,
        "venue": rulebook.venue,
        "edition": rulebook.edition.isoformat(),
        "target": plain(found.target),
        "is_reached": found.is_reached,
        "rescues": [_rescue(one) for one in found.rescues],
        "hedges": [_hedge(one) for one in hedges],
        "before": answer(found.before),
        "after": answer(found.after),
        "assumptions": [*found.said, *found.before.assumptions],
    }


def _rescue(rescue: Rescue) -> Json:
    unit = rescue.before
    return {
        "kind": unit.kind.value,
        "name": unit.name,
        "asset": unit.asset,
        "health": health_text(unit),
        "plan": None if rescue.plan is None else _plan(rescue.plan),
        "rivals": [{"method": one.method, "cost": asked(one.cost)} for one in rescue.rivals],
        "top_up_alone": asked(rescue.top_up_alone),
        "top_up_asset": rescue.top_up_asset,
    }


def _plan(plan: Plan) -> Json:
    return {
        "method": plan.method,
        "cost": asked(plan.cost),
        "health": health_text(plan.unit),
        "top_up": plain(plan.top_up),
        "cuts": [_cut(cut) for cut in plan.cuts],
    }


def _cut(cut: Cut) -> Json:
    return {
        "symbol": cut.symbol,
        "side": cut.side.value,
        "size": plain(cut.size),
        "price": plain(cut.price),
        "notional": asked(cut.notional),
        "fee": asked(cut.fee),
        "slippage": asked(cut.slippage),
        "asset": cut.asset,
    }


def _hedge(hedge: Hedge) -> Json:
    return {
        "symbol": hedge.symbol,
        "size": plain(hedge.size),
        "cost_usd": asked(hedge.cost),
        "asset": hedge.asset,
        "buffer": held(hedge.buffer),
        "distance": text_of(hedge.distance),
    }
