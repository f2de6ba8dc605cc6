"""The lines of the page that shows our own API do what the page says."""

import re
import subprocess
import sys

from tests import source
from tests.e2e.serving import serving

PAGE = "docs/how-to/use-the-api.md"


def test_the_lines_place_an_order_once_and_ask_what_it_means(tmp_path):
    [program] = re.findall(r"```python\n(.*?)```", source.text(PAGE), flags=re.DOTALL)
    with serving(tmp_path) as server:
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True
        )
        first, second, third = done.stdout.splitlines()
        body = {"client_id": "edge-1", "account": "alice", "distance": "0.01"}
        edge = server.ask("admin", "POST", "/edge", body)
        assessed = server.ask("alice", "GET", "/accounts/alice/assessment").json()
        stopped = server.stop()

    assert "" == done.stderr
    assert first.startswith("filled ")
    assert "once: True" == second
    assert "down" in third
    assert 200 == edge.status_code, edge.text
    # A moment of the feed may have come between the two; a second moves prices far less.
    assert 0.009 < float(assessed["joint_liquidation"]["down"]) < 0.011
    assert 0 == stopped
