from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from crossmargin.errors import UsageError
from crossmargin.model.account import Account, PositionMode
from crossmargin.replay.result import Event, EventKind
from crossmargin.report.tables import events_table, path_table
from tests.unit.report.stories import MINUTE, T0, dec, fall, long, path, run

MEASURES = ("equity", "initial_margin", "maintenance_margin", "buffer", "health")


def test_the_path_has_a_row_for_each_point_and_mode():
    table = path_table(fall())

    names = [f"{measure}_{unit}" for unit in ("USDT", "AUSDT", "BUSDT") for measure in MEASURES]
    assert ["at_ms", "at", "mode", "mark_AUSDT", "mark_BUSDT", *names] == table.columns
    assert ["cross"] * 4 + ["isolated"] * 4 == table["mode"].to_list()
    assert [T0 + MINUTE * minute for minute in range(4)] * 2 == table["at_ms"].to_list()
    assert pl.Datetime("ms", "UTC") == table["at"].dtype
    assert "2025-10-10T20:01:00+00:00" == table["at"][1].isoformat()


def test_the_path_holds_what_was_true_after_each_point():
    table = path_table(fall())
    cross = table.filter(pl.col("mode") == "cross")
    isolated = table.filter(pl.col("mode") == "isolated")

    assert [100.0, 91.5, 85.0, 100.0] == cross["mark_AUSDT"].to_list()
    np.testing.assert_allclose([1000, 914.085, 849.085, 999.085], cross["equity_USDT"])
    np.testing.assert_allclose([15, 14.15, 13.5, 15], cross["maintenance_margin_USDT"])
    np.testing.assert_allclose([985, 899.935, 835.585, 984.085], cross["buffer_USDT"])
    np.testing.assert_allclose(13.5 / 849.085, cross["health_USDT"][2])
    assert [None] * 4 == cross["equity_AUSDT"].to_list()
    assert [None, None] == isolated["equity_AUSDT"].to_list()[2:]
    assert [0.0] * 4 == isolated["health_USDT"].to_list()


def test_a_price_that_is_missing_is_null():
    table = path_table({"cross": fall(has_gap=True)["cross"]})

    assert table["mark_BUSDT"].to_list() == [50.0, 50.0, 50.0, None]
    assert table["equity_USDT"][3] is None
    assert table["health_USDT"][3] is None


def test_a_hedged_symbol_has_columns_for_each_side():
    account = Account(
        {"USDT": dec("1000")},
        (long("AUSDT", "1", "100", "10"), long("AUSDT", "-1", "100", "10")),
        position_mode=PositionMode.HEDGE,
    )

    names = path_table({"own": run(account, path(AUSDT=[100, 101]))}).columns

    assert {"buffer_AUSDT long", "buffer_AUSDT short"} <= set(names)


def test_events_of_all_modes_are_in_order_of_time():
    table = events_table(fall())

    kinds = [("cross", "funding"), ("isolated", "funding"), ("isolated", "take-over")]
    assert kinds == list(zip(table["mode"], table["kind"], strict=True))
    assert table["at_ms"].is_sorted()


def test_money_of_events_is_exact_and_adds_up():
    table = events_table(fall())

    assert pl.Decimal(38, 18) == table["funding"].dtype
    assert dec("-1.83") == table["funding"].sum()
    assert dec("-99.085") == table["realised_pnl"].sum()
    takeover = table.row(-1, named=True)
    assert dec("-50.915") == takeover["fund_change"]
    assert dec("-50.915") == takeover["equity_before"]
    assert dec("8.5") == takeover["maintenance_margin_before"]
    assert takeover["equity_after"] is None
    assert ("AUSDT", "USDT", "AUSDT") == (
        takeover["unit"],
        takeover["asset"],
        takeover["symbol"],
    )
    assert dec("-10") == takeover["size"]
    assert "insurance fund pays 50.915 USDT" in takeover["text"]
    assert "nothing smaller restores health" in takeover["rule"]


def test_the_table_without_events_has_all_columns():
    empty = events_table({"cross": run(Account({"USDT": dec("5")}), path(AUSDT=[1, 2]))})

    assert events_table(fall()).schema == empty.schema
    assert 0 == empty.height


def test_digits_after_the_eighteenth_are_cut_and_never_rounded_up():
    result = with_event(price=Decimal("0.1234567890123456789"))

    assert dec("0.123456789012345678") == events_table({"own": result})["price"][0]


def test_an_amount_that_does_not_fit_is_refused():
    with pytest.raises(UsageError, match="too many digits"):
        events_table({"own": with_event(price=Decimal("1e20"))})


def with_event(**fields):
    """Return a result with one event, a fill with these fields."""
    result = run(Account({"USDT": dec("5")}), path(AUSDT=[1, 2]))
    object.__setattr__(result, "events", (Event(T0, EventKind.FILL, "traded", **fields),))
    return result
