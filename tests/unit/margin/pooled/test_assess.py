"""Accounts in one pool, by hand: Binance's portfolio margin, and Hyperliquid's."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from crossmargin.errors import InvariantBroken, UnknownError, UsageError
from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Status
from crossmargin.margin.pooled.assess import assess_pooled
from crossmargin.model.account import Account, AccountMode, AssetsMode, Position
from crossmargin.model.market import Market
from crossmargin.model.order import Order
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.schema import Collateral

D = Decimal
WHOLE = Collateral(D(0), D(0), is_stable=True)
BINANCE = load_rulebook("binance-portfolio-margin").with_collateral({"USDT": WHOLE})
HYPERLIQUID = load_rulebook("hyperliquid")


def unified(balances, positions=(), orders=(), leverage=None):
    """Return an account of Binance's, leverage 20 unless said."""
    symbols = [one.symbol for one in (*positions, *orders)]
    return Account(
        {asset: D(amount) for asset, amount in balances.items()},
        tuple(positions),
        tuple(orders),
        leverage or dict.fromkeys(symbols, D(20)),
        assets_mode=AssetsMode.MULTI,
        mode=AccountMode.PORTFOLIO,
    )


def lending(balances, positions=(), leverage="10"):
    """Return an account of Hyperliquid's."""
    return Account(
        {asset: D(amount) for asset, amount in balances.items()},
        tuple(positions),
        leverage={one.symbol: D(leverage) for one in positions},
        mode=AccountMode.PORTFOLIO,
    )


def prices(marks=None, **index):
    """Return a market."""
    return Market(
        {symbol: D(mark) for symbol, mark in (marks or {}).items()},
        {asset: D(price) for asset, price in index.items()},
    )


def charges(assessment):
    """Return what the one pool is asked for, by name."""
    (unit,) = assessment.portfolio
    return {one.name: one.amount for one in unit.charges}


def test_futures_of_both_families_are_one_pool():
    short = Position("BTCUSDT", D(-1), D(60000))
    long = Position("BTCUSD_PERP", D(600), D(60000))
    market = prices({"BTCUSDT": "60000", "BTCUSD_PERP": "60000"}, USDT="1", BTC="60000")
    found = assess(unified({"USDT": "1000", "BTC": "1"}, [short, long]), market, BINANCE)

    # 60 000 × 0.4 %; 1 BTC × 0.4 %, at 60 000.
    assert D(480) == charges(found)["maintenance margin of positions"]
    # × 1.05, the line of liquidation.
    assert D(504) == found.pool.health.maintenance_margin
    # 1 000 + 60 000 × 0.95.
    assert D(58000) == found.pool.health.equity
    # 60 000 ÷ 20 and the same in bitcoin, which is more than 120 % of 480.
    assert D(6000) == found.pool.health.initial_margin


def test_profit_repays_a_loan_in_the_same_asset_before_anything_converts():
    long = Position("BTCUSDT", D(1), D(50000))
    market = prices({"BTCUSDT": "60000"}, USDT="1", BTC="60000")
    found = assess(unified({"USDT": "-8000", "BTC": "1"}, [long]), market, BINANCE)

    # −8 000 + 10 000 of profit, and 57 000.
    assert D(59000) == found.pool.health.equity
    # The loan is there until it is repaid: a tenth of it is asked.
    assert D(800) == charges(found)["loan of USDT"]
    # (240 + 800) × 1.05.
    assert D(1092) == found.pool.health.maintenance_margin
    # 3 000 for the position, 8 000 ÷ (3 − 1) for the loan.
    assert D(7000) == found.pool.health.initial_margin


def test_nothing_is_opened_below_the_opening_ratio():
    # 60 000 ÷ 1 000 is less than 120 % of the 240 that keeping it asks.
    long = Position("BTCUSDT", D(1), D(60000))
    account = unified({"USDT": "1000"}, [long], leverage={"BTCUSDT": D(1000)})
    found = assess(account, prices({"BTCUSDT": "60000"}, USDT="1"), BINANCE)

    assert D(288) == found.pool.health.initial_margin


def test_a_debt_counts_whole():
    market = prices(USDT="1", BTC="60000")
    found = assess(unified({"USDT": "100000", "BTC": "-1"}), market, BINANCE)

    assert D(40000) == found.pool.health.equity


