"""Implied volatility as a scenario has it: shifted by direction and time to expiry.

Powers are computed at 34 digits, rounded to the nearest: far finer than the float a volatility
becomes inside Black-76.

Sources: Deribit, "Portfolio margin" (support 25944756247837); derivexyz/v2-core, `PMRMLib_2.sol`.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache

from crossmargin.errors import InvariantBroken
from crossmargin.model.scenario import Direction
from crossmargin.money import ONE, ZERO, exact
from crossmargin.rulebooks.portfolio.volatility import TermShift

SECONDS_PER_DAY = Decimal(86_400)
MONTH = Decimal(30)
"""Days of the expiry that a range is stated for."""

_NEAREST = Context(prec=34, rounding=ROUND_HALF_EVEN)


@exact
def shifted(
    volatility: Decimal, seconds: Decimal, direction: Direction, shift: TermShift
) -> Decimal:
    """Return `volatility` shifted for an option `seconds` before its expiry.

    At its expiry an option has no time value to shift: volatility is then returned as it is.

    Raises
    ------
    InvariantBroken
        If the direction tilts the smile, which is no shift.
    """
    if direction is Direction.NONE or not seconds:
        return volatility
    moved = volatility * factor(term(seconds, shift), direction, shift)
    return max(moved, shift.up_floor) if direction is Direction.UP else moved


@exact
def factor(reach: Decimal, direction: Direction, shift: TermShift) -> Decimal:
    """Return what volatility is multiplied by, its floor apart; `reach` is the expiry's `term`.

    Raises
    ------
    InvariantBroken
        If the direction tilts the smile, which is no shift.
    """
    match direction:
        case Direction.NONE:
            return ONE
        case Direction.UP:
            return ONE + shift.range_up * reach
        case Direction.DOWN:
            return max(ZERO, ONE - shift.range_down * reach)
        case _:
            raise InvariantBroken(f"{direction} tilts the smile and does not shift it")


# A power takes longer than all else in a cell of the grid, and every cell of every leg of an expiry
# asks for the same.
@lru_cache(maxsize=1024)
@exact
def term(seconds: Decimal, shift: TermShift) -> Decimal:
    """Return (30 ÷ days)^power, `seconds` above zero; to the nearest at 34 digits."""
    days = _NEAREST.divide(seconds, SECONDS_PER_DAY)
    power = shift.short_power if days <= MONTH else shift.long_power
    return _NEAREST.power(_NEAREST.divide(MONTH, max(days, shift.days_floor)), power)
