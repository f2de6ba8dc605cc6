"""Derive v2's perpetuals and base collateral as its packaged rulebook has them."""

from decimal import Decimal

import pytest

from crossmargin.errors import UnknownError
from crossmargin.margin.assess import assess
from crossmargin.model.account import Account, AssetsMode, Position
from crossmargin.model.market import Market
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.procedure import AdlRanking, LadderStep

D = Decimal
BOOK = load_rulebook("derive-v2", edition="2026-01-21")
OLDER = load_rulebook("derive-v2", edition="2025-01-28")


def pool(balances, index, positions=(), marks=None, book=BOOK):
    account = Account(
        {asset: D(amount) for asset, amount in balances.items()},
        tuple(Position(symbol, D(size), D(entry)) for symbol, size, entry in positions),
        assets_mode=AssetsMode.MULTI,
    )
    prices = {asset: D(price) for asset, price in index.items()}
    marks = {symbol: D(price) for symbol, price in (marks or {}).items()}
    return assess(account, Market(marks, prices), book).pool


def test_a_perpetual_is_asked_ten_and_six_and_a_half_percent():
    # 2 x 3,000 = 6,000: 600 and 390; earned (3,100 - 3,000) x 2 = 200 on top of 1,000 of cash.
    health = pool(
        {"USDC": "1000"}, {"USDC": "1"}, [("ETH-PERP", "-2", "3100")], {"ETH-PERP": "3000"}
    ).health

    assert (D(1200), D(600), D(390)) == (
        health.equity,
        health.initial_margin,
        health.maintenance_margin,
    )


@pytest.mark.parametrize(
    ("asset", "amount", "price", "worth", "left"),
    [
        # 10 x 3,000 x 0.80 = 24,000; x 0.9375 = 22,500.
        ("ETH", "10", "3000", "24000", "22500"),
        # 1 x 100,000 x 0.75 = 75,000; x 0.93 = 69,750.
        ("BTC", "1", "100000", "75000", "69750"),
        # 1,000 x 0.98 = 980; x 0.98 = 960.4. Counted at the spot price: not divided by a stable's.
        ("USDT", "1000", "1", "980", "960.4"),
        # Cash is cash.
        ("USDC", "1000", "1", "1000", "1000"),
    ],
)
def test_collateral_counts_by_its_factor_and_less_for_opening(asset, amount, price, worth, left):
    health = pool({asset: amount}, {asset: price}).health

    assert (D(worth), D(left)) == (health.equity, health.equity - health.initial_margin)
    assert D(0) == health.maintenance_margin


def test_cash_may_be_owed_at_par():
    # 24,000 of ETH less 5,000 owed.
    health = pool({"ETH": "10", "USDC": "-5000"}, {"ETH": "3000", "USDC": "1"}).health

    assert (D(19_000), D(17_500)) == (health.equity, health.equity - health.initial_margin)


def test_ether_counted_as_an_account_of_2025_shows():
    # A reply: 0.1 ETH at 3,180.760325; collaterals_maintenance_margin and _initial_margin.
    health = pool({"ETH": "0.1"}, {"ETH": "3180.760325"}, book=OLDER).health

    assert D("238.557024375") == health.equity
    assert D("190.8456195") == health.equity - health.initial_margin


def test_a_perpetual_was_charged_as_an_account_of_2025_shows():
    # A reply: -0.02 BTC-PERP at 102,765.190337908178 with 1.387306068795 of open profit; its
    # maintenance_margin -101.377884269114 and initial_margin -132.207441370487 have the profit in.
    mark = "102765.190337908178"
    entry = D(mark) + D("1.38730606879471451") / D("0.02")
    health = pool(
        {"USDC": "0"},
        {"USDC": "1"},
        [("BTC-PERP", "-0.02", entry)],
        {"BTC-PERP": mark},
        book=OLDER,
    ).health

    assert abs(D("-101.377884269113565") - health.buffer) < D("1e-9")
    balance = health.equity - health.initial_margin
    assert abs(D("-132.207441370487067") - balance) < D("1e-9")


@pytest.mark.parametrize(("cash", "is_liquidatable"), [("390", False), ("389.999999", True)])
def test_an_auction_starts_below_zero(cash, is_liquidatable):
    found = pool({"USDC": cash}, {"USDC": "1"}, [("ETH-PERP", "2", "3000")], {"ETH-PERP": "3000"})

    assert is_liquidatable == found.is_liquidatable


def test_nobody_is_deleveraged_and_losses_are_shared():
    assert (LadderStep.AUCTION,) == BOOK.liquidation.steps
    assert (AdlRanking.NONE, True) == (BOOK.adl.ranking, BOOK.adl.is_loss_socialised)


def test_collateral_that_was_not_read_is_unknown():
    found = pool({"SDAI": "100"}, {"SDAI": "1.1"})

    assert found.health is None
    assert ("collateral buffers of SDAI",) == found.missing


def test_portfolio_margin_is_known_for_four_markets():
    rule = BOOK.portfolio

    assert "portfolio" in BOOK.modes
    assert [33, 33, 33, 32] == [
        len(rule.manager_of(base).scenarios) for base in ("BTC", "ETH", "SOL", "HYPE")
    ]
    with pytest.raises(UnknownError, match="portfolio margin parameters of DOGE"):
        rule.manager_of("DOGE")


@pytest.mark.parametrize(
    ("asset", "base", "haircut", "is_risk_cancelling"),
    [
        ("BTC", "BTC", "0.106", True),
        ("ETH", "ETH", "0.056", True),
        ("HYPE", "HYPE", "0.1", True),
        # Elsewhere the standard manager's factors: 1 - 0.80, 1 - 0.75, 1 - 0.98.
        ("ETH", "BTC", "0.2", False),
        ("BTC", "SOL", "0.25", False),
        ("USDT", "HYPE", "0.02", False),
    ],
)
def test_a_coin_covers_its_own_market(asset, base, haircut, is_risk_cancelling):
    terms = BOOK.portfolio.manager_of(base).terms_of(asset, base)

    assert (D(haircut), is_risk_cancelling) == (
        terms.maintenance_haircut,
        terms.is_risk_cancelling,
    )


def test_haircuts_called_the_standard_managers_are():
    for manager in BOOK.portfolio.managers:
        for terms in manager.collateral:
            if not terms.is_risk_cancelling:
                standard = BOOK.collateral[terms.asset]
                factor = 1 - standard.bid_buffer
                assert terms.maintenance_haircut == standard.bid_buffer
                assert terms.initial_on_top == factor * (1 - standard.initial_scale)
