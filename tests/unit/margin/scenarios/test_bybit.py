"""Bybit's portfolio margin: its published sample, and each contingency by hand."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crossmargin.errors import UsageError
from crossmargin.margin.scenarios.bybit import (
    contingencies,
    delta_contingency,
    moves,
    point_outcome,
    vega_contingency,
)
from crossmargin.margin.scenarios.leg import Leg, OptionPart, PortfolioUnit
from crossmargin.margin.scenarios.methods import requirement
from crossmargin.model.option import Right
from crossmargin.model.scenario import Direction
from crossmargin.rulebooks.loader import load_rulebook

D = Decimal
RULE = load_rulebook("bybit").portfolio
BTC = RULE.assets[0]
DAY = D(86_400)
HALF_YEAR = D("182.5") * DAY
PRICE = D(100_000)

SAMPLE = {
    # API documentation, get portfolio margin info, response example: price scale, then profits of
    # 0.02 BTC of the call at 80,000 with volatility up, as it is and down.
    "-0.1": ("-24.06747339", "-33.15841013", "-39.65273684"),
    "-0.04": ("-3.73852526", "-16.04846592", "-25.55420042"),
    "0": ("14.21190294", "0.00067229", "-11.36906857"),
    "0.06": ("48.16388381", "31.81313064", "18.30672359"),
    "0.1": ("75.52147477", "58.34116026", "44.02244694"),
}


def perpetual(size, settle="USDT") -> Leg:
    return Leg(f"BTC{settle}", D(size), PRICE, settle)


def future(size, seconds=HALF_YEAR) -> Leg:
    return Leg(f"BTC-{seconds}", D(size), PRICE, "USDC", seconds=D(seconds))


def spot(size) -> Leg:
    return Leg("BTC", D(size), PRICE, "USD", is_spot=True)


def option(size, right, strike, seconds=HALF_YEAR) -> Leg:
    part = OptionPart(right, D(strike), D("0.5"))
    return Leg(f"{right}-{strike}", D(size), PRICE, "USDT", seconds=D(seconds), option=part)


def unit(*legs, name="BTC", **rates) -> PortfolioUnit:
    prices = {"USDT": D(1), "USDC": D(1)} | {asset: D(rate) for asset, rate in rates.items()}
    return PortfolioUnit(name, "USD", PRICE, legs, prices)


def maintenance(*legs, **more) -> Decimal:
    return requirement(unit(*legs, **more), RULE).maintenance_margin


def sample() -> PortfolioUnit:
    # Forward, volatility and days are those at which all 33 profits of the option come out; by its
    # reply's time, 185.23 days were left.
    part = OptionPart(Right.CALL, D(80_000), D("0.276677"))
    legs = (
        Leg("BTCUSDT", D("0.038"), D("255827.58652632"), "USDT"),
        Leg("CALL", D("0.02"), D("71376.14"), "USDT", seconds=D("186.351") * DAY, option=part),
        Leg("BTC", D("-0.00100006"), D("70500.5568"), "USD", is_spot=True),
    )
    return PortfolioUnit("BTC", "USD", D("70500.4035"), legs, {"USDT": D("0.99991215")})


def test_the_documented_sample_comes_out():
    found = requirement(sample(), RULE)
    options = {
        (cell.scenario.move, cell.scenario.direction): cell.shares[1] for cell in found.cells
    }

    assert 33 == len(found.cells)
    for scale, printed in SAMPLE.items():
        for direction, profit in zip(
            (Direction.UP, Direction.NONE, Direction.DOWN), printed, strict=True
        ):
            assert options[D(scale), direction] == pytest.approx(D(profit), abs=D("0.006"))
    assert found.worst.scenario.direction is Direction.DOWN
    assert found.maintenance_margin == pytest.approx(D("1062.3492"), abs=D("0.04"))
    assert found.initial_margin == pytest.approx(D("1274.8191"), abs=D("0.05"))


def test_the_sample_s_contingencies_come_out():
    found = contingencies(sample(), BTC)

    assert found.future == pytest.approx(D("0.80370460"), abs=D("0.00000001"))
    assert found.future_delta == pytest.approx(D("56.89174177"), abs=D("0.04"))
    assert (D(0), D(0), D(0)) == (found.option, found.option_vega, found.usdt_usdc)


def test_the_stress_test_moves_in_even_steps():
    steps = ("-0.1", "-0.08", "-0.06", "-0.04", "-0.02", "0", "0.02", "0.04", "0.06", "0.08", "0.1")

    assert tuple(map(D, steps)) == moves(D("0.1"), 5)


@pytest.mark.parametrize(
    ("perpetuals", "options", "spot_gain", "outcome"),
    [
        pytest.param(["-1.00001"], [], "0", "-1.0001", id="a loss is rounded away from zero"),
        pytest.param(["1.00009"], [], "0", "1.0000", id="a gain towards it"),
        pytest.param(["5", "-2"], ["3", "-1", "2"], "0.5", "2.5", id="the worst of the options"),
    ],
)
def test_the_profit_at_a_move_is_rounded_down(perpetuals, options, spot_gain, outcome):
    found = point_outcome(map(D, perpetuals), [*map(D, options)], D(spot_gain), RULE.money_step)

    assert D(outcome) == found


def test_a_lone_perpetual_is_asked_for_its_range_and_its_future_contingency():
    found = requirement(unit(perpetual(1)), RULE)

    # 10 % and 0.03 % of 100,000; × 1.2.
    assert (D(10_030), D(12_036)) == (found.maintenance_margin, found.initial_margin)
    assert 11 == len(found.cells)


def test_requirements_are_converted_at_the_settlement_coin_s_price():
    assert D("10030") * D("0.98") == maintenance(perpetual(1), USDT="0.98")


def test_spot_saves_what_it_gains_and_adds_nothing_where_it_falls():
    alone = maintenance(perpetual(-1))

    assert D(30) == maintenance(perpetual(-1), spot(1))
    assert maintenance(perpetual(1)) == maintenance(perpetual(1), spot(1))
    assert D(10_030) == alone


def test_a_calendar_is_not_free():
    # Half a year × 25 % of 100,000, 0.5 % for USDT against USDC and 2 × 0.03 %.
    assert D(12_500) + D(500) + D(60) == maintenance(perpetual(1), future(-1))


def test_a_calendar_without_its_contingency_is_seen():
    legs = perpetual(1), future(-1)
    free = replace(RULE, assets=(replace(BTC, basis_annual=D(0)),))

    assert requirement(unit(*legs), free).maintenance_margin < maintenance(*legs)


def test_a_butterfly_of_expiries_is_not_free():
    year = 365 * DAY
    deltas = {year: D(1), 2 * year: D(-2), 3 * year: D(1)}

    # Beyond a year −1, beyond two +1; up to the first nothing: 2 years × 1 coin × 10 %.
    assert D(20_000) == delta_contingency(deltas, D("0.1"), PRICE)


def test_options_sold_and_not_bought_back_are_charged_calls_and_puts_apart():
    legs = (
        option(-3, Right.CALL, 120_000),
        option(1, Right.CALL, 130_000),
        option(2, Right.PUT, 80_000),
        option(-1, Right.PUT, 70_000),
    )

    # Two calls are short, no put: × 1 % × 100,000.
    assert D(2000) == contingencies(unit(*legs), BTC).option


def test_options_that_offset_another_expiry_s_are_charged_by_the_days_between():
    sizes = {10 * DAY: D(-3), 40 * DAY: D(2), 100 * DAY: D(5)}

    # 2 × 30 days and 1 × 90: × 0.03 % × 100,000.
    assert D(4500) == vega_contingency(sizes, D("0.0003"), PRICE)
    assert D(0) == vega_contingency({DAY: D(1), 9 * DAY: D(2)}, D("0.0003"), PRICE)


def test_contracts_in_one_stable_coin_hedge_those_in_another_at_a_rate():
    pair = unit(perpetual(3), perpetual(-2, "USDC"))

    # 2 coins × 0.5 % × 100,000.
    assert D(1000) == contingencies(pair, BTC).usdt_usdc


def test_a_bear_put_spread_has_no_contingency_for_options_sold():
    legs = option(1, Right.PUT, 95_000), option(-1, Right.PUT, 85_000)

    assert D(0) == contingencies(unit(*legs), BTC).option
    assert maintenance(*legs) < maintenance(legs[1])


def test_other_coins_have_the_widest_range():
    # 30 % and 0.3 % of 100,000.
    assert D(30_300) == maintenance(perpetual(1), name="NEWCOIN")


def test_portfolio_margin_is_one_pool():
    with pytest.raises(UsageError, match="one pool in USD"):
        requirement(replace(unit(perpetual(1)), asset="USDT"), RULE)


def test_a_stack_needs_as_much_as_its_sum():
    assert maintenance(perpetual(1), perpetual(2)) == 3 * maintenance(perpetual(1))


SIZES = st.decimals(min_value="0.001", max_value="50", places=3)
LEGS = st.sampled_from(
    [
        perpetual(1),
        perpetual(-1, "USDC"),
        future(1),
        future(-1, 30 * DAY),
        option(1, Right.PUT, 90_000),
        option(-1, Right.CALL, 110_000, 30 * DAY),
        spot(1),
    ]
)
PORTFOLIOS = st.lists(st.tuples(LEGS, SIZES), min_size=1, max_size=4)


@given(PORTFOLIOS, st.decimals(min_value="1.01", max_value="3", places=2))
def test_more_of_the_same_never_needs_less(portfolio, factor):
    legs = [replace(leg, size=leg.size * size) for leg, size in portfolio]
    larger = [replace(leg, size=leg.size * factor) for leg in legs]

    assert maintenance(*larger) >= maintenance(*legs)


@given(SIZES, SIZES, st.integers(1, 400))
def test_what_hedges_never_needs_more_than_both_alone(held, sold, days):
    long, short = perpetual(held), future(-sold, days * DAY)

    assert maintenance(long, short) <= maintenance(long) + maintenance(short)
