"""Options one by one: the venues' formulas worked out by hand, and what holds for all of them."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.errors import UnitError
from crossmargin.margin.options import (
    OptionMargin,
    OptionOrder,
    OptionQuote,
    option_fee,
    option_margin,
    order_margin,
    out_of_the_money,
    payoff,
    profit,
    settlement_value,
    short_margin,
)
from crossmargin.model.option import OptionRule, Right, RightRule
from crossmargin.money import exact
from tests.cases.options import BYBIT, DERIBIT, OKX

D = Decimal
CALL, PUT = Right.CALL, Right.PUT
# derivexyz/v2-core, the standard manager's test parameters.
DERIVE = OptionRule(
    D("0.15"),
    D("0.1"),
    call=RightRule(D("0.075")),
    put=RightRule(D("0.075"), D("0.075"), D("1.05")),
)
RULES = {"deribit": DERIBIT, "okx": OKX, "bybit": BYBIT, "derive": DERIVE}

rules = st.sampled_from(list(RULES.values()))
rights = st.sampled_from(Right)
prices = st.decimals(D("0.01"), 100_000, places=4)
sizes = st.decimals(-1000, 1000, places=3)
factors = st.decimals(1, 5, places=2)


def quote(*, strike, forward, mark, right=CALL, index="1", entry=None):
    """Return the quote of an option struck at `strike`."""
    distance = out_of_the_money(right, D(strike), D(forward))
    return OptionQuote(distance, D(forward), D(mark), D(index), entry and D(entry))


@pytest.mark.parametrize(
    ("venue", "right", "given", "factor", "initial", "maintenance"),
    [
        # Deribit, inverse, in coin. OTM 400 ÷ 10000 = 0.04: 0.15 − 0.04 + 0.02; 0.075 + 0.02.
        pytest.param(
            *("deribit", CALL, {"strike": 10_400, "forward": 10_000, "mark": "0.02"}),
            *(1, "0.13", "0.095"),
            id="deribit call",
        ),
        # OTM 0.10 leaves 0.05, so the floor: 0.10 + 0.02.
        pytest.param(
            *("deribit", CALL, {"strike": 11_000, "forward": 10_000, "mark": "0.02"}),
            *(1, "0.12", "0.095"),
            id="deribit call on the floor",
        ),
        # Far in the money: 7.5 % of the mark is 0.225 > 0.075; 3.225 > 3 + 0.15.
        pytest.param(
            *("deribit", PUT, {"strike": 20_000, "forward": 5_000, "mark": "3", "right": PUT}),
            *(1, "3.225", "3.225"),
            id="deribit put worth three coins",
        ),
        # Linear: 7500 − 2000 + 800; 3750 + 800.
        pytest.param(
            *("deribit", CALL),
            {"strike": 52_000, "forward": 50_000, "mark": 800, "index": 50_000},
            *(1, "6300", "4550"),
            id="deribit linear call",
        ),
        # OKX, factor 1.2: (0.15 − 0.05) × 1.2 + 0.04; 0.03 × 1.2 + 0.04.
        pytest.param(
            *("okx", CALL, {"strike": 10_500, "forward": 10_000, "mark": "0.04"}),
            *("1.2", "0.16", "0.076"),
            id="okx call in a higher tier",
        ),
        # A put worth two coins: 3 % of the mark is 0.06 > 0.03: 0.06 × 1.2 + 2; 0.15 × 1.2 + 2.
        pytest.param(
            *("okx", PUT, {"strike": 30_000, "forward": 10_000, "mark": 2, "right": PUT}),
            *("1.2", "2.18", "2.072"),
            id="okx put in the money",
        ),
        # USD-margined, index 60000: 0.15 × 60000 + 1000; 0.03 × 60000 + 1000.
        pytest.param(
            *("okx", PUT),
            {"strike": 60_000, "forward": 60_000, "mark": 1000, "right": PUT, "index": 60_000},
            *(1, "10000", "2800"),
            id="okx linear put",
        ),
        # Bybit's published example, the premium below and above the mark. OTM 1750:
        # 3037.5 − 1750 < 2025; 607.5 + 290 + 40.5.
        pytest.param(
            *("bybit", PUT),
            {"strike": 18_500, "forward": 20_250, "mark": 290, "right": PUT, "index": 20_250}
            | {"entry": 280},
            *(1, "2315", "938"),
            id="bybit put",
        ),
        pytest.param(
            *("bybit", PUT),
            {"strike": 18_500, "forward": 20_250, "mark": 290, "right": PUT, "index": 20_250}
            | {"entry": 300},
            *(1, "2325", "938"),
            id="bybit put sold dearer",
        ),
        # Mark 40000: 3 % is 1200 > 607.5, MM 1200 + 40000 + 40.5 < 3037.5 + 40000.
        pytest.param(
            *("bybit", PUT),
            {"strike": 60_250, "forward": 20_250, "mark": 40_000, "right": PUT, "index": 20_250},
            *(1, "43037.5", "41240.5"),
            id="bybit put in the money",
        ),
        # Derive: 3000 + 225 (7.5 % of the mark > 112.5); 1.05 × 3225 > 225 + 3000.
        pytest.param(
            *("derive", PUT),
            {"strike": 4500, "forward": 1500, "mark": 3000, "right": PUT, "index": 1500},
            *(1, "3386.25", "3225"),
            id="derive put in the money",
        ),
    ],
)
def test_short_margin_by_hand(venue, right, given, factor, initial, maintenance):
    got = short_margin(RULES[venue], right, quote(**given), factor=D(factor))

    assert OptionMargin(D(initial), D(maintenance)) == got


@given(rules, rights, prices, prices, prices, sizes, factors, st.booleans())
@exact
def test_margin_of_any_position(rule, right, strike, forward, mark, size, factor, is_inverse):
    given = quote(
        right=right, strike=strike, forward=forward, mark=mark, index=1 if is_inverse else forward
    )
    got = option_margin(rule, size, right, given, factor=factor)
    other = option_margin(rule, 2 * size, right, given, factor=factor)

    assert got.initial_margin >= 0
    assert got.maintenance_margin >= 0
    if size >= 0:
        assert OptionMargin() == got
    else:
        # Whatever it is bought back for, the mark is covered.
        assert got.maintenance_margin >= -size * mark
        assert got.initial_margin >= -size * mark
    assert other.initial_margin == 2 * got.initial_margin
    assert other.maintenance_margin == 2 * got.maintenance_margin


@given(st.sampled_from([DERIBIT, BYBIT, DERIVE]), rights, prices, prices, prices)
def test_initial_is_not_below_maintenance(rule, right, strike, forward, mark):
    got = short_margin(rule, right, quote(right=right, strike=strike, forward=forward, mark=mark))

    assert got.initial_margin >= got.maintenance_margin


@given(rights, prices, prices, prices)
def test_initial_margin_is_rounded_up(right, strike, forward, mark):
    given = quote(right=right, strike=strike, forward=forward, mark=mark)
    got = short_margin(OKX, right, given).initial_margin

    share = Fraction(given.out_of_the_money) / Fraction(forward)
    exact = max(Fraction("0.15") - share, Fraction("0.10")) + Fraction(mark)
    assert 0 <= Fraction(got) - exact < Fraction(1, 10**40)


def test_without_a_forward_there_is_no_margin():
    with pytest.raises(UnitError, match="forward"):
        short_margin(OKX, CALL, OptionQuote(D(0), D(0), D("0.1")))


@pytest.mark.parametrize(
    ("size", "price", "fee", "is_closing", "margin", "held"),
    [
        # OKX's published numbers, per contract of 0.1 coin, times 100.
        pytest.param(100, "0.0475", "0.00002", False, "0", "0.477", id="buy to open"),
        pytest.param(-100, "0.06", "0.00002", False, "0.01932", "1.334", id="sell to open"),
        pytest.param(-100, "0.0755", "0.00002", True, "0", "0", id="sell to close"),
        pytest.param(100, "0.05", "0.00002", True, "0.01932", "0", id="buy to close"),
        # 0.01932 − 0.015 + 0.00002 = 0.00434 is under 0.1 × 0.1.
        pytest.param(-1, "0.15", "0.00002", False, "0.01932", "0.01", id="sell to open, floor"),
        # 0.03 − 0.01932 + 0.00002.
        pytest.param(1, "0.3", "0.00002", True, "0.01932", "0.0107", id="buy back dear"),
        # 0.00002 − 0.00001, twice.
        pytest.param(-2, "0.0001", "0.00002", True, "0", "0.00002", id="sell for less than fee"),
    ],
)
def test_order_margin(size, price, fee, is_closing, margin, held):
    order = OptionOrder(D(size), D(price), D(fee), D("0.1"), is_closing)

    assert D(held) == order_margin(OKX, order, position_margin=D(margin))


def test_the_floor_of_a_linear_order_is_a_part_of_the_index():
    order = OptionOrder(D(-3), D(2000), multiplier=D("0.1"))

    # Per contract 0.1 × 50000 × 0.1 = 500 > 600 − 200.
    got = order_margin(OKX, order, position_margin=D(600), unit_value=D(50_000))

    assert D(1500) == got


@given(sizes, prices, prices, st.booleans(), prices)
def test_no_order_holds_less_than_nothing(size, price, fee, is_closing, margin):
    order = OptionOrder(size, price, fee, D("0.01"), is_closing)

    assert order_margin(OKX, order, position_margin=margin) >= 0


@pytest.mark.parametrize(
    ("right", "strike", "settled", "linear", "inverse"),
    [
        (CALL, 300, 400, "100", "0.25"),
        (CALL, 400, 300, "0", "0"),
        (CALL, 400, 400, "0", "0"),
        (PUT, 10_000, 5_000, "5000", "1"),
        (PUT, 10_000, 10_001, "0", "0"),
        (PUT, 400, 160, "240", "1.5"),
    ],
)
@pytest.mark.parametrize("size", [1, -1, "-2.5"])
def test_what_an_option_pays(size, right, strike, settled, linear, inverse):
    terms = (D(size), right, D(strike), D(settled))

    assert D(linear) == payoff(*terms[1:])
    assert D(size) * D(linear) == settlement_value(*terms, is_inverse=False)
    assert D(size) * D(inverse) == settlement_value(*terms, is_inverse=True)


@given(prices, prices)
def test_a_call_less_a_put_pays_the_difference(strike, settled):
    assert settled - strike == payoff(CALL, strike, settled) - payoff(PUT, strike, settled)
    assert not payoff(CALL, strike, settled) * payoff(PUT, strike, settled)
    assert out_of_the_money(CALL, strike, settled) == payoff(PUT, strike, settled)


@given(rights, prices, prices, sizes)
def test_settlement_never_pays_out_more_than_it_takes_in(right, strike, settled, size):
    both = [settlement_value(s, right, strike, settled, is_inverse=True) for s in (size, -size)]
    exact = Fraction(size) * Fraction(payoff(right, strike, settled)) / Fraction(settled)

    assert Fraction(both[0]) <= exact <= -Fraction(both[1])


@pytest.mark.parametrize("settled", ["0", "-1"])
def test_an_inverse_option_is_not_settled_without_a_price(settled):
    with pytest.raises(UnitError, match="settlement price"):
        settlement_value(D(1), PUT, D(100), D(settled), is_inverse=True)


def test_a_linear_put_pays_its_strike_at_zero():
    assert D(100) == settlement_value(D(1), PUT, D(100), D(0), is_inverse=False)


@pytest.mark.parametrize(
    ("size", "premium", "received", "made"),
    [
        ("1", "0.01", "0.25", "0.24"),
        ("-1", "0.05", "0", "0.05"),
        ("-2", "0.05", "-0.5", "-0.4"),
    ],
)
def test_profit(size, premium, received, made):
    assert D(made) == profit(D(size), D(premium), D(received))


@pytest.mark.parametrize(
    ("flat", "premium", "cap", "fee"),
    [
        # Deribit: 12.5 % of 0.0001 is 0.0000125; of 0.0024 it is 0.0003, the flat fee.
        ("0.0004", "0.0001", "0.125", "0.0000125"),
        ("0.0003", "0.0024", "0.125", "0.0003"),
        ("0.0003", "0.1", "0.125", "0.0003"),
        ("0.0003", "0.0001", None, "0.0003"),
        ("0.0003", "0", "0.125", "0"),
    ],
)
def test_option_fee(flat, premium, cap, fee):
    assert D(fee) == option_fee(D(flat), D(premium), cap and D(cap))
