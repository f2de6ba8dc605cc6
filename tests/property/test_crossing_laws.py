"""Laws of where one price ends a position: every crossing is found, by substitution on both sides.

`laws.LAWS` says what holds; that the brute force agrees with `assess` is `test_laws`'.
"""

from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crossmargin.margin.assess import assess
from crossmargin.margin.expression import Line
from crossmargin.margin.paths import curve
from crossmargin.margin.units import units_of
from crossmargin.model.account import MarginMode, PositionMode
from crossmargin.money import CONTEXT
from crossmargin.rulebooks.margin_rule import PriceBasis
from tests.property import brute
from tests.property.books import lost_in_steps, plain, prices
from tests.property.strategies import worlds
from tests.property.worlds import EIGHT_PLACES

STEPS_LOST = 8
"""How many money steps a position's boundary may be early: 3 that are taken off, and what rounding
gains a position at most, twice over."""
JUST_BEYOND = Fraction(1, 10**12)
ROUNDING = Fraction(1, 10**30)


def tick_of(symbol, rules):
    """Return the step that prices of a symbol are rounded to."""
    return rules.contracts[symbol].instrument.tick or EIGHT_PLACES


def unit_of(held, account, rules):
    """Return the name of the pool or bucket that a position draws on."""
    if held.mode is MarginMode.ISOLATED:
        is_hedge = account.position_mode is PositionMode.HEDGE
        return f"{held.symbol} {held.side}" if is_hedge else held.symbol
    is_multi = account.assets_mode.value == "multi"
    return "USD" if is_multi else rules.contracts[held.symbol].instrument.settle


def is_liquidatable(world, unit, market):
    """Return what the exact core says of a unit at another market."""
    account, _, rules = world
    units = {found.name: found for found in assess(account, market, rules).units}
    return units[unit].is_liquidatable


class Walk:
    """One symbol's price moving, everything else held: whether the unit lives."""

    def __init__(self, world, held):
        """Lay out the oracle's book."""
        self.world, self.symbol = world, held.symbol
        account, market, rules = world
        self.unit = unit_of(held, account, rules)
        self.book = plain(account, rules, market)
        self.marks, self.index = prices(market.marks), prices(market.index)
        self.hidden = lost_in_steps(self.book, self.index, STEPS_LOST)
        made = rules.contracts[held.symbol].instrument
        # An index that follows this mark alone cannot be put into a market of many.
        follows = rules.margin.maintenance_price is PriceBasis.INDEX and made.base in market.index
        self.has_core = not follows

    def surplus(self, price):
        """Return what is left above maintenance margin."""
        marks = self.marks | {self.symbol: Fraction(price)}
        return brute.surplus(self.book, self.unit, marks, self.index)

    def lives(self, price):
        """Return whether it lives at a price; the core must say the same."""
        left = self.surplus(price)
        if self.has_core and left and isinstance(price, Decimal):
            market = self.world.market
            there = replace(market, marks={**market.marks, self.symbol: price})
            assert is_liquidatable(self.world, self.unit, there) == (left < 0)
        return left > 0

    def is_dead(self, price):
        """Return whether it is dead at a price, but for what whole steps of money may hide."""
        return not self.lives(price) or self.surplus(price) <= self.hidden

    def points(self):
        """Return the oracle's scan of prices."""
        return brute.price_points(self.book, self.unit, self.symbol, self.marks)


def cuts_of(boundary):
    """Return where life may change, ascending."""
    ends = boundary.roots or (boundary.lower, boundary.upper)
    return sorted(end for end in ends if end is not None)


def jumps(rules):
    """Return whether requirements jump along a price, so that life may end and begin again."""
    return rules.is_whole_position and not rules.is_by_size


@given(worlds(has_orders=False))
def test_one_tick_inside_the_liquidation_price_is_healthy_and_one_tick_beyond_is_not(world):
    account, _, rules = world
    found = assess(*world).boundaries
    for held, boundary in zip(account.positions, found.positions, strict=True):
        walk, tick = Walk(world, held), tick_of(held.symbol, rules)
        lower, upper = boundary.lower, boundary.upper
        assert () == boundary.roots or jumps(rules)
        cuts = cuts_of(boundary)
        # Within two ticks of another the inside of one is not its own; its outside is, unless life
        # may begin again there.
        is_apart = all(high - low > 2 * tick for low, high in pairwise(cuts))
        for edge, inside in ((lower, tick), (upper, -tick)):
            if edge is None:
                continue
            assert edge >= 0
            assert not Fraction(edge) % Fraction(tick)
            if is_apart and edge + inside > 0:
                assert walk.lives(edge + inside)
            if (is_apart or not jumps(rules)) and edge - inside > 0:
                assert walk.is_dead(edge - inside)


@given(worlds(has_orders=False, without=["money step"]))
def test_brute_force_agrees_with_the_liquidation_prices_everywhere(world):
    account, _, rules = world
    found = assess(*world).boundaries
    for held, boundary in zip(account.positions, found.positions, strict=True):
        walk, tick = Walk(world, held), Fraction(tick_of(held.symbol, rules))
        cuts = [None, *map(Fraction, cuts_of(boundary)), None]
        for low, high in pairwise(cuts):
            between = [
                point
                for point in walk.points()
                if (low is None or point > low + tick) and (high is None or point < high - tick)
            ]
            assert len(set(map(walk.lives, between))) <= 1
        for low, high in brute.crossings(walk.book, walk.unit, walk.symbol, walk.marks, walk.index):
            # One of them, and rounded by less than a tick: the bracket is as good as it gets.
            assert any(low - tick < cut < high + tick for cut in cuts[1:-1])


