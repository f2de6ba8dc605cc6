"""The float twin of the grid is within its error of the exact functions; greeks of many legs."""

import math
from dataclasses import fields, replace
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.errors import InvariantBroken, UnitError
from crossmargin.margin import black
from crossmargin.margin.scenarios import arrays
from crossmargin.margin.scenarios.arrays import Book, book, greeks, grid, outcomes, values
from crossmargin.margin.scenarios.leg import Leg, OptionPart, PortfolioUnit
from crossmargin.margin.scenarios.revalue import coin_profit, option_value, profit
from crossmargin.margin.scenarios.volatility import shifted
from crossmargin.model.option import Right
from crossmargin.model.scenario import Direction, Scenario
from crossmargin.money import CONTEXT, ZERO
from crossmargin.rulebooks.portfolio.volatility import TermShift

D = Decimal
CALL, PUT = Right.CALL, Right.PUT
DAY = D(86_400)
SHIFT = TermShift(D("0.5"), D("0.25"), D("0.3"), D("0.13"), days_floor=D("0.5"), up_floor=D("0.4"))


def future(size, price="100"):
    return Leg("F", D(size), D(price), "USD")


def option(size, right=CALL, strike="100", price="100", volatility="0.8", days="30"):
    part = OptionPart(right, D(strike), D(volatility))
    return Leg("O", D(size), D(price), "USD", seconds=D(days) * DAY, option=part)


def unit(*legs):
    return PortfolioUnit("BTC", "USD", D(100), legs)


def decimals(low, high):
    return st.decimals(D(low), D(high), places=6)


signed = decimals("-10000", "10000")
prices = st.sampled_from(["0.01", "3.5", "2500", "101000.5", "1000000"]).map(D)
seconds = st.one_of(st.just(ZERO), decimals("1", "900"), decimals("900", "90000000"))
# The strike by its distance, so that some are deep in the money and some far out.
distances = st.sampled_from(["0.01", "0.5", "0.9", "0.999", "1", "1.02", "1.3", "4", "100"]).map(D)


@st.composite
def legs(draw):
    price = draw(prices)
    if draw(st.booleans()):
        return Leg("F", draw(signed), price, "USD")
    volatility = draw(st.one_of(st.just(ZERO), decimals("0.01", "6")))
    part = OptionPart(draw(st.sampled_from(Right)), price * draw(distances), volatility)
    return Leg("O", draw(signed), price, "USD", seconds=draw(seconds), option=part)


shifts = st.builds(
    TermShift,
    decimals("0", "1"),
    decimals("0", "1"),
    decimals("0", "1"),
    decimals("0", "1"),
    decimals("0", "3"),
    decimals("0", "1"),
)
scenarios = st.builds(
    Scenario,
    st.one_of(st.just(ZERO), decimals("-0.99", "1"), decimals("1", "5")),
    st.sampled_from([Direction.DOWN, Direction.NONE, Direction.UP]),
    decimals("0", "1"),
)


def exact_outcome(one, scenario, shift, function):
    total = ZERO
    with localcontext(CONTEXT):
        for leg in one.legs:
            volatility = None
            if leg.option is not None:
                given = leg.option.volatility
                volatility = shifted(given, leg.seconds, scenario.direction, shift)
            total += function(leg, scenario.move, volatility)
        return total * scenario.damping


@pytest.mark.parametrize(
    ("in_coins", "function"), [(False, profit), (True, coin_profit)], ids=["quote", "coins"]
)
@given(
    st.lists(st.lists(legs(), max_size=5).map(lambda some: unit(*some)), max_size=3),
    st.lists(scenarios, min_size=1, max_size=5),
    shifts,
)
def test_the_twin_is_within_its_error_of_the_exact_functions(
    in_coins, function, units, played, shift
):
    found = outcomes(book(units), grid(played, shift), in_coins=in_coins)
    may_be_worst = found.may_be_worst()

    assert (len(units), len(played)) == found.outcome.shape == found.error.shape
    for row, one in enumerate(units):
        exact = [exact_outcome(one, scenario, shift, function) for scenario in played]
        for column, outcome in enumerate(exact):
            with localcontext(CONTEXT):
                off = abs(outcome - D(float(found.outcome[row, column])))
            assert off <= D(float(found.error[row, column]))
        assert may_be_worst[row, exact.index(min(exact))]
        assert found.worst[row] == found.outcome[row, found.worst_place[row]]


