"""The surplus (equity − maintenance margin) of a pool or bucket along a path of prices.

A path is one number y and, for every mark and index, a straight line in y. Along it profit and
requirements of linear contracts are polynomials in y, those of inverse contracts have a term in
1 ÷ price, tiers switch where a notional meets a floor, and a collateral asset switches rate
where its equity changes sign. So between those breakpoints the surplus is one `Expression`,
whose roots are known exactly; what happens at the breakpoints (a ladder need not be continuous)
is settled by looking at the sign on either side.

All arithmetic is in rationals; nothing rounds.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from crossmargin.margin.roots import real_roots, value
from crossmargin.model.tiers import Tiers

ZERO = Fraction(0)
Span = tuple[Fraction, Fraction | None]
"""An open interval of y; None is no end."""


@dataclass(frozen=True)
class Line:
    """start + slope × y."""

    start: Fraction
    slope: Fraction = ZERO

    def __call__(self, at: Fraction) -> Fraction:
        """Return the line's value at `at`."""
        return self.start + self.slope * at


@dataclass
class Expression:
    """A polynomial in y (constant first) plus terms strength ÷ (y + shift)."""

    polynomial: list[Fraction] = field(default_factory=list)
    poles: dict[Fraction, Fraction] = field(default_factory=dict)

    def __call__(self, at: Fraction) -> Fraction:
        """Return the value at `at`."""
        # A pole that has cancelled out is none: the value is there even where its price is zero.
        fractions = sum((c / (at + shift) for shift, c in self.poles.items() if c), ZERO)
        return value(self.polynomial, at) + fractions

    def add(self, power: int, amount: Fraction) -> None:
        """Add amount × y^power."""
        while len(self.polynomial) <= power:
            self.polynomial.append(ZERO)
        self.polynomial[power] += amount

    def add_price(self, amount: Fraction, line: Line) -> None:
        """Add amount × price."""
        self.add(0, amount * line.start)
        self.add(1, amount * line.slope)

    def add_inverse_price(self, amount: Fraction, line: Line) -> None:
        """Add amount ÷ price."""
        if not line.slope:
            self.add(0, amount / line.start)
            return
        shift = line.start / line.slope
        self.poles[shift] = self.poles.get(shift, ZERO) + amount / line.slope

    def add_product(self, other: "Expression", line: Line) -> None:
        """Add other × line; a pole the line passes through vanishes."""
        for power, amount in enumerate(other.polynomial):
            self.add(power, amount * line.start)
            self.add(power + 1, amount * line.slope)
        for shift, strength in other.poles.items():
            self.add(0, strength * line.slope)
            rest = strength * (line.start - line.slope * shift)
            self.poles[shift] = self.poles.get(shift, ZERO) + rest

    def roots(self, low: Fraction, high: Fraction | None) -> list[Fraction]:
        """Return the roots strictly inside an interval that holds no pole."""
        poles = {shift: strength for shift, strength in self.poles.items() if strength}
        cleared = self.polynomial
        for shift in poles:
            cleared = _times(cleared, shift)
        for own, strength in poles.items():
            term = [strength]
            for shift in poles:
                if shift != own:
                    term = _times(term, shift)
            size = max(len(cleared), len(term))
            cleared = [
                (cleared[i] if i < len(cleared) else ZERO) + (term[i] if i < len(term) else ZERO)
                for i in range(size)
            ]
        return real_roots(cleared, low, high)


def _times(polynomial: list[Fraction], shift: Fraction) -> list[Fraction]:
    # polynomial × (y + shift)
    result = [coefficient * shift for coefficient in polynomial] + [ZERO]
    for power, coefficient in enumerate(polynomial):
        result[power + 1] += coefficient
    return result


@dataclass(frozen=True)
class Leg:
    """One position: signed size × multiplier, entry, payoff, ladder, and its mark's line."""

    quantity: Fraction
    entry_price: Fraction
    is_inverse: bool
    tiers: Tiers
    mark: Line

    def floors(self) -> list[Fraction]:
        """Return where the notional meets a tier floor."""
        if not self.is_moving:
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
        return (price - self.mark.start) / self.mark.slope

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
        price = self.mark(at)
        quantity = abs(self.quantity)
        notional = quantity / price if self.is_inverse else quantity * price
        # Floors are compared as rationals: a tier is never missed by a rounded notional. A leg that
        # is held may be exactly on one.
        bisect = bisect_right if self.tiers.is_floor_included else bisect_left
        piece = self.tiers.pieces[bisect(self._steps, notional)]
        rate = Fraction(piece.rate)
        to.add(0, Fraction(piece.deduction))
        if self.is_inverse:
            to.add_inverse_price(-quantity * rate, self.mark)
        else:
            to.add_price(-quantity * rate, self.mark)


@dataclass(frozen=True)
class Purse:
    """The money of one asset in a unit: a wallet, its legs, and the rates it converts at.

    What is held along the path is added up once; only what moves is looked at again.
    """

    wallet: Fraction
    legs: tuple[Leg, ...]
    bid: Line = Line(Fraction(1))
    ask: Line = Line(Fraction(1))

    @cached_property
    def equity(self) -> Expression:
        """Return wallet and open profit, in the asset itself."""
        total = Expression([self.wallet])
        for leg in self.legs:
            leg.add_pnl(total)
        return total

    def minus_maintenance(self, at: Fraction) -> Expression:
        """Return what is asked of the legs, as a negative, by the tiers that hold at `at`."""
        total = Expression([self._minus_held])
        for leg in self.legs:
            if leg.is_moving:
                leg.subtract_maintenance(total, at)
        return total

    def tier_floors(self) -> list[Fraction]:
        """Return where a tier switches."""
        return [point for leg in self.legs for point in leg.floors()]

    def turns(self, low: Fraction, high: Fraction | None) -> list[Fraction]:
        """Return where the conversion rate switches: where the equity changes sign."""
        return self.equity.roots(low, high) if self.bid != self.ask else []

    @cached_property
    def _minus_held(self) -> Fraction:
        total = Expression([ZERO])
        for leg in self.legs:
            if not leg.is_moving:
                leg.subtract_maintenance(total, ZERO)
        return total(ZERO)


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
            equity = purse.equity
            rate = purse.bid
            if purse.bid != purse.ask and equity(at) < 0:
                rate = purse.ask
            total.add_product(equity, rate)
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
        if end is None or any(c and end + shift == 0 for shift, c in surplus.poles.items()):
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
        inside = {p for p in found if p > self.low and (self.high is None or p < self.high)}
        points = [self.low, *sorted(inside)]
        return [*pairwise(points), (points[-1], self.high)]


def _between(low: Fraction, high: Fraction | None) -> Fraction:
    return 2 * abs(low) + 1 if high is None else (low + high) / 2
