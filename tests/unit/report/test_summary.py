from decimal import Decimal

import pytest

from crossmargin.errors import UsageError
from crossmargin.feeds.series import Gap
from crossmargin.model.account import Account
from crossmargin.model.order import Order, OrderType
from crossmargin.report.headline import headline
from crossmargin.report.plain_summary import plain_summary
from crossmargin.report.receipts import receipts
from crossmargin.report.summary import FlowSummary, Low, Outcome, summarise
from tests.unit.report.stories import MINUTE, T0, closed_by_parts, dec, fall, long, path, run


def mode(results, name):
    return next(mode for mode in summarise(results).modes if mode.name == name)


def test_the_pool_that_lives_keeps_its_money_but_for_funding():
    cross = mode(fall(), "cross")
    (usdt,) = cross.assets

    assert Outcome.SURVIVED is cross.outcome
    assert (dec("1000"), dec("999.085")) == (usdt.equity_start, usdt.equity_end)
    assert dec("-0.915") == usdt.change
    assert Low(dec("849.085"), T0 + 2 * MINUTE) == usdt.lowest
    assert (FlowSummary("USDT", funding=dec("-0.915")),) == cross.flows
    assert ("AUSDT", "BUSDT") == cross.open_at_end
    assert () == cross.gone


def test_the_smallest_buffer_and_highest_health_of_a_pool_are_along_the_path():
    (pool,) = mode(fall(), "cross").units

    # 849.085 − 8.5 − 5; 13.5 ÷ 849.085
    assert Low(dec("835.585"), T0 + 2 * MINUTE) == pool.smallest_buffer
    assert pool.highest_health is not None
    assert dec("0.0158995") == round(pool.highest_health.amount, 7)


def test_the_bucket_that_fails_loses_its_margin_and_the_fund_pays_the_rest():
    isolated = mode(fall(), "isolated")
    (usdt,) = isolated.assets

    assert Outcome.PARTLY is isolated.outcome
    assert dec("900") == usdt.equity_end
    assert (FlowSummary("USDT", dec("-99.085"), dec("-0.915"), dec("0"), dec("-50.915")),) == (
        isolated.flows
    )
    assert ("BUSDT",) == isolated.open_at_end


def test_the_smallest_buffer_of_a_failed_bucket_is_the_one_of_its_receipt():
    (bucket,) = mode(fall(), "isolated").gone

    assert "AUSDT" == bucket.name
    assert T0 + 2 * MINUTE == bucket.taken_over_at_ms
    assert dec("-50.915") == bucket.taken_over_equity
    assert Low(dec("-59.415"), T0 + 2 * MINUTE) == bucket.smallest_buffer
    assert Low(dec("1"), T0 + 2 * MINUTE) == bucket.highest_health


def test_a_pool_of_which_nothing_is_asked_has_no_buffer_to_watch():
    isolated = mode(fall(), "isolated")
    pool = next(unit for unit in isolated.units if unit.is_pool)

    assert pool.smallest_buffer is None
    assert pool.highest_health is None
    assert isolated.closest is not None
    assert "AUSDT" == isolated.closest.name


def test_what_is_unknown_at_the_end_is_not_guessed():
    summary = summarise(fall(has_gap=True))

    assert [Outcome.UNKNOWN] * 2 == [mode.outcome for mode in summary.modes]
    assert [None] * 2 == [mode.assets[0].equity_end for mode in summary.modes]
    assert [("BUSDT",)] * 2 == [mode.missing_at_end for mode in summary.modes]
    assert [MINUTE] * 2 == [mode.unknown_ms for mode in summary.modes]
    assert [Gap("BUSDT", T0 + 3 * MINUTE, T0 + 4 * MINUTE, 1)] == list(summary.gaps)


def test_a_bucket_without_a_price_is_unknown_and_not_lost():
    account = Account(
        {"USDT": dec("1000")}, (long("AUSDT", "1", "100", "50"),), leverage={"AUSDT": dec("2")}
    )
    result = run(account, path(AUSDT=[100, None, 90]))
    (usdt,) = mode({"as given": result}, "as given").assets

    assert Low(dec("990"), T0 + 2 * MINUTE) == usdt.lowest


