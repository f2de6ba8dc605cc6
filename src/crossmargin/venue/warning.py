"""Telling owners that a pool or bucket has come near its liquidation: the ladder's first step.

A warning is given once, when maintenance margin has come to so much of equity, and again only after
it was over. Whoever falls through both lines at once is liquidated without one. Prices that may not
be acted upon warn nobody, and end no warning.
"""

from crossmargin.margin.assessment import Assessment, UnitAssessment
from crossmargin.venue.actions import positions_of
from crossmargin.venue.decision import Decision
from crossmargin.venue.event import Warned, WarningOver
from crossmargin.venue.prices import is_usable


def warn(decision: Decision, name: str, assessment: Assessment) -> None:
    """Warn the owner of units that are near their liquidation now, and end what is over."""
    state = decision.state
    account = decision.account(name)
    if account.is_maker:
        return
    left = dict(account.warned)
    for unit in assessment.units:
        is_warned = unit.name in left
        left.pop(unit.name, None)
        if unit.health is None or _is_near(unit, decision) is is_warned:
            continue
        if not all(is_usable(state, one.symbol) for one in positions_of(assessment, unit)):
            continue
        if is_warned:
            decision.emit(WarningOver(account=name, unit=unit.name))
        else:
            decision.emit(Warned(account=name, unit=unit.name, health=unit.health))
    for unit_name in left:
        decision.emit(WarningOver(account=name, unit=unit_name))


def _is_near(unit: UnitAssessment, decision: Decision) -> bool:
    health = unit.health
    if health is None or not health.maintenance_margin:
        return False
    return health.maintenance_margin >= decision.state.settings.warn_fraction * health.equity
