"""Laws of portfolio margin, for random books at each venue that plays scenarios (`portfolios`).

`laws.LAWS` says what holds, and why not where it does not.
"""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crossmargin.margin.assess import assess
from crossmargin.margin.scenarios.explain import explained
from tests.property.portfolios import (
    EXPIRIES,
    METHODS,
    STRIKES,
    account_of,
    books,
    coins,
    health_of,
    market_of,
    rules_of,
    symbol_of,
)

D = Decimal


@pytest.mark.parametrize("venue", METHODS)
@given(data=st.data())
def test_scenarios_do_not_mind_the_order_of_positions_nor_positions_of_zero(venue, data):
    held = data.draw(books(venue))
    shuffled = dict(data.draw(st.permutations(list(held.items()))))
    empty = symbol_of(venue, EXPIRIES[0], STRIKES[0], "C")

    found = health_of(venue, held)
    assert found.maintenance_margin == health_of(venue, shuffled).maintenance_margin
    assert found == health_of(venue, {empty: D(0), **held})


@pytest.mark.parametrize("venue", METHODS)
@given(data=st.data())
def test_opening_a_portfolio_asks_no_less_than_keeping_it(venue, data):
    found = health_of(venue, data.draw(books(venue)))

    assert found.initial_margin >= found.maintenance_margin >= 0


@pytest.mark.parametrize("venue", METHODS)
@given(data=st.data(), more=st.integers(1, 1000))
def test_a_deposit_never_worsens_a_portfolio(venue, data, more):
    held = data.draw(books(venue))
    before, after = (health_of(venue, held, D(1000) + add) for add in (0, more))

    assert after.buffer >= before.buffer
    assert after.maintenance_margin <= before.maintenance_margin


@pytest.mark.parametrize("venue", METHODS)
@given(data=st.data())
def test_no_portfolio_is_asked_twice_what_its_positions_are_alone(venue, data):
    held = data.draw(books(venue))
    account = account_of(venue, held)
    (unit,) = explained(assess(account, market_of(venue), rules_of(venue)))

    # However it bends the law, no venue asks twice what the positions are asked alone.
    assert unit.requirement.maintenance_margin <= 2 * unit.alone


@given(data=st.data())
def test_options_of_one_expiry_are_asked_no_more_than_each_alone(data):
    # Bybit alone has nothing but its grid here: no charge between expiries, no tiers, no dampener.
    account = account_of("bybit", data.draw(books("bybit", EXPIRIES[:1])))
    (unit,) = explained(assess(account, market_of("bybit"), rules_of("bybit")))

    # Each part is rounded up at fifty digits, and so is their sum.
    assert unit.saving > -D("1e-40")


@pytest.mark.parametrize("venue", METHODS)
@given(lots=st.integers(1, 10))
def test_a_hedged_pair_is_asked_for_less_and_a_stacked_one_is_not(venue, lots):
    perpetual = METHODS[venue][0]
    put = symbol_of(venue, EXPIRIES[0], 90_000, "P")
    long, bought = (coins(venue, name, D(lots)) for name in (perpetual, put))

    alone = health_of(venue, {perpetual: long}).maintenance_margin
    hedged = health_of(venue, {perpetual: long, put: bought}).maintenance_margin
    stacked = health_of(venue, {perpetual: long, put: -bought}).maintenance_margin
    assert hedged < alone < stacked


@pytest.mark.parametrize("venue", METHODS)
@given(data=st.data(), times=st.integers(2, 5))
def test_more_of_the_same_portfolio_is_asked_for_more(venue, data, times):
    held = data.draw(books(venue))
    larger = {symbol: times * size for symbol, size in held.items()}
    one, many = (health_of(venue, sizes).maintenance_margin for sizes in (held, larger))

    assert many >= one
    # Only charges with tiers, and dampeners per book, grow faster than the book.
    if venue == "bybit":
        assert many <= times * one + D("0.001") * times


@pytest.mark.parametrize("venue", METHODS)
def test_nothing_held_is_asked_for_nothing(venue):
    account = account_of(venue, {METHODS[venue][0]: D(0)})
    found = assess(account, market_of(venue), rules_of(venue))

    assert (D(0), D(0)) == (
        found.pools[0].health.initial_margin,
        found.pools[0].health.maintenance_margin,
    )
    assert () == found.portfolio


@pytest.mark.parametrize("venue", METHODS)
def test_a_price_that_is_missing_makes_the_portfolio_unknown(venue):
    account = account_of(venue, {METHODS[venue][0]: coins(venue, METHODS[venue][0], D(1))})
    market = replace(market_of(venue), marks={})

    assert assess(account, market, rules_of(venue)).missing
