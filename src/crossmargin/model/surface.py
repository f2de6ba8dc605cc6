"""Implied volatility of one underlying, as observed: by expiry and strike.

Between listed strikes volatility is taken on the straight line, beyond the outermost ones as they
have it. Between expiries nothing is made up: an expiry that was not observed has no volatility.
All arithmetic is exact but the one quotient, rounded to the nearest at 50 digits: volatility is an
observation, so no side is favoured.
"""

from bisect import bisect_left
from decimal import ROUND_HALF_EVEN, Context, Decimal

from msgspec import Struct

from crossmargin.errors import UnitError
from crossmargin.money import DIGITS, ZERO, exact

_NEAREST = Context(prec=DIGITS, rounding=ROUND_HALF_EVEN)


class Smile(Struct, frozen=True):
    """What was observed of one expiry.

    Attributes
    ----------
    expires_ms : in milliseconds UTC.
    points : strike and volatility (a year's, as a fraction), strikes ascending.
    forward : price of the underlying for that day; None where the future's mark, or the index, is
        to be taken.
    rate : of interest a year, continuously, as a fraction.

    Raises
    ------
    UnitError
        If there is no point, strikes do not ascend, or a number is out of its range.
    """

    expires_ms: int
    points: tuple[tuple[Decimal, Decimal], ...]
    forward: Decimal | None = None
    rate: Decimal = ZERO

    def __post_init__(self) -> None:
        """Refuse what is no smile."""
        if not self.points:
            raise UnitError("a smile needs the volatility of at least one strike")
        below = ZERO
        for strike, volatility in self.points:
            if not strike.is_finite() or strike <= below:
                raise UnitError(f"strike {strike} must be above {below}: strikes ascend from zero")
            if not volatility.is_finite() or volatility < 0:
                raise UnitError(
                    f"the volatility at strike {strike} is {volatility}, must not be below zero"
                )
            below = strike
        if self.forward is not None and not (self.forward.is_finite() and self.forward > 0):
            raise UnitError(f"the forward is {self.forward}, must be above zero")
        if not self.rate.is_finite():
            raise UnitError(f"the interest rate cannot be {self.rate}")

    @exact
    def volatility(self, strike: Decimal) -> Decimal:
        """Return the volatility at `strike`."""
        place = bisect_left(self.points, strike, key=lambda point: point[0])
        if place == len(self.points):
            return self.points[-1][1]
        upper, upper_volatility = self.points[place]
        if upper == strike or not place:
            return upper_volatility
        lower, lower_volatility = self.points[place - 1]
        rise = (upper_volatility - lower_volatility) * (strike - lower)
        return lower_volatility + _NEAREST.divide(rise, upper - lower)


class Surface(Struct, frozen=True):
    """All observed expiries of one underlying, in any order; one smile an expiry."""

    smiles: tuple[Smile, ...]

    def at(self, expires_ms: int) -> Smile | None:
        """Return what was observed of an expiry; None if nothing was."""
        return next((smile for smile in self.smiles if smile.expires_ms == expires_ms), None)
