"""What estimates are made of, and what moves are, in words."""

from decimal import ROUND_DOWN, Decimal

from crossmargin.durations import interval_text
from crossmargin.report.words import MINUS, moment, percent
from crossmargin.risk.estimates.correlation import Covariance, Method


def described(covariance: Covariance) -> str:
    """Return the sentence that says what an estimate is."""
    span = f"{moment(covariance.from_ms)} to {moment(covariance.to_ms)}"
    length = interval_text(covariance.interval_ms)
    counted = f"{covariance.observations:,} returns of {length}, {span}"
    if covariance.method is Method.EWMA:
        return (
            f"EWMA of {counted}, half-life {interval_text(covariance.halflife_ms or 0)}: as sure "
            f"as {covariance.effective_observations:,.0f} that count alike"
        )
    if len(covariance.assets) == 1:
        return f"Variance of {counted}"  # Nothing to draw a correlation towards.
    return (
        f"Ledoit–Wolf of {counted}, drawn {100 * (covariance.shrinkage or 0):.1f} % towards the "
        "mean correlation"
    )


def move_words(move: Decimal) -> str:
    """Return a relative move with its sign and two places, rounded towards zero."""
    return percent(move, is_signed=True, shown=2, rounding=ROUND_DOWN) if move else "0 %"


def signed(value: float, shown: int = 2) -> str:
    """Return a statistic with its sign."""
    return f"{value:+,.{shown}f}".replace("-", MINUS)


def share_words(value: float) -> str:
    """Return a share as a whole percentage."""
    return f"{100 * value:.0f} %".replace("-", MINUS)
