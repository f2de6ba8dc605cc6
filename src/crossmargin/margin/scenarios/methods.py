"""Which module margins a unit, by the record its numbers are in."""

from collections.abc import Iterable

from crossmargin.errors import InvariantBroken
from crossmargin.margin.scenarios import bybit, deribit, derive, okx
from crossmargin.margin.scenarios.leg import PortfolioUnit
from crossmargin.margin.scenarios.requirement import UnitRequirement
from crossmargin.rulebooks.portfolio.bybit import BybitPortfolio
from crossmargin.rulebooks.portfolio.deribit import DeribitPortfolio
from crossmargin.rulebooks.portfolio.derive import DerivePortfolio
from crossmargin.rulebooks.portfolio.okx import OkxPortfolio
from crossmargin.rulebooks.portfolio.rule import PortfolioRule


def requirement(unit: PortfolioUnit, rule: PortfolioRule) -> UnitRequirement:
    """Return what `rule` asks of `unit`.

    Raises
    ------
    UnknownError
        If the rule's numbers do not cover the unit's underlying.
    """
    if isinstance(rule, DeribitPortfolio):
        return deribit.requirement(unit, rule)
    if isinstance(rule, DerivePortfolio):
        return derive.requirement(unit, rule)
    if isinstance(rule, OkxPortfolio):
        return okx.requirement(unit, rule)
    if isinstance(rule, BybitPortfolio):
        return bybit.requirement(unit, rule)
    raise InvariantBroken(f"{type(rule).__name__} plays no scenarios")


def check_units(units: Iterable[PortfolioUnit], rule: PortfolioRule) -> None:
    """Refuse what one account cannot hold under `rule`.

    Raises
    ------
    UsageError
        One sentence that says what.
    """
    if isinstance(rule, DerivePortfolio):
        derive.check_units(units, rule)
