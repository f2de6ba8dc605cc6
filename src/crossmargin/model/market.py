"""One observation of prices: what margin is computed against.

A missing price is missing: nothing here, and nobody who reads it, puts a number in its place. So
what is no price (NaN, infinity, zero, below zero) is refused and not kept.
"""

from decimal import Decimal

from msgspec import Struct

from crossmargin.errors import UnitError
from crossmargin.model.surface import Surface


class Market(Struct, frozen=True):
    """Prices at one moment.

    Attributes
    ----------
    marks : mark price per symbol, in the quote asset.
    index : price per collateral asset in USD.
    at_ms : the moment, in milliseconds UTC; None where the observer did not say.
    open_interest : of the whole market per symbol, in the instrument's unit of size; initial
        margin grows with it at some venues.
    surfaces : implied volatility per base asset, which options are valued by.

    Raises
    ------
    UnitError
        If a price is not finite or not above zero, or an open interest below zero.
    """

    marks: dict[str, Decimal] = {}
    index: dict[str, Decimal] = {}
    at_ms: int | None = None
    open_interest: dict[str, Decimal] = {}
    surfaces: dict[str, Surface] = {}

    def __post_init__(self) -> None:
        """Refuse what is no price."""
        for prices in (self.marks, self.index):
            for name, price in prices.items():
                # The comparison is for finite numbers only: with NaN it is an error of its own.
                if not price.is_finite() or price <= 0:
                    raise UnitError(f"the price of {name} is {price}, must be above zero")
        for symbol, size in self.open_interest.items():
            if not size.is_finite() or size < 0:
                raise UnitError(f"the open interest of {symbol} is {size}, must not be below zero")
