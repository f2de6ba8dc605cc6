"""The ladder carried out: the account after, and a receipt of every step."""

import pytest
from msgspec.structs import replace

from crossmargin.margin.assess import assess
from crossmargin.margin.health import Health
from crossmargin.model.account import Account, AssetsMode, PositionMode
from crossmargin.model.liquidity import Liquidity
from crossmargin.model.market import Market
from crossmargin.model.order import Order, Side
from crossmargin.rulebooks.procedure import LadderStep
from crossmargin.rulebooks.schema import Collateral
from crossmargin.venue.execution import Trade, liquidate
from tests.toys import D, account, book, held, linear, marginal, one_tier
from tests.unit.venue.ladders import FLAT, LADDER, MARKET, RULES, with_fee

CANCEL, REDUCE = LadderStep.CANCEL_ORDERS, LadderStep.REDUCE_TO_LOWER_TIER
TAKE_OVER = LadderStep.TAKE_OVER


def run(before, rules=RULES, market=MARKET, liquidity=FLAT):
    return liquidate(before, market, rules, liquidity)


def health(equity, initial, maintenance):
    return Health(D(equity), D(initial), D(maintenance))


def test_a_healthy_account_is_left_alone():
    before = account(111, held("AUSDT", 20))
    done = run(before)

    assert before == done.account
    assert () == done.receipts


def test_a_partial_reduction_and_its_receipt():
    # 20 units ask 110 of 100; 10 of them ask 10. The default leverage is 20.
    done = run(account(100, held("AUSDT", 20)))
    (receipt,) = done.receipts

    assert account(100, held("AUSDT", 10)) == done.account
    assert ("USDT", "USDT", REDUCE) == (receipt.unit, receipt.asset, receipt.step)
    assert (health(100, 100, 110), health(100, 50, 10)) == (receipt.before, receipt.after)
    assert (Trade("AUSDT", Side.LONG, D(-10), D(100), D(0), D(0)),) == receipt.trades
    assert D(0) == receipt.fund_change
    assert "sold 10 AUSDT at 100, down to tier 1; liquidation fee 0 USDT" == receipt.action


def test_a_reduction_pays_slippage_and_the_liquidation_fee():
    # 10 units are 1,000 at the mark: 1 % below, at 99, they lose 10; 2 % of 990 is 19.8.
    done = run(
        account(100, held("AUSDT", 20)),
        rules=with_fee("0.02"),
        liquidity=Liquidity(D("0.01"), D(0), D(1)),
    )
    (receipt,) = done.receipts

    assert {"USDT": D("70.2")} == done.account.balances
    assert (Trade("AUSDT", Side.LONG, D(-10), D(99), D(-10), D("19.8")),) == receipt.trades
    assert D("19.8") == receipt.fund_change


def test_a_short_is_reduced_by_buying():
    done = run(account(100, held("AUSDT", -20)))

    assert account(100, held("AUSDT", -10)) == done.account
    assert (Trade("AUSDT", Side.SHORT, D(10), D(100), D(0), D(0)),) == done.receipts[0].trades


@pytest.mark.parametrize(
    ("wallet", "entry", "price", "gain"),
    [
        # Twenty units at 100; the wallet less 20 × (entry − 100) is the fund's.
        pytest.param(10, 100, "99.5", 10, id="what is left goes to the fund"),
        pytest.param(200, 110, "100", 0, id="nothing is left"),
        pytest.param(100, 110, "105", -100, id="the fund pays what is missing"),
        pytest.param(0, 300, "300", -4000, id="the fund pays for all of it"),
    ],
)
def test_a_takeover_leaves_a_wallet_of_exactly_zero(wallet, entry, price, gain):
    done = run(account(wallet, held("AUSDT", 20, entry)))
    (receipt,) = done.receipts

    assert account(0) == done.account
    assert (Trade("AUSDT", Side.LONG, D(-20), D(price), D(-wallet), D(0)),) == receipt.trades
    assert (TAKE_OVER, D(gain)) == (receipt.step, receipt.fund_change)
    assert health(0, 0, 0) == receipt.after


def test_orders_are_cancelled_before_anything_is_sold():
    done = run(account(100, held("AUSDT", 20), orders=(Order("BUSDT", D(1), D(90)),)))

    assert account(100, held("AUSDT", 10)) == done.account
    assert [CANCEL, REDUCE] == [receipt.step for receipt in done.receipts]
    # The order held 90 ÷ 20 of margin.
    assert (health(100, "104.5", 110), health(100, 100, 110)) == (
        done.receipts[0].before,
        done.receipts[0].after,
    )


def test_several_positions_are_reduced_one_after_another():
    # 110 + 60 are asked of 65: A down to 10 units leaves 70, B too leaves 20.
    done = run(account(65, held("AUSDT", 20), held("BUSDT", 15)))

    assert account(65, held("AUSDT", 10), held("BUSDT", 10)) == done.account
    assert [("AUSDT", D(-10)), ("BUSDT", D(-5))] == [
        (trade.symbol, trade.size) for receipt in done.receipts for trade in receipt.trades
    ]


