"""The symbols of the venue as Binance's words have them: which there are, and their steps.

A symbol is listed once it has had a price: before, nothing can be traded in it, and a client that
asks for all prices would find holes.
"""

from decimal import Decimal

from crossmargin.api.binance.errors import DialectError
from crossmargin.money import EIGHT_PLACES, ONE, ZERO
from crossmargin.rulebooks.schema import Contract
from crossmargin.venue.event import Breaker
from crossmargin.venue.filters import filters_of
from crossmargin.venue.settings import Filters
from crossmargin.venue.state import State, SymbolState


def listed(state: State) -> list[str]:
    """Return the symbols that have had a price, by name."""
    contracts = state.rulebook.contracts
    return sorted(
        name for name, one in state.symbols.items() if name in contracts and _has_price(one)
    )


def is_trading(market: SymbolState) -> bool:
    """Return whether orders are taken in a market."""
    return market.mark is not None and market.breaker is not Breaker.HALTED


def contract_named(state: State, symbol: str) -> Contract:
    """Return the contract of a listed symbol.

    Raises
    ------
    DialectError
        -1121 where there is none.
    """
    contract = state.rulebook.contracts.get(symbol)
    if contract is None or symbol not in state.symbols or not _has_price(state.symbols[symbol]):
        raise DialectError(-1121)
    return contract


def steps_of(state: State, contract: Contract) -> Filters:
    """Return a symbol's filters, its steps filled in: 8 places where nobody says."""
    found = filters_of(state, contract.instrument)
    return Filters(
        found.tick or EIGHT_PLACES,
        found.lot or EIGHT_PLACES,
        found.notional_min or ZERO,
        found.band_fraction,
    )


def places(step: Decimal) -> int:
    """Return how many digits after the point a step needs."""
    return max(0, -int(step.normalize().as_tuple().exponent))


def leverage_max(contract: Contract) -> Decimal:
    """Return the most leverage a symbol's ladder allows; one where it has none."""
    return contract.tiers.pieces[0].leverage_max if contract.tiers else ONE


def _has_price(market: SymbolState) -> bool:
    return market.mark is not None or market.index is not None or market.last is not None
