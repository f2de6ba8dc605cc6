"""What is compared after every batch: the venue's state with the auditor's facts, and with itself.

The auditor says what is wrong with what was published. Here is what only the state shows: that it
is what the events make of it (laws 17, 20, 25), and that nobody who has failed is left alone.
"""

from fractions import Fraction

from crossmargin.model.account import AssetsMode
from crossmargin.venue.actions import positions_of
from crossmargin.venue.asset_prices import usable_index
from crossmargin.venue.event import OrderStatus
from crossmargin.venue.judging import judged
from crossmargin.venue.ledger import FUND, audit, balances
from crossmargin.venue.liquidation import failed_unit
from crossmargin.venue.prices import is_usable


def broken(state, auditor):
    """Yield the laws that a state breaks at the end of a batch."""
    yield from auditor.broken
    yield from (f"law 17: {one}" for one in audit(state))
    yield from _money(state, auditor.facts)
    yield from _positions(state, auditor.facts)
    yield from _orders(state, auditor.facts)
    if state.halted is None:
        yield from left_alone(state)


def left_alone(state):
    """Yield accounts that have failed at usable prices, and whom nobody has looked after.

    A debt that nobody has the means for stays: there are no positions left in it.
    """
    for name in state.accounts:
        if name == FUND:
            continue
        assessment = judged(state, name)
        passed = set()
        while (unit := failed_unit(assessment, passed)) is not None:
            passed.add(unit.name)
            held = positions_of(assessment, unit)
            is_known = all(is_usable(state, one.symbol) for one in held)
            if held and is_known and _is_collateral_known(state, assessment, unit):
                yield f"law 9: {unit.name} of {name} has failed and is left alone: {unit.health}"


def _is_collateral_known(state, assessment, unit):
    account = assessment.account
    if unit.symbol is not None or account.assets_mode is AssetsMode.SINGLE:
        return True
    return all(usable_index(state, asset) for asset, money in account.balances.items() if money)


def _money(state, facts):
    found = {key: Fraction(amount) for key, amount in balances(state).items() if amount}
    known = {key: amount for key, amount in facts.purses.items() if amount}
    for key in sorted(found.keys() | known.keys()):
        if found.get(key, 0) != known.get(key, 0):
            yield f"law 17: {key} holds {found.get(key, 0)}, by the events {known.get(key, 0)}"


def _positions(state, facts):
    found = {
        (name, symbol, side): (Fraction(one.size), Fraction(one.entry_price), Fraction(one.margin))
        for name, account in state.accounts.items()
        for (symbol, side), one in account.positions.items()
    }
    known = {key: (one.size, one.entry, one.margin) for key, one in facts.held.items()}
    for key in sorted(found.keys() ^ known.keys(), key=str):
        yield f"law 25: the position {key} is in one of state and events only"
    for key in found.keys() & known.keys():
        if found[key] != known[key]:
            yield f"law 25: the position {key} is {found[key]}, by the events {known[key]}"


def _orders(state, facts):
    found = {one.id: (one.status, Fraction(one.size)) for one in state.orders.values()}
    known = {one.id: (OrderStatus(one.status), one.left) for one in facts.tickets.values()}
    for key in sorted(found.keys() | known.keys()):
        if found.get(key) != known.get(key):
            yield f"law 20: the order {key} is {found.get(key)}, by the events {known.get(key)}"
