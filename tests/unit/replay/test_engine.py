"""Accounts on short paths, every number by hand.

One symbol asks 10 % of its notional. A wallet of 550 and ten units from 100 have an equity of
10p − 450 at a price p and are asked p: they meet at 50.
"""

import numpy as np
import pytest
from msgspec.structs import replace

from crossmargin.errors import UnknownError, UsageError
from crossmargin.margin.columns import columns
from crossmargin.model.account import Account, AccountMode, AssetsMode
from crossmargin.model.order import Order
from crossmargin.replay.engine import replay
from crossmargin.replay.result import EventKind
from crossmargin.rulebooks.schema import Collateral
from tests.toys import D, account, book, held, inverse, linear, one_tier
from tests.unit.replay.paths import GAP, MINUTE, path, rates, setup, told

FUNDING, FUNDING_UNKNOWN = EventKind.FUNDING, EventKind.FUNDING_UNKNOWN
TAKE_OVER, REDUCE = EventKind.TAKE_OVER, EventKind.REDUCE_TO_LOWER_TIER


def test_where_nothing_happens_health_is_tracked_and_nothing_is_decided():
    start = account(550, held("AUSDT", 10))
    result = replay(start, setup(path(AUSDT=[100, 60, 120])))
    track = result.tracks["USDT"]

    assert ((), 0, start) == (result.events, result.decisions, result.end)
    # 10p − 450; 10p ÷ 20; p.
    assert [550, 150, 750] == track.equity.tolist()
    assert [50, 30, 60] == track.initial_margin.tolist()
    assert [100, 60, 120] == track.maintenance_margin.tolist()
    assert ("USDT", ["USDT"]) == (track.asset, [*result.tracks])


def test_an_account_is_taken_over_where_equity_meets_maintenance_margin_exactly():
    start = account(550, held("AUSDT", 10))
    result = replay(start, setup(path(AUSDT=[100, 50.00000001, 50, 200])))
    (event,) = result.events

    assert [(2, TAKE_OVER)] == told(result)
    assert account(0) == result.end
    # 50 is left: 5 a unit.
    assert (D(-10), D(45), D(-550), D(50)) == (
        event.size,
        event.price,
        event.realised_pnl,
        event.fund_change,
    )
    assert (D(50), D(50)) == (event.before.equity, event.before.maintenance_margin)
    # A fall through the line is doubtful at that point alone.
    assert 1 == result.decisions


def test_a_jump_beyond_bankruptcy_is_paid_by_the_fund():
    result = replay(account(550, held("AUSDT", 10)), setup(path(AUSDT=[100, 40])))

    # 550 − 600.
    assert (account(0), D(-50)) == (result.end, result.events[0].fund_change)


def test_after_a_takeover_the_track_is_at_zero():
    result = replay(account(550, held("AUSDT", 10)), setup(path(AUSDT=[100, 40, 30])))

    assert [550, 0, 0] == result.tracks["USDT"].equity.tolist()
    assert [100, 0, 0] == result.tracks["USDT"].maintenance_margin.tolist()


def test_an_account_may_be_condemned_at_the_first_point():
    result = replay(account(550, held("AUSDT", 10)), setup(path(AUSDT=[50, 100])))

    assert [(0, TAKE_OVER)] == told(result)
    assert ((0, account(0)),) == result.accounts


def test_a_short_is_condemned_above():
    # 550 − 10 (p − 100) = p at 1,550 ÷ 11 = 140.909...
    result = replay(account(550, held("AUSDT", -10)), setup(path(AUSDT=[100, 140.9, 140.91])))

    assert [(2, TAKE_OVER)] == told(result)


