"""Portfolios liquidated as their venues do it, step by step and by hand, with books that give.

A bitcoin's perpetual at 50,000 is asked 6,800 at Deribit (0.8 of 16 % and a roll shock of 1 %),
6,100 at OKX, 5,015 at Bybit and 8,700 at Derive to be kept, and a part of it that part.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.venue.judging import judged
from crossmargin.venue.ledger import audit
from tests.unit.venue.portfolios import D, Scene, rules_of

DERIBIT, OKX, BYBIT, DERIVE = "deribit", "okx", "bybit", "derive-v2"
PERPETUALS = {
    DERIBIT: ("BTC_USDC-PERPETUAL", "USDC", "1"),
    OKX: ("BTC-USDT-SWAP", "USDT", "100"),
    BYBIT: ("BTCUSDT", "USDT", "1"),
    DERIVE: ("BTC-PERP", "USDC", "1"),
}


def scene(venue, balance, *, fund="1000000", mark="50000", is_quoted=True):
    """Return ann with a bitcoin's perpetual from 50,000, and the symbol."""
    symbol, asset, size = PERPETUALS[venue]
    one = Scene(rules_of(venue), "50000", {symbol: "50000"}, asset=asset, fund=fund)
    one.hold("ann", balance, [(symbol, size, "50000")])
    if venue is not DERIBIT:
        one.multi("ann", "maker", "fund")
    if mark != "50000":
        one.marks[symbol] = mark
        one.seen(mark)
    if is_quoted:
        one.quoted()
    return one, symbol


def left(one, symbol):
    """Return what ann still holds of a symbol."""
    held = one.state.accounts["ann"].position(symbol, None)
    return held.size if held else D(0)


@pytest.mark.parametrize(
    ("venue", "balance", "steps", "size"),
    [
        # 6,800 × 0.81 = 5,508 is still too much, 6,800 × 0.729 = 4,957.2 is not.
        pytest.param(DERIBIT, "5000", ["reduce-delta"] * 3, "0.729", id="a tenth at a time"),
        pytest.param(DERIBIT, "6800", [], "1", id="just enough is enough"),
        # 6,100 × 0.9 = 5,490 and 6,100 × 0.8 = 4,880; an equity of just that fails.
        pytest.param(OKX, "5000", ["reduce-risk"], "80", id="two tenths"),
        pytest.param(OKX, "5490", ["reduce-risk"], "80", id="not more than equity"),
        pytest.param(OKX, "5490.1", ["reduce-risk"], "90", id="one tenth"),
        # 0.9 × 4,800 = 4,320; 5,015 × 0.87 = 4,363.05, 5,015 × 0.86 = 4,312.9.
        pytest.param(BYBIT, "4800", ["reduce-slice"], "0.86", id="to 90 % of equity"),
        # (1.1 × 8,700 − 8,000) ÷ (1.1 × 8,700 − 0.05 × 8,000) = 1,570 ÷ 9,170, rounded up.
        pytest.param(DERIVE, "8000", ["auction"], "0.82878953", id="a slice is auctioned"),
    ],
)
def test_how_much_of_a_failed_portfolio_goes(venue, balance, steps, size):
    one, symbol = scene(venue, balance)

    assert [step.step for step in one.looked_at()] == steps
    assert left(one, symbol) == D(size)
    assert not judged(one.state, "ann").pool.is_liquidatable
    assert audit(one.state) == []


def test_an_auction_leaves_equity_at_the_buffer_and_the_discount_with_the_fund():
    one, symbol = scene(DERIVE, "8000")
    one.looked_at()
    ann, fund = one.state.accounts["ann"], one.state.accounts["fund"]

    # 1,570 ÷ 9,170 of 8,000 at 5 % off: 68.48418757…, rounded up.
    assert ann.balances["USDC"] == D("8000") - D("68.48418757")
    assert fund.position(symbol, None).size == D("0.17121047")
    assert one.state.purse("fund", "USDC") == D("1000068.48418757")
    # 8,700 × 0.82878953 × 1.1 is what is left, to the lot that was rounded up.
    health = judged(one.state, "ann").pool.health
    assert abs(health.equity - health.maintenance_margin * D("1.1")) < D("0.0001")


@pytest.mark.parametrize(
    ("fund", "mark"),
    [
        pytest.param("0", "50000", id="the fund has no money to carry it"),
        # 8,000 − 9,000: nobody buys what is worth less than nothing.
        pytest.param("1000000", "41000", id="the account is worth nothing"),
    ],
)
def test_without_a_bidder_all_is_taken_over(fund, mark):
    one, symbol = scene(DERIVE, "8000", fund=fund, mark=mark)

    assert [step.step for step in one.looked_at()] == ["take-over"]
    assert left(one, symbol) == 0
    assert audit(one.state) == []


@pytest.mark.parametrize("venue", [DERIBIT, OKX, BYBIT])
def test_where_the_book_gives_nothing_all_is_taken_over(venue):
    one, symbol = scene(venue, "4000", is_quoted=False)

    assert [step.step for step in one.looked_at()] == ["take-over"]
    assert left(one, symbol) == 0


def test_a_hedge_is_reduced_on_both_sides_and_the_delta_stays():
    # A long of one coin against a short of one that settles in the coin itself.
    long, short = "BTC-USDT-SWAP", "BTC-USD-SWAP"
    one = Scene(rules_of(OKX), "50000", {long: "50000", short: "50000"}, asset="USDT")
    one.hold("ann", "100", [(long, "100", "50000"), (short, "-500", "50000")])
    one.multi("ann", "maker", "fund")
    one.quoted()
    steps = [step.step for step in one.looked_at()]

    # The pair is asked 700, and the only tenth that 100 is enough for is the last. Contracts are of
    # 0.01 coins, and of 100 USD.
    assert steps == ["reduce-neutral"]
    assert left(one, long) == 10
    assert left(one, short) == -50
    assert audit(one.state) == []


CALL, PUT = "BTC-20261225-55000-C", "BTC-20261225-45000-P"


@settings(max_examples=25, deadline=None)
@given(
    balance=st.integers(500, 60_000),
    sizes=st.tuples(*[st.integers(-3, 3)] * 3),
    moved=st.integers(30_000, 80_000),
    fund=st.sampled_from(["0", "2000", "1000000"]),
    is_quoted=st.booleans(),
)
def test_money_is_conserved_and_nobody_stays_failed_whatever_is_held(
    balance, sizes, moved, fund, is_quoted
):
    marks = {"BTC-PERP": "50000", CALL: "900", PUT: "800"}
    one = Scene(rules_of(DERIVE, CALL, PUT), "50000", marks, fund=fund)
    one.hold(
        "ann", balance, [(name, n, marks[name]) for name, n in zip(marks, sizes, strict=True) if n]
    )
    one.multi("ann", "maker", "fund")
    worth = {CALL: max(moved - 55_000, 100), PUT: max(45_000 - moved, 100)}
    one.marks = {"BTC-PERP": str(moved)} | {name: str(mark) for name, mark in worth.items()}
    one.seen(moved)
    if is_quoted:
        one.quoted()
    one.looked_at()

    assert audit(one.state) == []
    assert not judged(one.state, "ann").pool.is_liquidatable
