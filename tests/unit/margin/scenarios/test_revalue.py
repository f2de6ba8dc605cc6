"""What legs make when prices move: by hand for what is linear, and for options at their expiry."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.errors import UnitError
from crossmargin.margin.scenarios.leg import Leg, OptionPart
from crossmargin.margin.scenarios.revalue import coin_profit, option_value, profit
from crossmargin.model.option import Right
from crossmargin.money import DIGITS, ONE, ZERO

D = Decimal
CALL, PUT = Right.CALL, Right.PUT


def future(size="2", price="100"):
    return Leg("F", D(size), D(price), "USD")


def option(right, strike="110", size="3", volatility="0.8", seconds=0):
    part = OptionPart(right, D(strike), D(volatility))
    return Leg("O", D(size), D(100), "USD", seconds=D(seconds), option=part)


@pytest.mark.parametrize(
    ("leg", "move", "quote", "coins"),
    [
        (future(), "-0.2", "-40", "-0.5"),
        (future(), "0.25", "50", "0.4"),
        (future("-2"), "0.25", "-50", "-0.4"),
        (future(), "0", "0", "0"),
        # Worth 15 at 125: 0.12 coins a unit.
        (option(CALL), "0.25", "45", "0.36"),
        (option(CALL), "-0.2", "0", "0"),
        # Worth 10 now, 0.1 coins; at 80 worth 30, 0.375 coins; at 125 nothing.
        (option(PUT), "-0.2", "60", "0.825"),
        (option(PUT), "0.25", "-30", "-0.3"),
        (option(PUT, size="-3"), "-0.2", "-60", "-0.825"),
    ],
)
def test_what_a_leg_makes(leg, move, quote, coins):
    assert D(quote) == profit(leg, D(move))
    assert D(coins) == coin_profit(leg, D(move))


def test_coins_are_rounded_down_whoever_gains():
    # 2 × 0.2 ÷ 1.2 is a third of one.
    gain, loss = (coin_profit(future(size), D("0.2")) for size in ("2", "-2"))

    assert D("0." + DIGITS * "3") == gain
    assert D("-0." + (DIGITS - 1) * "3" + "4") == loss


@pytest.mark.parametrize("move", ["-1", "-1.5"])
@pytest.mark.parametrize("leg", [future(), option(CALL)], ids=["future", "option"])
@pytest.mark.parametrize("function", [profit, coin_profit])
def test_a_move_that_leaves_nothing_of_the_price_is_refused(function, leg, move):
    with pytest.raises(UnitError, match=f"a move of {move} leaves nothing"):
        function(leg, D(move))


def test_only_options_have_a_value_of_their_own():
    assert ZERO == option_value(future(), ZERO, D("0.8"))
    # Half the forward is 50, the strike 110.
    assert D(60) == option_value(option(PUT), D("-0.5"), D("0.8"))
    with pytest.raises(UnitError, match=r"volatility is -0\.1"):
        option_value(option(PUT), ZERO, D("-0.1"))


def test_volatility_stays_unless_it_is_said_to_move():
    held = option(CALL, strike="100", size="1", volatility="0.4", seconds=31_536_000)
    there = option(CALL, strike="100", size="1", volatility="0.6", seconds=31_536_000)

    assert ZERO == profit(held, ZERO) == coin_profit(held, ZERO)
    # At the money 100 × (2 N(v ÷ 2) − 1): N(0.3) = 0.6179114, N(0.2) = 0.5792597 (printed tables).
    assert 7.73034 == pytest.approx(float(profit(held, ZERO, D("0.6"))), abs=2e-5)
    assert float(profit(there, ZERO, D("0.4"))) == pytest.approx(-7.73034, abs=2e-5)
    assert 0.0773034 == pytest.approx(float(coin_profit(held, ZERO, D("0.6"))), abs=2e-7)


moves = st.decimals(D("-0.9"), D(3), places=4)


@given(moves, st.decimals(D(-100), D(100), places=3), st.decimals(D("0.01"), D(10**6), places=2))
def test_coins_at_the_moved_price_are_what_is_made_in_the_quote_asset(move, size, price):
    leg = future(size, price)

    back = coin_profit(leg, move) * leg.price * (ONE + move)

    assert abs(profit(leg, move) - back) < D("1e-15")


@given(moves, st.integers(50, 200), st.integers(1, 300), st.integers(0, 400))
def test_a_call_and_a_put_sold_make_what_their_underlying_makes(move, strike, volatility, days):
    terms = {"strike": str(strike), "size": "1", "seconds": 86_400 * days}
    later = D(volatility) / 100
    call, put = (profit(option(right, **terms), move, later) for right in (CALL, PUT))

    assert float(100 * move) == pytest.approx(float(call - put), abs=1e-11)
