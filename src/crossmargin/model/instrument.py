"""What is traded: one contract and the units it is counted in.

Linear contracts are counted in the base asset and settle in the quote asset. Inverse contracts
are counted in contracts of `multiplier` quote units and settle in the base asset (the coin).
"""

from decimal import Decimal
from enum import StrEnum
from typing import Self

from msgspec import Struct

from crossmargin.money import ONE


class Kind(StrEnum):
    """The payoff of a contract, and whether it expires.

    `is_inverse`: whether profit is paid in the coin that the price is quoted for. Kept on the
    member because every margin sum asks for it.
    """

    is_inverse: bool

    LINEAR_PERPETUAL = "linear-perpetual", False
    LINEAR_FUTURE = "linear-future", False
    INVERSE_PERPETUAL = "inverse-perpetual", True
    INVERSE_FUTURE = "inverse-future", True

    def __new__(cls, value: str, is_inverse: bool) -> Self:
        """Make the member that `value` spells."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.is_inverse = is_inverse
        return member


class Instrument(Struct, frozen=True):
    """One contract.

    Attributes
    ----------
    symbol : the venue's own name, such as BTCUSDT or BTCUSD_PERP.
    settle : asset in which margin, profit and funding are paid.
    base : asset whose price it follows; its collateral index moves with the mark.
    multiplier : what one unit of size stands for: base units (linear), quote units (inverse).
    tick, lot : smallest step of price and size; None where the venue's value is not known.
    """

    symbol: str
    kind: Kind
    settle: str
    base: str
    multiplier: Decimal = ONE
    tick: Decimal | None = None
    lot: Decimal | None = None
