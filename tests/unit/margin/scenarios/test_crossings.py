"""All crossings of a path are found: surpluses with known roots, and option books densely searched.

Books have futures and options with an hour to half a year left, under a grid whose worst scenario
changes along the path. The dense search asks the float twin at 20,000 points.
"""

from decimal import Decimal
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crossmargin.margin.scenarios.arrays import Book, book, grid, outcomes, values
from crossmargin.margin.scenarios.crossings import HIGHEST, LOWEST, Crossings, crossings
from crossmargin.margin.scenarios.leg import Leg, OptionPart, PortfolioUnit
from crossmargin.margin.scenarios.revalue import option_value, profit
from crossmargin.margin.scenarios.volatility import shifted
from crossmargin.model.option import Right
from crossmargin.model.scenario import Direction, Scenario
from crossmargin.money import ONE, ZERO, exact
from crossmargin.rulebooks.portfolio.volatility import TermShift

D = Decimal
NEAR = D("1e-12")


class Counted:
    """A surplus that counts how often it is asked."""

    def __init__(self, surplus):
        self.surplus, self.count = surplus, 0

    def __call__(self, at):
        self.count += 1
        return self.surplus(at)


def polynomial(*roots, sign=1):
    """Return a surplus that is zero at `roots` and has `sign` below them all."""

    @exact
    def surplus(at):
        found = D(sign)
        for root in roots:
            found *= D(root) - at
        return found

    return surplus


def check_roots(surplus, found):
    """Assert that each root is on its safe side and as near to the other as is promised."""
    for low, high in found.safe:
        for end, outwards in ((low, -1), (high, 1)):
            assert surplus(end) > 0
            if end in found.roots:
                assert surplus(end * (1 + outwards * NEAR)) <= 0


@pytest.mark.parametrize(
    ("surplus", "roots"),
    [
        pytest.param(lambda at: D(7), [], id="never liquidated"),
        pytest.param(lambda at: D(-7), [], id="always liquidated"),
        pytest.param(lambda at: ZERO, [], id="at the line everywhere"),
        pytest.param(polynomial("1.5"), ["1.5"], id="a long"),
        pytest.param(polynomial("0.4", sign=-1), ["0.4"], id="a short"),
        pytest.param(polynomial("0.02", "99"), ["0.02", "99"], id="far out"),
        pytest.param(
            polynomial("1.0004", "1.0009"), ["1.0004", "1.0009"], id="two between samples nearby"
        ),
        pytest.param(polynomial("3.003", "3.005"), ["3.003", "3.005"], id="two far out"),
        pytest.param(
            polynomial("3.003", "3.005", sign=-1), ["3.003", "3.005"], id="safe only between two"
        ),
        pytest.param(
            polynomial("1.1", "1.105", "1.11", "1.115", sign=-1),
            ["1.1", "1.105", "1.11", "1.115"],
            id="four between two samples",
        ),
        pytest.param(
            polynomial("0.5", "0.9", "1.011", "1.013", "1.3", "2.5", "7"),
            ["0.5", "0.9", "1.011", "1.013", "1.3", "2.5", "7"],
            id="seven",
        ),
        pytest.param(
            lambda at: abs(at - D("1.2043")) - D("0.001"), ["1.2033", "1.2053"], id="a kink down"
        ),
        pytest.param(
            lambda at: D("0.001") - abs(at - D("6.7")), ["6.699", "6.701"], id="a kink up, far out"
        ),
        pytest.param(
            lambda at: (at - D("1.2043")) ** 2 - D("1e-9") if at < 2 else D(1),
            ["1.20426837722", "1.20433162278"],
            id="a shallow dip",
        ),
    ],
)
def test_known_roots_are_found(surplus, roots):
    found = crossings(surplus)

    assert [float(root) for root in roots] == pytest.approx(
        [float(root) for root in found.roots], rel=1e-11
    )
    check_roots(surplus, found)


def test_a_jump_ends_where_it_jumps():
    def surplus(at):
        return D(5) if at < D("1.2345") else D(-2)

    found = crossings(surplus)

    assert 1 == len(found.safe)
    assert D("1.2345") * (1 - NEAR) <= found.safe[0][1] < D("1.2345")
    check_roots(surplus, found)


