"""Clients that are no part of the project, unmodified, each in an environment of its own.

`make test-clients` runs them: they take minutes, and the package index once.
"""

import os
import subprocess
from pathlib import Path

import pytest

from benchmarks.peers import environment
from tests.clients.story import candles, to_the_edge
from tests.e2e.serving import serving

WANTED = "CROSSMARGIN_CLIENTS"
STORIES = Path(__file__).parent / "stories"
STORY_S = 360
CLIENTS = {
    "python_binance": ("python-binance==1.0.37",),
    "connector": ("binance-futures-connector==4.2.0",),
    "official_sdk": ("binance-sdk-derivatives-trading-usds-futures==18.0.1",),
    "with_freqtrade": ("freqtrade==2026.9", "sdnotify"),
}
"""The story of each, and what its environment has; of the second kind there is source alone."""


OF_NOW = ("with_freqtrade",)
"""Those that want prices of now."""


@pytest.mark.skipif(not os.environ.get(WANTED), reason=f"{WANTED} is not set: make test-clients")
@pytest.mark.parametrize("name", CLIENTS)
def test_a_story(name, tmp_path):
    python = environment(*CLIENTS[name])
    feed = () if name in OF_NOW else candles(tmp_path)
    with serving(tmp_path, *feed) as server:
        status, said = told(server, python, STORIES / f"{name}.py", tmp_path)

        assert 0 == status, said
        assert 0 == server.stop()
        assert '"level":"error"' not in server.log


def told(server, python, story, folder):
    """Run a story, and move prices when it asks; return its exit status and what it complains."""
    key = server.key("alice")
    place = (server.ready["base_url"], server.ready["ws_url"], key["api_key"], key["api_secret"])
    complaints = folder / "story.txt"
    with (
        complaints.open("w") as log,
        subprocess.Popen(
            [python, story, *place],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "NO_PROXY": "127.0.0.1"},
        ) as process,
    ):
        for line in process.stdout:
            word, _, distance = line.strip().partition(" ")
            if word == "edge":
                to_the_edge(server, "alice", distance)
                process.stdin.write("done\n")
                process.stdin.flush()
        status = process.wait(STORY_S)
    return status, complaints.read_text()
