"""The case runner: what it reads, what it skips, what it must not let pass."""

import json
import subprocess
import sys
from decimal import Decimal

import pytest

from tests.cases.reader import (
    Case,
    Inputs,
    UnknownShape,
    agrees,
    canonical,
    tolerance_of,
    units_of,
)
from tests.cases.test_cases import check, reason_to_skip
from tests.source import ROOT

D = Decimal
LONG = {
    "margin_mode": "isolated",
    "wallet_balance_usdt": "2",
    "side": "long",
    "quantity": "1",
    "entry_price_usdt": "10",
    "mmr": "1%",
}


def inputs(given: dict) -> Inputs:
    """Return what a case gives, as an adapter sees it."""
    return Inputs(given, units_of(given))


def case(topic: str = "liquidation price", **parts) -> Case:
    """Return a case of one isolated long, liquidated at 8 ÷ 0.99, with `parts` put in."""
    row = {"given": LONG, "expect": {"liquidation_price_usdt": "8.08080808"}, "derived": {}}
    row |= {"mode": "", "tolerance": "0.00000001", "is_verified": True, "venue": "binance-usdm"}
    return Case(**{"id": "one", "topic": topic, **row, **parts})


@pytest.mark.parametrize(
    ("key", "printed", "expected"),
    [
        pytest.param("n", "1,300", "1300", id="thousands commas"),
        pytest.param("n", "1.997038e8", "199703800", id="an exponent"),
        pytest.param("n", "-.5", "-0.5", id="no digit before the point"),
        pytest.param("n", "12.5%", "0.125", id="a percent sign"),
        pytest.param("n_pct", "12.5", "0.125", id="a percent key"),
        pytest.param("n_pct", "12.5%", "0.125", id="both, divided once"),
        pytest.param("n_pct_usdt", "5", "0.05", id="a percent key with a unit"),
        pytest.param("n", "quantity * entry_price / 4", "5", id="a product of named inputs"),
        pytest.param("n", "0.6 × 10 / 5", "1.2", id="a product of numbers"),
        pytest.param("n", D("0.1"), "0.1", id="a plain number"),
    ],
)
def test_a_number_is_read(key, printed, expected):
    given = {key: printed, "quantity_btc": "2", "entry_price_usdt": "10"}

    assert D(expected) == inputs(given).number("n")


@pytest.mark.parametrize("printed", ["abc", "1 * nothing", "", "1.2.3", "--"])
def test_what_is_no_number_is_not_read_as_one(printed):
    with pytest.raises(UnknownShape):
        inputs({"n": printed}).number("n")


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("wallet_balance_usdt", "wallet_balance"),
        ("isolated_wallet_usdc", "wallet_balance"),
        ("entry_price_busd", "entry_price"),
        ("mmr_implied", "mmr"),
        ("cum_btc", "maintenance_amount"),
        ("position_amt_toy", "quantity"),
        ("liquidation_price_usd", "liquidation_price"),
        ("unRealized_Profit", "unrealised_pnl"),
        ("something_else", "something_else"),
    ],
)
def test_a_key_loses_its_unit_and_gets_its_one_name(key, name):
    assert name == canonical(key, units_of({"symbol": "TOYUSDT"}))


def test_two_keys_for_one_thing_are_refused():
    with pytest.raises(UnknownShape, match="several keys for mark_price: mark, mark_price_usdt"):
        inputs({"mark": "1", "mark_price_usdt": "2"}).number("mark_price")


def test_null_is_as_good_as_absent():
    assert D(7) == inputs({"leverage": None}).number("leverage", D(7))


