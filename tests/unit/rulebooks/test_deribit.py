"""Deribit's standard margin, as the packaged rulebook has it, by hand and by substitution."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment
from crossmargin.model.account import Account, AssetsMode, Position
from crossmargin.model.market import Market
from crossmargin.money import EIGHT_PLACES
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.procedure import AdlRanking

D = Decimal
RULEBOOK = load_rulebook("deribit")


def judged(symbol: str, size: str, price: str, wallet: str = "0", mark: str = "") -> Assessment:
    """Return an account with one position; the index is the mark."""
    instrument = RULEBOOK.contracts[symbol].instrument
    account = Account({instrument.settle: D(wallet)}, (Position(symbol, D(size), D(price)),))
    at = D(mark or price)
    return assess(account, Market({symbol: at}, {instrument.base: at}), RULEBOOK)


@pytest.mark.parametrize(
    ("symbol", "size", "price", "initial", "maintenance"),
    [
        # Support, linear perpetual, examples of standard margin.
        ("SOL_USDC-PERPETUAL", "6000", "200", "84000", "60000"),
        ("SOL_USDC-PERPETUAL", "25", "200", "200.625", "100.625"),
        ("BTC_USDC-PERPETUAL", "25", "100000", "53125", "28125"),
        ("BTC_USDC-PERPETUAL", "-25", "100000", "53125", "28125"),
        # By hand: 2,500,000 USD at 100,000 is N = 25 BTC, and N × (2 % + 0.005 % × 25) = 0.53125.
        ("BTC-PERPETUAL", "2500000", "100000", "0.53125", "0.28125"),
        # At half the price N is 50 BTC: 50 × (1 % + 0.25 %) = 0.625, more than twice as much.
        ("BTC-PERPETUAL", "2500000", "50000", "1.125", "0.625"),
        # 2,000,000 USD at 2,000 is 1,000 ETH: 1,000 × (2 % + 0.4 %) and 1,000 × (1 % + 0.4 %).
        ("ETH-PERPETUAL", "-2000000", "2000", "24", "14"),
    ],
)
def test_rates_grow_with_the_whole_position(symbol, size, price, initial, maintenance):
    [position] = judged(symbol, size, price).positions

    assert D(initial) == position.initial_margin
    assert D(maintenance) == position.maintenance_margin


def test_linear_requirements_are_at_the_index():
    position = Position("BTC_USDC-PERPETUAL", D(25), D(90000))
    market = Market({"BTC_USDC-PERPETUAL": D(90000)}, {"BTC": D(100000)})

    [one] = assess(Account({"USDC": D(0)}, (position,)), market, RULEBOOK).positions

    assert D(28125) == one.maintenance_margin
    assert D(2250000) == one.notional


def test_the_liquidation_price_of_an_inverse_long_by_hand():
    # 100,000 USD long at 50,000 is 2 BTC; 0.5 BTC in the wallet. With x = BTC of the position at
    # the mark: 0.5 + 2 − x = x × (0.01 + 0.00005 × x), 0.00005 x² + 1.01 x − 2.5 = 0, so
    # x = (−1.01 + √(1.0201 + 0.0005)) ÷ 0.0001 = 2.474944…, and the price 100,000 ÷ x = 40,404.9….
    boundary = judged("BTC-PERPETUAL", "100000", "50000", "0.5").boundaries.positions[0]

    assert boundary is not None
    assert D("40405") == boundary.lower
    assert boundary.upper is None


def surplus(symbol: str, size: str, entry: str, wallet: str, mark: Decimal) -> Decimal:
    health = judged(symbol, size, entry, wallet, str(mark)).pool.health
    assert health is not None
    return health.equity - health.maintenance_margin


SIDE = st.sampled_from(["", "-"])


@given(SIDE, st.integers(1, 500), st.integers(20, 1000), st.integers(1, 400))
def test_every_root_of_an_inverse_position_changes_the_sign_when_put_in(sign, lots, price, tenths):
    size, entry, wallet = f"{sign}{lots * 10000}", str(price * 100), str(D(tenths) / 10)
    found = judged("BTC-PERPETUAL", size, entry, wallet)
    assume(found.pool.health is not None and found.pool.health.buffer > 0)
    boundary = found.boundaries.positions[0]
    assert boundary is not None
    tick = RULEBOOK.contracts["BTC-PERPETUAL"].instrument.tick or EIGHT_PLACES

    # Rounded towards safety: at the root as printed it lives, a tick beyond it does not.
    if boundary.lower is not None:
        assert surplus("BTC-PERPETUAL", size, entry, wallet, boundary.lower) >= 0
        if boundary.lower > tick:
            assert surplus("BTC-PERPETUAL", size, entry, wallet, boundary.lower - tick) < 0
    if boundary.upper is not None:
        assert surplus("BTC-PERPETUAL", size, entry, wallet, boundary.upper) >= 0
        assert surplus("BTC-PERPETUAL", size, entry, wallet, boundary.upper + tick) < 0
    if sign == "":
        # A coin-margined long has no upper end, and always a lower one.
        assert boundary.upper is None
        assert boundary.lower is not None


def test_a_short_of_no_more_than_its_coins_may_break_low_where_rates_grow():
    # 1,000,000 USD short at 50,000 (20 BTC) on 20 BTC: equity is x = 10⁶ ÷ price at every price,
    # asked for are x × (0.01 + 0.00005 x). Both meet at x = 0.99 ÷ 0.00005 = 19,800 BTC, that is
    # a price of 10⁶ ÷ 19,800 = 50.50…, which is rounded up to the tick: 51.
    boundary = judged("BTC-PERPETUAL", "-1000000", "50000", "20").boundaries.positions[0]

    assert boundary is not None
    assert D("51") == boundary.lower
    assert boundary.upper is None


def test_such_a_short_may_break_on_both_sides():
    # As above on 19.9 BTC: equity x − 0.1. Surplus 0.99 x − 0.00005 x² − 0.1 is also zero at
    # x = (0.99 − √(0.9801 − 0.00002)) ÷ 0.0001 = 0.1010106…: an upper end near 9,899,950.
    boundary = judged("BTC-PERPETUAL", "-1000000", "50000", "19.9").boundaries.positions[0]

    assert boundary is not None
    assert D("51") == boundary.lower
    assert boundary.upper is not None
    for mark, is_alive in (
        (boundary.lower, True),
        (boundary.lower - D("0.5"), False),
        (boundary.upper, True),
        (boundary.upper + D("0.5"), False),
    ):
        left = surplus("BTC-PERPETUAL", "-1000000", "50000", "19.9", mark)

        assert is_alive == (left >= 0)


def test_cross_collateral_is_one_pool_in_usd_and_cut_for_initial_margin_alone():
    # 1 BTC at 50,000 behind 25 BTC_USDC at 50,000: equity 50,000; maintenance 1.125 % of 1.25 M.
    position = Position("BTC_USDC-PERPETUAL", D(25), D(50000))
    account = Account({"BTC": D(1)}, (position,), assets_mode=AssetsMode.MULTI)
    market = Market({"BTC_USDC-PERPETUAL": D(50000)}, {"BTC": D(50000), "USDC": D(1)})

    health = assess(account, market, RULEBOOK).pool.health

    assert health is not None
    assert D(50000) == health.equity
    assert D("14062.5") == health.maintenance_margin
    # 2.125 % of 1.25 M, and the tenth of the bitcoin that does not count: 26,562.5 + 5,000.
    assert D("31562.5") == health.initial_margin


def test_losses_are_shared_and_nobody_is_deleveraged():
    assert RULEBOOK.adl is not None
    assert AdlRanking.NONE is RULEBOOK.adl.ranking
    assert RULEBOOK.adl.is_loss_socialised
    assert RULEBOOK.liquidation.is_trigger_strict


def test_futures_have_the_ladder_of_their_coin():
    perpetual, future = (RULEBOOK.contracts[symbol] for symbol in ("BTC-PERPETUAL", "BTC-25DEC26"))

    assert perpetual.tiers == future.tiers
    assert ("BTC", "BTC") == (future.instrument.base, future.instrument.settle)