@pytest.mark.parametrize(
    ("cash", "status"),
    [
        # 60 000 × 0.4 % = 240 is asked; × 1.05 = 252.
        pytest.param("252", Status.LIQUIDATABLE, id="at 105 %"),
        pytest.param("252.01", Status.OK, id="above it"),
    ],
)
def test_it_is_liquidated_at_the_line(cash, status):
    long = Position("BTCUSDT", D(1), D(60000))
    market = prices({"BTCUSDT": "60000"}, USDT="1")
    found = assess(unified({"USDT": cash}, [long]), market, BINANCE)

    assert status is found.status


def test_the_venues_own_ratio_is_said():
    long = Position("BTCUSDT", D(1), D(60000))
    market = prices({"BTCUSDT": "60000"}, USDT="1")
    found = assess(unified({"USDT": "276"}, [long]), market, BINANCE)

    # 276 ÷ 240 = 115 %.
    said = "is 115 %: restricted, it only reduces; it liquidates at 105 %."
    assert any(said in remark for remark in found.remarks)
    assert any("is below the 100000 USD" in remark for remark in found.remarks)


def test_resting_orders_hold_margin():
    order = Order("BTCUSDT", D(1), D(50000))
    market = prices({"BTCUSDT": "60000"}, USDT="1")
    found = assess(unified({"USDT": "10000"}, orders=[order]), market, BINANCE)

    assert (D(2500), D(2500)) == (found.pool.order_initial_margin, found.pool.health.initial_margin)


def test_what_was_not_read_is_unknown():
    market = prices(ETH="3000", USDT="1")
    found = assess(unified({"ETH": "5", "USDT": "100"}), market, BINANCE)

    assert ("collateral buffers of ETH",) == found.missing
    assert () == found.portfolio


def test_where_a_pool_is_liquidated():
    long = Position("BTCUSDT", D(1), D(60000))
    market = prices({"BTCUSDT": "60000"}, USDT="1")
    found = assess(unified({"USDT": "12000"}, [long]), market, BINANCE)
    (boundary,) = found.boundaries.positions

    # 12 000 + (P − 60 000) = 1.05 × 0.4 % × P: P = 48 000 ÷ 0.9958, rounded up inside.
    assert D("48202.46") == boundary.lower.quantize(D("0.01"), "ROUND_CEILING")
    assert boundary.upper is None


def test_coins_held_against_a_short_move_its_line_far_away():
    short = Position("BTCUSDT", D(-1), D(60000))
    market = prices({"BTCUSDT": "60000"}, USDT="1", BTC="60000")
    (alone,) = assess(unified({"USDT": "12000"}, [short]), market, BINANCE).boundaries.positions
    account = unified({"USDT": "12000", "BTC": "1"}, [short])
    (hedged,) = assess(account, market, BINANCE).boundaries.positions

    # Alone 72 000 ÷ 1.0042; hedged only the haircut of 5 % is lost as the price rises.
    assert D("71698.86") == alone.upper.quantize(D("0.01"), "ROUND_FLOOR")
    assert hedged.lower is None
    assert hedged.upper > 10 * alone.upper


def test_a_short_against_its_coin_borrows_by_itself():
    # Hyperliquid's carry example at 150 000: 50 000 borrowed, 1 BTC counts 0.75.
    short = Position("BTC", D(-1), D(100000))
    market = prices({"BTC": "150000"}, BTC="150000")
    found = assess(lending({"USDC": "0", "BTC": "1"}, [short]), market, HYPERLIQUID)
    health = found.pool.health

    # 112 500 − 50 000.
    assert D(62500) == health.equity
    # (20 + 1 875 + 50 000) ÷ 0.95 − 50 000.
    assert D("4626.31578947") == health.maintenance_margin.quantize(D("1e-8"))
    # Half of 150 000 may be borrowed, 50 000 is, 15 000 is margin: 10 000 are free.
    assert D(10000) == found.pool.free_margin
    assert any("is 46.13 %; it liquidates above 95 %." in said for said in found.remarks)


def test_where_a_carry_is_liquidated():
    short = Position("BTC", D(-1), D(100000))
    market = prices({"BTC": "150000"}, BTC="150000")
    found = assess(lending({"USDC": "0", "BTC": "1"}, [short]), market, HYPERLIQUID)
    (boundary,) = found.boundaries.positions

    # 0.95 × 0.75 P = 20 + 0.0125 P + P − 100 000: P = 99 980 ÷ 0.3, rounded down inside.
    assert D("333266.66") == boundary.upper.quantize(D("0.01"), "ROUND_FLOOR")
    # Worth and debt meet at 0.75 P = P − 100 000.
    assert abs(boundary.bankruptcy_price - 400000) < 1


