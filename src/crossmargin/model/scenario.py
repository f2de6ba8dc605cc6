"""What portfolio margin supposes: the underlying moves, its volatility shifts.

A scenario is one cell of a venue's grid. How far volatility shifts in a direction is the venue's
business (`margin.scenarios.volatility`), what a portfolio makes in it `margin.scenarios.revalue`'s.
"""

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from crossmargin.money import ONE


class Direction(StrEnum):
    """Where implied volatility goes.

    LINEAR and ABSOLUTE tilt the smile instead of moving it: by moneyness, or by its distance from
    the money (Derive).
    """

    DOWN = "down"
    NONE = "none"
    UP = "up"
    LINEAR = "linear"
    ABSOLUTE = "abs"


class Scenario(Struct, frozen=True, forbid_unknown_fields=True):
    """One cell of a grid.

    Attributes
    ----------
    move : of the underlying, relative: −0.16 is a fall by 16 %; above −1.
    damping : what of the outcome counts; below 1 for moves far out.
    """

    move: Decimal
    direction: Direction = Direction.NONE
    damping: Decimal = ONE
