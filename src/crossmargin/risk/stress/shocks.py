"""What might happen to prices: shocks, and the families that people think of them in.

A shock is a relative move per asset. All assets alike, one asset alone, every combination of some
(a grid), or all by their own volatility: down together, up together, or each the way that hurts,
which is what a correlation of one would be at its worst. Here they are only named; `stress` asks
what becomes of an account.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from itertools import product
from math import prod

from msgspec import Struct

from crossmargin.errors import UnknownError, UsageError
from crossmargin.money import ONE, ZERO, exact, plain

CELLS_MAX = 250_000
"""Shocks of one grid; more than this nobody reads, and memory goes with them."""


class ShockKind(StrEnum):
    """The family a shock is of."""

    CRASH = "crash"
    ALL = "all"
    ALONE = "alone"
    GRID = "grid"
    TO_ONE = "to-one"
    STILL = "still"


class Shock(Struct, frozen=True):
    """Relative moves of assets, at once.

    Attributes
    ----------
    title : in words, for people.
    moves : by asset, above −1; an asset that is not named stands still.
    name : of a crash, what it is asked for by; else empty.
    unknown : assets of the account that the shock says nothing of: they stand still, and that is
        not an answer about them.
    supposed : assets whose move is a rule's and not a figure's, with the rule.
    """

    title: str
    kind: ShockKind
    moves: dict[str, Decimal]
    name: str = ""
    unknown: tuple[str, ...] = ()
    supposed: dict[str, str] = {}


class Range(Struct, frozen=True):
    """Moves from `first` to `last`, both included, `step` apart; all relative."""

    first: Decimal
    last: Decimal
    step: Decimal

    @exact
    def values(self) -> list[Decimal]:
        """Return the moves, ascending.

        Raises
        ------
        UsageError
            If a step is not above zero, the order is wrong, a price would be gone, or there are
            too many.
        """
        if self.step <= 0:
            raise UsageError("a step must be above zero")
        if self.first > self.last:
            raise UsageError("the first move must not be above the last")
        if self.first <= -ONE:
            raise UsageError(f"a move by {plain(self.first * 100)} % leaves nothing of a price")
        count = int((self.last - self.first) / self.step) + 1
        if count > CELLS_MAX:
            raise UsageError(f"{count:,} moves are more than {CELLS_MAX:,}; take a larger step")
        return [self.first + place * self.step for place in range(count)]


def still() -> Shock:
    """Return the shock in which no price moves: what conditions do by themselves."""
    return Shock("prices stand still", ShockKind.STILL, {})


def all_alike(assets: Sequence[str], moves: Range) -> list[Shock]:
    """Return every asset moved by the same percentage, a shock for each of `moves`."""
    return [
        Shock(f"all {signed(move)}", ShockKind.ALL, dict.fromkeys(assets, move))
        for move in moves.values()
    ]


def each_alone(assets: Sequence[str], moves: Range) -> list[Shock]:
    """Return each asset moved by itself while the others stand still, asset by asset."""
    return [
        Shock(f"{asset} {signed(move)}, alone", ShockKind.ALONE, {asset: move})
        for asset in assets
        for move in moves.values()
        if move
    ]


def grid(axes: Mapping[str, Range], assets: Sequence[str]) -> list[Shock]:
    """Return every combination of the axes' moves, the last axis running fastest.

    Raises
    ------
    UsageError
        If an axis is of an asset not among `assets`, or there are more than `CELLS_MAX` cells.
    """
    for asset in axes:
        if asset not in assets:
            raise UsageError(not_held(asset, assets))
    values = {asset: moves.values() for asset, moves in axes.items()}
    cells = prod(len(moves) for moves in values.values())
    if cells > CELLS_MAX:
        raise UsageError(f"a grid of {cells:,} cells is more than {CELLS_MAX:,}; take larger steps")
    return [
        Shock(
            ", ".join(f"{asset} {signed(move)}" for asset, move in zip(values, row, strict=True)),
            ShockKind.GRID,
            dict(zip(values, row, strict=True)),
        )
        for row in product(*values.values())
    ]


@exact
def to_one(
    assets: Sequence[str],
    volatilities: Mapping[str, Decimal],
    hurts: Mapping[str, int],
    deviations: Decimal,
) -> list[Shock]:
    """Return all assets moved by `deviations` of their volatility: down, up, and as it hurts.

    Parameters
    ----------
    volatilities : relative, of the horizon that is meant; one for each asset.
    hurts : −1 or 1 by asset: the direction in which it alone costs the account more.

    Raises
    ------
    UnknownError
        If the volatility of an asset is not given: there is none to take instead.
    UsageError
        If a fall leaves nothing of a price.
    """
    missing = [asset for asset in assets if asset not in volatilities]
    if missing:
        raise UnknownError(
            f"with correlation going to one every asset moves by its volatility, and that of "
            f"{', '.join(missing)} is not known"
        )
    sizes = {asset: deviations * volatilities[asset] for asset in assets}
    gone = [asset for asset, size in sizes.items() if size >= ONE]
    if gone:
        raise UsageError(
            f"a fall by {plain(deviations)} × its volatility leaves nothing of {', '.join(gone)}"
        )
    times = f"{plain(deviations)} × volatility"
    ways = (
        (f"all down {times} together", dict.fromkeys(assets, -1)),
        (f"all up {times} together", dict.fromkeys(assets, 1)),
        (f"each {times} the way that hurts", dict(hurts)),
    )
    found: dict[tuple[Decimal, ...], Shock] = {}
    for title, way in ways:
        moves = {asset: size * way.get(asset, -1) for asset, size in sizes.items()}
        found.setdefault(tuple(moves.values()), Shock(title, ShockKind.TO_ONE, moves))
    return list(found.values())


def not_held(asset: str, assets: Sequence[str]) -> str:
    """Return the sentence that refuses an asset the account has no stake in."""
    return f"{asset} is nothing that the account has a stake in; it has one in {', '.join(assets)}"


def signed(move: Decimal) -> str:
    """Return a move as people write it: "−12.5 %", "+30 %"."""
    sign = "−" if move < ZERO else "+" if move > ZERO else ""
    return f"{sign}{plain(abs(move) * 100)} %"
