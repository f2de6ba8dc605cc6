"""The nearest liquidating move: of all moves that liquidate something, the likeliest.

Moves are measured as their own covariance measures them: in standard deviations of log returns over
a horizon, √(yᵀΣ⁻¹y) with y = ln(1 + move) (P. C. Mahalanobis, 1936). The nearest one is what
reliability engineering calls the design point, and the method is theirs: where the surplus s has
the gradient g, step to the point of its tangent plane that is nearest to where we are now,

    y ← Σg (gᵀy − s) ÷ (gᵀΣg)

until it stands still (A. M. Hasofer and N. C. Lind, 1974; R. Rackwitz and B. Fiessler, 1978). From
no move at all the first step is −Σg · buffer ÷ (gᵀΣg), the answer of an account without tiers.

One start is not enough: buckets break separately, and options make several dents in the edge of
what is safe. So it starts from many points of that edge: what each asset does alone, what it does
with all that follows it, and directions by chance. Dents with sharp bottoms, where tangents do not
settle, are searched by trying directions around the best one.

All this is in floats. The move that is told lies on the exact boundary (`Situation.reach`), and
what the account looks like there is judged by the exact core. That no nearer one exists is not
proven; it is tested against brute force.
"""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from crossmargin.errors import UnknownError, UsageError
from crossmargin.money import exact
from crossmargin.risk.estimates.correlation import Covariance
from crossmargin.risk.joint.along import Outcome, outcome
from crossmargin.risk.situation import Situation

Floats = NDArray[np.float64]

SEED = 7
LOG_MOVE_MAX = float(np.log(99.0))
"""Moves are searched between a ninety-ninth of every price and ninety-nine times it."""
STEPS_OUT = 64
"""Points of a ray that are looked at for its first crossing, closer together near the start."""
HALVINGS = 40
STARTS = 12
"""How many of the nearest points of the edge are refined."""
ITERATIONS = 40
STANDS_STILL = 1e-9
GRADIENT_STEP = 1e-5
"""In log moves: above what floats lose in a surplus, below what bends it."""
APART_MIN = 0.5
"""Of two unit directions: nearer ones are told as one move."""
OTHERS_MAX = 3
MOVE_STEP = Decimal("1e-12")


@dataclass(frozen=True, eq=False)
class NearestMove:
    """A move that liquidates, and how far away it is.

    Attributes
    ----------
    distance : in standard deviations over `horizon_ms`.
    log_moves : ln(1 + move) of each asset, shape (n_assets,).
    deviations : the same in each asset's own standard deviations.
    shares : what each asset adds to the squared distance; they sum to 1.
    outcome : the account there, exactly; its moves are on the boundary, rounded towards safety.
    """

    assets: tuple[str, ...]
    horizon_ms: int
    distance: float
    log_moves: Floats
    deviations: Floats
    shares: Floats
    outcome: Outcome


@dataclass(frozen=True, eq=False)
class Nearest:
    """The answer of a search.

    Attributes
    ----------
    move : None if nothing liquidates, as far as prices were searched.
    others : nearest moves in other directions, which are dents of their own; nearest first.
    unknown_from : how near, in standard deviations, moves were met at which a ladder or table does
        not reach; a liquidating move may be there. None if none were.
    starts : from how many directions the edge was looked for.
    """

    move: NearestMove | None
    others: tuple[NearestMove, ...]
    unknown_from: float | None
    starts: int
    seed: int


@exact
def nearest_move(
    situation: Situation, covariance: Covariance, horizon_ms: int, *, seed: int = SEED
) -> Nearest:
    """Return the nearest liquidating move of `situation` under `covariance` over a horizon.

    Raises
    ------
    UnknownError
        If an asset of the account has no history in `covariance`.
    UsageError
        If the account has a stake in nothing, or the horizon is not above zero.
    """
    if not situation.assets:
        raise UsageError("nothing that the account holds can move")
    if horizon_ms <= 0:
        raise UsageError("a horizon is above zero")
    scaled = covariance.of(situation.assets) * (horizon_ms / covariance.interval_ms)
    edge = _Edge(situation, scaled, np.random.default_rng(seed))
    directions = edge.directions()
    found = edge.radii(directions)
    moves = _exact_moves(situation, edge, horizon_ms, edge.refined(directions, found.radii))
    unknown = float(found.unknown.min(initial=np.inf))
    return Nearest(
        moves[0] if moves else None,
        tuple(moves[1 : 1 + OTHERS_MAX]),
        unknown if np.isfinite(unknown) else None,
        len(directions),
        seed,
    )


