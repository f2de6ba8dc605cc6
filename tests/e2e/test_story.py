"""`crossmargin story`, run as a person runs it."""

import pytest

from tests import source
from tests.e2e.test_command import run

EXAMPLE = source.ROOT / "examples" / "stories" / "rest-of-the-wallet.toml"


def test_a_story_goes_as_expected_and_leaves_a_store(tmp_path):
    done = run("story", EXAMPLE, "--store", "venue.db", cwd=tmp_path)
    checked = run("verify", "venue.db", cwd=tmp_path)

    assert (0, "") == (done.returncode, done.stderr)
    assert "00:30:00 mark BTCUSDT 75000\n" in done.stdout
    assert done.stdout.endswith("5 of 5 expectations met\n")
    assert 0 == checked.returncode


@pytest.mark.parametrize(
    ("old", "new", "status", "out", "err"),
    [
        pytest.param(
            'value = "3000"',
            'value = "5000"',
            1,
            "FAILED at the end accounts.isolated.wallet.USDT is 3000, not 5000\n",
            "",
            id="an expectation fails",
        ),
        pytest.param(
            'price = "75000"',
            'price = "-1"',
            2,
            "",
            "crossmargin: mine.toml: step[0].price: must be above zero, not -1\n",
            id="bad input",
        ),
    ],
)
def test_the_exit_status_of_a_story(tmp_path, old, new, status, out, err):
    (tmp_path / "mine.toml").write_text(EXAMPLE.read_text().replace(old, new))
    done = run("story", "mine.toml", "--quiet", cwd=tmp_path)

    assert (status, err) == (done.returncode, done.stderr)
    assert out in done.stdout


def test_a_store_that_is_there_is_not_touched(tmp_path):
    (tmp_path / "venue.db").write_text("mine")
    done = run("story", EXAMPLE, "--store", "venue.db", cwd=tmp_path)

    assert (2, "") == (done.returncode, done.stdout)
    assert "venue.db: is there already" in done.stderr
    assert "mine" == (tmp_path / "venue.db").read_text()
