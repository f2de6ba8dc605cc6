"""What happens when a dated contract expires: orders go, positions are settled at the index.

A future settles at the index, an option at what exercising it is worth at the index. Profit moves
between accounts and the contract's clearing purse, rounded down at 8 places; once nobody holds
the contract any more, what the roundings have left in that purse goes to `rounding`.

This does not average the index over the last minutes, as venues do, and charges no delivery fee.
Positions whose index cannot be trusted at expiry stay until it can be.
"""

from decimal import Decimal

from msgspec.structs import replace

from crossmargin.durations import DAY_MS, HOUR_MS
from crossmargin.margin.pnl import unrealised_pnl
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.option import Right
from crossmargin.money import EIGHT_PLACES, ZERO, down_to, exact, quotient_down
from crossmargin.venue.decision import Decision, moved
from crossmargin.venue.event import MoneyMoved, OrderStatus, PositionChanged
from crossmargin.venue.prices import is_usable
from crossmargin.venue.state import State

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
EXPIRY_HOUR_MS = 8 * HOUR_MS
"""08:00 UTC, when Binance, OKX, Bybit and Deribit let contracts expire."""
DAYS_TO_2000 = 10_957
"""From 1 January 1970 to 1 January 2000."""


def symbol_expiry_ms(symbol: str) -> int | None:
    """Return when the date in a symbol's name is reached at 08:00 UTC; None where there is none.

    Read are yymmdd (BTCUSDT_251226, BTC-USD-251226) and ddmmmyy (BTC-26DEC25, BTCUSDT-5DEC25) as
    the last part after a hyphen or underscore; years from 2000 on. In milliseconds UTC.
    """
    part = symbol.replace("_", "-").rpartition("-")[2]
    if not part.isascii():
        return None
    if len(part) == 6 and part.isdigit():
        return _moment_ms(int(part[:2]), int(part[2:4]), int(part[4:]))
    day, month, year = part[:-5], part[-5:-2].upper(), part[-2:]
    if len(day) in (1, 2) and day.isdigit() and month in MONTHS and year.isdigit():
        return _moment_ms(int(year), MONTHS.index(month) + 1, int(day))
    return None


def expiry_ms(instrument: Instrument) -> int | None:
    """Return when a contract expires, in milliseconds UTC; None if never or not known."""
    if instrument.option is not None:
        return instrument.option.expires_ms
    if instrument.kind in (Kind.LINEAR_FUTURE, Kind.INVERSE_FUTURE):
        return symbol_expiry_ms(instrument.symbol)
    return None


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


def _moment_ms(year: int, month: int, day: int) -> int | None:
    """Return 08:00 UTC of a day of this century; None if there is no such day.

    Within 2000 to 2099 every fourth year is a leap year, the first one included.
    """
    if not 1 <= month <= 12:
        return None
    leap = 1 if year % 4 == 0 else 0
    if not 1 <= day <= MONTH_DAYS[month - 1] + (leap if month == 2 else 0):
        return None
    days = DAYS_TO_2000 + 365 * year + (year + 3) // 4
    days += sum(MONTH_DAYS[: month - 1]) + (leap if month > 2 else 0) + day - 1
    return days * DAY_MS + EXPIRY_HOUR_MS


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
            profit = unrealised_pnl(held.size, held.entry_price, price, instrument)
            paid = down_to(EIGHT_PLACES, profit)
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
