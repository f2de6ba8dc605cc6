"""A symbol's margin ladder as affine pieces.

From its `floor` on, a piece asks `notional × rate − deduction` of maintenance margin and allows
at most `leverage_max`. Where deductions make the pieces meet, the ladder is marginal, like income
tax; that they do is checked where a rulebook is read (`rulebooks.schema`) and never relied upon
by the margin core. Where they do not, the rate of a tier holds for the whole position.

Which piece holds is decided by notional, or at venues that count so by size; and at venues whose
rate grows with every coin held, `growth` adds to it.
"""

from bisect import bisect_left, bisect_right
from decimal import Decimal
from itertools import pairwise

from msgspec import Struct

from crossmargin.errors import UnitError
from crossmargin.money import ONE, ZERO


class Tier(Struct, frozen=True):
    """One affine piece.

    Attributes
    ----------
    floor : where it begins: notional in the settle asset, or size (`Tiers.is_by_size`).
    rate : the maintenance margin's fraction of notional.
    deduction : in the settle asset; of a ladder by size in its unit of size, at what that is worth.
    leverage_max : the largest leverage allowed.
    initial_rate : the initial margin's fraction of notional, where the venue publishes one; else
        1 ÷ `leverage_max`.
    growth : what each coin of a position adds to both rates (Deribit: 0.00005 per BTC).
    """

    floor: Decimal
    rate: Decimal
    deduction: Decimal
    leverage_max: Decimal
    initial_rate: Decimal | None = None
    growth: Decimal = ZERO

    def deduction_above(self, floor: Decimal, rate: Decimal) -> Decimal:
        """Return the deduction with which a tier from `floor` at `rate` meets this one; exact.

        deduction = floor × (rate − own rate) + own deduction. Source: Binance, "How to calculate
        liquidation price of USDⓈ-M futures contracts", the maintenance amount.
        """
        return floor * (rate - self.rate) + self.deduction


class Tiers(Struct, frozen=True):
    """The ladder of one symbol, lowest piece first.

    Attributes
    ----------
    pieces : at least one; floors rise strictly from zero.
    steps : the floors above the first, kept apart because every look-up bisects them.
    cap : largest notional the venue allows at all; None where it is not known.
    known_to : largest notional whose piece is known, where a ladder was published only in part;
        None where the last piece holds for all above it.
    is_floor_included : whether a notional exactly on a floor belongs to the piece above it.
    is_by_size : whether floors, `cap` and `known_to` are sizes in the instrument's unit and not
        notionals. Then prices never change a position's piece.
    """

    pieces: tuple[Tier, ...]
    steps: tuple[Decimal, ...]
    cap: Decimal | None = None
    known_to: Decimal | None = None
    is_floor_included: bool = False
    is_by_size: bool = False

    @classmethod
    def of(
        cls,
        pieces: tuple[Tier, ...],
        cap: Decimal | None = None,
        *,
        known_to: Decimal | None = None,
        is_floor_included: bool = False,
        is_by_size: bool = False,
    ) -> "Tiers":
        """Return the ladder of `pieces`.

        Raises
        ------
        UnitError
            If there is no piece, the first floor is not zero, or floors do not rise.
        """
        floors = tuple(piece.floor for piece in pieces)
        if not floors or floors[0] != ZERO:
            raise UnitError("the first tier must have floor 0")
        if any(low >= high for low, high in pairwise(floors)):
            raise UnitError("tier floors must rise strictly")
        return cls(pieces, floors[1:], cap, known_to, is_floor_included, is_by_size)

    def at_worst(self, *, is_whole_position: bool) -> "Tiers":
        """Return the ladder with the dearest continuation there can be above `known_to`.

        No venue asks for more than the whole of what is added, so the rate there is 1. Where a
        tier's rate holds for the whole position, the ladder may jump to it.
        """
        if self.known_to is None or self.is_by_size:
            return self
        last = self.pieces[-1]
        deduction = ZERO if is_whole_position else last.deduction_above(self.known_to, ONE)
        above = Tier(self.known_to, ONE, deduction, ONE)
        return Tiers.of((*self.pieces, above), is_floor_included=self.is_floor_included)

    @property
    def floors(self) -> tuple[Decimal, ...]:
        """Return the floors of all pieces."""
        return (ZERO, *self.steps)

    def index(self, notional: Decimal) -> int:
        """Return the position in `pieces` of the piece that holds `notional` (not negative).

        Of a ladder by size, the absolute size is asked instead.
        """
        if self.is_floor_included:
            return bisect_right(self.steps, notional)
        return bisect_left(self.steps, notional)
