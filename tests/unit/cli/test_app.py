"""Exit status by contract, and errors as one sentence."""

import pytest

from crossmargin import __version__
from tests.unit.cli.command import ACCOUNT, call

COMMANDS = ["check", "compare", "demo", "import", "replay", "rulebooks", "story", "verify"]


def test_the_version(monkeypatch):
    assert (0, f"crossmargin {__version__}\n", "") == call(monkeypatch, "--version")


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_help_names_every_command(monkeypatch, word):
    answer = call(monkeypatch, word)

    assert 0 == answer.status
    assert [] == [name for name in COMMANDS if f" {name} " not in answer.out]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(monkeypatch, command):
    answer = call(monkeypatch, command, "--help")

    assert (0, "") == (answer.status, answer.err)
    assert f"crossmargin {command}" in answer.out


@pytest.mark.parametrize(
    ("words", "what"),
    [
        pytest.param(["sell"], "sell", id="no such command"),
        pytest.param(["check"], "ACCOUNT", id="a missing argument"),
        pytest.param(["check", "-", "--csv"], "--csv", id="no such option"),
        pytest.param(["replay", "-"], "--candles", id="a missing option"),
        pytest.param(["rulebooks", "bynance"], "bynance", id="no such venue"),
    ],
)
def test_bad_usage_is_status_2_and_says_what(monkeypatch, words, what):
    answer = call(monkeypatch, *words)

    assert (2, "") == (answer.status, answer.out)
    assert what in answer.err


@pytest.mark.parametrize(
    ("account", "status"),
    [
        pytest.param(ACCOUNT, 0, id="a healthy account is an answer"),
        pytest.param(ACCOUNT.replace('"10000"', '"1"'), 0, id="a liquidatable one too"),
        pytest.param(ACCOUNT.replace('BTCUSDT = "100000"', ""), 3, id="a missing mark"),
        pytest.param(ACCOUNT.replace('"0.5"', '"x"'), 2, id="bad input"),
        pytest.param("", 2, id="nothing"),
        pytest.param(b"\xff", 2, id="no text"),
    ],
)
@pytest.mark.parametrize("more", [[], ["--json"], ["--explain"]], ids=["plain", "json", "explain"])
def test_the_status_of_a_check(monkeypatch, account, status, more):
    answer = call(monkeypatch, "check", "-", *more, stdin=account)

    assert status == answer.status
    if status == 2:
        assert "" == answer.out
        assert answer.err.startswith("crossmargin: standard input: ")
        assert 1 == answer.err.count("\n")
    else:
        assert answer.out
        assert "" == answer.err


def test_a_file_that_is_not_there_is_named(monkeypatch, tmp_path):
    answer = call(monkeypatch, "check", tmp_path / "none.toml")

    assert 2 == answer.status
    assert f"crossmargin: {tmp_path}/none.toml: cannot be read: No such file or directory\n" == (
        answer.err
    )
