"""Collateral that is margined with the positions it may hedge, through an account at Derive."""

from decimal import Decimal

import pytest

from crossmargin.errors import UsageError
from crossmargin.margin.assess import assess
from crossmargin.margin.scenarios.collateral import counted_in_full, margined_with
from crossmargin.model.account import Account, AccountMode, AssetsMode, Position
from crossmargin.model.market import Market
from crossmargin.rulebooks.loader import load_rulebook

D = Decimal
BOOK = load_rulebook("derive-v2", edition="2026-01-21")
PRICES = {"BTC": D(100_000), "ETH": D(2000), "USDC": D(1)}


def assessed(balances, size="0", symbol="BTC-PERP", index=PRICES, *, more=()):
    position = Position(symbol, D(size), PRICES[symbol[:3]])
    account = Account(
        {asset: D(amount) for asset, amount in balances.items()},
        (position, *more),
        assets_mode=AssetsMode.MULTI,
        mode=AccountMode.PORTFOLIO,
    )
    marks = {"BTC-PERP": D(100_000), "ETH-PERP": D(2000)}
    return assess(account, Market(marks, dict(index)), BOOK)


def test_equity_counts_collateral_in_full_and_the_unit_is_asked_for_the_haircut():
    found = assessed({"USDC": "20000", "ETH": "10"}, "1")
    health = found.pool.health

    # 17,400 and 22,000 of the perpetual; 20,000 x 20 %, and 5 % on top.
    assert (D(40_000), D(27_000), D(21_400)) == (
        health.equity,
        health.initial_margin,
        health.maintenance_margin,
    )


def test_the_haircut_moves_with_the_market_to_the_liquidation_price():
    found = assessed({"USDC": "20000", "ETH": "10"}, "1")

    # p - 60,000 = (18 % x 0.8 + 3 %) p + 4,000: 64,000 / 0.826 = 77,481.84019370.
    lower = found.boundaries.positions[0].lower
    assert D("77481.840193") < lower < D("77481.840194")


def test_a_coin_held_covers_the_perpetual_sold():
    health = assessed({"BTC": "1"}, "-1").pool.health

    assert (D(100_000), D(16_000), D(13_600)) == (
        health.equity,
        health.initial_margin,
        health.maintenance_margin,
    )


def test_without_positions_collateral_counts_as_in_standard_mode():
    assert D(16_000) == assessed({"ETH": "10"}).pool.health.equity


def test_collateral_without_a_price_makes_the_account_unknown():
    pool = assessed({"ETH": "1"}, "1", index={"BTC": D(100_000), "USDC": D(1)}).pool

    assert pool.health is None
    assert "index price of ETH" in pool.missing


def test_two_underlyings_in_one_account_are_refused():
    other = Position("ETH-PERP", D(1), D(2000))

    with pytest.raises(UsageError, match="positions on BTC and ETH"):
        assessed({"USDC": "50000"}, "1", more=(other,))


def test_elsewhere_collateral_keeps_its_haircut_and_is_in_no_unit():
    account = Account({"BTC": D(1)}, (Position("BTC-USDT-SWAP", D(1), D(100_000)),))
    okx = load_rulebook("okx")

    assert {} == margined_with(account, okx)
    assert okx is counted_in_full(account, okx)
