"""Why a portfolio is asked for what it is: the worst scenario, who loses in it, and which hedge.

A hedge is seen by taking things apart: what positions would be asked for alone, and what two of
them would be asked for together. The difference is what that pair saves. Pairs' savings do not add
up to the portfolio's: a third position may need the same hedge.
"""

from decimal import Decimal
from itertools import combinations

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.errors import UsageError
from crossmargin.margin.assessment import Assessment
from crossmargin.margin.scenarios.grouping import units_of
from crossmargin.margin.scenarios.leg import Leg, PortfolioUnit
from crossmargin.margin.scenarios.methods import requirement
from crossmargin.margin.scenarios.requirement import UnitRequirement
from crossmargin.money import EIGHT_PLACES, ZERO, exact
from crossmargin.rulebooks.portfolio.rule import PortfolioRule


class Share(Struct, frozen=True):
    """One leg's part; money in the unit's asset.

    Attributes
    ----------
    outcome : what it makes in the worst scenario, as it is; losses negative. None where no
        scenario loses.
    alone : the maintenance margin it would be asked for by itself.
    """

    symbol: str
    outcome: Decimal | None
    alone: Decimal


class Pair(Struct, frozen=True):
    """Two legs of a unit, and what they need less together than each alone.

    `saving` is of maintenance margin, below zero where together they need more.
    """

    first: str
    second: str
    saving: Decimal


class UnitExplanation(Struct, frozen=True):
    """What one unit is asked for, taken apart.

    Attributes
    ----------
    alone : the sum of what its legs, and the coins margined with them, would be asked for by
        themselves.
    pairs : those that save or cost anything (from the unit of posting on), the largest first.
    """

    requirement: UnitRequirement
    shares: tuple[Share, ...]
    alone: Decimal
    pairs: tuple[Pair, ...]

    @property
    @exact
    def saving(self) -> Decimal:
        """Return what the portfolio is asked for less than its positions alone."""
        return self.alone - self.requirement.maintenance_margin


@exact
def explained(assessment: Assessment) -> tuple[UnitExplanation, ...]:
    """Return the units of an account in portfolio mode taken apart; those that are known.

    Where requirements add up, a unit is its charges, without shares or pairs.

    Raises
    ------
    UsageError
        If the account is not in portfolio mode.
    """
    rule = assessment.rulebook.portfolio
    if rule is None or assessment.judge is None:
        raise UsageError("only accounts in portfolio mode have units to take apart")
    if not assessment.has_scenarios:
        return tuple(
            UnitExplanation(unit, (), unit.maintenance_margin, ()) for unit in assessment.portfolio
        )
    grouped = units_of(assessment.account, assessment.market, assessment.rulebook)
    known = {(unit.asset, unit.name) for unit in assessment.portfolio}
    return tuple(
        explained_unit(unit, rule) for unit in grouped.units if (unit.asset, unit.name) in known
    )


@exact
def explained_unit(unit: PortfolioUnit, rule: PortfolioRule) -> UnitExplanation:
    """Return one unit taken apart."""
    whole = requirement(unit, rule)
    alone = [_asked(unit, rule, leg) for leg in unit.legs]
    worst = whole.worst
    coins = (
        requirement(replace(unit, legs=()), rule).maintenance_margin if unit.collateral else ZERO
    )
    shares = tuple(
        Share(leg.symbol, None if worst is None else worst.shares[place], alone[place])
        for place, leg in enumerate(unit.legs)
    )
    pairs = []
    for (place, first), (other, second) in combinations(enumerate(unit.legs), 2):
        saving = alone[place] + alone[other] - _asked(unit, rule, first, second)
        if abs(saving) >= EIGHT_PLACES:
            pairs.append(Pair(first.symbol, second.symbol, saving))
    pairs.sort(key=lambda pair: -pair.saving)
    return UnitExplanation(whole, shares, sum(alone, coins), tuple(pairs))


def _asked(unit: PortfolioUnit, rule: PortfolioRule, *legs: Leg) -> Decimal:
    return requirement(replace(unit, legs=legs, collateral={}), rule).maintenance_margin
