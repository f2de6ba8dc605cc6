"""The value of an option on a forward: Black-76, one option at a time, in floats.

Venues mark options by it where trades are too few. It needs logarithms and the normal
distribution, so it is computed in float64, the only floats besides the array twin: `mark` takes
decimals in and gives a decimal back, so that no float leaves this module into margin sums.

Call: discount × (F N(d1) − K N(d2)). Put: discount × (K N(−d2) − F N(−d1)).
d1 = ln(F ÷ K) ÷ s + s ÷ 2, d2 = d1 − s, s = volatility × √years; no deviation, no time value.
The formulas take numbers alone, so that the array twin compiles these very functions.

How far off: at most `ERROR_FRACTION` × (1 + d²) × discount × (F N(±d1) + K N(±d2)), d the larger
of |d1| and |d2|: N comes from the complementary error function, so its tail keeps its relative
accuracy, and an error that d1 and d2 share cancels because F n(d1) = K n(d2). Where the two
products nearly cancel, the value has fewer good digits than a float, as any difference.

The value is never below the discounted intrinsic value. NaN in gives NaN out.

Source: F. Black, "The pricing of commodity contracts", Journal of Financial Economics 3 (1976).
"""

import math
from decimal import Decimal

from msgspec import Struct

from crossmargin.errors import UnitError
from crossmargin.model.option import Right
from crossmargin.money import exact

ERROR_FRACTION = 2e-15
"""Bound on the relative error of each product F N and K N per (1 + d²): 18 roundings of 2^-53."""

DAYS_PER_YEAR = 365
"""Which is how venues count an option's time."""

SECONDS_PER_YEAR = 86_400 * DAYS_PER_YEAR

SMALLEST_MARK = Decimal("1e-36")
"""What marks are rounded to: finer than any venue's, coarse enough for sums to stay exact."""

_LAST_DIGIT_KEPT = 1e-19
"""Floats have 17 digits at most, so at or above this the last one is no smaller than a mark."""

_SQRT_HALF = math.sqrt(0.5)
_DENSITY_AT_ZERO = 1.0 / math.sqrt(2.0 * math.pi)


def sign_of(right: Right) -> float:
    """Return 1 for a call, −1 for a put."""
    return 1.0 if right is Right.CALL else -1.0


def normal_cdf(x: float) -> float:
    """Return the standard normal distribution at `x`, accurate in relative terms."""
    return 0.5 * math.erfc(-x * _SQRT_HALF)


def d1_d2(moneyness: float, deviation: float) -> tuple[float, float]:
    """Return d1 and d2 of ln(F ÷ K) and volatility × √years, the latter above zero."""
    distance = moneyness / deviation
    return distance + 0.5 * deviation, distance - 0.5 * deviation


def undiscounted(
    sign: float, forward: float, strike: float, moneyness: float, deviation: float
) -> float:
    """Return the undiscounted value of one unit; `sign` is 1 of a call, −1 of a put."""
    intrinsic = max(sign * (forward - strike), 0.0)
    if deviation == 0.0:
        return intrinsic
    d1, d2 = d1_d2(moneyness, deviation)
    spread = sign * (forward * normal_cdf(sign * d1) - strike * normal_cdf(sign * d2))
    return max(spread, intrinsic)


def black_76(
    right: Right,
    forward: float,
    strike: float,
    volatility: float,
    years: float,
    discount: float = 1.0,
) -> float:
    """Return the value of one unit, in the unit of `forward`; error as in the module's head.

    Parameters
    ----------
    forward, strike : above zero, in the same quote asset.
    volatility : a year's, as a fraction (0.8 is 80 %), not negative.
    years : to expiry, not negative.
    discount : worth today of one unit paid at expiry.
    """
    deviation = volatility * math.sqrt(years)
    moneyness = math.log(forward / strike)
    return discount * undiscounted(sign_of(right), forward, strike, moneyness, deviation)


@exact
def mark(
    right: Right, forward: Decimal, strike: Decimal, volatility: Decimal, seconds: Decimal
) -> Decimal:
    """Return the undiscounted `black_76` value of one unit as a decimal.

    Inputs are rounded to the nearest float64; the answer is the shortest decimal that spells the
    float, rounded half to even at `SMALLEST_MARK`, so it favours neither side and is as far off as
    the float is. Prices in the quote asset, `volatility` a year's as a fraction, `seconds` to
    expiry.

    Raises
    ------
    UnitError
        If forward or strike is not above zero, or volatility or time is negative or no number.
    """
    return _spelled(black_76(right, *_floats(forward, strike, volatility, seconds)))


