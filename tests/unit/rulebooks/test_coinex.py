"""CoinEx: levels by size, a rate for all of the position, initial margin as it was at entry."""

from decimal import Decimal

import pytest

from crossmargin.margin.assess import assess
from crossmargin.model.account import Account, MarginMode, Position
from crossmargin.model.market import Market
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.procedure import Change

D = Decimal
COINEX = load_rulebook("coinex")


def assessed(*positions, mark, leverage="3", balance="1000000"):
    account = Account({"USDT": D(balance)}, positions, leverage={"BTCUSDT": D(leverage)})
    return assess(account, Market({"BTCUSDT": D(mark)}), COINEX)


# The levels of the API documentation's sample, at a mark of 60,000.
@pytest.mark.parametrize(
    ("size", "asked"),
    [
        pytest.param("20", "6000", id="on the bound: 1.2 M × 0.5 %"),
        pytest.param("20.0001", "12000.06", id="above it: 1,200,006 × 1 %"),
        pytest.param("-60", "54000", id="a short: 3.6 M × 1.5 %"),
        pytest.param("600", "1080000", id="the last level: 36 M × 3 %"),
    ],
)
def test_the_level_follows_size_and_holds_for_all_of_it(size, asked):
    [position] = assessed(Position("BTCUSDT", D(size), D(60_000)), mark="60000").positions

    assert D(asked) == position.maintenance_margin


def test_the_level_does_not_move_with_the_price():
    # 15 BTC are in the first level at any price: 15 × 200,000 × 0.5 % = 15,000.
    [position] = assessed(Position("BTCUSDT", D(15), D(60_000)), mark="200000").positions

    assert D(15_000) == position.maintenance_margin


@pytest.mark.parametrize("mode", [MarginMode.CROSS, MarginMode.ISOLATED])
def test_initial_margin_stays_as_it_was_at_entry(mode):
    # Replies give ath_margin_size 2.034928 = 6.104784 ÷ 3, whatever the mark.
    margin = D("2.034928") if mode is MarginMode.ISOLATED else D(0)
    position = Position("BTCUSDT", D("0.0001"), D("61047.84"), mode, margin)
    [found] = assessed(position, mark="70000").positions

    assert D("2.034928") == found.initial_margin


def test_open_orders_block_mode_and_leverage():
    assert {Change.MARGIN_MODE, Change.LOWER_LEVERAGE} == {rule.change for rule in COINEX.switches}
