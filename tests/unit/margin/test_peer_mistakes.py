"""Mistakes found in other people's margin code, each with the number it would give here.

Right and wrong are both worked out by hand; a test says that ours is the right one, and that the
mistake would have shown.
"""

from decimal import Decimal

import pytest

from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Status
from crossmargin.model.account import Account, Position, PositionMode
from crossmargin.model.market import Market
from tests.toys import book, inverse, linear, marginal, one_tier

D = Decimal
BTC, ETH, COIN = linear("BTCUSDT"), linear("ETHUSDT"), inverse("BTCUSD_PERP")
# Deductions 0, 50 and 1300.
LADDER = marginal(("0", "0.004"), ("50000", "0.005"), ("250000", "0.01"))
TWO = book((BTC, LADDER), (ETH, LADDER))


def assessed(rulebook, wallet: str, *positions: str, leverage: str = "10", **options):
    """Return the account with positions such as "BTCUSDT 2 @ 20000 mark 21000"."""
    held, marks = [], {}
    for text in positions:
        symbol, size, _, entry, *mark = text.split()
        held.append(Position(symbol, D(size), D(entry)))
        if mark:
            marks[symbol] = D(mark[1])
    settle = rulebook.contracts[held[0].symbol].instrument.settle
    leverages = {position.symbol: D(leverage) for position in held}
    account = Account({settle: D(wallet)}, tuple(held), leverage=leverages, **options)
    return assess(account, Market(marks), rulebook)


def caught(ours, right, wrong, *, within: str = "0.00000001"):
    """Assert that our number is the right one and tells the wrong one apart."""
    assert abs(ours - right) <= D(within)
    assert abs(right - wrong) > D(within)


def test_a_short_among_the_others_gains_when_its_price_falls():
    # 5 ETH short from 2000 to 1600 is +2000 on a wallet of 3000; taken for a long it is -2000.
    # Price = (wallet - MM of others + profit of others - 20000) ÷ (0.005 - 1), MM = 8000 × 0.004.
    rulebook = book((BTC, one_tier("0.005")), (ETH, LADDER))
    account = assessed(
        rulebook, "3000", "BTCUSDT 1 @ 20000 mark 20000", "ETHUSDT -5 @ 2000 mark 1600"
    )
    ours = account.boundaries.positions[0].lower

    caught(ours, D("-15032") / D("-0.995"), D("-19032") / D("-0.995"))


def test_the_tier_is_that_of_the_notional_not_of_the_margin():
    # 300000 × 0.01 - 1300; the margin at 10x, 30000, would be in the first tier.
    position = assessed(TWO, "90000", "BTCUSDT 10 @ 30000 mark 30000").positions[0]

    caught(position.maintenance_margin, D(1_700), D(300_000) * D("0.004"))


def test_the_tier_is_that_of_the_liquidation_price_not_of_the_mark():
    # At the mark the notional is 300000, third tier; at the price 180854, second tier.
    account = assessed(TWO, "120000", "BTCUSDT 10 @ 30000 mark 30000")
    ours = account.boundaries.positions[0].lower

    caught(ours, D("-179950") / D("-9.95"), D("-178700") / D("-9.9"))


def test_the_tier_of_an_inverse_long_rises_as_its_price_falls():
    # 300000 USD are 5 coins at 60000, first tier; at the price 5.35, second tier.
    ladder = marginal(("0", "0.004"), ("5", "0.02"))
    account = assessed(
        book((COIN, ladder)), "0.35", "BTCUSD_PERP 3000 @ 60000 mark 60000", leverage="20"
    )
    ours = account.boundaries.positions[0].lower

    caught(ours, 300_000 * D("1.02") / (D("5.35") + D("0.08")), 300_000 * D("1.004") / D("5.35"))


def test_the_deduction_is_part_of_the_maintenance_margin():
    position = assessed(TWO, "90000", "BTCUSDT 10 @ 30000 mark 30000").positions[0]

    caught(position.maintenance_margin, D(1_700), D(3_000))


def test_maintenance_margin_is_not_divided_by_leverage():
    right, wrong = D(1_700), D(170)

    for leverage in ("10", "50"):
        account = assessed(TWO, "90000", "BTCUSDT 10 @ 30000 mark 30000", leverage=leverage)
        caught(account.pool.health.maintenance_margin, right, wrong)


def test_the_ladder_is_climbed_by_each_position_not_by_their_sum():
    # 40000 × 0.004 twice; 80000 together would be 80000 × 0.005 - 50.
    account = assessed(TWO, "50000", "BTCUSDT 2 @ 20000 mark 20000", "ETHUSDT 20 @ 2000 mark 2000")

    caught(account.pool.health.maintenance_margin, D(320), D(350))


def test_each_side_of_a_hedge_climbs_the_ladder_alone():
    account = assessed(
        TWO,
        "50000",
        "BTCUSDT 2 @ 20000 mark 20000",
        "BTCUSDT -2 @ 20000 mark 20000",
        position_mode=PositionMode.HEDGE,
    )

    caught(account.pool.health.maintenance_margin, D(320), D(350))


def test_both_sides_of_a_hedge_are_margined():
    # 80000 ÷ 10; their difference would need nothing.
    account = assessed(
        TWO,
        "50000",
        "BTCUSDT 2 @ 20000 mark 20000",
        "BTCUSDT -2 @ 20000 mark 20000",
        position_mode=PositionMode.HEDGE,
    )

    caught(account.pool.health.initial_margin, D(8_000), D(0))


def test_initial_margin_follows_the_mark_not_the_entry_price():
    account = assessed(TWO, "50000", "BTCUSDT 2 @ 20000 mark 24000")

    caught(account.pool.health.initial_margin, D(4_800), D(4_000))


def test_inverse_profit_is_in_coin_not_in_dollars():
    # 100000 USD × (1/50000 - 1/40000); converted at the entry price it would be -0.4.
    rulebook = book((COIN, one_tier("0.005")))
    account = assessed(rulebook, "2", "BTCUSD_PERP 1000 @ 50000 mark 40000")

    caught(account.positions[0].unrealised_pnl, D("-0.5"), D("-0.4"))


@pytest.mark.parametrize("size", ["1", "-1"], ids=["long", "short"])
def test_a_missing_mark_is_unknown_not_a_price_of_zero(size):
    # Read as zero, the long would be worth -2000 and the short +2000.
    account = assessed(TWO, "3000", "BTCUSDT 0.1 @ 20000 mark 20000", f"ETHUSDT {size} @ 2000")

    assert Status.UNKNOWN == account.status
    assert account.pool.health is None
    assert not account.pool.is_liquidatable
    assert ("mark price of ETHUSDT",) == account.missing


def test_a_missing_mark_is_unknown_not_the_entry_price():
    account = assessed(TWO, "3000", "ETHUSDT 1 @ 2000")

    assert account.positions[0].unrealised_pnl is None
    assert (None,) == account.boundaries.positions
