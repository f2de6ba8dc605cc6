"""Chances in words: rounded for reading, never to zero or to certainty."""

from decimal import Decimal

from crossmargin.report.risk_words import move_words
from crossmargin.report.words import duration, listed, money
from crossmargin.risk.chance.outlook import Outlook
from crossmargin.risk.chance.probability import Likelihood, UnitLikelihood

LEAST = 1e-9
"""Below one in a billion digits say nothing more."""
MANY = 1e9


def chance(share: float) -> str:
    """Return a probability as a percentage with at least two digits that say something."""
    if share == 0.0:
        return "0 %"
    if share < LEAST:
        return "< 0.0000001 %"
    percent = 100 * share
    if percent >= 99.995:
        return "100 %" if share == 1.0 else "> 99.99 %"
    if percent >= 0.1:
        return f"{percent:.2f} %"
    return f"{Decimal(f'{percent:.2g}'):f} %"


def interval_words(one: Likelihood) -> str:
    """Return the interval with its confidence."""
    return f"between {chance(one.low)} and {chance(one.high)} ({100 * one.confidence:g} %)"


def first_to_go(one: Likelihood) -> tuple[UnitLikelihood, ...]:
    """Return the units that may be lost, the likeliest first; all if none was."""
    lost = [unit for unit in one.units if unit.value]
    return tuple(sorted(lost, key=lambda unit: -unit.value)) or one.units


def loss_text(amount: float | None, asset: str) -> str:
    """Return an amount with its asset, a dash where there is none."""
    return "–" if amount is None else f"{money(Decimal(repr(amount)), asset)} {asset}"


def time_words(one: Likelihood) -> str:
    """Return when, of the paths that are liquidated; empty where none is, or all are at once."""
    if not one.times_ms or len(one.by_step) == 1:
        return ""
    parts = [f"{100 * share:.0f} % within {duration(at_ms)}" for share, at_ms in one.times_ms]
    return f"Of the paths that are liquidated, {listed(parts)}."


def nearest_words(found: Outlook) -> str:
    """Return the nearest liquidating move; empty where it cannot be told."""
    if found.nearest is None:
        return ""
    move = found.nearest.move
    if move is None:
        return "No move was found that liquidates anything."
    moves = ", ".join(f"{asset} {move_words(one)}" for asset, one in move.outcome.moves.items())
    return (
        f"The nearest liquidating move is {move.distance:.2f} standard deviations of "
        f"{duration(found.likelihood.horizon_ms)} away: {moves}."
    )


def sampling_words(one: Likelihood) -> str:
    """Return how many paths there were, and what became of them."""
    said = f"{one.liquidated:,} of {one.paths:,} paths were liquidated (seed {one.seed})"
    if one.is_leaning:
        worth = "over a billion" if one.effective_paths > MANY else f"{one.effective_paths:,.0f}"
        said += f", weighed: as sure as {worth} plain paths"
    if one.value:
        said += (
            f"; {100 * one.between / one.value:.0f} % of the chance is touches between two steps"
        )
    if one.unknown:
        said += (
            f". {one.unknown:,} paths went where a ladder is not known: the interval takes them "
            "as safe below and as liquidated above"
        )
    return f"{said}."
