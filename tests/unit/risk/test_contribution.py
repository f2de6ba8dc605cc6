"""What each position does to an account, by its absence."""

from decimal import Decimal

from crossmargin.files.account import parse_account
from crossmargin.risk.causes.contribution import contributions
from crossmargin.risk.situation import situation

D = Decimal
# BTCUSDT asks 0.4 % of 10,000 and ETHUSDT 0.4 % of 5,000; each costs 0.05 % to close.
ACCOUNT = """
venue = "binance-usdm"
edition = "2025-09-29"
[balances]
USDT = "1000"
[marks]
BTCUSDT = "100000"
ETHUSDT = "2500"
[leverage]
BTCUSDT = 20
ETHUSDT = 50
[[positions]]
symbol = "BTCUSDT"
size = "0.1"
entry_price = "100000"
[[positions]]
symbol = "ETHUSDT"
size = "-2"
entry_price = "2500"
"""


def test_a_position_is_judged_by_its_absence():
    file = parse_account(ACCOUNT, "test")
    found = contributions(situation(file.account, file.market, file.rulebook))
    first, second = found

    # 500 of margin for 5 of fee against 100 for 2.5: the first frees 99 times its fee.
    assert ("BTCUSDT", D(40), D(500), D(5), D(99)) == (
        first.symbol,
        first.maintenance,
        first.initial,
        first.fee,
        first.freed_per_fee,
    )
    assert ("ETHUSDT", D(20), D(100), D("2.5"), D(39)) == (
        second.symbol,
        second.maintenance,
        second.initial,
        second.fee,
        second.freed_per_fee,
    )


def test_what_hedges_brings_liquidation_nearer_by_leaving():
    file = parse_account(ACCOUNT, "test")
    long, short = contributions(situation(file.account, file.market, file.rulebook))

    # Net long of 5,000; without the long a short of 5,000, without the short a long of 10,000.
    assert short.distance < 0
    assert not long.is_unbounded


def test_the_last_position_leaves_nothing_that_could_liquidate():
    alone = ACCOUNT.rpartition("[[positions]]")[0]
    file = parse_account(alone, "test")
    (only,) = contributions(situation(file.account, file.market, file.rulebook))

    assert (None, True) == (only.distance, only.is_unbounded)


def test_each_position_is_judged_in_the_pool_that_pays_for_it():
    text = ACCOUNT.replace('USDT = "1000"', 'USDT = "1000"\nUSDC = "1000"')
    file = parse_account(text.replace("ETHUSDT", "ETHUSDC"), "test")
    found = contributions(situation(file.account, file.market, file.rulebook))

    assert [("USDT", D(40), D(500)), ("USDC", D(20), D(100))] == [
        (one.asset, one.maintenance, one.initial) for one in found
    ]
