"""Clients that are no part of the project, unmodified, each in an environment of its own.

`make test-clients` runs them: they take minutes, and the package index once.
"""

import os
import signal
import subprocess
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.peers import environment
from tests.clients.story import before_funding, candles, offer, to_the_edge
from tests.e2e.serving import serving

WANTED = "CROSSMARGIN_CLIENTS"
STORIES = Path(__file__).parent / "stories"
STORY_S = 480
"""How long a story may take; it is ended then, with all it has started."""
CLIENTS = {
    "python_binance": ("python-binance==1.0.37",),
    "connector": ("binance-futures-connector==4.2.0",),
    "official_sdk": ("binance-sdk-derivatives-trading-usds-futures==18.0.1",),
    "with_freqtrade": ("freqtrade==2026.9", "sdnotify"),
}
"""The story of each, and what its environment has; of the second kind there is source alone."""
OF_NOW = ("with_freqtrade",)
"""Those that want no candles older than now."""
OF_NOW_SPEED = "240"
"""Four minutes of the venue's a second: funding comes after a minute, which is long for a bot."""


@pytest.mark.skipif(not os.environ.get(WANTED), reason=f"{WANTED} is not set: make test-clients")
@pytest.mark.parametrize("name", CLIENTS)
def test_a_story(name, tmp_path):
    python = environment(*CLIENTS[name])
    of_now = (before_funding(datetime.now(UTC)), OF_NOW_SPEED, 1)
    feed = candles(tmp_path, *(of_now if name in OF_NOW else ()))
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
            start_new_session=True,
        ) as process,
    ):
        end = threading.Timer(STORY_S, os.killpg, (process.pid, signal.SIGKILL))
        end.start()
        try:
            for line in process.stdout:
                match line.split():
                    case "edge", distance:
                        to_the_edge(server, "alice", distance)
                    case "offer", size, price:
                        offer(server, "bob", size, price)
                    case _:
                        continue
                process.stdin.write("done\n")
                process.stdin.flush()
            status = process.wait()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            end.cancel()
    return status, complaints.read_text()