def test_fees_and_profit_of_orders_are_added_up():
    order = Order("AUSDT", dec("-4"), dec("110"), OrderType.LIMIT)
    account = Account(
        {"USDT": dec("1000")},
        (long("AUSDT", "10", "100"),),
        (order,),
        leverage={"AUSDT": dec("10")},
    )
    result = run(account, path(AUSDT=[100, 110, 105]))
    as_given = mode({"as given": result}, "as given")

    # 4 × 10 realised; 440 × 0.0002 of maker fee; 6 × 5 still open
    assert (FlowSummary("USDT", realised_pnl=dec("40"), fees=dec("0.088")),) == as_given.flows
    assert dec("1069.912") == as_given.assets[0].equity_end


def test_an_account_without_positions_has_nothing_at_stake():
    result = run(Account({"USDT": dec("5")}), path(AUSDT=[1, 2]))
    as_given = mode({"as given": result}, "as given")

    assert Outcome.SURVIVED is as_given.outcome
    assert as_given.closest is None
    assert dec("5") == as_given.assets[0].equity_end


def test_several_modes_must_have_lived_through_the_same_prices():
    account = Account({"USDT": dec("5")})
    one, other = (run(account, path(AUSDT=[1, mark])) for mark in (2, 3))

    with pytest.raises(UsageError, match="cross and isolated are replays of different prices"):
        summarise({"cross": one, "isolated": other})
    with pytest.raises(UsageError, match="there is no replay"):
        summarise({})


def test_prices_and_assumptions_are_told_once_and_apart():
    summary = summarise(fall())

    assert ("Prices made up by hand.",) == summary.prices
    assert "AUSDT: funding made up by hand." in summary.assumptions
    assert not set(summary.prices) & set(summary.assumptions)
    assert len(set(summary.assumptions)) == len(summary.assumptions)


def test_the_plain_summary_holds_decimal_strings_and_times():
    plain = plain_summary(summarise(fall()))
    isolated = plain["modes"]["isolated"]

    assert 1 == plain["schema"]
    assert "2025-10-10T20:00:00Z" == plain["from"]
    assert "partly-liquidated" == isolated["outcome"]
    assert "2025-10-10T20:02:00Z" == isolated["liquidated_at"]
    assert "-50.915" == isolated["flows"]["USDT"]["fund_change"]
    assert {"amount": "-59.415", "at_ms": T0 + 2 * MINUTE, "at": "2025-10-10T20:02:00Z"} == (
        isolated["units"]["AUSDT"]["smallest_buffer"]
    )
    assert {"symbol": "AUSDT", "first": "100", "last": "100"}.items() <= (
        plain["symbols"][0].items()
    )
    assert not [value for value in leaves(plain) if isinstance(value, float | Decimal)]


def leaves(value):
    """Return all values that are neither lists nor dictionaries."""
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [value]


def test_reductions_that_close_everything_are_an_end():
    results = {"cross": closed_by_parts()}
    cross = mode(results, "cross")

    assert Outcome.CLOSED is cross.outcome
    assert () == cross.open_at_end
    assert [("USDT", T0 + MINUTE)] == [(unit.name, unit.closed_at_ms) for unit in cross.gone]
    assert (
        "Cross: closed by liquidation by 10 Oct 2025 20:01 UTC, 50.00 of 1,000 USDT left."
        == headline(cross)
    )


def test_the_json_of_an_account_closed_by_parts_says_liquidated():
    found = plain_summary(summarise({"cross": closed_by_parts()}))["modes"]["cross"]

    assert "closed" == found["outcome"]
    assert found["is_liquidated"]
    assert T0 + MINUTE == found["liquidated_at_ms"]
    assert T0 + MINUTE == found["units"]["USDT"]["closed_at_ms"]
    assert found["units"]["USDT"]["taken_over_at_ms"] is None


@pytest.mark.parametrize(
    ("fee", "action"),
    [
        ("0", "<p>Sold 100 AUSDT at 90.5.</p>"),
        # 9,050 × 0.001
        ("0.001", "<p>Sold 100 AUSDT at 90.5; liquidation fee 9.05 USDT.</p>"),
    ],
)
def test_the_receipt_of_a_whole_position_says_so_and_a_fee_only_where_there_is_one(fee, action):
    html = receipts({"cross": closed_by_parts(fee=fee)})

    assert "<p>The position is closed.</p>" in html
    assert action in html
