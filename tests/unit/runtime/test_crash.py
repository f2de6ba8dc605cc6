"""A venue through a crash, its books kept a second time beside it."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec.structs import replace

from crossmargin.errors import UnknownError
from crossmargin.feeds.builtin import builtin_path
from crossmargin.feeds.moments import feed_of
from crossmargin.money import exact
from crossmargin.report.crash_summary import adl_of, summarise_crash
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.runtime.crash import LEAD_MS, crash_of, run
from crossmargin.runtime.population import population
from crossmargin.venue.decide import decide
from crossmargin.venue.ledger import balances
from tests.unit.runtime.bookkeeper import Bookkeeper

START = datetime(2025, 10, 10, 21, tzinfo=UTC)
START_MS = int(START.timestamp()) * 1000
HALF_HOUR_MS = 1_800_000
SYMBOLS = ("BTCUSDT", "SOLUSDT")
RULEBOOK = load_rulebook("binance-usdm", at=START)


@exact
def total(values):
    """Return the sum of `values`, which are worked out as exactly as it is."""
    return sum(values, Decimal(0))


def told(seed=7, count=120, policy="profit-times-leverage"):
    feed = feed_of(builtin_path(SYMBOLS)).between(START_MS - LEAD_MS, START_MS + HALF_HOUR_MS)
    return crash_of(RULEBOOK, feed, START_MS, population(seed, count, SYMBOLS, RULEBOOK), policy)


@pytest.fixture(scope="module")
def kept():
    """A run and the second set of books."""
    books = Bookkeeper(decide)
    return run(told(), books.decide), books


def test_it_is_a_crash(kept):
    ran, books = kept

    assert [] == ran.log.broken
    assert books.commands == ran.log.commands
    assert books.kinds == ran.log.counts
    # The book ran dry, the fund was used up and winners had to close.
    assert books.fund["own"] < 0
    assert books.deleveraged


def test_every_asset_sums_to_zero_by_the_second_books(kept):
    ran, books = kept
    second = {purse: amount for purse, amount in books.money.items() if amount}
    first = {purse: amount for purse, amount in balances(ran.state).items() if amount}

    assert second == first
    for asset in {asset for _, asset in second}:
        inside = sum(
            amount for (purse, of), amount in second.items() if of == asset and purse != "outside"
        )
        assert books.deposited[asset] == inside


def test_longs_are_shorts_by_the_second_books(kept):
    ran, books = kept
    held = {
        (account.name, position.symbol): position.size
        for account in ran.state.accounts.values()
        for position in account.positions.values()
    }

    assert {key: size for key, size in books.sizes.items() if size} == held
    assert {0} == set(books.traded.values())


def test_the_fund_is_what_came_and_went(kept):
    ran, books = kept
    fund = books.fund
    left = fund["fed"] + fund["fees"] + fund["takeover"] + fund["insurance"] + fund["own"]

    assert left == ran.state.purse("fund", "USDT")
    summary = summarise_crash(ran, 7)
    assert left == summary.fund.end
    assert fund["insurance"] == summary.fund.flows.get("insurance", 0)
    assert fund["own"] == summary.fund.flows["own positions"]
    assert all(one.fund["USDT"] >= 0 for one in ran.log.looks[1:])


def test_who_was_taken_over_has_a_receipt_that_says_why(kept):
    ran, books = kept
    summary = summarise_crash(ran, 7)
    people = {one.person.name for one in ran.endings}

    assert set(books.struck) <= {one.account for _, one in books.receipts}
    assert {one.account for _, one in books.receipts} & people == {
        one.account for one in summary.liquidations
    }
    for at_ms, one in books.receipts:
        assert one.before.equity <= one.before.maintenance_margin, (at_ms, one)
    assert summary.groups[-1].liquidated == len({one.account for one in summary.liquidations})


def test_what_the_fund_took_is_the_equity_of_whom_it_took_it_from(kept):
    # A takeover uses the equity up exactly, so at the mark the fund gains or loses just that. In
    # multi-assets mode equity is after haircuts, which the fund's money is not.
    ran, _ = kept
    whole = [
        one
        for one in summarise_crash(ran, 7).liquidations
        if set(one.closed_usd) == {"fund"}
        and one.steps == ("take-over",)
        and one.is_gone
        and one.kind != "multi-assets"
    ]

    assert whole
    for one in whole:
        result = one.fund_gained - one.fund_paid
        assert abs(result - one.equity) <= Decimal("0.000001"), one


def test_groups_are_the_sum_of_their_accounts(kept):
    ran, _ = kept
    summary = summarise_crash(ran, 7)
    everyone = summary.groups[-1]
    traders = summary.groups[0]

    assert total(one.equity - one.put_in for one in ran.endings) == everyone.result
    assert everyone.result == total(one.result for one in summary.groups[:2])
    for groups in (summary.bands, summary.styles):
        assert traders.accounts == sum(one.accounts for one in groups)
        assert traders.result == total(one.result for one in groups)


def test_deleveragings_add_up(kept):
    ran, books = kept
    adl = adl_of(ran)

    assert len(books.deleveraged) == adl.events
    assert total(one.haircut for one in books.deleveraged) == adl.haircut
    closed = total(
        size * one.price for one in books.deleveraged for size in one.by_account.values()
    )
    assert closed == adl.closed_usd == total(one.closed_usd for one in adl.reduced)
    given = total(one.given_up for one in adl.reduced)
    assert abs(given - adl.haircut) < Decimal("1e-30")


def test_the_same_again_is_the_same_to_the_last_event(kept):
    ran, _ = kept

    assert ran.log.fingerprint == run(told(), decide).log.fingerprint
    assert ran.log.fingerprint != run(told(seed=8), decide).log.fingerprint


def test_another_policy_takes_as_much_from_others(kept):
    # All close at the price that uses the bankrupt account's money up, whoever closes.
    queue, pro_rata = adl_of(kept[0]), adl_of(run(told(policy="pro-rata-of-profits"), decide))

    assert ("profit-times-leverage", "pro-rata-of-profits") == (queue.policy, pro_rata.policy)
    assert len(queue.reduced) < len(pro_rata.reduced)
    assert abs(queue.closed_usd - pro_rata.closed_usd) < queue.closed_usd / 10


def test_a_feed_that_begins_without_a_price_is_refused():
    feed = told().feed
    first = replace(feed.moments[0], marks={"BTCUSDT": Decimal(117_000)})
    object.__setattr__(feed, "moments", (first, *feed.moments[1:]))

    with pytest.raises(UnknownError, match="SOLUSDT: no price at 2025-10-10T20:00:00Z"):
        crash_of(RULEBOOK, feed, START_MS, population(7, 5, SYMBOLS, RULEBOOK), "profit")
