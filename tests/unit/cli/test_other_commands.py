"""`crossmargin demo` and `crossmargin rulebooks`."""

import json

import numpy as np

from crossmargin.cli.demo import account_text
from crossmargin.feeds.path import PricePath
from crossmargin.files.account import parse_account
from crossmargin.rulebooks.loader import venues
from tests.toys import D
from tests.unit.cli.command import call


def test_the_demo_account_has_two_thousand_of_margin_in_each_long_to_the_lot():
    # 20,000 ÷ 121,234.5 = 0.16497...; ÷ 4,300 = 4.65116...; ÷ 220.05 = 90.88843...
    path = PricePath(
        ("BTCUSDT", "ETHUSDT", "SOLUSDT"),
        np.array([0]),
        np.array([[121_234.5, 4_300.0, 220.05]]),
        0,
        1,
    )
    account = parse_account(account_text(path), "demo").account

    assert {"USDT": D(10000)} == account.balances
    assert [
        ("BTCUSDT", D("0.164"), D("121234.5")),
        ("ETHUSDT", D("4.651"), D(4300)),
        ("SOLUSDT", D("90.888"), D("220.05")),
    ] == [(held.symbol, held.size, held.entry_price) for held in account.positions]


def test_the_demo_shows_its_account_and_writes_a_report(monkeypatch, tmp_path):
    answer = call(monkeypatch, "demo", "--out", tmp_path / "out")

    assert (0, "") == (answer.status, answer.err)
    assert "The account, opened at the first prices of the path:" in answer.out
    assert "What happened, cross:" in answer.out
    assert (tmp_path / "out" / "report.html").is_file()


def test_the_list_of_rulebooks(monkeypatch):
    found = json.loads(call(monkeypatch, "rulebooks", "--json").out)
    editions = {
        venue["venue"]: [one["edition"] for one in venue["editions"]] for venue in found["venues"]
    }

    assert 1 == found["schema"]
    assert set(venues()) == set(editions)
    assert ["2021-07-27"] == editions["binance-coinm"]
    assert ["2025-09-29", "2026-09-29"] == editions["binance-usdm"][-2:]


def test_the_screen_of_rulebooks_has_a_line_a_venue(monkeypatch):
    answer = call(monkeypatch, "rulebooks")
    lines = [line.split() for line in answer.out.strip().split("\n")]

    assert 0 == answer.status
    assert ["Venue", "Editions", "Newest", "Symbols", "From"] == lines[0]
    assert list(venues()) == [line[0] for line in lines[1:-2]]
    assert ["binance-usdm", "6", "2026-09-29", "907", "packaged"] in lines
    assert "Editions, assumptions, sources: crossmargin rulebooks VENUE" == " ".join(lines[-1])


def test_the_screen_of_one_rulebook_has_its_assumptions_and_sources(monkeypatch):
    answer = call(monkeypatch, "rulebooks", "binance-usdm")

    assert 0 == answer.status
    assert "2025-09-29" in answer.out
    assert "Assumed:" in answer.out
    assert "Sources: 22 (" in answer.out
    assert "https://" in answer.out