def test_a_takeover_is_allocated_by_maintenance_margin():
    # 10 and 30 are asked of 20: 5 and 15, half a unit of price each.
    done = run(account(20, held("CUSDT", 10), held("DUSDT", 30)))
    (receipt,) = done.receipts

    assert account(0) == done.account
    assert (
        Trade("CUSDT", Side.LONG, D(-10), D("99.5"), D(-5), D(0)),
        Trade("DUSDT", Side.LONG, D(-30), D("99.5"), D(-15), D(0)),
    ) == receipt.trades


def test_what_rounding_leaves_over_is_the_last_ones():
    # A third of 10 each, rounded against the account at 8 places.
    done = run(account(10, *(held(symbol, 10) for symbol in ("CUSDT", "DUSDT", "EUSDT"))))
    (receipt,) = done.receipts

    assert {"USDT": D(0)} == done.account.balances
    assert [D("-3.33333334"), D("-3.33333334"), D("-3.33333332")] == [
        trade.realised_pnl for trade in receipt.trades
    ]


def test_a_long_and_a_short_are_taken_over_together():
    # 10 and 10 asked; the long gained 50 and the short lost 150: 100 − 100 = 0 is left.
    done = run(account(100, held("CUSDT", 10, 95), held("DUSDT", -10, 85)))

    assert account(0) == done.account
    # Nothing is left to take, so both leave at the mark: 50 and −150.
    assert [D(50), D(-150)] == [trade.realised_pnl for trade in done.receipts[0].trades]


def test_debt_without_positions_is_forgiven():
    done = run(account(-5))
    (receipt,) = done.receipts

    assert account(0) == done.account
    assert (TAKE_OVER, (), D(-5)) == (receipt.step, receipt.trades, receipt.fund_change)


def test_a_bucket_dies_alone():
    # 10 asked of 5; 95 stay in the pool.
    done = run(account(100, held("AUSDT", 1), held("CUSDT", 10, margin=5)))
    (receipt,) = done.receipts

    assert account(95, held("AUSDT", 1)) == done.account
    assert ("CUSDT", health(5, 50, 10), None) == (receipt.unit, receipt.before, receipt.after)
    assert D(5) == receipt.fund_change


def test_a_bucket_in_debt_costs_the_pool_nothing():
    # 5 − 10 × 3 = −25: the fund pays.
    done = run(account(100, held("CUSDT", 10, 103, margin=5)))

    assert account(95) == done.account
    assert D(-25) == done.receipts[0].fund_change


def test_a_reduced_bucket_keeps_the_rest_of_its_money():
    # 20 units ask 110 of 100; selling 10 costs 2 % of 1,000.
    done = run(account(500, held("AUSDT", 20, margin=100)), rules=with_fee("0.02"))

    assert account(480, held("AUSDT", 10, margin=80)) == done.account
    assert health(80, 50, 10) == done.receipts[0].after


def test_a_hedged_side_is_reduced_alone():
    # 610 and 10 asked of 300; the long at 20 units asks 110.
    before = account(300, held("AUSDT", 30), held("AUSDT", -10), position_mode=PositionMode.HEDGE)
    done = run(before)

    assert (held("AUSDT", 20), held("AUSDT", -10)) == done.account.positions


def test_a_unit_of_unknown_health_is_left_and_does_not_protect_the_others():
    marks = {symbol: mark for symbol, mark in MARKET.marks.items() if symbol != "AUSDT"}
    before = Account(
        {"USDT": D(0), "USDC": D(5)},
        (held("AUSDT", 20), held("CUSDC", 10), held("DUSDT", 10, margin=0)),
    )
    done = run(before, market=Market(marks))

    assert (held("AUSDT", 20),) == done.account.positions
    assert {"USDT": D(0), "USDC": D(0)} == done.account.balances
    assert {"USDC", "DUSDT"} == {receipt.unit for receipt in done.receipts}


COLLATERAL = {
    "USDT": Collateral(D(0), D(0), is_stable=True),
    "USDC": Collateral(D(0), D(0), is_stable=True),
    "BTC": Collateral(D("0.05"), D("0.05")),
}
INDEX = {"USDT": D(1), "USDC": D("0.5"), "BTC": D(100)}


def multi(balances, *positions):
    amounts = {asset: D(amount) for asset, amount in balances.items()}
    return Account(amounts, positions, assets_mode=AssetsMode.MULTI)


