"""Exposures and bets of toy accounts, worked out by hand."""

from decimal import Decimal

import numpy as np
import pytest

from crossmargin.durations import DAY_MS
from crossmargin.errors import UnknownError, UsageError
from crossmargin.model.account import Account, AssetsMode
from crossmargin.model.market import Market
from crossmargin.risk.estimates.bets import Way, bets
from crossmargin.risk.estimates.exposure import exposure
from crossmargin.risk.situation import situation
from crossmargin.rulebooks.schema import Collateral
from tests.toys import account, book, held, inverse, linear, one_tier
from tests.unit.risk.estimates import covariance
from tests.unit.risk.venues import at

D = Decimal
FREE = one_tier("0.01")
NAMES = ("BTC", "ETH", "SOL")
VENUE = book(
    *((linear(f"{name}USDT"), FREE) for name in NAMES),
    (inverse("BTCUSD"), FREE),
    collateral={
        "USDT": Collateral(D(0), D(0), is_stable=True),
        "BTC": Collateral(D("0.1"), D(0), is_stable=False),
    },
)
MARKS = at(BTCUSDT="100", ETHUSDT="100", SOLUSDT="100", BTCUSD="100")


def exposed(wallet, *positions):
    """Return the exposure of (symbol, size) positions entered at 100."""
    listed = (held(symbol, size) for symbol, size in positions)
    return exposure(situation(account(wallet, *listed), MARKS, VENUE))


def test_net_gross_and_leverage():
    found = exposed("100", ("BTCUSDT", "3"), ("ETHUSDT", "-1"))

    assert {"BTC": D(300), "ETH": D(-100)} == found.by_asset
    assert (D(200), D(400)) == (found.net, found.gross)
    assert (D(100), D(4)) == (found.equity, found.leverage)
    assert "BTC" == found.largest


def test_inverse_contracts_are_their_dollars_and_coins_their_price():
    # Ten contracts of 100 USD; equity of 2 BTC at 100.
    account_of_coins = Account({"BTC": D(2)}, (held("BTCUSD", "10"),))
    found = exposure(situation(account_of_coins, MARKS, VENUE))

    assert {"BTC": D(1000)} == found.by_asset
    assert (D(200), D(5)) == (found.equity, found.leverage)


def test_collateral_is_exposed_at_its_whole_price():
    pooled = Account(
        {"USDT": D(100), "BTC": D(1)}, (held("ETHUSDT", "-1"),), assets_mode=AssetsMode.MULTI
    )
    prices = Market(MARKS.marks, {"USDT": D(1), "BTC": D(100)})
    found = exposure(situation(pooled, prices, VENUE))

    assert {"ETH": D(-100), "BTC": D(100)} == found.by_asset
    assert D(190) == found.equity
    assert ["ETHUSDT short", "BTC collateral"] == [one.name for one in found.holdings]


def test_equity_that_is_gone_has_no_leverage():
    gone = account("10", held("BTCUSDT", "1", "120"))

    assert exposure(situation(gone, MARKS, VENUE)).leverage is None


@pytest.mark.parametrize(
    ("correlation", "number"), [(0.0, 3.0), (0.5, 1.5), (0.999, 3 / (1 + 2 * 0.999))]
)
def test_equal_longs_are_as_many_bets_as_their_correlation_leaves(correlation, number):
    # n ÷ (1 + (n − 1) c): three of c = 1/2 are 3 ÷ 2.
    three = exposed("100", *((f"{name}USDT", "1") for name in NAMES))
    found = bets(three, covariance(NAMES, (0.04, 0.04, 0.04), correlation), DAY_MS, "BTC")

    assert number == pytest.approx(found.number)
    assert np.allclose([1 / 3] * 3, found.shares)
    # 100 · 0.04 · √(3 + 6 c)
    assert 4 * np.sqrt(3 + 6 * correlation) == pytest.approx(found.deviation)


def test_a_hedge_takes_risk_away_and_a_stack_adds_it():
    # 100 long and 50 short of twice the volatility, c = 0.6: sd of each 4; together
    # √(16 + 16 − 2 · 0.6 · 16), apart √32.
    three = exposed("100", ("BTCUSDT", "1"), ("ETHUSDT", "-0.5"))
    (pair,) = bets(three, covariance(("BTC", "ETH"), (0.04, 0.08), 0.6), DAY_MS, "BTC").pairs

    assert Way.HEDGE is pair.way
    assert np.sqrt(32 - 19.2) == pytest.approx(pair.together)
    assert np.sqrt(32) == pytest.approx(pair.apart)


@pytest.mark.parametrize(
    ("size", "correlation", "way"),
    [
        ("1", 0.5, Way.STACK),
        ("-1", 0.5, Way.HEDGE),
        ("1", -0.5, Way.HEDGE),
        ("-1", -0.5, Way.STACK),
        ("1", 0.15, Way.NEITHER),  # twice the standard error of 100 observations is 0.2
    ],
)
def test_signs_and_certainty_decide_the_way(size, correlation, way):
    two = exposed("100", ("BTCUSDT", "1"), ("ETHUSDT", size))
    estimate = covariance(("BTC", "ETH"), (0.04, 0.04), correlation, observations=100)

    assert way is bets(two, estimate, DAY_MS, "BTC").pairs[0].way


def test_on_one_asset_no_estimate_is_needed():
    two = Account({"USDT": D(100), "BTC": D(1)}, (held("BTCUSDT", "1"), held("BTCUSD", "-1")))
    found = exposure(situation(two, MARKS, VENUE))
    (pair,) = bets(found, covariance(["BTC"], [0.04], observations=1), DAY_MS, "BTC").pairs

    assert (Way.HEDGE, 1.0) == (pair.way, pair.correlation)
    assert 0 == pytest.approx(pair.together, abs=1e-6)


def test_nothing_held_is_refused():
    nothing = exposed("100")

    with pytest.raises(UsageError, match="nothing whose price can move"):
        assert nothing.largest
    with pytest.raises(UnknownError, match="no bets to count"):
        bets(nothing, covariance(["BTC"], [0.04]), DAY_MS, "BTC")
