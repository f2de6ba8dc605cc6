"""BitMEX as its packaged rulebook has it: risk limits on whole positions."""

from decimal import Decimal

import pytest

from crossmargin.margin.assess import assess
from crossmargin.model.account import Account, MarginMode, Position
from crossmargin.model.instrument import Kind
from crossmargin.model.market import Market
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.procedure import AdlPrice, AdlRanking
from crossmargin.rulebooks.steps import RiskLimits, stepped_tiers

D = Decimal
OLDER = load_rulebook("bitmex", edition="2024-11-24")
NEWER = load_rulebook("bitmex", edition="2026-11-22")


def assessed(size, mark, *, wallet="100", entry=None, book=OLDER, margin=None, leverage=None):
    mode = MarginMode.CROSS if margin is None else MarginMode.ISOLATED
    position = Position("XBTUSD", D(size), D(entry or mark), mode, D(margin or 0))
    account = Account(
        {"XBT": D(wallet)},
        (position,),
        leverage={} if leverage is None else {"XBTUSD": D(leverage)},
    )
    return assess(account, Market({"XBTUSD": D(mark)}), book)


# Contracts of 1 USD at 10,000: so many ten-thousandths of an XBT.
@pytest.mark.parametrize(
    ("book", "contracts", "initial", "maintenance"),
    [
        # riskLimitsExamples: 180 XBT is below the base limit, 0.5 % of it is 0.9.
        (OLDER, 1_800_000, "1.8", "0.9"),
        # On the limit it is not a step above: 1 % and 0.5 % of 200.
        (OLDER, 2_000_000, "2", "1"),
        # A ten-thousandth above, the step's rates hold for all of it: 1.5 % and 1 %.
        (OLDER, 2_000_001, "3.0000015", "2.000001"),
        # 230 XBT: 1.5 % and 1 %.
        (OLDER, -2_300_000, "3.45", "2.3"),
        # 500 XBT is two steps above, ceil(300 / 150): 2 % and 1.5 %.
        (OLDER, 5_000_000, "10", "7.5"),
        # The newer table: 80 and 130 XBT, initial rates 2 % and 2 % + 0.5 %.
        (NEWER, 800_000, "1.6", "0.4"),
        (NEWER, 1_300_000, "3.25", "1.3"),
    ],
)
def test_the_rates_of_a_step_hold_for_the_whole_position(book, contracts, initial, maintenance):
    [one] = assessed(contracts, "10000", book=book).positions

    assert (D(initial), D(maintenance)) == (one.initial_margin, one.maintenance_margin)


@pytest.mark.parametrize(
    ("book", "limits"),
    [
        (OLDER, RiskLimits(D(200), D(150), D("0.005"), D("0.01"))),
        (NEWER, RiskLimits(D(100), D(50), D("0.005"), D("0.02"))),
    ],
)
def test_the_ladders_are_those_that_limit_and_step_make(book, limits):
    assert stepped_tiers(limits, 29) == book.contracts["XBTUSD"].tiers
    assert book.is_whole_position


def test_a_position_above_the_written_steps_is_unknown():
    # 4,550 XBT are written.
    found = assessed(45_500_001, "10000")

    assert found.pool.health is None
    assert ("margin tiers of XBTUSD",) == found.pool.missing


def test_a_long_can_be_liquidated_by_the_next_risk_limit():
    # 1,900,000 contracts are worth 200 XBT at 9,500, and more below it. There the equity is
    # 11.5 - (200 - 190) = 1.5: enough for 0.5 % of 200, which is 1, but not for 1 %, which is 2.
    found = assessed(1_900_000, "10000", wallet="11.5")
    lower = found.boundaries.positions[0].lower

    assert D(9500) == lower
    for mark, is_liquidatable in ((lower, False), (lower - D("0.1"), True)):
        there = assessed(1_900_000, mark, wallet="11.5", entry="10000")
        assert is_liquidatable == there.pool.is_liquidatable


def test_the_published_liquidation_price_of_a_flat_payoff_is_not_the_inverse_one():
    # isolatedMarginExamples: 100 XBT at 100 with 4 XBT posted ends at 97 by a linear payoff. The
    # inverse one: 4 + 100 - N/p = 0.5 % x N/p with N = 10,000: p = 10,050 / 104 = 96.63…, up.
    found = assessed(10_000, "100", margin="4")

    assert D("96.7") == found.boundaries.positions[0].lower
    assert D(96) == found.pool.wallet_balance


@pytest.mark.parametrize(("leverage", "initial"), [(None, "1"), ("10", "10"), ("200", "1")])
def test_initial_margin_is_at_least_the_risk_limits(leverage, initial):
    # 100 XBT.
    [one] = assessed(1_000_000, "10000", leverage=leverage).positions

    assert D(initial) == one.initial_margin


def test_contracts_are_as_the_venue_counts_them():
    # One contract of XBTUSD is 1 USD; of XBTUSDT a millionth of a coin.
    kinds = {
        symbol: (contract.instrument.kind, contract.instrument.settle, contract.instrument.base)
        for symbol, contract in OLDER.contracts.items()
    }

    assert {
        "XBTUSD": (Kind.INVERSE_PERPETUAL, "XBT", "XBT"),
        "XBTUSDT": (Kind.LINEAR_PERPETUAL, "USDT", "XBT"),
        "ETHUSDT": (Kind.LINEAR_PERPETUAL, "USDT", "ETH"),
    } == kinds
    multipliers = [contract.instrument.multiplier for contract in OLDER.contracts.values()]
    assert [D(1), D("0.000001"), D("0.00001")] == multipliers


def test_interest_is_a_third_of_the_daily_difference():
    # The instrument reply: 0.06 % and 0.03 % a day, three fundings.
    assert (D("0.0006") - D("0.0003")) / 3 == OLDER.funding.interest_rate


def test_winners_are_ranked_and_closed_at_the_bankruptcy_price():
    assert (AdlRanking.PROFIT_TIMES_LEVERAGE, AdlPrice.BANKRUPTCY) == (
        OLDER.adl.ranking,
        OLDER.adl.price,
    )
