"""The way back to a target: worked out by hand, against rules played here, by the exact core."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from crossmargin.errors import UnknownError, UsageError
from crossmargin.files.account import read_account_file
from crossmargin.margin.assess import assess
from crossmargin.model.account import MarginMode, PositionMode
from crossmargin.model.liquidity import Liquidity
from crossmargin.model.market import Market
from crossmargin.money import exact, up_to
from crossmargin.risk.derisk.hedges import hedges
from crossmargin.risk.derisk.program import derisked
from crossmargin.risk.derisk.reductions import task_of
from crossmargin.rulebooks.schema import Fees
from tests import toys
from tests.source import ROOT
from tests.unit.risk.portfolios import portfolio

D = Decimal
FREE = Liquidity(D(0), D(0), D(0))
"""Market orders at the mark."""

# Two longs of 1,000: ten per cent of one and five of the other are asked, 150 of an equity of 200.
BOOK = replace(
    toys.book(
        (toys.linear("AUSDT"), toys.one_tier("0.1")),
        (toys.linear("BUSDT"), toys.one_tier("0.05")),
    ),
    fees=Fees(D(0), D("0.001"), D(0)),
)
MARKET = Market({"AUSDT": D(100), "BUSDT": D(100)})
ACCOUNT = toys.account(200, toys.held("AUSDT", 10), toys.held("BUSDT", 10))
VENUES = ["binance-usdm", "bitget", "coinex", "hyperliquid", "dydx-v4", "deribit"]


def test_what_is_asked_most_for_its_cost_is_closed():
    # Closing y of the first: (150 − 0.1 y) ÷ 0.5 = 200 − 0.001 y, so y = 100 ÷ 0.199 = 502.512...
    # of 100 each. Of the second not even all is enough: 2 × 100 + 1 > 200 + 199.
    found = derisked(ACCOUNT, MARKET, BOOK, liquidity=FREE)
    (rescue,) = found.rescues
    (cut,) = rescue.plan.cuts

    assert ("AUSDT", D("5.02512563")) == (cut.symbol, cut.size)
    assert D("0.50251257") == cut.fee == rescue.plan.cost
    assert found.is_reached
    assert found.after.pool.health.fraction() <= D("0.5")
    assert D(100) == rescue.top_up_alone


def test_a_lot_is_closed_whole_and_no_more_than_it_takes():
    lots = {
        symbol: replace(one, instrument=replace(one.instrument, lot=D("0.5")))
        for symbol, one in BOOK.contracts.items()
    }
    (rescue,) = derisked(ACCOUNT, MARKET, BOOK.with_contracts(lots), liquidity=FREE).rescues

    # 5.025 of the first rounds up to 5.5; 5 of it and 0.5 of the second also do, for as much:
    # 2 × (150 − 50 − 2.5) = 195 ≤ 199.45.
    assert rescue.plan.is_restored
    assert D("5.5") == sum(cut.size for cut in rescue.plan.cuts)


def test_fresh_money_comes_first_where_it_is_free_and_not_where_it_is_dear():
    free = derisked(ACCOUNT, MARKET, BOOK, liquidity=FREE, top_up_max=D(1000))
    dear = derisked(
        ACCOUNT, MARKET, BOOK, liquidity=FREE, top_up_max=D(1000), top_up_price=D("0.1")
    )
    scarce = derisked(ACCOUNT, MARKET, BOOK, liquidity=FREE, top_up_max=D(40))

    plan = free.rescues[0].plan
    assert () == plan.cuts
    assert D(0) <= plan.top_up - D(100) <= D("0.000001")
    assert D(0) == dear.rescues[0].plan.top_up
    # With 40 of the 100: (150 − 0.1 y) × 2 = 240 − 0.001 y, so y = 60 ÷ 0.199 = 301.5.
    plan = scarce.rescues[0].plan
    assert D(40) == plan.top_up
    assert D("3.01507538") == plan.cuts[0].size


def test_an_account_at_its_target_is_left_alone():
    found = derisked(ACCOUNT, MARKET, BOOK, target=D("0.75"))

    assert () == found.rescues
    assert found.is_reached
    assert found.before is found.after


def test_an_account_in_debt_cannot_be_reduced_out_of_it():
    account = toys.account(-50, toys.held("AUSDT", 10))
    (rescue,) = derisked(account, MARKET, BOOK, liquidity=FREE).rescues

    assert rescue.plan is None
    assert {None} == {rival.cost for rival in rescue.rivals}
    # Maintenance margin 100 at half: equity of 200, from −50.
    assert D(250) == rescue.top_up_alone


def test_a_bucket_needs_money_and_the_pool_is_reduced():
    account = toys.account(150, toys.held("AUSDT", 10), toys.held("BUSDT", 10, margin=60))
    found = derisked(account, MARKET, BOOK, liquidity=FREE)
    bucket, pool = sorted(found.rescues, key=lambda one: one.before.name != "BUSDT")

    assert bucket.plan is None
    assert D(40) == bucket.top_up_alone
    assert pool.plan.is_restored
    assert not found.is_reached


@pytest.mark.parametrize("target", ["0", "-0.1", "1.01"])
def test_a_target_is_above_zero_and_up_to_one(target):
    with pytest.raises(UsageError, match="must be above 0 and up to 1"):
        derisked(ACCOUNT, MARKET, BOOK, target=D(target))


def test_without_a_price_nothing_is_planned():
    with pytest.raises(UnknownError, match="mark price of BUSDT"):
        derisked(ACCOUNT, Market({"AUSDT": D(100)}), BOOK)


def test_both_sides_of_a_hedged_symbol_are_reduced():
    held = toys.held("AUSDT", 10), toys.held("AUSDT", -5)
    account = toys.account(200, *held, position_mode=PositionMode.HEDGE)
    (rescue,) = derisked(account, MARKET, BOOK, target=D("0.2"), liquidity=FREE).rescues

    assert rescue.plan.is_restored


def test_scenarios_are_met_by_programs_in_sequence():
    file = read_account_file(ROOT / "examples/portfolio.toml")
    found = derisked(file.account, file.market, file.rulebook, target=D("0.3"))
    (rescue,) = found.rescues

    assert rescue.plan.is_restored
    assert rescue.plan.cost == min(one.cost for one in rescue.rivals if one.cost is not None)
    # Half of the positions are hedges of the other half: closing all alike does not help.
    assert any(one.cost is None for one in rescue.rivals)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(
    st.sampled_from(VENUES),
    st.integers(0, 10**6),
    st.integers(1, 5),
    st.sampled_from(["0.3", "0.5"]),
)
def test_no_rule_played_here_is_cheaper_and_the_core_agrees(venue, seed, count, target):
    account, market, book = portfolio(seed, count, venue)
    liquidity = Liquidity()
    found = derisked(account, market, book, target=D(target), liquidity=liquidity)
    (rescue,) = found.rescues
    best = best_rule(account, market, book, D(target), liquidity)

    assert best is not None
    assert rescue.plan.cost <= best
    judged = assess(rescue.plan.after.account, market, book).pool
    assert judged.health.maintenance_margin <= D(target) * judged.health.equity
    for cut in rescue.plan.cuts:
        held = next(one for one in account.positions if one.symbol == cut.symbol)
        assert D(0) < cut.size <= abs(held.size)


@exact
def best_rule(account, market, book, target, liquidity):
    """Return what the cheapest of five simple rules costs, each played to the last lot."""
    now = assess(account, market, book)
    task = task_of(now, now.pool, target, liquidity.fill_price)
    keys = [
        lambda one: one.held.maintenance_margin,
        lambda one: -one.held.unrealised_pnl,
        lambda one: one.held.notional,
        lambda one: one.held.maintenance_margin / one.held.notional,
    ]
    costs = [played(task, sorted(task.candidates, key=key, reverse=True)) for key in keys]
    costs.append(alike(task))
    return min((cost for cost in costs if cost is not None), default=None)


def played(task, order):
    """Return the cost of closing whole positions in `order`, of the last as few lots as will do."""
    closed = dict.fromkeys((one.held.symbol for one in task.candidates), D(0))

    def plan():
        return task.judged("", [closed[one.held.symbol] for one in task.candidates])

    for one in order:
        low, high = 0, int(up_to(one.lot, one.size) / one.lot)
        closed[one.held.symbol] = one.size
        if not plan().is_restored:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            closed[one.held.symbol] = middle * one.lot
            low, high = (low, middle) if plan().is_restored else (middle, high)
        closed[one.held.symbol] = min(one.size, high * one.lot)
        return plan().cost
    return None


def alike(task):
    """Return the cost of closing the same part of all positions, to a millionth."""
    low, high = 0, 10**6
    while high - low > 1:
        middle = (low + high) // 2
        sizes = [up_to(one.lot, one.size * middle / 10**6) for one in task.candidates]
        sizes = [min(size, one.size) for size, one in zip(sizes, task.candidates, strict=True)]
        found = task.judged("", sizes)
        low, high = (low, middle) if found.is_restored else (middle, high)
    if high == 10**6:
        found = task.judged("", [one.size for one in task.candidates])
    return found.cost if found.is_restored else None


def test_hedges_lengthen_the_distance_and_are_ranked():
    account = toys.account(200, toys.held("AUSDT", 10))
    market = Market({**MARKET.marks})
    found = hedges(assess(account, market, BOOK), Liquidity())

    # A long alone: selling either contract helps, buying either does not.
    assert {"AUSDT", "BUSDT"} == {one.symbol for one in found}
    assert all(one.size < 0 and one.distance > 0 for one in found)
    assert sorted(found, key=lambda one: one.per_cost, reverse=True) == list(found)
    # 2 USD of the long less: 0.002 of fee and 0.0004 of spread, but nearly 0.2 less to ask.
    own = next(one for one in found if one.symbol == "AUSDT")
    assert D("-0.02") == own.size
    assert D("0.0024") == own.cost.quantize(D("0.0001"))
    assert abs(D("0.2") - own.cost - own.buffer) <= D("0.00000002")


def test_without_a_common_move_that_liquidates_nothing_hedges():
    account = toys.account(5000, toys.held("AUSDT", 1))

    assert () == hedges(assess(account, MARKET, BOOK), FREE)


def test_isolated_positions_are_no_hedges():
    account = toys.account(300, toys.held("AUSDT", 10), toys.held("BUSDT", 10, margin=60))
    found = hedges(assess(account, MARKET, BOOK), FREE)

    assert MarginMode.ISOLATED is account.mode_of("BUSDT")
    assert {"AUSDT"} >= {one.symbol for one in found}
