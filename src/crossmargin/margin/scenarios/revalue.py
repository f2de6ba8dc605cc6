"""What a leg makes when its underlying moves and its volatility shifts.

Counted in the quote asset, an amount of coins makes size × price × move, whether its contract is
linear or inverse: an inverse one pays in coins, and the coins are worth what they are worth after
the move. Counted in coins at the moved price it makes size × (1 − 1 ÷ (1 + move)), and price levels
cancel. Options are valued by Black-76 on their moved forward, undiscounted, before and after.

Linear outcomes are exact; quotients are rounded down, so never in the account's favour.
"""

from decimal import Decimal
from functools import lru_cache

from crossmargin.errors import UnitError
from crossmargin.margin.black import mark
from crossmargin.margin.scenarios.leg import Leg
from crossmargin.money import ONE, ZERO, exact, quotient_down


@exact
def option_value(leg: Leg, move: Decimal, volatility: Decimal) -> Decimal:
    """Return the worth of one unit of an option in the quote asset; zero of anything else.

    Raises
    ------
    UnitError
        If the moved forward is not above zero, or the volatility is below it.
    """
    option = leg.option
    if option is None:
        return ZERO
    forward = leg.price * (ONE + move)
    return mark(option.right, forward, option.strike, volatility, leg.seconds or ZERO)


# Every scenario of a grid asks for the same.
@lru_cache(maxsize=4096)
def value_now(leg: Leg) -> Decimal:
    """Return the worth of one unit of an option where it is; errors as of `option_value`."""
    return ZERO if leg.option is None else option_value(leg, ZERO, leg.option.volatility)


@exact
def profit(leg: Leg, move: Decimal, volatility: Decimal | None = None) -> Decimal:
    """Return what the leg makes, in the quote asset, at a relative `move`.

    Parameters
    ----------
    volatility : an option's after the move; None where it stays.

    Raises
    ------
    UnitError
        If the move leaves nothing of the price.
    """
    _check(move)
    if leg.option is None:
        return leg.size * leg.price * move
    before = value_now(leg)
    after = option_value(leg, move, leg.option.volatility if volatility is None else volatility)
    return leg.size * (after - before)


@exact
def coin_profit(leg: Leg, move: Decimal, volatility: Decimal | None = None) -> Decimal:
    """Return what the leg makes in coins at the moved price; rounded down at 50 digits.

    Raises
    ------
    UnitError
        If the move leaves nothing of the price.
    """
    _check(move)
    if leg.option is None:
        return quotient_down(leg.size * move, ONE + move)
    before = value_now(leg)
    after = option_value(leg, move, leg.option.volatility if volatility is None else volatility)
    # One division: (after ÷ (1 + move) − before) ÷ forward.
    return quotient_down(leg.size * (after - before * (ONE + move)), leg.price * (ONE + move))


def _check(move: Decimal) -> None:
    if move <= -1:
        raise UnitError(f"a move of {move} leaves nothing of the price, must be above -1")
