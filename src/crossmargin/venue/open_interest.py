"""How much may be open in one market: the cap that keeps a thin one from being cornered.

What is open is what is long, in the instrument's unit of size; the state counts it. An order that
may open is refused if it, and what is open, are worth more at the mark than the cap. What rests is
not added: every trade has a taker, and his order was looked at as it came in. So orders never lift
what is open above the cap; a mark that rises may, and then nothing more is opened.

Sources of the rule: dYdX v4 (open interest caps), Hyperliquid (caps by liquidity).
"""

from decimal import Decimal

from crossmargin.margin.pnl import notional
from crossmargin.money import plain
from crossmargin.venue.decision import Decision
from crossmargin.venue.refusal import Code
from crossmargin.venue.state import State


def is_room(state: State, symbol: str, size: Decimal) -> bool:
    """Return whether an order of `size`, all of it opening, stays within the symbol's cap.

    True where there is no cap; not without a mark.
    """
    most = state.settings.limits_of(symbol).open_interest_max
    if most is None:
        return True
    market = state.symbol(symbol)
    if market.mark is None:
        return False
    instrument = state.rulebook.contracts[symbol].instrument
    return notional(market.open_interest + abs(size), market.mark, instrument) <= most


def check_open_interest(decision: Decision, symbol: str, size: Decimal) -> None:
    """Refuse an order that may open more than the symbol's cap leaves room for.

    Raises
    ------
    Refusal
        OPEN_INTEREST_TOO_LARGE.
    """
    most = decision.state.settings.limits_of(symbol).open_interest_max
    if most is None or is_room(decision.state, symbol, size):
        return
    raise decision.refuse(
        Code.OPEN_INTEREST_TOO_LARGE,
        f"With this order more than {plain(most)} would be open in {symbol}, at the mark.",
    )
