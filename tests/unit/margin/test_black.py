"""Black-76 against published values, against itself in a hundred digits, and by its laws."""

import math
from decimal import Decimal, localcontext

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crossmargin.errors import UnitError
from crossmargin.margin.black import (
    ERROR_FRACTION,
    black_76,
    d1_d2,
    delta,
    greeks,
    implied_volatility,
    mark,
)
from crossmargin.model.option import Right

D = Decimal
CALL, PUT = Right.CALL, Right.PUT
PI = D("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803")

forwards = st.floats(0.01, 1e6)
deviations = st.floats(1e-5, 6)
distances = st.floats(-7, 7)
years = st.floats(1e-6, 5)
discounts = st.floats(0.5, 1)
rights = st.sampled_from(Right)


def exact_cdf(x: Decimal) -> Decimal:
    """Return the normal distribution by the error function's Taylor series."""
    square = x * x / 2
    term = total = x / D(2).sqrt()
    for n in range(1, 2000):
        term *= -square / n
        total += term / (2 * n + 1)
        if abs(term) < D("1e-80"):
            break
    return D("0.5") + total / PI.sqrt()


def exact_black(right, forward, strike, volatility, time):
    """Return the value, and the sum of its two products times 1 + d²: what errors scale with."""
    with localcontext() as context:
        context.prec = 100
        forward, strike, volatility, time = map(D, (forward, strike, volatility, time))
        deviation = volatility * time.sqrt()
        d1 = (forward / strike).ln() / deviation + deviation / 2
        d2 = d1 - deviation
        sign = 1 if right is CALL else -1
        above, below = forward * exact_cdf(sign * d1), strike * exact_cdf(sign * d2)
        return sign * (above - below), (above + below) * (1 + max(d1 * d1, d2 * d2))


@pytest.mark.parametrize(
    ("right", "forward", "strike", "volatility", "time", "discount", "value", "width"),
    [
        # J. Hull, "Options, Futures, and Other Derivatives", Black's model: a put on crude oil.
        (PUT, 60, 60, 0.25, 4 / 12, math.exp(-0.09 * 4 / 12), 3.35, 0.005),
        # derivexyz/v2-core, StandardManager test cases 1, 4, 21 and 24.
        (CALL, 1500.83327931099, 1500, 1.04788449408499, 500400 / 31536000, 1, 79.37158518906, 0),
        (PUT, 1500.83327931099, 1300, 1.08318941550988, 500400 / 31536000, 1, 14.32279429437, 0),
        (PUT, 1500.83327931099, 4500, 1.59734444222865, 500400 / 31536000, 1, 2999.16672286136, 0),
        (CALL, 1450.16870790544, 1500, 1.04812456681573, 900 / 31536000, 1, 1.042212373e-9, 0),
    ],
)
def test_published_values(right, forward, strike, volatility, time, discount, value, width):
    got = black_76(right, forward, strike, volatility, time, discount)

    assert value == pytest.approx(got, rel=1e-9, abs=width)


@pytest.mark.parametrize(("volatility", "time"), [(0.0, 1.0), (0.8, 0.0), (0.0, 0.0)])
@pytest.mark.parametrize(
    ("right", "strike", "value"), [(CALL, 90, 10), (CALL, 110, 0), (PUT, 110, 10), (PUT, 90, 0)]
)
def test_without_deviation_only_the_intrinsic_value_is_left(right, strike, value, volatility, time):
    assert value * 0.5 == black_76(right, 100.0, strike, volatility, time, 0.5)


def test_unbounded_volatility_is_worth_the_whole_forward_or_strike():
    assert 100.0 == black_76(CALL, 100.0, 80.0, 1e200, 1.0)
    assert 80.0 == black_76(PUT, 100.0, 80.0, 1e200, 1.0)


@pytest.mark.parametrize("place", range(4))
def test_what_is_no_number_gives_no_number(place):
    given = [100.0, 90.0, 0.5, 1.0]
    given[place] = math.nan

    assert math.isnan(black_76(CALL, *given))