@pytest.mark.parametrize(
    ("printed", "got", "tolerance", "verdict"),
    [
        pytest.param("1.50", "1.5", "0", True, id="equal as decimals"),
        pytest.param("1.5", "1.50000001", "0", False, id="not quite equal"),
        pytest.param("462.66", "462.665", "0.01", True, id="within the tolerance"),
        pytest.param("462.66", "462.68", "0.01", False, id="outside the tolerance"),
        pytest.param("12.5%", "0.125", "0", True, id="percent against a fraction"),
        pytest.param("12.5%", "0.1251", "0.01", True, id="tolerance in percent points"),
        pytest.param("12.5%", "0.126", "0.01", False, id="outside it in percent points"),
        pytest.param("200", "201", "relative 0.01", True, id="relative"),
        pytest.param("200", "203", "relative 0.01", False, id="relatively too far"),
        pytest.param("0", "0.0000000001", "relative 0.01", True, id="relative to zero"),
        pytest.param("5", "5.5", "absolute 0.5", True, id="absolute, said"),
        pytest.param("0", None, "1", False, id="nothing is not zero"),
        pytest.param(None, None, "0", True, id="none where there is none"),
        pytest.param("--", None, "0", True, id="none, as the venue shows it"),
        pytest.param("--", "1", "0", False, id="a number where there is none"),
        pytest.param(True, True, "0", True, id="yes"),
        pytest.param(True, False, "0", False, id="no"),
        pytest.param(["0", "1,300"], ["0", "1300"], "0", True, id="a list"),
        pytest.param(["0"], ["0", "1"], "0", False, id="a list of another length"),
    ],
)
def test_agreement(printed, got, tolerance, verdict):
    ours = [D(one) for one in got] if isinstance(got, list) else got
    ours = D(got) if isinstance(got, str) else ours

    assert verdict is agrees(printed, ours, tolerance, is_percent=False)


def test_a_key_that_the_tolerances_do_not_name_has_none():
    one = case(tolerance={"other": "1"})

    assert "0" == tolerance_of(one, "liquidation_price_usdt")


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        pytest.param({}, "", id="a case we answer"),
        pytest.param({"topic": "ADL ranking"}, "topic:ADL ranking", id="an unknown topic"),
        pytest.param({"venue": "okx"}, "venue:okx", id="a venue without adapters"),
        pytest.param({"is_verified": False}, "not verified", id="a case nobody can recompute"),
    ],
)
def test_it_is_skipped_by_name(parts, reason):
    assert reason == reason_to_skip(case(**parts))


def test_a_case_we_answer_has_nothing_wrong():
    row = {}

    assert [] == check(case(), row)
    assert {"liquidation_price_usdt": "8.080808080808080809"} == row["got"]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        pytest.param(
            {"expect": {"liquidation_price_usdt": "8.0809"}}, "is 8.0809", id="a wrong number"
        ),
        pytest.param(
            {"given": {**LONG, "moon": "1", "sun": "2"}},
            "unknown shape: nobody reads moon, sun",
            id="inputs nobody reads",
        ),
        pytest.param(
            {"given": {"moon": "1", "sun": "2"}},
            "unknown shape: no positions among moon, sun; given are moon, sun",
            id="inputs of another shape",
        ),
        pytest.param(
            {"given": {key: LONG[key] for key in LONG if key != "mmr"}},
            "liquidation_price needs the mmr or tiers of BTCUSDT",
            id="an input that is needed",
        ),
        pytest.param({"expect": {"colour": "1"}}, "no answer for colour", id="an unknown question"),
        pytest.param(
            {"derived": {"liquidation_price": "9"}}, "liquidation_price is 9 ± 0", id="ours, wrong"
        ),
    ],
)
def test_it_fails_and_says_so(parts, words):
    (wrong,) = check(case(**parts), {})

    assert words in wrong


def test_a_derived_value_that_nobody_answers_is_let_pass():
    assert [] == check(case(derived={"colour": "1"}), {})


def test_the_options_work_and_the_report_says_what_each_case_came_to(tmp_path):
    rows = [
        {"id": "right", "given": LONG, "expect": {"liquidation_price_usdt": "8.08080808"}},
        {"id": "wrong", "given": LONG, "expect": {"liquidation_price_usdt": "9"}},
        {"id": "later", "topic": "ADL ranking", "given": {}, "expect": {}},
    ]
    usual = {"venue": "binance-usdm", "topic": "liquidation price", "tolerance": "1e-8"}
    (tmp_path / "some.json").write_text(json.dumps([usual | row for row in rows]))
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "pytest", "-q", "tests/cases", "-p", "no:cacheprovider"]
    answer = subprocess.run(
        [*command, "--cases", str(tmp_path), "--cases-report", str(report)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "1 failed, 1 passed, 1 skipped" in answer.stdout
    assert "topic:ADL ranking" in answer.stdout
    assert [
        ("later", "skipped", None),
        ("right", "passed", {"liquidation_price_usdt": "8.080808080808080809"}),
        ("wrong", "failed", {"liquidation_price_usdt": "8.080808080808080809"}),
    ] == [(row["id"], row["status"], row["got"]) for row in json.loads(report.read_text())]
