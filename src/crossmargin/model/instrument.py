"""What is traded: one contract and the units it is counted in.

Linear contracts are counted in the base asset and settle in the quote asset. Inverse contracts
are counted in contracts of `multiplier` quote units and settle in the base asset (the coin).
Options are counted in contracts of `multiplier` base units; their price is in the settle asset.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Self

from msgspec import Struct

from crossmargin.model.option import Right
from crossmargin.money import ONE


class Kind(StrEnum):
    """The payoff of a contract, and whether it expires.

    Kept on the member because every margin sum asks for it:

    is_inverse : whether profit is paid in the coin that the price is quoted for, by a price that
        divides. An option of this kind pays in the coin, but its own price multiplies.
    is_option : whether it is an option.
    """

    is_inverse: bool
    is_option: bool

    LINEAR_PERPETUAL = "linear-perpetual", False
    LINEAR_FUTURE = "linear-future", False
    INVERSE_PERPETUAL = "inverse-perpetual", True
    INVERSE_FUTURE = "inverse-future", True
    LINEAR_OPTION = "linear-option", False, True
    INVERSE_OPTION = "inverse-option", False, True

    def __new__(cls, value: str, is_inverse: bool, is_option: bool = False) -> Self:
        """Make the member that `value` spells."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.is_inverse = is_inverse
        member.is_option = is_option
        return member


class OptionTerms(Struct, frozen=True):
    """What an option gives the right to.

    Attributes
    ----------
    strike : in the quote asset.
    expires_ms : in milliseconds UTC.
    forward_symbol : the future of the same expiry, whose mark moneyness is measured against where
        there is one; else the index is.
    """

    right: Right
    strike: Decimal
    expires_ms: int
    forward_symbol: str


class Instrument(Struct, frozen=True):
    """One contract.

    Attributes
    ----------
    symbol : the venue's own name, such as BTCUSDT or BTCUSD_PERP.
    settle : asset in which margin, profit and funding are paid.
    base : asset whose price it follows; its collateral index moves with the mark.
    multiplier : what one unit of size stands for: base units (linear), quote units (inverse).
    tick, lot : smallest step of price and size; None where the venue's value is not known.
    option : an option's own terms; None for everything else.
    """

    symbol: str
    kind: Kind
    settle: str
    base: str
    multiplier: Decimal = ONE
    tick: Decimal | None = None
    lot: Decimal | None = None
    option: OptionTerms | None = None
