"""A symbol's ladder as Binance prints it: `leverageBracket`, from the rulebook's tiers.

All of a bracket are numbers and not strings, as clients expect of this answer alone.
"""

from decimal import Decimal
from typing import Any

from crossmargin.api.binance.symbols import listed
from crossmargin.money import ONE
from crossmargin.rulebooks.schema import Contract
from crossmargin.venue.state import State

ENDLESS = Decimal(10) ** 18
"""Stands for the cap of the last bracket where the rulebook has none."""


def brackets_of(contract: Contract) -> dict[str, Any]:
    """Return the answer to `GET /fapi/v1/leverageBracket` for one symbol."""
    tiers = contract.tiers
    pieces = tiers.pieces if tiers is not None else ()
    last = tiers.cap if tiers is not None else None
    caps = (*(piece.floor for piece in pieces[1:]), ENDLESS if last is None else last)
    return {
        "symbol": contract.instrument.symbol,
        "notionalCoef": ONE,
        "brackets": [
            {
                "bracket": place,
                "initialLeverage": int(piece.leverage_max),
                "notionalCap": cap,
                "notionalFloor": piece.floor,
                "maintMarginRatio": piece.rate,
                "cum": piece.deduction,
            }
            for place, (piece, cap) in enumerate(zip(pieces, caps, strict=False), 1)
        ],
    }


def all_brackets(state: State) -> list[dict[str, Any]]:
    """Return the brackets of every listed symbol that has a ladder."""
    contracts = (state.rulebook.contracts[symbol] for symbol in listed(state))
    return [brackets_of(one) for one in contracts if one.tiers is not None]


def notional_max(contract: Contract, leverage: Decimal) -> Decimal:
    """Return the largest notional that may be held at a leverage, by the symbol's ladder."""
    tiers, found = contract.tiers, ENDLESS
    if tiers is None:
        return found
    for piece, cap in zip(tiers.pieces, (*tiers.steps, tiers.cap), strict=True):
        if piece.leverage_max < leverage:
            return min(found, piece.floor)
        found = ENDLESS if cap is None else cap
    return found
