"""dYdX v4 as its packaged rulebook has it; expected numbers by hand."""

from decimal import Decimal

import pytest

from crossmargin.margin.assess import assess
from crossmargin.model.account import Account, Position
from crossmargin.model.market import Market
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.margin_rule import InitialMargin
from crossmargin.rulebooks.procedure import AdlRanking, LadderStep

D = Decimal
BOOK = load_rulebook("dydx-v4")


def assessed(symbol, size, mark, *, wallet="1000", leverage=None, open_interest=None, entry=None):
    account = Account(
        {"USDC": D(wallet)},
        (Position(symbol, D(size), D(entry or mark)),),
        leverage={} if leverage is None else {symbol: D(leverage)},
    )
    known = {} if open_interest is None else {symbol: D(open_interest)}
    return assess(account, Market({symbol: D(mark)}, open_interest=known), BOOK)


@pytest.mark.parametrize(
    ("size", "mark", "notional", "initial", "maintenance"),
    [
        # 8.99192 x 2 % = 0.1798384, up to 0.179839; x 60 % = 0.1079034, up to 0.107904.
        ("0.0001", "89919.2", "8.99192", "0.179839", "0.107904"),
        # 51 units x 2 % = 1.02, up to 2; x 60 % = 1.2, up to 2. At once it would be 0.612, up to 1.
        ("0.000051", "1", "0.000051", "0.000002", "0.000002"),
        # 0.0123456789 is cut to 0.012345; x 2 % = 0.0002469, up to 0.000247; x 60 % = 0.0001482.
        ("-0.0123456789", "1", "0.012345", "0.000247", "0.000149"),
    ],
)
def test_amounts_are_whole_millionths_of_a_dollar(size, mark, notional, initial, maintenance):
    [one] = assessed("BTC-USD", size, mark).positions

    assert (D(notional), D(initial), D(maintenance)) == (
        one.notional,
        one.initial_margin,
        one.maintenance_margin,
    )


# 10 SOL at 100 are 1,000 USDC. Caps 40 M and 100 M.
@pytest.mark.parametrize(
    ("open_interest", "initial"),
    [
        ("0", "50"),
        # 40 M: at the lower cap it is still the base, 5 %.
        ("400000", "50"),
        # 70 M: half way, 5 % + 95 % x 1/2 = 52.5 %.
        ("700000", "525"),
        # 60 M: a third of the way, 0.05 + 0.95 / 3 = 0.36666…, cut to millionths.
        ("600000", "366.666"),
        ("1000000", "1000"),
        ("5000000", "1000"),
    ],
)
def test_open_interest_raises_initial_margin_alone(open_interest, initial):
    found = assessed("SOL-USD", "10", "100", open_interest=open_interest)
    [one] = found.positions

    assert (D(initial), D(30)) == (one.initial_margin, one.maintenance_margin)


def test_open_interest_that_is_not_given_is_said():
    found = assessed("SOL-USD", "10", "100")

    # It moves initial margin alone: that is unknown, what liquidates is not.
    assert (None, D(30)) == (
        found.positions[0].initial_margin,
        found.positions[0].maintenance_margin,
    )
    assert (("open interest of SOL-USD",), None) == (found.initial_missing, found.pool.free_margin)


@pytest.mark.parametrize(
    ("leverage", "initial"),
    [(None, "20"), ("10", "100"), ("50", "20"), ("100", "20")],
)
def test_a_setting_can_only_ask_for_more(leverage, initial):
    [one] = assessed("BTC-USD", "1", "1000", leverage=leverage).positions

    assert (D(initial), D(12)) == (one.initial_margin, one.maintenance_margin)


@pytest.mark.parametrize(("wallet", "is_liquidatable"), [("12", False), ("11.999999", True)])
def test_equity_must_be_below_maintenance_margin(wallet, is_liquidatable):
    # 1 BTC at 1,000: maintenance margin 12.
    pool = assessed("BTC-USD", "1", "1000", wallet=wallet).pool

    assert is_liquidatable == pool.is_liquidatable


def test_the_liquidation_price_solves_the_requirement():
    # 100.5 + p - 1000 = 0.012 p, so p = 899.5 / 0.988 = 910.425…; a tick is 1, up. Zero equity is
    # at 899.5, up to 900.
    [boundary] = assessed("BTC-USD", "1", "1000", wallet="100.5").boundaries.positions

    assert (D(911), D(900)) == (boundary.lower, boundary.bankruptcy_price)


def test_what_the_markets_reply_says():
    fractions = {
        symbol: (contract.tiers.pieces[0].rate, contract.tiers.pieces[0].initial_rate)
        for symbol, contract in BOOK.contracts.items()
    }

    assert {
        "BTC-USD": (D("0.012"), D("0.02")),
        "ETH-USD": (D("0.012"), D("0.02")),
        "SOL-USD": (D("0.03"), D("0.05")),
    } == fractions
    caps = BOOK.contracts["SOL-USD"].open_interest
    assert (D(40_000_000), D(100_000_000)) == (caps.lower, caps.upper)
    assert BOOK.contracts["BTC-USD"].open_interest is None


def test_the_funding_cap_is_six_times_the_gap_between_the_fractions():
    for contract in BOOK.contracts.values():
        [tier] = contract.tiers.pieces
        assert 6 * (tier.initial_rate - tier.rate) == BOOK.funding.cap_multiple * tier.rate


def test_the_method():
    assert (InitialMargin.LADDER, D("0.000001"), None) == (
        BOOK.margin.initial,
        BOOK.margin.money_step,
        BOOK.leverage_default,
    )
    assert (LadderStep.REDUCE_BY_FRACTION, D("0.1"), D(1000)) == (
        BOOK.liquidation.steps[0],
        BOOK.liquidation.fraction,
        BOOK.liquidation.whole_below,
    )
    assert (AdlRanking.RANDOM, False) == (BOOK.adl.ranking, BOOK.adl.is_loss_socialised)
