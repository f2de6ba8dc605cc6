"""The installed command fetches from a server on this machine; ccxt is loaded only then."""

import os
import subprocess
import sys

import pytest

from tests.e2e.test_command import COMMAND, SECONDS_MAX
from tests.unit.live import server
from tests.unit.live.binance_replies import BINANCE


def run(folder, *words, **keys):
    """Return the finished process of `crossmargin rulebooks WORDS` with its data in `folder`."""
    return subprocess.run(
        [COMMAND, "rulebooks", *map(str, words)],
        env={
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "CROSSMARGIN_DATA": str(folder),
            **keys,
        },
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )


def test_an_update_is_fetched_shown_listed_and_not_repeated(tmp_path):
    keys = {"BINANCE_API_KEY": "key", "BINANCE_API_SECRET": "secret"}
    with server.serving(BINANCE) as there:
        words = ("update", "binance-usdm", "--url", there.url)
        first = run(tmp_path, *words, **keys)
        second = run(tmp_path, *words, **keys)
    listed = run(tmp_path, "binance-usdm")
    (path,) = (tmp_path / "rulebooks" / "binance-usdm").iterdir()

    assert (0, "") == (first.returncode, first.stderr)
    assert f"wrote {path}\n" in first.stdout
    assert (2, "") == (second.returncode, second.stdout)
    assert "editions are never changed" in second.stderr
    assert "yours" in listed.stdout
    # Keys go to the venue and nowhere else.
    assert "secret" not in first.stdout + path.read_text()


@pytest.mark.parametrize("words", [["rulebooks", "--help"], ["rulebooks", "update", "--help"]])
def test_help_does_not_load_ccxt(words):
    code = (
        "import sys\nfrom crossmargin.cli.app import app\n"
        f"try:\n    app({words!r})\nexcept SystemExit:\n    pass\n"
        "sys.exit('ccxt' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)

    assert 0 == done.returncode
