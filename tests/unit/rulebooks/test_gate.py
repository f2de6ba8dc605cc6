"""Gate: contracts of a fixed amount of coin, the fee of closing, and a ladder known in part."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from crossmargin.margin.assess import assess
from crossmargin.model.account import Account, MarginMode, Position, PositionMode
from crossmargin.model.market import Market
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.schema import Contract
from tests.toys import one_tier

D = Decimal
GATE = load_rulebook("gate")


def assessed(rulebook, *positions, mark, balance="10000", mode=PositionMode.ONE_WAY):
    settle = rulebook.contracts[positions[0].symbol].instrument.settle
    account = Account({settle: D(balance)}, positions, position_mode=mode)
    return assess(account, Market({positions[0].symbol: D(mark)}), rulebook)


# Replies of Gate's position endpoint, as ccxt keeps them: value of one contract at its mark.
@pytest.mark.parametrize(
    ("symbol", "mark", "value"),
    [("BTC_USDT", "46051.6", "4.60516"), ("ETH_USDT", "1192.57", "11.9257")],
)
def test_a_contract_stands_for_an_amount_of_coin(symbol, mark, value):
    [position] = assessed(GATE, Position(symbol, D(1), D(mark)), mark=mark).positions

    assert D(value) == position.notional


def test_maintenance_margin_holds_the_fee_of_closing():
    # 0.3 BTC at 100,000: 30,000 × (0.4 % + 0.075 %) = 142.5.
    [position] = assessed(GATE, Position("BTC_USDT", D(3000), D(100_000)), mark="100000").positions

    assert D("142.5") == position.maintenance_margin


def test_above_what_is_known_health_is_unknown():
    # 10.1 BTC at 100,000 are 1,010,000, above the one million of the tier that a reply gave.
    found = assessed(GATE, Position("BTC_USDT", D(101_000), D(100_000)), mark="100000")

    assert found.pool.health is None


def test_a_contract_without_ladder_has_no_maintenance_margin():
    [position] = assessed(
        GATE, Position("BTC_USD", D(100), D(50_000)), mark="50000", balance="1"
    ).positions

    # 100 USD at 50,000 are 0.002 BTC.
    assert (D("0.002"), None) == (position.notional, position.maintenance_margin)


# size × entry × (1 ± rate ± fee) ÷ (size ± margin × entry), + for a long (posts 3870211, 20181113):
# 1,000 × 50,000 × 1.00575 ÷ (1,000 + 0.002 × 50,000) = 45,715.909…, and
# 1,000 × 50,000 × 0.99425 ÷ (1,000 − 0.002 × 50,000) = 55,236.111…
@pytest.mark.parametrize(
    ("size", "price"),
    [pytest.param(1000, "45715.9090909", id="long"), pytest.param(-1000, "55236.1111111", id="s")],
)
def test_the_inverse_liquidation_price_is_the_published_formula(size, price):
    instrument = replace(GATE.contracts["BTC_USD"].instrument, tick=D("1e-12"))
    rulebook = GATE.with_contracts({"BTC_USD": Contract(instrument, one_tier("0.005"))})
    position = Position("BTC_USD", D(size), D(50_000), MarginMode.ISOLATED, D("0.002"))
    [bounds] = assessed(rulebook, position, mark="50000", balance="1").boundaries.positions

    assert abs(D(price) - (bounds.lower if size > 0 else bounds.upper)) < D("1e-6")


def test_the_larger_side_decides_in_hedge_mode():
    # 60,000 × 0.475 % = 285; the short of 20,000 asks for nothing more.
    found = assessed(
        GATE,
        Position("BTC_USDT", D(6000), D(100_000)),
        Position("BTC_USDT", D(-2000), D(100_000)),
        mark="100000",
        mode=PositionMode.HEDGE,
    )

    assert D(285) == found.pool.health.maintenance_margin
