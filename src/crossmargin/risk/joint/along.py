"""How far assets can move together along a line, and what the account looks like where it ends.

A line is a vector of relative moves by asset, walked in multiples: all by the same percentage, each
by its beta to one of them, or whatever somebody fears. The end is exact: `margin.direction` says
where it is, and the exact core judges the account there.
"""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from crossmargin.errors import UnknownError, UsageError
from crossmargin.margin.assessment import Assessment
from crossmargin.margin.pnl import unrealised_pnl
from crossmargin.margin.scenarios.path import mark_of
from crossmargin.model.account import Position
from crossmargin.model.market import Market
from crossmargin.model.order import Side
from crossmargin.money import ONE, ZERO, exact, quotient_down
from crossmargin.risk.estimates.correlation import Covariance
from crossmargin.risk.situation import Situation

BETA_STEP = Decimal("0.0001")
"""Betas are estimates; more places than these would only look exact."""


class PositionThere(Struct, frozen=True):
    """What one position meets after a move.

    Attributes
    ----------
    price, price_there : its mark now and after the move; None where an option has none.
    profit : what it makes on the way, in `asset`, losses negative; rounded down.
    """

    symbol: str
    side: Side
    asset: str
    price: Decimal | None
    price_there: Decimal | None
    profit: Decimal | None


class Outcome(Struct, frozen=True):
    """The account after a move, as the exact core judges it.

    Attributes
    ----------
    moves : relative, by asset; those that stand still are there with zero.
    first : the pool or bucket that is liquidated first: the one with the least left of its buffer.
    """

    moves: dict[str, Decimal]
    first: str
    positions: tuple[PositionThere, ...]


class Along(Struct, frozen=True):
    """A line and its end.

    Attributes
    ----------
    multiple : the smallest k at which k × `vector` liquidates something, rounded towards zero at
        8 places: there the account lives, a step further it does not. None: never, or unknown.
    unknown : why the end is not known; empty where it is.
    outcome : the account at the end.
    """

    name: str
    vector: dict[str, Decimal]
    multiple: Decimal | None
    outcome: Outcome | None
    unknown: str = ""


@exact
def outcome(situation: Situation, moves: Mapping[str, Decimal]) -> Outcome:
    """Return the account after relative `moves` by asset; errors as of `Situation.market_at`."""
    there = situation.market_at(moves)
    judged = situation.judged_at(moves)
    positions = tuple(
        _there(one, situation, there) for one in situation.account.positions if one.size
    )
    whole = {asset: moves.get(asset, ZERO) for asset in situation.assets}
    return Outcome(whole, _first(situation.now, judged), positions)


@exact
def along(situation: Situation, name: str, vector: Mapping[str, Decimal]) -> Along:
    """Return how far `situation` can move along `vector`, exactly.

    Raises
    ------
    UsageError
        If the vector is empty, names what the account has no stake in, or nothing in it moves.
    """
    for asset in vector:
        if asset not in situation.assets:
            raise UsageError(f"{asset} is nothing that the account has a stake in")
    if not any(vector.values()):
        raise UsageError(f"{name}: nothing in it moves")
    try:
        multiple = situation.reach(vector)
    except UnknownError as error:
        return Along(name, dict(vector), None, None, str(error))
    if multiple is None:
        return Along(name, dict(vector), None, None)
    moves = {asset: multiple * move for asset, move in vector.items()}
    return Along(name, dict(vector), multiple, outcome(situation, moves))


def together(situation: Situation) -> tuple[Along, Along]:
    """Return the ends where everything falls, and rises, by the same percentage."""
    return (
        along(situation, "all fall alike", dict.fromkeys(situation.assets, -ONE)),
        along(situation, "all rise alike", dict.fromkeys(situation.assets, ONE)),
    )


def by_betas(situation: Situation, covariance: Covariance, reference: str) -> tuple[Along, Along]:
    """Return the ends where `reference` falls, and rises, and each asset by its beta to it.

    The multiple is then the move of `reference`; betas are rounded to 4 places.

    Raises
    ------
    UnknownError
        If an asset of the account has no history in `covariance`.
    UsageError
        If `reference` has none.
    """
    covariance.of(situation.assets)
    betas = dict(zip(covariance.assets, covariance.betas(reference).tolist(), strict=True))
    vector = {asset: Decimal(repr(betas[asset])).quantize(BETA_STEP) for asset in situation.assets}
    falling = {asset: -beta for asset, beta in vector.items()}
    return (
        along(situation, f"{reference} falls, the others by beta", falling),
        along(situation, f"{reference} rises, the others by beta", vector),
    )


def _first(now: Assessment, there: Assessment) -> str:
    # What was empty before has no share to lose; what is liquidatable has lost all of it.
    left: list[tuple[Decimal, str]] = []
    for before, after in zip(now.units, there.units, strict=True):
        if after.is_liquidatable:
            left.append((ZERO, after.name))
        elif before.health is not None and after.health is not None and before.health.buffer > 0:
            share = quotient_down(after.health.buffer, before.health.buffer)
            left.append((share, after.name))
    return min(left, key=lambda pair: pair[0])[1] if left else there.worst.name


def _there(position: Position, situation: Situation, there: Market) -> PositionThere:
    instrument = situation.rulebook.contracts[position.symbol].instrument
    now = mark_of(instrument, situation.market)
    then = mark_of(instrument, there)
    profit = None
    if now is not None and then is not None:
        if instrument.option is None:
            profit = unrealised_pnl(position.size, now, then, instrument)
        else:
            profit = position.size * instrument.multiplier * (then - now)
    return PositionThere(position.symbol, position.side, instrument.settle, now, then, profit)