@given(rights, forwards, deviations, distances, years)
def test_the_error_stays_within_what_is_stated(right, forward, deviation, distance, time):
    strike = forward * math.exp(distance * deviation)
    volatility = deviation / math.sqrt(time)
    value, scale = exact_black(right, forward, strike, volatility, time)

    off = abs(D(black_76(right, forward, strike, volatility, time)) - value)

    assert off <= D(ERROR_FRACTION) * scale


@given(forwards, deviations, distances, years, discounts)
def test_a_call_less_a_put_is_the_discounted_forward_less_strike(
    forward, deviation, distance, time, discount
):
    strike = forward * math.exp(distance * deviation)
    volatility = deviation / math.sqrt(time)
    call, put = (
        black_76(right, forward, strike, volatility, time, discount) for right in (CALL, PUT)
    )
    d = max(map(abs, d1_d2(math.log(forward / strike), deviation)))

    width = 2 * ERROR_FRACTION * (1 + d * d) * (forward + strike)
    assert discount * (forward - strike) == pytest.approx(call - put, rel=0, abs=width)


@given(rights, forwards, deviations, distances, years)
def test_a_value_lies_between_intrinsic_and_what_may_be_received(
    right, forward, deviation, distance, time
):
    strike = forward * math.exp(distance * deviation)
    value = black_76(right, forward, strike, deviation / math.sqrt(time), time)
    intrinsic = max(forward - strike if right is CALL else strike - forward, 0)

    assert intrinsic <= value <= (forward if right is CALL else strike) * (1 + 1e-15)


@given(rights, forwards, deviations, distances, years, st.floats(1.01, 3))
def test_a_higher_volatility_is_worth_no_less(right, forward, deviation, distance, time, more):
    strike = forward * math.exp(distance * deviation)
    volatility = deviation / math.sqrt(time)
    assume(deviation * more < 10)

    calm = black_76(right, forward, strike, volatility, time)
    wild = black_76(right, forward, strike, volatility * more, time)

    d = max(map(abs, d1_d2(math.log(forward / strike), deviation)))
    assert wild >= calm - 2 * ERROR_FRACTION * (1 + d * d) * (forward + strike)


def test_a_mark_is_a_decimal_that_spells_the_float():
    got = mark(CALL, D(110), D(100), D(0), D(3600))
    tail = mark(CALL, D("1450.16870790544"), D(1500), D("1.04812456681573"), D(900))

    assert D(10) == got
    # StandardManager test case 24: nine digits of a billionth.
    assert abs(tail / D("0.000000001042212373") - 1) < D("1e-9")
    assert len(tail.as_tuple().digits) <= 17


@pytest.mark.parametrize(
    ("strike", "volatility"),
    [
        pytest.param("300", "0.38", id="1.7e-144"),
        pytest.param("1000", "0.2", id="2.8e-34"),
        pytest.param("1400", "0.2", id="0.32"),
    ],
)
def test_a_mark_far_out_of_the_money_leaves_sums_room(strike, volatility):
    # In sums a digit of a billion and of this mark stand side by side, in 150 digits.
    assert mark(PUT, D(1500), D(strike), D(volatility), D(864_000)).as_tuple().exponent >= -36


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (("0", "100", "0.5", "1"), "forward is 0"),
        (("-1", "100", "0.5", "1"), "forward is -1"),
        (("100", "0", "0.5", "1"), "strike is 0"),
        (("100", "100", "-0.5", "1"), "volatility is -0.5"),
        (("100", "100", "NaN", "1"), "volatility is NaN"),
        (("100", "100", "0.5", "-1"), "time to expiry is -1"),
        (("Infinity", "100", "0.5", "1"), "forward is Infinity"),
    ],
)
def test_a_mark_refuses_what_is_out_of_range(given, word):
    with pytest.raises(UnitError, match=word):
        mark(PUT, *map(D, given))


