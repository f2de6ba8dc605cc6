"""What of the insurance fund stands behind one market, and when it has lost enough there.

A market with a `fund_capital` is a sub-account of the fund: that much a day (UTC) and no more of
the fund's money is behind it, so that no market can use up what is there for all. What the fund
has realised and paid in the market today is gone from it; what its open position has lost counts
towards the threshold at which the position is given up to winners. Gains are the whole fund's.

Markets without a `fund_capital` share all that the fund has. Nothing is decided or changed here.

Sources of the rule: Hyperliquid's team on JELLY, March 2025 (the liquidator has a capped account
of its own, and its loss starts auto-deleveraging); dYdX v3, whose fund paid 9 M for one market.
"""

from decimal import Decimal

from msgspec.structs import replace

from crossmargin.margin.assessment import Assessment
from crossmargin.money import ZERO
from crossmargin.venue.judging import judged_as
from crossmargin.venue.ledger import FUND
from crossmargin.venue.state import State


def has_own_capital(state: State, symbol: str) -> bool:
    """Return whether a market is a sub-account of the fund's."""
    return state.settings.limits_of(symbol).fund_capital is not None


def money_behind(state: State, symbol: str) -> Decimal:
    """Return what the fund may still lose in a market, its open position not counted; exact.

    At most its purse, in the settle asset; never below zero.
    """
    purse = state.purse(FUND, state.rulebook.contracts[symbol].instrument.settle)
    capital = state.settings.limits_of(symbol).fund_capital
    if capital is None:
        return purse
    lost = max(ZERO, -state.symbol(symbol).fund_result_on(state.day))
    return max(ZERO, min(purse, capital - lost))


def market_alone(state: State, symbol: str) -> Assessment:
    """Return the fund's position in a market as if it were all there is, with the money behind it.

    The account of the fund must be there.
    """
    view = state.accounts[FUND].view()
    settle = state.rulebook.contracts[symbol].instrument.settle
    held = tuple(one for one in view.positions if one.symbol == symbol)
    alone = replace(view, balances={settle: money_behind(state, symbol)}, positions=held)
    return judged_as(state, alone)


def is_carried(state: State, symbol: str, alone: Assessment) -> bool:
    """Return whether a sub-account can go on: not liquidatable, and short of its ADL threshold.

    What is not known is not carried.

    Parameters
    ----------
    alone : the sub-account, as it is or as it would be.
    """
    limits = state.settings.limits_of(symbol)
    health = alone.pools[0].health
    if limits.fund_capital is None or health is None or alone.pools[0].is_liquidatable:
        return False
    lost = limits.fund_capital - health.equity
    return lost < limits.fund_adl_fraction * limits.fund_capital