def test_the_error_is_a_small_part_of_what_is_played():
    found = outcomes(book([unit(future(3), option(-2))]), grid([Scenario(D("-0.16"))], SHIFT))

    # (3 × 100 + 2 × (100 + 100)) × 2 × 1.16 × 1e-13
    assert 1.624e-10 == pytest.approx(found.error[0, 0], rel=1e-12)


def test_what_is_no_option_makes_size_times_price_times_move_damped():
    units = [unit(future("2"), future("-0.5", "104")), unit(), unit(future("-1"))]
    played = [Scenario(D("-0.16")), Scenario(D("0.25")), Scenario(D("0.6"), damping=D("0.5"))]

    found = outcomes(book(units), grid(played, SHIFT))

    # 200 − 52 = 148 long, then nothing, then 100 short.
    assert [[-23.68, 37, 44.4], [0, 0, 0], [16, -25, -30]] == pytest.approx(found.outcome)
    assert [-23.68, 0, -30] == pytest.approx(found.worst)
    assert [0, 0, 2] == found.worst_place.tolist()


def test_in_coins_a_fall_to_four_fifths_costs_a_quarter():
    found = outcomes(book([unit(future("2"))]), grid([Scenario(D("-0.2"))], SHIFT), in_coins=True)

    assert -0.5 == pytest.approx(found.outcome[0, 0])


@pytest.mark.parametrize(
    ("right", "move", "made"),
    [(CALL, "0.2", 10), (CALL, "-0.2", 0), (PUT, "-0.2", 20), (PUT, "0.2", -10)],
)
def test_at_its_expiry_an_option_makes_what_its_intrinsic_value_makes(right, move, made):
    # Struck at 110 while the price is 100: the call is worth nothing now, the put 10.
    expiring = option(1, right, "110", days="0")

    found = outcomes(book([unit(expiring)]), grid([Scenario(D(move), Direction.UP)], SHIFT))

    assert made == pytest.approx(found.outcome[0, 0])


def test_deep_in_the_money_an_option_makes_what_its_underlying_does():
    deep = option(1, CALL, strike="1", volatility="0.2", days="10")

    found = outcomes(book([unit(deep)]), grid([Scenario(D("-0.5"), Direction.UP)], SHIFT))

    assert -50 == pytest.approx(found.outcome[0, 0], abs=1e-10)


def test_far_out_of_the_money_an_option_makes_nothing():
    tail = option(1000, PUT, strike="20", volatility="0.3", days="10")

    found = outcomes(book([unit(tail)]), grid([Scenario(D("0.2"), Direction.DOWN)], SHIFT))

    assert -1e-100 < found.outcome[0, 0] <= 0


def test_shifted_up_volatility_is_at_least_its_floor():
    calm = option(1, volatility="0.1")
    found = outcomes(book([unit(calm)]), grid([Scenario(ZERO, Direction.UP)], SHIFT))

    # 0.1 × 1.5 is below the floor of 0.4; at the money 100 × (2 N(d ÷ 2) − 1), d = v × √(30 ÷ 365).
    risen = [100 * math.erf(v * math.sqrt(30 / 365) / 2 / math.sqrt(2)) for v in (0.4, 0.1)]
    assert risen[0] - risen[1] == pytest.approx(found.outcome[0, 0])


COLUMNS = [field.name for field in fields(Book) if field.name not in {"starts", "sign"}]
BAD = [math.nan, math.inf, -math.inf]


