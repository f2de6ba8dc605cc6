"""Estimates as other programs read them: decimals of nine digits, as strings."""

from crossmargin.files.json_value import Json
from crossmargin.risk.estimates.correlation import Covariance
from crossmargin.risk.estimates.returns import Floats


def estimate(value: float) -> str:
    """Return a statistic as a decimal string of nine digits, without an exponent."""
    text = f"{value:.9g}"
    if "e" not in text:
        return text
    whole = f"{value:.18f}".rstrip("0").rstrip(".")
    return whole if whole not in {"", "-0"} else "0"


def estimates(values: Floats) -> list[Json]:
    """Return each of `values`, shape (n,), as `estimate` does."""
    return [estimate(value) for value in values.tolist()]


def covariance_fields(found: Covariance, horizon_ms: int) -> dict[str, Json]:
    """Return how a covariance was estimated, its volatilities over a horizon, its correlations."""
    rows: list[Json] = [estimates(row) for row in found.correlation]
    return {
        "assets": list(found.assets),
        "method": found.method.value,
        "interval_ms": found.interval_ms,
        "from_ms": found.from_ms,
        "to_ms": found.to_ms,
        "observations": found.observations,
        "effective_observations": estimate(found.effective_observations),
        "shrinkage": None if found.shrinkage is None else estimate(found.shrinkage),
        "halflife_ms": found.halflife_ms,
        "volatility": estimates(found.volatility(horizon_ms)),
        "correlation": rows,
    }