def distance_of(log_moves: Floats, covariance: Floats) -> float:
    """Return √(yᵀΣ⁻¹y): how many standard deviations away a move of log prices is."""
    return float(np.sqrt(log_moves @ np.linalg.solve(covariance, log_moves)))


@dataclass(frozen=True, eq=False)
class _Radii:
    radii: Floats  # of the first crossing, infinite where there is none
    unknown: Floats  # of the first point that is not known before it, infinite where there is none


class _Edge:
    """The edge of what is safe, in a space where distance is that of the covariance."""

    def __init__(
        self, situation: Situation, covariance: Floats, chance: np.random.Generator
    ) -> None:
        self.situation = situation
        self.covariance = covariance
        self.root: Floats = np.linalg.cholesky(covariance).astype(np.float64)
        self.chance = chance
        self.count = len(covariance)
        equity = situation.health(np.zeros((1, self.count))).equity[0]
        # Pools in several assets are compared as shares of what each has.
        self.scale: Floats = np.where(np.abs(equity) > 0, np.abs(equity), 1.0)

    def surplus(self, points: Floats) -> Floats:
        """Return the least room of any unit at each point, as a share of its equity now."""
        room = self.situation.room(np.expm1(points @ self.root.T))
        found: Floats = (room / self.scale).min(axis=1)
        return found

    def directions(self) -> Floats:
        """Return unit vectors to look along, shape (n_directions, n_assets)."""
        alone = np.linalg.inv(self.root).T
        followed = self.root
        by_chance = self.chance.standard_normal((8 + 4 * self.count, self.count))
        found = np.concatenate([alone, -alone, followed, -followed, by_chance])
        gradient = self.gradient(np.zeros(self.count))
        if np.isfinite(gradient).all() and gradient.any():
            found = np.concatenate([-gradient[None, :], found])
        unit: Floats = found / np.linalg.norm(found, axis=1, keepdims=True)
        return unit

    def gradient(self, point: Floats) -> Floats:
        """Return the gradient of the surplus at a point, by differences to both sides."""
        step = GRADIENT_STEP / float(np.abs(self.root).max())
        ends = step * np.eye(self.count)
        values = self.surplus(np.concatenate([point + ends, point - ends]))
        with np.errstate(invalid="ignore"):  # Where all is empty there is none.
            found: Floats = (values[: self.count] - values[self.count :]) / (2 * step)
        return found

    def radii(self, directions: Floats) -> _Radii:
        """Return where the surplus first is gone along each unit direction."""
        longest: Floats = LOG_MOVE_MAX / np.abs(directions @ self.root.T).max(axis=1)
        steps = np.linspace(0, 1, STEPS_OUT + 1) ** 2
        at = longest[:, None] * steps[None, :]
        points = at[:, :, None] * directions[:, None, :]
        values = self.surplus(points.reshape(-1, self.count)).reshape(at.shape)
        is_unknown = ~np.isfinite(values)
        is_gone = values <= 0  # False where unknown
        rows = np.arange(len(directions))
        first = np.where(is_gone.any(axis=1), is_gone.argmax(axis=1), STEPS_OUT)
        blind = np.where(is_unknown.any(axis=1), is_unknown.argmax(axis=1), STEPS_OUT + 1)
        has = is_gone.any(axis=1) & (blind > first)
        unknown = np.where(blind <= STEPS_OUT, at[rows, np.minimum(blind, STEPS_OUT)], np.inf)
        high = at[rows, first]
        low = at[rows, np.maximum(first - 1, 0)]
        for _ in range(HALVINGS if has.any() else 0):
            middle = (low + high) / 2
            is_beyond = self.surplus(middle[:, None] * directions) <= 0
            high, low = np.where(is_beyond, middle, high), np.where(is_beyond, low, middle)
        return _Radii(np.where(has, high, np.inf), np.where(has, np.inf, unknown))

    def refined(self, directions: Floats, radii: Floats) -> list[Floats]:
        """Return points of the edge that are nearer than those around them, the nearest first."""
        starts: list[Floats] = []
        for place in np.argsort(radii):
            if len(starts) == STARTS or not np.isfinite(radii[place]):
                break
            if _is_apart(directions[place], starts):
                starts.append(directions[place])
        reached = [float(self.radii(start[None]).radii[0]) for start in starts]
        settled = [self._settled(*one) for one in zip(starts, reached, strict=True)]
        kept: list[Floats] = []
        units: list[Floats] = []
        for point in sorted(settled, key=lambda one: float(np.linalg.norm(one))):
            radius = float(np.linalg.norm(point))
            unit = point / radius if radius else point
            if _is_apart(unit, units):
                kept.append(point)
                units.append(unit)
        return kept

    def _settled(self, start: Floats, radius: float) -> Floats:
        if radius == 0.0:
            return np.zeros(self.count)
        best = radius * start
        point = best
        for _ in range(ITERATIONS):
            gradient = self.gradient(point)
            size = float(gradient @ gradient)
            if not np.isfinite(size) or not size:
                break
            value = float(self.surplus(point[None])[0])
            following = gradient * (float(gradient @ point) - value) / size
            has_settled = np.linalg.norm(following - point) <= STANDS_STILL * np.linalg.norm(point)
            point = following
            if has_settled or not np.isfinite(point).all():
                break
        length = float(np.linalg.norm(point))
        if np.isfinite(length) and length:
            found = float(self.radii(point[None] / length).radii[0])
            if found < np.linalg.norm(best):
                best = found * point / length
        return best if self._is_flat(best) else self._tried_around(best)

    def _is_flat(self, point: Floats) -> bool:
        # Whether the edge stands upright to the way there, as it does at a nearest point.
        gradient = self.gradient(point)
        sizes = float(np.linalg.norm(gradient) * np.linalg.norm(point))
        return bool(sizes and -float(gradient @ point) >= (1 - 1e-8) * sizes)

    def _tried_around(self, best: Floats) -> Floats:
        radius = float(np.linalg.norm(best))
        spread = 0.3
        while spread > 1e-4 and self.count > 1:
            offsets = self.chance.standard_normal((4 * self.count, self.count))
            tried = best / radius + spread * offsets
            tried /= np.linalg.norm(tried, axis=1, keepdims=True)
            radii = self.radii(tried).radii
            place = int(radii.argmin())
            if radii[place] < radius * (1 - STANDS_STILL):
                radius = float(radii[place])
                best = radius * tried[place]
            else:
                spread /= 2
        return best