def test_touching_the_line_from_above_at_a_sample_parts_what_is_safe():
    touch = D("1.3")

    found = crossings(lambda at: (at - touch) ** 2, [touch])

    # At the line is liquidated: the point itself belongs to neither side.
    assert 2 == len(found.roots)
    assert found.roots[0] < touch < found.roots[1]
    assert found.roots[1] - found.roots[0] < 2 * touch * NEAR


def test_touching_the_line_from_below_is_never_safe():
    assert () == crossings(lambda at: -((at - D("1.3")) ** 2), [D("1.3")]).safe


def test_a_tooth_that_nothing_around_tells_of_is_found_where_a_bend_says_so():
    bend = D("5.123")

    def surplus(at):
        return min(ONE, 100 * abs(at - bend) - D("0.05"))

    found = crossings(surplus, [bend])

    assert [5.1225, 5.1235] == pytest.approx([float(root) for root in found.roots], rel=1e-11)


def test_a_path_has_its_own_ends():
    found = crossings(polynomial("0.5", "1.5", "3", sign=-1), ends=(ONE, D(2)))

    assert ((ONE, found.roots[0]),) == found.safe
    assert 1.5 == pytest.approx(float(found.roots[0]), rel=1e-11)


SPANS = Crossings(((LOWEST, D("0.5")), (D("0.8"), D("1.3")), (D(2), HIGHEST)))


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        ("1", ("0.8", "1.3")),
        ("0.3", (None, "0.5")),
        ("5", ("2", None)),
        ("0.6", (None, "0.5")),
        ("1.9", ("2", None)),
        ("1.3", ("0.8", "1.3")),
    ],
)
def test_the_nearest_safe_interval(at, ends):
    assert tuple(end and D(end) for end in ends) == SPANS.nearest(D(at))


def test_nowhere_safe_has_no_nearest_interval():
    assert (None, None) == Crossings(()).nearest()


def test_a_root_costs_half_of_what_halving_it_down_would():
    flat, bent = Counted(lambda at: D(1)), Counted(lambda at: 1 - 4 * (at - 1) ** 2)
    crossings(flat)
    found = crossings(bent)

    # Halving 2 % of the price down to 1e-12 of it takes 34 evaluations.
    assert 2 == len(found.roots)
    assert flat.count < 140
    assert bent.count - flat.count <= 2 * 17


def test_a_jump_costs_little_more_than_halving_it_down_and_looking_beside_it():
    flat = Counted(lambda at: D(1))
    jump = Counted(lambda at: D(1) if at < D("1.2345") else D(-1_000_000))
    crossings(flat)
    crossings(jump)

    # 34 halvings, one more, and what looks for turns beside so steep a place.
    assert jump.count - flat.count <= 35 + 90


# Books of options.

SHIFT = TermShift(D("0.5"), D("0.25"), D("0.3"), D("0.13"), up_floor=D("0.2"))
MOVES = [D(move) * D("0.04") for move in range(-4, 5)]
GRID = [Scenario(move, way) for move, way in product(MOVES, (Direction.DOWN, Direction.UP))]
SPOT = D(100)
DAY = 86_400
HOURS = (1, 5, 24, 7 * 24, 30 * 24, 180 * 24)
DENSE = np.geomspace(0.01, 100, 20_000)


@exact
def worth(legs):
    return sum((leg.size * option_value(leg, ZERO, leg.option.volatility) for leg in legs), ZERO)


def surplus_of(legs, cash):
    """Return what a book is worth above its worst loss, by the exact functions."""

    @exact
    def surplus(at):
        there = [replace(leg, price=leg.price * at) for leg in legs]
        total = cash
        for leg in there:
            if leg.option is None:
                total += leg.size * (leg.price - SPOT)
            else:
                total += leg.size * option_value(leg, ZERO, leg.option.volatility)
        made = [
            sum((profit(leg, one.move, volatility(leg, one)) for leg in there), ZERO)
            for one in GRID
        ]
        return total + min(ZERO, *made)

    return surplus


