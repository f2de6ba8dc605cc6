"""What a balance is worth in a pool of several assets.

Amounts held convert at the bid rate, debts and requirements at the ask rate; the distance of
both from the index is the haircut. Where the haircut grows with the amount, each slice of it
counts at a rate of its own, like income tax. Sources: Binance, multi-assets mode; OKX, "Discount
rate"; Bybit, "Tiered collateral ratio".
"""

from bisect import bisect_right
from decimal import Decimal

from msgspec import Struct

from crossmargin.money import ONE, ZERO, exact, quotient_down
from crossmargin.rulebooks.schema import Collateral


class Piece(Struct, frozen=True):
    """From `floor` (an amount held) on, the worth is amount × rate + addition, in USD."""

    floor: Decimal
    rate: Decimal
    addition: Decimal


class Rates(Struct, frozen=True):
    """The rates of an asset, in USD per unit; `pieces` only where slices have their own."""

    bid: Decimal
    ask: Decimal
    pieces: tuple[Piece, ...] = ()


def rates(index_price: Decimal, collateral: Collateral) -> Rates:
    """Return index × (1 − bid buffer) and index × (1 + ask buffer); exact."""
    pieces: list[Piece] = []
    for part in collateral.slices:
        rate = index_price * part.rate
        addition = ZERO
        if pieces:
            addition = pieces[-1].addition + part.floor * (pieces[-1].rate - rate)
        pieces.append(Piece(part.floor, rate, addition))
    return Rates(
        index_price * (ONE - collateral.bid_buffer),
        index_price * (ONE + collateral.ask_buffer),
        tuple(pieces),
    )


def exchange_rates(index_price: Decimal, collateral: Collateral) -> Rates | None:
    """Return the rates used when the venue exchanges the asset itself; None if unknown."""
    if collateral.exchange_bid_buffer is None or collateral.exchange_ask_buffer is None:
        return None
    return Rates(
        index_price * (ONE - collateral.exchange_bid_buffer),
        index_price * (ONE + collateral.exchange_ask_buffer),
    )


def worth(amount: Decimal, rates: Rates) -> Decimal:
    """Return what `amount` counts for, in USD: the lower of both conversions; exact."""
    if rates.pieces and amount > 0:
        place = bisect_right(rates.pieces, amount, key=lambda piece: piece.floor) - 1
        piece = rates.pieces[place]
        return amount * piece.rate + piece.addition
    return min(amount * rates.bid, amount * rates.ask)


def amount_of(worth_usd: Decimal, rates: Rates) -> Decimal:
    """Return the amount that counts for `worth_usd`: `worth` the other way; rounded down.

    Where more of the asset counts for nothing, the least amount that counts for as much as can
    be.
    """
    if worth_usd <= 0:
        return quotient_down(worth_usd, rates.ask)
    for place, piece in enumerate(rates.pieces):
        is_last = place + 1 == len(rates.pieces)
        if not piece.rate:
            return piece.floor
        if is_last or worth_usd <= rates.pieces[place + 1].floor * piece.rate + piece.addition:
            return quotient_down(worth_usd - piece.addition, piece.rate)
    return quotient_down(worth_usd, rates.bid) if rates.bid else ZERO


def available(free_usd: Decimal, rates: Rates) -> Decimal:
    """Return how much of an asset `free_usd` covers, at its ask rate; rounded down."""
    return quotient_down(free_usd, rates.ask)


@exact
def unheld(total: Decimal, hold: Decimal) -> Decimal:
    """Return what open orders leave free of a spot amount: total − hold; exact."""
    return total - hold
