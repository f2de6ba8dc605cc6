"""What a balance is worth in a pool of several assets.

Amounts held convert at the bid rate, debts and requirements at the ask rate; the distance of
both from the index is the haircut. Source: Binance, multi-assets mode.
"""

from decimal import Decimal

from msgspec import Struct

from crossmargin.money import ONE, quotient_down
from crossmargin.rulebooks.schema import Collateral


class Rates(Struct, frozen=True):
    """The two rates of an asset, in USD per unit."""

    bid: Decimal
    ask: Decimal


def rates(index_price: Decimal, collateral: Collateral) -> Rates:
    """Return index × (1 − bid buffer) and index × (1 + ask buffer); exact."""
    return Rates(
        index_price * (ONE - collateral.bid_buffer), index_price * (ONE + collateral.ask_buffer)
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
    return min(amount * rates.bid, amount * rates.ask)


def amount_of(worth_usd: Decimal, rates: Rates) -> Decimal:
    """Return the amount that counts for `worth_usd`: `worth` the other way; rounded down."""
    return quotient_down(worth_usd, rates.bid if worth_usd > 0 else rates.ask)


def available(free_usd: Decimal, rates: Rates) -> Decimal:
    """Return how much of an asset `free_usd` covers, at its ask rate; rounded down."""
    return quotient_down(free_usd, rates.ask)