class Greeks(Struct, frozen=True):
    """How the undiscounted value of one unit changes, as venues' screens show it.

    Attributes
    ----------
    delta : per unit of the forward.
    gamma : of delta, per unit of the forward.
    vega : in the quote asset, per hundredth of volatility a year (from 50 % to 51 %).
    theta : in the quote asset, per day that passes; not above zero.
    """

    delta: Decimal
    gamma: Decimal
    vega: Decimal
    theta: Decimal


@exact
def greeks(
    right: Right, forward: Decimal, strike: Decimal, volatility: Decimal, seconds: Decimal
) -> Greeks:
    """Return the greeks of what `mark` values; taken, rounded and refused as there.

    Raises
    ------
    UnitError
        If forward or strike is not above zero, or volatility or time is negative or no number.
    """
    given = _floats(forward, strike, volatility, seconds)
    return Greeks(*map(_spelled, sensitivities(sign_of(right), *given)))


@exact
def delta(
    right: Right, forward: Decimal, strike: Decimal, volatility: Decimal, seconds: Decimal
) -> Decimal:
    """Return how much the value of one unit follows the forward: N(d1), of a put N(d1) − 1.

    Raises
    ------
    UnitError
        If forward or strike is not above zero, or volatility or time is negative or no number.
    """
    return greeks(right, forward, strike, volatility, seconds).delta


def sensitivities(
    sign: float, forward: float, strike: float, volatility: float, years: float
) -> tuple[float, float, float, float]:
    """Return delta, gamma, vega and theta, in the units of `Greeks`.

    Without time or volatility delta is whether the option is in the money, the others are zero.
    """
    deviation = volatility * math.sqrt(years)
    if deviation == 0.0:
        return (sign if sign * (forward - strike) > 0.0 else 0.0), 0.0, 0.0, 0.0
    d1, _ = d1_d2(math.log(forward / strike), deviation)
    density = _DENSITY_AT_ZERO * math.exp(-0.5 * d1 * d1)
    slope = forward * density * math.sqrt(years)
    return (
        sign * normal_cdf(sign * d1),
        density / (forward * deviation),
        slope / 100.0,
        -slope * volatility / (2.0 * years) / DAYS_PER_YEAR,
    )


def _floats(
    forward: Decimal, strike: Decimal, volatility: Decimal, seconds: Decimal
) -> tuple[float, float, float, float]:
    # Time comes in seconds and leaves in years.
    for name, given in (("forward", forward), ("strike", strike)):
        if not given.is_finite() or given <= 0:
            raise UnitError(f"the option's {name} is {given}, must be above zero")
    for name, given in (("volatility", volatility), ("time to expiry", seconds)):
        if not given.is_finite() or given < 0:
            raise UnitError(f"the option's {name} is {given}, must not be negative")
    return float(forward), float(strike), float(volatility), float(seconds) / SECONDS_PER_YEAR


def _spelled(value: float) -> Decimal:
    spelled = Decimal(repr(value))
    # Only far out of the money: rounding the rest would but add zeros to it.
    return spelled.quantize(SMALLEST_MARK) if abs(value) < _LAST_DIGIT_KEPT else spelled


VOLATILITY_MAX = 100.0
"""Above 10,000 % a year nothing is implied: the price is no option's."""


@exact
def implied_volatility(
    right: Right, forward: Decimal, strike: Decimal, value: Decimal, seconds: Decimal
) -> Decimal | None:
    """Return the volatility at which `mark` is `value`; None where there is none.

    There is none below intrinsic value, at or above what the option can be worth at most (the
    forward of a call, the strike of a put), nor without time. Halved until the interval is one
    float wide, so it is as good as the value is; near intrinsic value that is not much.
    """
    years = float(seconds) / SECONDS_PER_YEAR
    if years <= 0 or not value.is_finite():
        return None
    terms = (right, float(forward), float(strike))
    wanted = float(value)
    low, high = 0.0, VOLATILITY_MAX
    if not black_76(*terms, low, years) <= wanted < black_76(*terms, high, years):
        return None
    while True:
        middle = 0.5 * (low + high)
        if middle in (low, high):
            return Decimal(repr(middle))
        if black_76(*terms, middle, years) < wanted:
            low = middle
        else:
            high = middle
