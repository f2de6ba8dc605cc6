"""Ladders that climb by a fixed step: one base limit, and the same increase for every step above.

A venue that publishes only base limit, step and base rates has said its whole ladder: a position
is so many steps above the base limit, and its rates hold for all of it. The initial rate climbs by
the base *maintenance* rate, which is where such ladders are misread. This spells the ladder out
as tiers (`encode` has the text of a rulebook file); it does not know when an owner has raised
the limit, nor what open orders add to the position. Source: BitMEX, "Risk limits examples".

Invariant: the tier that holds a position is `steps_above` its base limit, a position exactly on a
limit being below it.
"""

from decimal import Decimal

from msgspec import Struct

from crossmargin.errors import UsageError
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import ONE, ZERO, exact, plain, quotient_down


class RiskLimits(Struct, frozen=True):
    """What a stepped ladder follows from; limits in the settle asset, rates of notional.

    Attributes
    ----------
    base_limit : the largest position at the base rates.
    step : by how much each further step is larger.
    maintenance_rate, initial_rate : at the base limit.
    """

    base_limit: Decimal
    step: Decimal
    maintenance_rate: Decimal
    initial_rate: Decimal


@exact
def steps_above(notional: Decimal, limits: RiskLimits) -> int:
    """Return max(0, ⌈(notional − base limit) ÷ step⌉), the steps a position is above the base.

    Raises
    ------
    UsageError
        If the base limit or the step is not above zero.
    """
    _check(limits)
    above = notional - limits.base_limit
    if above <= 0:
        return 0
    whole, rest = divmod(above, limits.step)
    return int(whole) + (1 if rest else 0)


@exact
def stepped_tiers(limits: RiskLimits, steps: int) -> Tiers:
    """Return the ladder up to `steps` steps above the base limit, known no further.

    maintenance rate = base × (1 + steps), initial rate = base initial + steps × base maintenance;
    both exact. The largest leverage is 1 ÷ initial rate, rounded down at 50 digits.

    Raises
    ------
    UsageError
        If the base limit or the step is not above zero, the rates are not between 0 and 1 with
        the initial one the larger, or so many steps lead to a rate of 1 or more.
    """
    _check(limits)
    pieces = []
    limit = ZERO
    for number in range(steps + 1):
        added = number * limits.maintenance_rate
        initial = limits.initial_rate + added
        if initial >= ONE:
            raise UsageError(f"{number} steps lead to an initial rate of {plain(initial)}")
        pieces.append(
            Tier(
                limit,
                limits.maintenance_rate + added,
                ZERO,
                quotient_down(ONE, initial),
                initial,
            )
        )
        limit = limits.base_limit + number * limits.step
    return Tiers.of(tuple(pieces), known_to=limit)


def _check(limits: RiskLimits) -> None:
    if limits.base_limit <= 0 or limits.step <= 0:
        raise UsageError(
            f"base limit {plain(limits.base_limit)} and step {plain(limits.step)} must be above 0"
        )
    if not ZERO < limits.maintenance_rate <= limits.initial_rate < ONE:
        raise UsageError(
            f"base rates {plain(limits.maintenance_rate)} (maintenance) and "
            f"{plain(limits.initial_rate)} (initial) must rise from 0 to 1"
        )
