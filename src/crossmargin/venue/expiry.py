"""What happens when a dated contract expires: orders go, positions are settled at the index.

A future settles at the index, an option at what exercising it is worth at the index. Profit moves
between accounts and the contract's clearing purse; of an option, whose premium was paid long ago,
all that it is worth. It is rounded down at 8 places; once nobody holds the contract any more, what
the roundings have left in that purse goes to `rounding`.

This does not average the index over the last minutes, as venues do, and charges no delivery fee.
Positions whose index cannot be trusted at expiry stay until it can be.
"""

from decimal import Decimal

from msgspec.structs import replace

from crossmargin.margin.pnl import proceeds
from crossmargin.model.expiry import expiry_ms
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.option import Right
from crossmargin.money import EIGHT_PLACES, ZERO, down_to, exact, quotient_down
from crossmargin.venue.decision import Decision, moved
from crossmargin.venue.event import MoneyMoved, OrderStatus, PositionChanged
from crossmargin.venue.prices import is_usable
from crossmargin.venue.state import State


@exact
def settlement_price(instrument: Instrument, index: Decimal) -> Decimal:
    """Return what one unit settles at: the index, or what an option is worth exercised.

    An option is worth max(0, index − strike), a put max(0, strike − index), in the quote asset;
    where it settles in the coin, that ÷ index, rounded down at 50 digits.
    """
    terms = instrument.option
    if terms is None:
        return index
    gain = index - terms.strike if terms.right is Right.CALL else terms.strike - index
    worth = max(ZERO, gain)
    return quotient_down(worth, index) if instrument.kind is Kind.INVERSE_OPTION else worth


@exact
def settle_expired(decision: Decision) -> None:
    """Cancel the orders and settle the positions of every contract whose time has come."""
    state = decision.state
    for symbol in sorted(state.symbols):
        contract = state.rulebook.contracts.get(symbol)
        expires_ms = expiry_ms(contract.instrument) if contract else None
        if contract is None or expires_ms is None or decision.at_ms < expires_ms:
            continue
        _cancel_orders(decision, symbol)
        index = settlement_index(state, contract.instrument)
        if index is not None and state.symbols[symbol].holders:
            _settle(decision, contract.instrument, index)


def settlement_index(state: State, instrument: Instrument) -> Decimal | None:
    """Return the index a contract settles at; None while there is none that can be trusted.

    A future's own index, else its base asset's; for an option the base asset's first.
    """
    symbol = instrument.symbol
    own = state.symbol(symbol).index if is_usable(state, symbol) else None
    base = state.asset_prices.get(instrument.base)
    first, second = (base, own) if instrument.kind.is_option else (own, base)
    return second if first is None else first


def _cancel_orders(decision: Decision, symbol: str) -> None:
    market = decision.state.symbol(symbol)
    if not market.waiting and not len(market.book):
        return
    for order_id in [one.id for one in decision.state.orders.values() if one.symbol == symbol]:
        if order_id in decision.state.orders:
            decision.end(order_id, OrderStatus.CANCELLED, "expiry")


def _settle(decision: Decision, instrument: Instrument, index: Decimal) -> None:
    symbol, settle = instrument.symbol, instrument.settle
    clearing = f"clearing/{symbol}"
    price = settlement_price(instrument, index)
    for name in sorted(decision.state.symbol(symbol).holders):
        for held in [p for p in decision.account(name).view().positions if p.symbol == symbol]:
            gain = proceeds(held.size, held.entry_price, price, instrument)
            paid = down_to(EIGHT_PLACES, gain)
            decision.emit(
                PositionChanged(
                    account=name,
                    position=replace(held, size=ZERO, margin=ZERO),
                    side=held.side,
                    why="expiry",
                    postings=moved(clearing, f"account/{name}", settle, paid),
                )
            )
    residue = moved(clearing, "rounding", settle, decision.state.purse(clearing, settle))
    if residue:
        decision.emit(MoneyMoved(why="rounding", postings=residue))
