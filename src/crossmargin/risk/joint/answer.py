"""How far everything can move together: the lines somebody asks for, the nearest move, a region.

Without histories only lines can be answered: all by the same percentage, or a vector of one's own.
With them also each asset by its beta, and the nearest liquidating move.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from crossmargin.errors import UsageError
from crossmargin.margin.assessment import Assessment
from crossmargin.risk.estimates.correlation import Covariance
from crossmargin.risk.joint.along import Along, along, by_betas, together
from crossmargin.risk.joint.nearest import SEED, Nearest, nearest_move
from crossmargin.risk.joint.region import Region, safe_region
from crossmargin.risk.situation import Situation


@dataclass(frozen=True, eq=False)
class Joint:
    """All that is known of the account's moves together.

    Attributes
    ----------
    lines : those of the same percentage first, then by betas, then the vector.
    horizon_ms : what distances in standard deviations are of.
    covariance, nearest : None without histories.
    region : None if not asked for.
    """

    now: Assessment
    assets: tuple[str, ...]
    lines: tuple[Along, ...]
    horizon_ms: int
    covariance: Covariance | None = None
    nearest: Nearest | None = None
    region: Region | None = None

    @property
    def is_known(self) -> bool:
        """Return whether any line's end is known."""
        return any(not line.unknown for line in self.lines)


def joint(
    situation: Situation,
    horizon_ms: int,
    *,
    vector: Mapping[str, Decimal] | None = None,
    covariance: Covariance | None = None,
    reference: str | None = None,
    region: tuple[str, str] | None = None,
    seed: int = SEED,
) -> Joint:
    """Return how far everything that `situation` has a stake in can move together.

    Parameters
    ----------
    vector : relative moves by asset, walked in multiples.
    reference : the asset whose fall and rise the others follow by beta; needs `covariance`.

    Raises
    ------
    UsageError
        If nothing is held, a name is none of the account's, or betas are asked without histories.
    UnknownError
        If an asset has no history in `covariance`.
    """
    if not situation.assets:
        raise UsageError("the account holds nothing that can move")
    lines = list(together(situation))
    if reference is not None:
        if covariance is None:
            raise UsageError("betas need histories: give --candles")
        lines += by_betas(situation, covariance, reference)
    if vector is not None:
        lines.append(along(situation, "the vector", vector))
    nearest = None
    if covariance is not None:
        nearest = nearest_move(situation, covariance, horizon_ms, seed=seed)
    return Joint(
        situation.now,
        situation.assets,
        tuple(lines),
        horizon_ms,
        covariance,
        nearest,
        None if region is None else safe_region(situation, *region),
    )