def test_one_bucket_dies_and_the_rest_lives():
    # The bucket of A holds 20 and asks 10 %: 20 + (p − 100) = 0.1p at 88.888...
    start = account(550, held("AUSDT", 1, margin=20), held("BUSDT", 1, margin=20))
    result = replay(start, setup(path(AUSDT=[100, 89, 88.8], BUSDT=[100, 100, 100])))
    (event,) = result.events

    assert (2, "AUSDT", TAKE_OVER) == (event.at_ms // MINUTE, event.unit, event.kind)
    assert account(530, held("BUSDT", 1, margin=20)) == result.end
    # 20 − 11.2.
    assert D("8.8") == event.fund_change
    assert [20, 9, True] == [
        *result.tracks["AUSDT"].equity[:2],
        np.isnan(result.tracks["AUSDT"].equity[2]),
    ]
    assert [510, 510, 510] == result.tracks["USDT"].equity.tolist()


def test_pool_and_buckets_are_tracked_apart():
    start = account(550, held("AUSDT", 1, margin=20), held("BUSDT", 1))
    result = replay(start, setup(path(AUSDT=[100, 88], BUSDT=[100, 90])))

    # The bucket goes with the 8 it has left; the pool loses 10 of 530.
    assert [530, 520] == result.tracks["USDT"].equity.tolist()
    assert 20 == result.tracks["AUSDT"].equity[0]


def test_a_position_is_reduced_through_its_tiers():
    # At 90 twenty units are 1,800 and ask 90 of 290 − 200 = 90. 1,000 ÷ 90 = 11.11111111 units fit
    # the first tier, so that 8.88888889 are sold at a loss of 10 each.
    result = replay(account(290, held("LUSDT", 20)), setup(path(LUSDT=[100, 91, 90, 90])))
    (event,) = result.events

    assert [(2, REDUCE)] == told(result)
    assert (D("-8.88888889"), D(90), D("-88.8888889")) == (
        event.size,
        event.price,
        event.realised_pnl,
    )
    assert account("201.1111111", held("LUSDT", "11.11111111")) == result.end
    assert D("9.999999999") == event.after.maintenance_margin


@pytest.mark.parametrize(
    ("size", "rate", "change"),
    [
        # At 110: 2 × 110 × 1 %.
        pytest.param("2", "0.01", "-2.2", id="a long pays"),
        pytest.param("2", "-0.01", "2.2", id="a long receives"),
        pytest.param("-2", "0.01", "2.2", id="a short receives"),
    ],
)
@pytest.mark.parametrize(
    "at_ms", [pytest.param(MINUTE, id="at a point"), pytest.param(MINUTE + 30_000, id="after it")]
)
def test_funding_is_paid_at_the_last_mark(size, rate, change, at_ms):
    start = account(1000, held("AUSDT", size))
    prices = path(AUSDT=[100, 110, 120])
    result = replay(start, setup(prices, funding=(rates("AUSDT", {at_ms: rate}),)))
    (event,) = result.events

    assert (at_ms, FUNDING, D(change), "USDT", "AUSDT") == (
        event.at_ms,
        event.kind,
        event.funding,
        event.asset,
        event.symbol,
    )
    assert D(1000) + D(change) == result.end.balances["USDT"]


def test_funding_counts_from_the_point_it_is_paid_at():
    start = account(1000, held("AUSDT", 2))
    prices = path(AUSDT=[100, 100, 100])
    result = replay(start, setup(prices, funding=(rates("AUSDT", {MINUTE: "0.01"}),)))

    assert [1000, 998, 998] == result.tracks["USDT"].equity.tolist()
    assert [0, 1] == [point for point, _ in result.accounts]
    assert [start, result.end, result.end] == [result.account_at(point) for point in range(3)]


def test_an_isolated_position_pays_from_its_bucket_and_may_die_of_it():
    # 20 asked 10: funding of 10 % of 100 leaves as much as is asked.
    start = account(1000, held("AUSDT", 1, margin=20))
    prices = path(AUSDT=[100, 100, 100])
    result = replay(start, setup(prices, funding=(rates("AUSDT", {MINUTE: "0.1"}),)))

    assert [(1, FUNDING), (1, TAKE_OVER)] == told(result)
    assert account(980) == result.end
    assert (D(-10), D(10)) == (result.events[0].funding, result.events[1].fund_change)


def test_funding_without_a_price_is_unknown_and_said():
    start = account(1000, held("AUSDT", 2))
    prices = path(AUSDT=[100, GAP, 100])
    result = replay(start, setup(prices, funding=(rates("AUSDT", {MINUTE: "0.01"}),)))

    assert [(1, FUNDING_UNKNOWN)] == told(result)
    assert "funding of AUSDT is unknown: it had no price then" == result.events[0].text
    assert start == result.end


def test_who_holds_nothing_pays_no_funding():
    result = replay(
        account(550, held("AUSDT", 10)),
        setup(path(AUSDT=[100, 40, 100]), funding=(rates("AUSDT", {2 * MINUTE: "0.01"}),)),
    )

    assert [(1, TAKE_OVER)] == told(result)


def test_in_a_gap_nothing_is_decided():
    result = replay(account(550, held("AUSDT", 10)), setup(path(AUSDT=[100, GAP, GAP, 50, 40])))

    assert [(3, TAKE_OVER)] == told(result)
    assert [False, True, True, False, False] == np.isnan(result.tracks["USDT"].equity).tolist()


def test_a_pool_waits_for_all_its_prices_but_a_bucket_only_for_its_own():
    # B alone would condemn both; while A has no price the pool is unknown, the bucket is not.
    start = Account(
        {"USDT": D(550), "USDC": D(20)},
        (held("AUSDT", 1), held("BUSDT", 10), held("CUSDC", 1, margin=20)),
    )
    rules = book(
        (linear("AUSDT"), one_tier("0.1")),
        (linear("BUSDT"), one_tier("0.1")),
        (linear("CUSDC", settle="USDC"), one_tier("0.1")),
    )
    prices = path(AUSDT=[100, GAP, 100], BUSDT=[100, 40, 40], CUSDC=[100, 80, 80])
    result = replay(start, setup(prices, rules))

    assert [(1, "CUSDC"), (2, "USDT")] == [
        (event.at_ms // MINUTE, event.unit) for event in result.events
    ]


def test_an_inverse_account_lives_in_its_coin():
    # 1 coin and 10 contracts of 100 from 100: 1 + 10 − 1,000 ÷ p of 100 ÷ p asked: equal at 100.
    rules = book((inverse("BTCUSD"), one_tier("0.1")))
    start = Account({"BTC": D(1)}, (held("BTCUSD", 10),))
    result = replay(start, setup(path(BTCUSD=[110, 100.01, 100]), rules))

    assert [(2, TAKE_OVER)] == told(result)
    assert (Account({"BTC": D(0)}), D(1)) == (result.end, result.events[0].fund_change)


COLLATERAL = {
    "USDT": Collateral(D(0), D(0), is_stable=True),
    "A": Collateral(D("0.1"), D("0.1")),
}


def test_in_multi_assets_mode_collateral_falls_with_the_mark():
    # 10 A at an index of 100 less 10 % are 900; ten units from 100 ask 10 %. At a mark of 60 the
    # index is 60: 540 − 400 of 60; at 50: 450 − 500.
    rules = book((linear("AUSDT"), one_tier("0.1")), collateral=COLLATERAL)
    start = Account({"A": D(10)}, (held("AUSDT", 10),), assets_mode=AssetsMode.MULTI)
    index = {"A": D(100), "USDT": D(1)}
    result = replay(start, setup(path(AUSDT=[100, 60, 50]), rules, index=index))
    track = result.tracks["USD"]

    assert [900, 140] == track.equity[:2].tolist()
    assert [(2, TAKE_OVER)] == told(result)
    assert D(-50) == result.events[0].fund_change
    assert "The index price of A moves with the mark price of AUSDT." in result.assumptions
    assert "The index price of USDT is held at 1." in result.assumptions


@pytest.mark.parametrize(
    ("start", "prices", "index", "sentence"),
    [
        pytest.param(
            account(1, held("AUSDT", 1), held("BUSDT", 1)),
            path(AUSDT=[100]),
            {},
            "there are no prices of BUSDT",
            id="no prices of a position",
        ),
        pytest.param(
            account(1, orders=(Order("BUSDT", D(1), D(90)),)),
            path(AUSDT=[100]),
            {},
            "there are no prices of BUSDT",
            id="no prices of an order",
        ),
        pytest.param(
            account(1, held("NUSDT", 1)),
            path(NUSDT=[100]),
            {},
            "health is unknown without margin tiers of NUSDT",
            id="no ladder",
        ),
        pytest.param(
            account(1, held("AUSDT", 1), assets_mode=AssetsMode.MULTI),
            path(AUSDT=[100]),
            {},
            "health is unknown without index price of USDT",
            id="no index price",
        ),
        pytest.param(
            Account({"X": D(1)}, (held("AUSDT", 1),), assets_mode=AssetsMode.MULTI),
            path(AUSDT=[100]),
            {"X": D(1), "USDT": D(1)},
            "health is unknown without collateral buffers of X",
            id="no haircut",
        ),
    ],
)
def test_what_would_be_missing_all_the_way_is_refused(start, prices, index, sentence):
    rules = book(
        (linear("AUSDT"), one_tier("0.1")),
        (linear("BUSDT"), one_tier("0.1")),
        (linear("NUSDT"), None),
        collateral=COLLATERAL,
    )

    with pytest.raises(UnknownError) as refused:
        replay(start, setup(prices, rules, index=index))

    assert sentence == str(refused.value)


def test_a_symbol_that_the_rulebook_does_not_know_is_a_mistake():
    with pytest.raises(UsageError, match="XUSDT is not a symbol of toy"):
        replay(account(1, held("XUSDT", 1)), setup(path(XUSDT=[100])))


def test_an_account_in_portfolio_mode_is_not_judged_by_ladders():
    start = replace(account(1000, held("AUSDT", 1)), mode=AccountMode.PORTFOLIO)

    with pytest.raises(UsageError, match="not replayed"):
        replay(start, setup(path(AUSDT=[100])))
    with pytest.raises(UsageError, match="has scenarios"):
        columns(start, book((linear("AUSDT"), one_tier("0.1"))))


def test_long_paths_are_screened_in_stretches():
    # The fall is in the second stretch of 200,000 points.
    marks = [100.0] * 200_000 + [100.0, 50.0]
    seen = []
    result = replay(
        account(550, held("AUSDT", 10)),
        setup(path(AUSDT=marks), progress=lambda done, total: seen.append((done, total))),
    )

    assert [(200_001, TAKE_OVER)] == told(result)
    assert [(200_000, 200_002), (200_002, 200_002)] == seen


def test_what_was_assumed_is_said_once():
    result = replay(account(550, held("AUSDT", 10)), setup(path(AUSDT=[100, 40])))
    said = result.assumptions

    assert len(set(said)) == len(said)
    assert "The leverage of AUSDT is not given: the 20 that toy starts with is used." in said
    assert any(sentence.startswith("Market orders are assumed to fill") for sentence in said)
