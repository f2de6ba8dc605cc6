"""Moves together as other programs read them: lines, the nearest move, a region, as plain JSON.

Moves of lines are exact; so are those of the nearest move, which lie on the exact boundary.
Distances and estimates are statistics: rounded decimals, as strings like every number.

The fields are described in docs/reference/joint.md; `SCHEMA` changes with them.
"""

from collections.abc import Sequence
from decimal import Decimal

from crossmargin.files.answer import held
from crossmargin.files.covariance import covariance_fields, estimate
from crossmargin.files.json_value import Json
from crossmargin.money import EIGHT_PLACES, exact, plain
from crossmargin.risk.joint.along import Along, Outcome, PositionThere
from crossmargin.risk.joint.answer import Joint
from crossmargin.risk.joint.nearest import Nearest, NearestMove
from crossmargin.risk.joint.region import Region

SCHEMA = 1
MOVE_PLACES = Decimal("1e-12")
"""What moves are cut to, towards where prices are now."""


@exact
def joint_answer(found: Joint, prices: Sequence[str] = ()) -> dict[str, Json]:
    """Return everything that is known; `prices` are sentences on which histories were read."""
    now = found.now
    lines: list[Json] = [_line(one) for one in found.lines]
    return {
        "schema": SCHEMA,
        "venue": now.rulebook.venue,
        "edition": now.rulebook.edition.isoformat(),
        "status": now.status.value,
        "assets": list(found.assets),
        "horizon_ms": found.horizon_ms,
        "lines": lines,
        "nearest": None if found.nearest is None else _nearest(found.nearest),
        "covariance": None
        if found.covariance is None
        else covariance_fields(found.covariance, found.horizon_ms),
        "region": None if found.region is None else _region(found.region),
        "prices": list(prices),
        "assumptions": list(now.assumptions),
    }


def _line(line: Along) -> Json:
    return {
        "name": line.name,
        "vector": _moves(line.vector),
        "multiple": None if line.multiple is None else plain(line.multiple),
        "unknown": line.unknown or None,
        "end": None if line.outcome is None else _outcome(line.outcome),
    }


def _outcome(found: Outcome) -> Json:
    return {
        "moves": _moves(found.moves),
        "first": found.first,
        "positions": [_position(one) for one in found.positions],
    }


def _position(one: PositionThere) -> Json:
    return {
        "symbol": one.symbol,
        "side": one.side.value,
        "mark_price": None if one.price is None else plain(one.price),
        "mark_price_there": None
        if one.price_there is None
        else _cut(one.price_there, EIGHT_PLACES),
        "profit": held(one.profit),
        "asset": one.asset,
    }


def _nearest(found: Nearest) -> Json:
    return {
        "move": None if found.move is None else _move(found.move),
        "others": [_move(one) for one in found.others],
        "unknown_from": None if found.unknown_from is None else estimate(found.unknown_from),
        "starts": found.starts,
        "seed": found.seed,
    }


def _move(one: NearestMove) -> Json:
    by_asset = zip(one.assets, one.deviations.tolist(), one.shares.tolist(), strict=True)
    return {
        "distance": estimate(one.distance),
        "assets": [
            {"asset": asset, "deviations": estimate(deviations), "share": estimate(share)}
            for asset, deviations, share in by_asset
        ],
        "end": _outcome(one.outcome),
    }


def _region(found: Region) -> Json:
    return {
        "first": found.first,
        "second": found.second,
        "vertices": [
            {
                "first": _cut(one.first, MOVE_PLACES),
                "second": _cut(one.second, MOVE_PLACES),
                "is_edge": one.is_edge,
                "is_known": one.is_known,
            }
            for one in found.vertices
        ],
    }


def _moves(moves: dict[str, Decimal]) -> Json:
    return {asset: _cut(move, MOVE_PLACES) for asset, move in moves.items()}


def _cut(value: Decimal, step: Decimal) -> str:
    # Towards zero: for a move, towards where prices are now, and so on the safe side.
    return plain(value.quantize(step, "ROUND_DOWN"))
