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
    gains_across,
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
from crossmargin.rulebooks.portfolio.deribit import CountedGains, DeribitPortfolio

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
        currencies=tuple(
            replace(one, roll_rate_min=D(0), roll_rate_annual=D(0)) for one in RULE.currencies
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


def test_in_cross_coins_and_stablecoins_offset_each_other_in_part():
    # Long 1 BTC in coins, short 1 in USDC. At +16 % the coins gain 8,000 USD, of which none counts
    # (not read), and the short loses 8,000; at −16 % the short gains 8,000, of which 40 % count:
    # −8,000 + 3,200. So 8,000, and both roll: 1 % of 50,000 each.
    found = asked(perpetual("1"), linear("-1"), asset="USD")

    assert found.worst is not None
    assert D("0.16") == found.worst.scenario.move
    assert abs(found.worst.outcome + 8000) < D("1e-40")
    assert D(1000) == charge(found, "roll shock")
    assert D(9000) == found.initial_margin
    below = next(cell for cell in found.cells if cell.scenario.move == D("-0.16"))
    assert abs(below.outcome + 4800) < D("1e-40")


def test_counted_gains_end_at_their_cap():
    # Short 1,000 BTC in USDC gains 8 M at −16 %: 40 % are 3.2 M, capped at 1 M.
    found = asked(perpetual("1000"), linear("-1000"), asset="USD")
    below = next(cell for cell in found.cells if cell.scenario.move == D("-0.16"))

    assert abs(below.outcome + 7_000_000) < D("1e-30")


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


def test_gains_of_one_underlying_reduce_what_another_is_asked_for():
    rule = replace(
        RULE,
        currencies=tuple(
            replace(one, cross_gains=CountedGains(D("0.5"), D(10**9))) for one in RULE.currencies
        ),
    )
    bitcoin = asked(perpetual("1"), asset="USD", rule=rule)
    ether = requirement(
        PortfolioUnit("ETH", "USD", D(2500), (Leg("E", D(-20), D(2500), "ETH", True),)), rule
    )

    # 8,000 lost on bitcoin at −16 %, 9,000 on ether at +18 %. In the lowest cell half of 9,000
    # counts against 8,000, in the highest half of 8,000 against 9,000: 5,000 remain of 17,000.
    assert abs(gains_across((bitcoin, ether)) - 12000) < D("1e-30")
    assert D(0) == gains_across((bitcoin,))
    # By the packaged numbers none of bitcoin's gains counts: the highest cell keeps its 9,000.
    assert abs(gains_across((asked(perpetual("1"), asset="USD"), ether)) - 8000) < D("1e-30")


@pytest.mark.parametrize(
    ("unit", "what"),
    [
        (PortfolioUnit("SOL", "SOL", D(200), ()), "of SOL"),
        (
            PortfolioUnit("BTC", "EURR", D(200), (Leg("X", D(1), D(200), "EURR"),)),
            "of what settles in EURR",
        ),
    ],
)
def test_what_was_not_read_is_unknown(unit, what):
    with pytest.raises(UnknownError, match=f"parameters {what} are not known"):
        requirement(unit, RULE)


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
    RULE, currencies=tuple(replace(one, extended_dampener_usd=D(0)) for one in RULE.currencies)
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
