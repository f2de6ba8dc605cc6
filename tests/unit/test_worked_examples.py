"""The worked examples the project must get right, on account files and Binance's newest tables.

Fees are set aside unless a test says so. Sizes are whole lots, so money is right to what one lot
of margin is worth.
"""

from decimal import Decimal

import pytest

from crossmargin.files.account import parse_account
from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment, Status
from crossmargin.model.account import Account
from crossmargin.model.liquidity import Liquidity
from crossmargin.model.market import Market
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.venue.execution import liquidate
from crossmargin.venue.posting import post_fill

D = Decimal
BINANCE = load_rulebook("binance-usdm")


def account_of(wallet: str, *positions: str, leverage: int = 10) -> Assessment:
    """Return the account with positions such as "BTCUSDT 0.522 @ 95710", isolated with a margin."""
    symbols = dict.fromkeys(position.split()[0] for position in positions)
    lines = ['venue = "binance-usdm"', f'[balances]\nUSDT = "{wallet}"', "[marks]"]
    lines += [f'{position.split()[0]} = "{position.split()[3]}"' for position in positions]
    lines += ["[leverage]", *(f"{symbol} = {leverage}" for symbol in symbols)]
    for position in positions:
        symbol, size, _, entry, *margin = position.split()
        lines += ["[[positions]]", f'symbol = "{symbol}"', f'size = "{size}"']
        lines.append(f'entry_price = "{entry}"')
        if margin:
            lines += ['mode = "isolated"', f'margin = "{margin[0]}"']
    file = parse_account("\n".join(lines), "example")
    return assess(file.account, file.market, file.rulebook)


def at(assessment: Assessment, **marks: str) -> Assessment:
    """Return the same account at other marks."""
    moved = {symbol: D(mark) for symbol, mark in marks.items()}
    market = Market({**assessment.market.marks, **moved})
    return assess(assessment.account, market, assessment.rulebook)


def after_liquidation(assessment: Assessment) -> Account:
    """Return what the venue leaves of the account."""
    parts = (assessment.account, assessment.market, assessment.rulebook)
    return liquidate(*parts, Liquidity()).account


def health_of(assessment: Assessment, name: str):
    """Return the health of a pool or bucket."""
    return next(unit.health for unit in assessment.units if unit.name == name)


# 1. 15,000 USD, long BTC at 95,710 at 10x needing 5,000: 0.522 BTC is the nearest whole lot.
LOT_OF_MARGIN = D("9.571")
CROSS = ("15000", "BTCUSDT 0.522 @ 95710")
ISOLATED = ("15000", "BTCUSDT 0.522 @ 95710 4996.062")


def test_a_5000_margin_on_15000_leaves_10000_free():
    pool = account_of(*CROSS).pool

    assert abs(pool.health.initial_margin - 5_000) < LOT_OF_MARGIN
    assert abs(pool.free_margin - 10_000) < LOT_OF_MARGIN
    assert pool.health.initial_margin + pool.free_margin == 15_000


def test_an_isolated_5000_margin_leaves_10000_in_the_pool():
    assessment = account_of(*ISOLATED)

    assert D("4996.062") == health_of(assessment, "BTCUSDT").equity
    assert D("10003.938") == assessment.pool.free_margin == assessment.pool.health.equity


def test_cross_puts_three_times_the_distance_behind_the_trade():
    # (15000 - 0.522 × 95710) ÷ (0.522 × 0.004 - 0.522), and 4996.062 for 15000.
    assert [D("67243.34118082"), D("86484.93975904")] == [
        account_of(*example).boundaries.positions[0].lower for example in (CROSS, ISOLATED)
    ]


@pytest.mark.parametrize(
    ("example", "mark", "left"),
    [
        pytest.param(CROSS, "67243", "0", id="cross, just through: 15000"),
        pytest.param(CROSS, "50000", "0", id="cross, far through: 15000"),
        pytest.param(ISOLATED, "86484", "10003.938", id="isolated, just through: 5000"),
        pytest.param(ISOLATED, "50000", "10003.938", id="isolated, far through: 5000"),
    ],
)
def test_a_crash_through_the_liquidation_price_costs(example, mark, left):
    after = after_liquidation(at(account_of(*example), BTCUSDT=mark))

    assert () == after.positions
    assert D(left) == after.balances["USDT"]


def test_a_crash_that_stops_before_the_cross_price_costs_nothing_yet():
    assessment = at(account_of(*CROSS), BTCUSDT="67244")

    assert assessment.account == after_liquidation(assessment)


# 2. 20,000 USD, long 5,000 USD of ETH at 5x in cross.
def test_the_whole_20000_backs_5000_of_eth():
    assessment = account_of("20000", "ETHUSDT 2 @ 2500", leverage=5)

    assert D(1_000) == assessment.pool.health.initial_margin
    assert D(20_000) == assessment.pool.health.equity
    assert assessment.boundaries.positions[0].lower is None


@pytest.mark.parametrize("size", ["2", "10"], ids=["5000 of notional", "5000 of margin"])
def test_a_brief_dip_does_not_liquidate_it(size):
    dip = at(account_of("20000", f"ETHUSDT {size} @ 2500", leverage=5), ETHUSDT="1500")

    assert Status.OK == dip.status


