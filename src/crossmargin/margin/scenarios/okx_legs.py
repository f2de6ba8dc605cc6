"""What OKX's scenarios make of single legs, in USD.

A move is one of the index, by so much money in every price: index × move is added to marks and
forwards alike, so that a future and the options on it stay hedged.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from itertools import pairwise

from msgspec.structs import replace

from crossmargin.margin.scenarios.grouping import USD
from crossmargin.margin.scenarios.leg import Leg, PortfolioUnit
from crossmargin.margin.scenarios.maturities import leg_delta
from crossmargin.margin.scenarios.revalue import profit
from crossmargin.margin.scenarios.volatility import SECONDS_PER_DAY
from crossmargin.model.scenario import Direction, Scenario
from crossmargin.money import ONE, ZERO, exact
from crossmargin.rulebooks.portfolio.okx import VolatilityShift

_NEAREST = Context(prec=50, rounding=ROUND_HALF_EVEN)


def usd_rate(leg: Leg, unit: PortfolioUnit) -> Decimal:
    """Return what a unit of the leg's quote asset is worth in USD: inverse contracts quote USD."""
    if leg.is_inverse or leg.is_spot or leg.settle == USD:
        return ONE
    return unit.rates[leg.settle]


@exact
def cash_delta(leg: Leg, unit: PortfolioUnit) -> Decimal:
    """Return what a leg is worth of the underlying, in USD at its own mark; spot's at the index."""
    if leg.is_spot:
        return leg.size * unit.index
    return leg_delta(leg) * leg.price * usd_rate(leg, unit)


@exact
def shifted_volatility(
    volatility: Decimal, seconds: Decimal, direction: Direction, shifts: Sequence[VolatilityShift]
) -> Decimal:
    """Return `volatility` shifted up or down by the larger of a fraction of it and some points.

    Both are those of the days to expiry, on the straight line between two rows; that quotient is
    rounded to the nearest at 50 digits. Not below zero.
    """
    if direction is Direction.NONE:
        return volatility
    fraction, points = _shift_at(_NEAREST.divide(seconds, SECONDS_PER_DAY), shifts)
    size = max(volatility * fraction, points)
    return volatility + size if direction is Direction.UP else max(ZERO, volatility - size)


@exact
def _shift_at(days: Decimal, shifts: Sequence[VolatilityShift]) -> tuple[Decimal, Decimal]:
    if days <= shifts[0].days:
        return shifts[0].fraction, shifts[0].points
    for near, far in pairwise(shifts):
        if days <= far.days:
            part = _NEAREST.divide(days - near.days, far.days - near.days)
            return (
                near.fraction + part * (far.fraction - near.fraction),
                near.points + part * (far.points - near.points),
            )
    return shifts[-1].fraction, shifts[-1].points


@exact
def scenario_profit(
    leg: Leg, unit: PortfolioUnit, scenario: Scenario, shifts: Sequence[VolatilityShift]
) -> Decimal:
    """Return what a leg makes in USD when the index moves; an option's move is rounded to nearest.

    Futures, perpetuals and spot make size × index × move: exact.
    """
    if leg.option is None:
        return leg.size * unit.index * scenario.move
    rate = usd_rate(leg, unit)
    move = _NEAREST.divide(unit.index * scenario.move, leg.price * rate)
    volatility = shifted_volatility(
        leg.option.volatility, leg.seconds or ZERO, scenario.direction, shifts
    )
    return profit(leg, move, volatility) * rate


@exact
def with_spot_in_use(unit: PortfolioUnit) -> PortfolioUnit:
    """Return the unit with no more spot than offsets the delta of its derivatives.

    Legs stay in their places; spot that hedges nothing has size zero.
    """
    if not any(leg.is_spot for leg in unit.legs):
        return unit
    left = sum((leg_delta(leg) for leg in unit.legs if not leg.is_spot), ZERO)
    legs = []
    for leg in unit.legs:
        if leg.is_spot:
            used = min(abs(leg.size), abs(left)) if leg.size * left < 0 else ZERO
            legs.append(replace(leg, size=used.copy_sign(leg.size)))
            left += legs[-1].size
        else:
            legs.append(leg)
    return replace(unit, legs=tuple(legs))