# At the money with a deviation of 0.2, d1 = 0.1: N = 0.5398278, n = 0.3969525 (printed tables).
# gamma n ÷ 20; vega 100 n ÷ 100; theta −100 n × 0.2 ÷ 2 ÷ 365.
@pytest.mark.parametrize(("right", "slope"), [(CALL, 0.5398278), (PUT, -0.4601722)])
def test_greeks_at_the_money(right, slope):
    found = greeks(right, D(100), D(100), D("0.2"), D(31_536_000))

    assert slope == pytest.approx(float(found.delta), abs=5e-8)
    assert found.delta == delta(right, D(100), D(100), D("0.2"), D(31_536_000))
    assert 0.019847627 == pytest.approx(float(found.gamma), abs=5e-9)
    assert 0.3969525 == pytest.approx(float(found.vega), abs=5e-8)
    assert -0.010875411 == pytest.approx(float(found.theta), abs=5e-9)


@pytest.mark.parametrize(("volatility", "seconds"), [("0", "3600"), ("0.8", "0")])
@pytest.mark.parametrize(
    ("right", "forward", "slope"),
    [(CALL, 110, 1), (CALL, 90, 0), (PUT, 90, -1), (PUT, 110, 0), (CALL, 100, 0), (PUT, 100, 0)],
)
def test_greeks_without_time_value(right, forward, slope, volatility, seconds):
    found = greeks(right, D(forward), D(100), D(volatility), D(seconds))

    assert (slope, 0, 0, 0) == (found.delta, found.gamma, found.vega, found.theta)


@given(
    rights,
    st.decimals(D("0.5"), D(2), places=3),
    st.decimals(D("0.2"), D(2), places=3),
    st.integers(7, 700),
)
def test_greeks_are_what_a_small_step_changes(right, strike, volatility, days):
    seconds, step = D(86_400 * days), D("0.0001")

    def value(forward, vol=volatility, time=seconds):
        return mark(right, D(forward), strike, vol, time)

    found = greeks(right, D(1), strike, volatility, seconds)
    up, here, down = value(1 + step), value(1), value(1 - step)
    percent = (value(1, volatility + step) - value(1, volatility - step)) / (2 * step) / 100
    day = (value(1, time=seconds - 864) - value(1, time=seconds + 864)) * 50

    assert float(found.delta) == pytest.approx(float((up - down) / (2 * step)), abs=1e-6)
    assert float(found.gamma) == pytest.approx(float((up - 2 * here + down) / step**2), abs=1e-4)
    assert float(found.vega) == pytest.approx(float(percent), abs=1e-7)
    assert float(found.theta) == pytest.approx(float(day), abs=1e-5)


def test_greeks_refuse_what_marks_refuse():
    with pytest.raises(UnitError, match="forward is 0"):
        greeks(CALL, D(0), D(100), D("0.5"), D(1))


@given(
    rights,
    st.decimals(D("0.8"), D("1.25"), places=3),
    st.decimals(D("0.2"), D(3), places=3),
    st.integers(7, 700),
)
def test_the_implied_volatility_is_the_one_that_marks(right, strike, volatility, days):
    seconds = D(86_400 * days)
    value = mark(right, D(1), strike, volatility, seconds)
    assume(value > max(0, (1 - strike) if right is CALL else (strike - 1)) + D("1e-6"))

    found = implied_volatility(right, D(1), strike, value, seconds)

    assert found is not None
    assert float(found) == pytest.approx(float(volatility), rel=1e-6)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("9.99", "864000"), ("110", "864000"), ("NaN", "864000"), ("12", "0")],
    ids=["below intrinsic", "the whole forward", "no number", "no time"],
)
def test_what_no_volatility_makes_has_none(value, seconds):
    assert implied_volatility(CALL, D(110), D(100), D(value), D(seconds)) is None
