"""What a trade of an isolated position takes from its pool: no more than the pool has."""

from decimal import Decimal

import pytest

from crossmargin.model.account import MarginMode
from crossmargin.venue.decide import decide
from crossmargin.venue.event import LiquidationStep, MarginModeSet
from crossmargin.venue.ledger import audit
from tests.unit.venue.order_desk import BTC, ETH, hold, order, stage_with

D = Decimal


def isolated(wallet, *offers):
    """Return ann on 10×, isolated in BTC, and bob's offers of (size, price)."""
    stage = stage_with("bob", amount="100000")
    stage.funded("ann", wallet, BTCUSDT="10", ETHUSDT="10")
    stage.emit(MarginModeSet(account="ann", symbol=BTC, mode=MarginMode.ISOLATED))
    for size, price in offers:
        decide(stage.state, order("bob", size, price))
    return stage


def bucket_and_pool(stage):
    """Return the bucket's money and what is left beside it."""
    ann = stage.state.accounts["ann"]
    margin = sum(position.margin for position in ann.positions.values())
    return margin, ann.balances["USDT"] - margin


@pytest.mark.parametrize(
    ("wallet", "bucket", "pool"),
    [
        # 10 at 100 on 10x asks 100, and 0.05 % of 1,000 is a fee of 0.5.
        pytest.param("100.5", "100", "0", id="the pool has both"),
        pytest.param("100.2", "99.7", "0", id="the bucket does without 0.3"),
        pytest.param("100", "99.5", "0", id="the bucket does without the whole fee"),
        pytest.param("150", "100", "49.5", id="what is left stays in the pool"),
    ],
)
def test_the_fee_of_opening_is_not_the_insurance_funds(wallet, bucket, pool):
    stage = isolated(wallet, ("-10", "100"))
    events = decide(stage.state, order("ann", "10", "100"))
    assert bucket_and_pool(stage) == (D(bucket), D(pool))
    assert not any(isinstance(one, LiquidationStep) for one in events)
    assert audit(stage.state) == []


def test_nor_is_a_price_worse_than_the_one_that_was_margined():
    stage = isolated("101", ("-1", "100"), ("-9", "105"))
    # Margined at 100: 100. Filled: 1 at 100 and 9 at 105, 10 + 94.5 and fees of 0.05 + 0.4725.
    events = decide(stage.state, order("ann", "10", price=None))
    assert bucket_and_pool(stage) == (D("101") - D("0.5225"), 0)
    assert not any(isinstance(one, LiquidationStep) for one in events)


def test_a_profit_in_the_pool_pays_for_a_bucket_like_money():
    stage = isolated("100", ("-10", "100"))
    # 40 ETH from 10: 80 of profit at 12, 48 of margin.
    hold(stage, "ann", "40", symbol=ETH, entry="10")
    hold(stage, "bob", "-40", symbol=ETH, entry="10")
    stage.priced(ETH, "12")
    decide(stage.state, order("ann", "10", "100"))
    assert bucket_and_pool(stage) == (D(100), D("-0.5"))


def test_closing_a_part_at_a_loss_the_pool_cannot_pay_takes_it_from_what_is_left():
    stage = isolated("100.5", ("-10", "100"))
    decide(stage.state, order("ann", "10", "100"))
    decide(stage.state, order("bob", "5", "85"))
    # 5 sold 15 lower: 75 lost and 0.2125 of fee, of which half the bucket, 50, is released.
    decide(stage.state, order("ann", "-5", "85"))
    assert bucket_and_pool(stage) == (D(50) - D("25.2125"), 0)
