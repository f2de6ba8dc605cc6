"""A probability with all that it rests on: which history, drawn how, paying what.

It joins the parts: returns become a sampler, the nearest liquidating move is found where it can be,
paths lean to it if asked for, and the answer carries a sentence on everything that was chosen. What
the chance is at each of a few confidences, or by other methods, is a matter of asking again.
"""

from dataclasses import dataclass

from msgspec import Struct

from crossmargin.durations import interval_text
from crossmargin.errors import UnknownError, UsageError
from crossmargin.risk.chance.bootstrap import BLOCK_STEPS, bootstrap
from crossmargin.risk.chance.copula import EMPIRICAL, TCopula, t_copula
from crossmargin.risk.chance.paths import Sampler, rescaled
from crossmargin.risk.chance.probability import Likelihood, Question, leanings, likelihood
from crossmargin.risk.estimates.correlation import ledoit_wolf
from crossmargin.risk.estimates.returns import Returns
from crossmargin.risk.joint.nearest import Nearest, nearest_move
from crossmargin.risk.situation import Situation

BOOTSTRAP, T_COPULA = "bootstrap", "t-copula"
METHODS = (BOOTSTRAP, T_COPULA)


class Way(Struct, frozen=True):
    """How paths are drawn.

    Attributes
    ----------
    method : "bootstrap" or "t-copula".
    block : mean length of a bootstrap's blocks, in steps.
    marginals : of a t-copula: "empirical" or "t".
    half_life : in steps, of the volatility that returns are brought to; None leaves them.
    is_leaning : whether half of the paths lean to the nearest liquidating moves.
    """

    method: str = BOOTSTRAP
    block: int = BLOCK_STEPS
    marginals: str = EMPIRICAL
    half_life: float | None = None
    is_leaning: bool = False


@dataclass(frozen=True, eq=False)
class Outlook:
    """The answer.

    Attributes
    ----------
    nearest : the nearest liquidating moves over the horizon; None where they cannot be told.
    drawn : sentences on how paths were drawn; `sources`, on where prices and funding come from;
        `left_out`, on what is not in it.
    """

    situation: Situation
    way: Way
    question: Question
    likelihood: Likelihood
    nearest: Nearest | None
    drawn: tuple[str, ...]
    sources: tuple[str, ...]
    left_out: tuple[str, ...] = ()


def outlook(
    situation: Situation,
    returns: Returns,
    way: Way,
    question: Question,
    sources: tuple[str, ...] = (),
    left_out: tuple[str, ...] = (),
) -> Outlook:
    """Return the probability of liquidation, paths drawn from `returns` of its assets.

    Raises
    ------
    UsageError
        If the method is none, or a number makes no sense.
    UnknownError
        If the history does not do; or paths are to lean and the nearest move cannot be told.
    """
    sampler = _sampler(returns, way)
    nearest = _nearest(situation, returns, question, must=way.is_leaning)
    towards = None
    if way.is_leaning and nearest is not None:
        towards = leanings(nearest)
    found = likelihood(situation, sampler, question, towards)
    drawn = tuple(_drawn(sampler, returns, way, is_leaning=towards is not None))
    return Outlook(situation, way, question, found, nearest, drawn, sources, left_out)


def steps_in(horizon_ms: int, step_ms: int) -> int:
    """Return how many steps a horizon has.

    Raises
    ------
    UsageError
        If it is not a whole number of them.
    """
    if horizon_ms < step_ms or horizon_ms % step_ms:
        raise UsageError(
            f"a horizon of {interval_text(horizon_ms)} is no whole number of returns of "
            f"{interval_text(step_ms)}"
        )
    return horizon_ms // step_ms


def _sampler(returns: Returns, way: Way) -> Sampler:
    if way.method not in METHODS:
        raise UsageError(f"method {way.method!r} is neither {' nor '.join(METHODS)}")
    rows = returns.values
    if way.half_life is not None:
        rows = rescaled(rows - rows.mean(axis=0), way.half_life)
    if way.method == BOOTSTRAP:
        return bootstrap(rows, returns.assets, block=way.block)
    return t_copula(rows, returns.assets, marginals=way.marginals)


def _nearest(
    situation: Situation, returns: Returns, question: Question, *, must: bool
) -> Nearest | None:
    # It is good to know beside a probability; that it cannot be told is no reason not to answer.
    try:
        covariance = ledoit_wolf(returns)
        return nearest_move(situation, covariance, question.steps * question.step_ms)
    except UnknownError:
        if must:
            raise
        return None


def _drawn(sampler: Sampler, returns: Returns, way: Way, *, is_leaning: bool) -> list[str]:
    length = interval_text(returns.interval_ms)
    said = [f"{len(returns.values):,} returns of {length}, centred: no drift is assumed"]
    if way.half_life is not None:
        span = interval_text(round(way.half_life * returns.interval_ms))
        said.append(f"returns are brought to the volatility of now (EWMA, half-life {span})")
    if isinstance(sampler, TCopula):
        said.append(
            f"steps are independent, by a t-copula of {sampler.degrees:g} degrees of freedom with "
            f"{way.marginals} marginals: spells of volatility are not in them"
        )
    else:
        said.append(
            f"paths are blocks of history, {way.block} returns long on average: nothing in them is "
            "larger than what was seen"
        )
    if is_leaning:
        said.append("half of the paths lean to the nearest liquidating moves, and are weighed")
    elif way.is_leaning:
        said.append("no path leans: there is no liquidating move to lean to")
    return said
