"""A probability of liquidation as other programs read it: plain JSON, numbers as strings.

Probabilities are estimates and rounded to the nearest at ten places, the ends of the interval away
from the estimate; losses to six digits. The fields are described in docs/reference/probability.md;
`SCHEMA` changes with them.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from crossmargin.files.json_value import Json
from crossmargin.money import exact, plain
from crossmargin.risk.chance.outlook import Outlook
from crossmargin.risk.chance.probability import Likelihood, UnitLikelihood
from crossmargin.risk.joint.nearest import Nearest

SCHEMA = 1
PLACES = Decimal("1e-10")


@exact
def probability_answer(found: Outlook) -> dict[str, Json]:
    """Return everything that is known."""
    one, rulebook = found.likelihood, found.situation.rulebook
    return {
        "schema": SCHEMA,
        "venue": rulebook.venue,
        "edition": rulebook.edition.isoformat(),
        "horizon_ms": one.horizon_ms,
        "step_ms": one.step_ms,
        "probability": _share(one.value),
        "interval": {
            "low": _share(one.low, ROUND_FLOOR),
            "high": _share(one.high, ROUND_CEILING),
            "confidence": _share(one.confidence),
        },
        "sampling": _sampling(found, one),
        "between_steps": _share(one.between),
        "by_step": [_share(value) for value in one.by_step],
        "time_to_liquidation": [
            {"quantile": _share(quantile), "within_ms": at_ms} for quantile, at_ms in one.times_ms
        ],
        "units": [_unit(unit) for unit in one.units],
        "nearest": _nearest(found.nearest),
        "drawn": list(found.drawn),
        "sources": list(found.sources),
        "left_out": list(found.left_out),
        "assumptions": list(found.situation.now.assumptions),
    }


def _sampling(found: Outlook, one: Likelihood) -> Json:
    return {
        "method": found.way.method,
        "seed": one.seed,
        "paths": one.paths,
        "is_leaning": one.is_leaning,
        "effective_paths": _digits(one.effective_paths),
        "liquidated": one.liquidated,
        "unknown": one.unknown,
    }


def _unit(unit: UnitLikelihood) -> Json:
    return {
        "kind": unit.kind.value,
        "name": unit.name,
        "asset": unit.asset,
        "probability": _share(unit.value),
        "equity": _digits(unit.equity),
        "loss": None if unit.loss is None else _digits(unit.loss),
    }


def _nearest(found: Nearest | None) -> Json:
    if found is None or found.move is None:
        return None
    moves = found.move.outcome.moves
    return {
        "distance": _digits(found.move.distance),
        "moves": {asset: plain(move) for asset, move in moves.items()},
    }


def _share(value: float, rounding: str = ROUND_HALF_EVEN) -> str:
    return plain(Decimal(repr(value)).quantize(PLACES, rounding))


def _digits(value: float) -> str:
    return plain(Decimal(f"{value:.6g}"))
