"""`crossmargin compare`: what it prints and writes of an account worked out by hand.

Half a bitcoin from 100,000 at 10x on 10,000 asks 5,000, so it could carry twice as much: 0.4 % of
50,000 is 200, and equity 10,000 + 0.5 (p − 100,000) meets 0.002 p at 40,000 ÷ 0.498.
"""

import json

import pytest

from crossmargin.rulebooks.loader import load_rulebook, venues
from tests.unit.cli.command import ACCOUNT, call, words

OWN_LADDERS = """
[[tiers.BTCUSDT]]
floor = 0
rate = "0.01"
max_leverage = 10
"""
NO_MARK = ACCOUNT.replace('BTCUSDT = "100000"\n', "", 1)
INVERSE = """
venue = "binance-coinm"
[balances]
BTC = "1"
[marks]
BTCUSD_PERP = "100000"
[[positions]]
symbol = "BTCUSD_PERP"
size = "100"
entry_price = "100000"
"""


def test_the_screen_shows_a_line_for_each_venue(monkeypatch):
    answer = call(monkeypatch, "compare", "-", "--venues", "hyperliquid", stdin=ACCOUNT)
    text = words(answer.out)

    assert (0, "") == (answer.status, answer.err)
    for part in (
        "binance-usdm, rules of 2025-09-29, and the same portfolio elsewhere",
        "Equity Initial Maint. Buffer Health Venue’s Fall Rise Carries",
        "binance-usdm 10,000.00 5,000.00 200.00 9,800.00 2.00 % 2.00 % 19.67 % – 2.00x",
        "Liquidation price cross 0.5",
        "binance-usdm ↓ 80,321.3",
        "BTC 0.5",
        "Assumed everywhere:",
        "Dollars count at par",
    ):
        assert part in text


def test_lines_fit_a_screen(monkeypatch):
    answer = call(monkeypatch, "compare", "-", stdin=ACCOUNT)

    assert max(len(line) for line in answer.out.split("\n")) <= 120


def test_a_side_that_a_ladder_does_not_reach_is_unknown_and_not_never(monkeypatch):
    # Gate's ladder of BTC_USDT is known up to 1,000,000: the fall is within, a rise is not.
    text = words(call(monkeypatch, "compare", "-", "--venues", "gate", stdin=ACCOUNT).out)

    assert " % ? 2.00x" in text
    assert "↑ ?" in text


def test_refusals_are_left_out_with_the_reason(monkeypatch):
    answer = call(monkeypatch, "compare", "-", "--venues", "binance-coinm", stdin=ACCOUNT)

    assert "binance-coinm: no linear perpetual of BTC in its rulebook" in answer.out


def test_coins_name_their_asset(monkeypatch):
    answer = call(monkeypatch, "compare", "-", "--venues", "binance-usdm", stdin=INVERSE)

    assert "binance-coinm BTC 1 0.0" in words(answer.out)


def test_the_json_is_an_answer_for_each_venue(monkeypatch):
    printed = call(monkeypatch, "compare", "-", "--venues", "hyperliquid", "--json", stdin=ACCOUNT)
    found = json.loads(printed.out)
    home, other, portfolio = found["venues"]

    assert (1, "binance-usdm", "2025-09-29") == (found["schema"], found["venue"], found["edition"])
    assert ("binance-usdm", "hyperliquid") == (home["venue"], other["venue"])
    assert ("hyperliquid", "portfolio") == (portfolio["venue"], portfolio["mode"])
    assert {"BTCUSDT": "BTC"} == other["symbols"]
    assert {"multiple": "2", "limit": "margin"} == home["capacity"]
    assert {
        "asset": "USDT",
        "equity": "10000",
        "initial_margin": "5000",
        "maintenance_margin": "200",
        "weakest": {
            "kind": "pool",
            "name": "USDT",
            "buffer": "9800",
            "health": "0.02",
            "venue_ratio": "0.02",
        },
    } == home["totals"][0]
    assert "80321.28514057" == home["positions"][0]["liquidation_price"]["lower"]
    assert any("at par" in sentence for sentence in found["assumptions"])
    assert [] == found["left_out"]


def test_every_packaged_venue_answers_or_says_why(monkeypatch):
    printed = call(monkeypatch, "compare", "-", "--json", stdin=ACCOUNT)
    found = json.loads(printed.out)

    named = [(one["venue"], one["mode"]) for one in (*found["venues"], *found["left_out"])]
    asked = [(name, mode) for name in venues() for mode in load_rulebook(name).modes]
    assert sorted(asked) == sorted(named)
    assert all(one["missing"] or one["status"] != "unknown" for one in found["venues"])


def test_the_report_is_written(monkeypatch, tmp_path):
    path = tmp_path / "venues.html"
    answer = call(
        monkeypatch, "compare", "-", "--venues", "hyperliquid", "--html", path, stdin=ACCOUNT
    )

    assert f"wrote {path}" in answer.out
    assert "<h1>Liquidated once all prices fall" in path.read_text()
    assert [path] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("account", "more", "status", "said"),
    [
        (ACCOUNT, ("--venues", "nowhere"), 2, "there is no rulebook of 'nowhere'"),
        (ACCOUNT, ("--venues", " , "), 2, "--venues: names none; write them with commas between"),
        (ACCOUNT, ("--html", "/nowhere/x.html"), 2, "the report cannot be written there"),
        (ACCOUNT.replace("0.5", "zero"), (), 2, "is not a number"),
        (NO_MARK, ("--venues", "hyperliquid"), 3, ""),
        (ACCOUNT + OWN_LADDERS, ("--venues", "hyperliquid"), 0, ""),
        (ACCOUNT, ("--venues", "binance-usdm"), 0, ""),
    ],
)
def test_exit_status(monkeypatch, account, more, status, said):
    answer = call(monkeypatch, "compare", "-", *more, stdin=account)

    assert status == answer.status
    assert said in answer.err
    assert ("" == answer.out) == (status == 2)


def test_a_broken_rulebook_hides_no_other(monkeypatch, tmp_path):
    folder = tmp_path / "rulebooks" / "broken"
    folder.mkdir(parents=True)
    (folder / "rules.toml").write_text("no")
    (folder / "2026-01-01.toml").write_text("no")
    monkeypatch.setenv("CROSSMARGIN_DATA", str(tmp_path))
    answer = call(monkeypatch, "compare", "-", stdin=ACCOUNT)

    assert 0 == answer.status
    assert "broken: its rulebook cannot be read: " in answer.out
