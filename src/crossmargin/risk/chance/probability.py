"""How likely an account is liquidated within a horizon: paths counted, and how sure the count is.

On every path each unit's surplus (equity − maintenance margin, less the funding paid by then) is
followed until the first is gone. Three things are between that and an honest number:

* Between two points of a path a price may touch the boundary and come back (`touching`).
* What is rare takes many paths. Some may lean (`paths`) to the nearest liquidating moves, and weigh
  what makes up for it.
* A count is a sample: the interval is always part of the answer (`intervals`).

Where a ladder or table does not reach, the path is unknown: it counts as safe in the lower end of
the interval, and as liquidated in the upper.

What this does not do: know the future. The interval is that of the sampling, given the sampler;
whether history says anything about tomorrow is what calibration looks at (`calibration`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from crossmargin.errors import UsageError
from crossmargin.margin.assessment import Status, UnitAssessment, UnitKind
from crossmargin.risk.chance.paths import PLAIN_SHARE, Chance, Draws, Floats, Sampler
from crossmargin.risk.chance.running_costs import Cost, due
from crossmargin.risk.chance.touching import touched
from crossmargin.risk.estimates.intervals import interval
from crossmargin.risk.joint.nearest import Nearest
from crossmargin.risk.situation import Situation

Flags = NDArray[np.bool_]
Places = NDArray[np.intp]

PATHS, SEED, CONFIDENCE = 20_000, 7, 0.95
QUANTILES = (0.1, 0.5, 0.9)
NUMBERS_MAX = 1_500_000
"""Random numbers of a block of paths: some tens of megabytes, whatever the horizon."""


class UnitLikelihood(Struct, frozen=True):
    """One pool or bucket.

    Attributes
    ----------
    value : probability that it is the first to be liquidated.
    equity : what it has now, in `asset`.
    loss : of that, what is gone at the end of the step in which it is liquidated, on average of
        those paths; None if there is none. Fees of closing (if asked for) are in it.
    """

    kind: UnitKind
    name: str
    asset: str
    value: float
    equity: float
    loss: float | None


class Likelihood(Struct, frozen=True):
    """Probability that something is liquidated within the horizon.

    Attributes
    ----------
    value : the estimate, between 0 and 1.
    low, high : interval of the sampling error, at `confidence`.
    liquidated, unknown : paths that end so; weighted paths count as one each.
    effective_paths : how many plain paths would be as sure.
    between : of the probability, the part of touches between points.
    by_step : probability to be liquidated by the end of each step.
    times_ms : (quantile, time to liquidation) of the paths that are; empty if none is.
    """

    value: float
    low: float
    high: float
    confidence: float
    horizon_ms: int
    step_ms: int
    paths: int
    seed: int
    is_leaning: bool
    liquidated: int
    unknown: int
    effective_paths: float
    between: float
    by_step: tuple[float, ...]
    times_ms: tuple[tuple[float, int], ...]
    units: tuple[UnitLikelihood, ...]


class Question(Struct, frozen=True):
    """What is asked: over how long, in which steps, at which costs, of how many paths.

    Attributes
    ----------
    funding : what is paid every step (`running_costs.funding`); empty: nothing is.
    closing : what getting out costs (`running_costs.closing`), counted in losses only: venues do
        not hold it against the trigger, or have it in the maintenance margin.
    """

    steps: int
    step_ms: int
    paths: int = PATHS
    seed: int = SEED
    confidence: float = CONFIDENCE
    funding: tuple[Cost, ...] = ()
    closing: tuple[Cost, ...] = ()


@dataclass(frozen=True, eq=False)
class Fates:
    """What became of each path; all of shape (n_paths,).

    Attributes
    ----------
    step : in which something was liquidated, from 0; −1 where nothing was.
    unit : which unit was, and `loss` what it lost by then; of no meaning where none was.
    is_between : whether between two points.
    is_unknown : whether it ends where nothing is known.
    """

    step: Places
    unit: Places
    loss: Floats
    is_between: Flags
    is_unknown: Flags
    weights: Floats


def likelihood(
    situation: Situation, sampler: Sampler, question: Question, towards: Floats | None = None
) -> Likelihood:
    """Return the probability that any unit is liquidated within the horizon.

    Parameters
    ----------
    sampler : of the assets of `situation`, in their order.
    towards : log moves that some paths lean to (`leanings`), shape (n, n_assets); None: none does.

    Raises
    ------
    UsageError
        If the sampler's assets are not the situation's, nothing moves, or a number makes no sense.
    """
    _check(situation, sampler, question)
    if situation.now.status is Status.LIQUIDATABLE:
        return _already(situation, question)
    # Touches have a stream of their own, so that paths are the same whatever is asked of them.
    chance, touches = (np.random.default_rng((question.seed, stream)) for stream in (0, 1))
    block = max(1, NUMBERS_MAX // (question.steps * (len(situation.assets) + 1)))
    parts = []
    for start in range(0, question.paths, block):
        count = min(block, question.paths - start)
        draws = sampler.draw(chance, count, question.steps, towards)
        parts.append(fates(situation, draws, sampler.covariance, question, touches))
    return summary(situation, parts, question, is_leaning=towards is not None)


def leanings(nearest: Nearest) -> Floats | None:
    """Return where paths may lean to: the nearest liquidating moves; None where there is none."""
    if nearest.move is None or not nearest.move.distance:
        return None
    return np.array([one.log_moves for one in (nearest.move, *nearest.others)])


def fates(
    situation: Situation, draws: Draws, covariance: Floats, question: Question, touches: Chance
) -> Fates:
    """Return what becomes of the account on each path of `draws`; columns as its assets."""
    start = np.zeros((len(draws.returns), 1, len(situation.assets)))
    moves = np.concatenate([start, draws.moves()], axis=1)
    health = situation.health(moves.reshape(-1, moves.shape[2]))
    shape = (*moves.shape[:2], -1)
    maintenance = health.maintenance_margin.reshape(shape)
    equity = health.equity.reshape(shape)
    units = equity.shape[2]
    equity[:, 1:] -= np.cumsum(due(question.funding, moves[:, 1:], units), axis=1)
    surplus: Floats = equity - maintenance
    surplus[:, :, situation.is_empty] = np.inf
    is_unknown: Flags = np.logical_or.reduce(np.isnan(surplus[:, 1:]), axis=2)
    is_over: Flags = np.logical_or.reduce(surplus[:, 1:] <= 0.0, axis=2) | is_unknown
    until = np.where(is_over.any(axis=1), is_over.argmax(axis=1), question.steps)
    touching = touched(situation, draws, surplus, until, covariance, touches)
    is_over = is_over | (touching >= 0)
    ended = is_over.any(axis=1)
    step = is_over.argmax(axis=1)
    rows = np.arange(len(step))
    is_between = ended & (touching[rows, step] >= 0)
    is_lost = ended & is_unknown[rows, step] & ~is_between
    at = rows, step + 1
    unit = np.where(is_between, touching[rows, step], _least(surplus[at]))
    left = np.where(is_between[:, None], maintenance[at], equity[at])
    left -= due(question.closing, moves[at], units)
    loss = (equity[:, 0] - np.maximum(left, 0.0))[rows, unit]
    step = np.where(ended & ~is_lost, step, -1)
    return Fates(step, unit, loss, is_between, is_lost, draws.weights)


def summary(
    situation: Situation, parts: Sequence[Fates], question: Question, *, is_leaning: bool
) -> Likelihood:
    """Return what the fates of all blocks of paths come to."""
    step, unit, loss, is_between, is_unknown, weights = (
        np.concatenate([getattr(part, name) for part in parts]) for name in Fates.__annotations__
    )
    is_hit = step >= 0
    weight = np.where(is_hit, weights, 0.0)
    found = interval(
        weight,
        np.where(is_unknown, weights, 0.0),
        question.confidence,
        plain_share=PLAIN_SHARE if is_leaning else None,
    )
    ends = np.bincount(np.where(is_hit, step, 0), weight, question.steps)
    return Likelihood(
        value=found.value,
        low=found.low,
        high=found.high,
        confidence=question.confidence,
        horizon_ms=question.steps * question.step_ms,
        step_ms=question.step_ms,
        paths=len(step),
        seed=question.seed,
        is_leaning=is_leaning,
        liquidated=int(is_hit.sum()),
        unknown=int(is_unknown.sum()),
        effective_paths=found.effective_paths,
        between=float(weight[is_between].sum() / len(step)),
        by_step=tuple((np.cumsum(ends) / len(step)).tolist()),
        times_ms=_times(step[is_hit], weight[is_hit], question.step_ms),
        units=_units(situation, unit, loss, weight),
    )


def _check(situation: Situation, sampler: Sampler, question: Question) -> None:
    if not situation.assets:
        raise UsageError("the account holds nothing whose price moves")
    if sampler.assets != situation.assets:
        raise UsageError(
            f"paths of {', '.join(sampler.assets)} are not of {', '.join(situation.assets)}"
        )
    if question.steps < 1 or question.paths < 1:
        raise UsageError("a probability needs at least one path of one step")
    if not 0.0 < question.confidence < 1.0:
        raise UsageError(f"a confidence of {question.confidence:g} is not between 0 and 1")


def _already(situation: Situation, question: Question) -> Likelihood:
    # Liquidatable before anything moves: certain, and no path is drawn.
    gone = situation.now.worst
    units = tuple(
        UnitLikelihood(one.kind, one.name, one.asset, float(one is gone), _equity(one), None)
        for one in situation.now.units
    )
    return Likelihood(
        value=1.0,
        low=1.0,
        high=1.0,
        confidence=question.confidence,
        horizon_ms=question.steps * question.step_ms,
        step_ms=question.step_ms,
        paths=0,
        seed=question.seed,
        is_leaning=False,
        liquidated=0,
        unknown=0,
        effective_paths=0.0,
        between=0.0,
        by_step=(1.0,) * question.steps,
        times_ms=tuple((one, 0) for one in QUANTILES),
        units=units,
    )


def _units(
    situation: Situation, unit: Places, loss: Floats, weight: Floats
) -> tuple[UnitLikelihood, ...]:
    found = []
    for place, one in enumerate(situation.now.units):
        own = np.where(unit == place, weight, 0.0)
        total = float(own.sum())
        mean = float(own @ np.nan_to_num(loss)) / total if total else None
        found.append(
            UnitLikelihood(one.kind, one.name, one.asset, total / len(unit), _equity(one), mean)
        )
    return tuple(found)


def _times(step: Places, weight: Floats, step_ms: int) -> tuple[tuple[float, int], ...]:
    if not len(step):
        return ()
    order = np.argsort(step, kind="stable")
    share = np.cumsum(weight[order]) / weight.sum()
    places = np.minimum(np.searchsorted(share, QUANTILES), len(step) - 1)
    ends = (step[order][places] + 1) * step_ms
    return tuple(zip(QUANTILES, ends.tolist(), strict=True))


def _least(surplus: Floats) -> Places:
    # The unit that is furthest gone; where something is unknown the answer is not used.
    found: Places = np.nan_to_num(surplus, nan=np.inf).argmin(axis=1)
    return found


def _equity(unit: UnitAssessment) -> float:
    return float(unit.health.equity) if unit.health is not None else 0.0