@pytest.mark.parametrize("in_coins", [False, True])
@pytest.mark.parametrize(
    ("column", "bad"),
    [
        *((column, bad) for column in COLUMNS for bad in BAD),
        *((column, bad) for column in ("price", "strike") for bad in (0.0, -1.0)),
        *((column, -1.0) for column in ("volatility", "years")),
    ],
)
def test_what_is_no_number_makes_its_portfolio_unknown_and_no_other(column, bad, in_coins):
    laid_out = book([unit(option(1)), unit(future(1), option(2)), unit(option(1))])
    spoiled = getattr(laid_out, column).copy()
    spoiled[2] = bad
    broken = replace(laid_out, **{column: spoiled})
    played = grid([Scenario(ZERO), Scenario(D("0.1"), Direction.UP)], SHIFT)

    found = outcomes(broken, played, in_coins=in_coins)

    assert [False, True, False] == np.isnan(found.outcome).any(axis=1).tolist()
    assert np.isnan(found.outcome[1]).all()
    assert np.isnan(found.error[1]).all()
    assert np.isnan(found.worst[1])
    assert not found.may_be_worst()[1].any()
    if column != "size":
        sensed = greeks(broken)
        for array in (sensed.delta, sensed.gamma, sensed.vega, sensed.theta, values(broken)):
            assert [False, False, True, False] == np.isnan(array).tolist()


def test_what_options_have_is_not_looked_at_elsewhere():
    laid_out = book([unit(future(1))])
    nothing = np.array([math.nan])
    bare = replace(laid_out, strike=nothing, volatility=nothing, years=nothing)

    found = outcomes(bare, grid([Scenario(D("0.1"))], SHIFT))

    assert 10 == pytest.approx(found.outcome[0, 0])
    assert np.isfinite(found.error).all()
    assert [1.0] == greeks(bare).delta.tolist()
    assert [100.0] == values(bare).tolist()


def test_a_grid_refuses_what_is_no_scenario():
    with pytest.raises(UnitError, match=r"move of -1\.0 leaves nothing"):
        grid([Scenario(ZERO), Scenario(D(-1))], SHIFT)
    with pytest.raises(UnitError, match="not finite"):
        grid([Scenario(D("NaN"))], SHIFT)
    with pytest.raises(InvariantBroken, match="tilts"):
        grid([Scenario(ZERO, Direction.LINEAR)], SHIFT)


@given(st.lists(legs(), max_size=8))
def test_values_and_greeks_of_arrays_are_those_of_single_options(some):
    laid_out = book([unit(*some)])
    worth, sensed = values(laid_out), greeks(laid_out)
    for place, leg in enumerate(some):
        found = [float(getattr(sensed, name)[place]) for name in black.Greeks.__struct_fields__]
        if leg.option is None:
            assert [1, 0, 0, 0] == found
            assert float(leg.price) == worth[place]
            continue
        part = leg.option
        one = black.greeks(part.right, leg.price, part.strike, part.volatility, leg.seconds)
        expected = [float(getattr(one, name)) for name in black.Greeks.__struct_fields__]
        value = float(option_value(leg, ZERO, part.volatility))
        size = float(leg.price + part.strike)
        assert value == pytest.approx(float(worth[place]), rel=1e-9, abs=1e-14 * size)
        assert expected == pytest.approx(found, rel=1e-9, abs=1e-35)


@pytest.mark.parametrize("in_coins", [False, True])
def test_uncompiled_the_loops_say_the_same(monkeypatch, in_coins):
    laid_out = book(
        [
            unit(option("2", CALL, days="7"), option("-1", PUT, strike="80"), future("-1")),
            unit(option("1", PUT, strike="130", days="0"), future("3")),
            unit(future("1"), future("1", price="NaN"), option("1", price="NaN")),
        ]
    )
    played = grid([Scenario(D("-0.16"), Direction.UP), Scenario(D("0.3"), Direction.DOWN)], SHIFT)

    def everything():
        found, sensed = outcomes(laid_out, played, in_coins=in_coins), greeks(laid_out)
        return [
            *(found.outcome, found.error, values(laid_out)),
            *(sensed.delta, sensed.gamma, sensed.vega, sensed.theta),
        ]

    compiled = everything()
    monkeypatch.setattr(arrays, "_compiled", lambda loop: loop)

    for fast, slow in zip(compiled, everything(), strict=True):
        assert fast == pytest.approx(slow, rel=1e-13, abs=1e-13, nan_ok=True)
