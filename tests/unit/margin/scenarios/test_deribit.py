"""Deribit's portfolio margin: hedges, stacks, and what every charge is for, by hand."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crossmargin.errors import UnknownError
from crossmargin.margin.scenarios.deribit import (
    counted_gain,
    dampened,
    price_moves,
    requirement,
    rounded,
    scaled,
)
from crossmargin.margin.scenarios.leg import Leg, OptionPart, PortfolioUnit
from crossmargin.margin.scenarios.requirement import UnitRequirement
from crossmargin.model.option import Right
from crossmargin.model.scenario import Direction
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.portfolio.deribit import DeribitPortfolio

D = Decimal
RULE = load_rulebook("deribit").portfolio
INDEX = D(50000)
DAY = D(86_400)
QUARTER = 91 * DAY


def perpetual(size: str | Decimal) -> Leg:
    return Leg("BTC-PERPETUAL", D(size), INDEX, "BTC", is_inverse=True)


def future(size: str | Decimal, seconds: Decimal = QUARTER) -> Leg:
    return Leg(f"BTC-{seconds}", D(size), INDEX, "BTC", is_inverse=True, seconds=seconds)


def linear(size: str) -> Leg:
    return Leg("BTC_USDC-PERPETUAL", D(size), INDEX, "USDC")


def option(size: str | Decimal, right: Right, strike: str, days: int = 30) -> Leg:
    part = OptionPart(right, D(strike), D("0.6"))
    return Leg(f"BTC-{strike}-{right}-{days}", D(size), INDEX, "BTC", True, days * DAY, part)


def asked(*legs: Leg, asset: str = "BTC", rule: DeribitPortfolio = RULE) -> UnitRequirement:
    unit = PortfolioUnit("BTC", asset, INDEX, legs, {"BTC": INDEX, "USDC": D(1)})
    return requirement(unit, rule)


def charge(found: UnitRequirement, name: str) -> Decimal:
    return next(one.amount for one in found.charges if one.name == name)


def test_a_perpetual_alone_loses_the_edge_of_the_range_and_pays_for_rolling():
    # Long 21 BTC at −16 %: 21 × (1 − 1 ÷ 0.84) = −4; rolling 1 % of 21. 4.21 and 0.8 of it.
    found = asked(perpetual("21"))

    assert found.worst is not None
    assert (D("-0.16"), Direction.DOWN) == (
        found.worst.scenario.move,
        found.worst.scenario.direction,
    )
    assert D("4.21") == found.initial_margin
    assert D("3.368") == found.maintenance_margin
    assert "scenario" == found.binding


def test_the_cells_are_the_matrix_and_then_the_extended_table():
    found = asked(perpetual("1"))
    moves = [cell.scenario.move for cell in found.cells]

    assert 27 + 8 == len(found.cells)
    assert [D("-0.16")] * 3 + [D("-0.12")] * 3 == moves[:6]
    assert list(RULE.extended_moves) == moves[27:]
    assert {Direction.UP} == {cell.scenario.direction for cell in found.cells[27:]}


def test_a_calendar_spread_is_asked_for_rolling_alone_and_both_ends_pay():
    # Nothing is left in the matrix. A quarter away: 0.075 × 91 ÷ 365 × 10 = 0.18698630…; 1 % × 10.
    found = asked(perpetual("10"), future("-10"))

    assert found.worst is None
    assert D("0.286986301") == found.initial_margin
    assert found.initial_margin < asked(perpetual("10")).initial_margin / 5


def test_legs_of_one_expiry_roll_together():
    assert D(0) == charge(asked(future("10"), future("-10")), "roll shock")


def test_a_spread_without_its_roll_shock_would_be_free():
    free = replace(
        RULE,
        underlyings=tuple(
            replace(one, roll_rate_min=D(0), roll_rate_annual=D(0)) for one in RULE.underlyings
        ),
    )

    assert D(0) == asked(perpetual("10"), future("-10"), rule=free).initial_margin
    assert asked(perpetual("10"), future("-10")).initial_margin > D("0.28")


def test_a_box_is_worth_its_strikes_whatever_happens():
    # Long 40,000 call and short put, short 60,000 call and long put pays 20,000 USD at expiry: in
    # coins that is 0.4 now, and 0.4 ÷ 0.84 at −16 %, a gain; at +16 % 0.4 ÷ 1.16, a loss of
    # 0.4 × 0.16 ÷ 1.16 = 0.0551724…
    box = asked(
        option("1", Right.CALL, "40000"),
        option("-1", Right.PUT, "40000"),
        option("-1", Right.CALL, "60000"),
        option("1", Right.PUT, "60000"),
    )

    assert box.worst is not None
    assert D("0.16") == box.worst.scenario.move
    assert abs(box.worst.outcome + D("0.4") * D("0.16") / D("1.16")) < D("1e-12")
    # Deltas of a box cancel: nothing is rolled.
    assert charge(box, "roll shock") < D("1e-12")


def test_a_covered_call_needs_less_than_its_parts():
    covered = asked(perpetual("10"), option("-10", Right.CALL, "55000"))
    apart = asked(perpetual("10")), asked(option("-10", Right.CALL, "55000"))

    assert covered.initial_margin < sum(one.initial_margin for one in apart)


def test_a_short_option_is_worst_where_volatility_rises():
    found = asked(option("-1", Right.PUT, "30000"))

    assert found.worst is not None
    assert Direction.UP is found.worst.scenario.direction


def test_far_calls_are_caught_by_the_extended_table():
    # 3,000 calls at four times the price: in the matrix they are worth next to nothing.
    found = asked(option("-3000", Right.CALL, "200000"))
    standard = min(cell.outcome for cell in found.cells[:27])

    assert found.worst is not None
    assert D(5) == found.worst.scenario.move
    assert found.worst.outcome < 10 * standard


def test_a_long_option_can_lose_what_it_is_worth_and_no_more():
    found = asked(option("1", Right.CALL, "50000"))
    # Black: at the money, deviation 0.6 × √(30 ÷ 365) = 0.1720…: 2 N(0.0860) − 1 = 0.06854…
    assert found.worst is not None
    assert D("-0.0686") < found.worst.outcome < D("-0.05")


def test_a_delta_beyond_what_is_free_is_charged_and_long_options_bring_it_down():
    # 20 M USD are 400 BTC. 500 are 100 above: 500 × 100 × 0.00005 = 2.5.
    assert D("2.5") == charge(asked(perpetual("500")), "delta shock")
    assert D(0) == charge(asked(perpetual("400")), "delta shock")
    # Beyond 2,000 above the rate stays at 10 %.
    assert D(300) == charge(asked(perpetual("3000")), "delta shock")
    puts = option("200", Right.PUT, "90000", days=1)
    assert D(0) == charge(asked(perpetual("500"), puts), "delta shock")
    # Long calls do not add to it, and puts for twice the delta do not turn it round.
    calls = option("200", Right.CALL, "20000", days=1)
    assert D("2.5") == charge(asked(perpetual("500"), calls), "delta shock")
    many = option("1500", Right.PUT, "90000", days=1)
    assert D(0) == charge(asked(perpetual("500"), many), "delta shock")


def test_in_cross_what_settles_in_coins_and_in_stablecoins_offsets_each_other():
    # Long 1 BTC in coins, short 1 in USDC: nothing is left in the matrix, and both roll.
    found = asked(perpetual("1"), linear("-1"), asset="USD")

    assert found.worst is None
    assert D(1000) == found.initial_margin
    # Twice as many coins: one is left. 16 % of 50,000, and rolling 1 % of three.
    assert D(9500) == asked(perpetual("2"), linear("-1"), asset="USD").initial_margin


def test_in_cross_the_gain_that_counts_ends_at_its_cap():
    # 4,000 ETH at 2,500 short gain 18 % of 10 M, of which 60 % count: 1.08 M. Of 100,000 ETH they
    # would be 27 M, capped at 20 M.
    for size, gain in (("-4000", D(1_080_000)), ("-100000", D(20_000_000))):
        legs = (Leg("ETH-PERPETUAL", D(size), D(2500), "ETH", is_inverse=True),)
        found = requirement(PortfolioUnit("ETH", "USD", D(2500), legs), RULE)

        assert abs(max(cell.outcome for cell in found.cells) - gain) < D("1e-30")


def test_in_cross_coins_held_move_with_the_market():
    short = PortfolioUnit("BTC", "USD", INDEX, (perpetual("-1"),), {"BTC": INDEX}, {"BTC": D(1)})
    hedged = requirement(short, RULE)
    long = requirement(replace(short, legs=(perpetual("1"),)), RULE)

    # Held and short: nothing to lose but rolling. Held and long: twice 16 % of 50,000.
    assert D(500) == hedged.initial_margin
    assert D(16500) == long.initial_margin


def test_linear_contracts_alone_settle_in_their_stablecoin():
    # 1 BTC at 50,000: 16 % are 8,000 USDC up and down; rolling 1 %.
    for size in ("1", "-1"):
        assert D(8500) == asked(linear(size), asset="USDC").initial_margin


def test_a_recorded_account_in_cross_portfolio_margin():
    # Replies of 16 February 2026, 01:34: total_maintenance_margin_usd 0.45614992333200005 and
    # total_initial_margin_usd 0.570187404 of 0.0000348 BTC, 1 USD of ETH-PERPETUAL long (delta
    # 0.000509103) and 0.001 ETH_USDC-PERPETUAL short (delta −1.96527 USDC). From
    # total_delta_total_usd −0.964960994 follows the index 1,964.46; from a margin balance of
    # 0.00003687 BTC, 2.528057708 USD, that of bitcoin, 68,567; and what is left of that balance
    # after 0.14035577 USDC and the bitcoin is 8.1e-7 ETH. Printed digits allow 0.0003 USD.
    rates = {"ETH": D("1964.46"), "USDC": D("0.9999")}
    long = Leg("ETH-PERPETUAL", D("0.000509103"), D("1964.24"), "ETH", is_inverse=True)
    short = Leg("ETH_USDC-PERPETUAL", D("-0.001"), D("1965.27"), "USDC")
    held = {"ETH": D("0.00000081")}
    ether = PortfolioUnit("ETH", "USD", D("1964.46"), (long, short), rates, held)
    bitcoin = PortfolioUnit("BTC", "USD", D(68567), (), {}, {"BTC": D("0.0000348")})
    found = [requirement(unit, RULE) for unit in (ether, bitcoin)]

    assert abs(sum(one.initial_margin for one in found) - D("0.570187404")) < D("0.0003")
    assert abs(sum(one.maintenance_margin for one in found) - D("0.456149923")) < D("0.0003")


def test_what_was_not_read_is_unknown():
    with pytest.raises(UnknownError, match="parameters of SOL are not known"):
        requirement(PortfolioUnit("SOL", "SOL", D(200), ()), RULE)


def test_an_outcome_far_out_counts_less_in_coins_and_in_dollars():
    # Half of −100 coins' worth at a doubling, range 16 %: × 0.16 × 2 ÷ 1.16; in dollars × 0.16.
    assert D("-27.586") == scaled(D(-100), D(1), D("0.16"), D(1), is_coin=True).quantize(D("0.001"))
    assert D(-16) == scaled(D(-100), D(1), D("0.16"), D(1), is_coin=False)


def test_a_dampener_brings_losses_and_gains_nearer_to_zero_and_not_beyond():
    # 50 % is 2 ranges beyond the first where the range is … 0.5 ÷ 0.25 = 2: one range beyond.
    assert D(-60) == dampened(D(-100), D("0.5"), D("0.25"), D(40))
    assert D(60) == dampened(D(100), D("0.5"), D("0.25"), D(40))
    assert D(0) == dampened(D(-30), D("0.5"), D("0.25"), D(40))
    assert D(-100) == dampened(D(-100), D("-0.2"), D("0.25"), D(40))


def test_a_gain_counts_in_part_and_a_loss_in_full():
    assert D(-5) == counted_gain(D(-5), D("0.6"), D(2))
    assert D(3) == counted_gain(D(5), D("0.6"), None)
    assert D(2) == counted_gain(D(5), D("0.6"), D(2))


def test_moves_reach_the_range_exactly_where_steps_do_not_divide_it():
    moves = price_moves(D("0.16"), 3)

    assert (D("-0.16"), D(0), D("0.16")) == (moves[0], moves[3], moves[6])
    assert abs(moves[4] * 3 - D("0.16")) < D("1e-45")


def test_halves_are_rounded_up():
    assert D("0.2") == rounded(D("0.15"), D("0.1"))
    assert D("0.1") == rounded(D("0.149999"), D("0.1"))


SIZES = st.integers(-2000, 2000).map(lambda lots: D(lots) / 10)
STRIKES = st.sampled_from(["35000", "50000", "65000"])
LEGS = st.one_of(
    st.builds(perpetual, SIZES),
    st.builds(future, SIZES),
    st.builds(option, SIZES, st.sampled_from(Right), STRIKES),
)
BOOKS = st.lists(LEGS, min_size=1, max_size=4)
ROUNDINGS = D("0.000000003")


UNDAMPED = replace(
    RULE, underlyings=tuple(replace(one, extended_dampener_usd=D(0)) for one in RULE.underlyings)
)
"""Two small books that each end within the dampener may not together."""


@given(BOOKS, BOOKS)
def test_together_never_more_is_asked_than_apart_but_for_a_large_delta(one, other):
    together = asked(*one, *other, rule=UNDAMPED)
    apart = sum(asked(*book, rule=UNDAMPED).initial_margin for book in (one, other))

    assert together.initial_margin <= apart + charge(together, "delta shock") + ROUNDINGS


@given(BOOKS, st.sampled_from(["0.25", "0.5"]))
def test_a_part_of_a_book_is_asked_for_no_more_than_all_of_it(legs, part):
    smaller = [replace(leg, size=leg.size * D(part)) for leg in legs]

    assert asked(*smaller).initial_margin <= asked(*legs).initial_margin + ROUNDINGS


@given(BOOKS)
def test_maintenance_margin_is_the_packaged_part_of_the_matrix_margin(legs):
    found = asked(*legs)

    assert abs(found.maintenance_margin - found.initial_margin * D("0.8")) <= ROUNDINGS
    assert D(0) <= found.maintenance_margin
