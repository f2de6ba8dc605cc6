"""One observation of prices: what margin is computed against.

A missing price is missing: nothing here, and nobody who reads it, puts a number in its place.
"""

from decimal import Decimal

from msgspec import Struct


class Market(Struct, frozen=True):
    """Prices at one moment.

    Attributes
    ----------
    marks : mark price per symbol, in the quote asset.
    index : price per collateral asset in USD.
    at_ms : the moment, in milliseconds UTC; None where the observer did not say.
    """

    marks: dict[str, Decimal] = {}
    index: dict[str, Decimal] = {}
    at_ms: int | None = None
