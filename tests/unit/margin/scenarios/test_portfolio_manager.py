"""Derive's portfolio manager by hand: without volatility a mark is the intrinsic value."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crossmargin.errors import UnitError
from crossmargin.margin.scenarios.portfolio_manager import (
    Collateral,
    Portfolio,
    PortfolioMargin,
    confidence_contingency,
    initial_loss_factor,
    portfolio_margin,
)
from crossmargin.margin.standard_manager import Perpetual
from crossmargin.model.scenario import Direction, Scenario
from crossmargin.money import exact
from crossmargin.rulebooks.portfolio.derive import CollateralTerms, StaticDiscount
from tests.unit.margin.scenarios.managers import ROUND, SPOT, STILL, expiry

D = Decimal
ETHER = CollateralTerms("ETH", D("0.056"), D("0.014"), is_risk_cancelling=True)
TETHER = CollateralTerms("USDT", D("0.02"), D("0.0196"))


def perpetual(size: str, price: str = "1000", **more) -> Perpetual:
    return Perpetual(D(size), D(price), **more)


def margin(manager=STILL, **held) -> PortfolioMargin:
    return portfolio_margin(Portfolio(SPOT, **held), manager)


def balances(found: PortfolioMargin) -> tuple[Decimal, ...]:
    return (
        found.initial_margin_balance,
        found.maintenance_margin_balance,
        found.mark_to_market,
    )


@pytest.mark.parametrize(
    ("held", "initial", "maintenance", "value"),
    [
        pytest.param({}, "7", "7", "7", id="cash alone"),
        # Falls by 10 % of its own price: 202; 3 % of spot: 60, 1 % on top: 20. 27 is earned.
        pytest.param(
            {"perpetual": perpetual("2", "1010", unrealised_pnl=D(27))},
            *("-248", "-187.6", "34"),
            id="long perpetual",
        ),
        # Rises by 10 %, and by 100 % of which 5 % count: 100.
        pytest.param({"perpetual": perpetual("-1")}, "-133", "-103", "7", id="short perpetual"),
        # Worth 100 and nothing at 900; the basis takes 45. Sold ones alone have a contingency.
        pytest.param({"expiries": (expiry("1 call 900"),)}, "7", "27", "107", id="bought call"),
        # Loses 100; at twice the price 1000, of which 5 % count: 50. 0.3 % and 0.2 % of spot.
        pytest.param({"expiries": (expiry("-1 call 900"),)}, "-198", "-176", "-93", id="sold call"),
        # 2000 x 5.6 %, x 1.4 %; falls by 200.
        pytest.param(
            {"collateral": (Collateral(ETHER, D(2), SPOT),)},
            *("1667", "1735", "2007"),
            id="ether",
        ),
        # 1000 x 2 %, x 1.96 %: a stable coin does not move.
        pytest.param(
            {"collateral": (Collateral(TETHER, D(1000), D(1)),)},
            *("967.4", "987", "1007"),
            id="tether",
        ),
    ],
)
def test_one_thing_alone(held, initial, maintenance, value):
    got = margin(cash=D(7), **held)

    assert (D(initial), D(maintenance), D(value)) == balances(got)


def test_a_call_is_covered_by_the_coin():
    # The coin loses 100 at 900, the call earns 100 there; 1000 x 5.6 % and 0.3 %, 1.4 % and 0.2 %.
    covered = margin(expiries=(expiry("-1 call 900"),), collateral=(Collateral(ETHER, D(1), SPOT),))

    assert D(0) == max(covered.outcomes) == min(covered.outcomes)
    # But not the basis of 45, which coins do not net: 900 - 45 x 0.8 - 59, 900 - 45 - 75.
    assert (D(780), D(805), D(900)) == balances(covered)


def test_a_calendar_spread_is_not_free():
    sold, bought = expiry("-1 call 900", years="0.1"), expiry("1 call 900", years="0.2")
    spread = margin(expiries=(sold, bought))
    free = margin(replace(STILL, basis=replace(STILL.basis, add=D(0), multiple=D(0))),
                  expiries=(sold, bought))  # fmt: skip

    # What one expiry makes the other loses; 50 x (0.5 + 2 x 0.1) and 50 x (0.5 + 2 x 0.2).
    assert D(0) == min(spread.outcomes)
    assert D(-80) == spread.worst == spread.basis_contingency
    assert D(0) == free.worst
    # 0.3 % of spot is all that remains without it.
    assert D(-67) == spread.maintenance_margin_balance
    assert D(-3) == free.maintenance_margin_balance


def test_options_of_two_expiries_are_discounted_apart():
    harsh = replace(STILL, long_discount=StaticDiscount(D("0.9"), D(0), D(0)))
    found = margin(harsh, expiries=(expiry("-1 call 900", years="0.1"), expiry("1 call 900")))

    # In the scenario that moves nothing the bought one is worth 90 of 100.
    assert D(-10) == found.outcomes[1]


def test_damping_takes_a_part_of_gains_and_losses_and_may_exceed_one():
    more = replace(STILL, scenarios=(Scenario(D("0.5"), Direction.NONE, D("1.2")),))

    assert (D(600),) == margin(more, perpetual=perpetual("1")).outcomes
    assert (D(-600),) == margin(more, perpetual=perpetual("-1")).outcomes


def test_legs_make_what_they_make_undamped_and_undiscounted():
    harsh = replace(STILL, long_discount=StaticDiscount(D("0.9"), D(0), D(0)))
    found = margin(harsh, expiries=(expiry("1 call 900", "-2 call 1050"),))

    # At 1100, 1000, 900 and 2000.
    expected = [(100, -100), (0, 0), (-100, 0), (1000, -1900)]
    assert expected == [tuple(map(int, profits)) for profits in found.leg_profits]


@pytest.mark.parametrize(
    ("stable", "factor"),
    [("1.01", "1"), ("0.99", "1"), ("0.98", "1.04"), ("0.5", "2.96")],
)
def test_a_stable_coin_below_its_peg_makes_losses_larger(stable, factor):
    assert D(factor) == initial_loss_factor(D(stable), ROUND)


def test_the_peg_counts_for_initial_margin_alone_and_prices_collateral():
    found = margin(stable_price_usd=D("0.5"), perpetual=perpetual("1"),
                   collateral=(Collateral(TETHER, D(1000), D(1)),))  # fmt: skip

    # 2000 stable coins; 100 x 2.96 and 100 x 0.8; 30 + 40, and 10 + 39.2 on top.
    assert D(2000) == found.mark_to_market
    assert D("1584.8") == found.initial_margin_balance
    assert D(1850) == found.maintenance_margin_balance


def unsure(spot="1", perp="1", coin="1", size="1", **expiry_confidence) -> Decimal:
    """Return the contingency of a perpetual, two options and two coins, by confidence."""
    options = expiry(
        "1 call 900", "-1 put 900", **{name: D(c) for name, c in expiry_confidence.items()}
    )
    portfolio = Portfolio(
        SPOT,
        spot_confidence=D(spot),
        perpetual=perpetual(size, confidence=D(perp)),
        expiries=(options,),
        collateral=(Collateral(ETHER, D(2), D(900), D(coin)),),
    )
    return confidence_contingency(portfolio, [(portfolio.collateral[0], D(1800))], ROUND)


@pytest.mark.parametrize(
    ("confidences", "asked"),
    [
        pytest.param({}, "0", id="sure"),
        pytest.param({"spot": "0.55"}, "0", id="on the threshold"),
        # 0.6 of 1000, of 2000 (both sides count), of 1800.
        pytest.param({"spot": "0.4"}, "2880", id="spot: all of it"),
        pytest.param({"perp": "0.4"}, "1800", id="perpetual: options too, no collateral"),
        pytest.param({"perp": "0.4", "size": "0"}, "0", id="perpetual: not held"),
        pytest.param({"coin": "0.4"}, "1080", id="collateral's own"),
        pytest.param({"forward_confidence": "0.4"}, "1200", id="forward"),
        pytest.param({"rate_confidence": "0.4"}, "1200", id="rate"),
        pytest.param({"volatility_confidence": "0.4"}, "1200", id="volatility"),
        # 0.5 of 1000 and 0.8 of 2000: the lowest counts.
        pytest.param({"perp": "0.5", "rate_confidence": "0.2"}, "2100", id="the lowest"),
    ],
)
def test_unsure_oracles_cost(confidences, asked):
    assert D(asked) == unsure(**confidences)


def test_confidence_counts_for_initial_margin_alone():
    sure = margin(perpetual=perpetual("1"))
    doubtful = margin(perpetual=perpetual("1", confidence=D("0.4")))

    assert sure.maintenance_margin_balance == doubtful.maintenance_margin_balance
    assert D(600) == sure.initial_margin_balance - doubtful.initial_margin_balance


def test_a_stable_coin_without_a_price_is_refused():
    with pytest.raises(UnitError, match="stable price is 0, must be above zero"):
        margin(stable_price_usd=D(0))


STRIKES = ("700", "900", "1000", "1200", "1600")
words = st.lists(
    st.builds(
        "{} {} {}".format,
        st.integers(-5, 5).filter(bool),
        st.sampled_from(["call", "put"]),
        st.sampled_from(STRIKES),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda one: one.split()[1:].__str__(),
)
portfolios = st.builds(
    lambda near, far, size, coins: Portfolio(
        SPOT,
        perpetual=perpetual(str(size)),
        expiries=(
            expiry(*near, years="0.02", volatility="0.6"),
            expiry(*far, years="0.5", volatility="0.7", rate=D("0.05")),
        ),
        collateral=(Collateral(ETHER, D(coins), SPOT),),
    ),
    words,
    words,
    st.integers(-5, 5),
    st.integers(0, 5),
)


@given(portfolios)
def test_the_worst_is_never_a_gain_and_initial_margin_never_less(portfolio):
    found = portfolio_margin(portfolio, ROUND)

    assert found.worst <= 0
    assert found.initial_margin_balance <= found.maintenance_margin_balance
    assert found.maintenance_margin_balance <= found.mark_to_market


@exact
def required(*portfolios: Portfolio) -> Decimal:
    """Return what is asked for keeping them, each by itself."""
    found = [portfolio_margin(one, ROUND) for one in portfolios]
    return sum((one.mark_to_market - one.maintenance_margin_balance for one in found), D(0))


@exact
def times(portfolio: Portfolio, factor: int) -> Portfolio:
    perpetual = portfolio.perpetual
    return replace(
        portfolio,
        perpetual=replace(perpetual, size=factor * perpetual.size),
        expiries=tuple(
            replace(one, legs=tuple(replace(leg, size=factor * leg.size) for leg in one.legs))
            for one in portfolio.expiries
        ),
        collateral=tuple(replace(one, amount=factor * one.amount) for one in portfolio.collateral),
    )


@given(portfolios)
def test_a_stack_is_not_cheaper(portfolio):
    assert required(times(portfolio, 3)) == required(portfolio, portfolio, portfolio)


@given(portfolios)
def test_together_needs_no_more_than_apart(portfolio):
    nothing = replace(portfolio, expiries=(), perpetual=Perpetual(), collateral=())
    apart = [replace(nothing, expiries=(one,)) for one in portfolio.expiries]
    apart.append(replace(nothing, perpetual=portfolio.perpetual))
    apart.append(replace(nothing, collateral=portfolio.collateral))

    assert required(portfolio) <= required(*apart)
