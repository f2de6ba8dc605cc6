"""`crossmargin rulebooks update`, against a server that answers like Binance."""

import json
from datetime import UTC, datetime

import pytest

from crossmargin.live import client
from crossmargin.rulebooks.loader import load_rulebook
from tests.toys import D
from tests.unit.cli.command import call
from tests.unit.live import server
from tests.unit.live.binance_replies import BINANCE


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    """Return the user's folder; a key is set, and nothing waits."""
    monkeypatch.setattr(client, "IS_PACED", False)
    monkeypatch.setenv("CROSSMARGIN_DATA", str(tmp_path))
    monkeypatch.setenv("BINANCE_API_KEY", "key")
    monkeypatch.setenv("BINANCE_API_SECRET", "secret")
    return tmp_path / "rulebooks"


@pytest.fixture
def today():
    return datetime.now(UTC).date()


def update(monkeypatch, *words, routes=BINANCE):
    with server.serving(routes) as there:
        return call(monkeypatch, "rulebooks", "update", "binance-usdm", "--url", there.url, *words)


def test_an_update_writes_an_edition_and_shows_what_changed(monkeypatch, folder, today):
    last = load_rulebook("binance-usdm")
    answer = update(monkeypatch)
    lines = [" ".join(line.split()) for line in answer.out.split("\n")]
    path = folder / "binance-usdm" / f"{today}.toml"

    assert (0, "") == (answer.status, answer.err)
    assert f"binance-usdm, edition {today}" == lines[0]
    assert f"Compared with {last.edition} (packaged):" in lines
    # Of 907 symbols of 2026-09-29 two are left: 905 are gone, eight of them named.
    assert "and 897 more" in " ".join(lines)
    assert "Haircuts (1):" in lines
    assert "BTC: counts 95% → 94%" in lines
    assert "Refused, what the last edition has is kept (2):" in lines
    assert "ETHUSDT: rate 0.005 must be at least 0.01" in answer.out
    assert f"wrote {path}" in lines
    # It fits on a screen.
    assert len(lines) < 40


def test_the_edition_is_used_from_then_on(monkeypatch, today):
    before = load_rulebook("binance-usdm")
    update(monkeypatch)
    book = load_rulebook("binance-usdm")
    first, second = book.contracts["BTCUSDT"].tiers.pieces

    assert (today, {"BTCUSDT", "ETHUSDT"}) == (book.edition, set(book.contracts))
    assert (D("0.004"), D(150)) == (first.rate, first.leverage_max)
    # 300,000 × (0.006 − 0.004) = 600, as the venue prints.
    assert (D(300_000), D(600)) == (second.floor, second.deduction)
    assert before.contracts["ETHUSDT"].tiers == book.contracts["ETHUSDT"].tiers
    assert before is load_rulebook("binance-usdm", edition=before.edition)
    assert D("0.06") == book.collateral["BTC"].bid_buffer
    assert before.collateral["ETH"] == book.collateral["ETH"]


def test_the_list_says_where_editions_come_from(monkeypatch, today):
    update(monkeypatch)
    shown = call(monkeypatch, "rulebooks", "binance-usdm").out
    found = json.loads(call(monkeypatch, "rulebooks", "list", "--json").out)
    origins = {
        one["edition"]: one["origin"]
        for venue in found["venues"]
        if venue["venue"] == "binance-usdm"
        for one in venue["editions"]
    }

    assert ("yours", "packaged") == (origins[str(today)], origins["2026-09-29"])
    assert ["yours"] == [
        line.split()[-1]
        for line in shown.split("\n")
        if line.strip().startswith(f"{today} ") and len(line.split()) == 5
    ]
    # Where its values are from is among the sources.
    assert "Replies of the venue's API, through ccxt" in shown


def test_a_second_update_of_a_day_is_refused_and_asks_nothing(monkeypatch, folder, today):
    update(monkeypatch)
    path = folder / "binance-usdm" / f"{today}.toml"
    before = path.read_bytes()
    with server.serving(BINANCE) as there:
        answer = call(monkeypatch, "rulebooks", "update", "binance-usdm", "--url", there.url)

        assert [] == there.seen
    assert (2, "") == (answer.status, answer.out)
    assert (
        f"crossmargin: binance-usdm has an edition of {today} already (yours); "
        "editions are never changed\n" == answer.err
    )
    assert before == path.read_bytes()


def test_a_dry_run_shows_and_writes_nothing(monkeypatch, folder):
    answer = update(monkeypatch, "--dry-run")

    assert 0 == answer.status
    assert "BTC: counts 95% → 94%" in answer.out
    assert "Nothing was written (--dry-run)." in answer.out
    assert not folder.exists()


def test_a_dry_run_after_an_update_finds_nothing_new(monkeypatch):
    update(monkeypatch)
    answer = update(monkeypatch, "--dry-run")

    assert "(yours):" in answer.out
    assert "nothing changed" in answer.out


def test_without_a_key_the_tiers_stay_and_it_is_said(monkeypatch, today):
    monkeypatch.delenv("BINANCE_API_KEY")
    last = load_rulebook("binance-usdm")
    answer = update(monkeypatch)
    book = load_rulebook("binance-usdm")

    assert 0 == answer.status
    assert "Not fetched, what the last edition has is kept:" in answer.out
    assert "set BINANCE_API_KEY and BINANCE_API_SECRET" in " ".join(answer.out.split())
    assert today == book.edition
    assert last.contracts == book.contracts
    assert any(sentence.startswith("Margin tiers are those of") for sentence in book.assumptions)


def test_a_venue_that_answers_nothing_is_unknown_and_nothing_is_written(monkeypatch, folder):
    answer = update(monkeypatch, routes={})

    assert (3, "") == (answer.status, answer.out)
    assert answer.err.startswith("crossmargin: nothing of binance-usdm could be fetched: tiers: ")
    assert 1 == answer.err.count("\n")
    assert not folder.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(
            ["update", "mtgox"], "crossmargin: there is no rulebook of 'mtgox'; ", id="no venue"
        ),
        pytest.param(
            ["update", "binance-usdm", "--url", "nowhere"],
            "crossmargin: --url nowhere must be scheme, host and port: http://localhost:8080\n",
            id="no address",
        ),
        pytest.param(
            ["update", "coinex"],
            "crossmargin: coinex cannot be fetched: ccxt, through which venues are asked, does not "
            "know it; ",
            id="never, whatever editions there are",
        ),
        pytest.param(["mtgox"], "crossmargin: there is no rulebook of 'mtgox'; ", id="of the list"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(monkeypatch, words, said):
    answer = call(monkeypatch, "rulebooks", *words)

    assert 2 == answer.status
    assert answer.err.startswith(said)
