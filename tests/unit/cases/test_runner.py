"""The case runner: what it reads, what it skips, what it must not let pass."""

import json
import subprocess
import sys
from decimal import Decimal

import pytest

from crossmargin.rulebooks.loader import load_rulebook
from tests.cases.accounts import MULTIPLIER, MULTIPLIERS
from tests.cases.files import read_cases
from tests.cases.formula import spelled
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
        pytest.param("n", "20x", "20", id="a leverage"),
        pytest.param("n", "B * EPB / 4", "5", id="a product in the formula's symbols"),
        pytest.param("n", "max(1,300, quantity * 1000)", "2000", id="the larger of two"),
        pytest.param("n", "min(1,300, quantity * 1000)", "1300", id="the smaller of two"),
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
        ("long_contracts", "long_contracts"),
        ("short_position_contracts", "short_position"),
        ("number_of_contracts", "quantity"),
        ("quantity_contracts", "quantity"),
        ("ep_usdt", "entry_price"),
        ("total_cost", "cost"),
        ("funding_fee", "funding_received"),
        ("something_else", "something_else"),
    ],
)
def test_a_key_loses_its_unit_and_gets_its_one_name(key, name):
    assert name == canonical(key, units_of({"symbol": "TOYUSDT"}))


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("WB", "wallet_balance"),
        ("WB_usdt", "wallet_balance_usdt"),
        ("TMM1", "tmm_other"),
        ("UPNL", "upnl_other"),
        ("upnl_other", "upnl_other"),
        ("B", "quantity"),
        ("B_btc", "quantity_btc"),
        ("s", "side"),
        ("S", "short_quantity"),
        ("Side1BOTH", "side"),
        ("cumB", "maintenance_amount"),
        ("cum_L", "long_maintenance_amount"),
        ("EPS", "short_entry_price"),
        ("EP1LONG", "long_entry_price"),
        ("Position1SHORT", "short_quantity"),
        ("MMRL", "long_mmr"),
        ("mmr_level2", "mmr_level2"),
        ("position_btc", "position_btc"),
    ],
)
def test_the_symbols_of_the_formula_are_spelled_out(key, words):
    assert words == spelled(key, units_of({"symbol": "TOYUSDT"}))


def test_the_multiplier_of_inverse_contracts_is_what_our_rulebook_says():
    contracts = load_rulebook("binance-coinm").contracts
    said = {
        contract.instrument.base: contract.instrument.multiplier for contract in contracts.values()
    }

    assert said == {base: MULTIPLIERS.get(base, MULTIPLIER) for base in said}


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
        pytest.param({"topic": "sea level"}, "topic:sea level", id="an unknown topic"),
        pytest.param({"venue": "drift"}, "venue:drift", id="a venue without adapters"),
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
            {"expect": {"liquidation_price_short": "12"}},
            "liquidation_price of the short: there is none",
            id="the side that is not held",
        ),
        pytest.param(
            {
                "topic": "initial margin with open orders",
                "mode": "cross, hedge",
                "given": {
                    "long_qty": "1",
                    "short_qty": "1",
                    "mark_price": "9",
                    "leverage": "2",
                    "buy_limit_btc": "1",
                    "buy_limit_price": "8",
                },
                "expect": {"margin_requirement": "9"},
            },
            "an order of BTCUSDT for which side?",
            id="an order of either side of a pair",
        ),
        pytest.param(
            {
                "topic": "initial margin with open orders",
                "venue": "binance-coinm",
                "given": {
                    "position_usd": "500",
                    "mark_price": "9",
                    "leverage": "2",
                    "buy_limit_contracts": "1",
                    "buy_limit_price": "8",
                },
                "expect": {"margin_requirement": "9"},
            },
            "buy_limit_contracts and the position are not in one unit",
            id="sizes in two units",
        ),
        pytest.param(
            {
                "topic": "initial margin",
                "given": {"notional": "500", "leverage": "2"},
                "expect": {"maintenance_margin": "9"},
            },
            "no answer for maintenance_margin",
            id="a requirement without its ladder",
        ),
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


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("{", "not readable as JSON", id="malformed"),
        pytest.param("", "not readable as JSON", id="empty"),
        pytest.param('{"a": 1}', "not a list of cases", id="an object that is no case"),
        pytest.param("7", "not a list of cases", id="a number"),
        pytest.param('["a", {"b": 1}]', "not a list of cases", id="a list of something else"),
        pytest.param('{"cases": 7}', "not a list of cases", id="cases that are none"),
    ],
)
def test_a_file_that_is_no_list_of_cases_is_one_failing_case(text, words, tmp_path):
    usual = {"venue": "binance-usdm", "topic": "liquidation price", "given": LONG, "expect": {}}
    (tmp_path / "b.json").write_text(json.dumps([{"id": "good", **usual}]))
    (tmp_path / "a.json").write_text(text)

    broken, good = read_cases(tmp_path)
    (wrong,) = check(broken, {})

    assert ("a.json", "good") == (broken.id, good.id)
    assert "" == reason_to_skip(broken)
    assert words in wrong


def test_a_row_that_is_no_case_fails_beside_those_that_are(tmp_path):
    usual = {"venue": "binance-usdm", "topic": "liquidation price", "given": LONG, "expect": {}}
    (tmp_path / "a.json").write_text(json.dumps([{"id": "good", **usual}, {"id": "bad"}]))

    assert ["good", "a.json:2"] == [one.id for one in read_cases(tmp_path)]


def test_the_options_work_and_the_report_says_what_each_case_came_to(tmp_path):
    rows = [
        {"id": "right", "given": LONG, "expect": {"liquidation_price_usdt": "8.08080808"}},
        {"id": "wrong", "given": LONG, "expect": {"liquidation_price_usdt": "9"}},
        {"id": "later", "topic": "sea level", "given": {}, "expect": {}},
    ]
    usual = {"venue": "binance-usdm", "topic": "liquidation price", "tolerance": "1e-8"}
    (tmp_path / "some.json").write_text(json.dumps([usual | row for row in rows]))
    (tmp_path / "stray.json").write_text("{")
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "pytest", "-q", "tests/cases", "-p", "no:cacheprovider"]
    answer = subprocess.run(
        [*command, "--cases", str(tmp_path), "--cases-report", str(report)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "2 failed, 1 passed, 1 skipped" in answer.stdout
    assert "topic:sea level" in answer.stdout
    assert [
        ("later", "skipped", None),
        ("right", "passed", {"liquidation_price_usdt": "8.080808080808080809"}),
        ("stray.json", "failed", None),
        ("wrong", "failed", {"liquidation_price_usdt": "8.080808080808080809"}),
    ] == [(row["id"], row["status"], row["got"]) for row in json.loads(report.read_text())]