def test_without_a_debt_the_ratio_is_maintenance_over_value():
    long = Position("BTC", D(1), D(100000))
    found = assess(lending({"USDC": "10000"}, [long]), prices({"BTC": "100000"}), HYPERLIQUID)

    # 1 250 ÷ 10 000; no offset.
    assert any("is 12.5 %;" in said for said in found.remarks)
    assert D(10000) == found.pool.health.equity


def test_a_borrow_above_its_cap_is_not_backed():
    # 30 BTC of which 20 count, and 1 000 000 of what they are worth at most.
    balances = {"USDC": "-990000", "BTC": "30"}
    found = assess(lending(balances), prices(BTC="150000"), HYPERLIQUID)

    assert D(10000) == found.pool.health.equity
    assert Status.LIQUIDATABLE is found.status


@pytest.mark.parametrize(
    ("balances", "missing"),
    [
        ({"USDC": "-1", "PURR": "5"}, "loan to value of PURR"),
        ({"USDC": "5", "HYPE": "-1"}, "index price of HYPE"),
        ({"USDC": "-1", "BTC": "1"}, "index price of BTC"),
    ],
)
def test_tokens_that_are_not_known_make_it_unknown(balances, missing):
    found = assess(lending(balances), prices(), HYPERLIQUID)

    assert missing in found.missing


def test_what_may_not_be_borrowed_is_unknown():
    found = assess(lending({"USDC": "500", "HYPE": "-1"}), prices(HYPE="40"), HYPERLIQUID)

    assert "borrow cap of HYPE" in found.missing


def test_a_hedge_needs_less_room_than_its_parts():
    # The spot alone borrows nothing and lives; the short alone is liquidated by a doubling.
    short = Position("BTC", D(-1), D(100000))
    market = prices({"BTC": "200000"}, BTC="200000")
    alone = assess(lending({"USDC": "20000"}, [short]), market, HYPERLIQUID)
    hedged = assess(lending({"USDC": "20000", "BTC": "1"}, [short]), market, HYPERLIQUID)

    assert (Status.LIQUIDATABLE, Status.OK) == (alone.status, hedged.status)


def test_a_loan_of_a_class_that_is_not_known_is_refused():
    rule = replace(BINANCE.portfolio, loan_leverage=D(7))
    account = unified({"USDT": "-100", "BTC": "1"})

    with pytest.raises(UnknownError, match="what loans at 7x are asked for is not known"):
        assess(account, prices(USDT="1", BTC="60000"), replace(BINANCE, portfolio=rule))


def test_a_market_order_without_a_mark_keeps_initial_margin_unknown():
    order = Order("BTCUSDT", D(1))
    found = assess(unified({"USDT": "10000"}, orders=[order]), prices(USDT="1"), BINANCE)

    assert ("mark price of BTCUSDT",) == found.initial_missing
    assert found.pool.free_margin is None


def test_an_account_that_owes_without_collateral_has_no_ratio():
    found = assess(lending({"USDC": "-5"}), prices(), HYPERLIQUID)

    assert Status.LIQUIDATABLE is found.status
    assert not any("liquidation value, is" in said for said in found.remarks)


def test_what_settles_in_another_dollar_needs_its_price():
    contract = HYPERLIQUID.contracts["ETH"]
    other = replace(contract, instrument=replace(contract.instrument, settle="USDH"))
    rulebook = HYPERLIQUID.with_contracts({"ETH": other})
    long = Position("ETH", D(1), D(3000))
    account = lending({"USDC": "1000"}, [long])

    assert "index price of USDH" in assess(account, prices({"ETH": "3000"}), rulebook).missing
    found = assess(account, prices({"ETH": "3000"}, USDH="1"), rulebook)
    # 3 000 × 2 %.
    assert D(60) == charges(found)["maintenance margin of positions"]


def test_empty_accounts_and_other_methods_are_refused():
    with pytest.raises(UsageError, match="the account is empty"):
        assess_pooled(lending({}), prices(), HYPERLIQUID)
    with pytest.raises(InvariantBroken, match="does not pool"):
        assess_pooled(lending({"USDC": "1"}), prices(), replace(HYPERLIQUID, portfolio=None))
