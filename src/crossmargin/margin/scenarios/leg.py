"""One position as a grid of scenarios sees it.

Whatever a contract is counted in, a leg is counted in units of the underlying: coins. An inverse
contract stands for as many coins as its quote units buy at its own mark now.
"""

from decimal import Decimal

from msgspec import Struct

from crossmargin.model.option import Right
from crossmargin.money import ZERO


class OptionPart(Struct, frozen=True):
    """What makes a leg an option; `volatility` and interest `rate` are a year's, as fractions."""

    right: Right
    strike: Decimal
    volatility: Decimal
    rate: Decimal = ZERO


class Leg(Struct, frozen=True):
    """A signed amount of the underlying, or of options on it.

    Attributes
    ----------
    symbol : of the position; of spot, the asset.
    size : in coins, long positive.
    price : what a move multiplies, in the quote asset: the leg's own mark, for an option the
        forward price of its expiry.
    settle : the asset that profit is paid in.
    is_inverse : whether that is the coin itself.
    seconds : to expiry; None where there is none.
    option : None of futures, perpetuals and spot.
    is_spot : whether it is coin held, which needs no margin of its own.
    """

    symbol: str
    size: Decimal
    price: Decimal
    settle: str
    is_inverse: bool = False
    seconds: Decimal | None = None
    option: OptionPart | None = None
    is_spot: bool = False


class PortfolioUnit(Struct, frozen=True):
    """What may offset each other: the legs on one underlying that a venue margins together.

    Attributes
    ----------
    name : the underlying's asset.
    asset : what requirements are counted in: USD, or the asset the unit settles in.
    index : of the underlying, in USD.
    rates : index of every asset the legs settle in, in USD.
    collateral : amounts of other assets, where the venue margins collateral within the unit.
    """

    name: str
    asset: str
    index: Decimal
    legs: tuple[Leg, ...]
    rates: dict[str, Decimal] = {}
    collateral: dict[str, Decimal] = {}
