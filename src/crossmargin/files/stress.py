"""Stresses as other programs read them: every shock, cell, condition, path and mode as plain JSON.

Money of outcomes is exact and rounded as in answers. Cells of a grid, points of paths and what
survival is made of are floats' estimates, rounded, as strings too. Unknown is null.

The fields are described in docs/reference/stress.md; `SCHEMA` changes with them.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from crossmargin.feeds.series import utc
from crossmargin.files.answer import asked, health_text, held
from crossmargin.files.json_value import Json
from crossmargin.margin.assessment import UnitAssessment
from crossmargin.money import exact, plain
from crossmargin.risk.stress.answer import Outcome, Stressed
from crossmargin.risk.stress.conditions import Leaving
from crossmargin.risk.stress.crash_path import CrashPath
from crossmargin.risk.stress.shocks import Shock
from crossmargin.risk.stress.survey import Heat, Survey
from crossmargin.risk.stress.survival import Fate, Survival

SCHEMA = 1
PART = Decimal("0.000001")


@exact
def stress_answer(survey: Survey) -> dict[str, Json]:
    """Return everything that was asked and found."""
    now = survey.home.now
    conditions = "" if survey.stressed is None else survey.stressed.conditions.title
    return {
        "schema": SCHEMA,
        "venue": now.rulebook.venue,
        "edition": now.rulebook.edition.isoformat(),
        "assets": list(survey.home.assets),
        "status": now.status.value,
        "units": [_unit(unit) for unit in now.units],
        "under": conditions or None,
        "shocks": [_outcome(one) for one in survey.outcomes],
        "grid": None if survey.heat is None else _grid(survey.heat),
        "conditions": [
            {"condition": one.conditions.title, **_outcome(outcome)}
            for one, outcome in survey.alone
        ],
        "leaving": [_leaving(one) for one in survey.leavings],
        "paths": [_path(one) for one in survey.paths],
        "without_path": list(survey.pathless),
        "modes": None if survey.survival is None else _survival(survey.survival),
        "notes": list(survey.notes),
        "assumptions": list(now.assumptions),
    }


def _unit(unit: UnitAssessment) -> Json:
    health = unit.health
    return {
        "kind": unit.kind.value,
        "name": unit.name,
        "asset": unit.asset,
        "status": unit.status.value,
        "equity": held(health.equity if health else None),
        "maintenance_margin": asked(health.maintenance_margin if health else None),
        "buffer": held(health.buffer if health else None),
        "health": health_text(unit),
    }


def _shock(shock: Shock) -> dict[str, Json]:
    moves: dict[str, Json] = {asset: plain(move) for asset, move in shock.moves.items()}
    supposed: dict[str, Json] = dict(shock.supposed)
    return {
        "title": shock.title,
        "kind": shock.kind.value,
        "name": shock.name or None,
        "moves": moves,
        "unknown": list(shock.unknown),
        "supposed": supposed,
    }


def _outcome(outcome: Outcome) -> dict[str, Json]:
    return {
        **_shock(outcome.shock),
        "status": outcome.status.value,
        "status_as_far_as_known": outcome.there.status.value,
        "missing": list(outcome.there.missing),
        "units": [_unit(unit) for unit in outcome.there.units],
        "weakest": outcome.weakest.name,
        "first": list(outcome.first),
        "breaks_at": None if outcome.breaks_at is None else plain(outcome.breaks_at),
        "positions": [
            {
                "name": loss.name,
                "asset": loss.asset,
                "profit": held(loss.profit),
                "funding": held(loss.funding),
            }
            for loss in outcome.losses
        ],
    }


def _grid(heat: Heat) -> Json:
    stressed = heat.stressed
    axes: dict[str, Json] = {
        asset: [plain(move) for move in moves] for asset, moves in heat.axes.items()
    }
    return {
        "axes": axes,
        "decided_exactly": stressed.decided,
        "cells": [_cell(stressed, row) for row in range(len(stressed.shocks))],
    }


def _cell(stressed: Stressed, row: int) -> Json:
    equity = stressed.health.equity[row].tolist()
    maintenance = stressed.health.maintenance_margin[row].tolist()
    return {
        "moves": [plain(move) for move in stressed.shocks[row].moves.values()],
        "status": stressed.status(row).value,
        "equity": [_rounded(value, ROUND_FLOOR) for value in equity],
        "maintenance_margin": [_rounded(value, ROUND_CEILING) for value in maintenance],
    }


def _leaving(leaving: Leaving) -> Json:
    costs: dict[str, Json] = {name: asked(cost) for name, cost in leaving.costs.items()}
    totals: dict[str, Json] = {asset: asked(cost) for asset, cost in leaving.totals.items()}
    return {"times_as_thin": plain(leaving.thinness), "costs": costs, "totals": totals}


def _path(path: CrashPath) -> Json:
    place, lowest = path.broken, path.lowest
    there = path.judged(lowest)
    first = [] if place is None else [u.name for u in path.judged(place).units if u.is_liquidatable]
    return {
        "title": path.title,
        "from": utc(int(path.at_ms[0])),
        "points": len(path.at_ms),
        "points_unknown": path.unknown,
        "liquidated_at": None if place is None else utc(int(path.at_ms[place])),
        "first": list(first),
        "lowest_at": utc(int(path.at_ms[lowest])),
        "lowest": _unit(there.worst),
    }


def _survival(survival: Survival) -> Json:
    worse = survival.worse_ending()
    return {
        "asset": survival.asset,
        "paths": survival.paths,
        "points": survival.steps,
        "modes": [_fate(fate, worse.get(fate.mode)) for fate in survival.fates],
    }


def _fate(fate: Fate, worse: float | None) -> Json:
    low, high = fate.survival_interval
    loss = fate.loss_given_liquidation
    quantiles: dict[str, Json] = {
        plain(Decimal(str(share))): _rounded(value) for share, value in fate.quantiles().items()
    }
    units: dict[str, Json] = {name: _part(share) for name, share in fate.unit_losses().items()}
    return {
        "mode": fate.mode,
        "start": _rounded(fate.start),
        "survival": _part(fate.survival),
        "survival_interval": [_part(low), _part(high)],
        "loss_given_liquidation": None if loss is None else _rounded(loss),
        "nothing_left": _part(fate.ruin),
        "ends_worse": None if worse is None else _part(worse),
        "mean": _rounded(fate.mean),
        "quantiles": quantiles,
        "units_liquidated": units,
        "decided_exactly": fate.decided,
    }


def _rounded(value: float, rounding: str = ROUND_FLOOR) -> str | None:
    # Six digits of an estimate are more than it has; coins need the places, dollars do not.
    if value != value:
        return None
    exact_value = Decimal(repr(value))
    places = max(2, 5 - exact_value.adjusted()) if exact_value else 2
    return plain(exact_value.quantize(Decimal(1).scaleb(-places), rounding))


def _part(value: float) -> str:
    return plain(Decimal(repr(value)).quantize(PART))
