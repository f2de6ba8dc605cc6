"""Market makers of finite capital: what they quote around a price.

They have no opinion: the same depth on both sides of the price somebody else names, as far as
their money carries it. Each fill leaves them a position, and losses on it take capital away, so
in a crash their bids get fewer until the book is dry. What comes of a quote is the venue's
business; nothing here changes anything.

Prices are in the quote asset, sizes in the instrument's unit. Bids are rounded down and asks up to
the tick, sizes down to the lot: makers never promise more than they have.
"""

from decimal import Decimal

from msgspec import Struct

from crossmargin.model.instrument import Instrument
from crossmargin.money import EIGHT_PLACES, ONE, ZERO, down_to, exact, quotient_down, up_to
from crossmargin.venue.command import Level


class Makers(Struct, frozen=True):
    """How makers quote one symbol.

    Attributes
    ----------
    spread, step : between best bid and best ask, and between two levels: fractions of the price.
    depth : notional on each side, over all levels together, in quote units.
    levels : on each side.
    tick, lot : steps of price and size.
    """

    spread: Decimal
    step: Decimal
    depth: Decimal
    levels: int
    tick: Decimal = EIGHT_PLACES
    lot: Decimal = EIGHT_PLACES


@exact
def quotes(price: Decimal, makers: Makers, instrument: Instrument) -> tuple[Level, ...]:
    """Return bids, best first, then asks, best first; levels of no size or price are left out."""
    bids, asks = [], []
    for place in range(makers.levels):
        away = makers.spread / 2 + makers.step * place
        bid = down_to(makers.tick, price * (ONE - away))
        ask = up_to(makers.tick, price * (ONE + away))
        # A spread of nothing would have them trade with themselves.
        if place == 0 and bid == ask:
            ask += makers.tick
        size = _size(makers.depth / makers.levels, price, makers.lot, instrument)
        if size and bid > 0:
            bids.append(Level(bid, size))
        if size:
            asks.append(Level(ask, -size))
    return (*bids, *asks)


@exact
def affordable(
    levels: tuple[Level, ...],
    position_size: Decimal,
    limit: Decimal,
    price: Decimal,
    instrument: Instrument,
    lot: Decimal = EIGHT_PLACES,
) -> tuple[Level, ...]:
    """Return what of `levels`, best first on each side, makers of finite capital stand behind.

    Parameters
    ----------
    position_size : what they hold, signed. It takes room on its own side and gives it on the other.
    limit : the notional, in quote units, that they hold at most on either side; none below zero.
    """
    most = _size(max(limit, ZERO), price, lot, instrument)
    room = {True: max(ZERO, most - position_size), False: max(ZERO, most + position_size)}
    kept = []
    for level in levels:
        is_bid = level.size > 0
        # Liquidations may leave makers with what is no whole lot.
        size = down_to(lot, min(abs(level.size), room[is_bid]))
        room[is_bid] -= size
        if size:
            kept.append(Level(level.price, size if is_bid else -size))
    return tuple(kept)


def _size(notional: Decimal, price: Decimal, lot: Decimal, instrument: Instrument) -> Decimal:
    # Notional is size × multiplier, × price but for inverse contracts.
    unit = instrument.multiplier if instrument.kind.is_inverse else instrument.multiplier * price
    return down_to(lot, quotient_down(notional, unit))