# 3. 10,000 USDT; BTC, ETH and SOL longs at 10x on 2,000 margin each.
FALLEN = {"BTCUSDT": "90000", "ETHUSDT": "3700", "SOLUSDT": "190"}
THREE = ("BTCUSDT 0.2 @ 100000", "ETHUSDT 5 @ 4000", "SOLUSDT 100 @ 200")
THREE_CROSS = ("10000", *THREE)
THREE_ISOLATED = ("10000", *(f"{position} 2000" for position in THREE))


@pytest.mark.parametrize("example", [THREE_CROSS, THREE_ISOLATED], ids=["cross", "isolated"])
def test_after_the_drop_they_are_at_minus_2000_1500_and_1000(example):
    fallen = at(account_of(*example), **FALLEN)

    assert [-2_000, -1_500, -1_000] == [position.unrealised_pnl for position in fallen.positions]


def test_isolated_loses_the_btc_bucket_and_nothing_else():
    after = after_liquidation(at(account_of(*THREE_ISOLATED), **FALLEN))

    assert ["ETHUSDT", "SOLUSDT"] == [position.symbol for position in after.positions]
    assert [D(2_000), D(2_000)] == [position.margin for position in after.positions]
    assert D(8_000) == after.balances["USDT"]


def test_isolated_eth_and_sol_live_on_what_their_buckets_have_left():
    fallen = at(account_of(*THREE_ISOLATED), **FALLEN)

    assert [(0, True), (500, False), (1_000, False)] == [
        (bucket.health.equity, bucket.is_liquidatable) for bucket in fallen.buckets
    ]


def test_cross_keeps_all_three_on_5500_of_equity():
    fallen = at(account_of(*THREE_CROSS), **FALLEN)

    assert D(5_500) == fallen.pool.health.equity
    assert fallen.account == after_liquidation(fallen)


def test_cross_stakes_the_whole_10000_if_the_fall_goes_on():
    crashed = at(account_of(*THREE_CROSS), BTCUSDT="80000", ETHUSDT="3300", SOLUSDT="170")
    after = after_liquidation(crashed)

    assert () == after.positions
    assert D(0) == after.balances["USDT"]


def test_isolated_keeps_4000_of_the_10000_if_the_fall_goes_on():
    crashed = at(account_of(*THREE_ISOLATED), BTCUSDT="80000", ETHUSDT="3300", SOLUSDT="170")
    after = after_liquidation(crashed)

    assert () == after.positions
    assert D(4_000) == after.balances["USDT"]


# 4. 10,000 USD of BTC at 5x in cross.
def test_ten_thousand_of_btc_at_5x_needs_2000():
    assert (
        D(2_000)
        == account_of("5000", "BTCUSDT 0.1 @ 100000", leverage=5).pool.health.initial_margin
    )


def test_on_a_dip_the_rest_of_the_wallet_covers_what_2000_cannot():
    cross = at(account_of("5000", "BTCUSDT 0.1 @ 100000", leverage=5), BTCUSDT="75000")
    isolated = at(account_of("5000", "BTCUSDT 0.1 @ 100000 2000", leverage=5), BTCUSDT="75000")

    assert (Status.OK, D(2_500)) == (cross.status, cross.pool.health.equity)
    assert (Status.LIQUIDATABLE, D(-500)) == (isolated.status, isolated.worst.health.equity)


# 5. At 10x a move of the price is ten times itself on margin.
@pytest.mark.parametrize(
    ("mark", "on_margin"),
    [
        pytest.param("105000", "0.5", id="+5 % is +50 %"),
        pytest.param("90000", "-1", id="-10 % is -100 %"),
    ],
)
def test_at_10x_a_price_move_is_ten_times_itself_on_margin(mark, on_margin):
    opened = account_of("20000", "BTCUSDT 1 @ 100000")
    margin = opened.positions[0].initial_margin

    assert D(on_margin) * margin == at(opened, BTCUSDT=mark).positions[0].unrealised_pnl


def test_with_fees_minus_10_percent_at_10x_costs_more_than_the_margin():
    terms = {"fee_fraction": BINANCE.fees.taker, "leverage": D(10)}
    instrument = BINANCE.contracts["BTCUSDT"].instrument
    opened = post_fill(Account({"USDT": D(20_000)}), instrument, D(1), D(100_000), **terms)
    closed = post_fill(opened.account, instrument, D(-1), D(90_000), **terms)

    # 10000 of loss, and fees of 0.05 % of 100000 and of 90000.
    assert D(20_000) - 10_000 - 50 - 45 == closed.account.balances["USDT"]


# 6. Portfolio margin, which asks less for a hedge, comes with another rulebook. What is true of
# the tiered rules, which know no offset: a hedge and a stack both ask the sum of the parts.
LONG_BTC, SHORT_ETH = "BTCUSDT 0.5 @ 100000", "ETHUSDT -12 @ 4000"


@pytest.mark.parametrize(
    "positions",
    [
        pytest.param((LONG_BTC, SHORT_ETH), id="a long and a short in correlated assets"),
        pytest.param(THREE, id="three longs"),
    ],
)
def test_tiered_rules_ask_the_sum_of_the_parts_of(positions):
    together = account_of("50000", *positions).pool.health
    alone = [account_of("50000", position).pool.health for position in positions]

    assert sum(health.initial_margin for health in alone) == together.initial_margin
    assert sum(health.maintenance_margin for health in alone) == together.maintenance_margin
