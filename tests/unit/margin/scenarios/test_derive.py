"""Derive's portfolio margin of a unit, with the packaged parameters."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crossmargin.errors import UnknownError, UsageError
from crossmargin.margin.scenarios.derive import check_units, portfolio_of
from crossmargin.margin.scenarios.leg import Leg, OptionPart, PortfolioUnit
from crossmargin.margin.scenarios.methods import requirement
from crossmargin.margin.scenarios.requirement import Charge, UnitRequirement
from crossmargin.model.option import Right
from crossmargin.money import exact
from crossmargin.rulebooks.loader import load_rulebook

D = Decimal
RULE = load_rulebook("derive-v2").portfolio
INDEX = D(100_000)
DAY = D(86_400)


def perpetual(size: str, price: str = "100000") -> Leg:
    return Leg("BTC-PERP", D(size), D(price), "USDC")


def option(size: str, right: str, strike: str, days: str = "73", volatility: str = "0") -> Leg:
    part = OptionPart(Right(right), D(strike), D(volatility))
    symbol = f"BTC-{days}-{strike}-{right}"
    return Leg(symbol, D(size), INDEX, "USDC", seconds=D(days) * DAY, option=part)


def unit(*legs: Leg, usdc: str = "1", **more) -> PortfolioUnit:
    rates = {"USDC": D(usdc), "USDT": D(1), "ETH": D(2000)}
    return PortfolioUnit("BTC", "USD", INDEX, legs, rates, **more)


def asked(*legs: Leg, **more) -> UnitRequirement:
    return requirement(unit(*legs, **more), RULE)


def charges(found: UnitRequirement) -> dict[str, Decimal]:
    return {charge.name: charge.amount for charge in found.charges}


def test_a_perpetual_alone():
    # Falls by 18 %: 18,000, of which 80 % for keeping it; 3 % of spot, 1 % on top. In the tails no
    # more: 66 % x 0.21, 33 % x 0.42, 50 % x 0.2772 and on are 13.86 % each.
    found = asked(perpetual("1"))

    assert (D(22_000), D(17_400)) == (found.initial_margin, found.maintenance_margin)
    assert (D("-0.18"), D(-18_000)) == (found.worst.scenario.move, found.worst.outcome)
    assert (D(-18_000),) == found.worst.shares
    assert (
        Charge("perpetual contingency", D(3000)),
        Charge("perpetual contingency on top", D(1000), is_initial_only=True),
    ) == found.charges
    assert ("BTC", "USD", ("BTC-PERP",), 33) == (
        found.name,
        found.asset,
        found.symbols,
        len(found.cells),
    )
    assert {D("-13860")} == {cell.outcome for cell in found.cells[23:25]}


def test_the_perpetual_moves_by_its_own_price_and_is_charged_on_the_spot_price():
    # 110,000 x 18 % x 0.8 and 100,000 x 3 %.
    assert D("18840") == asked(perpetual("1", "110000")).maintenance_margin


def test_a_coin_held_covers_what_is_sold():
    found = asked(perpetual("-1"), collateral={"BTC": D(1)})

    # Nothing moves; 3,000 and 10.6 % of the coin, 1,000 and 1.4 % on top.
    assert found.worst is None
    assert (D(16_000), D(13_600)) == (found.initial_margin, found.maintenance_margin)


def test_a_coin_held_as_a_leg_is_the_same_and_has_its_share():
    spot = Leg("BTC", D(1), INDEX, "BTC", is_spot=True)
    found = asked(perpetual("-1"), spot)

    assert (D(16_000), D(13_600)) == (found.initial_margin, found.maintenance_margin)
    assert (D(18_000), D(-18_000)) == found.cells[22].shares


def test_other_coins_do_not_cover_and_have_the_standard_factors():
    # 10 x 2,000 x 20 % and 5 %; 1,000 x 2 % and 1.96 %.
    found = asked(perpetual("1"), collateral={"ETH": D(10), "USDT": D(1000), "USDC": D(5)})

    assert D(17_400 + 4000 + 20) == found.maintenance_margin
    assert D("1019.6") == charges(found)["collateral haircut on top"]


def test_a_coin_below_its_peg_makes_requirements_smaller_in_usd_but_for_the_contingency():
    found = asked(perpetual("1"), usdc="0.9")

    assert D("0.9") * D(17_400) == found.maintenance_margin
    # 18,000 x (0.99 - 0.9) x 4 x 0.9.
    assert D(5832) == charges(found)["peg loss"]
    assert D("0.9") * D(22_000) + D(5832) == found.initial_margin


def test_collateral_in_usd_does_not_depend_on_the_peg():
    assert D(20) == charges(asked(collateral={"USDT": D(1000)}, usdc="0.9"))["collateral haircut"]


def test_a_unit_in_the_coin_itself_is_not_converted():
    mine = replace(unit(perpetual("1"), usdc="0.9"), asset="USDC")

    assert D(17_400) == requirement(mine, RULE).maintenance_margin


def test_a_calendar_spread_is_bound_by_its_basis():
    spread = unit(option("-1", "call", "10000", "36.5"), option("1", "call", "10000", "73"))
    found = requirement(spread, RULE)

    # Each may lose 4,500: x (0.5 + 2 x 0.1), x (0.5 + 2 x 0.2); x 0.8 and 0.3 % of spot.
    assert ("basis contingency", D(7200)) == (found.binding, charges(found)["basis contingency"])
    assert D(6060) == found.maintenance_margin

    manager = RULE.managers[0]
    free = replace(manager, basis=replace(manager.basis, add=D(0), multiple=D(0)))
    found = requirement(spread, replace(RULE, managers=(free,)))
    assert "scenario" == found.binding
    assert found.maintenance_margin < D(6060)


def test_shares_are_in_the_order_of_the_legs():
    far, near = option("1", "call", "90000", "73"), option("-2", "call", "95000", "36.5")
    found = asked(far, perpetual("3"), replace(near, symbol="near"), replace(far, symbol="again"))

    # Without volatility but up: at -13.5 % and none both calls are out of the money.
    cell = next(one for one in found.cells if one.scenario.move == D("-0.135"))
    down = found.cells[found.cells.index(cell) + 1]
    assert (D(-10_000), D(-40_500), D(10_000), D(-10_000)) == down.shares
    assert (far.symbol, "BTC-PERP", "near", "again") == found.symbols


def test_rates_come_with_the_options():
    call = option("1", "call", "90000")
    dear = replace(call, option=replace(call.option, rate=D("0.05")))
    portfolio = portfolio_of(unit(dear), RULE, RULE.manager_of("BTC"))

    assert D("0.05") == portfolio.expiries[0].rate


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (replace(unit(perpetual("1")), name="DOGE"), "portfolio margin parameters of DOGE"),
        (unit(collateral={"OP": D(1)}), "how OP counts as collateral in the portfolio margin of"),
        (replace(unit(collateral={"ETH": D(1)}), rates={}), "index price of ETH"),
    ],
)
def test_what_was_not_read_is_unknown(bad, said):
    with pytest.raises(UnknownError, match=said):
        requirement(bad, RULE)


def test_what_the_manager_does_not_take_is_refused():
    with pytest.raises(UsageError, match="ETH of -1 is owed; Derive's managers lend cash alone"):
        asked(collateral={"ETH": D(-1)})
    with pytest.raises(UsageError, match="BTC-PERP, OTHER: Derive has one perpetual"):
        asked(perpetual("1"), replace(perpetual("1"), symbol="OTHER"))


def test_an_account_has_one_underlying_and_so_many_expiries():
    mine = unit(*(option("1", "call", "90000", str(days)) for days in range(1, 12)))
    check_units([mine], RULE)

    with pytest.raises(UsageError, match="positions on BTC and ETH; a portfolio margin account"):
        check_units([mine, replace(mine, name="ETH")], RULE)
    more = replace(mine, legs=(*mine.legs, option("1", "call", "90000", "30")))
    with pytest.raises(UsageError, match=r"options of 12 expiries; .* at most 11"):
        check_units([more], RULE)


legs = st.builds(
    option,
    st.integers(-3, 3).filter(bool).map(str),
    st.sampled_from(["call", "put"]),
    st.sampled_from(["70000", "100000", "130000"]),
    st.sampled_from(["3", "60"]),
    st.just("0.6"),
)
books = st.lists(legs, min_size=1, max_size=4, unique_by=lambda leg: leg.symbol)


@exact
def maintenance(*units: PortfolioUnit) -> Decimal:
    return sum((requirement(one, RULE).maintenance_margin for one in units), D(0))


@given(books, st.integers(-3, 3))
def test_nothing_needs_less_than_nothing_and_initial_margin_is_more(book, size):
    found = asked(*book, perpetual(str(size)))

    assert D(0) <= found.maintenance_margin <= found.initial_margin


@given(books, st.integers(1, 3))
def test_a_forward_made_of_options_hedges_a_perpetual(book, size):
    made = (option(str(-size), "call", "100000", "60"), option(str(size), "put", "100000", "60"))
    long = perpetual(str(size))

    assert maintenance(unit(long, *made)) < maintenance(unit(long), unit(*made))
    short = perpetual(str(-size))
    # The same with the hedge on the wrong side: a stack.
    assert maintenance(unit(short, *made)) > maintenance(unit(short))
    assert maintenance(unit(short, *made)) > maintenance(unit(*made))
