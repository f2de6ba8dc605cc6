"""OKX's portfolio margin: its published sample, and each risk by hand."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crossmargin.errors import UsageError
from crossmargin.files.account import parse_account
from crossmargin.margin.assess import assess
from crossmargin.margin.scenarios.leg import Leg, OptionPart, PortfolioUnit
from crossmargin.margin.scenarios.methods import requirement
from crossmargin.margin.scenarios.okx import moves_of, spot_shock_cells, theta_charge
from crossmargin.margin.scenarios.okx_account import DebtRates, account_totals
from crossmargin.margin.scenarios.okx_charges import (
    basis_charge,
    minimum_charge,
    multiplied,
    option_exit_cost,
    vega_charge,
)
from crossmargin.margin.scenarios.okx_depeg import Hedge, depeg_charge, hedges
from crossmargin.margin.scenarios.okx_legs import shifted_volatility, with_spot_in_use
from crossmargin.model.option import Right
from crossmargin.model.scenario import Direction
from crossmargin.rulebooks.loader import load_rulebook

D = Decimal
RULE = load_rulebook("okx").portfolio
DAY = D(86_400)
HALF_YEAR = D("182.5") * DAY
PRICE = D(100_000)


def perpetual(size, price=PRICE, settle="USDT") -> Leg:
    return Leg(f"BTC-{settle}-SWAP", D(size), D(price), settle)


def future(size, seconds=HALF_YEAR, settle="USDT") -> Leg:
    return Leg(f"BTC-{settle}-{seconds}", D(size), PRICE, settle, seconds=D(seconds))


def spot(size) -> Leg:
    return Leg("BTC", D(size), PRICE, "USD", is_spot=True)


def option(size, right, strike, seconds=HALF_YEAR, volatility="0.5") -> Leg:
    part = OptionPart(right, D(strike), D(volatility))
    symbol = f"{right}-{strike}-{seconds}"
    return Leg(symbol, D(size), PRICE, "BTC", is_inverse=True, seconds=D(seconds), option=part)


def unit(*legs, name="BTC", index=PRICE, **rates) -> PortfolioUnit:
    prices = {"USDT": D(1), "USDC": D(1), "BTC": D(index)}
    prices |= {asset: D(rate) for asset, rate in rates.items()}
    return PortfolioUnit(name, "USD", D(index), legs, prices)


def maintenance(*legs, **more) -> Decimal:
    return requirement(unit(*legs, **more), RULE).maintenance_margin


def charge_of(found, name) -> Decimal:
    return next(charge.amount for charge in found.charges if charge.name.startswith(name))


@pytest.mark.parametrize(
    ("name", "size", "mark", "index", "asked"),
    [
        # API documentation, position builder, response example of 2025-01-15: mmr and imr.
        pytest.param(
            "BTC", "-0.1", "97093.7", "97078.9", ("1183.8207318516", "1538.96695140708"), id="BTC"
        ),
        pytest.param(
            "LTC", "10", "102", "101.9951", ("191.6629744572", "249.16186679436"), id="LTC"
        ),
    ],
)
def test_a_unit_of_the_documented_sample_is_asked_for_as_printed(name, size, mark, index, asked):
    rate = D("0.99954")
    leg = Leg(f"{name}-USDT-SWAP", D(size), D(mark), "USDT")
    found = requirement(unit(leg, name=name, index=D(index) * rate, USDT=rate), RULE)

    assert D(asked[0]) == found.maintenance_margin
    assert D(asked[1]) == found.initial_margin
    assert found.binding == "scenario"


def test_spot_against_a_perpetual_leaves_basis_and_exit():
    found = requirement(unit(spot(10), perpetual(-10)), RULE)

    # 1 M USD on either side: 2 × 0.2 %; leaving the perpetual costs 0.45 %, which is more.
    assert D(4000) == charge_of(found, "MR4")
    assert D(4500) == charge_of(found, "MR7") == found.maintenance_margin
    assert (None, "MR7 minimum charge") == (found.worst, found.binding)


@pytest.mark.parametrize(
    ("held", "derivatives", "used"),
    [
        pytest.param("3", "-1", "1", id="no more than hedges"),
        pytest.param("0.4", "-1", "0.4", id="all of it where less is held"),
        pytest.param("2", "1", "0", id="none on the same side"),
        pytest.param("-2", "1", "-1", id="borrowed coins hedge a long"),
    ],
)
def test_spot_joins_only_as_far_as_it_hedges(held, derivatives, used):
    legs = with_spot_in_use(unit(spot(held), perpetual(derivatives))).legs

    assert D(used) == legs[0].size
    assert D(derivatives) == legs[1].size


def test_a_calendar_is_charged_its_basis_and_nothing_else():
    found = requirement(unit(perpetual(1), future(-1)), RULE)

    # 100,000 × 0.2 % for the perpetual, and 5 % a year for half a year.
    assert D(2700) == charge_of(found, "MR4") == found.maintenance_margin
    assert found.worst is None


def test_a_calendar_without_its_basis_charge_is_seen():
    risk = replace(RULE.moves[0], basis_perpetual=D(0), basis_annual=D(0))
    free = replace(RULE, moves=(risk,))
    legs = perpetual(1), future(-1)

    assert requirement(unit(*legs), free).maintenance_margin < maintenance(*legs)


def test_expiries_are_charged_one_by_one_and_never_less_than_a_perpetual():
    # A day and a year ahead: 0.2 %, since a day of 5 % a year is less, and 5 %.
    pair = unit(future(1, DAY), future(-1, D(365) * DAY))

    assert D(200) + D(5000) == basis_charge(pair, RULE.moves[0])


def test_contracts_of_one_expiry_offset_in_basis_and_pay_for_the_peg():
    pair = unit(future(1), future(-1, settle="USDC"))

    assert D(0) == basis_charge(pair, RULE.moves[0])
    assert D(500) == depeg_charge(pair, RULE)


def test_a_hedge_needs_less_than_its_sum_and_a_stack_does_not():
    long, short = perpetual(1), future(-1)

    assert maintenance(long, short) < maintenance(long) + maintenance(short)
    assert maintenance(long, long) == 2 * maintenance(long)


def test_a_vertical_spread_needs_less_than_the_option_sold():
    sold, held = option(-1, Right.CALL, 110_000), option(1, Right.CALL, 120_000)

    assert maintenance(sold, held) < maintenance(sold)


def test_a_box_loses_nothing_and_pays_interest_and_its_exit():
    box = unit(
        option(1, Right.CALL, 90_000),
        option(-1, Right.PUT, 90_000),
        option(-1, Right.CALL, 110_000),
        option(1, Right.PUT, 110_000),
    )
    found = requirement(box, RULE)

    # Worth 20,000 whatever happens: × half a year × 5 %.
    assert charge_of(found, "MR5") == pytest.approx(D(500), abs=D("1e-6"))
    assert found.worst is None or found.worst.outcome > D("-1e-6")
    # Two sold at 2 % and 0.03 % of 100,000 each; those held no less than nothing.
    assert found.maintenance_margin > D(4060)


@pytest.mark.parametrize(
    ("days", "volatility", "direction", "shifted"),
    [
        # Half-way from 0 to 30 days: 42.5 % or 27.5 points.
        pytest.param("15", "0.5", Direction.UP, "0.775", id="points are more"),
        pytest.param("15", "1", Direction.UP, "1.425", id="the fraction is more"),
        pytest.param("15", "0.5", Direction.DOWN, "0.225", id="down"),
        pytest.param("45", "1", Direction.UP, "1.3", id="between a month and two"),
        pytest.param("400", "1", Direction.DOWN, "0.75", id="beyond the last"),
        pytest.param("0", "0.2", Direction.DOWN, "0", id="not below zero"),
        pytest.param("15", "0.5", Direction.NONE, "0.5", id="as it is"),
    ],
)
def test_volatility_shifts_by_the_larger_of_fraction_and_points(
    days, volatility, direction, shifted
):
    found = shifted_volatility(D(volatility), D(days) * DAY, direction, RULE.volatility)

    assert D(shifted) == found


def test_a_day_takes_all_of_an_option_that_expires_tomorrow():
    # At the money, F × (2 N(s √T ÷ 2) − 1) for s √T = 0.5 ÷ √365: 1,044.04 of 100,000.
    found = theta_charge(unit(option(1, Right.CALL, PRICE, DAY)))

    assert found == pytest.approx(D("1044.04"), abs=D("0.02"))
    assert D(0) == theta_charge(unit(option(-1, Right.CALL, PRICE, DAY)))


def test_volatilities_of_two_expiries_do_not_offset():
    near, far = (option(size, Right.CALL, PRICE, D(d) * DAY) for size, d in ((-1, 30), (1, 90)))

    assert D(0) == vega_charge(unit(near), RULE)
    assert D(0) == vega_charge(unit(near, replace(far, size=D(-1))), RULE)
    assert vega_charge(unit(near, far), RULE) > 1000
    assert D(0) == vega_charge(unit(near, replace(near, size=D(1))), RULE)


def test_a_future_and_the_options_on_it_stay_hedged_in_every_cell():
    # Long call, short put at one strike is a long future; the forward is 4 % above the index.
    high = PRICE * D("1.04")
    legs = (
        replace(option(1, Right.CALL, PRICE), price=high),
        replace(option(-1, Right.PUT, PRICE), price=high),
        replace(future(-1), price=high),
    )
    cells = spot_shock_cells(unit(*legs), moves_of(RULE.spot_shocks[0].steps), RULE.volatility)

    assert 21 == len(cells)
    assert all(abs(cell.outcome) < D("1e-6") for cell in cells)


@pytest.mark.parametrize(
    ("raw", "asked"),
    [("250000", "250000"), ("250001", "500002"), ("4000000", "40000000"), ("4000001", "48000012")],
)
def test_all_of_a_large_exit_is_multiplied(raw, asked):
    cost = RULE.exits[0]

    assert D(asked) == multiplied(D(raw), cost.bounds, cost.multipliers)


def test_leaving_an_option_held_costs_no_more_than_it_is_worth():
    cheap = option(1, Right.CALL, 1_000_000, DAY)
    whole = unit(cheap)

    assert option_exit_cost(cheap, whole, RULE.option_exit) < D("1e-6")
    # 2 % of the underlying; the fee is a part of next to nothing.
    sold = option_exit_cost(replace(cheap, size=D(-2)), whole, RULE.option_exit)
    assert sold == pytest.approx(D(4000), abs=D("1e-6"))
    assert D(0) == option_exit_cost(perpetual(1), whole, RULE.option_exit)


def test_leaving_counts_both_sides_of_a_hedge():
    assert D(900) == minimum_charge(unit(perpetual(1), future(-1)), RULE)


def test_hedges_are_sought_in_the_documented_order():
    deltas = {"USDT": D(10), "USD": D(-4), "USDC": D(-9)}

    assert (
        Hedge("USDT", "USD", D(4)),
        Hedge("USDT", "USDC", D(6)),
    ) == hedges(deltas, RULE.depeg_pairs)


@pytest.mark.parametrize(
    ("index", "asked"),
    [
        # 200 BTC of 100,000 against as many in USDC: hedges of 20 M at par, the USDT side × index.
        # 1 M × 0.5 % + 4 M × 1 % + 5 M × 2.5 % + 10 M × 5 %.
        pytest.param("1", "670000", id="at par"),
        # 19.84 M: 1 M × 0.5 % + 4 M × 1.5 % + 5 M × 2.5 % + 9.84 M × 5 %.
        pytest.param("0.992", "682000", id="a little below"),
        # 18 M × 40 %.
        pytest.param("0.9", "7200000", id="off its peg"),
    ],
)
def test_a_hedge_across_stable_coins_is_asked_for_in_slices(index, asked):
    pair = unit(perpetual(200), perpetual(-200, settle="USDC"), USDT=D(index))

    assert D(asked) == depeg_charge(pair, RULE)


def test_other_coins_have_the_widest_moves():
    found = requirement(unit(perpetual(1), name="NEWCOIN"), RULE)

    # 25 % and 1.6 % of 100,000.
    assert D(26_600) == found.maintenance_margin


def test_portfolio_margin_is_one_pool():
    with pytest.raises(UsageError, match="one pool in USD"):
        requirement(replace(unit(perpetual(1)), asset="USDT"), RULE)


def test_a_debt_of_one_currency_is_asked_for_though_another_covers_it():
    rates = DebtRates(D("0.1"), D("0.02"), D("0.001"))
    totals = account_totals([D(900), D(-400)], [D(130)], [D(100)], [D(1000)], rates)

    assert (D(500), D(170), D(108)) == (
        totals.equity,
        totals.initial_margin,
        totals.maintenance_margin,
    )
    # 500 ÷ (108 + 400 × 1.02 × 0.1 %), and 1,000 ÷ 500.
    assert abs(D("4.61220574") - totals.margin_ratio) < D("1e-8")
    assert D(2) == totals.leverage


def test_an_account_that_is_asked_for_nothing_has_no_ratio():
    totals = account_totals([D(0)], [], [], [], DebtRates(D(0), D(0), D(0)))

    assert (None, None) == (totals.margin_ratio, totals.leverage)


SIZES = st.decimals(min_value="0.001", max_value="5", places=3)
LEGS = st.sampled_from(
    [
        perpetual(1),
        perpetual(-1, settle="USDC"),
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


def test_coins_held_hedge_a_short_as_far_as_they_cover_it():
    # A short of one bitcoin at 100,000 alone: 12 % and 0.2 % of it. With one held nothing is lost
    # in the grid: 0.2 % each for the basis of perpetual and spot, 400, less than 0.45 % to leave.
    text = """
venue = "okx"
mode = "portfolio"
[balances]
BTC = "{held}"
USDT = "1000"
[marks]
BTC-USDT-SWAP = "100000"
[index]
BTC = "100000"
USDT = "1"
[[positions]]
symbol = "BTC-USDT-SWAP"
size = "-100"
entry_price = "100000"
"""
    asked = {}
    for held in ("0", "0.5", "1", "2"):
        file = parse_account(text.format(held=held), "test")
        found = assess(file.account, file.market, file.rulebook)
        asked[held] = found.pools[0].health.maintenance_margin

    # Half covered: 6 % of it is left, the perpetual's 200 and 100 of the spot's.
    assert {"0": D(12200), "0.5": D(6300), "1": D(450), "2": D(450)} == asked
