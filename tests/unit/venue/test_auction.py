"""Dutch auctions: prices that only fall, slices that heal exactly, payouts that only rise."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crossmargin.errors import UnitError, UsageError
from crossmargin.money import exact
from crossmargin.venue.auction import (
    AuctionedAccount,
    AuctionRule,
    after_bid,
    buffer_margin_balance,
    fraction_max,
    insolvent_cash_required,
    insolvent_payout,
    price_fraction,
    solvent_bid,
    start_fee,
)

D = Decimal
# derivexyz/v2-core, the auction's unit tests.
RULE = AuctionRule(D(1), D("0.8"), D(600), D(7200), D("0.1"))
ACCOUNT = AuctionedAccount(D(-100), D(300))

amounts = st.decimals(D("0.01"), 1_000_000, places=2)
times = st.decimals(0, 10_000, places=1)
rules = st.builds(
    lambda ends, fast, slow, buffer: AuctionRule(max(ends), min(ends), fast, slow, buffer),
    st.tuples(*[st.decimals(D("0.01"), 1, places=2)] * 2),
    st.decimals(1, 1000, places=1),
    st.decimals(1, 20_000, places=1),
    st.decimals(0, 1, places=2),
)
accounts = st.builds(
    lambda mm, mtm, reserved: AuctionedAccount(-mm, mtm, mtm * reserved),
    amounts,
    amounts,
    st.decimals(0, D("0.99"), places=2),
)
fractions = st.decimals(D("0.001"), 1, places=3)


@pytest.mark.parametrize(
    ("seconds", "fraction"),
    [
        ("0", "1"),
        ("300", "0.9"),
        ("600", "0.8"),
        # Half of the slow fall.
        ("4200", "0.4"),
        ("7800", "0"),
        ("9000", "0"),
    ],
)
def test_price_fraction(seconds, fraction):
    assert D(fraction) == price_fraction(RULE, D(seconds))


@given(rules, times, times)
def test_the_price_only_falls(rule, one, other):
    early, late = sorted((one, other))

    assert rule.start_fraction >= price_fraction(rule, early)
    assert price_fraction(rule, early) >= price_fraction(rule, late) >= 0


def test_a_bid_by_hand():
    # BM = −100 + 0.1 × (−400) = −140; (300 − 0) × 0.9 = 270; 140 ÷ (140 + 270).
    bid = solvent_bid(ACCOUNT, RULE, D(300), D("0.1"))

    assert D(-140) == bid.buffer_margin_balance
    assert D(270) == bid.whole_price
    assert Fraction(14, 41) <= Fraction(bid.fraction_max) < Fraction(14, 41) + Fraction(1, 10**49)
    assert D("0.1") == bid.fraction
    assert D(27) == bid.cash_from_bidder
    # The cost and a tenth of the buffer margin that comes along.
    assert D(41) == bid.cash_required


def test_cash_of_earlier_bidders_is_not_for_sale():
    account = replace(ACCOUNT, reserved_cash=D(60))
    bid = solvent_bid(account, RULE, D(300), D("0.1"))

    # (300 − 60) × 0.9; 140 ÷ (140 + 270 + 6); 21.6 + (140 + 60) × 0.1.
    assert D(216) == bid.whole_price
    assert 0 <= Fraction(bid.fraction_max) - Fraction(140, 416) < Fraction(1, 10**49)
    assert D("21.6") == bid.cash_from_bidder
    assert D("41.6") == bid.cash_required


@given(accounts, rules, times)
def test_buying_all_that_may_be_bought_leaves_no_buffer_margin(account, rule, seconds):
    bid = solvent_bid(account, rule, seconds, D(1))
    healed = after_bid(account, bid)

    assert bid.fraction_max == bid.fraction <= 1
    left = buffer_margin_balance(healed, rule.buffer_fraction)
    # Rounded up, so a hair above zero and never below.
    assert 0 <= left < D("1e-40")


@given(accounts, rules, times, fractions)
@exact
def test_a_smaller_bid_heals_a_part(account, rule, seconds, requested):
    bid = solvent_bid(account, rule, seconds, requested)
    healed = after_bid(account, bid)
    before = buffer_margin_balance(account, rule.buffer_fraction)

    assert bid.fraction == min(requested, bid.fraction_max)
    assert 0 <= bid.cash_from_bidder <= bid.cash_required
    assert bid.cash_from_bidder == healed.reserved_cash - account.reserved_cash
    assert before < buffer_margin_balance(healed, rule.buffer_fraction) < D("1e-40")
    # The seller is never paid more than the slice is worth.
    assert healed.mark_to_market <= account.mark_to_market


@given(accounts, rules, times, times)
def test_a_later_buyer_may_take_more(account, rule, one, other):
    early, late = (price_fraction(rule, seconds) for seconds in sorted((one, other)))

    assert fraction_max(account, rule, early) <= fraction_max(account, rule, late)


def test_nothing_is_sold_where_the_buffer_is_whole():
    healthy = AuctionedAccount(D(100), D(300))

    assert D(0) == fraction_max(healthy, RULE, D(1))
    assert D(0) == solvent_bid(healthy, RULE, D(0), D(1)).cash_from_bidder


def test_a_small_account_is_sold_whole():
    rule = replace(RULE, whole_below=D(301))

    assert D(1) == fraction_max(ACCOUNT, rule, D("0.9"))
    assert D(270) == solvent_bid(ACCOUNT, rule, D(300), D(1)).cash_from_bidder
    assert fraction_max(ACCOUNT, replace(RULE, whole_below=D(300)), D("0.9")) < 1


def test_the_start_fee_is_of_what_full_price_would_sell():
    # 140 ÷ (140 + 300) × 300 × 0.02, whatever has been paid since.
    fee = start_fee(replace(ACCOUNT, reserved_cash=D(9)), RULE, D("0.02"))

    assert 0 <= Fraction(fee) - Fraction(140, 440) * 6 < Fraction(1, 10**45)


@pytest.mark.parametrize(
    ("mtm", "reserved", "is_solvent", "is_void"),
    [
        ("300", "0", True, False),
        ("300", "299", True, False),
        ("300", "300", True, True),
        ("0", "0", False, True),
        ("-1", "0", False, True),
    ],
)
def test_which_auction_an_account_gets(mtm, reserved, is_solvent, is_void):
    account = AuctionedAccount(D(-1), D(mtm), D(reserved))

    assert account.is_auctionable
    assert not replace(account, maintenance_margin_balance=D(0)).is_auctionable
    assert (is_solvent, is_void) == (account.is_solvent, account.is_void)
    if is_void:
        with pytest.raises(UsageError, match="auction"):
            solvent_bid(account, RULE, D(0), D(1))


@pytest.mark.parametrize(
    ("mtm", "seconds", "fraction", "cash"),
    [
        # From 100 to 300 in 600 seconds.
        ("-100", "0", "1", "100"),
        ("-100", "300", "1", "200"),
        ("-100", "12", "0.5", "52"),
        ("-100", "600", "1", "300"),
        ("-100", "9999", "1", "300"),
        # A solvent auction that ran out starts at nothing.
        ("50", "0", "1", "0"),
        ("50", "300", "1", "150"),
    ],
)
def test_insolvent_payout(mtm, seconds, fraction, cash):
    account = AuctionedAccount(D(-300), D(mtm))
    payout = insolvent_payout(account, D(600), D(seconds), D(fraction))

    assert D(cash) == payout
    assert 300 * D(fraction) - D(cash) == insolvent_cash_required(account, D(fraction), payout)


@given(amounts, st.decimals(0, 1, places=2), times, times, st.decimals(1, 5000, places=1))
@exact
def test_the_payout_only_rises_up_to_the_margin_that_is_missing(mm, part, one, other, length):
    account = AuctionedAccount(-mm, -mm * part)
    early, late = (insolvent_payout(account, length, t, D(1)) for t in sorted((one, other)))

    assert mm * part <= early <= late <= mm


@pytest.mark.parametrize(
    ("act", "error", "word"),
    [
        (lambda: price_fraction(RULE, D(-1)), UnitError, "since the start"),
        (lambda: solvent_bid(ACCOUNT, RULE, D(0), D(0)), UnitError, "fraction is 0"),
        (lambda: solvent_bid(ACCOUNT, RULE, D(0), D("1.1")), UnitError, "fraction is 1.1"),
        (lambda: insolvent_payout(ACCOUNT, D(0), D(0), D(1)), UnitError, "length is 0"),
        (lambda: insolvent_payout(ACCOUNT, D(9), D(-1), D(1)), UnitError, "since the start"),
        (
            lambda: insolvent_payout(AuctionedAccount(D(0), D(0)), D(9), D(0), D(1)),
            UsageError,
            "no auction",
        ),
        (lambda: replace(RULE, start_fraction=D("0.7")), UnitError, "not rise"),
        (lambda: replace(RULE, start_fraction=D("1.1")), UnitError, "between 1 and 0"),
        (lambda: replace(RULE, fast_seconds=D(0)), UnitError, "lengths"),
        (lambda: replace(RULE, buffer_fraction=D(-1)), UnitError, "buffer"),
    ],
)
def test_what_makes_no_sense_is_refused(act, error, word):
    with pytest.raises(error, match=word):
        act()
