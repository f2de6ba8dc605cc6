"""Accounts in Deribit's portfolio mode, from balances and positions to margins."""

from decimal import Decimal

from crossmargin.margin.assess import assess
from crossmargin.model.account import Account, AccountMode, AssetsMode, Position
from crossmargin.model.market import Market
from crossmargin.model.surface import Smile, Surface
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.options import option_contract

D = Decimal
VENUE = load_rulebook("deribit")
DAY_MS = 86_400_000
AT_MS = 1_795_334_400_000
"""22 November 2026, 08:00 UTC: 33 days before the expiry of 25 December."""
CALL, FUTURE = "BTC-25DEC26-50000-C", "BTC-25DEC26"
BOOK = VENUE.with_contracts({CALL: option_contract(CALL, VENUE)})
MARKS = {"BTC-PERPETUAL": D(50000), "BTC_USDC-PERPETUAL": D(50000), FUTURE: D(50000)}
SURFACE = Surface((Smile(AT_MS + 33 * DAY_MS, ((D(50000), D("0.6")),), D(50000)),))


def market(marks=MARKS, at_ms=AT_MS):
    index = {"BTC": D(50000), "ETH": D(2500), "USDC": D(1)}
    return Market(dict(marks), index, surfaces={"BTC": SURFACE}, at_ms=at_ms)


def account(balances, positions, assets_mode=AssetsMode.MULTI):
    return Account(
        {asset: D(amount) for asset, amount in balances.items()},
        tuple(Position(symbol, D(size), D(entry)) for symbol, size, entry in positions),
        assets_mode=assets_mode,
        mode=AccountMode.PORTFOLIO,
    )


def health(balances, positions, assets_mode=AssetsMode.MULTI):
    found = assess(account(balances, positions, assets_mode), market(), BOOK).pool.health
    assert found is not None
    return found


def test_in_cross_a_coin_held_is_in_the_matrix_and_counts_in_full():
    # 1 BTC at 50,000: 16 % of it.
    found = health({"BTC": "1"}, ())

    assert D(50000) == found.equity
    assert D(8000) == found.initial_margin
    assert D(6400) == found.maintenance_margin


def test_in_cross_a_coin_held_and_sold_has_rolling_left():
    # 50,000 USD short at 50,000 is 1 BTC: 1 % of it.
    found = health({"BTC": "1"}, [("BTC-PERPETUAL", "-50000", "50000")])

    assert D(500) == found.initial_margin


def test_in_cross_profit_in_coins_moves_with_them():
    # 50,000 USD long from 25,000: 2 BTC bought, 1 left of them is profit. 16 % of 1 + 1 + 1 BTC.
    found = health({"BTC": "1"}, [("BTC-PERPETUAL", "50000", "25000")])

    assert D(100000) == found.equity
    assert D(24500) == found.initial_margin


def test_in_cross_dollars_are_in_no_unit_and_underlyings_add_up():
    # 16 % of 50,000 and 18 % of 2,500; nothing of 10,000 USDC.
    found = health({"BTC": "1", "ETH": "1", "USDC": "10000"}, ())

    assert D(62500) == found.equity
    assert D(8450) == found.initial_margin


def test_in_cross_an_option_counts_with_its_worth_and_moves_so():
    # A call bought is worth so many coins: as many move down 16 % as its owner has in it, and it
    # cannot lose more than them. Together no more than its worth, and more than half of it.
    found = assess(account({"USDC": "1"}, [(CALL, "1", "0.01")]), market(), BOOK)
    pool = found.pool.health
    assert pool is not None
    worth = pool.equity - 1

    assert D("0.07") * 50000 < worth < D("0.074") * 50000
    # Rolling: 1 % of half a coin and a little.
    assert worth / 2 < pool.initial_margin < worth + 300


def test_segregated_pools_are_margined_each_in_their_own_asset():
    positions = [("BTC-PERPETUAL", "50000", "50000"), ("BTC_USDC-PERPETUAL", "-1", "50000")]
    held = account({"BTC": "1", "USDC": "20000"}, positions, AssetsMode.SINGLE)
    pools = {pool.name: pool.health for pool in assess(held, market(), BOOK).pools}

    # 1 − 1 ÷ 0.84 of a coin, and a hundredth; 16 % of 50,000, and 500.
    assert D("0.200476190") == pools["BTC"].initial_margin
    assert D(8500) == pools["USDC"].initial_margin


def test_a_dated_future_rolls_over_longer_than_a_near_one():
    # 33 days: 0.075 × 33 ÷ 365 is below 1 %. 215 days: 0.075 × 215 ÷ 365 = 0.0441780821…
    # The worst case is rounded to 0.190476190 before these are added.
    far = "BTC-25JUN27"
    marks = MARKS | {far: D(50000)}
    asked = []
    for symbol in (FUTURE, far):
        held = account({"BTC": "1"}, [(symbol, "50000", "50000")], AssetsMode.SINGLE)
        found = assess(held, market(marks), BOOK).pool.health
        assert found is not None
        asked.append(found.initial_margin)

    assert D("0.200476190") == asked[0]
    assert D("0.234654272") == asked[1]


def test_a_dated_future_at_no_moment_is_unknown():
    held = account({"BTC": "1"}, [(FUTURE, "50000", "50000")], AssetsMode.SINGLE)
    pool = assess(held, market(at_ms=None), BOOK).pool

    assert pool.health is None
    assert any("the moment (at)" in name for name in pool.missing)


def test_a_coin_whose_parameters_were_not_read_is_unknown():
    held = account({}, [("SOL_USDC-PERPETUAL", "1", "200")])
    prices = Market({"SOL_USDC-PERPETUAL": D(200)}, {"SOL": D(200), "USDC": D(1)})

    pool = assess(held, prices, BOOK).pool

    assert pool.health is None
    assert any("parameters of SOL" in name for name in pool.missing)
