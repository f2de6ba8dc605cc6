"""How near a position is to being closed for somebody else's loss: the venue's own queue in fifths.

4 is the fifth that is closed first, 0 the last one, and whatever the policy never touches.
"""

from decimal import Decimal
from typing import Any

from crossmargin.api.binance.desk import Desk, Request
from crossmargin.api.binance.symbols import contract_named
from crossmargin.model.account import PositionMode
from crossmargin.model.order import Side
from crossmargin.money import ONE, ZERO
from crossmargin.venue import adl
from crossmargin.venue.deleveraging import candidates_against
from crossmargin.venue.state import State

FIFTHS = 5


def adl_ranks(state: State, symbol: str, side: Side) -> dict[str, int]:
    """Return the rank of every account that holds a side of a symbol."""
    instrument = state.rulebook.contracts[symbol].instrument
    if state.symbol(symbol).mark is None:
        return {}
    bankrupt = -ONE if side is Side.LONG else ONE
    found = candidates_against(state, "", bankrupt, ZERO, instrument)
    queued = adl.queue(found, adl.POLICIES[state.settings.adl_policy].score)
    fractions = adl.quintile_fractions(queued)
    return {
        one.account: FIFTHS - int(fraction * FIFTHS)
        for one, fraction in zip(queued, fractions, strict=True)
    }


def adl_rank(state: State, account: str, symbol: str, size: Decimal) -> int:
    """Return the rank of a position; 0 where nothing is held."""
    if not size:
        return 0
    side = Side.LONG if size > 0 else Side.SHORT
    return adl_ranks(state, symbol, side).get(account, 0)


async def adl_quantile(desk: Desk, request: Request) -> list[dict[str, Any]]:
    """Answer `GET /fapi/v1/adlQuantile`."""
    account, wanted = desk.account_of(request), request.params.optional("symbol")
    if wanted is not None:
        contract_named(desk.state, wanted)
    is_hedge = account.position_mode is PositionMode.HEDGE
    found: dict[str, dict[str, int]] = {}
    for position in account.positions.values():
        if wanted in (None, position.symbol):
            rank = adl_rank(desk.state, account.name, position.symbol, position.size)
            name = position.side.name if is_hedge else "BOTH"
            found.setdefault(position.symbol, {})[name] = rank
    return [{"symbol": symbol, "adlQuantile": ranks} for symbol, ranks in sorted(found.items())]