def volatility(leg, scenario):
    if leg.option is None:
        return None
    return shifted(leg.option.volatility, leg.seconds, scenario.direction, SHIFT)


def dense_surplus(legs, cash):
    """Return the same at every point of the dense search, and how far off it may be."""
    laid_out = book([PortfolioUnit("BTC", "USD", SPOT, tuple(legs))])
    count, points = len(legs), len(DENSE)
    columns = {
        name: np.tile(getattr(laid_out, name), points)
        for name in ("size", "price", "sign", "strike", "volatility", "years")
    }
    columns["price"] = columns["price"] * np.repeat(DENSE, count)
    many = Book(**columns, starts=np.arange(points + 1) * count)
    each = np.where(many.sign == 0, many.price - float(SPOT), values(many)) * many.size
    played = outcomes(many, grid(GRID, SHIFT))
    total = float(cash) + each.reshape(points, count).sum(axis=1) + np.minimum(played.worst, 0)
    return total, played.error.max(axis=1) + 1e-12 * np.abs(each).reshape(points, count).sum(axis=1)


def bends_of(legs):
    """Return the multiples at which options are at their strikes, moved by a scenario or not."""
    strikes = {leg.option.strike / leg.price for leg in legs if leg.option is not None}
    return [strike / (1 + move) for strike in strikes for move in MOVES]


sizes = st.integers(-40, 40).filter(bool).map(lambda tenths: D(tenths) / 10)
strikes = st.one_of(st.integers(95, 105), st.integers(80, 120), st.integers(30, 300)).map(D)


@st.composite
def books(draw):
    """Return legs, and cash that puts the line through a price not far away."""
    legs = []
    for number in range(draw(st.integers(1, 4))):
        size = draw(sizes)
        if not draw(st.integers(0, 4)):
            legs.append(Leg(f"F{number}", size, SPOT, "USD"))
            continue
        part = OptionPart(
            draw(st.sampled_from(Right)),
            draw(strikes),
            draw(st.integers(20, 120).map(lambda percent: D(percent) / 100)),
        )
        seconds = D(3600 * draw(st.sampled_from(HOURS)))
        legs.append(Leg(f"O{number}", size, SPOT, "USD", seconds=seconds, option=part))
    at = draw(
        st.sampled_from([70, 90, 97, 100, 103, 110, 150, 250]).map(lambda percent: D(percent) / 100)
    )
    beyond = draw(st.sampled_from(["-1", "0.01", "0.1", "1", "10"]).map(D))
    return legs, beyond - surplus_of(legs, ZERO)(at)


@given(books())
def test_a_dense_search_finds_no_crossing_that_was_missed(drawn):
    legs, cash = drawn
    surplus = Counted(surplus_of(legs, cash))

    found = crossings(surplus, bends_of(legs))

    assert surplus.count < 1500
    total, error = dense_surplus(legs, cash)
    is_safe = np.zeros(len(DENSE), dtype=bool)
    for low, high in found.safe:
        is_safe |= (float(low) <= DENSE) & (float(high) >= DENSE)
    # Next to a root, floats do not say on which side they are.
    is_told = np.abs(total) > error
    for root in found.roots:
        is_told &= np.abs(DENSE / float(root) - 1) > 1e-9
    assert [] == DENSE[is_told & (is_safe != (total > 0))].tolist()
    check_roots(surplus, found)
    for (_, high), (low, _) in pairwise(found.safe):
        assert high < low


def test_ripples_of_a_changing_worst_scenario_are_all_found():
    # Two puts of one hour and one coin, a long straddle: worst in the scenario that comes nearest
    # to the strike, so that the line is crossed between scenarios again and again.
    part = OptionPart(Right.PUT, D(100), D("0.6"))
    straddle = [
        Leg("O", D(2), SPOT, "USD", seconds=D(3600), option=part),
        Leg("F", ONE, SPOT, "USD"),
    ]
    cash = D("-1.2")
    surplus = surplus_of(straddle, cash)
    total, _ = dense_surplus(straddle, cash)

    found = crossings(surplus, bends_of(straddle))

    assert np.count_nonzero(np.diff(total > 0)) == len(found.roots) > 10
    check_roots(surplus, found)
