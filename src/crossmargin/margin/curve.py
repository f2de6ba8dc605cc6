"""The surplus (equity − maintenance margin) of a pool or bucket along a path of prices.

A path is one number y and, for every mark and index, a straight line in y. Along it profit and
requirements of linear contracts are polynomials in y, those of inverse contracts have terms in
1 ÷ price (and its square, where rates grow with size), tiers switch where a notional meets a
floor, netted positions where the other side comes to more, and a collateral asset switches rate
where its equity changes sign or slice. So between those breakpoints the surplus is one
`Expression`, whose roots are known exactly; what happens at the breakpoints (a ladder need not be
continuous) is settled by looking at the sign on either side.

All arithmetic is in rationals; nothing rounds.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from crossmargin.margin.expression import Expression, Line
from crossmargin.model.tiers import Tiers

ZERO = Fraction(0)
ONE = Fraction(1)
AT_PAR = Line(ONE)
Span = tuple[Fraction, Fraction | None]
"""An open interval of y; None is no end."""


@dataclass(frozen=True)
class Leg:
    """One position along the path.

    Attributes
    ----------
    quantity : signed size × multiplier.
    mark, margin_price : the lines of its mark, and of the price its ladder is asked at.
    size : absolute, in the instrument's unit, for ladders by size.
    added_rate : what is charged on top of the tier's rate.
    reserve : what is asked whatever the price.
    group : positions of one group are netted: only the larger side is charged.
    """

    quantity: Fraction
    entry_price: Fraction
    is_inverse: bool
    tiers: Tiers
    mark: Line
    margin_price: Line
    size: Fraction = ZERO
    added_rate: Fraction = ZERO
    reserve: Fraction = ZERO
    group: tuple[str, str] | None = None

    def floors(self) -> list[Fraction]:
        """Return where the notional meets a tier floor."""
        if not self.quantity or not self.margin_price.slope or self.tiers.is_by_size:
            return []
        return [self._where(step) for step in self._steps]

    @property
    def is_moving(self) -> bool:
        """Return whether anything about the position changes along the path."""
        return bool(self.mark.slope and self.quantity)

    @cached_property
    def _steps(self) -> list[Fraction]:
        return [Fraction(step) for step in self.tiers.steps]

    def _where(self, notional: Fraction) -> Fraction:
        quantity = abs(self.quantity)
        price = quantity / notional if self.is_inverse else notional / quantity
        return (price - self.margin_price.start) / self.margin_price.slope

    def add_pnl(self, to: Expression) -> None:
        """Add the open profit, in the settle asset."""
        if self.is_inverse:
            to.add(0, self.quantity / self.entry_price)
            to.add_inverse_price(-self.quantity, self.mark)
        else:
            to.add(0, -self.quantity * self.entry_price)
            to.add_price(self.quantity, self.mark)

    def subtract_maintenance(self, to: Expression, at: Fraction) -> None:
        """Subtract the maintenance margin, by the tier that holds at `at`."""
        if not self.quantity:
            return
        quantity, line = abs(self.quantity), self.margin_price
        measure = self.size
        if not self.tiers.is_by_size:
            price = line(at)
            measure = quantity / price if self.is_inverse else quantity * price
        # Floors are compared as rationals: a tier is never missed by a rounded notional. A leg that
        # is held may be exactly on one.
        bisect = bisect_right if self.tiers.is_floor_included else bisect_left
        piece = self.tiers.pieces[bisect(self._steps, measure)]
        rate, growth = Fraction(piece.rate) + self.added_rate, Fraction(piece.growth)
        to.add(0, -self.reserve)
        self._add_deduction(to, Fraction(piece.deduction))
        if self.is_inverse:
            to.add_inverse_price(-quantity * rate, line)
            if growth:
                to.add_inverse_price(-quantity * quantity * growth, line, order=2)
        else:
            to.add_price(-quantity * (rate + growth * quantity), line)

    def _add_deduction(self, to: Expression, deduction: Fraction) -> None:
        if not self.tiers.is_by_size or not deduction:
            to.add(0, deduction)
            return
        # A size, at what one unit of it is worth.
        per_size = deduction * abs(self.quantity) / self.size
        if self.is_inverse:
            to.add_inverse_price(per_size, self.margin_price)
        else:
            to.add_price(per_size, self.margin_price)


@dataclass(frozen=True)
class Purse:
    """The money of one asset in a unit: a wallet, its legs, and the rates it converts at.

    Amounts held convert at `bid`, or by `pieces` (floor, rate, addition) where the rate falls with
    the amount; debts at `ask`, and `borrow` of them is asked on top. What is held along the path is
    added up once; only what moves is looked at again.
    """

    wallet: Fraction
    legs: tuple[Leg, ...]
    bid: Line = AT_PAR
    ask: Line = AT_PAR
    pieces: tuple[tuple[Fraction, Line, Line], ...] = ()
    borrow: Fraction = ZERO

    @cached_property
    def equity(self) -> Expression:
        """Return wallet and open profit, in the asset itself."""
        total = Expression([self.wallet])
        for leg in self.legs:
            leg.add_pnl(total)
        return total

    def add_worth(self, to: Expression, at: Fraction, *, has_maintenance: bool) -> None:
        """Add what the equity counts for, by the rate that holds at `at`, and what a debt asks."""
        # Where nothing can change with the amount, it need not be known.
        amount = self.equity(at) if self._floors else ZERO
        if self._floors and amount < 0:
            debt = ONE + self.borrow if has_maintenance else ONE
            to.add_product(self.equity, Line(self.ask.start * debt, self.ask.slope * debt))
            return
        rate, addition = self.bid, Line(ZERO)
        for floor, piece_rate, piece_addition in self.pieces:
            if amount >= floor:
                rate, addition = piece_rate, piece_addition
        to.add_product(self.equity, rate)
        to.add_price(ONE, addition)

    def minus_maintenance(self, at: Fraction) -> Expression:
        """Return what is asked of the legs, as a negative, by the tiers that hold at `at`."""
        total = Expression([self._minus_held])
        for leg in self._alone:
            if leg.is_moving:
                leg.subtract_maintenance(total, at)
        for sides in self._groups:
            longs, shorts = (_minus_maintenance_of(side, at) for side in sides)
            total.add_multiple(longs if longs(at) <= shorts(at) else shorts, ONE)
        return total

    def tier_floors(self) -> list[Fraction]:
        """Return where a tier switches."""
        return [point for leg in self.legs for point in leg.floors()]

    def turns(self, low: Fraction, high: Fraction | None) -> list[Fraction]:
        """Return where the conversion rate switches: where the equity meets a floor."""
        found = []
        for floor in self._floors:
            above = Expression([-floor])
            above.add_multiple(self.equity, ONE)
            found += above.roots(low, high)
        return found

    def changes_of_side(self, low: Fraction, high: Fraction | None, at: Fraction) -> list[Fraction]:
        """Return where the other side of a netted group comes to more, between breakpoints."""
        found = []
        for longs, shorts in self._groups:
            gap = _minus_maintenance_of(longs, at)
            gap.add_multiple(_minus_maintenance_of(shorts, at), -ONE)
            found += gap.roots(low, high)
        return found

    @cached_property
    def _floors(self) -> tuple[Fraction, ...]:
        if self.pieces:
            return tuple(floor for floor, _, _ in self.pieces)
        return (ZERO,) if self.bid != self.ask or self.borrow else ()

    @cached_property
    def _alone(self) -> tuple[Leg, ...]:
        return tuple(leg for leg in self.legs if leg.group is None)

    @cached_property
    def _groups(self) -> tuple[tuple[list[Leg], list[Leg]], ...]:
        groups: dict[tuple[str, str], tuple[list[Leg], list[Leg]]] = {}
        for leg in self.legs:
            if leg.group is not None:
                groups.setdefault(leg.group, ([], []))[leg.quantity < 0].append(leg)
        return tuple(groups.values())

    @cached_property
    def _minus_held(self) -> Fraction:
        held = [leg for leg in self._alone if not leg.is_moving]
        return _minus_maintenance_of(held, ZERO)(ZERO)


def _minus_maintenance_of(legs: Sequence[Leg], at: Fraction) -> Expression:
    total = Expression([ZERO])
    for leg in legs:
        leg.subtract_maintenance(total, at)
    return total


@dataclass(frozen=True)
class Curve:
    """The surplus of one unit along a path, for y between `low` and `high` (None: no end)."""

    purses: tuple[Purse, ...]
    low: Fraction
    high: Fraction | None
    has_maintenance: bool = True

    def expression(self, at: Fraction) -> Expression:
        """Return the surplus around `at`; on a breakpoint, by what holds exactly there."""
        total = Expression()
        for purse in self.purses:
            purse.add_worth(total, at, has_maintenance=self.has_maintenance)
            if self.has_maintenance:
                total.add_product(purse.minus_maintenance(at), purse.ask)
        return total

    def surplus_at_start(self) -> Fraction:
        """Return the surplus exactly at `low`."""
        return self.expression(self.low)(self.low)

    def surplus_at_end(self) -> Fraction:
        """Return the surplus at a finite `high`, approached from inside.

        Where an inverse leg's price is zero there, the sign just before counts.
        """
        start, end = self._spans()[-1]
        surplus = self.expression(_between(start, end))
        if end is None or any(c and end + shift == 0 for (shift, _), c in surplus.poles.items()):
            return surplus(_between(max([start, *surplus.roots(start, end)]), end))
        return surplus(end)

    def safe_intervals(self) -> list[Span]:
        """Return the open intervals of y on which the surplus is positive, ascending.

        An end at `low`, or None, is an end of the path and not a crossing.
        """
        safe: list[Span] = []
        for start, end in self._spans():
            surplus = self.expression(_between(start, end))
            roots = surplus.roots(start, end)
            cuts = [*pairwise([start, *roots]), ((roots[-1] if roots else start), end)]
            for left, right in cuts:
                if surplus(_between(left, right)) <= 0:
                    continue
                if safe and safe[-1][1] == left:
                    safe[-1] = (safe[-1][0], right)
                else:
                    safe.append((left, right))
        return safe

    def _spans(self) -> list[Span]:
        # The path cut at every breakpoint.
        found = [p for purse in self.purses for p in purse.turns(self.low, self.high)]
        if self.has_maintenance:
            found += [p for purse in self.purses for p in purse.tier_floors()]
        spans = self._cut([(self.low, self.high)], found)
        if not self.has_maintenance:
            return spans
        found = [
            point
            for low, high in spans
            for purse in self.purses
            for point in purse.changes_of_side(low, high, _between(low, high))
        ]
        return self._cut(spans, found) if found else spans

    @staticmethod
    def _cut(spans: list[Span], points: list[Fraction]) -> list[Span]:
        low, high = spans[0][0], spans[-1][1]
        inside = {p for p in points if p > low and (high is None or p < high)}
        ends = sorted({low, *inside, *(start for start, _ in spans)})
        return [*pairwise(ends), (ends[-1], high)]


def _between(low: Fraction, high: Fraction | None) -> Fraction:
    return 2 * abs(low) + 1 if high is None else (low + high) / 2