def test_in_multi_assets_mode_the_whole_collateral_is_used_up():
    # 100 + 95 % of 100 = 195 held, 10 % of 2,000 asked. The fund takes coins and debt together.
    rules = book((linear("AUSDT"), one_tier("0.1")), collateral=COLLATERAL)
    market = Market(MARKET.marks, INDEX)
    done = run(multi({"USDT": 100, "BTC": 1}, held("AUSDT", 20)), rules, market)
    (receipt,) = done.receipts

    assert multi({"USDT": 0, "BTC": 0}) == done.account
    assert D(-195) == receipt.realised_pnl
    assert ("USD", "USD", D(195)) == (receipt.unit, receipt.asset, receipt.fund_change)
    assert (Trade("AUSDT", Side.LONG, D(-20), D("90.25"), D(-195), D(0)),) == receipt.trades


def test_in_multi_assets_mode_a_takeover_is_allocated_over_the_settle_assets():
    # 200 and 400 × 0.5 are asked of 100, which is all USDT: 50 USD each. 50 USD are 100 USDC,
    # and 20 and 40 units leave at 2.5 below their marks of 100.
    rules = book(
        (linear("AUSDT"), one_tier("0.1")),
        (linear("CUSDC", settle="USDC"), one_tier("0.1")),
        collateral=COLLATERAL,
    )
    market = Market(MARKET.marks, INDEX)
    done = run(multi({"USDT": 100}, held("AUSDT", 20), held("CUSDC", 40)), rules, market)

    assert multi({"USDT": 0}) == done.account
    assert [D("97.5"), D("97.5")] == [trade.price for trade in done.receipts[0].trades]
    assert D(100) == done.receipts[0].fund_change


def test_in_multi_assets_mode_a_fee_reaches_the_fund_in_usd():
    # 20 units in USDC at 0.5 USD ask 55 USD of 50; selling 10 costs 2 % of 1,000 USDC = 10 USD.
    rules = book((linear("CUSDC", settle="USDC"), LADDER), collateral=COLLATERAL)
    market = Market(MARKET.marks, INDEX)
    done = run(multi({"USDT": 50}, held("CUSDC", 20)), with_fee("0.02", rules), market)
    (receipt,) = done.receipts

    assert multi({"USDT": 50, "USDC": -20}, held("CUSDC", 10)) == done.account
    assert (REDUCE, "USD", D(10)) == (receipt.step, receipt.asset, receipt.fund_change)


def test_in_multi_assets_mode_debt_without_positions_is_forgiven():
    rules = book(collateral=COLLATERAL)
    done = run(multi({"USDT": -100, "BTC": "0.5"}), rules, Market({}, INDEX))

    assert multi({"USDT": 0, "BTC": 0}) == done.account
    # 47.5 of worth against 100 owed.
    assert D("-52.5") == done.receipts[0].fund_change


def test_a_ladder_without_reductions_takes_over_at_once():
    whole = replace(RULES.liquidation, steps=(TAKE_OVER,))
    done = run(account(100, held("AUSDT", 20)), replace(RULES, liquidation=whole))

    assert [TAKE_OVER] == [receipt.step for receipt in done.receipts]


@pytest.mark.parametrize("size", [15, 20, 25, 30, 40])
@pytest.mark.parametrize("wallet", [-50, 5, 11, 60, 115, 600, 1200])
def test_afterwards_nobody_is_liquidatable_and_money_is_conserved(wallet, size):
    # At the mark a trade moves money between account and fund alone.
    before = account(wallet, held("AUSDT", size), held("BUSDT", -size, 99))
    done = run(before, with_fee("0.01"))
    units = assess(done.account, MARKET, RULES).units
    equity = sum(unit.health.equity for unit in units)
    start = assess(before, MARKET, RULES).pool.health

    assert not any(unit.is_liquidatable for unit in units)
    assert start.equity == equity + sum(receipt.fund_change for receipt in done.receipts)


def test_a_ladder_that_includes_its_floors_is_walked_too():
    ladder = marginal(("0", "0.01"), ("1000", "0.1"), is_floor_included=True)
    rules = book((linear("AUSDT"), ladder))
    done = run(account(60, held("AUSDT", 20)), rules)

    assert (held("AUSDT", "9.99999999"),) == done.account.positions


def test_a_bucket_that_could_only_be_sold_beyond_what_it_pays_is_taken_over():
    # 10 from 100 with 100 behind them are worth 5 at 90.5; 1 % lower, at 89.595, they lose 104.05.
    steps = (LadderStep.CLOSE_POSITION, TAKE_OVER)
    rules = replace(RULES, liquidation=replace(RULES.liquidation, steps=steps))
    done = run(
        account(300, held("AUSDT", 10, margin="100")),
        rules=rules,
        market=Market({"AUSDT": D("90.5")}),
        liquidity=Liquidity(D("0.01"), D(0), D(1)),
    )
    (receipt,) = done.receipts

    assert TAKE_OVER == receipt.step
    assert {"USDT": D(200)} == done.account.balances
    assert D(5) == receipt.fund_change
