"""`crossmargin explain`, as a user runs it."""

import json

import pytest

from tests.source import ROOT
from tests.unit.cli.command import call

THREE = ROOT / "examples/three-longs.toml"


def test_one_account_is_explained_by_what_leaving_would_do(monkeypatch):
    printed = call(monkeypatch, "explain", THREE).out

    assert "Without" in printed
    assert "Cheapest to free margin: close BTCUSDT" in printed


def test_two_moments_are_explained_line_by_line(monkeypatch, tmp_path):
    later = tmp_path / "later.toml"
    text = THREE.read_text()
    later.write_text(text.replace('BTCUSDT = "90000"', 'BTCUSDT = "88000"', 1))
    found = json.loads(call(monkeypatch, "explain", THREE, later, "--json").out)

    # 0.2 coins lose 2,000 each, and 400 less of notional ask 0.4 % less.
    assert [("price", "BTCUSDT", "-400", "-1.6"), ("cross terms", "", "0", "0")] == [
        (one["cause"], one["name"], one["equity"], one["maintenance_margin"])
        for one in found["lines"]
    ]
    assert ("USDT", "-398.4") == (found["asset"], found["change"])


def test_a_store_is_explained_event_by_event(monkeypatch, tmp_path):
    store = tmp_path / "venue.db"
    call(monkeypatch, "story", ROOT / "examples/stories/brief-dip.toml", "--store", store)
    found = json.loads(call(monkeypatch, "explain", "alice", "--store", store, "--json").out)

    # 20,000 paid in; two bought 0.25 above the mark, 10 % of nothing: 0.4 % of 5,000 is asked.
    assert {
        ("transfer", "deposit", "20000", "0"),
        ("trade", "ETHUSDT", "-0.5", "20"),
    } == {
        (one["cause"], one["name"], one["equity"], one["maintenance_margin"])
        for one in found["lines"]
        if one["cause"] != "price"
    }
    assert "19979.5" == found["change"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((THREE, "--from", "2025-01-01"), "--from and --to are moments of a store"),
        (("alice", "b.toml", "--store", "s.db"), "AFTER: a store has its own later moment"),
        ((THREE, ROOT / "examples/portfolio.toml"), "is an account of deribit, the first one of"),
        ((THREE, "--unit", "BTC", THREE), "there is no pool or bucket BTC, only USDT"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(monkeypatch, words, sentence):
    answer = call(monkeypatch, "explain", *words)

    assert sentence in answer.err
    assert 2 == answer.status


def test_an_account_that_the_store_has_not_is_refused_with_those_it_has(monkeypatch, tmp_path):
    store = tmp_path / "venue.db"
    call(monkeypatch, "story", ROOT / "examples/stories/brief-dip.toml", "--store", store)

    answer = call(monkeypatch, "explain", "bob", "--store", store)
    assert "the store has no account bob, only" in answer.err
