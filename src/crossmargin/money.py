"""Exact decimal arithmetic, with rounding whose direction is in the name.

Money, prices, sizes and rates are `Decimal`. Sums and products of them are exact under
`CONTEXT` (150 digits, while inputs carry at most 18 before and 18 after the point, and quotients
50 in all), so a digit can only be lost in the divisions and roundings below, and each of those
says which way it goes.
Callers choose the way that is never in the account's favour: requirements up, equity down.

This module knows nothing of accounts or venues.
"""

from collections.abc import Callable
from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    getcontext,
    setcontext,
)
from functools import wraps
from typing import ParamSpec, TypeVar

from crossmargin.errors import UnitError

P = ParamSpec("P")
R = TypeVar("R")

DIGITS = 50
"""What quotients are cut to; sums and products have room for three times as many."""
DIGITS_INTEGER_MAX = 18
DIGITS_FRACTION_MAX = 18

_TRAPS = [InvalidOperation, DivisionByZero, Overflow]
CONTEXT = Context(prec=3 * DIGITS, rounding=ROUND_HALF_EVEN, traps=_TRAPS)
_CEILING = Context(prec=DIGITS, rounding=ROUND_CEILING, traps=_TRAPS)
_FLOOR = Context(prec=DIGITS, rounding=ROUND_FLOOR, traps=_TRAPS)

ZERO = Decimal(0)
ONE = Decimal(1)
EIGHT_PLACES = Decimal("0.00000001")
"""The unit in which balances are posted and answers are printed."""


def exact(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` running under `CONTEXT`, whatever decimal context the caller has."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        # localcontext() copies the context, which costs as much as margining a position.
        callers = getcontext()
        setcontext(CONTEXT)
        try:
            return function(*args, **kwargs)
        finally:
            setcontext(callers)

    return run


def number(text: str | int | Decimal) -> Decimal:
    """Return the decimal that `text` spells, exactly.

    Raises
    ------
    UnitError
        If it is not a number, not finite, or has more than 18 digits on a side of the point.
    """
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise UnitError(f"{text!r} is not a number") from None
    if not value.is_finite():
        raise UnitError(f"{text} is not finite")
    exponent = value.as_tuple().exponent
    if value and (value.adjusted() >= DIGITS_INTEGER_MAX or -int(exponent) > DIGITS_FRACTION_MAX):
        raise UnitError(
            f"{text} has more than {DIGITS_INTEGER_MAX} digits before "
            f"or {DIGITS_FRACTION_MAX} after the point"
        )
    return value


quotient_up: Callable[[Decimal, Decimal], Decimal] = _CEILING.divide
"""Dividend ÷ divisor to 50 digits, rounded towards +infinity."""

quotient_down: Callable[[Decimal, Decimal], Decimal] = _FLOOR.divide
"""Dividend ÷ divisor to 50 digits, rounded towards -infinity."""


def up_to(step: Decimal, value: Decimal) -> Decimal:
    """Return the smallest multiple of `step` that is not below `value`."""
    return _CEILING.divide(value, step).to_integral_value(ROUND_CEILING) * step


def down_to(step: Decimal, value: Decimal) -> Decimal:
    """Return the largest multiple of `step` that is not above `value`."""
    return _FLOOR.divide(value, step).to_integral_value(ROUND_FLOOR) * step


def plain(value: Decimal) -> str:
    """Return `value` as digits without exponent, trailing zeros or minus zero."""
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def posted_text(amount: Decimal) -> str:
    """Return an amount of money in words' digits: as it is posted, at 8 places rounded down."""
    return plain(down_to(EIGHT_PLACES, amount))
