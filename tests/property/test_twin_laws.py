"""The float twin says what the exact core says, within the error it admits (see `laws.LAWS`)."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crossmargin.errors import UnitError
from crossmargin.margin.arrays import ERROR_FRACTION, health
from crossmargin.margin.assess import assess
from crossmargin.margin.columns import columns
from crossmargin.margin.health import Health
from crossmargin.model.account import Account, MarginMode, Position
from crossmargin.model.market import Market
from crossmargin.model.order import Order, OrderType
from crossmargin.rulebooks.schema import Contract
from tests.property.methods import whole_position
from tests.property.strategies import worlds
from tests.property.worlds import haircut, instrument, ladder, rulebook

BAD = (math.nan, math.inf, -math.inf, 0.0, -1.0)
SCALES = (1.0, 0.5, 0.9, 0.99, 1.01, 1.1, 2.0, 0.01)
JUMPING = whole_position()
FIELDS = ("equity", "initial_margin", "maintenance_margin", "open_loss")


def rows_of(table, names, scales):
    """Return floats of shape (scales, names), and the decimals they stand for."""
    exact = [{n: Decimal(repr(float(table[n]) * scale)) for n in names} for scale in scales]
    return np.array([[float(row[n]) for n in names] for row in exact]).reshape(
        len(scales), len(names)
    ), exact


def exact_numbers(unit):
    """Return the four numbers as rationals, in the twin's order."""
    amounts = [getattr(unit.health, name) for name in FIELDS[:3]]
    return [Fraction(amount) for amount in (*amounts, unit.open_loss)]


def check(world):
    """Compare twin and core at several moves of all prices."""
    account, market, rules = world
    laid_out = columns(account, rules, market)
    marks, exact_marks = rows_of(market.marks, laid_out.symbols, SCALES)
    index, _ = rows_of(market.index, laid_out.assets, SCALES)
    exact_index = rows_of(market.index, tuple(market.index), SCALES)[1]
    found = health(laid_out, marks, index)
    decide = found.must_be_decided()
    for row, prices in enumerate(zip(exact_marks, exact_index, strict=True)):
        there = Market(*prices, open_interest=market.open_interest)
        units = assess(account, there, rules).units
        assert list(laid_out.units) == [unit.name for unit in units]
        assert list(laid_out.unit_assets) == [unit.asset for unit in units]
        for column, unit in enumerate(units):
            if unit.health is None:
                assert np.isnan(found.equity[row, column])
                continue
            error = Fraction(found.error[row, column])
            scale = error / Fraction(ERROR_FRACTION)
            for name, expected in zip(FIELDS, exact_numbers(unit), strict=True):
                off = abs(Fraction(getattr(found, name)[row, column]) - expected)
                assert off <= error
                assert off <= scale / 10**9
            if not decide[row, column]:
                assert not unit.is_liquidatable


@given(worlds())
def test_the_twin_agrees_within_the_error_it_admits(world):
    check(world)


@given(worlds(method=JUMPING))
def test_the_twin_admits_that_it_may_be_on_the_wrong_side_of_a_jump(world):
    check(world)


@given(worlds(), st.sampled_from(BAD), st.data())
def test_a_price_that_is_none_makes_the_units_that_need_it_unknown(world, bad, data):
    account, market, rules = world
    laid_out = columns(account, rules, market)
    marks = np.array([[float(market.marks[name]) for name in laid_out.symbols]])
    index = np.array([[float(market.index[name]) for name in laid_out.assets]])
    spoilt = data.draw(st.sampled_from([*laid_out.symbols, *laid_out.assets]))
    if spoilt in laid_out.symbols:
        marks[0, laid_out.symbols.index(spoilt)] = bad
        lacking = replace(market, marks={k: v for k, v in market.marks.items() if k != spoilt})
    else:
        index[0, laid_out.assets.index(spoilt)] = bad
        lacking = replace(market, index={k: v for k, v in market.index.items() if k != spoilt})

    with np.errstate(all="raise"):
        found = health(laid_out, marks, index)

    for column, unit in enumerate(assess(account, lacking, rules).units):
        numbers = {name: getattr(found, name)[0, column] for name in (*FIELDS, "error")}
        is_unknown = all(np.isnan(list(numbers.values())))
        if unit.health is None:
            assert is_unknown
            continue
        if unit.initial_missing:
            # Orders in a market without a price: what opening asks is unknown, and nothing else.
            assert np.isnan([numbers.pop("initial_margin"), numbers.pop("open_loss")]).all()
        # Where all that is asked cancels out the exact core needs no price; the twin may.
        is_known = all(np.isfinite(list(numbers.values())))
        assert is_known or (is_unknown and unit.health == Health())


def linear_rules():
    """Return two symbols of different settle assets, flat ladders."""
    flat = ladder((0, "0.004", 125))
    return rulebook(
        [(instrument("BTCUSDT"), flat), (instrument("BTCUSDC", "USDC"), flat)],
        {"USDT": haircut(is_stable=True), "USDC": haircut(is_stable=True)},
    )


def test_an_order_beside_an_enormous_isolated_position_stays_within_the_error():
    held = Position("BTCUSDT", Decimal(12345), Decimal(60001), MarginMode.ISOLATED, Decimal(10**8))
    orders = (Order("BTCUSDT", Decimal("0.001"), Decimal("0.7")),)
    account = Account({"USDT": Decimal(10**8) + 1}, (held,), orders)

    check((account, Market({"BTCUSDT": Decimal("60000.3")}), linear_rules()))


def test_an_order_far_below_the_mark_stays_within_the_error():
    orders = (Order("BTCUSDT", Decimal("-12345.678"), Decimal("0.7")),)
    account = Account({"USDT": Decimal(1)}, (), orders)

    check((account, Market({"BTCUSDT": Decimal("60000.3")}), linear_rules()))


@pytest.mark.parametrize("kind", [kind for kind in OrderType if kind.is_conditional])
def test_an_order_that_waits_for_a_trigger_opens_no_pool(kind):
    waiting = Order("BTCUSDC", Decimal(1), Decimal(60000), kind, Decimal(60000))
    held = Position("BTCUSDT", Decimal(1), Decimal(60000), MarginMode.ISOLATED, Decimal(5000))
    account = Account({"USDT": Decimal(6000)}, (held,), (waiting,))

    check((account, Market({"BTCUSDT": Decimal(60000)}), linear_rules()))


def test_a_ladder_that_is_not_known_makes_its_unit_unknown():
    rules = linear_rules()
    rules = rules.with_contracts({"BTCUSDC": Contract(rules.contracts["BTCUSDC"].instrument, None)})
    held = tuple(Position(name, Decimal(1), Decimal(60000)) for name in ("BTCUSDT", "BTCUSDC"))
    account = Account({"USDT": Decimal(6000)}, held)

    found = health(columns(account, rules), np.array([[60000.0, 60000.0]]))

    assert [False, True] == np.isnan(found.equity[0]).tolist()
    assert [False, True] == np.isnan(found.initial_margin[0]).tolist()


@pytest.mark.parametrize("bad", ["NaN", "sNaN", "Infinity", "-Infinity", "0", "-1"])
@pytest.mark.parametrize("table", ["marks", "index"])
def test_a_market_refuses_what_is_no_price(table, bad):
    with pytest.raises(UnitError, match="the price of BTC is "):
        Market(**{table: {"BTC": Decimal(bad)}})
