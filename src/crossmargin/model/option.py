"""What an option gives the right to, and the numbers a venue margins a short one with.

Venues without scenarios margin each short option alone, all in one shape: the option's mark plus a
part of the underlying, of which the initial part shrinks while the option is out of the money.
They differ in numbers, so these are records that a rulebook can carry; the formulas are in
`margin.options`. Fractions here are never below zero.
"""

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from crossmargin.money import ZERO


class Right(StrEnum):
    """What the holder may do at the strike: buy (call) or sell (put)."""

    CALL = "call"
    PUT = "put"

    @property
    def other(self) -> "Right":
        """Return the opposite right."""
        return Right.PUT if self is Right.CALL else Right.CALL


class RightRule(Struct, frozen=True):
    """What is asked of short calls and of short puts by different numbers.

    Attributes
    ----------
    maintenance_fraction : of the underlying's value, on top of the mark.
    maintenance_mark_fraction : of the mark; taken instead where it is larger.
    initial_to_maintenance : the initial margin is at least this multiple of the maintenance
        margin; zero where the venue sets no such floor.
    """

    maintenance_fraction: Decimal
    maintenance_mark_fraction: Decimal = ZERO
    initial_to_maintenance: Decimal = ZERO


class OptionRule(Struct, frozen=True):
    """The numbers of one venue's margin of short options, fractions of the underlying's value.

    Attributes
    ----------
    initial_fraction : initial part of an option in or at the money; what the option is out of
        the money is taken off.
    initial_floor_fraction : the initial part never falls below this.
    fee_reserve_fraction : part of the maintenance margin kept for the fee of liquidating.
    order_floor_fraction : the least that an order to sell and open holds.
    is_entry_counted : whether the initial margin takes the premium received, where above the
        mark, in the mark's place.
    """

    initial_fraction: Decimal
    initial_floor_fraction: Decimal
    call: RightRule
    put: RightRule
    fee_reserve_fraction: Decimal = ZERO
    order_floor_fraction: Decimal = ZERO
    is_entry_counted: bool = False

    def of(self, right: Right) -> RightRule:
        """Return the numbers for `right` alone."""
        return self.call if right is Right.CALL else self.put
