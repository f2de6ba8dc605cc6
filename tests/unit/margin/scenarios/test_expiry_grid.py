"""The options of one expiry under Derive's scenarios, by hand."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from crossmargin.errors import UnitError
from crossmargin.margin.scenarios.expiry_grid import (
    TODAY,
    Expiry,
    basis_contingency,
    discount_factor,
    expiry_grid,
    long_discount,
    naked_shorts,
    shocked_forward,
    short_discount,
    smiles,
    tilt,
    tilted,
)
from crossmargin.model.scenario import Direction, Scenario
from crossmargin.rulebooks.portfolio.derive import StaticDiscount
from tests.unit.margin.scenarios.managers import ROUND, SPOT, STILL, expiry, legs

D = Decimal
UP, NONE, DOWN = Direction.UP, Direction.NONE, Direction.DOWN


@pytest.mark.parametrize(
    ("seconds", "direction", "forward"),
    [
        pytest.param("86400", NONE, "1100", id="all of it moves"),
        pytest.param("1800", NONE, "1100", id="the average begins"),
        pytest.param("900", NONE, "1050", id="half of the average is fixed"),
        pytest.param("0", NONE, "1000", id="all of it is fixed"),
        pytest.param("86400", Direction.LINEAR, "1000", id="a tilt leaves the forward"),
    ],
)
def test_the_forward_moves_as_far_as_its_average_is_open(seconds, direction, forward):
    got = shocked_forward(Expiry(D(seconds), SPOT, ()), D("0.1"), direction, ROUND)

    assert D(forward) == got


@pytest.mark.parametrize(
    ("days", "direction", "volatility"),
    [
        # (30 / 7.5)^0.5 = 2: 1 + 0.5 * 2 and 1 - 0.25 * 2.
        pytest.param("7.5", UP, "1.2", id="near, up"),
        pytest.param("7.5", DOWN, "0.3", id="near, down"),
        pytest.param("7.5", NONE, "0.6", id="near, none"),
        pytest.param("30", UP, "0.9", id="a month"),
        # (30 / 60)^2 = 0.25: the power beyond a month.
        pytest.param("60", UP, "0.675", id="far, up"),
        pytest.param("60", DOWN, "0.5625", id="far, down"),
        pytest.param("0", UP, "0.6", id="at expiry nothing shifts"),
    ],
)
def test_volatility_shifts_most_near_expiry(days, direction, volatility):
    near = Expiry(D(days) * 86_400, SPOT, legs("1 call 1000", volatility="0.6"))

    assert {direction: (D(volatility),)} == smiles(near, [direction], ROUND)


def test_a_day_is_as_near_as_it_gets_and_down_ends_at_zero():
    shift = replace(ROUND.volatility, days_floor=D("1.875"))
    hour = Expiry(D(3600), SPOT, legs("1 call 1000", volatility="0.6"))

    # (30 / 1.875)^0.5 = 4: 1 + 0.5 * 4 and 1 - 0.25 * 4.
    got = smiles(hour, [UP, DOWN], replace(ROUND, volatility=shift))

    assert {UP: (D("1.8"),), DOWN: (D(0),)} == got


def test_volatility_shifted_up_has_a_floor_and_shifted_down_none():
    calm = Expiry(D(30) * 86_400, SPOT, legs("1 call 1000", volatility="0.2"))

    # 0.2 * 1.5 = 0.3 is under 0.4; 0.2 * 0.75.
    assert {UP: (D("0.4"),), DOWN: (D("0.15"),)} == smiles(calm, [UP, DOWN], ROUND)


@pytest.mark.parametrize(
    ("years", "direction", "cap", "width"),
    [
        # sqrt(4) = 2: 0.15 - 0.1; 2 * 4 * (0.6 - 0.2).
        pytest.param("4", Direction.LINEAR, "0.05", "3.2", id="linear"),
        pytest.param("4", Direction.ABSOLUTE, "0.05", "3.2", id="absolute"),
        pytest.param("1", Direction.LINEAR, "0.1", "2", id="linear, a year"),
        pytest.param("1", Direction.ABSOLUTE, "0.15", "2", id="absolute, a year"),
        pytest.param("0", Direction.LINEAR, "0.15", "0.01", id="the narrowest"),
    ],
)
def test_a_tilt_flattens_and_widens_with_time(years, direction, cap, width):
    assert (D(cap), D(width)) == tilt(D(years), direction, ROUND.skew)


@pytest.mark.parametrize(
    ("distance", "cap", "volatility"),
    [
        ("0", "0.1", "0.5"),
        ("1", "0.1", "0.525"),
        ("4", "0.1", "0.55"),
        ("-1", "0.1", "0.475"),
        ("-4", "0.1", "0.45"),
        ("-4", "3", "0"),
        # Below zero the limits change sides: at most -0.1, at least 0.1.
        ("1", "-0.1", "0.45"),
        ("-1", "-0.1", "0.55"),
    ],
)
def test_volatility_tilts_with_the_distance_from_the_money(distance, cap, volatility):
    assert D(volatility) == tilted(D("0.5"), D(distance), D(cap), D(2))


def test_the_linear_tilt_has_sides_and_the_absolute_one_has_none():
    wings = Expiry(D(31_536_000), SPOT, legs("1 put 100", "1 call 10000", volatility="0.5"))

    # |ln 10| = 2.3 is past the width of 2, so caps bind: 10 % and 15 %.
    got = smiles(wings, [Direction.LINEAR, Direction.ABSOLUTE], ROUND)

    assert {
        Direction.LINEAR: (D("0.45"), D("0.55")),
        Direction.ABSOLUTE: (D("0.575"), D("0.575")),
    } == got


@pytest.mark.parametrize(
    ("rate", "factor"),
    [("0", "1"), ("-0.3", "1"), ("0.1", "0.90483741803595957316")],  # exp(-0.1)
)
def test_a_rate_below_zero_discounts_nothing(rate, factor):
    assert D(factor) == discount_factor(expiry(years="1", rate=D(rate)))


def test_what_is_owned_is_discounted_and_what_is_owed_is_not_undone_twice():
    year = expiry(years="1", rate=D("0.1"))
    growing = StaticDiscount(D("0.5"), D("0.6"), D("0.04"))  # 0.1 * 0.6 + 0.04 = 0.1

    assert D("0.5") * D("0.90483741803595957316") == long_discount(year, growing)
    # 1.1051709180756476248 is exp(0.1), both the growth and the most there can be.
    assert D("0.5") * D("1.1051709180756476248") == short_discount(year, growing)
    assert D("1.1051709180756476248") == short_discount(year, replace(growing, base=D("1.04")))


@pytest.mark.parametrize(
    ("words", "up", "still", "basis"),
    [
        # Worth 100 at 1000, 200 at 1100; 50 less at 950; years 0.2: 0.5 + 0.4.
        pytest.param(["1 call 900"], "100", "0", "-45", id="bought call"),
        pytest.param(["-1 call 900"], "-100", "0", "-45", id="sold call"),
        pytest.param(["-2 call 900", "2 call 950"], "0", "0", "0", id="vertical in the money"),
        # The box pays 200 whatever happens.
        pytest.param(
            ["1 call 900", "-1 call 1100", "1 put 1100", "-1 put 900"], "0", "0", "0", id="box"
        ),
        pytest.param(["-1 call 1000", "1 put 1000"], "-100", "0", "-45", id="short forward"),
        pytest.param(["1 call 1200"], "0", "0", "0", id="far out of the money"),
    ],
)
def test_what_an_expiry_makes(words, up, still, basis):
    grid = expiry_grid(expiry(*words), STILL)

    assert D(up) == grid.profit((D("0.1"), UP))
    assert D(still) == grid.profit(TODAY)
    assert D(basis) == basis_contingency(grid, STILL)


def test_the_sign_of_the_whole_expiry_says_how_it_is_discounted():
    harsh = replace(
        STILL,
        long_discount=StaticDiscount(D("0.9"), D(0), D(0)),
        short_discount=StaticDiscount(D("1.1"), D(0), D(0)),
    )

    # Alone: 100 * 0.9 - 100 and, because 1 / discount is the most, -100 * 1 + 100.
    assert D(-10) == expiry_grid(expiry("1 call 900"), harsh).profit(TODAY)
    assert D(0) == expiry_grid(expiry("-1 call 900"), harsh).profit(TODAY)
    # Together 100 - 60 = 40 are owned.
    both = expiry_grid(expiry("1 call 900", "-1 call 940"), harsh)
    assert D(-4) == both.profit(TODAY)
    # The basis is not discounted: 50 is lost by the bought, 50 made by the sold.
    assert D(0) == basis_contingency(both, harsh)


def test_no_expiry_gains_where_the_smile_tilts():
    tilting = replace(
        ROUND, scenarios=(Scenario(D(0), Direction.LINEAR), Scenario(D(0), Direction.ABSOLUTE))
    )
    wing = {"years": "1", "volatility": "0.5"}
    bought, sold = (expiry_grid(expiry(f"{n} call 2000", **wing), tilting) for n in ("1", "-1"))

    for scenario in tilting.scenarios:
        key = scenario.move, scenario.direction
        assert sum(bought.leg_profits(key)) > 0
        assert bought.profit(key) == sold.profit(key) < 0


@pytest.mark.parametrize(
    ("words", "naked"),
    [
        (["-1 call 1000", "-1 put 1000"], "2"),
        (["-1 call 1000", "1 put 1000"], "0"),
        (["-3 call 1000", "1 put 1000"], "2"),
        (["-1 call 1000", "1 call 1100"], "1"),
        (["2 call 1000", "1 put 1000"], "0"),
    ],
)
def test_calls_and_puts_of_a_strike_offset_each_other(words, naked):
    assert D(naked) == naked_shorts(expiry(*words))


def test_prices_that_cannot_be_are_refused():
    with pytest.raises(UnitError, match="forward is 0, must be above zero"):
        expiry_grid(Expiry(D(86_400), D(0), legs("1 call 900")), replace(STILL, scenarios=()))