def _is_apart(unit: Floats, others: list[Floats]) -> bool:
    return all(float(np.linalg.norm(unit - other)) > APART_MIN for other in others)


def _exact_moves(
    situation: Situation, edge: _Edge, horizon_ms: int, points: list[Floats]
) -> list[NearestMove]:
    found = []
    for point in points:
        relative = np.expm1(edge.root @ point)
        vector = {
            asset: Decimal(repr(move)).quantize(MOVE_STEP)
            for asset, move in zip(situation.assets, relative.tolist(), strict=True)
        }
        if not any(vector.values()):
            vector = dict.fromkeys(situation.assets, Decimal(0))
            multiple: Decimal | None = Decimal(0)
        else:
            try:
                multiple = situation.reach(vector)
            except UnknownError:
                multiple = None
        if multiple is None:
            continue  # Floats saw an edge that the exact core does not.
        moves = {asset: multiple * move for asset, move in vector.items()}
        found.append(_nearest_move(situation, edge.covariance, horizon_ms, moves))
    return sorted(found, key=lambda one: one.distance)


def _nearest_move(
    situation: Situation, covariance: Floats, horizon_ms: int, moves: dict[str, Decimal]
) -> NearestMove:
    logs = np.log1p([float(moves[asset]) for asset in situation.assets])
    distance = distance_of(logs, covariance)
    shares = logs * np.linalg.solve(covariance, logs)
    return NearestMove(
        situation.assets,
        horizon_ms,
        distance,
        logs,
        logs / np.sqrt(np.diag(covariance)),
        shares / distance**2 if distance else np.zeros(len(logs)),
        outcome(situation, moves),
    )