@given(worlds(has_orders=False, without=["money step"]))
def test_every_crossing_between_roots_changes_life(world):
    account, _, rules = world
    found = assess(*world).boundaries
    for held, boundary in zip(account.positions, found.positions, strict=True):
        walk, tick = Walk(world, held), tick_of(held.symbol, rules)
        cuts = cuts_of(boundary)
        for number, cut in enumerate(cuts):
            near = [other for other in (*cuts[:number], *cuts[number + 1 :])
                    if abs(other - cut) <= 2 * tick]  # fmt: skip
            if not near and cut > tick:
                assert walk.lives(cut - tick) != walk.lives(cut + tick)


@st.composite
def mixed(draw):
    """Return worlds of one pool in dollars with linear and inverse legs, and a direction."""
    world = draw(worlds(multi=True, has_orders=False, without=["money step"]))
    return world, draw(st.sampled_from([-1, 1]))


def joint_spans(unit, world, direction):
    """Return the safe intervals of a unit as all prices move, and the end of the path."""
    _, market, rules = world

    def mark_line(symbol):
        mark = Fraction(market.marks[symbol])
        return Line(mark, mark * direction)

    def index_line(asset):
        price = Fraction(market.index[asset])
        return Line(price, Fraction(0) if rules.collateral[asset].is_stable else price * direction)

    end = Fraction(1) if direction < 0 else None
    path = curve(unit, market, rules, mark_line, index_line, (Fraction(0), end))
    return path.safe_intervals(), end


@given(mixed())
def test_all_roots_of_mixed_legs_are_found_and_are_roots(drawn):
    world, direction = drawn
    account, market, rules = world
    book, marks, index = plain(account, rules, market), prices(market.marks), prices(market.index)
    moves = brute.all_moves(book, direction)
    for unit in units_of(account, rules):
        if not unit.positions:
            continue
        spans, end = joint_spans(unit, world, direction)

        def left(by, name=unit.name):
            return brute.surplus(book, name, *brute.moved(book, marks, index, moves, by))

        ends = sorted({edge for span in spans for edge in span if edge not in (0, end, None)})
        around = [0, *ends, 4 * max(ends, default=Fraction(1)) if end is None else end]
        for low, edge, high in zip(around, around[1:], around[2:], strict=False):
            # Fees kept back are rounded at fifty digits, so a root is no better than that.
            step = min(edge - low, high - edge, JUST_BEYOND) / 4
            if step < ROUNDING:
                continue
            inside = any(span[0] == edge for span in spans) - any(span[1] == edge for span in spans)
            for side in (-1, 1):
                assert (left(edge + side * step) > 0) == (side == inside or not inside)
                check_core(world, unit.name, edge + side * step, direction, left)
        # Between two roots life does not change: none is missing.
        for low, high in pairwise(around):
            inside = {left(low + (high - low) * Fraction(part, 24)) > 0 for part in range(1, 24)}
            assert high - low < ROUNDING or len(inside) <= 1


def check_core(world, unit, by, direction, left):
    """Check that the exact core says of a joint move what the oracle says."""
    account, market, rules = world
    with localcontext(CONTEXT):
        share = (Decimal(by.numerator) / Decimal(by.denominator)).quantize(Decimal("1e-45"))
        move = 1 + direction * share
        there = replace(
            market,
            marks={name: price * move for name, price in market.marks.items()},
            index={
                name: price * (1 if is_held(name, rules) else move)
                for name, price in market.index.items()
            },
        )
    surplus = left(Fraction(share))
    if surplus:
        assert is_liquidatable((account, market, rules), unit, there) == (surplus < 0)


def is_held(asset, rules):
    """Return whether an asset's price stays where it is while all others move."""
    return asset in rules.collateral and rules.collateral[asset].is_stable


@given(worlds(has_orders=False))
def test_joint_points_are_never_in_the_accounts_favour(world):
    account, market, rules = world
    found = assess(*world).boundaries
    book, marks, index = plain(account, rules, market), prices(market.marks), prices(market.index)
    hidden = 2 * lost_in_steps(book, index, STEPS_LOST)
    for name in brute.unit_names(book):
        if not brute.legs_of(book, name):
            continue
        for direction, reached in ((-1, found.units[name].down), (1, found.units[name].up)):
            moves = brute.all_moves(book, direction)
            if reached is None or not 0 < reached < 1:
                continue

            def left(by, name=name, moves=moves):
                return brute.surplus(book, name, *brute.moved(book, marks, index, moves, by))

            limit = Fraction(reached)
            assert all(left(limit * part / 16) > 0 for part in range(16))
            after = [limit + Fraction(EIGHT_PLACES) * part / 64 for part in range(65)]
            if after[-1] < 1:
                assert any(left(by) <= hidden for by in after)
