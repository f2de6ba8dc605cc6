"""The installed command compares venues as a person asks it to."""

import json

import pytest

from tests.e2e.test_command import run
from tests.unit.cli.command import ACCOUNT


@pytest.mark.parametrize(
    ("account", "status", "said"),
    [
        pytest.param(ACCOUNT, 0, "", id="an answer"),
        pytest.param(
            ACCOUNT.replace("BTCUSDT = 10\n", "BTCUSDT = 0\n"),
            2,
            "crossmargin: standard input: leverage.BTCUSDT: must be at least 1, not 0\n",
            id="bad input",
        ),
        pytest.param(
            ACCOUNT.replace('BTCUSDT = "100000"\n', "", 1), 3, "", id="unknown everywhere"
        ),
    ],
)
def test_the_exit_status_of_a_comparison(account, status, said):
    done = run("compare", "-", "--json", stdin=account)

    assert (status, said) == (done.returncode, done.stderr)
    if status != 2:
        assert "binance-usdm" == json.loads(done.stdout)["venues"][0]["venue"]


def test_a_report_beside_the_tables(tmp_path):
    done = run("compare", "-", "--html", "venues.html", stdin=ACCOUNT, cwd=tmp_path)

    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.endswith("\nwrote venues.html\n")
    assert (tmp_path / "venues.html").read_text().startswith("<!doctype html>")
