"""The installed command, run as a person runs it: few tests, of what a process alone can show."""

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from tests.shared import needs_shared
from tests.unit.cli.candles import ROWS, ours
from tests.unit.cli.command import ACCOUNT

COMMAND = Path(sys.executable).parent / "crossmargin"
SECONDS_MAX = 60


def run(*words, stdin="", cwd=None, line=None):
    """Return the finished process of `crossmargin WORDS`, or of a shell line that names it."""
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line] if line else [COMMAND, *map(str, words)],
        input=stdin,
        cwd=cwd,
        env={
            "PATH": f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "CROSSMARGIN_DATA": os.devnull,
        },
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )


@pytest.mark.parametrize(
    ("account", "status", "said"),
    [
        pytest.param(ACCOUNT, 0, "", id="an answer"),
        pytest.param(ACCOUNT.replace('"10000"', '"1"'), 0, "", id="liquidatable is an answer"),
        pytest.param(
            ACCOUNT.replace("BTCUSDT = 10\n", "BTCUSDT = 0\n"),
            2,
            "crossmargin: standard input: leverage.BTCUSDT: must be at least 1, not 0\n",
            id="bad input",
        ),
        pytest.param(ACCOUNT.replace('BTCUSDT = "100000"', ""), 3, "", id="a missing mark"),
    ],
)
def test_the_exit_status_of_a_check_from_standard_input(account, status, said):
    done = run("check", "-", "--json", stdin=account)

    assert (status, said) == (done.returncode, done.stderr)
    if status == 2:
        assert "" == done.stdout
    else:
        assert "binance-usdm" == json.loads(done.stdout)["venue"]


def test_a_check_of_a_file(tmp_path):
    (tmp_path / "account.toml").write_text(ACCOUNT)
    done = run("check", "account.toml", "--explain", cwd=tmp_path)

    assert (0, "") == (done.returncode, done.stderr)
    assert "maintenance margin = 50,000 × 0.4 % − 0 = 200" in done.stdout
    # No terminal: nothing but text, and the same width everywhere.
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("words", ["check - --json", "check - --explain", "rulebooks binance-usdm"])
def test_a_reader_that_goes_away_is_no_failure(words):
    # `true` reads nothing, and is gone before the command has anything to say.
    done = run(line=f"crossmargin {words} | true", stdin=ACCOUNT)

    assert (0, "") == (done.returncode, done.stderr)


def test_a_replay_writes_its_report(tmp_path):
    (tmp_path / "account.toml").write_text(ACCOUNT)
    ours(tmp_path)
    done = run(
        *("replay", "account.toml", "--candles", "BTCUSDT_1m.csv", "--out", "out", "--json"),
        cwd=tmp_path,
    )
    events = pl.read_parquet(tmp_path / "out" / "events.parquet")
    page = (tmp_path / "out" / "report.html").read_text()

    assert (0, "") == (done.returncode, done.stderr)
    assert json.loads(done.stdout) == json.loads((tmp_path / "out" / "summary.json").read_text())
    assert {"events.parquet", "path.parquet", "report.html", "summary.json"} == {
        path.name for path in (tmp_path / "out").iterdir()
    }
    assert 1 == len(events)
    assert "<html" in page


def test_a_replay_of_bad_candles_leaves_nothing_behind(tmp_path):
    (tmp_path / "account.toml").write_text(ACCOUNT)
    ours(tmp_path, {**ROWS, 2: (85_000, 1, 84_000, 84_000)})
    done = run(
        *("replay", "account.toml", "--candles", "BTCUSDT_1m.csv", "--out", "out"), cwd=tmp_path
    )

    assert (2, "") == (done.returncode, done.stdout)
    assert (
        "crossmargin: BTCUSDT_1m.csv, line 4: high 1.0 is below 85000.0 in its candle\n"
        == done.stderr
    )
    assert {"account.toml", "BTCUSDT_1m.csv"} == {path.name for path in tmp_path.iterdir()}


def test_a_report_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "account.toml").write_text(ACCOUNT)
    (tmp_path / "out").write_text("a file")
    ours(tmp_path)
    done = run(
        *("replay", "account.toml", "--candles", "BTCUSDT_1m.csv", "--out", "out"), cwd=tmp_path
    )

    assert (2, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("crossmargin: out: ")
    assert 1 == done.stderr.count("\n")


def test_the_demo_runs_on_the_path_it_brings(tmp_path):
    done = run("demo", cwd=tmp_path)

    assert (0, "") == (done.returncode, done.stderr)
    assert (tmp_path / "demo-out" / "report.html").is_file()
    # It says that these are not the prices of that day.
    assert "built" in done.stdout


def test_the_demo_runs_on_the_candles_of_october_2025(tmp_path):
    candles = needs_shared("data/candles")
    done = run("demo", "--candles", candles, cwd=tmp_path)

    assert (0, "") == (done.returncode, done.stderr)
    assert "2025-10-10T12:00:00Z to 2025-10-11T12:00:00Z" in done.stdout
    assert (tmp_path / "demo-out" / "report.html").is_file()
