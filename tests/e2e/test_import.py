"""`crossmargin import`, run as a person runs it: from saved replies to a checked account."""

import json
import stat
import tomllib

import pytest

from tests.e2e.test_command import run
from tests.unit.cli.command import call
from tests.unit.imports.replies import BINANCE, BINANCE_ACCOUNT, BINANCE_POSITION

OPTION_POSITION = {
    "instId": "X",
    "instType": "OPTION",
    "pos": "1",
    "mgnMode": "cross",
    "avgPx": "1",
}


@pytest.fixture
def replies(tmp_path):
    """Return a folder with a list of positions and an account."""
    (tmp_path / "positions.json").write_text(json.dumps([BINANCE_POSITION]))
    (tmp_path / "account.json").write_text(json.dumps(BINANCE_ACCOUNT))
    return tmp_path


def test_from_replies_to_an_answer(replies):
    words = ("import", "binance-usdm", "positions.json", "account.json", "--out", "mine.toml")
    done = run(*words, cwd=replies)
    checked = run("check", "mine.toml", "--json", cwd=replies)

    assert (0, "wrote mine.toml\n") == (done.returncode, done.stdout)
    assert "not used: positions.json: position: breakEvenPrice, updateTime: " in done.stderr
    # 10,000 + 0.5 × (96,000 − 95,000)
    assert "10500" == json.loads(checked.stdout)["equity"]
    assert ["account.json", "mine.toml", "positions.json"] == sorted(
        path.name for path in replies.iterdir()
    )


def test_without_out_the_file_is_printed_and_can_be_piped(replies):
    line = "crossmargin import binance-usdm - positions.json <account.json 2>/dev/null"
    done = run(line=f"{line} | crossmargin check - --json", cwd=replies)

    assert "10500" == json.loads(done.stdout)["equity"]


def test_a_file_is_replaced_only_by_force(replies, monkeypatch):
    monkeypatch.chdir(replies)
    out = replies / "mine.toml"
    out.write_text("mine")
    words = ("import", "binance-usdm", "account.json", "--out", "mine.toml")
    refused = call(monkeypatch, *words)

    assert (2, "", "mine") == (refused.status, refused.out, out.read_text())
    assert "crossmargin: mine.toml: is there already; --force replaces it\n" == refused.err
    assert 0 == call(monkeypatch, *words, "--force").status
    assert "binance-usdm" == tomllib.loads(out.read_text())["venue"]
    assert stat.S_IMODE(out.stat().st_mode) == stat.S_IMODE(
        (replies / "account.json").stat().st_mode
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["binance-usdm", "positions.json"], "or give the amount with --balance\n"),
        (["bybit", "positions.json"], "positions.json: no reply of bybit that is known here"),
        (["mtgox", "positions.json"], "mtgox: is no venue to import from; there are binance-usdm,"),
        (
            ["binance-usdm", "nothing.json"],
            "nothing.json: cannot be read: No such file or directory",
        ),
        (["binance-usdm", "bad.json"], "bad.json: is not UTF-8 text"),
        (["binance-usdm", "account.json", "--balance", "USDT"], "write ASSET=AMOUNT"),
        (["binance-usdm", "account.json", "--balance", "USDT=1"], "balances.USDT is 1, but"),
    ],
)
def test_what_cannot_be_imported_is_one_sentence_and_writes_nothing(
    replies, monkeypatch, words, said
):
    monkeypatch.chdir(replies)
    (replies / "bad.json").write_bytes(b"\xff\xfe[")
    answer = call(monkeypatch, "import", *words, "--out", "mine.toml")

    assert (2, "") == (answer.status, answer.out)
    assert said in answer.err
    assert 1 == answer.err.count("\n")
    assert not (replies / "mine.toml").exists()


def test_one_of_the_replies_is_never_replaced(replies, monkeypatch):
    monkeypatch.chdir(replies)
    words = ("import", "binance-usdm", "account.json", "--out", "account.json", "--force")

    assert 2 == call(monkeypatch, *words).status
    assert BINANCE_ACCOUNT == json.loads((replies / "account.json").read_text())


@pytest.mark.parametrize("out", ["no/folder/mine.toml", "."])
def test_a_place_that_cannot_be_written_is_a_sentence(replies, monkeypatch, out):
    monkeypatch.chdir(replies)
    answer = call(monkeypatch, "import", "binance-usdm", "account.json", "--out", out, "--force")

    assert 2 == answer.status
    assert f"crossmargin: {out}: cannot be written: " in answer.err


def test_balances_by_hand(replies, monkeypatch):
    monkeypatch.chdir(replies)
    answer = call(monkeypatch, "import", "binance-usdm", "positions.json", "--balance", "USDT=7.5")

    assert 0 == answer.status
    assert {"USDT": "7.5"} == tomllib.loads(answer.out)["balances"]


def test_an_account_that_is_not_whole_is_written_and_exits_with_3(replies, monkeypatch):
    monkeypatch.chdir(replies)
    detail = {"ccy": "USDT", "cashBal": "5"}
    (replies / "okx.json").write_text(json.dumps([OPTION_POSITION, detail]))
    answer = call(monkeypatch, "import", "okx", "okx.json", "--out", "mine.toml")

    assert (3, "wrote mine.toml\n") == (answer.status, answer.out)
    assert answer.err.startswith("left out: okx.json: [0]: option position X: ")
    assert "# NOT THE WHOLE ACCOUNT" in (replies / "mine.toml").read_text()


def test_hedge_mode_from_three_replies(replies, monkeypatch):
    monkeypatch.chdir(replies)
    case = BINANCE[2]
    for name, text in case.documents():
        (replies / name).write_text(text)
    names = [name for name, _ in case.documents()]
    answer = call(monkeypatch, "import", case.venue, *names, "--out", "hedge.toml")
    checked = call(monkeypatch, "check", "hedge.toml", "--json")

    assert (0, 0) == (answer.status, checked.status)
    # The cross wallet is 20,000 less both buckets, 9,500 and 1,940.
    assert "8560" == json.loads(checked.out)["wallet_balance"]
