"""Phemex: marginal tiers as its help page works them out, the fee of closing at the mark."""

from decimal import Decimal

from crossmargin.margin.assess import assess
from crossmargin.margin.tiers import maintenance_margin
from crossmargin.model.account import Account, Position
from crossmargin.model.market import Market
from crossmargin.rulebooks.loader import load_rulebook

D = Decimal
PHEMEX = load_rulebook("phemex")
TIERS = PHEMEX.contracts["BTCUSDT"].tiers


def test_the_ladder_asks_what_the_page_works_out():
    # 2,000,000 × 0.5 % + 1,000,000 × 0.75 % = 17,500.
    assert D(17_500) == maintenance_margin(D(3_000_000), TIERS)


def test_the_fee_of_closing_comes_on_top():
    # 30 BTC at 100,000: 17,500 + 3,000,000 × 0.06 % = 19,300.
    account = Account({"USDT": D(500_000)}, (Position("BTCUSDT", D(30), D(100_000)),))
    [position] = assess(account, Market({"BTCUSDT": D(100_000)}), PHEMEX).positions

    assert D(19_300) == position.maintenance_margin


def test_above_what_the_page_tells_nothing_is_known():
    assert D(3_000_000) == TIERS.known_to
