"""Laws of how far prices can move: liquidation, bankruptcy and joint prices (see `laws.LAWS`)."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from crossmargin.margin.assess import assess
from crossmargin.margin.direction import liquidating_multiple
from tests.property import brute
from tests.property.books import plain, prices
from tests.property.strategies import worlds
from tests.property.test_crossing_laws import tick_of, unit_of
from tests.property.worlds import EIGHT_PLACES

UNIT = Fraction(EIGHT_PLACES)
STEPS = ["money step"]
"""Whole steps of money have laws of their own: `test_crossing_laws`."""
MULTIPLES = sorted(
    Fraction(n, 10**power) for power in (0, 1, 2, 3, 5, 8) for n in (1, 2, 3, 5, 7, 9, 12, 40, 90)
)


@given(worlds(has_orders=False, without=STEPS))
def test_equity_is_zero_at_the_bankruptcy_price(world):
    account, market, rules = world
    book, marks, index = plain(account, rules, market), prices(market.marks), prices(market.index)
    found = assess(*world).boundaries
    for held, boundary in zip(account.positions, found.positions, strict=True):
        unit, symbol = unit_of(held, account, rules), held.symbol

        def equity(price, unit=unit, symbol=symbol):
            return brute.health(book, unit, marks | {symbol: price}, index)[0]

        price, tick = boundary.bankruptcy_price, Fraction(tick_of(symbol, rules))
        broke = brute.broke(book, unit, symbol, marks, index)
        if price is None:
            assert [] == broke
            continue
        price = Fraction(price)
        if price <= tick:
            continue  # Below one tick there is nothing to compare with.
        there = equity(price)
        steps = [equity(near) - there for near in (price - tick, price + tick) if near > 0]
        assert abs(there) <= max(map(abs, steps))
        mark = marks[symbol]
        assert not [
            low
            for low, high in broke
            if max(abs(low - mark), abs(high - mark)) < abs(price - mark) - tick
        ]  # Nothing is nearer.


@given(worlds(without=STEPS))
def test_joint_liquidation_is_the_first_move_of_all_marks_that_breaks_something(world):
    account, market, rules = world
    book, marks, index = plain(account, rules, market), prices(market.marks), prices(market.index)
    found = assess(*world).boundaries
    names = brute.unit_names(book)

    assert set(names) <= found.units.keys()
    for direction in (-1, 1):
        moves = brute.all_moves(book, direction)
        by_unit = []
        for name in names:
            joint = found.units[name]
            reached = joint.down if direction < 0 else joint.up
            by_unit.append(reached)
            if not brute.legs_of(book, name) and not book["is_multi"]:
                assert reached is None
                continue
            check_reach(book, name, marks, index, moves, reached)
        known = [reached for reached in by_unit if reached is not None]
        total = found.joint.down if direction < 0 else found.joint.up
        assert total == min(known, default=None)
    nearest = [move for move in (found.joint.down, found.joint.up) if move is not None]
    if nearest:
        first = found.units[found.joint.first]
        assert min(nearest) in (first.down, first.up)


def check_reach(book, unit, marks, index, moves, reached):
    """Check by substitution that a unit lives until `reached` times the moves, and not beyond."""
    fastest = min(moves.values(), default=0)
    end = -1 / Fraction(fastest) if fastest < 0 else None

    def is_inside(by):
        return end is None or by < end

    def lives(by):
        left = brute.surplus(book, unit, *brute.moved(book, marks, index, moves, by))
        # With nothing at stake only a debt is the end.
        return left > 0 or (not left and not brute.legs_of(book, unit))

    limit = None if reached is None else Fraction(reached)
    points = [by for by in MULTIPLES if is_inside(by)]
    if end is not None:
        points += [end * (1 - Fraction(1, 10**power)) for power in range(1, 12)]
    for by in points:
        if limit is None or by < limit:
            assert lives(by)
    if limit is None:
        assert lives(Fraction(0)) or not brute.legs_of(book, unit)
    elif limit:
        assert lives(Fraction(0))
        # The limit itself is alive, or is where it ends; at the end of the path a price is zero.
        assert not is_inside(limit) or lives(limit) or not lives(limit + UNIT / 10**20)
    if limit is not None and is_inside(limit + UNIT):
        # Where it stops living inside the last digit it may live again, but not from the start on.
        steps = [limit + UNIT * part / 64 for part in range(65)]
        assert not all(map(lives, steps))


@given(worlds(has_orders=False, without=STEPS), st.data())
def test_a_liquidating_multiple_is_the_first_that_breaks_something(world, data):
    account, market, rules = world
    book, marks, index = plain(account, rules, market), prices(market.marks), prices(market.index)
    speeds = st.sampled_from(["0", "-0.01", "-0.05", "-0.08", "-1", "0.01", "0.1", "0.25", "2"])
    vector = {symbol: Decimal(data.draw(speeds)) for symbol in market.marks}
    for asset in data.draw(st.lists(st.sampled_from(["BTC", "ETH", "USDC"]), unique=True)):
        vector[asset] = Decimal(data.draw(speeds))

    reached = liquidating_multiple(account, market, rules, vector)

    moves = {symbol: Fraction(vector[symbol]) for symbol in market.marks}
    for asset, buffers in book["collateral"].items():
        bases = [
            move
            for symbol, move in vector.items()
            if symbol in rules.contracts and rules.contracts[symbol].instrument.base == asset
        ]
        if not buffers["is_stable"]:
            moves[asset] = Fraction(vector.get(asset, bases[0] if bases else 0))
    held = {name for name in brute.unit_names(book) if brute.legs_of(book, name)}
    # A pool of many assets may break by its debts alone.
    units = [name for name in brute.unit_names(book) if name in held or book["is_multi"]]
    limit = None if reached is None else Fraction(reached)
    ends = {}
    for name in units:
        legs = [leg for leg in brute.legs_of(book, name) if leg["quantity"]]
        own = {leg["symbol"] for leg in legs}
        if book["is_multi"] and name not in book["buckets"]:
            # The pool of many assets counts those it has money or an open position in.
            own |= {asset for asset, wallet in book["wallets"].items() if wallet}
            own |= {leg["asset"] for leg in legs}
        fastest = min((moves.get(part, 0) for part in own), default=0)
        ends[name] = -1 / Fraction(fastest) if fastest < 0 else None

    def breaks(by):
        left = {
            name: brute.surplus(book, name, *brute.moved(book, marks, index, moves, by))
            for name in units
            if ends[name] is None or by < ends[name]
        }
        return any(amount < 0 or (not amount and name in held) for name, amount in left.items())

    for by in MULTIPLES:
        if limit is None or by < limit:
            assert not breaks(by)
    if limit is None or limit:
        assert not breaks(Fraction(0))
    # Inside the last digit before a price is zero there is no room to look.
    edges = [end for end in ends.values() if end is not None]
    if limit is not None and not any(limit <= end <= limit + UNIT for end in edges):
        assert any(breaks(limit + UNIT * part / 64) for part in range(65))


@given(worlds(has_orders=False))
def test_definitions_hold_for_what_is_already_liquidatable(world):
    found = assess(*world)
    for unit in found.units:
        if unit.is_liquidatable and unit.health.maintenance_margin:
            joint = found.boundaries.units[unit.name]
            assert (Decimal(0), Decimal(0)) == (joint.down, joint.up)
    if any(unit.is_liquidatable and unit.health.maintenance_margin for unit in found.units):
        assert (Decimal(0), Decimal(0)) == (
            found.boundaries.joint.down,
            found.boundaries.joint.up,
        )
