"""One observation of prices: what margin is computed against.

A missing price is missing: nothing here, and nobody who reads it, puts a number in its place. So
what is no price (NaN, infinity, zero, below zero) is refused and not kept.
"""

from decimal import Decimal

from msgspec import Struct

from crossmargin.errors import UnitError


class Market(Struct, frozen=True):
    """Prices at one moment.

    Attributes
    ----------
    marks : mark price per symbol, in the quote asset.
    index : price per collateral asset in USD.
    at_ms : the moment, in milliseconds UTC; None where the observer did not say.

    Raises
    ------
    UnitError
        If a price is not finite or not above zero.
    """

    marks: dict[str, Decimal] = {}
    index: dict[str, Decimal] = {}
    at_ms: int | None = None

    def __post_init__(self) -> None:
        """Refuse what is no price."""
        for prices in (self.marks, self.index):
            for name, price in prices.items():
                # The comparison is for finite numbers only: with NaN it is an error of its own.
                if not price.is_finite() or price <= 0:
                    raise UnitError(f"the price of {name} is {price}, must be above zero")
